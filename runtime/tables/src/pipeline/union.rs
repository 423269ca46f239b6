//! `union(a, b)`.

use std::sync::Arc;

use synx_plan::problem::Problem;

use crate::column::{Column, Texts, Values};
use crate::table::{Standing, Table};

/// The rows of all, one table after the other, with the columns that all have.
pub(super) fn union(tables: &[&Table]) -> Result<Table, Problem> {
    let Some((first, others)) = tables.split_first() else { return Ok(Table::default()) };
    let mut made = Table::new(tables.iter().map(|table| table.rows()).sum());
    for (name, column) in first.columns() {
        let same: Option<Vec<&Column>> = others.iter().map(|table| table.get(name)).collect();
        let Some(others) = same else { continue };
        if let Some(other) = others.iter().find(|other| other.kind() != column.kind()) {
            let headline = format!("`{name}` holds {} in one table and {} in another", column.kind(), other.kind());
            return Err(
                Problem::new("E0986", headline).help("rename one of them, or derive a column that is the same in all")
            );
        }
        let all = || std::iter::once(column).chain(others.iter().copied());
        let values = match &column.values {
            Values::Numbers(_) => Values::Numbers(all().flat_map(numbers).copied().collect()),
            Values::Truth(_) => Values::Truth(all().flat_map(truths).copied().collect()),
            Values::Text(_) => Values::Text(all().flat_map(texts).collect::<Texts>()),
        };
        made.set(name, Column { values, unit: column.unit.clone() });
    }
    let rows = || tables.iter().flat_map(|table| (0..table.rows()).map(move |row| (*table, row)));
    if tables.iter().any(|table| table.rows() > 0 && table.streams(0).is_some()) {
        let nothing: Arc<[String]> = Arc::from([]);
        let streams = rows().map(|(table, row)| table.shared_streams(row).unwrap_or_else(|| Arc::clone(&nothing)));
        made.set_streams(Some(streams.collect()));
    }
    let standing: Vec<Standing> = rows().map(|(table, row)| table.standing(row)).collect();
    Ok(made.with_standing(standing))
}

fn numbers(column: &Column) -> &[f64] {
    if let Values::Numbers(values) = &column.values { values } else { &[] }
}

fn truths(column: &Column) -> &[Option<bool>] {
    if let Values::Truth(values) = &column.values { values } else { &[] }
}

fn texts(column: &Column) -> impl Iterator<Item = Option<&str>> {
    let texts = if let Values::Text(texts) = &column.values { Some(texts) } else { None };
    texts.into_iter().flat_map(|texts| (0..texts.len()).map(|row| texts.get(row)))
}
