//! Cells as they are read: text until the whole column is known to be of numbers.

use indexmap::IndexMap;
use synx_plan::problem::Problem;

use super::Limits;
use crate::column::{Column, Texts, Values};
use crate::table::Table;

/// Columns that grow row by row.
pub(super) struct Cells<'a> {
    /// What the file is called in messages.
    pub name: &'a str,
    pub limits: &'a Limits,
    columns: IndexMap<String, Growing>,
    rows: usize,
    bytes: u64,
}

/// The cells of one column, one after the other.
#[derive(Default)]
struct Growing {
    text: String,
    /// Where each cell ends in `text`; an empty one is missing.
    ends: Vec<usize>,
    /// Whether a cell was written as text, in a format that tells.
    is_text: bool,
}

/// A cell.
#[derive(Clone, Copy)]
pub(super) enum Cell<'a> {
    Missing,
    /// Text that is a number where the whole column is of numbers.
    Either(&'a str),
    Text(&'a str),
}

impl<'a> Cells<'a> {
    pub fn new(name: &'a str, limits: &'a Limits) -> Cells<'a> {
        Cells { name, limits, columns: IndexMap::new(), rows: 0, bytes: 0 }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The place of a column, which is made where there is none of that name: then all rows before miss it.
    pub fn column(&mut self, name: &str) -> Result<usize, Problem> {
        if let Some(place) = self.columns.get_index_of(name) {
            return Ok(place);
        }
        self.limits.check_columns(self.name, self.columns.len() + 1)?;
        self.limits.check_rows(self.name, self.rows, self.columns.len() + 1)?;
        let growing = Growing { ends: vec![0; self.rows], ..Growing::default() };
        Ok(self.columns.insert_full(name.to_owned(), growing).0)
    }

    /// Adds a cell of the row that is being read, which `end_row` ends. `place` says where it stands.
    ///
    /// Nothing happens where the row has a cell of the column already.
    pub fn add(&mut self, column: usize, cell: Cell, place: impl Fn() -> String) -> Result<(), Problem> {
        let growing = &mut self.columns[column];
        if growing.ends.len() > self.rows {
            return Ok(());
        }
        let text = match cell {
            Cell::Missing => "",
            Cell::Either(text) => text.trim(),
            Cell::Text(text) => text,
        };
        growing.is_text |= matches!(cell, Cell::Text(_));
        self.limits.check_cell(self.name, &place(), text.len())?;
        self.bytes += text.len() as u64;
        if self.bytes > self.limits.bytes {
            return Err(self.limits.too_many_bytes(self.name));
        }
        growing.text.push_str(text);
        growing.ends.push(growing.text.len());
        Ok(())
    }

    /// Ends a row: what it has no cell of is missing in it.
    pub fn end_row(&mut self) -> Result<(), Problem> {
        self.rows += 1;
        for growing in self.columns.values_mut() {
            if growing.ends.len() < self.rows {
                growing.ends.push(growing.text.len());
            }
        }
        self.limits.check_rows(self.name, self.rows, self.columns.len())
    }

    /// The table. A column is of numbers where each of its cells is a number or empty, and at least one is no text.
    pub fn table(self) -> Table {
        let mut table = Table::new(self.rows);
        for (name, growing) in self.columns {
            table.set(name, growing.column());
        }
        table
    }
}

impl Growing {
    fn cells(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    fn column(self) -> Column {
        let number = |cell: &str| if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() };
        let numbers = if self.is_text { None } else { self.cells().map(number).collect::<Option<Vec<f64>>>() };
        if let Some(numbers) = numbers {
            return Column::numbers(numbers);
        }
        let texts: Texts = self.cells().map(|cell| Some(cell).filter(|cell| !cell.is_empty())).collect();
        Column { values: Values::Text(texts), unit: String::new() }
    }
}
