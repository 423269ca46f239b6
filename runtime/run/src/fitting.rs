//! Laws: each fitted to the finished rows of its table.

use synx_laws::{Column, GroupFit, LawResult as Fit, Options, Table};
use synx_plan::carried_out::NotCarriedOut;
use synx_plan::grid::ColumnValue;
use synx_plan::key::Key;
use synx_plan::law::{Law, law_key};
use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_report::{CellStatus, LawFit, LawGroup, LawOutcome, LawParameter, LawResult, StudyResults};
use synx_store::Writer;

use crate::progress::{Event, Progress};
use crate::rows::{self, Held, Row};

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
    let Some(rows) = rows::rows(plan, results, law.over) else {
        return Err(NotCarriedOut::new(format!("law `{}`", law.name), law.origin.as_ref()).problem());
    };
    let grid = rows::grids(plan, law.over);
    let by = &law.formula.by;
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let values: Vec<ColumnValue> = by.iter().map(|name| row.group(plan, results, name)).collect();
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
        .flat_map(|group| group.rows.iter().cloned())
        .filter(|row| row.result.status == CellStatus::Ok)
        .collect();
    let fitted = if rows.is_empty() { None } else { Some(fit_rows(plan, law, &grid, results, &rows, writer)?) };
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
    Ok(LawResult { law: law.name.clone(), grid, by: by.clone(), groups })
}

/// The fit of the law to these rows: an error of the fit is a result, an error of the store is one of the run.
fn fit_rows(
    plan: &Plan,
    law: &Law,
    grid: &str,
    results: &StudyResults,
    rows: &[Row],
    writer: &Writer,
) -> Result<Result<Fit, Problem>, Problem> {
    let mut table = Table::new(rows.len());
    let mut content: Vec<(String, Vec<String>)> = Vec::new();
    for name in law.formula.columns() {
        let values: Vec<Option<Held>> = rows.iter().map(|row| row.column(plan, results, &name)).collect();
        let number = |value: &Option<Held>| match value {
            Some(Held::Number(number)) => Some(*number),
            _ => None,
        };
        let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
        let text = |value: &Option<Held>| match value {
            Some(Held::Number(number)) => number.to_string(),
            Some(Held::Text(text)) => text.clone(),
            None => String::new(),
        };
        if values.iter().all(Option::is_none) {
            let headline = format!("no cell of `{grid}` has a column `{name}`");
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
    use synx_plan::expression::{Binary, Expression};
    use synx_plan::table::TableId;
    use synx_plan::table::{Source, Table as PlanTable};

    use crate::tests::{Study, USUAL, plan};

    use super::*;

    #[test]
    fn every_column_that_a_law_may_name_has_a_value_in_every_finished_cell() {
        let mut study = Study::new(plan());
        study.plan.grids[0].cells.truncate(1);
        study.plan.laws.clear();
        let results = study.run(USUAL).unwrap().results;
        let row = &rows::rows(&study.plan, &results, TableId(0)).unwrap()[0];
        let names = RESULT_COLUMNS.iter().map(|column| column.name);
        let others = ["loss[markov0.heldout]", "bits_per_byte[markov1.heldout]", "rate", "params_total", "flops_6nd"];
        for name in names.chain(others) {
            let found = row.column(&study.plan, &results, name);
            assert!(matches!(found, Some(Held::Number(number)) if number > 0.0), "{name}");
        }
        assert!(row.column(&study.plan, &results, "loss[elsewhere]").is_none());
    }

    #[test]
    fn a_law_is_fitted_over_what_a_filter_leaves_and_a_derivation_adds() {
        let mut study = Study::new(plan());
        let columns = &study.plan.grids[0].columns;
        let tokens = columns.iter().find(|column| column.name == "tokens").unwrap();
        let ColumnValue::Number(largest) = tokens.values.last().unwrap().clone() else { panic!("a number") };
        let below = Expression::binary(Binary::Less, Expression::column("tokens"), Expression::Number(largest));
        let doubled = Expression::binary(Binary::Multiply, Expression::column("loss"), Expression::number(2u64));
        let table = |source| PlanTable { source, ..PlanTable::of_grid(0) };
        study.plan.tables.push(table(Source::Filter { of: TableId(0), condition: below }));
        let columns = vec![("twice".to_owned(), doubled)];
        study.plan.tables.push(table(Source::Derive { of: TableId(1), columns }));
        study.plan.tables.push(table(Source::Union(vec![TableId(2), TableId(2)])));
        let mut law = study.plan.laws[0].clone();
        law.over = TableId(3);
        law.formula.target = Expression::column("twice");
        law.formula.by.clear();
        law.formula.free.truncate(1);
        law.formula.model = Expression::parameter("B").into();
        study.plan.laws = vec![law];
        assert_eq!(study.plan.not_carried_out(), []);

        let found = study.run(USUAL).unwrap();
        let left: Vec<f64> = rows::rows(&study.plan, &found.results, TableId(1))
            .unwrap()
            .iter()
            .map(|row| row.result.loss.unwrap().ln() + std::f64::consts::LN_2)
            .collect();
        let (all, budgets) = (study.plan.grids[0].cells.len(), study.plan.grids[0].columns[1].values.len());
        assert_eq!(left.len(), all - all / budgets);
        let fitted = &found.results.laws[0];
        assert_eq!((fitted.grid.as_str(), fitted.groups[0].rows), ("g", 2 * left.len()));
        // A constant under Huber's loss lies between the logarithms of the smallest and the largest row.
        let LawOutcome::Fitted(fit) = &fitted.groups[0].outcome else { panic!("{:?}", fitted.groups[0].outcome) };
        let constant = fit.parameters[0].estimate.ln();
        let (low, high) =
            (left.iter().copied().fold(f64::MAX, f64::min), left.iter().copied().fold(f64::MIN, f64::max));
        assert!(low <= constant && constant <= high, "{low} {constant} {high}");
    }
}
