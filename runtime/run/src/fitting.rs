//! Laws: each fitted to the finished cells of its grid.

use synx_laws::{Column, GroupFit, LawResult as Fit, Options, Table};
use synx_plan::carried_out::NotCarriedOut;
use synx_plan::column::result_column;
use synx_plan::exact::Exact;
use synx_plan::grid::{Cell, ColumnValue, Grid};
use synx_plan::key::Key;
use synx_plan::law::{Law, law_key};
use synx_plan::model::ParameterCount;
use synx_plan::problem::Problem;
use synx_plan::study::{FlopCount, Plan};
use synx_report::{
    CellResult, CellStatus, DomainResult, LawFit, LawGroup, LawOutcome, LawParameter, LawResult, StudyResults,
};
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

/// A cell as declared, and what came out.
#[derive(Clone, Copy)]
struct Row<'a> {
    cell: &'a Cell,
    result: &'a CellResult,
}

/// Below it every whole number is a float.
const EXACT: f64 = (1u64 << 53) as f64;

/// The rows of one group.
struct Group<'a> {
    labels: Vec<String>,
    values: Vec<ColumnValue>,
    rows: Vec<Row<'a>>,
}

impl Group<'_> {
    fn finished(&self) -> usize {
        self.rows.iter().filter(|row| row.result.status == CellStatus::Ok).count()
    }

    fn missing(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.result.status, CellStatus::Missing { .. })).count()
    }
}

