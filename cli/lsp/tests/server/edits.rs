//! After any edit the server says what a fresh check says.

use std::path::Path;

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use synx_compiler::{Compiled, Options, compile};
use synx_lsp::{Encoding, Lines};

use crate::support::{Disk, Editor, FOLDER, STUDY};

/// What is typed: pieces of studies, halves of them, and what people paste.
const PIECES: [&str; 28] = [
    "",
    " ",
    "\n",
    "\r\n",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "=",
    ",",
    ";",
    "|>",
    "web",
    "axis r = [0, 1]\n",
    "1/3",
    "64M tokens",
    "let x = 3\n",
    "rest * ",
    "🎈",
    "混合",
    "//",
    "grid g {\n",
    "nothing",
    "from \"common.synx\" import half\n",
    "allow W0101 because \"x\"\n",
];

const COMMON: &str =
    "synx 1\nmixture half(a, b) = 50% * a + 50% * b\ncorpus other = world(register = textbook, documents = 100)\n";

/// A seeded walk of edits over a study.
fn walk(seed: u64, steps: usize, encodings: &[&str]) {
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed.to_le_bytes(), [7; 8], [1; 8], [9; 8]].concat());
    let mut below = move |n: usize| (random.next_u64() % n as u64) as usize;
    let disk = Disk::default();
    disk.write("common.synx", COMMON);
    let mut editor = Editor::with(&disk, encodings, None);
    let mut text = STUDY.to_owned();
    editor.open("a.synx", &text);
    for step in 0..steps {
        // Now and then everything is put back, so that most texts are nearly right.
        if step % 25 == 24 {
            let whole = 0..text.len();
            editor.edit("a.synx", &mut text, whole, STUDY);
        } else {
            let start = boundary(&text, below(text.len() + 1));
            let end = boundary(&text, (start + [0, 0, 0, 1, 1, 3, 12, 60][below(8)]).min(text.len()));
            editor.edit("a.synx", &mut text, start..end.max(start), PIECES[below(PIECES.len())]);
        }
        let said: Vec<String> = editor.checked("a.synx").iter().map(said).collect();
        assert_eq!(said, fresh(&disk, &text, editor.encoding), "step {step} of {seed}\n{text}");
    }
    editor.end();
}

fn boundary(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// A finding as the server tells it.
fn said(finding: &serde_json::Value) -> String {
    let place = |end: &str| format!("{}:{}", finding["range"][end]["line"], finding["range"][end]["character"]);
    let headline = finding["message"].as_str().unwrap().lines().next().unwrap();
    format!("{}-{} {} {headline}", place("start"), place("end"), finding["code"].as_str().unwrap())
}

/// The findings of a check of the text by itself.
fn fresh(disk: &Disk, text: &str, encoding: Encoding) -> Vec<String> {
    let path = format!("{FOLDER}/a.synx");
    let host = disk.door(Path::new(&path));
    let Compiled { diagnostics, .. } = compile(&path, text, &*host, &Options::default());
    let lines = Lines::new(text);
    let own = diagnostics.iter().filter(|finding| finding.labels.first().is_none_or(|label| label.file == path));
    own.map(|finding| {
        let range = lines.range(text, &finding.labels[0].range, encoding);
        let headline = finding.headline.lines().next().unwrap();
        let place = |at: gen_lsp_types::Position| format!("{}:{}", at.line, at.character);
        format!("{}-{} {} {headline}", place(range.start), place(range.end), finding.code)
    })
    .collect()
}

#[test]
fn after_any_edit_the_findings_are_those_of_a_fresh_check() {
    for seed in 0..4 {
        walk(seed, 100, &["utf-8"]);
    }
}

#[test]
fn so_they_are_where_columns_count_utf16() {
    for seed in 4..6 {
        walk(seed, 100, &["utf-16"]);
    }
}
