//! Findings in every form, from the built command: over several files, beside other work, and with the exit codes that
//! programs rely on.

use std::fs;
use std::path::Path;

use crate::support::{root, study, synx};

const CLEAN: &str = include_str!("studies/small.synx");

/// One error that `check` finds, and one lint.
const WRONG: &str =
    "synx 1\ncorpus web = world(register = web, documents = 20k)\nmixture m = 50% * web + rest * wiki\n";

/// Wrong studies about which something is known only once their corpora have been scanned; the compiler's tests know it without.
const SCANNED: &[&str] = &["cap_with_too_little_text.synx", "law_along_repetition.synx"];

/// The wrong studies and the files that they name, in a folder of their own.
fn wrong_studies() -> (tempfile::TempDir, Vec<(String, String)>) {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("tests/wrong"), folder.path());
    fs::create_dir(folder.path().join("data")).unwrap();
    for name in ["web.jsonl.zst", "wiki.txt.gz", "part-1.jsonl", "part-2.jsonl", "tokens.npy"] {
        fs::write(folder.path().join("data").join(name), "").unwrap();
    }
    let runs = include_str!("../compiler/language/tests/common/runs.csv");
    fs::write(folder.path().join("data/runs.csv"), runs).unwrap();
    for name in ["runs.parquet", "torn.parquet"] {
        let file = root().join("compiler/language/tests/common").join(name);
        fs::copy(file, folder.path().join("data").join(name)).unwrap();
    }
    let mut goldens = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.with_extension("synx").file_name().unwrap().to_str().unwrap().to_owned();
            goldens.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    goldens.sort();
    (folder, goldens)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&there).unwrap();
            copy(&entry.path(), &there);
        } else {
            fs::copy(entry.path(), there).unwrap();
        }
    }
}

/// What the golden of a wrong study says that the command prints after the line `$ synx check NAME OPTION`.
fn said<'a>(name: &str, golden: &'a str, option: &str) -> &'a str {
    let command = format!("$ synx check {name}{option}\n");
    let (_, after) = golden.split_once(&command).unwrap_or_else(|| panic!("{name} has no `{command}`"));
    after.split_once("\n$ synx check").map_or(after, |(said, _)| said)
}

#[test]
fn the_goldens_of_the_wrong_studies_are_what_the_command_prints() {
    let (folder, goldens) = wrong_studies();
    assert!(goldens.len() >= 150, "{} wrong studies", goldens.len());
    for name in SCANNED {
        let (_, golden) = goldens.iter().find(|(known, _)| known == name).unwrap();
        let code = said(name, golden, " --format concise").split(['[', ']']).nth(1).unwrap();
        // Scans, and then says the same or plans.
        synx(folder.path(), ["plan", name]);
        let checked = synx(folder.path(), ["check", name]).out;
        assert!(checked.contains(code), "{name}: {code}\n{checked}");
    }
    let goldens: Vec<&(String, String)> =
        goldens.iter().filter(|(name, _)| !SCANNED.contains(&name.as_str())).collect();
    let files: Vec<&str> = goldens.iter().map(|(name, _)| name.as_str()).collect();
    let check = |options: &[&str]| synx(folder.path(), ["check"].iter().chain(options).chain(&files)).expect(1).out;

    let concise: String = goldens.iter().map(|(name, golden)| said(name, golden, " --format concise")).collect();
    let printed = check(&["--format", "concise"]);
    let first = printed.lines().zip(concise.lines()).find(|(printed, golden)| printed != golden);
    assert_eq!(first, None, "printed, golden");
    assert_eq!(printed.len(), concise.len());

    let human = check(&[]);
    let mut rest = human.as_str();
    for (name, golden) in goldens.iter().copied() {
        let (findings, _) = said(name, golden, "").rsplit_once("1 study: ").unwrap();
        rest = rest.strip_prefix(findings).unwrap_or_else(|| panic!("{name}:\n{findings}\n--- but\n{rest:.2000}"));
    }
    assert!(rest.starts_with(&format!("{} studies: ", goldens.len())), "{rest}");

    let one =
        goldens.iter().find(|(name, golden)| said(name, golden, " --format concise").contains(": error[")).unwrap();
    let alone = synx(folder.path(), ["check", &one.0, "--format", "json"]).expect(1).out;
    assert_eq!(alone, said(&one.0, &one.1, " --format json"));
}

