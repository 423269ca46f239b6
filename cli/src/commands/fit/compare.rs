//! Laws side by side over the same rows.

use std::fmt::Write;

use serde_json::json;
use synx_compiler::library_laws;
use synx_plan::problem::Problem;
use synx_run::laws::{GroupFit, LawResult, Prediction, spearman};

use super::asked::Asked;
use super::data::Data;
use super::shown::group_name;
use super::{FitArguments, FitFormat, Refused, fitted, written};
use crate::render::number::estimate;
use crate::render::table::{Align, table};

/// What all laws make small where the options say nothing: objectives and errors of different losses cannot be compared.
const LOSS: &str = "huber(1e-3)";

/// A law that was fitted.
struct Fitted {
    asked: Asked,
    result: LawResult,
}

/// A law that was not, and why.
struct Left {
    law: String,
    why: String,
}

/// What stands beside laws in every comparison: what they say has to be better than what needs no theory.
const WITHOUT_THEORY: [&str; 3] = ["boosted_trees", "linear", "constant"];

/// Fits every law that the options name and that finds its columns, beside boosted trees, a linear model and a constant.
///
/// # Errors
/// Where a law that was named by itself cannot be fitted, or none can.
pub fn compare(arguments: &FitArguments, data: &Data) -> Result<String, Refused> {
    let all = arguments.compare.iter().any(|name| name.trim() == "all");
    let mut names: Vec<&str> =
        if all { library_laws() } else { arguments.compare.iter().map(|name| name.trim()).collect() };
    // These are there without being named.
    names.retain(|name| !WITHOUT_THEORY.contains(name));
    names.extend(arguments.law.as_deref());
    if names.is_empty() {
        return Err(Problem::new("E0989", "no law is named whose columns the others could be fitted to")
            .note(format!("{} stand beside laws", WITHOUT_THEORY.join(", ")))
            .help("name a law of the library, or say which columns: `--law 'loss ~ boosted_trees(a, b)'`")
            .into());
    }
    let (mut laws, mut left) = (Vec::new(), Vec::new());
    for name in names {
        let done = Asked::new(arguments, data, name, Some(LOSS)).and_then(|asked| {
            let result = fitted(arguments, data, &asked)?;
            Ok(Fitted { asked, result })
        });
        match done {
            Ok(law) => laws.push(law),
            Err(Refused::Findings(rejected)) if all => {
                let why = rejected.diagnostics.first().map_or_else(String::new, |finding| finding.headline.clone());
                left.push(Left { law: name.to_owned(), why });
            }
            Err(Refused::Problem(problem)) if all => left.push(Left { law: name.to_owned(), why: problem.headline }),
            Err(refused) => return Err(refused),
        }
    }
    if laws.is_empty() {
        let mut problem = Problem::new("E0988", "no law of the library finds its columns in the data");
        for Left { why, .. } in left.iter().take(5) {
            problem = problem.note(why.clone());
        }
        return Err(problem
            .help("say which columns are meant: `--map params=COLUMN,tokens=COLUMN,loss=COLUMN`")
            .into());
    }
    beside(arguments, data, &mut laws, &mut left)?;
    Ok(match arguments.format {
        FitFormat::Table => text(&laws, &left),
        FitFormat::Json => format!("{:#}\n", document(&laws, &left)),
        FitFormat::Csv => written::written(rows(&laws))?,
    })
}

/// What any law has to be better than: the mean of what is observed, and whatever lines and trees find in the columns that the laws read.
///
/// # Errors
/// Where not even a constant can be fitted.
fn beside(arguments: &FitArguments, data: &Data, laws: &mut Vec<Fitted>, left: &mut Vec<Left>) -> Result<(), Refused> {
    let Some(first) = laws.first() else { return Ok(()) };
    let (target, _) = first.asked.formula.inlined();
    let by = &first.asked.formula.by;
    let mut columns: Vec<String> = Vec::new();
    for law in laws.iter() {
        let (_, model) = law.asked.formula.inlined();
        for column in model.columns() {
            if !columns.iter().any(|known| known == column) && !by.iter().any(|by| by == column) {
                columns.push(column.to_owned());
            }
        }
    }
    let constant = Asked::constant(arguments, data, &target, LOSS)?;
    if !columns.is_empty() {
        for asked in Asked::without_theory(&constant, &columns) {
            match fitted(arguments, data, &asked) {
                Ok(result) => laws.push(Fitted { asked, result }),
                Err(Refused::Problem(problem)) => left.push(Left { law: asked.name, why: problem.headline }),
                Err(refused) => return Err(refused),
            }
        }
    }
    let result = fitted(arguments, data, &constant)?;
    laws.push(Fitted { asked: constant, result });
    Ok(())
}

