//! `synx bench waves`: what training several models together gives.

use clap::Args;
use serde_json::json;
use synx_plan::problem::Problem;
use synx_run::{DeviceChoice, StepRequest, StepTimings};

use super::shape::{Shape, ShapeArguments};
use crate::arguments::{DeviceArguments, TableFormat};
use crate::outcome::Outcome;
use crate::render::number::grouped;
use crate::render::{print, show_problem};

/// Time steps of several models together: steps a second against how many there are
#[derive(Debug, Args)]
#[command(after_help = "A step counts for each model of the wave. Sizes as for `synx bench step`.\n\n\
    Examples:\n  synx bench waves --size xs\n  synx bench waves --size xs,s --replicas 1,8,64,256 --device gpu --format json")]
pub struct WavesArguments {
    #[command(flatten)]
    shape: ShapeArguments,

    /// How many models are stepped at once, one measurement each
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2, 4, 8, 16, 32], value_parser = clap::value_parser!(u64).range(1..=1024))]
    replicas: Vec<u64>,

    #[command(flatten)]
    device: DeviceArguments,

    /// Measured steps
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    repeats: u64,

    /// How it is printed; JSON as an object a line
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

pub fn waves(arguments: &WavesArguments) -> Outcome {
    let (shapes, device) = match arguments.shape.on(&arguments.device.device) {
        Ok(both) => both,
        Err(outcome) => return outcome,
    };
    for shape in &shapes {
        if let Err(problem) = wave(arguments, shape, &device) {
            return show_problem(&problem);
        }
    }
    Outcome::Done
}

fn wave(arguments: &WavesArguments, shape: &Shape, device: &DeviceChoice) -> Result<(), Problem> {
    let mut single = None;
    for &replicas in &arguments.replicas {
        let timings = synx_run::bench_step(&StepRequest {
            model: shape.model.clone(),
            precision: shape.precision,
            rows: shape.rows as usize,
            replicas: replicas as usize,
            device: device.clone(),
            threads: arguments.device.threads.map(|threads| threads as usize),
            repeats: arguments.repeats as usize,
        })?;
        let each = |timings: &StepTimings| timings.replicas as f64 / timings.step_ms_median * 1e3;
        let steps = each(&timings);
        let first = *single.get_or_insert(steps);
        match arguments.format {
            TableFormat::Table => {
                if replicas == arguments.replicas[0] {
                    print(&format!(
                        "{} on {}\nmodels   steps/s   of the first        tokens/s   GFLOP/s exact\n",
                        shape.name, timings.device
                    ));
                }
                print(&format!(
                    "{replicas:>6} {steps:>9.1} {:>13.2} {:>15} {:>15.1}\n",
                    steps / first,
                    grouped(timings.tokens_per_s as u64),
                    timings.gflops_exact
                ));
            }
            TableFormat::Json => {
                let line = json!({
                    "size": shape.name,
                    "replicas": replicas,
                    "device": timings.device,
                    "class": timings.class,
                    "steps_per_s": steps,
                    "times_the_first": steps / first,
                    "step_ms_median": timings.step_ms_median,
                    "step_ms_min": timings.step_ms_min,
                    "step_ms_max": timings.step_ms_max,
                    "tokens_per_s": timings.tokens_per_s,
                    "gflops_exact": timings.gflops_exact,
                    "dispatches": timings.dispatches,
                });
                print(&format!("{line}\n"));
            }
        }
    }
    Ok(())
}
