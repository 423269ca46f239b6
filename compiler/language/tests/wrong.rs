//! Wrong studies, each with everything that is said about it: `tests/wrong/<name>.synx` and `<name>.txt`.
//!
//! `UPDATE_GOLDENS=1` writes the texts anew; they are read before they are committed.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use common::{World, check, shown};
use synx_compiler::diagnostic::json;
use synx_compiler::{Options, compile};

fn files() -> Vec<(String, PathBuf)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wrong");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, PathBuf)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "synx"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    files.sort();
    files
}

#[test]
fn every_wrong_study_gets_its_findings() {
    let files = files();
    assert!(files.len() >= 60);
    let mut differing = Vec::new();
    for (name, path) in files {
        let source = std::fs::read_to_string(&path).unwrap();
        let said = shown(&check(&source));
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(&golden, &said).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != said {
            differing.push(format!("{name}:\n{said}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_wrong_study_has_findings_in_order_and_a_plan_only_without_errors() {
    for (name, path) in files() {
        let compiled = check(&std::fs::read_to_string(&path).unwrap());
        assert!(!compiled.diagnostics.is_empty(), "{name}");
        assert_eq!(compiled.plan.is_none(), compiled.has_errors(), "{name}");
        let order = |file: &str| compiled.sources.files().iter().position(|known| known.path == file);
        let places: Vec<_> =
            compiled.diagnostics.iter().map(|d| (order(&d.labels[0].file), d.labels[0].range.start)).collect();
        assert!(places.is_sorted(), "{name}");
    }
}

#[test]
fn every_fix_takes_its_finding_away_and_brings_no_other_error() {
    let mut fixes = 0;
    for (name, path) in files() {
        let source = std::fs::read_to_string(&path).unwrap();
        let before = check(&source);
        for diagnostic in &before.diagnostics {
            for fix in &diagnostic.fixes {
                fixes += 1;
                let fixed = fix.apply("study.synx", &source);
                let others = before.sources.files().iter().filter(|file| file.path != "study.synx");
                let texts = others.map(|file| (file.path.clone(), fix.apply(&file.path, &file.text))).collect();
                let world = World { texts, ..World::default() };
                let after = compile("study.synx", &fixed, &world, &Options::default());
                // A cured mistake may show others that it hid; a cured lint shows nothing.
                let count = |compiled: &synx_compiler::Compiled| {
                    let counted = compiled.diagnostics.iter().filter(|d| d.is_error() || !diagnostic.is_error());
                    counted.count()
                };
                assert!(count(&after) < count(&before), "{name}: {}\n{fixed}\n{}", fix.title, shown(&after));
            }
        }
    }
    assert!(fixes >= 20, "{fixes} fixes");
}

#[test]
fn the_form_for_programs_has_code_place_and_message() {
    for (name, path) in files() {
        let compiled = check(&std::fs::read_to_string(&path).unwrap());
        for diagnostic in &compiled.diagnostics {
            let value = json(diagnostic, &compiled.sources);
            for key in ["code", "severity", "message", "file"] {
                assert!(value[key].is_string(), "{name}: {key}");
            }
            for end in ["start", "end"] {
                assert!(value[end]["line"].is_u64() && value[end]["column"].is_u64(), "{name}: {end}");
            }
            assert!(value.get("help").is_some());
        }
    }
}
