//! The cells of a grid as a table: what they are by their declaration, and what came out.

use synx_plan::answer::AnswerId;
use synx_plan::column::RESULT_COLUMNS;
use synx_plan::corpus::CorpusId;
use synx_plan::grid::{Cell, ColumnValue};
use synx_plan::model::ParameterCount;
use synx_plan::study::{FlopCount, Plan};
use synx_plan::table::{Source, TableId};
use synx_report::{CellResult, CellStatus, DomainResult, StudyResults};
use synx_tables::{Column, Standing, Table};

/// A cell as declared, and what came out.
struct Row<'a> {
    cell: &'a Cell,
    result: &'a CellResult,
}

/// The cells of a grid with every column that laws and tables may name; `late` gives what a run settled of them.
pub(super) fn table(
    plan: &Plan,
    results: &StudyResults,
    grid: usize,
    late: &dyn Fn(AnswerId) -> Option<ColumnValue>,
) -> Table {
    let first = plan.grids[..grid].iter().map(|grid| grid.cells.len()).sum::<usize>();
    let grid = &plan.grids[grid];
    let rows: Vec<Row> =
        grid.cells.iter().zip(&results.cells[first..]).map(|(cell, result)| Row { cell, result }).collect();
    let mut table = Table::new(rows.len());
    for (place, column) in grid.columns.iter().enumerate() {
        let values: Vec<Option<ColumnValue>> = rows
            .iter()
            .map(|row| match grid.value(&row.cell.values, place) {
                ColumnValue::Answer(answer) => late(*answer),
                known => Some(known.clone()),
            })
            .collect();
        table.set(column.name.clone(), Column::of_values(&values).in_unit(column.unit.clone()));
    }
    for column in RESULT_COLUMNS {
        if table.get(column.name).is_none() {
            let values = rows.iter().map(|row| measured(plan, row, column.name).unwrap_or(f64::NAN)).collect();
            table.set(column.name, Column::numbers(values).in_unit(column.unit.to_string()));
        }
    }
    let mut sources: Vec<CorpusId> =
        rows.iter().flat_map(|row| plan.mixture(row.cell).shares()).map(|(corpus, _)| *corpus).collect();
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        let values = rows.iter().map(|row| share(plan, row.cell, source)).collect();
        table.set(format!("share[{}]", plan.corpora[source.0].name), Column::numbers(values));
    }
    let mut domains: Vec<&str> = Vec::new();
    for domain in rows.iter().flat_map(|row| &plan.evaluation(row.cell).domains) {
        if !domains.contains(&domain.name.as_str()) {
            domains.push(&domain.name);
        }
    }
    for domain in domains {
        let of = |value: fn(&DomainResult) -> f64| {
            let value = |row: &Row| row.result.domains.iter().find(|result| result.domain == domain).map(value);
            Column::numbers(rows.iter().map(|row| value(row).unwrap_or(f64::NAN)).collect())
        };
        table.set(format!("loss[{domain}]"), of(|result| result.loss));
        table.set(format!("bits_per_byte[{domain}]"), of(|result| result.bits_per_byte));
    }
    let standing = |row: &Row| match row.result.status {
        CellStatus::Ok => Standing::There,
        // Neither ever has a result: laws are fitted without them.
        CellStatus::Diverged { .. } | CellStatus::Unsettled { .. } => Standing::Diverged,
        CellStatus::Missing { .. } => Standing::Awaited,
    };
    let standing = rows.iter().map(standing).collect();
    table.with_standing(standing).with_streams(rows.iter().map(|row| match &row.result.stream {
        Some(stream) => stream.to_string(),
        None => row.result.cell.clone(),
    }))
}

/// What every cell has (`synx_plan::column`).
fn measured(plan: &Plan, row: &Row, name: &str) -> Option<f64> {
    let Row { cell, result } = row;
    // What a run chooses is not known before it has.
    if cell.choice.is_some() && name != "replicate" {
        return None;
    }
    let model = plan.model(cell);
    let flops = match plan.study.flops {
        FlopCount::Exact => result.flops_exact,
        FlopCount::SixNd => result.flops_6nd,
    };
    match name {
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
        _ => None,
    }
}

/// The part of a cell's tokens that comes from a corpus; zero where its mixture is of others, not a number while nothing has settled it.
fn share(plan: &Plan, cell: &Cell, corpus: CorpusId) -> f64 {
    if !plan.awaited(cell).is_empty() {
        return f64::NAN;
    }
    plan.mixture(cell).share_of(corpus)
}

/// What the rows of a table come from: the names of grids, laws and files.
pub(super) fn origins(plan: &Plan, table: TableId) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut open = vec![table];
    while let Some(table) = open.pop() {
        let Some(table) = plan.tables.get(table.0) else { continue };
        let name = match &table.source {
            Source::Grid(grid) => plan.grids.get(*grid).map(|grid| grid.name.as_str()),
            Source::Law(law) | Source::Predictions(law) => plan.laws.get(*law).map(|law| law.name.as_str()),
            Source::Observations(file) => Some(file.path.as_str()),
            _ => None,
        };
        names.extend(name.filter(|name| !names.contains(name)));
        open.extend(table.source.inputs().into_iter().rev());
    }
    names.join(" + ")
}