fn fit(plan: &Plan, law: &Law, results: &StudyResults, writer: &Writer) -> Result<LawResult, Problem> {
    let Some(over) = plan.grid_of(law.over) else {
        return Err(NotCarriedOut::new(format!("law `{}`", law.name), law.origin.as_ref()).problem());
    };
    let grid = &plan.grids[over];
    let first = plan.grids[..over].iter().map(|grid| grid.cells.len()).sum::<usize>();
    let rows = grid.cells.iter().zip(&results.cells[first..]).map(|(cell, result)| Row { cell, result });
    let by = &law.formula.by;
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let values: Vec<ColumnValue> = by.iter().map(|name| group_value(plan, results, row, name)).collect();
        let labels: Vec<String> = values.iter().map(label).collect();
        match groups.iter_mut().find(|group| group.labels == labels) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { labels, values, rows: vec![row] }),
        }
    }
    // Cells that diverged are left out of a fit; while one is missing there is none.
    let whole = |group: &&Group| group.missing() == 0 && group.finished() > 0;
    let rows: Vec<Row> = groups
        .iter()
        .filter(whole)
        .flat_map(|group| group.rows.iter().copied())
        .filter(|row| row.result.status == CellStatus::Ok)
        .collect();
    let fitted = if rows.is_empty() { None } else { Some(fit_rows(plan, law, grid, results, &rows, writer)?) };
    let outcome = |group: &Group| -> LawOutcome {
        let count = group.rows.len();
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
            rows_expected: group.rows.len(),
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
    rows: &[Row],
    writer: &Writer,
) -> Result<Result<Fit, Problem>, Problem> {
    let mut table = Table::new(rows.len());
    let mut content: Vec<(String, Vec<String>)> = Vec::new();
    for name in law.formula.columns() {
        let values: Vec<Option<ColumnOrNumber>> = rows.iter().map(|row| column(plan, results, *row, &name)).collect();
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
    let streams: Vec<String> = rows.iter().map(|row| row.result.stream.to_string()).collect();
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

/// The value of a cell in a column that a law names: an axis or `let`, or what every cell has (`synx_plan::column`).
fn column(plan: &Plan, results: &StudyResults, row: Row, name: &str) -> Option<ColumnOrNumber> {
    let Row { cell, result } = row;
    if let Some(place) = results.columns.iter().position(|column| column.name == name)
        && let Some(value) = &result.values[place]
    {
        return Some(match value {
            ColumnValue::Number(number) => ColumnOrNumber::Number(number.to_f64()),
            ColumnValue::Text(text) => ColumnOrNumber::Text(text.clone()),
            // A run that would have to settle it does not begin.
            ColumnValue::Answer(_) => ColumnOrNumber::Number(f64::NAN),
        });
    }
    let of_domain = |of: &str, value: fn(&DomainResult) -> f64| {
        let domain = name.strip_prefix(of)?.strip_prefix('[')?.strip_suffix(']')?;
        result.domains.iter().find(|result| result.domain == domain).map(value)
    };
    let model = plan.model(cell);
    let flops = match plan.study.flops {
        FlopCount::Exact => result.flops_exact,
        FlopCount::SixNd => result.flops_6nd,
    };
    let number = match result_column(name).map_or(name, |column| column.name) {
        "loss" => result.loss,
        "bits_per_byte" => result.bits_per_byte,
        "tokens" => Some(cell.tokens as f64),
        "steps" => Some(plan.steps(cell) as f64),
        "replicate" => Some(f64::from(cell.replicate)),
        "params" => Some(result.params as f64),
        // Without experts every parameter is active.
        "params.total" | "params.active" => Some(result.params_total as f64),
        "params.embedding" => Some(result.params_embedding as f64),
        "params.non_embedding" => Some(model.parameters(ParameterCount::NonEmbedding) as f64),
        "flops" => Some(flops as f64),
        "flops.exact" => Some(result.flops_exact as f64),
        "flops.six_nd" => Some(result.flops_6nd as f64),
        "batch" => Some(plan.recipe(cell).batch as f64),
        name if name.starts_with("share[") => Some(share(plan, cell, name)?),
        _ => of_domain("loss", |d| d.loss).or_else(|| of_domain("bits_per_byte", |d| d.bits_per_byte)),
    };
    number.map(ColumnOrNumber::Number)
}

/// The part of a cell's tokens that `share[source]` names; zero where its mixture is of others.
fn share(plan: &Plan, cell: &Cell, name: &str) -> Option<f64> {
    let source = name.strip_prefix("share[")?.strip_suffix(']')?;
    let mut shares = plan.mixture(cell).shares().iter();
    let share = shares.find(|(corpus, _)| plan.corpora[corpus.0].name == source);
    Some(share.map_or(0.0, |(_, share)| share.to_f64()))
}

/// The value of a cell in a column that a law groups by.
fn group_value(plan: &Plan, results: &StudyResults, row: Row, name: &str) -> ColumnValue {
    if let Some(place) = results.columns.iter().position(|column| column.name == name)
        && let Some(value) = &row.result.values[place]
    {
        return value.clone();
    }
    match column(plan, results, row, name) {
        Some(ColumnOrNumber::Number(number)) if (0.0..EXACT).contains(&number) && number.fract() == 0.0 => {
            ColumnValue::Number(Exact::from(number as u64))
        }
        Some(ColumnOrNumber::Number(number)) => ColumnValue::Text(number.to_string()),
        Some(ColumnOrNumber::Text(text)) => ColumnValue::Text(text),
        None => ColumnValue::Text(String::new()),
    }
}

/// How a table of laws says the value: what `Table::labels` gives.
fn label(value: &ColumnValue) -> String {
    match value {
        ColumnValue::Number(number) => number.to_f64().to_string(),
        ColumnValue::Text(text) => text.clone(),
        ColumnValue::Answer(_) => String::new(),
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

#[cfg(test)]
mod tests {
    use synx_plan::column::RESULT_COLUMNS;

    use crate::tests::{Study, USUAL, plan};

    use super::*;

    #[test]
    fn every_column_that_a_law_may_name_has_a_value_in_every_finished_cell() {
        let mut study = Study::new(plan());
        study.plan.grids[0].cells.truncate(1);
        study.plan.laws.clear();
        let results = study.run(USUAL).unwrap().results;
        let row = Row { cell: &study.plan.grids[0].cells[0], result: &results.cells[0] };
        let names = RESULT_COLUMNS.iter().map(|column| column.name);
        let others = ["loss[markov0.heldout]", "bits_per_byte[markov1.heldout]", "rate", "params_total", "flops_6nd"];
        for name in names.chain(others) {
            let found = column(&study.plan, &results, row, name);
            assert!(matches!(found, Some(ColumnOrNumber::Number(number)) if number > 0.0), "{name}");
        }
        assert!(column(&study.plan, &results, row, "loss[elsewhere]").is_none());
    }
}
