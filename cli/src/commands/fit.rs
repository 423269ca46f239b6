//! `synx fit DATA.csv`: a law fitted to any table.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use synx_compiler::FormulaRequest;
use synx_plan::exact::Exact;
use synx_plan::problem::Problem;
use synx_run::laws::{GroupFit, LawResult, Options, Table, Unit, fit as fit_law};

use crate::arguments::TableFormat;
use crate::outcome::Outcome;
use crate::render::number::estimate;
use crate::render::table::{Align, table};
use crate::render::{print, show_all, show_problem};

/// Fit a law to a table of results
#[derive(Debug, Args)]
#[command(
    after_help = "Columns are found by their names in the first line of the file; a name that is no word is written column(\"metric/x\").\n\n\
    Examples:\n  \
    synx fit runs.csv --law 'loss ~ E + A/N^alpha + B/D^beta' --free E,A,B,alpha,beta\n  \
    synx fit results/quickstart/results.csv --law 'loss ~ E + B/tokens^beta' --free 'E in 0.., B in 0.., beta in 0..2' --by r,width --bootstrap 1000"
)]
pub struct FitArguments {
    /// A CSV file with a header
    #[arg(value_name = "DATA")]
    data: PathBuf,

    /// The law: observed ~ formula
    #[arg(long, value_name = "LAW")]
    law: String,

    /// What is fitted, each with or without bounds: E,A or 'E in 0.., beta in 0..2'
    #[arg(long, value_name = "NAMES", required = true)]
    free: Vec<String>,

    /// Columns whose every combination of values is fitted by itself
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    by: Vec<String>,

    /// What is made small: huber(delta = 1e-3), `log_least_squares` or `least_squares` [default: huber(delta = 1e-3)]
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,

    /// Rows that are left out and predicted: largest(COLUMN)
    #[arg(long, value_name = "TEST")]
    test: Option<String>,

    /// How often rows are drawn again for intervals
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    bootstrap: u64,

    /// The part of the draws that an interval holds, in percent
    #[arg(long, value_name = "PERCENT", default_value = "95", value_parser = confidence)]
    confidence: Exact,

    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// How many points the fit starts from
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    starts: Option<u64>,

