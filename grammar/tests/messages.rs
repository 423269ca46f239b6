//! What an author is told: every mistake of `fixtures/messages.txt` with its message, place, help and cure.
//!
//! A case there is `=== what it shows`, a source, `---`, and what is said about it. With `SYNX_BLESS=1` in the
//! environment the answers are written anew, to be reviewed.
#![allow(clippy::unwrap_used, clippy::redundant_closure_for_method_calls)]

mod support;

use std::fmt::Write;

use support::checked;
use synx_grammar::LineIndex;

/// All that is said about a source.
fn answers(source: &str) -> String {
    let parsed = checked(source);
    let index = LineIndex::new(source);
    let place = |offset: usize| {
        let position = index.position(source, offset);
        format!("{}:{}", position.line + 1, position.chars + 1)
    };
    let mut said = String::new();
    for error in &parsed.errors {
        writeln!(said, "{} {} {}", place(error.range.start), error.kind.code(), error.message).unwrap();
        if !error.range.is_empty() {
            writeln!(said, "  marks {:?}", &source[error.range.clone()]).unwrap();
        }
        if let Some((range, label)) = &error.related {
            writeln!(said, "  related {} {label}", place(range.start)).unwrap();
        }
        if let Some(help) = &error.help {
            writeln!(said, "  help: {help}").unwrap();
        }
        if let Some(fix) = &error.fix {
            let mut cured = source.to_owned();
            cured.replace_range(fix.range.clone(), &fix.text);
            let line = index.line(fix.range.start);
            let from = index.range(line).start;
            let shown = cured[from..].lines().next().unwrap_or_default().trim();
            writeln!(said, "  cured: {shown}").unwrap();
            let left = checked(&cured).errors;
            if left.len() >= parsed.errors.len() {
                writeln!(said, "  which does not cure: {}", left[0].message).unwrap();
            }
        }
    }
    said
}

#[test]
fn every_mistake_is_told_in_plain_words() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/messages.txt");
    let golden = include_str!("fixtures/messages.txt");
    let mut now = String::new();
    for case in golden.split("=== ").skip(1) {
        let (title, rest) = case.split_once('\n').expect("a title");
        let (source, _) = rest.split_once("---\n").expect("a source and `---`");
        let said = answers(source);
        assert!(!said.is_empty(), "{title}: nothing is wrong");
        assert!(!said.contains("which does not cure"), "{title}: {said}");
        write!(now, "=== {title}\n{source}---\n{said}\n").unwrap();
    }
    if std::env::var_os("SYNX_BLESS").is_some() {
        std::fs::write(path, &now).unwrap();
        return;
    }
    for (was, is) in golden.split("=== ").zip(now.replace("\n\n===", "\n===").split("=== ")) {
        assert_eq!(is.trim_end(), was.trim_end());
    }
}
