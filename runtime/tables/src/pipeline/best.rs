//! `best(column, over = axis)`.

use synx_plan::problem::Problem;
use synx_plan::table::End;

use super::{Members, merged};
use crate::column::{Column, Values};
use crate::shown::shown;
use crate::table::{Standing, Table};

/// Winners at the end of an axis that are told one by one. Arbitrary.
const TOLD: usize = 8;

/// Of all rows that agree in `keys` the one with the smallest value of `by`; of equal ones the first. A winner at one of the `ends` is said: beyond may be a
/// better one. While a row of a group may still come, nothing but what it is told apart by is known of the winner.
pub(super) fn best(of: &Table, by: &str, over: &[String], keys: &[String], ends: &[End]) -> Result<Table, Problem> {
    let column = of.column(by)?;
    let Values::Numbers(values) = &column.values else {
        let headline = format!("`{by}` holds {}, of which none is the smallest", column.kind());
        return Err(Problem::new("E0986", headline).help("choose by a column of numbers"));
    };
    let groups = of.groups(keys)?;
    let members: Vec<Members> = groups.iter().map(|group| Members::of(of, group)).collect();
    let winner = |members: &Members| {
        let known = members.there.iter().copied().filter(|row| !values[*row as usize].is_nan());
        known.reduce(|best, row| if values[row as usize] < values[best as usize] { row } else { best })
    };
    let winners: Vec<Option<u32>> = members.iter().map(winner).collect();
    // A group in which nothing was measured, though all of it is there, has no best.
    let kept: Vec<usize> = (0..groups.len())
        .filter(|group| winners[*group].is_some() || members[*group].standing() != Standing::There)
        .collect();
    let settled = |group: &usize| winners[*group].filter(|_| members[*group].standing() == Standing::There);
    let rows: Vec<Option<u32>> = kept.iter().map(settled).collect();
    let mut made = Table::new(kept.len());
    for (name, column) in of.columns() {
        let is_key = keys.iter().any(|key| key == name);
        let first: Vec<Option<u32>> = kept.iter().map(|group| groups[*group].first().copied()).collect();
        made.set(name, column.pick(if is_key { &first } else { &rows }));
    }
    if of.rows() > 0 && of.streams(0).is_some() {
        let streams = kept.iter().zip(&rows).map(|(group, winner)| match winner {
            Some(winner) => merged(of.streams(*winner as usize).into_iter()),
            None => merged(groups[*group].iter().filter_map(|row| of.streams(*row as usize))),
        });
        made.set_streams(Some(streams.collect()));
    }
    let made = made.with_standing(kept.iter().map(|group| members[*group].standing()).collect());
    let mut made = made.keyed(keys.iter().cloned());
    if kept.len() < groups.len() {
        made.notes
            .push(format!("{} groups have no value of `{by}`, so none of them is the best", groups.len() - kept.len()));
    }
    let diverged: usize = members.iter().filter(|of| !of.there.is_empty()).map(|members| members.diverged).sum();
    if diverged > 0 {
        made.notes
            .push(format!("{diverged} rows diverged, and the best over {} is chosen without them", over.join(", ")));
    }
    let told = at_ends(&made, by, ends);
    let more = told.len().saturating_sub(TOLD);
    made.notes.extend(told.into_iter().take(TOLD));
    if more > 0 {
        made.notes.push(format!("so it is in {more} further groups"));
    }
    Ok(made)
}

/// The winners at the end of an axis, each in a sentence.
fn at_ends(made: &Table, by: &str, ends: &[End]) -> Vec<String> {
    let mut told = Vec::new();
    for End { column, low, high } in ends {
        let (low, high) = (low.to_f64(), high.to_f64());
        let Some(Column { values: Values::Numbers(values), .. }) = made.get(column) else { continue };
        if low == high {
            continue;
        }
        for (row, value) in values.iter().enumerate().filter(|(_, value)| **value == low || **value == high) {
            let end = if *value == low { "smallest" } else { "largest" };
            let group = if made.keys.is_empty() { String::new() } else { format!(" at {}", made.row_name(row)) };
            let value = shown(*value);
            told.push(format!(
                "the best {by}{group} is at {column} = {value}, the {end} that was tried: beyond may be a better one"
            ));
        }
    }
    told
}