    /// How the fit is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

pub fn fit(arguments: &FitArguments) -> Outcome {
    let data = match read(arguments) {
        Ok(data) => data,
        Err(problem) => return show_problem(&problem),
    };
    let columns: Vec<String> = data.names().map(str::to_owned).collect();
    let free = split_free(&arguments.free);
    let request = FormulaRequest {
        law: &arguments.law,
        free: &free,
        columns: &columns,
        by: &arguments.by,
        method: arguments.method.as_deref(),
        test: arguments.test.as_deref(),
        bootstrap: arguments.bootstrap,
        confidence: arguments.confidence.clone(),
        seed: arguments.seed,
    };
    let formula = match synx_compiler::formula(&request) {
        Ok(formula) => formula,
        Err(rejected) => {
            show_all(&rejected.diagnostics, &rejected.sources);
            return Outcome::Failed;
        }
    };
    let mut options = Options::default();
    if let Some(starts) = arguments.starts {
        options.starts = starts as usize;
    }
    match fit_law("law", &formula, &data, &options) {
        Ok(result) => {
            print(&match arguments.format {
                TableFormat::Table => text(&arguments.law, &result),
                TableFormat::Json => format!("{:#}\n", document(&arguments.law, &result, arguments.by.is_empty())),
            });
            Outcome::Done
        }
        Err(problem) => show_problem(&problem),
    }
}

fn read(arguments: &FitArguments) -> Result<Table, Problem> {
    let path = &arguments.data;
    let file = std::fs::File::open(path).map_err(|e| Problem::io("read", path, &e))?;
    Table::from_csv(std::io::BufReader::new(file), &path.display().to_string())
}

/// `E,A,B` and `E in 0.., B in 0..` to one text a parameter: commas set them apart wherever they are not in brackets.
fn split_free(given: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for text in given {
        let (mut depth, mut name) = (0i32, String::new());
        for c in text.chars() {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            if c == ',' && depth <= 0 {
                names.push(std::mem::take(&mut name));
            } else {
                name.push(c);
            }
        }
        names.push(name);
    }
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
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

/// The fit for people.
fn text(law: &str, result: &LawResult) -> String {
    let mut text = format!("{law}\n");
    for group in &result.groups {
        text.push('\n');
        if !group.group.is_empty() {
            let named: Vec<String> = group.group.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let _ = writeln!(text, "{}", named.join(", "));
        }
        text.push_str(&parameters(group));
        let _ = write!(text, "objective {:.12} over {} rows", group.objective, group.points);
        let _ = writeln!(
            text,
            "; {} of {} starts end there{}",
            group.starts.agreeing,
            group.starts.tried,
            if group.converged { "" } else { "; not converged" }
        );
        if let Some(test) = &group.test {
            let _ = writeln!(
                text,
                "held out: {} rows, off by {:.2} % on average, {:.2} % at most",
                test.points,
                100.0 * test.mean_relative_error,
                100.0 * test.max_relative_error
            );
        }
        if let Some(drawn) = &group.resampling {
            let unit = match drawn.unit {
                Unit::Row => "rows",
                Unit::Stream => "training streams",
                Unit::Residual => "residuals",
            };
            let _ = writeln!(
                text,
                "intervals from {} draws of {} {unit} ({} with a fit)",
                drawn.draws, drawn.units, drawn.used
            );
        }
    }
    for skipped in &result.skipped {
        let named: Vec<String> = skipped.group.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let _ = writeln!(text, "\n{}: not fitted: {} ({})", named.join(", "), skipped.reason, skipped.code);
    }
    text
}

fn parameters(group: &GroupFit) -> String {
    let columns = [
        ("parameter", Align::Left),
        ("estimate", Align::Right),
        ("low", Align::Right),
        ("high", Align::Right),
        ("", Align::Left),
    ];
    let end = |end: Option<f64>| end.map_or_else(|| "-".to_owned(), estimate);
    let row = |p: &synx_run::laws::ParameterEstimate| {
        let note = match (p.identified, p.at_bound) {
            (false, _) => "the data do not settle it",
            (true, true) => "at its bound",
            (true, false) => "",
        };
        vec![p.name.clone(), estimate(p.estimate), end(p.low), end(p.high), note.to_owned()]
    };
    table(&columns, group.parameters.iter().map(row))
}

/// The fit for programs. Without groups, the one fit's fields stand at the top.
fn document(law: &str, result: &LawResult, single: bool) -> Value {
    let mut document = Map::new();
    document.insert("law".to_owned(), json!(law));
    match result.groups.first() {
        Some(group) if single => document.extend(fields(group)),
        _ => {
            let groups: Vec<Value> = result.groups.iter().map(|group| Value::Object(fields(group))).collect();
            document.insert("groups".to_owned(), json!(groups));
            let skipped =
                result.skipped.iter().map(|s| json!({ "group": pairs(&s.group), "code": s.code, "reason": s.reason }));
            document.insert("skipped".to_owned(), skipped.collect());
        }
    }
    Value::Object(document)
}

fn fields(group: &GroupFit) -> Map<String, Value> {
    let parameter = |p: &synx_run::laws::ParameterEstimate| {
        let value = json!({
            "estimate": p.estimate, "low": p.low, "high": p.high, "identified": p.identified, "at_bound": p.at_bound,
        });
        (p.name.clone(), value)
    };
    let parameters: Map<String, Value> = group.parameters.iter().map(parameter).collect();
    let Value::Object(fields) = json!({
        "group": pairs(&group.group),
        "objective": group.objective,
        "points": group.points,
        "parameters": parameters,
        "converged": group.converged,
        "starts": group.starts,
        "resampling": group.resampling,
        "test": group.test,
        "predictions": group.predictions,
    }) else {
        unreachable!("an object was written above")
    };
    fields
}

fn pairs(group: &[(String, String)]) -> Map<String, Value> {
    group.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_parameters_come_with_commas_or_one_by_one() {
        let split = |given: &[&str]| split_free(&given.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(split(&["E,A, B"]), ["E", "A", "B"]);
        assert_eq!(split(&["E in 0.., beta in 0..2", "A"]), ["E in 0..", "beta in 0..2", "A"]);
        assert_eq!(split(&["E in min(1, 2)..3,A"]), ["E in min(1, 2)..3", "A"]);
    }

    #[test]
    fn confidence_is_a_percentage() {
        assert_eq!(confidence("95"), Ok(Exact::ratio(19, 20).unwrap()));
        assert_eq!(confidence("99.5 %"), Ok(Exact::from_decimal("0.995").unwrap()));
        for wrong in ["0", "100", "-5", "many"] {
            assert!(confidence(wrong).is_err(), "{wrong}");
        }
    }
}
