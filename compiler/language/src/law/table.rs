//! The columns that a law may name.

use indexmap::IndexMap;
use synx_plan::column::{RESULT_COLUMNS, result_column};
use synx_plan::grid::{ColumnValue, Grid};

use crate::lower::Lists;

/// Columns by name, with what they hold.
pub(crate) struct Table {
    columns: IndexMap<String, Kind>,
    /// Where nothing is known of the columns: every name is one.
    open: bool,
    /// Whether `params_total` and its like, as files head them, mean `params.total`.
    results: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    /// `loss` where several domains have no weights.
    Undefined,
}

impl Table {
    /// The columns of a grid's results.
    pub(crate) fn of_grid(grid: &Grid, lists: &Lists) -> Table {
        let mut columns = IndexMap::new();
        for column in &grid.columns {
            let text = column.values.iter().any(|value| matches!(value, ColumnValue::Text(_)));
            columns.insert(column.name.clone(), if text { Kind::Text } else { Kind::Number });
        }
        for column in RESULT_COLUMNS {
            columns.entry(column.name.to_owned()).or_insert(Kind::Number);
        }
        let mut evaluations: Vec<u32> = grid.cells.iter().map(|cell| cell.evaluation).collect();
        evaluations.sort_unstable();
        evaluations.dedup();
        let evaluations = || evaluations.iter().map(|evaluation| &lists.evaluations[*evaluation as usize]);
        if evaluations().any(|evaluation| evaluation.weights.is_none()) {
            columns.insert("loss".to_owned(), Kind::Undefined);
            columns.insert("bits_per_byte".to_owned(), Kind::Undefined);
        }
        // A domain that every cell is evaluated on has a column of its own.
        if let Some(first) = evaluations().next() {
            for domain in &first.domains {
                if evaluations().all(|evaluation| evaluation.domains.iter().any(|other| other.name == domain.name)) {
                    columns.insert(format!("loss[{}]", domain.name), Kind::Number);
                    columns.insert(format!("bits_per_byte[{}]", domain.name), Kind::Number);
                }
            }
        }
        Table { columns, open: false, results: true }
    }

    /// The columns of any table, by their names.
    pub(crate) fn of_names(names: &[String]) -> Table {
        let columns = names.iter().map(|name| (name.clone(), Kind::Number)).collect();
        Table { columns, open: false, results: false }
    }

    /// A table of which nothing is known, because its grid has mistakes.
    pub(crate) fn unknown() -> Table {
        Table { columns: IndexMap::new(), open: true, results: true }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// The column of that name, as the plan calls it.
    pub(crate) fn column(&self, name: &str) -> Option<String> {
        if self.open || self.columns.contains_key(name) {
            return Some(name.to_owned());
        }
        if self.results { result_column(name).map(|column| column.name.to_owned()) } else { None }
    }

    pub(crate) fn kind(&self, name: &str) -> Kind {
        self.columns.get(name).copied().unwrap_or(Kind::Number)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }
}
