//! `synx bench kernels`: where a step's time goes, each kernel against what the device gives.

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;
use synx_plan::executor::KernelTime;
use synx_run::{KernelTimings, StepRequest};

use super::shape::{Shape, ShapeArguments};
use crate::arguments::TableFormat;
use crate::outcome::Outcome;
use crate::render::{print, show_problem};

/// Time each kernel of a training step against what the device gives at most
#[derive(Debug, Args)]
#[command(
    after_help = "On a CPU a step of one model on one thread, held against what one core gives; on an adapter of all models at once, by the adapter's\n\
    own clock, or where it has none by waiting for each kernel, which costs about 0.1 ms. What a device gives is measured first, with\n\
    loops of multiply-adds and of sums of long rows.\n\
    Times are the least of the repeats. A share of more than 100 % is memory that a cache holds.\n\n\
    Examples:\n  synx bench kernels --size s\n  synx bench kernels --size xs --replicas 8 --device gpu --format json"
)]
pub struct KernelsArguments {
    #[command(flatten)]
    shape: ShapeArguments,

    /// Models that are stepped at once on an adapter
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1024))]
    replicas: u64,

    /// Where: auto, cpu, gpu, or gpu:NAME with a part of the adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: String,

    /// Measured steps
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    repeats: u64,

    /// How it is printed; JSON as an object a line
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

pub fn kernels(arguments: &KernelsArguments) -> Outcome {
    let (shapes, device) = match arguments.shape.on(&arguments.device) {
        Ok(both) => both,
        Err(outcome) => return outcome,
    };
    for shape in &shapes {
        let timings = synx_run::bench_kernels(&StepRequest {
            model: shape.model.clone(),
            precision: shape.precision,
            rows: shape.rows as usize,
            replicas: arguments.replicas as usize,
            device: device.clone(),
            threads: None,
            repeats: arguments.repeats as usize,
        });
        match timings {
            Ok(timings) => match arguments.format {
                TableFormat::Table => print(&text(shape, &timings)),
                TableFormat::Json => print(&lines(shape, &timings)),
            },
            Err(problem) => return show_problem(&problem),
        }
    }
    Outcome::Done
}

/// What a kernel reaches: operations and bytes a second, and the larger of their parts of what the device gives.
fn reached(timings: &KernelTimings, time: &KernelTime) -> (f64, f64, f64) {
    let (flops, bytes) = (time.work.flops / time.seconds, time.work.bytes / time.seconds);
    (flops, bytes, (flops / timings.ceilings.flops).max(bytes / timings.ceilings.bytes))
}

fn text(shape: &Shape, timings: &KernelTimings) -> String {
    let all: f64 = timings.kernels.iter().map(|time| time.seconds).sum();
    let mut text = format!(
        "{} on {}, {} gives {:.1} GFLOP/s and {:.1} GB/s\n{:<32} {:>5} {:>10} {:>7} {:>9} {:>8} {:>9}\n",
        shape.name,
        timings.device,
        if timings.one_core { "a core" } else { "it" },
        timings.ceilings.flops / 1e9,
        timings.ceilings.bytes / 1e9,
        "kernel",
        "calls",
        "ms",
        "of step",
        "GFLOP/s",
        "GB/s",
        "of device"
    );
    for time in &timings.kernels {
        let (flops, bytes, part) = reached(timings, time);
        let flops = if flops > 0.0 { format!("{:.1}", flops / 1e9) } else { "-".to_owned() };
        let _ = writeln!(
            text,
            "{:<32} {:>5} {:>10.3} {:>5.1} % {flops:>9} {:>8.1} {:>7.0} %",
            time.kernel,
            time.dispatches,
            time.seconds * 1e3,
            100.0 * time.seconds / all,
            bytes / 1e9,
            100.0 * part
        );
    }
    let _ = writeln!(text, "{:<32} {:>5} {:>10.3}", "all", "", all * 1e3);
    text
}

fn lines(shape: &Shape, timings: &KernelTimings) -> String {
    let line = |time: &KernelTime| {
        let (flops, bytes, part) = reached(timings, time);
        let line = json!({
            "size": shape.name,
            "device": timings.device,
            "kernel": time.kernel,
            "dispatches": time.dispatches,
            "ms": time.seconds * 1e3,
            "gflops": flops / 1e9,
            "gb_per_s": bytes / 1e9,
            "part_of_device": part,
            "device_gflops": timings.ceilings.flops / 1e9,
            "device_gb_per_s": timings.ceilings.bytes / 1e9,
        });
        format!("{line}\n")
    };
    timings.kernels.iter().map(line).collect()
}
