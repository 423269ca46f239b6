//! The tables of a results folder, one file each.

mod answers;
mod columns;
mod curves;
mod evaluations;
mod laws;
mod results;

use synx_plan::grid::ColumnValue;

pub(crate) use answers::{answers, claims, predictions};
pub(crate) use columns::columns;
pub(crate) use curves::curves;
pub(crate) use evaluations::evaluations;
pub(crate) use laws::laws;
pub(crate) use results::results;

/// A table as its CSV text: RFC 4180, a header first, lines end with `\n`.
pub(crate) struct Table(csv::Writer<Vec<u8>>);

impl Table {
    pub(crate) fn new<S: AsRef<str>>(header: impl IntoIterator<Item = S>) -> Table {
        let mut table = Table(csv::Writer::from_writer(Vec::new()));
        table.row(header);
        table
    }

    /// Adds a row; every row has as many fields as the header.
    pub(crate) fn row<S: AsRef<str>>(&mut self, fields: impl IntoIterator<Item = S>) {
        let fields: Vec<S> = fields.into_iter().collect();
        self.0
            .write_record(fields.iter().map(AsRef::as_ref))
            .expect("rows have the header's length, memory takes them");
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes what is left in the buffer")
    }
}

/// A column's value as plain text: whole numbers in full, others as the shortest decimal that reads back to the same float.
fn value(value: &ColumnValue) -> String {
    match value {
        ColumnValue::Text(text) => text.clone(),
        // A run that would have to settle it does not begin.
        ColumnValue::Answer(_) => String::new(),
        ColumnValue::Number(number) if number.is_integer() => number.to_string(),
        ColumnValue::Number(number) => float(number.to_f64()),
    }
}

/// The shortest decimal that reads back to the same float.
fn float(value: f64) -> String {
    if value != 0.0 && value.is_finite() && !(1e-4..1e16).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

fn optional(value: Option<f64>) -> String {
    value.map_or_else(String::new, float)
}

/// The name of a study's column in a table that has columns of its own: its own name, or `column.<name>` where the table has one of that name.
fn study_column(name: &str, fixed: &[&str]) -> String {
    if fixed.contains(&name) { format!("column.{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_plan::exact::Exact;

    #[test]
    fn numbers_are_written_so_that_they_read_back() {
        assert_eq!(value(&ColumnValue::Number(Exact::from(4_000_000u64))), "4000000");
        assert_eq!(value(&ColumnValue::Number(Exact::ratio(1, 3).unwrap())), "0.3333333333333333");
        assert_eq!(value(&ColumnValue::Text("hq(medium)".to_owned())), "hq(medium)");
        assert_eq!(float(1.5e-7), "1.5e-7");
        assert_eq!(float(0.0), "0");
        assert_eq!(optional(None), "");
    }

    #[test]
    fn text_with_commas_and_quotes_is_quoted() {
        let mut table = Table::new(["a", "b"]);
        table.row(["x[r=1,t=2]", "say \"it\""]);
        assert_eq!(String::from_utf8(table.into_bytes()).unwrap(), "a,b\n\"x[r=1,t=2]\",\"say \"\"it\"\"\"\n");
    }
}
