//! `synx fit` on tables whose answer is known.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{synx, synx_with_input};

const LAW: &str = "loss ~ E + A/N^alpha + B/D^beta";

/// Losses of `E + A/N^alpha + B/D^beta` on a grid of sizes and budgets.
fn runs(header: &str) -> String {
    let mut text = format!("{header}\n");
    for n in [1e6, 4e6, 16e6, 64e6, 256e6] {
        for d in [2e7, 8e7, 32e7, 128e7, 512e7] {
            let loss = 1.8 + 400.0 / f64::powf(n, 0.34) + 800.0 / f64::powf(d, 0.3);
            writeln!(text, "{n},{d},{loss}").unwrap();
        }
    }
    text
}

fn folder(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let all: Vec<&str> = ["fit"].into_iter().chain(arguments.iter().copied()).chain(["--format", "json"]).collect();
    synx(folder, all).expect(0).json()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["fit"].into_iter().chain(arguments.iter().copied()).collect();
    synx(folder, all).expect(1).err
}

fn assert_known(fit: &Value) {
    for (name, value) in [("E", 1.8), ("A", 400.0), ("B", 800.0), ("alpha", 0.34), ("beta", 0.3)] {
        let estimate = fit["parameters"][name]["estimate"].as_f64().unwrap();
        assert!((estimate / value - 1.0).abs() < 1e-3, "{name}: {estimate}");
    }
}

#[test]
fn a_known_law_is_found_again() {
    let folder = folder("runs.csv", &runs("N,D,loss"));
    let free = "E,A,B,alpha,beta";
    let fit = json(folder.path(), &["runs.csv", "--law", LAW, "--free", free, "--bootstrap", "20"]);
    assert_eq!((&fit["points"], &fit["law"], &fit["hold_out"]), (&25.into(), &LAW.into(), &Value::Null));
    assert!(fit["objective"].as_f64().unwrap() < 1e-12, "{fit}");
    assert_known(&fit);
    for name in ["E", "A", "B", "alpha", "beta"] {
        let parameter = &fit["parameters"][name];
        assert!(parameter["low"].as_f64().unwrap() <= parameter["high"].as_f64().unwrap());
        assert_eq!(parameter["identified"], true);
    }
    assert!(fit["starts"]["agreeing"].as_u64().unwrap() > 0 && fit["minima"].as_array().is_some_and(|m| !m.is_empty()));
    let table = synx(folder.path(), ["fit", "runs.csv", "--law", LAW, "--free", free]).expect(0).out;
    for part in [LAW.replace('/', " / ").as_str(), "alpha", "0.34000", "objective", "25 rows"] {
        assert!(table.contains(part), "{part} in\n{table}");
    }
}

#[test]
fn a_law_of_the_library_is_found_by_its_name() {
    let folder = folder("runs.csv", &runs("N,D,loss"));
    assert_known(&json(folder.path(), &["runs.csv", "--law", "chinchilla"]));
    fs::write(folder.path().join("other.csv"), runs("size,seen,nats")).unwrap();
    let map = "params=size,tokens=seen,loss=nats";
    assert_known(&json(folder.path(), &["other.csv", "--law", "chinchilla", "--map", map]));
    let shown = synx(folder.path(), ["fit", "runs.csv", "--law", "chinchilla"]).expect(0).out;
    assert!(shown.starts_with("chinchilla\nloss ~ E + A / N^alpha + B / D^beta\n"), "{shown}");
}

#[test]
fn rows_come_from_json_lines_and_standard_input_too() {
    let rows = runs("N,D,loss");
    let lines: String = rows.lines().skip(1).fold(String::new(), |mut text, line| {
        let cells: Vec<&str> = line.split(',').collect();
        let _ = writeln!(text, "{{\"N\": {}, \"D\": {}, \"loss\": {}}}", cells[0], cells[1], cells[2]);
        text
    });
    let folder = folder("runs.jsonl", &lines);
    assert_known(&json(folder.path(), &["runs.jsonl", "--law", "chinchilla"]));
    for text in [&rows, &lines] {
        let arguments = ["fit", "-", "--law", "chinchilla", "--format", "json"];
        let found = synx_with_input(folder.path(), arguments, text.as_bytes()).expect(0);
        assert_known(&found.json());
    }
}

#[test]
fn a_fixed_parameter_is_not_fitted() {
    let folder = folder("runs.csv", &runs("N,D,loss"));
    let fit = json(folder.path(), &["runs.csv", "--law", "chinchilla", "--fix", "E=1.8,beta=0.3"]);
    let names: Vec<&String> = fit["parameters"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["A", "B", "alpha"]);
    assert!((fit["parameters"]["A"]["estimate"].as_f64().unwrap() - 400.0).abs() < 0.1, "{fit}");
}

