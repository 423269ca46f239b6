//! `join(other, on = column)`.

use indexmap::IndexMap;
use synx_plan::problem::Problem;

use super::merged;
use crate::column::{Column, Values};
use crate::table::{Standing, Table, bits};

/// Rows that a join may make. Arbitrary: what a file of rows may have.
const MOST_ROWS: usize = 10_000_000;

/// What rows are joined by: equal where the values are.
#[derive(PartialEq, Eq, Hash)]
enum Part<'a> {
    Number(u64),
    Text(&'a str),
    Truth(bool),
}

/// Every pair of rows that agree in the columns `on`, in the order of the left table, then of the right. What is missing agrees with nothing. Columns of the
/// right table that the left one has too are called `prefix.name`.
pub(super) fn join(left: &Table, right: &Table, on: &[String], prefix: &str) -> Result<Table, Problem> {
    let (ours, theirs) = (columns(left, on)?, columns(right, on)?);
    for (name, (a, b)) in on.iter().zip(ours.iter().zip(&theirs)) {
        if a.kind() != b.kind() {
            let headline = format!("`{name}` holds {} in one table and {} in the other", a.kind(), b.kind());
            return Err(Problem::new("E0986", headline).help("rows are joined by columns that hold the same"));
        }
    }
    let mut places: IndexMap<Vec<Part>, Vec<u32>> = IndexMap::new();
    for row in 0..right.rows() {
        if let Some(key) = key(&theirs, row) {
            places.entry(key).or_default().push(row as u32);
        }
    }
    let (mut left_rows, mut right_rows) = (Vec::new(), Vec::new());
    let mut alone = 0usize;
    for row in 0..left.rows() {
        let found = key(&ours, row).and_then(|key| places.get(&key));
        alone += usize::from(found.is_none());
        for other in found.into_iter().flatten() {
            left_rows.push(Some(row as u32));
            right_rows.push(Some(*other));
        }
        if left_rows.len() > MOST_ROWS {
            return Err(Problem::new("E0983", format!("the join has more than {MOST_ROWS} rows"))
                .note(format!("rows are joined where they agree in {}", on.join(", ")))
                .help("name the columns that tell the rows of both tables apart in `on`"));
        }
    }
    let mut made = Table::new(left_rows.len());
    for (name, column) in left.columns() {
        made.set(name, column.pick(&left_rows));
    }
    for (name, column) in right.columns().filter(|(name, _)| !on.iter().any(|on| on == name)) {
        let called = if left.get(name).is_some() { format!("{prefix}.{name}") } else { name.to_owned() };
        made.set(called, column.pick(&right_rows));
    }
    if alone > 0 {
        made.notes.push(format!(
            "{alone} of {} rows have no partner in {} and are left out",
            left.rows(),
            on.join(", ")
        ));
    }
    let pairs = || left_rows.iter().flatten().zip(right_rows.iter().flatten());
    let standing = pairs().map(|(a, b)| match (left.standing(*a as usize), right.standing(*b as usize)) {
        (Standing::Diverged, _) | (_, Standing::Diverged) => Standing::Diverged,
        (Standing::Awaited, _) | (_, Standing::Awaited) => Standing::Awaited,
        (Standing::There, Standing::There) => Standing::There,
    });
    let standing = standing.collect();
    let known = [left, right].into_iter().any(|table| table.rows() > 0 && table.streams(0).is_some());
    if known {
        let streams =
            pairs().map(|(a, b)| merged([left.streams(*a as usize), right.streams(*b as usize)].into_iter().flatten()));
        made.set_streams(Some(streams.collect()));
    }
    Ok(made.with_standing(standing))
}

fn columns<'a>(table: &'a Table, on: &[String]) -> Result<Vec<&'a Column>, Problem> {
    on.iter().map(|name| table.column(name)).collect()
}

fn key<'a>(columns: &[&'a Column], row: usize) -> Option<Vec<Part<'a>>> {
    let part = |column: &&'a Column| match &column.values {
        Values::Numbers(values) => {
            Some(values[row]).filter(|value| !value.is_nan()).map(|value| Part::Number(bits(value)))
        }
        Values::Text(texts) => texts.get(row).map(Part::Text),
        Values::Truth(values) => values[row].map(Part::Truth),
    };
    columns.iter().map(part).collect()
}
