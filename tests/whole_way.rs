//! From a study to trained models, results and a law, and what a second run does.

use std::fs;
use std::path::Path;

use crate::support::{Row, distance, study, synx, table};

const SMALL: &str = include_str!("studies/small.synx");

/// Losses of one cell's curve.
fn curve(out: &Path, cell: &str) -> Vec<f64> {
    table(&out.join("curves.csv")).iter().filter(|row| row.get("cell") == cell).map(|row| row.number("loss")).collect()
}

fn losses(rows: &[Row]) -> Vec<f64> {
    rows.iter().map(|row| row.number("loss")).collect()
}

#[test]
fn a_study_leaves_results_that_can_be_read_without_the_tool() {
    let folder = study(SMALL);
    synx(folder.path(), ["run", "study.synx", "--device", "cpu", "--threads", "2"]).expect(0);
    let out = folder.path().join("results/small");

    let rows = table(&out.join("results.csv"));
    let names: Vec<&str> = rows.iter().map(|row| row.get("cell")).collect();
    assert_eq!(names.len(), 6);
    assert_eq!(names[0], "runs[r=0,tokens=2048]");
    assert_eq!(names[5], "runs[r=0.5,tokens=8192]");
    for row in &rows {
        assert_eq!((row.get("grid"), row.get("status"), row.get("class")), ("runs", "ok", "cpu-f32/1"));
        // Between the noise floor of a byte model this small and the loss of knowing nothing.
        let loss = row.number("loss");
        assert!((1.0..256f64.ln() + 0.1).contains(&loss), "{loss}");
        assert!(row.number("flops_exact") > row.number("flops_6nd"));
        assert_eq!(row.number("params_total"), row.number("params") + row.number("params_embedding"));
        assert_eq!(row.get("key").len(), 64);
    }
    // More tokens, less loss; one mixture, one stream.
    for arm in rows.chunks(3) {
        assert!(arm[0].number("loss") > arm[2].number("loss"));
        assert_eq!(arm[0].get("stream"), arm[2].get("stream"));
    }
    assert_ne!(rows[0].get("stream"), rows[3].get("stream"));

    let evaluations = table(&out.join("evaluations.csv"));
    assert_eq!(evaluations.len(), 12);
    for (cell, domains) in rows.iter().zip(evaluations.chunks(2)) {
        let mean = f64::midpoint(domains[0].number("loss"), domains[1].number("loss"));
        assert!((cell.number("loss") - mean).abs() < 1e-9);
        assert!(domains.iter().all(|domain| domain.get("cell") == cell.get("cell")));
    }

    // The first step of a fresh model knows nothing: ln 256.
    for row in &rows {
        let curve = curve(&out, row.get("cell"));
        assert_eq!(curve.len() as f64, row.number("tokens") / 128.0);
        assert!((curve[0] - 256f64.ln()).abs() < 0.1, "{}", curve[0]);
    }

    let laws = table(&out.join("laws.csv"));
    assert_eq!(laws.len(), 4);
    for row in &laws {
        assert_eq!((row.get("law"), row.get("points"), row.get("status")), ("falling", "3", "fitted"));
        // A parameter that three points do not tell has no interval.
        assert_eq!(row.get("low").is_empty(), row.get("identified") == "false");
        assert!(row.get("low").is_empty() || row.number("low") <= row.number("estimate") + 1e-9);
    }
    let plan: serde_json::Value = serde_json::from_str(&fs::read_to_string(out.join("plan.json")).unwrap()).unwrap();
    assert_eq!(plan["plan"]["study"]["name"], "small");
    assert!(plan["cost"]["totals"]["shared"]["saved_tokens"].as_u64().unwrap() > 0);
}

#[test]
fn a_second_run_trains_nothing_and_gives_the_same_files() {
    let folder = study(SMALL);
    synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(0);
    let out = folder.path().join("results/small");
    let first = fs::read(out.join("results.csv")).unwrap();
    let again = synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(0);
    assert!(again.text().contains("nothing to train"), "{}", again.text());
    assert_eq!(fs::read(out.join("results.csv")).unwrap(), first);

    // Names, comments and the order of lines are no part of what was trained.
    let renamed = SMALL.replace("model tiny", "model other").replace("model    = tiny", "model = other // renamed");
    fs::write(folder.path().join("study.synx"), renamed).unwrap();
    let again = synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(0);
    assert!(again.text().contains("nothing to train"), "{}", again.text());
}