#[test]
fn groups_are_fitted_by_themselves_and_the_largest_is_predicted() {
    let mut text = "arm,D,loss\n".to_owned();
    for (arm, floor) in [("a", 1.0), ("b", 2.0)] {
        for d in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0] {
            writeln!(text, "{arm},{d},{}", floor + 3.0 / d).unwrap();
        }
    }
    let folder = folder("runs.csv", &text);
    let law = ["runs.csv", "--law", "loss ~ E + B/D", "--free", "E in 0.., B in 0.."];
    for out in ["largest(D)", "D > 20"] {
        let fit = json(folder.path(), &[&law[..], &["--by", "arm", "--hold-out", out]].concat());
        let groups = fit["groups"].as_array().unwrap();
        assert_eq!(groups.len(), 2);
        for (group, (arm, floor)) in groups.iter().zip([("a", 1.0), ("b", 2.0)]) {
            assert_eq!(group["group"]["arm"], arm);
            assert_eq!((&group["points"], &group["hold_out"]["points"]), (&5.into(), &1.into()));
            assert!((group["parameters"]["E"]["estimate"].as_f64().unwrap() - floor).abs() < 1e-6);
            assert!(group["hold_out"]["mean_relative_error"].as_f64().unwrap() < 1e-6);
        }
    }
    let one = json(folder.path(), &[&law[..], &["--where", "arm == \"b\" and D < 32"]].concat());
    assert_eq!(one["points"], 5);
    assert!((one["parameters"]["E"]["estimate"].as_f64().unwrap() - 2.0).abs() < 1e-6);
    let rows = synx(folder.path(), [&["fit"], &law[..], &["--by", "arm", "--format", "csv"]].concat()).expect(0).out;
    let lines: Vec<&str> = rows.lines().collect();
    assert_eq!(lines.len(), 5, "{rows}");
    assert!(lines[0].starts_with("law,arm,model,parameter,estimate,") && lines[4].contains(",b,formula,B,"), "{rows}");
}

#[test]
fn laws_are_compared_over_the_same_rows() {
    let folder = folder("runs.csv", &runs("params,tokens,loss"));
    let found = json(folder.path(), &["runs.csv", "--compare", "all", "--hold-out", "largest(tokens)"]);
    let laws = found["groups"][0]["laws"].as_array().unwrap();
    let names: Vec<&str> = laws.iter().filter_map(|law| law["law"].as_str()).collect();
    assert!(["kaplan", "boosted_trees", "linear", "constant"].iter().all(|name| names.contains(name)), "{names:?}");
    let best = &laws[names.iter().position(|name| *name == "chinchilla").unwrap()];
    assert!(best["hold_out"]["mean_relative_error"].as_f64().unwrap() < 1e-6, "{best}");
    assert!(found["not_fitted"].as_array().unwrap().iter().any(|left| left["law"] == "mixing"));
    let arguments = ["fit", "runs.csv", "--compare", "kaplan,power_law", "--hold-out", "largest(tokens)"];
    let shown = synx(folder.path(), arguments).expect(0).out;
    assert!(shown.contains("predicts the held-out rows best"), "{shown}");
}

/// Losses over two shares: a step that no line follows, and a slope.
fn mixtures() -> String {
    let mut text = "web,wiki,loss\n".to_owned();
    for i in 0..60 {
        let web = f64::from(i * 7 % 60) / 60.0;
        let loss = if web < 0.3 { 4.0 } else { 3.0 } + 0.2 * web;
        writeln!(text, "{web},{},{loss}", 1.0 - web).unwrap();
    }
    text
}

