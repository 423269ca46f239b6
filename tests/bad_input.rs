//! Wrong studies and wrong data: each is met by a clear diagnostic, and nothing is left half-written.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::support::{Ran, study, synx};

/// A study over one corpus, with the parts that tests replace.
const STUDY: &str = r#"synx 1

study s {}

corpus text {
    files   = "data.jsonl"
    text    = "text"
    heldout = 10%
}

evaluation e { domains = [text.heldout] }

model tiny(width = 32, heads = 2) {
    context = 32
    blocks  = [attention(heads = heads), swiglu(ratio = 2)] * 1
}

recipe short {
    optimizer = adamw(lr = 4e-3)
    schedule  = wsd(warmup = 256 tokens, decay = 20%)
    batch     = 128 tokens
}

grid runs {
    axis tokens = [2560]
    data     = text
    model    = tiny()
    recipe   = short
    evaluate = e
}
"#;

/// Forty documents, enough for the study.
fn documents() -> String {
    let line = |i: u32| format!("{{\"text\": \"document {i} says that {} is a number\"}}\n", i * i);
    (0..40).map(line).collect()
}

/// A folder with the study and its data.
fn with_data(text: &str, data: &[u8]) -> tempfile::TempDir {
    let folder = study(text);
    fs::write(folder.path().join("data.jsonl"), data).unwrap();
    folder
}

/// Runs the study and checks that it is refused with all of `said`, without any results.
fn refused(folder: &Path, said: &[&str]) -> Ran {
    let ran = synx(folder, ["run", "study.synx", "--device", "cpu"]).expect(1);
    // Wrapping and drawing characters may break a sentence anywhere.
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    for part in said {
        assert!(plain(&ran.err).contains(&plain(part)), "`{part}` is not in\n{}", ran.err);
    }
    assert!(!folder.join("results").exists(), "there are results");
    ran
}

