//! `synx bench`: how long things take.

mod check;
mod hostile;
mod hostile_texts;
mod step;
mod study;

use clap::{Args, Subcommand};

use crate::outcome::Outcome;

/// Measure speed
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  synx bench step --size s --device cpu --threads 2 --format json\n  synx bench check\n  synx bench hostile"
)]
pub struct BenchArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Step(step::StepArguments),
    Check(check::CheckArguments),
    Hostile(hostile::HostileArguments),
}

pub fn bench(arguments: &BenchArguments) -> Outcome {
    match &arguments.what {
        What::Step(arguments) => step::step(arguments),
        What::Check(arguments) => check::check(arguments),
        What::Hostile(arguments) => hostile::hostile(arguments),
    }
}
