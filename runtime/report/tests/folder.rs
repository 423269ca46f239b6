//! What a study leaves on disk.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use synx_plan::claim::Verdict;
use synx_plan::exact::Exact;
use synx_plan::grid::ColumnValue;
use synx_plan::key::Key;
use synx_plan::model::ParameterCount;
use synx_plan::study::{FlopCount, Plan, Settings};
use synx_report::{
    AnswerResult, AnswerStatus, CellResult, CellStatus, ClaimResult, ComparisonResult, CurvePoint, DomainResult, FILES,
    FigureResult, LawFit, LawGroup, LawModel, LawOutcome, LawParameter, LawResult, LawTest, Plot, PredictionResult,
    ResultColumn, StudyResults, TableResult, write,
};

fn plan() -> Plan {
    Plan::new(Settings { seed: 17, ..Settings::named("thirds") })
}

fn cell(r: Exact, status: CellStatus, loss: Option<f64>) -> CellResult {
    CellResult {
        cell: format!("arm[r={r},tokens=4M]"),
        grid: "arm".to_owned(),
        values: vec![Some(ColumnValue::Number(r)), None],
        tokens: 4_000_000,
        replicate: 1,
        stream: Some(Key::of("test/1", &1)),
        params: 100,
        params_total: 612,
        params_embedding: 512,
        flops_6nd: 2_400_000_000,
        flops_exact: 2_500_000_000,
        status,
        loss,
        bits_per_byte: loss.map(|l| l / std::f64::consts::LN_2),
        class: "cpu-f32/1".to_owned(),
        seconds: loss.map(|_| 1.25),
        key: Some(Key::of("test/1", &2)),
        domains: loss
            .map(|l| DomainResult { domain: "web.heldout".to_owned(), tokens: 1000, loss: l, bits_per_byte: l })
            .into_iter()
            .collect(),
        curve: vec![CurvePoint { step: 1, tokens: 2048, loss: 5.5, gradient_norm: 0.25 }],
    }
}

fn model(name: &'static str, spearman: Option<f64>) -> LawModel {
    let test = LawTest { points: 1, mean_error: 0.01, max_error: 0.25, spearman, kendall: spearman };
    LawModel { model: name, objective: 1e-5, test: Some(test) }
}

