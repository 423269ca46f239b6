//! The command line: what can be asked, and the help for it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use synx_compiler::Deny;
use synx_findings::Format;

use crate::commands::{
    bench, check, completions, design, doctor, explain, fit, fmt, graph, lsp, man, new, plan, run, schema, status,
};

#[derive(Debug, Parser)]
#[command(
    name = "synx",
    version,
    about = "Data experiments with language models: one .synx file, trained models, results and a fitted law",
    after_help = "Start here:\n  synx run examples/quickstart.synx     train, evaluate and fit\n  \
                  synx plan examples/quickstart.synx    what that costs, before it runs\n\n\
                  Exit codes: 0 done, 1 mistakes in the study or something failed, 2 wrong command line, 3 internal error",
    disable_help_subcommand = true
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Run(run::RunArguments),
    Check(check::CheckArguments),
    Plan(plan::PlanArguments),
    Status(status::StatusArguments),
    Design(design::DesignArguments),
    Doctor(doctor::DoctorArguments),
    Fit(fit::FitArguments),
    Fmt(fmt::FmtArguments),
    Explain(explain::ExplainArguments),
    Graph(graph::GraphArguments),
    Schema(schema::SchemaArguments),
    New(new::NewArguments),
    Bench(bench::BenchArguments),
    Lsp(lsp::LspArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

/// A study and what is set in it.
#[derive(Debug, Clone, Args)]
pub struct StudyArguments {
    /// The study
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    #[command(flatten)]
    pub settings: StudySettings,
}

/// What is set in a study.
#[derive(Debug, Clone, Args)]
pub struct StudySettings {
    /// Give a `param` of the study another value; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,

    /// Let the study read files outside its folder
    #[arg(long)]
    pub allow_path: bool,

    /// The most cells that the study may have
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub max_cells: u64,

    /// Take lints for errors: `warnings` for all, or a code as in W0301; may be repeated
    #[arg(long, value_name = "LINTS", value_parser = Deny::parse)]
    pub deny: Vec<Deny>,
}

/// Where to compute.
#[derive(Debug, Clone, Args)]
pub struct DeviceArguments {
    /// Where to train: auto, cpu, gpu, or gpu:NAME with a part of the adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: String,

    /// Threads of the CPU [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub threads: Option<u64>,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FindingFormat {
    /// With the places in the text
    #[value(alias = "table")]
    Human,
    /// A line each
    Concise,
    /// An array of objects
    Json,
    /// A SARIF 2.1.0 log, for code scanners
    Sarif,
    /// Annotations on GitHub's pages
    Github,
}

impl From<FindingFormat> for Format {
    fn from(format: FindingFormat) -> Format {
        match format {
            FindingFormat::Human => Format::Human,
            FindingFormat::Concise => Format::Concise,
            FindingFormat::Json => Format::Json,
            FindingFormat::Sarif => Format::Sarif,
            FindingFormat::Github => Format::Github,
        }
    }
}

/// How something is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    Table,
    Json,
}

/// `NAME=VALUE`.
fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, as in lr=1e-3")?;
    let name = name.trim();
    if name.is_empty() {
        return Err("the name before `=` is missing".to_owned());
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn settings_are_names_and_values() {
        assert_eq!(setting("lr=1e-3"), Ok(("lr".to_owned(), "1e-3".to_owned())));
        assert_eq!(setting("files=\"a=b.txt\""), Ok(("files".to_owned(), "\"a=b.txt\"".to_owned())));
        assert!(setting("lr").is_err());
        assert!(setting("=3").is_err());
    }
}
