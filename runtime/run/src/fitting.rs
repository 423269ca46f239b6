//! Laws: each fitted to the finished cells of its grid.

use synx_laws::{Column, GroupFit, LawResult as Fit, Options, Table};
use synx_plan::grid::{ColumnValue, Grid};
use synx_plan::key::Key;
use synx_plan::law::{Law, law_key};
use synx_plan::problem::Problem;
use synx_plan::study::{FlopCount, Plan};
use synx_report::{CellResult, CellStatus, LawFit, LawGroup, LawOutcome, LawParameter, LawResult, StudyResults};
use synx_store::Writer;

use crate::progress::{Event, Progress};

/// Fits all laws of a plan to the rows of `results`. A fit that was made of the same rows before is taken from the store.
pub(crate) fn laws(
    plan: &Plan,
    results: &StudyResults,
    writer: &Writer,
    progress: &mut dyn Progress,
) -> Result<Vec<LawResult>, Problem> {
    let mut laws = Vec::with_capacity(plan.laws.len());
    for law in &plan.laws {
        let fitted = fit(plan, law, results, writer)?;
        let count = fitted.groups.iter().filter(|group| matches!(group.outcome, LawOutcome::Fitted(_))).count();
        progress.tell(Event::Law { law: law.name.clone(), fitted: count, groups: fitted.groups.len() });
        laws.push(fitted);
    }
    Ok(laws)
}

/// The rows of one group.
struct Group<'a> {
    labels: Vec<String>,
    values: Vec<ColumnValue>,
    cells: Vec<&'a CellResult>,
}

impl Group<'_> {
    fn finished(&self) -> usize {
        self.cells.iter().filter(|cell| cell.status == CellStatus::Ok).count()
    }

    fn missing(&self) -> usize {
        self.cells.iter().filter(|cell| matches!(cell.status, CellStatus::Missing { .. })).count()
    }
}

fn fit(plan: &Plan, law: &Law, results: &StudyResults, writer: &Writer) -> Result<LawResult, Problem> {
    let grid = &plan.grids[law.over];
    let first = plan.grids[..law.over].iter().map(|grid| grid.cells.len()).sum::<usize>();
    let cells = &results.cells[first..first + grid.cells.len()];
    let by = &law.formula.by;
    let mut groups: Vec<Group> = Vec::new();
    for cell in cells {
        let values: Vec<ColumnValue> = by.iter().map(|name| group_value(plan, results, cell, name)).collect();
        let labels: Vec<String> = values.iter().map(label).collect();
        match groups.iter_mut().find(|group| group.labels == labels) {
            Some(group) => group.cells.push(cell),
            None => groups.push(Group { labels, values, cells: vec![cell] }),
        }
    }
    // Cells that diverged are left out of a fit; while one is missing there is none.
    let whole = |group: &&Group| group.missing() == 0 && group.finished() > 0;
    let rows: Vec<&CellResult> = groups
        .iter()
        .filter(whole)
        .flat_map(|group| group.cells.iter().copied())
        .filter(|cell| cell.status == CellStatus::Ok)
        .collect();
    let fitted = if rows.is_empty() { None } else { Some(fit_rows(plan, law, grid, results, &rows, writer)?) };
    let outcome = |group: &Group| -> LawOutcome {
        let count = group.cells.len();
        if group.missing() > 0 {
            return LawOutcome::NotFitted(format!("{} of its {count} cells have no result yet", group.missing()));
        }
        if group.finished() == 0 {
            return LawOutcome::NotFitted(format!("all of its {count} cells diverged"));
        }
        let is_this = |named: &[(String, String)]| named.iter().map(|(_, value)| value).eq(&group.labels);
        match &fitted {
            Some(Ok(fit)) => {
                let found = fit.groups.iter().find(|fit| is_this(&fit.group));
                let skipped = fit.skipped.iter().find(|skipped| is_this(&skipped.group));
                let why = || skipped.map_or("no rows", |skipped| &skipped.reason).to_owned();
                found.map_or_else(|| LawOutcome::NotFitted(why()), |fit| LawOutcome::Fitted(row(fit)))
            }
            Some(Err(problem)) => LawOutcome::NotFitted(problem.headline.clone()),
            None => LawOutcome::NotFitted("no rows".to_owned()),
        }
    };
    let groups = groups
        .iter()
        .map(|group| LawGroup {
            values: group.values.clone(),
            rows: group.finished(),
            rows_expected: group.cells.len(),
            outcome: outcome(group),
        })
        .collect();
    Ok(LawResult { law: law.name.clone(), grid: grid.name.clone(), by: by.clone(), groups })
}

