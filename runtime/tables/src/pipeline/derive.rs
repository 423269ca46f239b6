//! `derive(name = …)`.

use synx_plan::answer::AnswerId;
use synx_plan::expression::Expression;
use synx_plan::problem::Problem;
use synx_plan::table::{Column as Declared, ColumnKind};

use crate::column::Column;
use crate::table::Table;

/// The same rows with further columns, each in turn over the columns that the table had; one of a name that is there already takes its place.
pub(super) fn derive(
    of: &Table,
    columns: &[(String, Expression)],
    declared: &[Declared],
    answers: &dyn Fn(AnswerId) -> Option<f64>,
) -> Result<Table, Problem> {
    let mut with = of.clone();
    with.notes.clear();
    for (name, expression) in columns {
        for read in expression.columns() {
            of.column(read)?;
        }
        let known = declared.iter().find(|column| column.name == *name);
        let values = (0..of.rows()).map(|row| of.evaluate(row, expression, answers));
        let column = match known.map(|column| column.kind) {
            Some(ColumnKind::Truth) => Column::truth(values.map(|value| value.map(|value| value != 0.0)).collect()),
            _ => Column::numbers(values.map(|value| value.unwrap_or(f64::NAN)).collect()),
        };
        with.set(name.clone(), column.in_unit(known.map_or("", |column| &column.unit)));
    }
    Ok(with)
}
