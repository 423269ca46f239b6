//! `filter(condition)`.

use synx_plan::answer::AnswerId;
use synx_plan::expression::Expression;

use crate::table::{Standing, Table};

/// The rows for which a condition holds. Where what decides is missing, an awaited row stays, for it may come; any other is left out, and said.
pub(super) fn filter(of: &Table, condition: &Expression, answers: &dyn Fn(AnswerId) -> Option<f64>) -> Table {
    let (mut rows, mut undecided) = (Vec::new(), 0usize);
    for row in 0..of.rows() {
        match (of.evaluate(row, condition, answers), of.standing(row)) {
            (Some(truth), _) if truth != 0.0 => rows.push(row as u32),
            (Some(_), _) => {}
            (None, Standing::Awaited) => rows.push(row as u32),
            (None, Standing::Diverged) => {}
            (None, Standing::There) => undecided += 1,
        }
    }
    let mut left = of.pick(&rows);
    if undecided > 0 {
        left.notes.push(format!("{undecided} rows are left out: what `{condition}` reads is missing there"));
    }
    left
}