fn results() -> StudyResults {
    let third = Exact::ratio(1, 3).unwrap();
    let fit = LawFit {
        parameters: vec![LawParameter {
            name: "E".to_owned(),
            estimate: 1.5,
            low: Some(1.25),
            high: None,
            bca: None,
            profile: None,
            identified: false,
        }],
        points: 5,
        models: vec![model("formula", Some(0.75))],
    };
    let trees = LawFit {
        parameters: Vec::new(),
        points: 5,
        models: vec![model("trees", Some(0.75)), model("linear", Some(0.5)), model("constant", None)],
    };
    let group = |value: &Exact, outcome| LawGroup {
        values: vec![ColumnValue::Number(value.clone())],
        rows: 6,
        rows_expected: 6,
        outcome,
    };
    StudyResults {
        study: "thirds".to_owned(),
        class: "cpu-f32/1".to_owned(),
        device: "cpu".to_owned(),
        parameters: ParameterCount::NonEmbedding,
        flops: FlopCount::Exact,
        columns: vec![
            ResultColumn { name: "r".to_owned(), unit: String::new() },
            ResultColumn { name: "loss".to_owned(), unit: "nats".to_owned() },
        ],
        cells: vec![
            cell(Exact::zero(), CellStatus::Ok, Some(2.0)),
            cell(third.clone(), CellStatus::Diverged { step: 7 }, None),
        ],
        laws: vec![LawResult {
            law: "data_law".to_owned(),
            grid: "arm".to_owned(),
            by: vec!["r".to_owned()],
            groups: vec![
                group(&Exact::zero(), LawOutcome::Fitted(fit)),
                group(&third, LawOutcome::NotFitted("too few rows".to_owned())),
                group(&Exact::one(), LawOutcome::Fitted(trees)),
            ],
        }],
        predictions: vec![PredictionResult {
            law: "data_law".to_owned(),
            row: "arm[r=0,tokens=4M]".to_owned(),
            observed: 2.0,
            predicted: 2.5,
            low: Some(2.25),
            high: None,
            held_out: true,
        }],
        answers: vec![AnswerResult {
            question: "speedup(a, b)".to_owned(),
            unit: "tokens".to_owned(),
            chosen: String::new(),
            estimate: Some(f64::INFINITY),
            low: Some(3.0),
            high: Some(f64::INFINITY),
            draws: 200,
            used: 199,
            status: AnswerStatus::Infinite,
            note: "the floor decides".to_owned(),
        }],
        claims: vec![ClaimResult {
            claim: "helps".to_owned(),
            documentation: Some("It helps,\nand much.".to_owned()),
            verdict: Verdict::Undecided,
            share: Some(0.5),
            draws: 200,
            comparisons: vec![ComparisonResult {
                quantity: "a.E - b.E".to_owned(),
                operator: "<",
                bound: 0.0,
                estimate: Some(-0.25),
                low: Some(-1.0),
                high: Some(0.5),
            }],
            note: String::new(),
        }],
        figures: vec![FigureResult { name: "curves".to_owned(), plot: Plot::default() }],
        tables: vec![TableResult {
            name: "losses".to_owned(),
            documentation: None,
            rows: "tokens".to_owned(),
            columns: "r".to_owned(),
            cell: "loss".to_owned(),
            unit: String::new(),
            panels: vec![],
        }],
        notes: vec![],
    }
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The table as rows of (column, value).
fn table(folder: &Path, name: &str) -> Vec<Vec<(String, String)>> {
    let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
    let header = reader.headers().unwrap().clone();
    let row =
        |record: csv::StringRecord| header.iter().zip(&record).map(|(h, v)| (h.to_owned(), v.to_owned())).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn field(row: &[(String, String)], name: &str) -> String {
    row.iter().find(|(column, _)| column == name).unwrap().1.clone()
}

#[test]
fn every_file_is_there_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deep/er");
    let paths = write(&out, &results(), &plan(), true).unwrap();
    let shown = ["figures/curves.svg", "tables/losses.md", "tables/losses.tex"];
    // The lock names all others, so it comes last.
    let (lock, before) = FILES.split_last().unwrap();
    assert_eq!(paths, before.iter().chain(&shown).chain([lock]).map(|name| out.join(name)).collect::<Vec<_>>());
    let locked: serde_json::Value = serde_json::from_str(&read(&out, lock)).unwrap();
    let named: Vec<&str> = locked["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(named, before.iter().chain(&shown).copied().collect::<Vec<_>>());
    let mut found: Vec<String> =
        fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    let mut expected: Vec<String> = FILES.iter().chain(&["figures", "tables"]).map(|&name| name.to_owned()).collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_cell_is_a_row_with_every_column() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &results(), &plan(), true).unwrap();
    let rows = table(folder.path(), "results.csv");
    assert_eq!(field(&rows[0], "cell"), "arm[r=0,tokens=4M]");
    assert_eq!(field(&rows[0], "loss"), "2");
    assert_eq!(field(&rows[0], "seconds"), "1.250");
    assert_eq!(field(&rows[0], "flops_exact"), "2500000000");
    assert_eq!(field(&rows[0], "class"), "cpu-f32/1");
    assert_eq!(field(&rows[1], "r"), "0.3333333333333333");
    assert_eq!((field(&rows[1], "status"), field(&rows[1], "loss")), ("diverged".to_owned(), String::new()));
    assert_eq!(field(&rows[1], "note"), "stopped at step 7");
    // The study's own `loss` does not hide the measured one.
    assert_eq!(field(&rows[1], "column.loss"), "");
}

#[test]
fn laws_have_a_row_a_parameter_and_say_what_was_not_fitted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &results(), &plan(), true).unwrap();
    let rows = table(folder.path(), "laws.csv");
    assert_eq!((field(&rows[0], "parameter"), field(&rows[0], "estimate")), ("E".to_owned(), "1.5".to_owned()));
    assert_eq!((field(&rows[0], "low"), field(&rows[0], "high")), ("1.25".to_owned(), String::new()));
    assert_eq!((field(&rows[0], "objective"), field(&rows[0], "points")), ("1e-5".to_owned(), "5".to_owned()));
    assert_eq!(
        (field(&rows[1], "status"), field(&rows[1], "note")),
        ("not fitted".to_owned(), "too few rows".to_owned())
    );
    let models: Vec<(String, String)> =
        rows.iter().map(|row| (field(row, "model"), field(row, "test_spearman"))).collect();
    let expected = [("formula", "0.75"), ("", ""), ("trees", "0.75"), ("linear", "0.5"), ("constant", "")];
    assert_eq!(models, expected.map(|(model, rank)| (model.to_owned(), rank.to_owned())));
    assert_eq!((field(&rows[3], "test_max_error"), field(&rows[3], "parameter")), ("0.25".to_owned(), String::new()));
}

#[test]
fn answers_claims_and_predictions_have_a_row_each() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &results(), &plan(), true).unwrap();
    let answer = &table(folder.path(), "answers.csv")[0];
    assert_eq!((field(answer, "estimate"), field(answer, "status")), ("inf".to_owned(), "infinite".to_owned()));
    assert_eq!((field(answer, "low"), field(answer, "used")), ("3".to_owned(), "199".to_owned()));
    let claim = &table(folder.path(), "claims.csv")[0];
    assert_eq!((field(claim, "verdict"), field(claim, "share")), ("undecided".to_owned(), "0.5".to_owned()));
    assert_eq!((field(claim, "quantity"), field(claim, "operator")), ("a.E - b.E".to_owned(), "<".to_owned()));
    assert_eq!(field(claim, "words"), "It helps, and much.");
    let prediction = &table(folder.path(), "predictions.csv")[0];
    assert_eq!(
        (field(prediction, "relative_error"), field(prediction, "held_out")),
        ("0.25".to_owned(), "true".to_owned())
    );
    assert_eq!(field(&table(folder.path(), "laws.csv")[0], "identified"), "false");
}

