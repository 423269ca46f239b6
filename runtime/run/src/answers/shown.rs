//! Tables of the report: which value stands where.

use synx_answers::Settled;
use synx_plan::figure::ReportTable;
use synx_plan::grid::ColumnValue;
use synx_plan::study::Plan;
use synx_report::{TablePanel, TableResult};
use synx_tables::Value;

use super::cells::written;
use super::figures::panels;

/// The table; none where what it is over could not be made.
pub(super) fn table(plan: &Plan, declared: &ReportTable, settled: &Settled) -> Option<TableResult> {
    let table = settled.tables[declared.over.0].as_ref().ok()?;
    let (confidence, estimate) = (plan.study.confidence.to_f64(), synx_plan::number::estimate);
    let value = |row: usize, column: &str| written(plan, column, table.value(row, column));
    let each = |rows: &[usize], column: &str| {
        let mut each: Vec<ColumnValue> = Vec::new();
        for value in rows.iter().map(|row| value(*row, column)) {
            if !each.contains(&value) {
                each.push(value);
            }
        }
        each
    };
    let panel = |(title, rows): (String, Vec<usize>)| {
        let header = each(&rows, &declared.columns);
        let lines = each(&rows, &declared.rows);
        let at = |line: &ColumnValue, head: &ColumnValue| -> Vec<String> {
            let here = |row: &&usize| value(**row, &declared.rows) == *line && value(**row, &declared.columns) == *head;
            let shown = |row: &usize| {
                let value = cell(plan, &declared.cell, table.value(*row, &declared.cell));
                match settled.shown.interval(declared.over, &declared.cell, *row, confidence) {
                    Some((low, high)) => format!("{value} ({} to {})", estimate(low), estimate(high)),
                    None => value,
                }
            };
            rows.iter().filter(here).map(shown).collect()
        };
        let rows = lines.iter().map(|line| (line.to_string(), header.iter().map(|head| at(line, head)).collect()));
        let rows = rows.collect();
        TablePanel { title, header: header.iter().map(ToString::to_string).collect(), rows }
    };
    Some(TableResult {
        name: declared.name.clone(),
        documentation: declared.documentation.clone(),
        rows: declared.rows.clone(),
        columns: declared.columns.clone(),
        cell: declared.cell.clone(),
        unit: table.get(&declared.cell).map(|column| column.unit.clone()).unwrap_or_default(),
        panels: panels(plan, table, declared.panel.as_ref()).into_iter().map(panel).collect(),
    })
}

/// What stands in a cell: what was declared as people wrote it, what was measured with five digits.
fn cell(plan: &Plan, column: &str, value: Value) -> String {
    match (value, written(plan, column, value)) {
        (Value::Number(number), ColumnValue::Number(exact)) if !exact.is_integer() && exact.short().len() > 6 => {
            synx_plan::number::estimate(number)
        }
        (Value::Number(number), ColumnValue::Text(_)) => synx_plan::number::estimate(number),
        (_, written) => written.to_string(),
    }
}
