//! `mean(over = axis)`.

use synx_plan::problem::Problem;

use super::{Members, merged};
use crate::column::{Column, Value, Values};
use crate::table::Table;

/// The column that says how many rows a mean is of.
const ROWS: &str = "rows";

/// One row for all rows that agree in `keys`: numbers are averaged over the rows that are there and have one, what is no number stays where it is
/// the same in all, and `rows` counts. The axes `over` which the mean goes have no value any more.
pub(super) fn mean(of: &Table, keys: &[String], over: &[String]) -> Result<Table, Problem> {
    let groups = of.groups(keys)?;
    let members: Vec<Members> = groups.iter().map(|group| Members::of(of, group)).collect();
    let mut made = Table::new(groups.len());
    for (name, column) in of.columns().filter(|(name, _)| !over.iter().any(|axis| axis == name) && *name != ROWS) {
        if keys.iter().any(|key| key == name) {
            let first: Vec<Option<u32>> = groups.iter().map(|group| group.first().copied()).collect();
            made.set(name, column.pick(&first));
        } else if let Values::Numbers(values) = &column.values {
            let means = groups.iter().zip(&members).map(|(group, members)| average(values, group, members));
            made.set(name, Column::numbers(means.collect()).in_unit(column.unit.clone()));
        } else if groups.iter().all(|group| is_same(column, group)) {
            let known: Vec<Option<u32>> = groups.iter().map(|group| known(column, group).next()).collect();
            made.set(name, column.pick(&known));
        }
    }
    let counted = |members: &Members| -> f64 {
        let count = |row: &u32| of.value(*row as usize, ROWS).number().unwrap_or(1.0);
        members.there.iter().map(count).sum()
    };
    made.set(ROWS, Column::numbers(members.iter().map(counted).collect()));
    let diverged: usize = members.iter().filter(|of| !of.there.is_empty()).map(|members| members.diverged).sum();
    if diverged > 0 {
        let over = over.join(", ");
        made.notes.push(format!("{diverged} rows diverged and are left out of the means over {over}"));
    }
    if of.rows() > 0 && of.streams(0).is_some() {
        let streams = groups.iter().map(|group| merged(group.iter().filter_map(|row| of.streams(*row as usize))));
        made.set_streams(Some(streams.collect()));
    }
    Ok(made.with_standing(members.iter().map(Members::standing).collect()))
}

/// The mean over the rows that have a value. While a row that may still come has none there is none, unless all are the same by their declaration.
fn average(values: &[f64], group: &[u32], members: &Members) -> f64 {
    let first = group.first().map_or(f64::NAN, |row| values[*row as usize]);
    // What is the same in all rows keeps its last digit, and what is missing in all stays missing.
    if group.iter().all(|row| values[*row as usize] == first) {
        return first;
    }
    if members.awaited > 0 && group.iter().any(|row| values[*row as usize].is_nan()) {
        return f64::NAN;
    }
    let known = members.there.iter().map(|row| values[*row as usize]).filter(|value| !value.is_nan());
    let (sum, count) = known.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { f64::NAN } else { sum / f64::from(count) }
}

/// The rows of a group that have a value.
fn known<'a>(column: &'a Column, group: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    group.iter().copied().filter(|row| column.value(*row as usize) != Value::Missing)
}

/// Whether all rows of a group that have a value have the same.
fn is_same(column: &Column, group: &[u32]) -> bool {
    let mut values = known(column, group).map(|row| column.value(row as usize));
    let first = values.next();
    values.all(|value| first == Some(value))
}
