//! `synx bench`: how long things take.

mod check;
mod data;
mod fit;
mod hostile;
mod hostile_texts;
mod kernels;
mod peer;
mod shape;
mod step;
mod study;
mod waves;

use clap::{Args, Subcommand};

use crate::outcome::Outcome;

/// Measure speed
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  synx bench step --size s --device cpu --threads 2 --format json\n  synx bench waves --size xs\n  synx bench kernels --size s\n  synx bench fit\n  synx bench check\n  synx bench hostile"
)]
pub struct BenchArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Step(step::StepArguments),
    Waves(waves::WavesArguments),
    Kernels(kernels::KernelsArguments),
    Check(check::CheckArguments),
    Data(data::DataArguments),
    Fit(fit::FitArguments),
    Hostile(hostile::HostileArguments),
}

pub fn bench(arguments: &BenchArguments) -> Outcome {
    match &arguments.what {
        What::Step(arguments) => step::step(arguments),
        What::Waves(arguments) => waves::waves(arguments),
        What::Check(arguments) => check::check(arguments),
        What::Kernels(arguments) => kernels::kernels(arguments),
        What::Data(arguments) => data::data(arguments),
        What::Fit(arguments) => fit::fit(arguments),
        What::Hostile(arguments) => hostile::hostile(arguments),
    }
}