#[test]
fn trees_stand_beside_a_linear_model_and_a_constant() {
    let folder = folder("mix.csv", &mixtures());
    let law = [
        "mix.csv",
        "--law",
        "loss ~ boosted_trees(web, wiki, rate = 0.1, rounds = 100)",
        "--hold-out",
        "leave_out(20)",
    ];
    let fit = json(folder.path(), &[&law[..], &["--bootstrap", "5"]].concat());
    let error = |of: &serde_json::Value| of["hold_out"]["mean_relative_error"].as_f64().unwrap();
    assert_eq!((&fit["points"], &fit["hold_out"]["points"]), (&40.into(), &20.into()));
    assert!(error(&fit) < 0.5 * error(&fit["beside"]["linear"]), "{fit}");
    assert!(error(&fit["beside"]["linear"]) < error(&fit["beside"]["constant"]), "{fit}");
    assert_eq!(fit["resampling"]["used"], 5);
    let shown = synx(folder.path(), [&["fit"], &law[..]].concat()).expect(0).out;
    for part in ["trees", "linear", "constant", "fitted to 40 rows, 20 held out: `trees` predicts these best"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let rows = synx(folder.path(), [&["fit"], &law[..], &["--format", "csv"]].concat()).expect(0).out;
    let models: Vec<&str> = rows.lines().skip(1).filter_map(|line| line.rsplit(',').nth(12)).collect();
    assert_eq!(models, ["trees", "linear", "constant"], "{rows}");
    // Without held-out rows nothing is said to be best.
    let shown = synx(folder.path(), ["fit", "mix.csv", "--law", law[2]]).expect(0).out;
    assert!(shown.contains("`--hold-out` says") && !shown.contains("best"), "{shown}");
}

#[test]
fn a_law_that_trees_beat_is_said_to_be_beaten() {
    let folder = folder("mix.csv", &mixtures());
    let formula = "loss ~ c + exp(t * web)";
    let law = ["fit", "mix.csv", "--law", formula, "--free", "c in 0.., t", "--compare", "boosted_trees,linear"];
    let shown = synx(folder.path(), [&law[..], &["--hold-out", "leave_out(20)"]].concat()).expect(0).out;
    assert!(shown.contains("`boosted_trees` predicts the held-out rows best"), "{shown}");
    assert!(shown.contains(&format!("no law does better than what needs no theory: the best of them is `{formula}`")));
    let alone = ["mix.csv", "--compare", "linear"];
    let err = refused(folder.path(), &alone);
    assert!(err.contains("E0989") && err.contains("boosted_trees(a, b)"), "{err}");
}

#[test]
fn a_fit_is_drawn() {
    let folder = folder("runs.csv", &runs("N,D,loss"));
    let arguments = ["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "20", "--plot", "law.svg"];
    synx(folder.path(), arguments).expect(0);
    let svg = fs::read_to_string(folder.path().join("law.svg")).unwrap();
    // Five sizes, each with a curve, a band and five rows; and the legend's.
    assert_eq!((svg.matches("class=\"curve").count(), svg.matches("class=\"band").count()), (10, 5));
    assert_eq!(svg.matches("class=\"mark").count(), 5 * 5 + 5);
}

#[test]
fn mistakes_in_a_law_or_a_table_are_shown() {
    let folder = folder("runs.csv", &runs("N,D,loss"));
    let refused = |arguments: &[&str]| refused(folder.path(), arguments);
    let named = |arguments: &[&str], parts: &[&str]| {
        let err = refused(arguments);
        assert!(parts.iter().all(|part| err.contains(part)), "{arguments:?}: {err}");
    };
    named(&["runs.csv", "--law", "loss ~ E + A/M^alpha", "--free", "E,A,alpha"], &["E0601", "`M`"]);
    let all = "`E`, `A` and `beta` are neither columns nor free parameters";
    named(&["runs.csv", "--law", "loss ~ E + A/N^beta"], &["E0601", all, "--free 'E, A, beta'"]);
    named(&["runs.csv", "--law", "loss ~ E + ", "--free", "E"], &["E00"]);
    named(&["nothing.csv", "--law", "chinchilla"], &["nothing.csv"]);
    named(&["runs.csv", "--law", "chinchila"], &["E0989", "did you mean `chinchilla`?"]);
    named(&["runs.csv", "--law", "chinchilla", "--free", "E"], &["E0989", "--fix"]);
    named(&["runs.csv", "--law", "chinchilla", "--fix", "F=1"], &["E0989", "`F`"]);
    named(&["runs.csv", "--law", "loss ~ boosted_trees(N)", "--fix", "F=1"], &["E0989", "it has none"]);
    named(&["runs.csv", "--law", "loss ~ boosted_trees(N, M)"], &["E0601", "`M`"]);
    named(&["runs.csv", "--law", "loss ~ boosted_trees(N)", "--loss", "quantile(0.1)"], &["E0635", "least squares"]);
    named(&["runs.csv", "--law", "loss ~ boosted_trees(N, D)", "--where", "N < 2e6"], &["E0944", "too few for trees"]);
    named(&["runs.csv", "--law", "chinchilla", "--map", "params=M"], &["E0941", "`M`"]);
    named(&["runs.csv", "--law", "data_constrained"], &["E0988", "`U`", "--map U=COLUMN"]);
    named(&["runs.csv", "--law", "chinchilla", "--by", "arm"], &["arm"]);
    named(&["runs.csv", "--law", "chinchilla", "--where", "M > 3"], &["--where", "M"]);
    named(&["runs.csv", "--law", "chinchilla", "--where", "D < 3"], &["E0987", "no row is left"]);
    named(&["runs.csv", "--law", "chinchilla", "--hold-out", "D > 0"], &["E0987", "all of the 25 rows"]);
    named(&["runs.csv", "--law", "chinchilla", "--loss", "hubber(1)"], &["huber"]);
    fs::write(folder.path().join("torn.csv"), "a,b\n1,2\n3\n").unwrap();
    named(&["torn.csv", "--law", "b ~ E", "--free", "E"], &["E0980", "line 3 of torn.csv"]);
    fs::write(folder.path().join("low.csv"), "N,D,loss\n1,2,3\n2,3,0\n3,4,-1\n4,5,\n5,6,oom\n").unwrap();
    let low = ["low.csv", "--law", "loss ~ E", "--free", "E"];
    named(&low, &["E0942", "lines 5 and 6", "oom"]);
    named(&[&low[..], &["--where", "loss < 9"]].concat(), &["E0943", "lines 3 and 4", "--where 'loss > 0'"]);
    synx(folder.path(), [&["fit"], &low[..], &["--where", "loss > 0"]].concat()).expect(0);
}