#[test]
fn bits_do_not_depend_on_threads_sharing_or_place() {
    let folder = study(SMALL);
    synx(folder.path(), ["run", "study.synx", "--device", "cpu", "--threads", "1", "--out", "one"]).expect(0);
    let other = study(SMALL);
    synx(other.path(), ["run", "study.synx", "--device", "cpu", "--threads", "2", "--no-share", "--out", "two"])
        .expect(0);
    let one = losses(&table(&folder.path().join("one/results.csv")));
    let two = losses(&table(&other.path().join("two/results.csv")));
    assert_eq!(one, two);
    for cell in ["runs[r=0,tokens=8192]", "runs[r=0.5,tokens=2048]"] {
        assert_eq!(curve(&folder.path().join("one"), cell), curve(&other.path().join("two"), cell));
    }
}

#[test]
fn the_gpu_gives_the_losses_of_the_cpu() {
    let folder = study(SMALL);
    synx(folder.path(), ["run", "study.synx", "--device", "cpu", "--out", "cpu"]).expect(0);
    let told = synx(folder.path(), ["run", "study.synx", "--device", "gpu:llvmpipe", "--out", "gpu"]).expect(0).err;
    assert!(told.contains("note: 6 cells of this study have results of class cpu-f32/1; they stay"), "{told}");
    let (cpu, gpu) = (folder.path().join("cpu"), folder.path().join("gpu"));
    let (on_cpu, on_gpu) = (table(&cpu.join("results.csv")), table(&gpu.join("results.csv")));
    assert!(on_gpu.iter().all(|row| row.get("class").starts_with("vulkan-f32")));
    let names = |rows: &[Row]| rows.iter().map(|row| row.get("cell").to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&on_cpu), names(&on_gpu));
    let apart = distance(&losses(&on_gpu), &losses(&on_cpu));
    assert!(apart < 1e-3, "final losses are {apart} apart");
    for cell in names(&on_cpu) {
        let (a, b) = (curve(&gpu, &cell), curve(&cpu, &cell));
        let first = a.len().min(50);
        let apart = distance(&a[..first], &b[..first]);
        assert!(apart < 1e-5, "the first steps of {cell} are {apart} apart");
    }
}

#[test]
fn status_counts_what_has_a_result() {
    let folder = study(SMALL);
    let before = synx(folder.path(), ["status", "study.synx"]);
    assert!(before.text().contains("0 of 6"), "{}", before.text());
    synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(0);
    let after = synx(folder.path(), ["status", "study.synx"]).expect(0);
    assert!(after.text().contains("6 of 6"), "{}", after.text());
}

#[test]
fn a_rate_that_diverges_marks_its_cells_and_the_study_goes_on() {
    let wild = SMALL
        .replace("recipe short {", "recipe short(lr) {")
        .replace("adamw(lr = 4e-3)", "adamw(lr = lr)")
        .replace("axis r      = [0, 1/2]", "axis r = [0]\n    axis lr = [4e-3, 1000]")
        .replace("recipe   = short", "recipe = short(lr)")
        .replace("by   = [r]", "by = [r, lr]");
    let folder = study(&wild);
    let ran = synx(folder.path(), ["run", "study.synx", "--device", "cpu"]);
    let rows = table(&folder.path().join("results/small/results.csv"));
    let (tame, wild): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.get("lr") == "0.004");
    assert!(tame.iter().all(|row| row.get("status") == "ok"), "{}", ran.text());
    assert!(wild.iter().all(|row| row.get("status") == "diverged" && row.get("loss").is_empty()), "{rows:?}");
    assert!(wild[0].get("note").contains("step"), "{}", wild[0].get("note"));
    assert!(ran.text().contains("diverged"), "{}", ran.text());
    let laws = table(&folder.path().join("results/small/laws.csv"));
    assert!(laws.iter().any(|row| row.get("status") == "fitted"));
    assert!(laws.iter().any(|row| row.get("status") == "not fitted"));
}
