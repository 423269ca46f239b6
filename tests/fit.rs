//! `synx fit` on tables whose answer is known.

use std::fmt::Write;
use std::fs;

use crate::support::synx;

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

#[test]
fn a_known_law_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("runs.csv"), runs("N,D,loss")).unwrap();
    let law = "loss ~ E + A/N^alpha + B/D^beta";
    let arguments =
        ["fit", "runs.csv", "--law", law, "--free", "E,A,B,alpha,beta", "--bootstrap", "20", "--format", "json"];
    let fit = synx(folder.path(), arguments).expect(0).json();
    assert_eq!(fit["points"], 25);
    assert!(fit["objective"].as_f64().unwrap() < 1e-12, "{fit}");
    for (name, value) in [("E", 1.8), ("A", 400.0), ("B", 800.0), ("alpha", 0.34), ("beta", 0.3)] {
        let parameter = &fit["parameters"][name];
        let estimate = parameter["estimate"].as_f64().unwrap();
        assert!((estimate / value - 1.0).abs() < 1e-3, "{name}: {estimate}");
        assert!(parameter["low"].as_f64().unwrap() <= parameter["high"].as_f64().unwrap());
    }
    let table = synx(folder.path(), ["fit", "runs.csv", "--law", law, "--free", "E,A,B,alpha,beta"]).expect(0).out;
    for part in ["alpha", "0.34000", "objective", "25 rows"] {
        assert!(table.contains(part), "{part} in\n{table}");
    }
}

#[test]
fn groups_are_fitted_by_themselves_and_the_largest_is_predicted() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "arm,D,loss\n".to_owned();
    for (arm, floor) in [("a", 1.0), ("b", 2.0)] {
        for d in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0] {
            writeln!(text, "{arm},{d},{}", floor + 3.0 / d).unwrap();
        }
    }
    fs::write(folder.path().join("runs.csv"), text).unwrap();
    let free = "E in 0.., B in 0..";
    let arguments = [
        "fit",
        "runs.csv",
        "--law",
        "loss ~ E + B/D",
        "--free",
        free,
        "--by",
        "arm",
        "--test",
        "largest(D)",
        "--format",
        "json",
    ];
    let fit = synx(folder.path(), arguments).expect(0).json();
    let groups = fit["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    for (group, (arm, floor)) in groups.iter().zip([("a", 1.0), ("b", 2.0)]) {
        assert_eq!(group["group"]["arm"], arm);
        assert_eq!((&group["points"], &group["test"]["points"]), (&5.into(), &1.into()));
        assert!((group["parameters"]["E"]["estimate"].as_f64().unwrap() - floor).abs() < 1e-6);
        assert!(group["test"]["mean_relative_error"].as_f64().unwrap() < 1e-6);
    }
}

#[test]
fn mistakes_in_a_law_or_a_table_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("runs.csv"), runs("N,D,loss")).unwrap();
    fs::write(folder.path().join("torn.csv"), "a,b\n1,2\n3\n").unwrap();
    let fit =
        |data: &str, law: &str, free: &str| synx(folder.path(), ["fit", data, "--law", law, "--free", free]).expect(1);
    let wrong_name = fit("runs.csv", "loss ~ E + A/M^alpha", "E,A,alpha");
    assert!(wrong_name.err.contains('M'), "{}", wrong_name.err);
    assert!(fit("runs.csv", "loss ~ E + ", "E").err.contains("E00"));
    assert!(fit("nothing.csv", "loss ~ E", "E").err.contains("nothing.csv"));
    assert!(fit("torn.csv", "b ~ E", "E").err.contains("torn.csv"));
}
