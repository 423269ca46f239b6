//! Every code that a user can meet has its page, and every page is about a code that a user can meet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{root, synx};

/// Folders with the sources that make diagnostics and problems.
const SOURCES: [&str; 4] = ["cli", "compiler", "grammar", "runtime"];

/// The file that only lists the codes.
const REGISTRY: &str = "compiler/language/src/diagnostic/registry.rs";

/// Every file of Rust below `folder`, but for tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let for_tests = path.file_stem().is_some_and(|stem| stem == "tests" || stem == "testing");
        if path.is_dir() && !for_tests {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !for_tests {
            found.push(path);
        }
    }
}

/// The files below `found` that are compiled for tests alone: `#[cfg(test)] mod planted;`.
fn test_modules(found: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut modules = BTreeSet::new();
    for path in found {
        let text = fs::read_to_string(path).unwrap();
        let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("lib" | "main" | "mod") => path.parent().unwrap().to_owned(),
            _ => path.with_extension(""),
        };
        for after in text.split("#[cfg(test)]\nmod ").skip(1) {
            if let Some((name, _)) = after.lines().next().and_then(|line| line.split_once(';')) {
                modules.insert(folder.join(format!("{name}.rs")));
            }
        }
    }
    modules
}

/// `"E0915"` and `"W0301"` wherever they stand in code as a whole text.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|word| {
        let digits = word.strip_prefix(['E', 'W']).unwrap_or_default();
        digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Every code that the sources use, with a file that does.
fn used() -> BTreeMap<String, PathBuf> {
    let mut found = Vec::new();
    for folder in SOURCES {
        sources(&root().join(folder), &mut found);
    }
    let for_tests = test_modules(&found);
    let mut used = BTreeMap::new();
    for path in found.iter().filter(|path| !for_tests.contains(*path) && !path.ends_with(REGISTRY)) {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            used.extend(codes(line).map(|code| (code.to_owned(), path.clone())));
        }
    }
    used
}

/// Every page, by its code.
fn pages() -> BTreeMap<String, String> {
    let entries = fs::read_dir(root().join("spec/diagnostics")).unwrap();
    let page =
        |path: PathBuf| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
    entries.map(|entry| page(entry.unwrap().path())).collect()
}

#[test]
fn every_code_in_the_sources_has_its_page() {
    let pages = pages();
    let used = used();
    assert!(used.len() > 80, "only {} codes were found", used.len());
    for (code, path) in &used {
        assert!(pages.contains_key(code), "{code} of {} has no page in spec/diagnostics", path.display());
    }
}

#[test]
fn every_page_is_about_a_code_in_the_sources() {
    let used = used();
    for code in pages().keys() {
        assert!(used.contains_key(code), "nothing uses {code}, which has a page");
    }
}

#[test]
fn a_page_begins_with_its_code_and_a_headline() {
    for (code, page) in pages() {
        let (heading, rest) = page.split_once('\n').unwrap();
        let headline = heading.strip_prefix(&format!("# {code}: ")).unwrap_or_default();
        assert!(!headline.is_empty() && !headline.ends_with('.'), "{code}: {heading}");
        assert!(rest.starts_with('\n') && rest.trim().len() > 100, "{code} has something to say");
    }
}

#[test]
fn explain_knows_every_page() {
    let listed = synx(&root(), ["explain"]).expect(0).out;
    let known: Vec<&str> = listed.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(known, pages().keys().map(String::as_str).collect::<Vec<_>>());
    let page = synx(&root(), ["explain", "e0915"]).expect(0).out;
    assert_eq!(page.trim_end(), pages()["E0915"].trim_end());
}
