//! What a run came to, on one screen.

use std::fmt::Write;

use synx_run::report::{
    AnswerResult, CellResult, CellStatus, LawFit, LawGroup, LawModel, LawOutcome, LawResult, StudyResults,
};

use super::number::{estimate, grouped, plural};
use super::table::{Align, table};

/// Rows of a table before it points to the file. Arbitrary: one screen.
const ROWS_SHOWN: usize = 30;

/// Budgets that still fit side by side.
const BUDGETS_SIDE_BY_SIDE: usize = 8;

/// Losses and laws of a study.
pub fn results(results: &StudyResults) -> String {
    let mut text = String::new();
    for grid in grids(results) {
        let cells: Vec<&CellResult> = results.cells.iter().filter(|cell| cell.grid == grid).collect();
        text.push_str(&losses(grid, &cells));
        text.push('\n');
    }
    for law in &results.laws {
        text.push_str(&fitted(law));
        text.push('\n');
    }
    text.push_str(&answers(results));
    text.push_str(&claims(results));
    for note in &results.notes {
        let _ = writeln!(text, "{note}");
    }
    let count = |wanted: fn(&CellStatus) -> bool| results.cells.iter().filter(|cell| wanted(&cell.status)).count();
    let diverged = count(|status| matches!(status, CellStatus::Diverged { .. }));
    let missing = count(|status| matches!(status, CellStatus::Missing { .. }));
    if diverged > 0 {
        let _ = writeln!(text, "{} diverged: marked in results.csv, left out of the fits", plural(diverged, "cell"));
    }
    let unsettled = count(|status| matches!(status, CellStatus::Unsettled { .. }));
    if missing > 0 {
        let _ = writeln!(text, "{} without a result", plural(missing, "cell"));
    }
    if unsettled > 0 {
        let what = if unsettled == 1 { "it trains" } else { "they train" };
        let _ = writeln!(text, "{} not trained: what {what} on has no value", plural(unsettled, "cell"));
    }
    text
}

/// What was asked outside of claims, which say themselves what they compare: mixtures, best values, and what is named by nothing else. A line each.
fn answers(results: &StudyResults) -> String {
    let asked: Vec<&AnswerResult> = results.answers.iter().filter(|answer| !answer.chosen.is_empty()).collect();
    if asked.is_empty() {
        return String::new();
    }
    let columns =
        [("chosen by", Align::Left), ("", Align::Left), ("predicted", Align::Left), ("beside it", Align::Left)];
    let line = |answer: &&AnswerResult| {
        let predicted = answer.estimate.map_or_else(String::new, |value| with_interval(value, answer.low, answer.high));
        vec![answer.question.clone(), answer.chosen.clone(), predicted, answer.note.clone()]
    };
    format!("{}\n", table(&columns, asked.iter().take(ROWS_SHOWN).map(line)))
}

/// Letters of a quantity that a claim compares and that is still shown beside its value. Arbitrary: what leaves the line readable.
const QUANTITY: usize = 48;

/// Each claim with its verdict and what it compares.
fn claims(results: &StudyResults) -> String {
    if results.claims.is_empty() {
        return String::new();
    }
    let columns = [("claim", Align::Left), ("", Align::Left), ("of draws", Align::Right), ("compared", Align::Left)];
    let mut lines: Vec<Vec<String>> = Vec::new();
    for claim in &results.claims {
        let share = claim.share.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share));
        let compared = claim.comparisons.iter().map(|compared| {
            let value = compared
                .estimate
                .map_or_else(|| "?".to_owned(), |value| with_interval(value, compared.low, compared.high));
            let stated = format!("{value} {} {}", compared.operator, settled(compared.bound));
            // What is long stands in the study and in claims.csv.
            if compared.quantity.chars().count() > QUANTITY {
                stated
            } else {
                format!("{} = {stated}", compared.quantity)
            }
        });
        let mut rows: Vec<String> = compared.chain((!claim.note.is_empty()).then(|| claim.note.clone())).collect();
        if rows.is_empty() {
            rows.push(String::new());
        }
        for (place, row) in rows.into_iter().enumerate() {
            let head = [claim.claim.clone(), claim.verdict.word().to_owned(), share.clone()];
            let head = if place == 0 { head } else { Default::default() };
            lines.push(head.into_iter().chain([row]).collect());
        }
    }
    format!("{}\n", table(&columns, lines))
}