/// The codes that `check` finds in a study, by replacing a part of it.
fn codes(from: &str, to: &str) -> Vec<String> {
    assert!(STUDY.contains(from), "{from}");
    let folder = with_data(&STUDY.replace(from, to), documents().as_bytes());
    let ran = synx(folder.path(), ["check", "study.synx", "--format", "json"]).expect(1);
    let found = ran.json();
    for finding in found.as_array().unwrap() {
        for field in ["code", "severity", "message", "help", "file", "start", "end"] {
            assert!(finding.get(field).is_some(), "{field} in {finding}");
        }
        assert!(finding["start"]["line"].as_u64().unwrap() >= 1, "{finding}");
        assert!(finding["end"]["column"].as_u64().unwrap() >= 1, "{finding}");
    }
    // The same mistake stops a run before anything is written.
    let ran = synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(1);
    assert!(!folder.path().join("results").exists(), "{}", ran.text());
    found.as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

fn has(codes: &[String], prefix: &str) -> bool {
    codes.iter().any(|code| code.starts_with(prefix))
}

#[test]
fn the_study_itself_runs() {
    let folder = with_data(STUDY, documents().as_bytes());
    synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(0);
    assert!(folder.path().join("results/s/results.csv").exists());
}

#[test]
fn a_missing_file() {
    refused(study(STUDY).path(), &["there is no file", "data.jsonl"]);
}

#[test]
fn a_glob_without_a_match() {
    let folder = with_data(&STUDY.replace("data.jsonl", "texts/*.jsonl"), documents().as_bytes());
    refused(folder.path(), &["texts/*.jsonl"]);
}

#[test]
fn bytes_that_are_not_utf8() {
    let mut data = documents().into_bytes();
    data.extend(b"{\"text\": \"caf\xe9\"}\n");
    let folder = with_data(STUDY, &data);
    refused(folder.path(), &["UTF-8", "41"]);
}

#[test]
fn a_study_that_is_not_utf8() {
    let folder = study("");
    fs::write(folder.path().join("study.synx"), b"synx 1\nstudy caf\xe9 {}\n").unwrap();
    refused(folder.path(), &["UTF-8", "2"]);
}

#[test]
fn a_line_that_is_not_json_is_named_by_its_number() {
    let data = documents().replacen("{\"text\": \"document 16", "{\"text\": document 16", 1);
    let folder = with_data(STUDY, data.as_bytes());
    refused(folder.path(), &["17", "JSON"]);
}

#[test]
fn a_missing_text_field_is_named_with_what_is_there() {
    let data = documents().replace("\"text\"", "\"body\"");
    let folder = with_data(STUDY, data.as_bytes());
    refused(folder.path(), &["text", "body"]);
}

#[test]
fn an_empty_corpus() {
    refused(with_data(STUDY, b"").path(), &["text", "E09"]);
}

#[test]
fn a_corpus_smaller_than_a_batch() {
    let folder = with_data(STUDY, b"{\"text\": \"a\"}\n{\"text\": \"b\"}\n");
    refused(folder.path(), &["text"]);
}

#[test]
fn a_compressed_file_that_is_cut_off() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(documents().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let folder = study(&STUDY.replace("data.jsonl", "data.jsonl.gz"));
    fs::write(folder.path().join("data.jsonl.gz"), &packed[..packed.len() / 2]).unwrap();
    refused(folder.path(), &["data.jsonl.gz"]);
}

#[test]
fn shares_over_a_hundred_percent() {
    assert!(has(&codes("data     = text\n", "data     = 60% * text + 60% * text\n"), "E03"));
}

#[test]
fn unknown_names_and_fields() {
    assert!(has(&codes("recipe   = short", "recipe   = shot"), "E01"));
    assert!(has(&codes("context = 32", "contxt = 32"), "E01"));
}

#[test]
fn wrong_units() {
    assert!(has(&codes("batch     = 128 tokens", "batch     = 128 FLOP"), "E02"));
}

#[test]
fn zero_layers_and_a_width_that_the_heads_do_not_divide() {
    assert!(!codes("] * 1", "] * 0").is_empty());
    assert!(!codes("heads = 2", "heads = 5").is_empty());
}

#[test]
fn a_grid_of_a_million_million_cells() {
    let axes = "axis a = 1..10k step 1\n    axis b = 1..10k step 1\n    axis c = 1..10k step 1\n    axis tokens";
    assert!(has(&codes("axis tokens", axes), "E0"));
}

#[test]
fn a_budget_that_is_no_multiple_of_the_batch() {
    let folder = with_data(&STUDY.replace("[2560]", "[2600]"), documents().as_bytes());
    let ran = synx(folder.path(), ["check", "study.synx"]).expect(1);
    for neighbour in ["2560", "2688"] {
        assert!(ran.out.replace(',', "").contains(neighbour), "{neighbour} in\n{}", ran.out);
    }
}

#[test]
fn all_mistakes_come_out_of_one_run() {
    let wrong = STUDY.replace("recipe   = short", "recipe   = shot").replace("128 tokens", "128 FLOP");
    let folder = with_data(&wrong, documents().as_bytes());
    let found = synx(folder.path(), ["check", "study.synx", "--format", "json"]).expect(1).json();
    assert!(found.as_array().unwrap().len() >= 2, "{found}");
}

#[test]
fn an_adapter_that_is_not_there() {
    let folder = with_data(STUDY, documents().as_bytes());
    let ran = synx(folder.path(), ["run", "study.synx", "--device", "gpu:no such adapter"]).expect(1);
    assert!(ran.err.contains("no such adapter"), "{}", ran.err);
    assert!(!folder.path().join("results").exists());
}

#[test]
fn a_file_outside_the_folder_needs_leave() {
    let folder = with_data(STUDY, documents().as_bytes());
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let path = folder.path().join("data.jsonl").display().to_string();
    fs::write(inner.join("study.synx"), STUDY.replace("data.jsonl", &path)).unwrap();
    refused(&inner, &["E0912", "--allow-path"]);
    synx(&inner, ["run", "study.synx", "--device", "cpu", "--allow-path"]).expect(0);
}

#[test]
fn a_study_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let ran = synx(folder.path(), ["run", "nothing.synx"]).expect(2);
    assert!(ran.err.contains("nothing.synx"), "{}", ran.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn garbage_is_refused_without_a_panic() {
    let garbage =
        ["", "\u{0}\u{1}\u{2}", "synx", "synx 99\n", "}}}}", "study {", "((((((((((((((((((((", "\"", "💥 💥 = 💥"];
    for text in garbage {
        let folder = study(text);
        synx(folder.path(), ["check", "study.synx"]).expect(1);
    }
    let nested = format!("synx 1\nlet x = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000));
    synx(study(&nested).path(), ["check", "study.synx"]).expect(1);
}

#[test]
fn what_a_run_cannot_carry_out_is_refused_before_anything_is_scanned() {
    let text = format!(
        "{STUDY}\ncorpus once = text |> dedup()\ngrid more {{ data = once; model = tiny(); recipe = short; tokens = 2560; evaluate = e }}\n\
         law floor {{ over = runs |> filter(loss < 9) |> mean(over = tokens); free c; loss ~ c }}\nclaim low = floor.c < 3\n"
    );
    let folder = with_data(&text, documents().as_bytes());
    synx(folder.path(), ["check", "study.synx"]).expect(0);
    let plan = synx(folder.path(), ["plan", "study.synx"]).expect(0).out;
    assert!(plan.contains("runs where loss < 9") && plan.contains("c of floor"), "{plan}");
    fs::remove_dir_all(folder.path().join(".synx")).unwrap();
    let ran = synx(folder.path(), ["run", "study.synx"]).expect(1);
    assert_eq!(ran.err.matches("E0963").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("corpus `once`"), "{}", ran.err);
    assert!(!folder.path().join(".synx").exists(), "nothing was scanned");
}

#[test]
fn observations_stay_in_the_study_s_folder() {
    let text = "synx 1\nobservations seen = csv(\"../runs.csv\")\nlaw l { over = seen; free c; loss ~ c }\n";
    let folder = study(text);
    let ran = synx(folder.path(), ["check", "study.synx"]).expect(1);
    assert!(ran.text().contains("E0615"), "{}", ran.text());
}
