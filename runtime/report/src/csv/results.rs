use super::{Table, optional, study_column, value};
use crate::{CellResult, CellStatus, StudyResults};

/// Columns before those that the study declares.
const BEFORE: &[&str] = &["cell", "grid"];

/// Columns after them.
pub(super) const AFTER: &[&str] = &[
    "tokens",
    "replicate",
    "stream",
    "params",
    "params_total",
    "params_embedding",
    "flops_6nd",
    "flops_exact",
    "loss",
    "bits_per_byte",
    "status",
    "note",
    "seconds",
    "class",
    "key",
];

/// `results.csv`: a row a cell.
pub(crate) fn results(results: &StudyResults) -> Vec<u8> {
    let mut table = Table::new(header(results));
    for cell in &results.cells {
        table.row(row(cell));
    }
    table.into_bytes()
}

/// The header: `cell, grid`, every axis and `let`, and the columns that every study has.
pub(super) fn header(results: &StudyResults) -> Vec<String> {
    let fixed: Vec<&str> = BEFORE.iter().chain(AFTER).copied().collect();
    let declared = results.columns.iter().map(|column| study_column(&column.name, &fixed));
    let plain = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    plain(BEFORE).into_iter().chain(declared).chain(plain(AFTER)).collect()
}

fn row(cell: &CellResult) -> Vec<String> {
    let mut row = vec![cell.cell.clone(), cell.grid.clone()];
    row.extend(cell.values.iter().map(|v| v.as_ref().map_or_else(String::new, value)));
    let note = match &cell.status {
        CellStatus::Ok => String::new(),
        CellStatus::Diverged { step } => format!("stopped at step {step}"),
        CellStatus::Missing { why } | CellStatus::Unsettled { why } => why.clone(),
    };
    row.extend([
        cell.tokens.to_string(),
        cell.replicate.to_string(),
        cell.stream.map_or_else(String::new, |stream| stream.short()),
        cell.params.to_string(),
        cell.params_total.to_string(),
        cell.params_embedding.to_string(),
        cell.flops_6nd.to_string(),
        cell.flops_exact.to_string(),
        optional(cell.loss),
        optional(cell.bits_per_byte),
        cell.status.word().to_owned(),
        note,
        cell.seconds.map_or_else(String::new, |s| format!("{s:.3}")),
        cell.class.clone(),
        cell.key.map_or_else(String::new, |key| key.to_string()),
    ]);
    row
}
