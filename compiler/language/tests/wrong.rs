//! Wrong studies, each with everything that is said about it: `tests/wrong/NAME.synx` and beside it `NAME.txt`, which is what
//! a person sees who runs `synx check` there, in three forms. `tests/wrong/README.md` says how to add one.
#![allow(clippy::needless_pass_by_value)]
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use common::World;
use synx_compiler::{Compiled, Diagnostic, Options, Sources, compile};
use synx_findings::{Checked, Format, Style, report};

/// A wrong study.
struct Wrong {
    /// `shares_over`.
    name: String,
    /// `shares_over.synx`, as the findings name it.
    file: String,
    bytes: Vec<u8>,
    golden: PathBuf,
}

impl Wrong {
    /// What is found in it, as the command finds it.
    fn checked(&self) -> Checked {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => {
                let compiled = self.compiled(text, World::default());
                assert_eq!(compiled.plan.is_none(), compiled.has_errors(), "{}", self.name);
                Checked::of(compiled)
            }
            Err(error) => {
                let finding = Diagnostic::not_utf8(&self.file, &self.bytes, error.valid_up_to());
                Checked::new(vec![finding], Sources::new())
            }
        }
    }

    fn compiled(&self, text: &str, world: World) -> Compiled {
        compile(&self.file, text, &world, &Options::default())
    }
}

fn all() -> Vec<Wrong> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wrong");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "synx")).collect();
    paths.sort();
    let wrong = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        Wrong { file: format!("{name}.synx"), name, bytes, golden: path.with_extension("txt") }
    };
    paths.into_iter().map(wrong).collect()
}

/// What the command prints about one study, in three forms.
fn transcript(wrong: &Wrong) -> String {
    let checked = [wrong.checked()];
    let mut text = String::new();
    for (option, format) in
        [("", Format::Human), (" --format concise", Format::Concise), (" --format json", Format::Json)]
    {
        let separator = if text.is_empty() { "" } else { "\n" };
        let said = report(format, &checked, Style::PIPE);
        write!(text, "{separator}$ synx check {}{option}\n{said}", wrong.file).unwrap();
    }
    text
}

#[test]
fn every_wrong_study_gets_its_findings() {
    let all = all();
    let mut differing = Vec::new();
    for wrong in &all {
        let said = transcript(wrong);
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(&wrong.golden, &said).unwrap();
        } else if std::fs::read_to_string(&wrong.golden).unwrap_or_default() != said {
            differing.push(format!("{}:\n{said}", wrong.name));
        }
    }
    assert!(differing.is_empty(), "UPDATE_GOLDENS=1 writes them anew; read them\n{}", differing.join("\n"));
}

#[test]
fn every_golden_belongs_to_a_wrong_study() {
    let all = all();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wrong")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            assert!(
                all.iter().any(|wrong| wrong.golden.file_name() == path.file_name()),
                "{} is of nothing",
                path.display()
            );
        }
    }
}

#[test]
fn every_wrong_study_has_findings_in_the_order_of_their_places() {
    for wrong in all() {
        let checked = wrong.checked();
        assert!(!checked.diagnostics.is_empty(), "{}", wrong.name);
        let order = |file: &str| checked.sources.files().iter().position(|known| known.path == file);
        let first = checked.diagnostics.iter().filter_map(|diagnostic| diagnostic.labels.first());
        let places: Vec<_> = first.map(|label| (order(&label.file), label.range.start)).collect();
        assert!(places.is_sorted(), "{}", wrong.name);
    }
}

#[test]
fn every_fix_takes_its_finding_away_and_brings_no_other_error() {
    let mut fixes = 0;
    for wrong in all() {
        let Ok(text) = std::str::from_utf8(&wrong.bytes) else { continue };
        let errors = |compiled: &Compiled| compiled.diagnostics.iter().filter(|d| d.is_error()).count();
        let before = wrong.compiled(text, World::default());
        for diagnostic in &before.diagnostics {
            for fix in &diagnostic.fixes {
                fixes += 1;
                let fixed = fix.apply(&wrong.file, text);
                // A fix may change what is imported, too.
                let others = before.sources.files().iter().filter(|file| file.path != wrong.file);
                let texts = others.map(|file| (file.path.clone(), fix.apply(&file.path, &file.text))).collect();
                let after = wrong.compiled(&fixed, World { texts, ..World::default() });
                let better = if diagnostic.is_error() {
                    errors(&after) < errors(&before)
                } else {
                    errors(&after) <= errors(&before) && after.diagnostics.len() < before.diagnostics.len()
                };
                let said = || common::findings(&after).join("\n");
                assert!(better, "{}: {}\n{fixed}\n{}", wrong.name, fix.title, said());
            }
        }
    }
    assert!(fixes >= 40, "{fixes} fixes");
}