#[test]
fn every_form_holds_the_findings_of_all_files() {
    let folder = study(CLEAN);
    fs::write(folder.path().join("a.synx"), WRONG).unwrap();
    fs::write(folder.path().join("b.synx"), b"synx 1\nstudy caf\xe9 {}\n").unwrap();
    let check = |format: &str, code: i32| {
        synx(folder.path(), ["check", "a.synx", "study.synx", "b.synx", "--format", format]).expect(code)
    };

    let json = check("json", 1).json();
    let codes: Vec<&str> = json.as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"E0101") && codes.last() == Some(&"E0012"), "{codes:?}");

    let concise = check("concise", 1).out;
    assert_eq!(concise.lines().count(), codes.len(), "{concise}");
    assert!(concise.starts_with("a.synx:3:32: error[E0101]"), "{concise}");

    let github = check("github", 1).out;
    assert_eq!(github.lines().count(), codes.len(), "{github}");
    assert!(github.lines().any(|line| line.starts_with("::error file=a.synx,line=3,endLine=3,col=32")), "{github}");

    let sarif = check("sarif", 1).json();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let ids: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(ids, codes);
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let page = rules.iter().find(|rule| rule["id"] == "E0101").unwrap()["help"]["markdown"].as_str().unwrap();
    assert!(page.contains("## Example"), "{page}");

    let human = check("human", 1).out;
    assert!(human.contains("a.synx:3:32") && human.contains("b.synx") && human.contains("3 studies: "), "{human}");
}

#[test]
fn exit_codes_say_how_it_ended() {
    let folder = study(CLEAN);
    fs::write(folder.path().join("wrong.synx"), WRONG).unwrap();
    fs::write(folder.path().join("binary.synx"), b"\x7fELF\x80\0\0").unwrap();
    for format in ["human", "concise", "json", "sarif", "github"] {
        for command in ["check", "plan"] {
            synx(folder.path(), [command, "study.synx", "--format", format]).expect(0);
        }
        for command in ["check", "plan", "run"] {
            synx(folder.path(), [command, "wrong.synx", "--format", format]).expect(1);
            synx(folder.path(), [command, "binary.synx", "--format", format]).expect(1);
            synx(folder.path(), [command, "nothing.synx", "--format", format]).expect(2);
        }
    }
    synx(folder.path(), ["check", "study.synx", "--format", "xml"]).expect(2);
}

#[test]
fn a_plan_and_a_run_put_one_document_on_standard_error() {
    let folder = study(CLEAN);
    let planned = synx(folder.path(), ["plan", "study.synx", "--format", "json"]).expect(0);
    assert!(planned.json()["plan"]["study"].is_object());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&planned.err).unwrap(), serde_json::json!([]));

    let wrong = study(WRONG);
    for command in ["plan", "run"] {
        let ran = synx(wrong.path(), [command, "study.synx", "--format", "json"]).expect(1);
        let found: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
        assert_eq!(found[0]["code"], "E0101", "{found}");
        assert_eq!(ran.out, "");
        let ran = synx(wrong.path(), [command, "study.synx", "--format", "sarif"]).expect(1);
        let log: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
        assert_eq!(log["runs"][0]["results"][0]["ruleId"], "E0101", "{log}");
    }

    // What goes wrong outside the language is a finding like any other.
    let missing = study(&CLEAN.replace("world(register = web", "world(registr = web"));
    let ran = synx(missing.path(), ["run", "study.synx", "--format", "concise"]).expect(1);
    assert!(ran.err.starts_with("study.synx:"), "{}", ran.err);
}
