//! The one style: what it looks like, and that it changes nothing but the looks.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/looks.rs"]
mod looks;

use std::fs;
use std::path::Path;

use common::check;
use looks::{files, sound};
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

#[test]
fn a_semicolon_among_mistakes_that_tells_them_apart_stays() {
    for text in ["grid g {\n a = \r\n;\r\n then 1;,axis <<<<<<<\n}\n", " then 1let x = 1\n;\n{"] {
        sound(text);
    }
}