/// The groups that any law was fitted to, in the order of the data.
fn groups(laws: &[Fitted]) -> Vec<&[(String, String)]> {
    let mut groups: Vec<&[(String, String)]> = Vec::new();
    for group in laws.iter().flat_map(|law| &law.result.groups) {
        if !groups.contains(&&group.group[..]) {
            groups.push(&group.group);
        }
    }
    groups
}

fn of_group<'a>(laws: &'a [Fitted], group: &[(String, String)]) -> Vec<(&'a Asked, &'a GroupFit)> {
    let found = |law: &'a Fitted| law.result.groups.iter().find(|fit| fit.group == group).map(|fit| (&law.asked, fit));
    let mut fits: Vec<(&Asked, &GroupFit)> = laws.iter().filter_map(found).collect();
    // The best first: by what was held out, where anything was, else by the criterion for few rows.
    fits.sort_by(|a, b| order(a.1).total_cmp(&order(b.1)));
    fits
}

/// What a law is judged by, less is better.
fn order(fit: &GroupFit) -> f64 {
    error(fit).or(aicc(fit)).unwrap_or(f64::INFINITY)
}

fn error(fit: &GroupFit) -> Option<f64> {
    fit.test.map(|test| test.mean_relative_error)
}

fn aicc(fit: &GroupFit) -> Option<f64> {
    fit.criteria.and_then(|criteria| criteria.aicc)
}

/// How predicted and observed values are ranked alike: of what was held out, where anything was, else of the rows that were fitted.
fn rank(fit: &GroupFit) -> Option<f64> {
    if let Some(test) = &fit.test {
        return test.spearman;
    }
    let side = |of: fn(&Prediction) -> f64| fit.predictions.iter().map(of).collect::<Vec<f64>>();
    spearman(&side(|prediction| prediction.predicted), &side(|prediction| prediction.observed))
}

fn unidentified(fit: &GroupFit) -> Vec<&str> {
    fit.parameters.iter().filter(|parameter| !parameter.identified).map(|parameter| parameter.name.as_str()).collect()
}

/// Names that fit in a line.
fn few(names: &[&str]) -> String {
    match names {
        [first, second, third, _, ..] => format!("{first}, {second}, {third} and {} more", names.len() - 3),
        _ => names.join(", "),
    }
}

fn text(laws: &[Fitted], left: &[Left]) -> String {
    let mut text = String::new();
    for group in groups(laws) {
        let fits = of_group(laws, group);
        if !text.is_empty() {
            text.push('\n');
        }
        if !group.is_empty() {
            let _ = writeln!(text, "{}", group_name(group));
        }
        text.push_str(&side_by_side(&fits));
        text.push_str(&verdict(&fits));
    }
    for law in laws {
        for skipped in &law.result.skipped {
            let _ =
                writeln!(text, "{} in {}: not fitted: {}", law.asked.name, group_name(&skipped.group), skipped.reason);
        }
    }
    if !left.is_empty() {
        text.push_str("\nnot fitted:\n");
        for Left { law, why } in left {
            let _ = writeln!(text, "  {law}: {why}");
        }
        text.push_str("a column is named with `--map`: `--map tokens=COLUMN`\n");
    }
    text
}

fn side_by_side(fits: &[(&Asked, &GroupFit)]) -> String {
    let held_out = fits.iter().any(|(_, fit)| fit.test.is_some());
    let mut columns = vec![
        ("law", Align::Left),
        ("rows", Align::Right),
        ("parameters", Align::Right),
        ("objective", Align::Right),
        ("AICc", Align::Right),
        ("BIC", Align::Right),
    ];
    if held_out {
        columns.extend([("held out", Align::Right), ("off by", Align::Right), ("at most", Align::Right)]);
    }
    columns.extend([("rank", Align::Right), ("", Align::Left)]);
    let rows = fits.iter().map(|(asked, fit)| {
        let criterion = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
        let mut row = vec![
            asked.name.clone(),
            fit.points.to_string(),
            if fit.trees.is_some() { "-".to_owned() } else { fit.parameters.len().to_string() },
            estimate(fit.objective),
            criterion(aicc(fit)),
            criterion(fit.criteria.map(|criteria| criteria.bic)),
        ];
        if held_out {
            let percent = |error: f64| format!("{:.2} %", 100.0 * error);
            let test = fit.test.as_ref();
            row.push(test.map_or_else(|| "-".to_owned(), |test| test.points.to_string()));
            row.push(test.map_or_else(|| "-".to_owned(), |test| percent(test.mean_relative_error)));
            row.push(test.map_or_else(|| "-".to_owned(), |test| percent(test.max_relative_error)));
        }
        row.push(rank(fit).map_or_else(|| "-".to_owned(), |rank| format!("{rank:.3}")));
        let mut notes = Vec::new();
        if !fit.converged {
            notes.push("not converged".to_owned());
        }
        if !unidentified(fit).is_empty() {
            notes.push(format!("the data do not settle {}", few(&unidentified(fit))));
        }
        row.push(notes.join("; "));
        row
    });
    table(&columns, rows)
}

