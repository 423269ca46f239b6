//! A fit for people.

use std::fmt::Write;
use std::iter::once;

use synx_run::laws::{GroupFit, GrownTrees, LawResult, ParameterEstimate, TestError, Unit};

use super::asked::Asked;
use super::data::Data;
use crate::render::number::estimate;
use crate::render::table::{Align, table};

/// The law, then each group: its parameters, how good the fit is, what it is worth on rows that were held out.
pub fn text(asked: &Asked, data: &Data, result: &LawResult) -> String {
    let mut text = String::new();
    if !asked.name.contains('~') {
        let _ = writeln!(text, "{}", asked.name);
    }
    text.push_str(&asked.text());
    if !data.left_out().is_empty() {
        let _ = writeln!(text, "not read, for they hold lists or structures: {}", data.left_out().join(", "));
    }
    for group in &result.groups {
        text.push('\n');
        if !group.group.is_empty() {
            let _ = writeln!(text, "{}", group_name(&group.group));
        }
        text.push_str(&one(group));
    }
    for skipped in &result.skipped {
        let name = group_name(&skipped.group);
        let _ = writeln!(text, "\n{name}\nnot fitted: {} ({})", skipped.reason, skipped.code);
    }
    text
}

/// `arm = web, width = 64`.
pub fn group_name(group: &[(String, String)]) -> String {
    let value = |value: &String| if value.is_empty() { "(nothing)".to_owned() } else { value.clone() };
    let named: Vec<String> = group.iter().map(|(name, text)| format!("{name} = {}", value(text))).collect();
    named.join(", ")
}

fn one(group: &GroupFit) -> String {
    let mut text = String::new();
    match &group.trees {
        Some(trees) => text.push_str(&beside(group, trees)),
        None => text.push_str(&settled(group)),
    }
    if let Some(drawn) = &group.resampling {
        let unit = match drawn.unit {
            Unit::Row => "rows",
            Unit::Stream => "training streams",
            Unit::Residual => "residuals",
        };
        let _ = writeln!(text, "intervals from {} draws of {} {unit}", drawn.draws, drawn.units);
        if drawn.too_few() {
            text.push_str("so few of these say little of how they differ: the intervals are too narrow\n");
        }
        if drawn.used < drawn.draws {
            let _ = writeln!(text, "{} of the draws have no fit and are left out", drawn.draws - drawn.used);
        }
    }
    text
}

/// Trees and what stands beside them, a line each, and which of them is best.
fn beside(group: &GroupFit, trees: &GrownTrees) -> String {
    let mut columns = vec![("model", Align::Left), ("objective", Align::Right)];
    if group.test.is_some() {
        columns.extend([("off by", Align::Right), ("at most", Align::Right), ("rank", Align::Right)]);
    }
    let percent = |error: f64| format!("{:.2} %", 100.0 * error);
    let models = once(("trees", group.objective, group.test))
        .chain(trees.beside.iter().map(|beside| (beside.model.word(), beside.objective, beside.test)));
    let models: Vec<(&str, f64, Option<TestError>)> = models.collect();
    let line = |(model, objective, test): &(&str, f64, Option<TestError>)| {
        let mut line = vec![(*model).to_owned(), estimate(*objective)];
        if let Some(test) = test {
            let rank = test.spearman.map_or_else(|| "-".to_owned(), |rank| format!("{rank:.3}"));
            line.extend([percent(test.mean_relative_error), percent(test.max_relative_error), rank]);
        }
        line
    };
    let mut text = table(&columns, models.iter().map(line));
    let _ = write!(text, "fitted to {} rows", group.points);
    let error = |test: &Option<TestError>| test.map_or(f64::INFINITY, |test| test.mean_relative_error);
    match (&group.test, models.iter().min_by(|a, b| error(&a.2).total_cmp(&error(&b.2)))) {
        (Some(test), Some((best, ..))) => {
            let _ = writeln!(text, ", {} held out: `{best}` predicts these best", test.points);
        }
        _ => text.push_str("; trees follow these closely: what they are worth, `--hold-out` says\n"),
    }
    text
}

/// Parameters, how good the fit is, what it is worth on rows that were held out.
fn settled(group: &GroupFit) -> String {
    let mut text = parameters(group);
    let _ = write!(text, "objective {:.12} over {} rows", group.objective, group.points);
    let _ = writeln!(
        text,
        "; {} of {} starts end there{}",
        group.starts.agreeing,
        group.starts.tried,
        if group.converged { "" } else { "; not converged" }
    );
    if let [_, next, ..] = &group.minima[..] {
        let (others, starts) = (group.minima.len() - 1, next.starts);
        let minima = if others == 1 { "another minimum" } else { "other minima, the next" };
        let _ = writeln!(text, "{minima} at {:.12}, where {starts} starts end", next.objective);
    }
    if let Some(test) = &group.test {
        let _ = writeln!(
            text,
            "held out: {} rows, off by {:.2} % on average, {:.2} % at most",
            test.points,
            100.0 * test.mean_relative_error,
            100.0 * test.max_relative_error
        );
    }
    text
}

fn parameters(group: &GroupFit) -> String {
    let mut columns = vec![("parameter", Align::Left), ("estimate", Align::Right)];
    let drawn = group.resampling.is_some();
    if drawn {
        columns.extend([("low", Align::Right), ("high", Align::Right)]);
    }
    columns.push(("", Align::Left));
    let end = |end: Option<f64>| end.map_or_else(|| "-".to_owned(), estimate);
    let row = |parameter: &ParameterEstimate| {
        let note = match (parameter.identified, parameter.at_bound) {
            (false, _) => "the data do not settle it",
            (true, true) => "at its bound",
            (true, false) => "",
        };
        let mut row = vec![parameter.name.clone(), estimate(parameter.estimate)];
        if drawn {
            row.extend([end(parameter.low), end(parameter.high)]);
        }
        row.push(note.to_owned());
        row
    };
    table(&columns, group.parameters.iter().map(row))
}