#[test]
fn domains_and_curves_name_their_cell() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &results(), &plan(), true).unwrap();
    let evaluations = table(folder.path(), "evaluations.csv");
    assert_eq!(evaluations.len(), 1);
    assert_eq!(field(&evaluations[0], "domain"), "web.heldout");
    let curves = table(folder.path(), "curves.csv");
    assert_eq!(curves.len(), 2);
    assert_eq!((field(&curves[1], "step"), field(&curves[1], "loss")), ("1".to_owned(), "5.5".to_owned()));
}

#[test]
fn every_column_of_every_table_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &results(), &plan(), true).unwrap();
    let explained: Vec<(String, String)> =
        table(folder.path(), "columns.csv").iter().map(|r| (field(r, "file"), field(r, "column"))).collect();
    for file in FILES.iter().filter(|name| name.ends_with(".csv") && **name != "columns.csv") {
        let mut reader = csv::Reader::from_path(folder.path().join(file)).unwrap();
        for column in reader.headers().unwrap() {
            assert!(explained.contains(&((*file).to_owned(), column.to_owned())), "{file}: {column}");
        }
    }
    let meanings = read(folder.path(), "columns.csv");
    assert!(meanings.contains("results.csv,params,parameters,without token table and output head"), "{meanings}");
}

#[test]
fn the_plan_is_json_with_its_cost() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &results(), &plan(), true).unwrap();
    let document: serde_json::Value = serde_json::from_str(&read(folder.path(), "plan.json")).unwrap();
    assert_eq!(document["plan"]["study"]["name"], "thirds");
    assert_eq!(document["cost"]["totals"]["cells"], 0);
}

#[test]
fn writing_again_replaces_and_a_failure_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &results(), &plan(), true).unwrap();
    let mut fewer = results();
    fewer.cells.pop();
    write(folder.path(), &fewer, &plan(), true).unwrap();
    assert_eq!(table(folder.path(), "results.csv").len(), 1);
    // A file where the folder should be.
    let problem = write(&folder.path().join("results.csv"), &results(), &plan(), true).unwrap_err();
    assert_eq!(problem.code, "E0901");
    assert_eq!(table(folder.path(), "results.csv").len(), 1);
}

#[test]
fn drawings_that_are_gone_from_the_study_go_and_what_others_wrote_stays() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    write(out, &results(), &plan(), true).unwrap();
    for name in ["figures/mine.svg", "tables/notes.md", "notes.txt"] {
        fs::write(out.join(name), "mine").unwrap();
    }
    let mut renamed = results();
    renamed.figures[0].name = "falling".to_owned();
    renamed.tables.clear();
    // Whoever changed a file wants it.
    fs::write(out.join("tables/losses.tex"), "changed by hand").unwrap();
    write(out, &renamed, &plan(), true).unwrap();
    let there = |name: &str| out.join(name).exists();
    assert!(there("figures/falling.svg") && !there("figures/curves.svg") && !there("tables/losses.md"));
    for name in ["figures/mine.svg", "tables/notes.md", "notes.txt", "tables/losses.tex"] {
        assert!(there(name), "{name}");
    }
    // A folder that nothing is left in goes too.
    renamed.figures.clear();
    fs::remove_file(out.join("figures/mine.svg")).unwrap();
    write(out, &renamed, &plan(), true).unwrap();
    assert!(!there("figures") && there("tables"));
}

#[test]
fn a_lock_from_elsewhere_removes_nothing_else() {
    let above = tempfile::tempdir().unwrap();
    let out = above.path().join("out");
    write(&out, &results(), &plan(), true).unwrap();
    let bytes = b"precious";
    let hash = blake3::hash(bytes).to_hex().to_string();
    let names =
        ["../precious.svg", "figures/../../precious.svg", "precious.csv", "figures/deep/precious.svg", "figures/.svg"];
    let mut lock: serde_json::Value = serde_json::from_str(&read(&out, "synx.lock")).unwrap();
    let absolute = above.path().join("precious.svg").display().to_string();
    for name in names.into_iter().chain([absolute.as_str()]) {
        fs::create_dir_all(out.join(name).parent().unwrap()).unwrap();
        fs::write(out.join(name), bytes).unwrap();
        let file = serde_json::json!({ "name": name, "blake3": hash });
        lock["files"].as_array_mut().unwrap().push(file);
    }
    fs::write(out.join("synx.lock"), lock.to_string()).unwrap();
    let mut without = results();
    without.figures.clear();
    write(&out, &without, &plan(), true).unwrap();
    for name in names {
        assert!(out.join(name).exists(), "{name}");
    }
    assert!(!out.join("figures/curves.svg").exists());
    // What is no lock at all removes nothing either.
    fs::write(out.join("synx.lock"), "not JSON").unwrap();
    write(&out, &results(), &plan(), true).unwrap();
}