/// The fit of the law to these rows: an error of the fit is a result, an error of the store is one of the run.
fn fit_rows(
    plan: &Plan,
    law: &Law,
    grid: &Grid,
    results: &StudyResults,
    rows: &[&CellResult],
    writer: &Writer,
) -> Result<Result<Fit, Problem>, Problem> {
    let mut table = Table::new(rows.len());
    let mut content: Vec<(String, Vec<String>)> = Vec::new();
    for name in law.formula.columns() {
        let values: Vec<Option<ColumnOrNumber>> = rows.iter().map(|cell| column(plan, results, cell, &name)).collect();
        let number = |value: &Option<ColumnOrNumber>| match value {
            Some(ColumnOrNumber::Number(number)) => Some(*number),
            _ => None,
        };
        let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
        let text = |value: &Option<ColumnOrNumber>| match value {
            Some(ColumnOrNumber::Number(number)) => number.to_string(),
            Some(ColumnOrNumber::Text(text)) => text.clone(),
            None => String::new(),
        };
        if values.iter().all(Option::is_none) {
            let headline = format!("no cell of `{}` has a column `{name}`", grid.name);
            return Ok(Err(Problem::new("E0941", headline)));
        }
        let texts: Vec<String> = values.iter().map(text).collect();
        content.push((name.clone(), texts.clone()));
        let column = numbers.map_or(Column::Text(texts), Column::Numbers);
        if let Err(problem) = table.add(name, column) {
            return Ok(Err(problem));
        }
    }
    let streams: Vec<String> = rows.iter().map(|cell| cell.stream.to_string()).collect();
    let key = law_key(&law.formula, &Key::of("table/1", &(&content, &streams)));
    if let Some(fit) = writer.law::<Fit>(&key)? {
        return Ok(Ok(fit));
    }
    if let Err(problem) = table.set_streams(streams) {
        return Ok(Err(problem));
    }
    let fit = synx_laws::fit(&law.name, &law.formula, &table, &Options::default());
    if let Ok(fit) = &fit {
        writer.save_law(&key, fit)?;
    }
    Ok(fit)
}

enum ColumnOrNumber {
    Number(f64),
    Text(String),
}

/// The value of a cell in a column that a law names: an axis or `let`, or what every cell has.
fn column(plan: &Plan, results: &StudyResults, cell: &CellResult, name: &str) -> Option<ColumnOrNumber> {
    if let Some(place) = results.columns.iter().position(|column| column.name == name) {
        return match cell.values[place].as_ref()? {
            ColumnValue::Number(number) => Some(ColumnOrNumber::Number(number.to_f64())),
            ColumnValue::Text(text) => Some(ColumnOrNumber::Text(text.clone())),
        };
    }
    let in_brackets = |of: &str| name.strip_prefix(of)?.strip_prefix('[')?.strip_suffix(']');
    let of_domain = |of: &str, value: fn(&synx_report::DomainResult) -> f64| {
        let domain = in_brackets(of)?;
        cell.domains.iter().find(|result| result.domain == domain).map(value)
    };
    let flops = match plan.study.flops {
        FlopCount::Exact => cell.flops_exact,
        FlopCount::SixNd => cell.flops_6nd,
    };
    let number = match name {
        "tokens" => Some(cell.tokens as f64),
        "replicate" => Some(f64::from(cell.replicate)),
        "params" => Some(cell.params as f64),
        "params.total" | "params_total" => Some(cell.params_total as f64),
        "params.embedding" | "params_embedding" => Some(cell.params_embedding as f64),
        "flops" => Some(flops as f64),
        "flops.exact" | "flops_exact" => Some(cell.flops_exact as f64),
        "flops.6nd" | "flops_6nd" => Some(cell.flops_6nd as f64),
        "seconds" => cell.seconds,
        "loss" => cell.loss,
        "bits_per_byte" => cell.bits_per_byte,
        _ => of_domain("loss", |d| d.loss).or_else(|| of_domain("bits_per_byte", |d| d.bits_per_byte)),
    };
    number.map(ColumnOrNumber::Number)
}

/// The value of a cell in a column that a law groups by.
fn group_value(plan: &Plan, results: &StudyResults, cell: &CellResult, name: &str) -> ColumnValue {
    if let Some(place) = results.columns.iter().position(|column| column.name == name)
        && let Some(value) = &cell.values[place]
    {
        return value.clone();
    }
    match name {
        "tokens" => ColumnValue::Number(cell.tokens.into()),
        "replicate" => ColumnValue::Number(u64::from(cell.replicate).into()),
        "params" => ColumnValue::Number(cell.params.into()),
        _ => match column(plan, results, cell, name) {
            Some(ColumnOrNumber::Number(number)) => ColumnValue::Text(number.to_string()),
            Some(ColumnOrNumber::Text(text)) => ColumnValue::Text(text),
            None => ColumnValue::Text(String::new()),
        },
    }
}

/// How a table of laws says the value: what `Table::labels` gives.
fn label(value: &ColumnValue) -> String {
    match value {
        ColumnValue::Number(number) => number.to_f64().to_string(),
        ColumnValue::Text(text) => text.clone(),
    }
}

fn row(fit: &GroupFit) -> LawFit {
    let parameter = |p: &synx_laws::ParameterEstimate| LawParameter {
        name: p.name.clone(),
        estimate: p.estimate,
        low: p.low,
        high: p.high,
    };
    LawFit {
        parameters: fit.parameters.iter().map(parameter).collect(),
        objective: fit.objective,
        points: fit.points,
        test_points: fit.test.map_or(0, |test| test.points),
        test_error: fit.test.map(|test| test.mean_relative_error),
    }
}
