//! Tables of tables: what a plan declares with `filter derive mean best join union`, carried out over values. One file each.
//!
//! Rows that are awaited stay as far as they may come: what is made of them is awaited in turn. Rows that diverged measure nothing and are left out where
//! they are averaged or chosen from.

mod best;
mod derive;
mod filter;
mod gather;
mod join;
mod mean;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod union;

use std::sync::Arc;

use synx_plan::answer::AnswerId;
use synx_plan::problem::Problem;
use synx_plan::table::{Source, Table as Declared};

use crate::table::{Standing, Table};

/// The rows of a declared table. `inputs` are those of the tables that it is made of, in the order of `Source::inputs`; `answers` gives what is settled
/// already; `given` gives the rows of what is made of no table: a grid's cells, observations, a law's groups, its predictions.
///
/// # Errors
/// Those of `given`; E0941 where a table lacks a column that the source names, E0986 where a column holds something else than declared.
pub fn carry_out(
    declared: &Declared,
    inputs: &[&Table],
    answers: &dyn Fn(AnswerId) -> Option<f64>,
    given: impl FnOnce() -> Result<Table, Problem>,
) -> Result<Table, Problem> {
    let made = match (&declared.source, inputs) {
        (Source::Filter { condition, .. }, [of]) => filter::filter(of, condition, answers),
        (Source::Derive { columns, .. }, [of]) => derive::derive(of, columns, &declared.columns, answers)?,
        (Source::Mean { over, .. }, [of]) => mean::mean(of, &declared.keys, over)?,
        (Source::Best { by, over, ends, .. }, [of]) => best::best(of, by, over, &declared.keys, ends)?,
        (Source::Join { on, prefix, .. }, [left, right]) => join::join(left, right, on, prefix)?,
        (Source::Union(_), tables) => union::union(tables)?,
        (Source::Gather { columns, name, value, .. }, [of]) => gather::gather(of, columns, name, value)?,
        _ => given()?,
    };
    Ok(made.keyed(declared.keys.iter().cloned())).map_err(|problem: Problem| problem.at(declared.origin.as_ref()))
}

/// The streams of rows that become one, each once.
fn merged<'a>(streams: impl Iterator<Item = &'a [String]>) -> Arc<[String]> {
    let mut all: Vec<String> = streams.flatten().cloned().collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}

/// The rows of a group by what has come of them.
struct Members {
    there: Vec<u32>,
    awaited: usize,
    diverged: usize,
}

impl Members {
    fn of(table: &Table, group: &[u32]) -> Members {
        let of = |standing| group.iter().copied().filter(move |row| table.standing(*row as usize) == standing);
        Members {
            there: of(Standing::There).collect(),
            awaited: of(Standing::Awaited).count(),
            diverged: of(Standing::Diverged).count(),
        }
    }

    /// What has come of the row that the group becomes.
    fn standing(&self) -> Standing {
        if self.awaited > 0 {
            Standing::Awaited
        } else if self.there.is_empty() {
            Standing::Diverged
        } else {
            Standing::There
        }
    }
}
