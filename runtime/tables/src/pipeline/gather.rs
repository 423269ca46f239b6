//! `gather(columns, name = …, value = …)`.

use synx_plan::problem::Problem;

use crate::column::{Column, Values};
use crate::table::Table;

/// Each row once for each of some columns of numbers, column after column: `name` says which, `value` holds what stands there.
pub(super) fn gather(of: &Table, columns: &[String], name: &str, value: &str) -> Result<Table, Problem> {
    let mut values = Vec::with_capacity(of.rows() * columns.len());
    let mut unit = String::new();
    for column in columns {
        let found = of.column(column)?;
        let Values::Numbers(numbers) = &found.values else {
            let headline = format!("`{column}` holds {}, which cannot be gathered", found.kind());
            return Err(Problem::new("E0986", headline).help("gather columns of numbers"));
        };
        values.extend_from_slice(numbers);
        unit.clone_from(&found.unit);
    }
    let rows: Vec<u32> = columns.iter().flat_map(|_| 0..of.rows() as u32).collect();
    let mut made = of.pick(&rows);
    let names = columns.iter().flat_map(|column| (0..of.rows()).map(move |_| Some(column.as_str())));
    made.set(name, Column::text(names));
    made.set(value, Column::numbers(values).in_unit(unit));
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::Value;

    #[test]
    fn each_row_stands_once_for_each_column() {
        let mut table = Table::new(2);
        table.set("r", Column::numbers(vec![0.0, 1.0]));
        table.set("a", Column::numbers(vec![1.0, 2.0]));
        table.set("b", Column::numbers(vec![3.0, 4.0]));
        let made = gather(&table, &["a".to_owned(), "b".to_owned()], "which", "seen").unwrap();
        let row = |row: usize| (made.value(row, "r"), made.value(row, "which"), made.value(row, "seen"));
        let number = Value::Number;
        assert_eq!(row(1), (number(1.0), Value::Text("a"), number(2.0)));
        assert_eq!(row(2), (number(0.0), Value::Text("b"), number(3.0)));
        assert_eq!(gather(&table, &["c".to_owned()], "which", "seen").unwrap_err().code, "E0941");
    }
}
