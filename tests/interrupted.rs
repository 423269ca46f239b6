//! Runs that are stopped, and two at a time.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use crate::support::{Row, study, synx, synx_until, table};

const SMALL: &str = include_str!("studies/small.synx");

/// A run in the background that has begun to train.
fn start(folder: &Path) -> Child {
    let arguments = ["run", "study.synx", "--device", "cpu", "--threads", "1"];
    synx_until(folder, arguments, |line| line.starts_with("wave 1"))
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Everything of a results table but the times.
fn without_times(rows: &[Row]) -> Vec<Vec<String>> {
    let columns = ["cell", "loss", "bits_per_byte", "status", "key", "stream"];
    rows.iter().map(|row| columns.iter().map(|column| row.get(column).to_owned()).collect()).collect()
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_bits() {
    let text = SMALL.replace("2Ki..8Ki factor 2", "16Ki..64Ki factor 2");
    let whole = study(&text);
    synx(whole.path(), ["run", "study.synx", "--device", "cpu", "--threads", "2"]).expect(0);
    for how in ["INT", "KILL"] {
        let folder = study(&text);
        let mut child = start(folder.path());
        signal(&child, how);
        child.wait().unwrap();
        synx(folder.path(), ["run", "study.synx", "--device", "cpu", "--threads", "2"]).expect(0);
        for file in ["curves.csv", "evaluations.csv", "laws.csv"] {
            let read = |folder: &Path| fs::read_to_string(folder.join("results/small").join(file)).unwrap();
            assert_eq!(read(folder.path()), read(whole.path()), "{file} after {how}");
        }
        let rows = |folder: &Path| without_times(&table(&folder.join("results/small/results.csv")));
        assert_eq!(rows(folder.path()), rows(whole.path()), "after {how}");
    }
}

#[test]
fn waves_side_by_side_that_were_stopped_go_on_to_the_same_bits() {
    let text = SMALL
        .replace("2Ki..8Ki factor 2", "16Ki..64Ki factor 2")
        .replace("axis r      = [0, 1/2]", "axis width  = [32, 16, 48]")
        .replace("r * wiki + rest * web", "web")
        .replace("model    = tiny", "model    = tiny(width)")
        .replace("model tiny {", "model tiny(width) {")
        .replace("    width   = 32\n", "")
        .replace("[r]", "[width]");
    let run = |threads| ["run", "study.synx", "--device", "cpu", "--threads", threads];
    let whole = study(&text);
    let told = synx(whole.path(), run("1")).expect(0).err;
    let waves =
        |told: &str| told.lines().filter(|line| line.starts_with("wave ")).map(str::to_owned).collect::<Vec<_>>();
    let widths = |told: &str| waves(told).iter().map(|line| line[..21].to_owned()).collect::<Vec<String>>();
    assert_eq!(widths(&told), ["wave 1 of 3: width 32", "wave 2 of 3: width 16", "wave 3 of 3: width 48"]);
    let folder = study(&text);
    // One chain a width leaves one of two threads idle: the one with the longest way trains beside the first.
    let mut child = synx_until(folder.path(), run("2"), |line| line.starts_with("wave 2 of 3: width 48"));
    signal(&child, "INT");
    child.wait().unwrap();
    synx(folder.path(), run("2")).expect(0);
    let rows = |folder: &Path| without_times(&table(&folder.join("results/small/results.csv")));
    assert_eq!(rows(folder.path()), rows(whole.path()));
    let read = |folder: &Path| fs::read_to_string(folder.join("results/small/curves.csv")).unwrap();
    assert_eq!(read(folder.path()), read(whole.path()));
}

#[test]
fn ctrl_c_ends_cleanly_and_a_second_run_of_a_live_study_says_so() {
    // A budget that nobody waits for.
    let folder = study(&SMALL.replace("2Ki..8Ki factor 2", "[8Ki, 1Gi]"));
    let mut child = start(folder.path());
    let second = synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(1);
    assert!(second.err.contains(&child.id().to_string()), "it does not name the first: {}", second.err);
    let status = synx(folder.path(), ["status", "study.synx"]).expect(0);
    assert!(status.out.contains(&child.id().to_string()), "{}", status.out);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // What is finished is there to be read, and says what is missing.
    let rows = table(&folder.path().join("results/small/results.csv"));
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().any(|row| row.get("status") == "missing"));
}
