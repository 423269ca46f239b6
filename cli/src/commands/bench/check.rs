//! `synx bench check`: how long it takes to check a large study.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use synx_plan::number::grouped;
use synx_plan::problem::Problem;

use super::study::{FILE, large_study};
use crate::arguments::{StudySettings, TableFormat};
use crate::outcome::Outcome;
use crate::render::{print, show_problem};
use crate::study::Study;

/// Runs before the first that counts: files and code come into memory.
const WARM_UP: usize = 3;

/// Time the check of a study of a thousand lines, by itself and as a whole process
#[derive(Debug, Args)]
#[command(
    after_help = "The study is made up: about 300 declarations, three imports, some hundreds of cells. It is checked within this process,\n\
    and by starting `synx check` anew each time.\n\nExample:\n  synx bench check --repeats 200 --format json"
)]
pub struct CheckArguments {
    /// Measured checks of each sort
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    repeats: u64,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

/// What was measured.
struct Measured {
    lines: usize,
    cells: usize,
    within: Vec<Duration>,
    process: Vec<Duration>,
}

pub fn check(arguments: &CheckArguments) -> Outcome {
    match measure(arguments.repeats as usize) {
        Ok(measured) => {
            match arguments.format {
                TableFormat::Table => print(&text(&measured)),
                TableFormat::Json => print(&format!("{:#}\n", document(&measured))),
            }
            Outcome::Done
        }
        Err(problem) => show_problem(&problem),
    }
}

fn measure(repeats: usize) -> Result<Measured, Problem> {
    let folder = std::env::temp_dir();
    let failed =
        |doing: &'static str| move |error: io::Error| Problem::io(doing, Path::new("the benchmark's study"), &error);
    let folder = tempfile::Builder::new().prefix("synx-bench-").tempdir_in(folder).map_err(failed("write"))?;
    let files = large_study();
    for (path, text) in &files {
        fs::write(folder.path().join(path), text).map_err(failed("write"))?;
    }
    let path = folder.path().join(FILE);
    let settings = StudySettings { set: Vec::new(), allow_path: false, max_cells: 1_000_000, deny: Vec::new() };
    let mut cells = 0;
    let within = timed(repeats, || {
        let study = Study::open(&path, &settings).map_err(|finding| Problem::new("E0901", finding.headline))?;
        cells = study.compile().plan.map_or(0, |plan| plan.cells().count());
        Ok(())
    })?;
    let this = std::env::current_exe().map_err(failed("find the command for"))?;
    let process = timed(repeats, || {
        let mut command = Command::new(&this);
        command.arg("check").arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let ended = command.status().map_err(failed("check"))?;
        if ended.success() {
            return Ok(());
        }
        Err(Problem::new("E0901", "the benchmark's study does not check clean").note(ended.to_string()))
    })?;
    Ok(Measured { lines: files[0].1.lines().count(), cells, within, process })
}

/// How long each of `repeats` runs took, sorted.
fn timed(repeats: usize, mut run: impl FnMut() -> Result<(), Problem>) -> Result<Vec<Duration>, Problem> {
    let mut times = Vec::with_capacity(repeats);
    for i in 0..WARM_UP + repeats {
        let start = Instant::now();
        run()?;
        if i >= WARM_UP {
            times.push(start.elapsed());
        }
    }
    times.sort_unstable();
    Ok(times)
}

/// The time that this part of the runs was within, in milliseconds (nearest rank).
fn percentile(sorted: &[Duration], part: f64) -> f64 {
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(0.0, |time| 1e3 * time.as_secs_f64())
}

fn text(measured: &Measured) -> String {
    let line = |what: &str, times: &[Duration]| {
        let at = |part| percentile(times, part);
        format!(
            "{what}  {:>7.2} ms median, {:>7.2} ms at the 99th percentile, {:>7.2} ms least\n",
            at(0.5),
            at(0.99),
            at(0.0)
        )
    };
    format!(
        "{} lines, {} cells, {} checks\n{}{}",
        grouped(measured.lines as u64),
        grouped(measured.cells as u64),
        grouped(measured.within.len() as u64),
        line("within a process", &measured.within),
        line("a whole process ", &measured.process),
    )
}

fn document(measured: &Measured) -> Value {
    let times = |times: &[Duration]| {
        let at = |part| percentile(times, part);
        json!({ "p50_ms": at(0.5), "p99_ms": at(0.99), "min_ms": at(0.0), "max_ms": at(1.0) })
    };
    json!({
        "lines": measured.lines,
        "cells": measured.cells,
        "repeats": measured.within.len(),
        "check": times(&measured.within),
        "process": times(&measured.process),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        for (part, expected) in [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert!((percentile(&times, part) - expected).abs() < 1e-9, "{part}");
        }
        assert!((percentile(&times[..1], 0.99) - 1.0).abs() < 1e-9);
    }
}