/// What the table says, in words.
fn verdict(fits: &[(&Asked, &GroupFit)]) -> String {
    let mut text = String::new();
    let Some((first, best)) = fits.first() else { return text };
    let percent = |error: f64| format!("{:.2} %", 100.0 * error);
    let next = fits.get(1);
    match (error(best), next.and_then(|(_, fit)| error(fit))) {
        (Some(own), Some(other)) => {
            let name = next.map_or("", |(asked, _)| asked.name.as_str());
            let _ = writeln!(
                text,
                "`{}` predicts the held-out rows best: off by {} on average, `{name}` by {}",
                first.name,
                percent(own),
                percent(other)
            );
        }
        (Some(own), None) => {
            let _ = writeln!(text, "`{}` is off by {} on the held-out rows on average", first.name, percent(own));
        }
        _ => {}
    }
    let has_theory = |asked: &Asked| !WITHOUT_THEORY.contains(&asked.name.as_str());
    let law = fits.iter().find(|(asked, fit)| has_theory(asked) && error(fit).is_some());
    if let (false, Some((law, _))) = (has_theory(first), law.filter(|_| error(best).is_some())) {
        let _ = writeln!(text, "no law does better than what needs no theory: the best of them is `{}`", law.name);
    }
    let mut by_rows: Vec<(&str, f64)> =
        fits.iter().filter_map(|(asked, fit)| Some((asked.name.as_str(), aicc(fit)?))).collect();
    by_rows.sort_by(|a, b| a.1.total_cmp(&b.1));
    match &by_rows[..] {
        // A difference of two is worth about a factor of e in likelihood: Burnham and Anderson 2002.
        [(name, least), (other, more), ..] if more - least < 2.0 => {
            let _ = writeln!(
                text,
                "the fitted rows do not tell `{name}` and `{other}` apart (AICc differs by {:.1})",
                more - least
            );
        }
        [(name, least), (other, more), ..] => {
            let _ = writeln!(
                text,
                "the fitted rows speak for `{name}`: its AICc is {:.1} below that of `{other}`",
                more - least
            );
        }
        _ => {}
    }
    if error(best).is_none() {
        text.push_str("how far each reaches beyond these rows, `--hold-out` says\n");
    }
    let loose = unidentified(best);
    if !loose.is_empty() {
        let _ = writeln!(text, "but the data do not settle its {}: its estimates are one choice of many", few(&loose));
    }
    text
}

fn document(laws: &[Fitted], left: &[Left]) -> serde_json::Value {
    let groups = groups(laws).into_iter().map(|group| {
        let fits = of_group(laws, group);
        let law = |(asked, fit): &(&Asked, &GroupFit)| {
            let mut law = written::fields(asked, fit);
            if let Some(fields) = law.as_object_mut() {
                fields.remove("predictions");
                fields.insert("rank_correlation".to_owned(), json!(rank(fit)));
            }
            law
        };
        let pairs: serde_json::Map<_, _> = group.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let laws: Vec<serde_json::Value> = fits.iter().map(law).collect();
        json!({ "group": pairs, "laws": laws, "verdict": verdict(&fits).lines().collect::<Vec<_>>() })
    });
    let left = left.iter().map(|Left { law, why }| json!({ "law": law, "reason": why }));
    json!({ "groups": groups.collect::<Vec<_>>(), "not_fitted": left.collect::<Vec<_>>() })
}

fn rows(laws: &[Fitted]) -> Vec<Vec<String>> {
    let by = laws.first().map_or(&[][..], |law| &law.asked.formula.by);
    let after = [
        "law",
        "points",
        "parameters",
        "objective",
        "aicc",
        "bic",
        "hold_out_points",
        "hold_out_mean_relative_error",
        "hold_out_max_relative_error",
        "rank_correlation",
        "unidentified",
    ];
    let mut rows = vec![by.iter().map(String::as_str).chain(after).map(str::to_owned).collect()];
    let float = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for group in groups(laws) {
        for (asked, fit) in of_group(laws, group) {
            let mut row: Vec<String> = group.iter().map(|(_, value)| value.clone()).collect();
            row.extend([
                asked.name.clone(),
                fit.points.to_string(),
                fit.parameters.len().to_string(),
                fit.objective.to_string(),
                float(aicc(fit)),
                float(fit.criteria.map(|criteria| criteria.bic)),
                fit.test.map_or_else(String::new, |test| test.points.to_string()),
                float(error(fit)),
                float(fit.test.map(|test| test.max_relative_error)),
                float(rank(fit)),
                unidentified(fit).join(" "),
            ]);
            rows.push(row);
        }
    }
    rows
}