/// `1.25 (0.9 to 1.6)`.
fn with_interval(value: f64, low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} ({} to {})", settled(value), settled(low), settled(high)),
        _ => settled(value),
    }
}

/// The names of all grids in order.
fn grids(results: &StudyResults) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for cell in &results.cells {
        if !names.contains(&cell.grid.as_str()) {
            names.push(&cell.grid);
        }
    }
    names
}

/// Losses of a grid: budgets side by side where there are few, else a line a cell.
fn losses(grid: &str, cells: &[&CellResult]) -> String {
    let mut budgets: Vec<u64> = cells.iter().map(|cell| cell.tokens).collect();
    budgets.sort_unstable();
    budgets.dedup();
    let mut rows: Vec<(String, Vec<Option<&CellResult>>)> = Vec::new();
    for cell in cells {
        let name = without_tokens(&cell.cell);
        let place = budgets.iter().position(|tokens| *tokens == cell.tokens).unwrap_or_default();
        if let Some((_, places)) = rows.iter_mut().find(|(known, places)| *known == name && places[place].is_none()) {
            places[place] = Some(cell);
        } else {
            let mut places = vec![None; budgets.len()];
            places[place] = Some(*cell);
            rows.push((name, places));
        }
    }
    let mut text = format!("{grid}: loss, nats per token\n");
    let shown: String = if budgets.len() <= BUDGETS_SIDE_BY_SIDE {
        let headers: Vec<String> = budgets.iter().map(|tokens| format!("{} tokens", grouped(*tokens))).collect();
        let mut columns = vec![("cell", Align::Left)];
        columns.extend(headers.iter().map(|header| (header.as_str(), Align::Right)));
        let line = |(name, places): &(String, Vec<Option<&CellResult>>)| {
            let losses = places.iter().map(|cell| cell.map_or_else(String::new, loss));
            let name = if name.is_empty() { grid.to_owned() } else { name.clone() };
            std::iter::once(name).chain(losses).collect()
        };
        table(&columns, rows.iter().take(ROWS_SHOWN).map(line))
    } else {
        let columns = [("cell", Align::Left), ("loss", Align::Right), ("bits/byte", Align::Right)];
        let line = |cell: &&CellResult| {
            vec![cell.cell.clone(), loss(cell), cell.bits_per_byte.map_or_else(String::new, estimate)]
        };
        table(&columns, cells.iter().take(ROWS_SHOWN).map(line))
    };
    text.push_str(&shown);
    let lines = if budgets.len() <= BUDGETS_SIDE_BY_SIDE { rows.len() } else { cells.len() };
    if lines > ROWS_SHOWN {
        let _ = writeln!(text, "... and {}: see results.csv", plural(lines - ROWS_SHOWN, "more row"));
    }
    text
}

/// A cell's name without its budget: `runs[r=1/2,tokens=4096]` to `r=1/2`.
fn without_tokens(cell: &str) -> String {
    let axes = cell.split_once('[').map_or("", |(_, axes)| axes.strip_suffix(']').unwrap_or(axes));
    let Some(at) = axes.find("tokens=").filter(|&at| at == 0 || axes.as_bytes()[at - 1] == b',') else {
        return axes.to_owned();
    };
    let rest = axes[at..].split_once(',').map_or("", |(_, rest)| rest);
    format!("{}{rest}", &axes[..at]).trim_end_matches(',').to_owned()
}

fn loss(cell: &CellResult) -> String {
    match (&cell.status, cell.loss) {
        (CellStatus::Diverged { step }, _) => format!("diverged at {step}"),
        (_, Some(loss)) => estimate(loss),
        (CellStatus::Missing { .. } | CellStatus::Unsettled { .. }, None) => "-".to_owned(),
        // Several domains without weights: their losses are in evaluations.csv.
        (CellStatus::Ok, None) => {
            let each: Vec<String> = cell.domains.iter().map(|d| format!("{} {}", d.domain, estimate(d.loss))).collect();
            each.join(", ")
        }
    }
}

