//! The examples and what the README shows.

use std::fs;

use crate::support::{root, synx};

/// The most that the quickstart may cost, in exact FLOPs over all cells as if nothing were shared.
const QUICKSTART_FLOPS: f64 = 1.5e12;

#[test]
fn the_quickstart_checks_clean() {
    let ran = synx(&root(), ["check", "examples/quickstart.synx"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
}

#[test]
fn the_quickstart_is_cheap_and_shares() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(root().join("examples/quickstart.synx"), folder.path().join("quickstart.synx")).unwrap();
    let plan = synx(folder.path(), ["plan", "quickstart.synx", "--format", "json"]).expect(0).json();
    let totals = &plan["cost"]["totals"];
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    assert!(number(&totals["flops_exact"]) + number(&totals["evaluation_flops"]) <= QUICKSTART_FLOPS, "{totals}");
    assert!(number(&totals["shared"]["saved_tokens"]) > 0.0, "{totals}");
    let budgets = plan["plan"]["grids"][0]["columns"].as_array().unwrap();
    let tokens = budgets.iter().find(|column| column["name"] == "tokens").unwrap();
    assert_eq!(tokens["values"].as_array().unwrap().len(), 6);
    for source in plan["cost"]["sources"].as_array().unwrap() {
        assert!(number(&source["most_epochs"]) <= 1.0, "the quickstart repeats no text: {source}");
    }
}

#[test]
fn a_user_s_own_text_is_one_command_away() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(root().join("examples/your_text.synx"), at("your_text.synx")).unwrap();
    let lines = |field: &str| -> String {
        let line = |i: u32| format!("{{\"{field}\": \"line {i}: {} and {}\"}}\n", i * 7, i * i);
        (0..400).map(line).collect()
    };
    fs::write(at("a.jsonl"), lines("text")).unwrap();
    fs::write(at("b.jsonl"), lines("answer")).unwrap();
    fs::write(at("near.txt"), "a near text, as it stands\n".repeat(200)).unwrap();
    fs::write(at("far.txt"), "what light through yonder window breaks\n".repeat(200)).unwrap();
    let settings = ["first=a.jsonl", "second=b.jsonl", "second_text=answer", "near=near.txt", "far=far.txt"];
    let set = || settings.iter().flat_map(|setting| ["--set", setting]);
    let checked = synx(folder.path(), ["check", "your_text.synx", "--format", "json"].into_iter().chain(set()));
    let found = checked.json();
    assert!(found.as_array().unwrap().iter().all(|finding| finding["severity"] != "error"), "{found}");
    let plan = synx(folder.path(), ["plan", "your_text.synx"].into_iter().chain(set())).expect(0);
    for part in ["near_text", "second", "a.jsonl", "answer"] {
        assert!(plan.out.contains(part), "{part} in\n{}", plan.out);
    }
}

#[test]
fn the_readme_s_first_screen_has_the_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for command in ["cargo run --release -- run examples/quickstart.synx", "./test"] {
        assert!(readme.lines().any(|line| line.trim() == command), "{command}");
    }
}

#[test]
fn the_study_that_the_readme_shows_is_the_quickstart() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let quickstart = fs::read_to_string(root().join("examples/quickstart.synx")).unwrap();
    let shown = readme.split("```synx\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(shown, quickstart);
}

#[test]
fn every_study_in_the_guide_checks_clean() {
    let mut studies = 0;
    for chapter in ["README.md", "spec/guide/first_study.md"] {
        let text = fs::read_to_string(root().join(chapter)).unwrap();
        for block in text.split("```synx\n").skip(1) {
            let study = block.split("```").next().unwrap();
            // Fragments show a part; whole files begin with their edition.
            if !study.starts_with("synx 1\n") {
                continue;
            }
            let folder = crate::support::study(study);
            let ran = synx(folder.path(), ["check", "study.synx"]);
            assert_eq!(ran.code, 0, "{chapter}:\n{}", ran.text());
            studies += 1;
        }
    }
    assert!(studies >= 2, "{studies}");
}
