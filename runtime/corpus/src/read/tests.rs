use super::*;
use std::fs;
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// Reads `files` (name and bytes) as one corpus.
fn read_with(
    files: &[(&str, &[u8])],
    text: Option<&str>,
    split: Split,
    options: &Options,
) -> Result<Vec<String>, Problem> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let patterns = files.iter().map(|(name, _)| (*name).to_owned()).collect();
    let files = Files { patterns, text: text.map(str::to_owned), split };
    let mut found = Vec::new();
    let hash = documents(folder.path(), &files, options, &mut |text| {
        found.push(text.to_owned());
        Ok(ControlFlow::Continue(()))
    })?;
    assert_eq!(hash, Some(bytes_hash(folder.path(), &files, options)?));
    Ok(found)
}

fn read(name: &str, bytes: &[u8], text: Option<&str>, split: Split) -> Result<Vec<String>, Problem> {
    read_with(&[(name, bytes)], text, split, &Options::default())
}

#[test]
fn a_text_file_is_one_document_as_it_is() {
    let text = "first line\r\n\r\n  second — e\u{301}\n";
    assert_eq!(read("a.txt", text.as_bytes(), None, Split::File).unwrap(), [text]);
    assert_eq!(read("a.txt", b"", None, Split::File).unwrap(), [""; 0]);
}

#[test]
fn paragraphs_stand_between_blank_lines() {
    let text = "\n\none\ntwo\n \t\nthree\r\nfour\r\n\r\n\nfive";
    assert_eq!(
        read("a.txt", text.as_bytes(), None, Split::Paragraphs).unwrap(),
        ["one\ntwo", "three\r\nfour\r", "five"]
    );
}

#[test]
fn lines_that_are_not_blank_are_documents() {
    assert_eq!(read("a.txt", b"one\n\n two \n  \nthree", None, Split::Lines).unwrap(), ["one", " two ", "three"]);
}

#[test]
fn a_byte_order_mark_is_dropped_at_the_start_only() {
    assert_eq!(read("a.txt", "\u{FEFF}a\n\u{FEFF}b".as_bytes(), None, Split::Lines).unwrap(), ["a", "\u{FEFF}b"]);
    assert_eq!(read("a.jsonl", "\u{FEFF}{\"t\":\"x\"}".as_bytes(), Some("t"), Split::File).unwrap(), ["x"]);
}

#[test]
fn compressed_files_read_like_plain_ones() {
    let text = "one\n\ntwo\n".repeat(50_000);
    let plain = read("a.txt", text.as_bytes(), None, Split::Lines).unwrap();
    assert_eq!(plain.len(), 100_000);
    let half = text.len() / 2;
    let two_members = [gzip(&text.as_bytes()[..half]), gzip(&text.as_bytes()[half..])].concat();
    assert_eq!(read("a.txt.gz", &two_members, None, Split::Lines).unwrap(), plain);
    let two_frames = [zst(&text.as_bytes()[..half]), zst(&text.as_bytes()[half..])].concat();
    assert_eq!(read("a.txt.zst", &two_frames, None, Split::Lines).unwrap(), plain);
}

#[test]
fn a_field_of_each_json_line_is_a_document() {
    let lines = br#"{"id": 1, "text": "one \"quoted\" \u00e9", "more": {"text": "no"}}

{"more": [1, {"text": "no"}], "text": "two\nlines"}
{"text": ""}
"#;
    assert_eq!(read("a.jsonl", lines, Some("text"), Split::File).unwrap(), ["one \"quoted\" é", "two\nlines"]);
    let nested = br#"{"meta": {"text": "deep", "n": null}, "text": "no"}"#;
    assert_eq!(read("a.jsonl.gz", &gzip(nested), Some("meta.text"), Split::File).unwrap(), ["deep"]);
}

#[test]
fn files_of_a_corpus_are_read_in_sorted_order() {
    let files: [(&str, &[u8]); 2] = [("b.txt", b"second"), ("a.txt", b"first")];
    assert_eq!(read_with(&files, None, Split::File, &Options::default()).unwrap(), ["first", "second"]);
}

#[test]
fn the_hash_is_of_contents_in_order_not_of_names() {
    let hash = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let files = Files { patterns: vec!["*.txt".to_owned()], text: None, split: Split::File };
        bytes_hash(folder.path(), &files, &Options::default()).unwrap()
    };
    let base = hash(&[("a.txt", "one"), ("b.txt", "two")]);
    assert_eq!(base, hash(&[("x.txt", "one"), ("y.txt", "two")]));
    assert_ne!(base, hash(&[("a.txt", "two"), ("b.txt", "one")]));
    assert_ne!(base, hash(&[("a.txt", "on"), ("b.txt", "etwo")]));
}

#[test]
fn a_line_that_is_not_json_is_named_by_number_and_column() {
    let problem = read("a.jsonl", b"{\"text\": \"ok\"}\n{\"text\": \"ok\",}\n", Some("text"), Split::File).unwrap_err();
    assert_eq!((problem.code, problem.headline.as_str()), ("E0918", "line 2 of a.jsonl is not JSON"));
    assert_eq!(problem.notes, ["column 15: trailing comma"]);
    for bad in ["{\"text\": \"a\"} x", "{\"text\": \"\\ud800\"}", "{\"text\": \"a", "nonsense", "[1]", "3"] {
        assert_eq!(read("a.jsonl", bad.as_bytes(), Some("text"), Split::File).unwrap_err().code, "E0918", "{bad}");
    }
    let deep = format!("{{\"a\": {}", "[".repeat(1_000_000));
    assert_eq!(read("a.jsonl", deep.as_bytes(), Some("text"), Split::File).unwrap_err().code, "E0918");
}

