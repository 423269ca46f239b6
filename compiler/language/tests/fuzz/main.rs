//! Parser, checker and formatter on texts that nobody would write: some hundreds, or in `./test long` for as long as `SYNX_FUZZ_SECONDS`
//! says. What was found is in `findings/`, and is tried each time.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/looks.rs"]
mod looks;

use std::fs;

use common::World;
use synx_compiler::{Options, compile};
use synx_grammar::{Parse, parse};
use synx_mutate::{Change, Until, try_changes};

/// The texts that are changed: every file of the language in the repository, what was found before among them.
fn texts() -> Vec<String> {
    let texts: Vec<String> =
        looks::files().iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect();
    assert!(texts.len() > 100);
    texts
}

/// The text after all changes.
fn changed(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    changes.iter().for_each(|change| change.carry_out(&mut text));
    text
}

/// The leaves are the text, and reading again only what an edit touched gives the same.
fn parser(text: &str, changes: &[Change]) {
    let mut file: Parse = parse(text);
    let mut whole = text.to_owned();
    for change in changes {
        file = file.edit(change.range.clone(), &change.new);
        change.carry_out(&mut whole);
    }
    let fresh = parse(&whole);
    assert!(file.tree == fresh.tree && file.errors == fresh.errors, "edited and fresh differ");
    let mut at = 0;
    for leaf in fresh.tree.root().leaves() {
        assert_eq!(leaf.range().start, at);
        at = leaf.range().end;
    }
    assert_eq!(at, whole.len());
    assert_eq!(fresh.tree.root().has_error(), !fresh.errors.is_empty());
    for error in &fresh.errors {
        assert!(whole.get(error.range.clone()).is_some(), "{error:?}");
        assert!(error.fix.as_ref().is_none_or(|fix| whole.get(fix.range.clone()).is_some()), "{error:?}");
    }
}

/// There is a plan or an error, and every place of a finding lies in its file.
fn checker(text: &str, changes: &[Change]) {
    let text = changed(text, changes);
    let options = Options { max_cells: 5000, ..Options::default() };
    let compiled = compile("study.synx", &text, &World::default(), &options);
    assert_eq!(compiled.plan.is_none(), compiled.has_errors());
    for finding in &compiled.diagnostics {
        assert!(!finding.headline.is_empty() && !finding.headline.contains('\n'), "{finding:?}");
        let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| (&edit.file, &edit.range));
        for (file, range) in finding.labels.iter().map(|label| (&label.file, &label.range)).chain(edits) {
            if let Some(source) = compiled.sources.get(file) {
                assert!(source.text.get(range.clone()).is_some(), "{finding:?}");
            }
        }
    }
}

fn formatter(text: &str, changes: &[Change]) {
    looks::sound(&changed(text, changes));
}

#[test]
fn what_was_found_stays_mended() {
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/findings")).unwrap() {
        let text = String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap()).into_owned();
        parser(&text, &[]);
        checker(&text, &[]);
        formatter(&text, &[]);
    }
}

/// Tries so many texts, or in the long tests as many as there is time for.
fn try_texts(name: &str, number: u64, hold: impl Fn(&str, &[Change]) + std::panic::RefUnwindSafe) {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    try_changes(name, &texts, Until::in_tests(cfg!(feature = "long"), number), hold);
}

#[test]
fn the_parser_takes_any_text_and_any_edit() {
    try_texts("parser", 600, parser);
}

#[test]
fn the_checker_takes_any_text() {
    try_texts("checker", 300, checker);
}

#[test]
fn the_formatter_changes_nothing_but_looks() {
    try_texts("formatter", 600, formatter);
}