/// The value of a column as people wrote it: the exact number where a grid or points declare one of these columns, `1/3` for 0.333…; else in the fewest digits
/// that read back.
pub(super) fn written(plan: &Plan, column: &str, value: synx_tables::Value) -> ColumnValue {
    use synx_tables::Value;
    let number = match value {
        Value::Number(number) => number,
        other => return ColumnValue::Text(other.label()),
    };
    let of_grids = plan.grids.iter().flat_map(|grid| &grid.columns).filter(|known| known.name == column);
    let of_points = plan.tables.iter().flat_map(|table| match &table.source {
        Source::Points { given, .. } => given.as_slice(),
        _ => &[],
    });
    let of_points = of_points.filter(|(name, _)| name == column).flat_map(|(_, values)| values);
    let exact = of_grids
        .flat_map(|column| &column.values)
        .chain(of_points)
        .find(|value| matches!(value, ColumnValue::Number(exact) if exact.to_f64() == number));
    if let Some(exact) = exact {
        return exact.clone();
    }
    let exact = synx_plan::exact::Exact::from_decimal(&number.to_string());
    let is_short =
        |exact: &synx_plan::exact::Exact| number.abs() < 1e15 && !synx_plan::grid::readable(exact).contains('/');
    match exact.filter(is_short).or_else(|| thirds(number)) {
        Some(exact) => ColumnValue::Number(exact),
        None => ColumnValue::Text(synx_tables::shown(number)),
    }
}

/// The fraction of a small whole number that a number is to its last digit: files hold 0.3333333333333333 for a third.
fn thirds(number: f64) -> Option<synx_plan::exact::Exact> {
    [3i64, 6, 7, 9, 11, 12].into_iter().find_map(|parts| {
        let count = (number * parts as f64).round();
        if count.abs() > 1e6 || count / parts as f64 != number {
            return None;
        }
        synx_plan::exact::Exact::ratio(count as i64, parts)
    })
}

/// What tells a row of a table apart, as people wrote it: `r = 1/3, tokens = 4M`.
pub(super) fn row_name(plan: &Plan, table: &Table, row: usize) -> String {
    let named = table.keys.iter().map(|key| format!("{key} = {}", written(plan, key, table.value(row, key))));
    let named: Vec<String> = named.collect();
    if named.is_empty() { format!("row {}", row + 1) } else { named.join(", ") }
}

#[cfg(test)]
mod tests {
    use synx_plan::expression::{Binary, Expression};
    use synx_plan::table::Table as Declared;
    use synx_report::LawOutcome;

    use super::*;
    use crate::tests::{Study, USUAL, plan};

    #[test]
    fn every_column_that_a_law_may_name_has_a_value_in_every_finished_cell() {
        let mut study = Study::new(plan());
        study.plan.grids[0].cells.truncate(1);
        study.plan.laws.clear();
        let results = study.run(USUAL).unwrap().results;
        let cells = table(&study.plan, &results, 0, &|_| None);
        let names = RESULT_COLUMNS.iter().map(|column| column.name);
        for name in names.chain(["loss[markov0.heldout]", "bits_per_byte[markov1.heldout]", "rate"]) {
            assert!(cells.value(0, name).number().is_some_and(|number| number > 0.0), "{name}");
        }
        assert!(cells.get("loss[elsewhere]").is_none());
        assert!(cells.streams(0).is_some_and(|streams| streams.len() == 1));
    }

    #[test]
    fn a_law_is_fitted_over_what_a_filter_leaves_and_a_derivation_adds() {
        let mut study = Study::new(plan());
        let columns = &study.plan.grids[0].columns;
        let tokens = columns.iter().find(|column| column.name == "tokens").unwrap();
        let ColumnValue::Number(largest) = tokens.values.last().unwrap().clone() else { panic!("a number") };
        let below = Expression::binary(Binary::Less, Expression::column("tokens"), Expression::Number(largest));
        let doubled = Expression::binary(Binary::Multiply, Expression::column("loss"), Expression::number(2u64));
        let made = |source| Declared { source, ..Declared::of_grid(0) };
        study.plan.tables.push(made(Source::Filter { of: TableId(0), condition: below }));
        let columns = vec![("twice".to_owned(), doubled)];
        study.plan.tables.push(made(Source::Derive { of: TableId(1), columns }));
        study.plan.tables.push(made(Source::Union(vec![TableId(2), TableId(2)])));
        let mut law = study.plan.laws[0].clone();
        law.over = TableId(3);
        law.formula.target = Expression::column("twice");
        law.formula.by.clear();
        law.formula.free.truncate(1);
        law.formula.model = Expression::parameter("B").into();
        study.plan.laws = vec![law];
        assert_eq!(study.plan.not_carried_out(), []);

        let found = study.run(USUAL).unwrap().results;
        let cells = table(&study.plan, &found, 0, &|_| None);
        let budgets = study.plan.grids[0].columns[1].values.len();
        let left: Vec<f64> = (0..cells.rows())
            .filter(|row| (row + 1) % budgets != 0)
            .map(|row| (2.0 * cells.value(row, "loss").number().unwrap()).ln())
            .collect();
        let fitted = &found.laws[0];
        assert_eq!((fitted.grid.as_str(), fitted.groups[0].rows), ("g", 2 * left.len()));
        assert_eq!(found.predictions.len(), 2 * left.len());
        // A constant under Huber's loss lies between the logarithms of the smallest and the largest row.
        let LawOutcome::Fitted(fit) = &fitted.groups[0].outcome else { panic!("{:?}", fitted.groups[0].outcome) };
        let constant = fit.parameters[0].estimate.ln();
        let (low, high) =
            (left.iter().copied().fold(f64::MAX, f64::min), left.iter().copied().fold(f64::MIN, f64::max));
        assert!(low <= constant && constant <= high, "{low} {constant} {high}");
    }
}
