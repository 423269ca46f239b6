//! `synx bench data`: how fast text becomes batches.

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;
use synx_run::data_speed::{DataTiming, measure};

use crate::arguments::TableFormat;
use crate::outcome::Outcome;
use crate::render::{print, show_problem};

/// Time the way from files to batches on one core: hashing, scanning, tokenising, packing
#[derive(Debug, Args)]
#[command(
    after_help = "Files are made up in a temporary folder, plain and compressed. Rates are of text, also where it is compressed on disk.\n\n\
    Example:\n  synx bench data --megabytes 256"
)]
pub struct DataArguments {
    /// Text of each file
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=4096))]
    megabytes: u64,

    /// Measured runs of each stage, of which the fastest counts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    repeats: u64,

    /// How it is printed; JSON as an object a line
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

pub fn data(arguments: &DataArguments) -> Outcome {
    match measure((arguments.megabytes * 1_000_000) as usize, arguments.repeats as usize) {
        Ok(timings) => {
            match arguments.format {
                TableFormat::Table => print(&text(&timings)),
                TableFormat::Json => print(&lines(&timings)),
            }
            Outcome::Done
        }
        Err(problem) => show_problem(&problem),
    }
}

fn rate(timing: &DataTiming) -> f64 {
    timing.bytes as f64 / timing.seconds / 1e9
}

fn text(timings: &[DataTiming]) -> String {
    let mut text = format!("{:<10} {:<22} {:>9} {:>10}\n", "stage", "of", "GB/s", "ms");
    for timing in timings {
        let _ = writeln!(
            text,
            "{:<10} {:<22} {:>9.2} {:>10.1}",
            timing.stage,
            timing.of,
            rate(timing),
            timing.seconds * 1e3
        );
    }
    text
}

fn lines(timings: &[DataTiming]) -> String {
    let line = |timing: &DataTiming| {
        let line = json!({
            "stage": timing.stage,
            "of": timing.of,
            "bytes": timing.bytes,
            "seconds": timing.seconds,
            "gb_per_s": rate(timing),
        });
        format!("{line}\n")
    };
    timings.iter().map(line).collect()
}
