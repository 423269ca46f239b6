//! Every diagnostic's page: its example triggers exactly this code, its cure checks clean.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{World, findings};
use synx_compiler::diagnostic::{Code, code, codes};
use synx_compiler::{Options, compile};

/// Pages without an example: what they are about is no text, comes from the command line, or is too large to print.
const WITHOUT_EXAMPLE: [&str; 5] = ["E0010", "E0012", "E0110", "E0119", "E0121"];

fn examples(page: &Code) -> Vec<String> {
    let blocks = page.page.split("```synx\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// The files that an example and its cure import from: blocks that say a path, ```` ```synx common.synx ````.
fn files(page: &Code) -> Vec<(String, String)> {
    let blocks = page.page.split("```synx ").skip(1);
    let file = |block: &str| {
        let (path, rest) = block.split_once('\n').unwrap();
        (path.to_owned(), rest.split("```").next().unwrap().to_owned())
    };
    blocks.map(file).collect()
}

#[test]
fn every_page_says_what_and_has_an_example_and_its_cure() {
    for page in codes() {
        assert!(page.page.starts_with(&format!("# {}: ", page.code)), "{}", page.code);
        assert!(!page.title().is_empty() && !page.title().ends_with('.'), "{}", page.code);
        // What goes wrong outside the language (E09) cannot be shown by a study's text.
        let without = WITHOUT_EXAMPLE.contains(&page.code) || page.code.starts_with("E09");
        let expected = if without { 0 } else { 2 };
        assert_eq!(examples(page).len(), expected, "{}", page.code);
    }
}

#[test]
fn every_example_triggers_its_code_alone_and_every_cure_is_clean() {
    let mut wrong = Vec::new();
    for page in codes() {
        let examples = examples(page);
        let [example, cure] = &examples[..] else { continue };
        let world = World { texts: files(page), ..World::default() };
        let check = |source: &str| compile("study.synx", source, &world, &Options::default());
        let found: BTreeSet<&str> = check(example).diagnostics.iter().map(|d| d.code).collect();
        if found != BTreeSet::from([page.code]) {
            wrong.push(format!("the example of {}: {:#?}", page.code, findings(&check(example))));
        }
        let cured = check(cure);
        if !cured.diagnostics.is_empty() || cured.plan.is_none() {
            wrong.push(format!("the cure of {}: {:#?}", page.code, findings(&cured)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn codes_in_the_sources_are_registered() {
    let mut sources = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { sources.push(std::fs::read_to_string(path).unwrap()) }
        }
    }
    let mut used = BTreeSet::new();
    for source in &sources {
        for (at, _) in source.match_indices('"') {
            let Some(word) = source.get(at + 1..at + 6) else { continue };
            let digits = word.starts_with(['E', 'W']) && word[1..].bytes().all(|b| b.is_ascii_digit());
            if digits && source.get(at + 6..at + 7) == Some("\"") {
                used.insert(word.to_owned());
            }
        }
    }
    assert!(used.len() > 40);
    for word in &used {
        assert!(code(word).is_some(), "{word} has no page");
    }
}
