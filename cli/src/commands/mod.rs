//! The subcommands, one file each.

pub mod bench;
pub mod check;
pub mod completions;
pub mod design;
pub mod doctor;
pub mod explain;
pub mod fit;
pub mod fmt;
pub mod graph;
pub mod lsp;
pub mod man;
pub mod new;
pub mod plan;
pub mod run;
pub mod schema;
pub mod status;

use crate::arguments::Command;
use crate::outcome::Outcome;

/// Carries out what was asked.
pub fn carry_out(command: Command) -> Outcome {
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Plan(arguments) => plan::plan(&arguments),
        Command::Status(arguments) => status::status(&arguments),
        Command::Design(arguments) => design::design(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Fit(arguments) => fit::fit(&arguments),
        Command::Fmt(arguments) => fmt::fmt(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Graph(arguments) => graph::graph(&arguments),
        Command::Schema(arguments) => schema::schema(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
        Command::Lsp(arguments) => lsp::lsp(&arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Man(arguments) => man::man(&arguments),
    }
}
