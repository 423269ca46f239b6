//! Axes over tables: the cells that are the rows of one, the values of a column.

use std::rc::Rc;

use crate::compiler::Compiler;
use crate::table::{Rows, Table};
use crate::value::{List, Span, Value};

/// Why the rows of a table are no cells.
enum NoCells {
    /// A run settles which they are.
    Late,
    /// They are made of several, or were measured elsewhere.
    Others,
    /// A mistake, which was reported.
    Reported,
}

impl Compiler<'_> {
    /// `axis base = runs |> filter(tokens >= 2Mi)`: the cells that are left.
    pub(super) fn rows_as_cells(&mut self, table: &Rc<Table>, span: Span) -> Option<List> {
        let finding = match self.cells_behind(table, span) {
            Ok(cells) => return Some(List::Items(Rc::new(cells))),
            Err(NoCells::Reported) => return None,
            Err(NoCells::Late) => self
                .finding("E0612", span, "the length of an axis must be known before anything runs", "a run settles which rows")
                .help("the best values of an axis are `top(table, axis, by = loss, n = 1)`: so many are known, if not which"),
            Err(NoCells::Others) => self
                .finding("E0201", span, "the rows of this table are not cells of a grid", "averages, pairs or other rows")
                .help("an axis may range over the cells that `filter` leaves, or over the values of a column: `table.lr`"),
        };
        self.report(finding);
        None
    }

    /// The cells that are the rows of a table, in their order.
    fn cells_behind(&mut self, table: &Rc<Table>, span: Span) -> Result<Vec<Value>, NoCells> {
        match &table.rows {
            Rows::Cells(grid) => match self.cells_as_values(grid.item, span) {
                Some(List::Items(cells)) => Ok(cells.to_vec()),
                _ => Err(NoCells::Reported),
            },
            Rows::Some { of, rows } => {
                let all = self.cells_behind(of, span)?;
                Ok(rows.iter().filter_map(|row| all.get(*row as usize).cloned()).collect())
            }
            Rows::Derived { of, .. } => self.cells_behind(of, span),
            Rows::All(tables) => {
                let parts: Result<Vec<Vec<Value>>, NoCells> =
                    tables.iter().map(|table| self.cells_behind(table, span)).collect();
                Ok(parts?.concat())
            }
            Rows::Groups { mean: false, .. } | Rows::Unknown => Err(NoCells::Late),
            _ => Err(NoCells::Others),
        }
    }

    /// `axis lr = runs.lr`: the values that a column has, each once, in the order of the rows.
    pub(super) fn column_as_values(&mut self, table: &Rc<Table>, column: &str, span: Span) -> Option<List> {
        let Some(values) = self.distinct(table, column) else {
            let headline = format!("which values `{column}` has must be known before anything runs");
            let finding = self
                .finding("E0612", span, headline, "a run or a file settles them")
                .help("the length of an axis is known: take the values of an axis, or write them out");
            self.report(finding);
            return None;
        };
        if !self.burn(values.len() as u64, span) {
            return None;
        }
        Some(List::Items(Rc::new(values)))
    }
}