/// The parameters of a law, a line a group.
fn fitted(law: &LawResult) -> String {
    let fits = law.groups.iter().filter_map(|group| match &group.outcome {
        LawOutcome::Fitted(fit) => Some(fit),
        LawOutcome::NotFitted(_) => None,
    });
    let names: Vec<String> =
        fits.clone().next().map_or_else(Vec::new, |fit| fit.parameters.iter().map(|p| p.name.clone()).collect());
    let tested = fits.clone().any(|fit| fit.test().is_some());
    let mut columns: Vec<(&str, Align)> = law.by.iter().map(|name| (name.as_str(), Align::Left)).collect();
    columns.extend(names.iter().map(|name| (name.as_str(), Align::Left)));
    columns.push(("points", Align::Right));
    if tested {
        columns.push(("off when predicted", Align::Right));
    }
    let line = |group: &LawGroup, fit: &LawFit| {
        let mut line: Vec<String> = group.values.iter().map(ToString::to_string).collect();
        line.extend(fit.parameters.iter().map(|p| match (p.low, p.high) {
            _ if !p.identified => format!("{} (not identified)", settled(p.estimate)),
            (low, high) => with_interval(p.estimate, low, high),
        }));
        line.push(grouped(fit.points as u64));
        if tested {
            line.push(fit.test().map_or_else(String::new, |test| percent(test.mean_error)));
        }
        line
    };
    let mut text = format!("law {}\n", law.law);
    let rows = law.groups.iter().filter_map(|group| match &group.outcome {
        LawOutcome::Fitted(fit) => Some(line(group, fit)),
        LawOutcome::NotFitted(_) => None,
    });
    if !names.is_empty() {
        text.push_str(&table(&columns, rows.take(ROWS_SHOWN)));
    } else if fits.clone().next().is_some() {
        text.push_str(&models(law, tested));
    }
    for group in &law.groups {
        if let LawOutcome::NotFitted(why) = &group.outcome {
            let values = law.by.iter().zip(&group.values).map(|(name, value)| format!("{name} = {value}"));
            let values: Vec<String> = values.collect();
            let place = if values.is_empty() { String::new() } else { format!("{}: ", values.join(", ")) };
            let _ = writeln!(text, "{place}not fitted: {why}");
        }
    }
    text
}

/// A law of trees: they and what stands beside them, a line each.
fn models(law: &LawResult, tested: bool) -> String {
    let mut columns: Vec<(&str, Align)> = law.by.iter().map(|name| (name.as_str(), Align::Left)).collect();
    columns.extend([("model", Align::Left), ("points", Align::Right), ("objective", Align::Right)]);
    if tested {
        columns.extend([("off when predicted", Align::Right), ("at most", Align::Right), ("rank", Align::Right)]);
    }
    let line = |group: &LawGroup, fit: &LawFit, model: &LawModel| {
        let mut line: Vec<String> = group.values.iter().map(ToString::to_string).collect();
        line.extend([model.model.to_owned(), grouped(fit.points as u64), estimate(model.objective)]);
        if let Some(test) = &model.test {
            let rank = test.spearman.map_or_else(|| "-".to_owned(), |rank| format!("{rank:.3}"));
            line.extend([percent(test.mean_error), percent(test.max_error), rank]);
        }
        line
    };
    let lines = law.groups.iter().flat_map(|group| match &group.outcome {
        LawOutcome::Fitted(fit) => fit.models.iter().map(|model| line(group, fit, model)).collect(),
        LawOutcome::NotFitted(_) => Vec::new(),
    });
    table(&columns, lines.take(ROWS_SHOWN))
}

fn percent(error: f64) -> String {
    format!("{:.2} %", 100.0 * error)
}

/// An estimate, in which what a bound at zero leaves over is zero; laws.csv has every digit.
fn settled(value: f64) -> String {
    estimate(if value.abs() < 1e-9 { 0.0 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_s_name_can_do_without_its_budget() {
        for (cell, name) in [
            ("runs[r=1/2,tokens=4096]", "r=1/2"),
            ("runs[tokens=4096,r=0]", "r=0"),
            ("runs[r=0,tokens=4096,width=64]", "r=0,width=64"),
            ("runs[tokens=4096]", ""),
            ("runs", ""),
            ("runs[mytokens=3]", "mytokens=3"),
        ] {
            assert_eq!(without_tokens(cell), name);
        }
    }
}