#[test]
fn a_missing_text_field_is_shown_with_those_that_are_there() {
    let line = br#"{"text": "ok", "meta": {"title": "a"}}
{"txet": "no", "meta": {"title": "a"}}"#;
    let problem = read("a.jsonl", line, Some("text"), Split::File).unwrap_err();
    assert_eq!((problem.code, problem.headline.as_str()), ("E0919", "line 2 of a.jsonl has no field `text`"));
    let there = &problem.notes[0];
    assert!(there.contains("`txet`") && there.contains("`meta.title`"), "{there}");
    assert_eq!(problem.help.unwrap(), "did you mean `txet`?");
}

#[test]
fn a_text_field_that_is_no_string_is_refused() {
    for (line, what) in
        [(r#"{"text": 3}"#, "a number"), (r#"{"text": null}"#, "null"), (r#"{"text": {"a": 1}}"#, "an object")]
    {
        let problem = read("a.jsonl", line.as_bytes(), Some("text"), Split::File).unwrap_err();
        assert_eq!(problem.code, "E0920");
        assert!(problem.headline.contains(what), "{problem}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_named_by_offset_and_line() {
    let problem = read("a.txt", b"fine\ncaf\xE9 bad\n", None, Split::File).unwrap_err();
    assert_eq!((problem.code, problem.headline.as_str()), ("E0916", "a.txt is not UTF-8"));
    assert_eq!(problem.notes, ["byte 8 of its text, in line 2, is 0xE9, which cannot stand there"]);
    let problem = read("a.txt", b"\xFF\xFEa\0b\0", None, Split::File).unwrap_err();
    assert!(problem.help.unwrap().contains("UTF-16"));
    assert_eq!(read("a.jsonl.zst", &zst(b"{\"t\": \"\xFF\"}"), Some("t"), Split::File).unwrap_err().code, "E0916");
}

#[test]
fn a_name_that_disagrees_with_the_bytes_is_refused() {
    for (name, bytes) in
        [("a.txt.gz", b"plain".to_vec()), ("a.txt.zst", gzip(b"x")), ("a.txt", zst(b"x")), ("a.txt.gz", vec![])]
    {
        assert_eq!(read(name, &bytes, None, Split::File).unwrap_err().code, "E0914", "{name}");
    }
    assert_eq!(read("a.txt", b"PAR1....", None, Split::File).unwrap_err().code, "E0914");
}

#[test]
fn an_unknown_format_is_refused_before_anything_is_read() {
    for name in ["a.csv", "a.gz", "a", "a.parquet"] {
        assert_eq!(
            read_with(&[("0.txt", b"\xFF"), (name, b"x")], None, Split::File, &Options::default()).unwrap_err().code,
            "E0913"
        );
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let text = "some text that compresses\n".repeat(1000);
    let (gz, zst) = (gzip(text.as_bytes()), zst(text.as_bytes()));
    for (name, bytes) in
        [("a.txt.gz", &gz[..gz.len() - 9]), ("a.txt.zst", &zst[..zst.len() - 9]), ("a.txt.gz", &gz[..8])]
    {
        assert_eq!(read(name, bytes, None, Split::File).unwrap_err().code, "E0915", "{name}");
    }
}

#[test]
fn text_beyond_the_limits_is_refused() {
    let bomb = gzip(&vec![b'a'; 1 << 20]);
    let options = Options { text_bytes: 1000, ..Options::default() };
    assert_eq!(read_with(&[("a.txt.gz", &bomb)], None, Split::File, &options).unwrap_err().code, "E0923");
    let files: [(&str, &[u8]); 2] = [("a.txt", &[b'a'; 600]), ("b.txt", &[b'b'; 600])];
    assert_eq!(read_with(&files, None, Split::File, &options).unwrap_err().code, "E0923");
    let options = Options { line_bytes: 1000, ..Options::default() };
    assert_eq!(read_with(&[("a.txt.gz", &bomb)], None, Split::File, &options).unwrap_err().code, "E0917");
    let options = Options { tokens: 1000, ..Options::default() };
    assert_eq!(read("a.txt", "line\n".repeat(300).as_bytes(), None, Split::File).unwrap().len(), 1);
    let lines = "line\n".repeat(300);
    assert_eq!(read_with(&[("a.txt", lines.as_bytes())], None, Split::File, &options).unwrap_err().code, "E0924");
}

#[test]
fn fields_that_a_format_has_no_use_for_are_refused() {
    assert_eq!(read("a.txt", b"x", Some("text"), Split::File).unwrap_err().code, "E0921");
    assert_eq!(read("a.jsonl", b"{}", None, Split::File).unwrap_err().code, "E0921");
    assert_eq!(read("a.jsonl", b"{}", Some("text"), Split::Lines).unwrap_err().code, "E0921");
}
