//! Parser, checker and formatter on texts that nobody would write, for as long as `SYNX_FUZZ_SECONDS` says: `./test long`.
//!
//! What was found is in `findings/`, and is tried first.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/looks.rs"]
mod looks;
mod mutate;

use std::fs;
use std::ops::Range;

use common::World;
use mutate::fuzz;
use synx_compiler::{Options, compile};
use synx_grammar::{Parse, parse};

/// The texts that are changed: every file of the language in the repository, what was found before among them.
fn texts() -> Vec<String> {
    let texts: Vec<String> =
        looks::files().iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect();
    assert!(texts.len() > 100);
    texts
}

/// The text after all changes.
fn changed(text: &str, changes: &[(Range<usize>, String)]) -> String {
    let mut text = text.to_owned();
    for (range, new) in changes {
        text.replace_range(range.clone(), new);
    }
    text
}

/// The leaves are the text, and reading again only what an edit touched gives the same.
fn parser(text: &str, changes: &[(Range<usize>, String)]) {
    let mut file: Parse = parse(text);
    let mut whole = text.to_owned();
    for (range, new) in changes {
        file = file.edit(range.clone(), new);
        whole.replace_range(range.clone(), new);
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
fn checker(text: &str, changes: &[(Range<usize>, String)]) {
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

fn formatter(text: &str, changes: &[(Range<usize>, String)]) {
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

#[test]
fn the_parser_takes_any_text_and_any_edit() {
    fuzz("parser", &texts(), parser);
}

#[test]
fn the_checker_takes_any_text() {
    fuzz("checker", &texts(), checker);
}

#[test]
fn the_formatter_changes_nothing_but_looks() {
    fuzz("formatter", &texts(), formatter);
}
