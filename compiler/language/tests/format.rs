//! The one style: what it looks like, and that it changes nothing but the looks.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/looks.rs"]
mod looks;

use std::fs;
use std::path::Path;

use common::check;
use looks::{files, sound};
use proptest::prelude::*;
use proptest::sample::Index;
use synx_compiler::format;
use synx_grammar::parse;

fn formatted(text: &str) -> String {
    format(&parse(text))
}

/// Whether a file is one that people read as an example of how to write, and not one about its own text.
fn is_read(path: &Path) -> bool {
    let path = path.to_str().unwrap();
    ["/examples/", "/std/", "/studies/"].iter().any(|folder| path.contains(folder))
}

#[test]
fn nothing_but_the_looks_of_any_file_changes() {
    for path in files() {
        sound(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
    }
}

#[test]
fn every_study_of_the_repository_is_in_the_style() {
    for path in files().iter().filter(|path| is_read(path)) {
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(formatted(&text), text, "{}: run `synx fmt`", path.display());
    }
}

/// A plan without the places of the text that it was made from.
fn placeless(plan: &synx_plan::study::Plan) -> serde_json::Value {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) if fields.contains_key("file") && fields.contains_key("range") => {
                *value = serde_json::Value::Null;
            }
            serde_json::Value::Object(fields) => fields.values_mut().for_each(strip),
            serde_json::Value::Array(elements) => elements.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(plan).unwrap();
    strip(&mut value);
    value
}

#[test]
fn no_plan_changes() {
    let mut plans = 0;
    for path in files() {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let Some(plan) = check(&text).plan else { continue };
        let after = check(&formatted(&text)).plan;
        assert!(after.is_some_and(|after| placeless(&after) == placeless(&plan)), "{}", path.display());
        plans += 1;
    }
    assert!(plans > 10, "{plans}");
}

/// Reads `before` and `after` pairs from `tests/format/*.txt`: what is written, a line of dashes, what it becomes.
#[test]
fn each_habit_becomes_the_style() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/format");
    let mut cases = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for case in text.split("\n====\n") {
            let (before, after) = case.split_once("\n----\n").unwrap();
            let new = sound(&format!("{before}\n"));
            if new.trim_end() != after.trim_end() {
                wrong.push(format!("{}:\n{before}\n---- became\n{new}", path.display()));
            }
            cases += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases > 20, "{cases}");
}

/// What is thrown into texts.
const PIECES: [&str; 44] = [
    "",
    "a",
    "1",
    "\n",
    "\n\n",
    " ",
    " // comment\n",
    "// own\n",
    "/// doc\n",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    ",",
    ";",
    "=",
    "~",
    " |> f()",
    " then 1",
    " else 1",
    " and b",
    "..",
    " step 1",
    "axis ",
    "let x = 1\n",
    "synx 1\n",
    "from \"a\" import b\n",
    "grid g {\n",
    "law l { free a; loss ~ a }\n",
    "where ",
    "§",
    "😀",
    "数据",
    "\u{FEFF}",
    "\r\n",
    "#",
    "<<<<<<<",
    "\t",
    "(a, b,)",
    "[1, 2, 3]",
    " * -2^3",
];

fn texts() -> Vec<String> {
    files().into_iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
}

/// The start of the character that holds the byte at `at`, or the end of the text.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_the_looks_of_a_changed_file_changes(
        file in any::<Index>(),
        edits in prop::collection::vec((any::<Index>(), 0..12_usize, prop::sample::select(PIECES.to_vec())), 1..6),
    ) {
        let texts = texts();
        let mut text = texts[file.index(texts.len())].clone();
        for (place, length, piece) in edits {
            let at = boundary(&text, place.index(text.len() + 1));
            let end = boundary(&text, at + length);
            text.replace_range(at..end, piece);
        }
        sound(&text);
    }

    #[test]
    fn nothing_but_the_looks_of_any_pieces_changes(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40),
    ) {
        sound(&pieces.concat());
        sound(&format!("grid g {{\n a = {}\n}}\n", pieces.concat()));
    }
}

#[test]
fn a_semicolon_among_mistakes_that_tells_them_apart_stays() {
    for text in ["grid g {\n a = \r\n;\r\n then 1;,axis <<<<<<<\n}\n", " then 1let x = 1\n;\n{"] {
        sound(text);
    }
}
