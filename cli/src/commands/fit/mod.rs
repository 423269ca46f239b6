//! `synx fit DATA`: laws fitted to any table.

mod asked;
mod compare;
mod data;
mod plot;
mod shown;
mod written;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use synx_compiler::Rejected;
use synx_plan::exact::Exact;
use synx_plan::problem::Problem;
use synx_run::laws::{LawResult, Options, fit as fit_law};

use self::asked::Asked;
use self::data::Data;
use crate::outcome::Outcome;
use crate::render::{print, show_all, show_problem};

/// Fit a law to a table of results, or compare several
#[derive(Debug, Args)]
#[command(
    after_help = "A law is a formula, `observed ~ formula` with the names to be fitted in --free, or a name of the library \
    (`synx explain std` lists them). Columns are found by their names; one whose name is no word is written column(\"metric/x\").\n\n\
    Examples:\n  \
    synx fit runs.csv --law chinchilla --bootstrap 1000\n  \
    synx fit runs.csv --law 'loss ~ E + A/N^alpha + B/D^beta' --free 'E in 0.., A in 0.., B in 0.., alpha in 0..2, beta in 0..2'\n  \
    synx fit runs.parquet --law power_law --map tokens=D,loss=val_loss --by arm --hold-out 'D > 1e9' --plot law.svg\n  \
    synx fit runs.csv --compare all --hold-out 'largest(D)'\n  \
    cat runs.jsonl | synx fit - --law power_law --format json"
)]
pub struct FitArguments {
    /// A table in CSV, JSON lines or parquet; - reads it from standard input
    #[arg(value_name = "DATA")]
    data: PathBuf,

    /// The law: observed ~ formula, or a name of the library
    #[arg(long, value_name = "LAW", required_unless_present = "compare")]
    law: Option<String>,

    /// What of a formula is fitted, each with or without bounds: E,A or 'E in 0.., beta in 0..2'
    #[arg(long, value_name = "NAMES")]
    free: Vec<String>,

    /// What a law calls a column of the data: params=N; 'share[*]=train_*' names a family
    #[arg(long, value_name = "NAME=COLUMN", value_delimiter = ',', value_parser = pair)]
    map: Vec<(String, String)>,

    /// Columns whose every combination of values is fitted by itself
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    by: Vec<String>,

    /// The rows that are looked at: 'loss < 5 and arm == "web"'
    #[arg(long = "where", value_name = "CONDITION")]
    rows: Option<String>,

    /// Rows that are left out of the fit and predicted: 'D > 1e9', or largest(D)
    #[arg(long, value_name = "CONDITION")]
    hold_out: Option<String>,

    /// What is made small: huber(1e-3), `log_squares`, squares or quantile(0.1) [default: huber(1e-3), or the law's own]
    #[arg(long, value_name = "LOSS")]
    loss: Option<String>,

    /// A parameter that is not fitted: E=1.69
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', value_parser = pair)]
    fix: Vec<(String, String)>,

    /// Laws of the library to be fitted side by side, or `all`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    compare: Vec<String>,

    /// How many points each fit starts from
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    starts: Option<u64>,

    /// How often rows are drawn again for intervals
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    bootstrap: u64,

    /// The part of the draws that an interval holds, in percent
    #[arg(long, value_name = "PERCENT", default_value = "95", value_parser = confidence)]
    confidence: Exact,

    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// How the fit is printed
    #[arg(long, value_enum, default_value_t = FitFormat::Table)]
    format: FitFormat,

    /// A drawing of the rows and the fit
    #[arg(long, value_name = "FILE.svg", conflicts_with = "compare")]
    plot: Option<PathBuf>,
}

/// How a fit is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FitFormat {
    Table,
    Json,
    Csv,
}

/// Why there is no fit.
enum Refused {
    Findings(Rejected),
    Problem(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        Refused::Problem(problem)
    }
}

impl From<Rejected> for Refused {
    fn from(rejected: Rejected) -> Refused {
        Refused::Findings(rejected)
    }
}

pub fn fit(arguments: &FitArguments) -> Outcome {
    let done = Data::read(arguments).and_then(|data| {
        if arguments.compare.is_empty() { one(arguments, &data) } else { compare::compare(arguments, &data) }
    });
    match done {
        Ok(text) => {
            print(&text);
            Outcome::Done
        }
        Err(Refused::Problem(problem)) => show_problem(&problem),
        Err(Refused::Findings(rejected)) => {
            show_all(&rejected.diagnostics, &rejected.sources);
            Outcome::Failed
        }
    }
}

/// One law, printed and drawn.
fn one(arguments: &FitArguments, data: &Data) -> Result<String, Refused> {
    let asked = Asked::new(arguments, data, arguments.law.as_deref().unwrap_or_default(), None)?;
    let result = fitted(arguments, data, &asked)?;
    if let Some(path) = &arguments.plot {
        let drawing = plot::plot(&asked, data, &result).svg();
        std::fs::write(path, drawing).map_err(|error| Problem::io("write", path, &error))?;
    }
    Ok(match arguments.format {
        FitFormat::Table => shown::text(&asked, data, &result),
        FitFormat::Json => format!("{:#}\n", written::json(&asked, &result)),
        FitFormat::Csv => written::csv(&asked, &result)?,
    })
}

fn fitted(arguments: &FitArguments, data: &Data, asked: &Asked) -> Result<LawResult, Refused> {
    let table = data.for_law(asked)?;
    let mut options = Options::default();
    if let Some(starts) = arguments.starts {
        options.starts = starts as usize;
    }
    Ok(fit_law(&asked.name, &asked.formula, &table, &options)?)
}

/// `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write a name, `=`, and what it is".to_owned()),
    }
}

/// A percentage between 0 and 100, both excluded, with or without its sign.
fn confidence(text: &str) -> Result<Exact, String> {
    let number = Exact::from_decimal(text.trim().trim_end_matches('%').trim());
    let share = number.and_then(|percent| percent.div(&Exact::from(100u64)));
    match share {
        Some(share) if share.is_positive() && share < Exact::one() => Ok(share),
        _ => Err("write a percentage between 0 and 100, as in 95".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_is_a_percentage() {
        assert_eq!(confidence("95"), Ok(Exact::ratio(19, 20).unwrap()));
        assert_eq!(confidence("99.5 %"), Ok(Exact::from_decimal("0.995").unwrap()));
        for wrong in ["0", "100", "-5", "many"] {
            assert!(confidence(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pair_has_two_sides() {
        assert_eq!(pair("params = N"), Ok(("params".to_owned(), "N".to_owned())));
        assert_eq!(pair("share[*]=train_*"), Ok(("share[*]".to_owned(), "train_*".to_owned())));
        for wrong in ["params", "=N", "params="] {
            assert!(pair(wrong).is_err(), "{wrong}");
        }
    }
}
