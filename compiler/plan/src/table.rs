//! Tables: everything that is measured. A grid's results, rows that were measured elsewhere, the groups of a fitted law, and what is
//! made of these by filtering, deriving, averaging, choosing, joining and putting together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::expression::Expression;
use crate::grid::ColumnValue;
use crate::observations::Observations;
use crate::problem::Origin;

/// A table, by its place in the plan's list. What it is made of stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TableId(pub usize);

/// A table of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    pub source: Source,
    pub columns: Vec<Column>,
    /// The columns that tell its rows apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// How many rows it has; `None` where only a run or a file's values settle that.
    pub rows: Option<u64>,
    /// Where it is made. Not part of a key.
    pub origin: Option<Origin>,
}

/// What the rows of a table are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The cells of a grid, by its place in the plan's list.
    Grid(usize),
    Observations(Observations),
    /// The groups of a fitted law, by its place in the plan's list: the columns of `by`, then what was fitted.
    Law(usize),
    /// The rows that a law was fitted to, with `observed` and `predicted`.
    Predictions(usize),
    /// The rows for which a condition over its columns holds.
    Filter {
        of: TableId,
        condition: Expression,
    },
    /// The same rows with further columns; one of a name that is there already takes its place.
    Derive {
        of: TableId,
        columns: Vec<(String, Expression)>,
    },
    /// One row for all rows that differ in the columns `over` alone: numbers are averaged, `rows` counts them.
    Mean {
        of: TableId,
        over: Vec<String>,
    },
    /// Of all rows that differ in the columns `over` alone the one with the smallest value of a column; of equal ones the first.
    Best {
        of: TableId,
        by: String,
        over: Vec<String>,
        /// The ends of the axes of numbers: a winner there may be the best of what was tried only, which a run says.
        ends: Vec<End>,
    },
    /// Every pair of rows that agree in the columns `on`; columns of the right table that the left one has too are called
    /// `prefix.name`.
    Join {
        left: TableId,
        right: TableId,
        on: Vec<String>,
        prefix: String,
    },
    /// The rows of all, with the columns that all of them have.
    Union(Vec<TableId>),
    /// Each row once for each of some columns of numbers: the column `name` says which, `value` holds its value.
    Gather {
        of: TableId,
        columns: Vec<String>,
        name: String,
        value: String,
    },
    /// A row for each of some points, with what is asked there.
    Points {
        /// Columns of known values, row by row.
        given: Vec<(String, Vec<ColumnValue>)>,
        /// Columns that answers settle, row by row.
        asked: Vec<(String, Vec<Expression>)>,
    },
    /// So many rows that tell the free parameters of a law best: those for which the determinant of JᵀJ is largest, J the derivatives of the
    /// law's formula by its parameters, row by row, at what was fitted (a locally D-optimal design, Atkinson, Donev & Tobias 2007).
    DOptimal {
        of: TableId,
        /// By its place in the plan's list.
        law: usize,
        /// The only row of the law's table whose parameters are meant; none where it has one group.
        group: Option<TableId>,
        points: u64,
    },
}

/// The ends of an axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    pub column: String,
    pub low: Exact,
    pub high: Exact,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TableColumn")]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    /// As results print it; empty for plain numbers and text.
    pub unit: String,
    /// The bounds that are known before anything runs, ends included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Exact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Exact>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TableColumnKind")]
pub enum ColumnKind {
    Number,
    Text,
    Truth,
}

impl Source {
    /// The tables that it is made of.
    pub fn inputs(&self) -> Vec<TableId> {
        match self {
            Source::Grid(_)
            | Source::Observations(_)
            | Source::Law(_)
            | Source::Predictions(_)
            | Source::Points { .. } => Vec::new(),
            Source::Filter { of, .. }
            | Source::Derive { of, .. }
            | Source::Mean { of, .. }
            | Source::Gather { of, .. }
            | Source::Best { of, .. } => vec![*of],
            Source::DOptimal { of, group, .. } => std::iter::once(*of).chain(*group).collect(),
            Source::Join { left, right, .. } => vec![*left, *right],
            Source::Union(of) => of.clone(),
        }
    }
}

impl Table {
    /// The rows of a grid, of which nothing but the grid is said.
    pub fn of_grid(grid: usize) -> Table {
        Table { source: Source::Grid(grid), columns: Vec::new(), keys: Vec::new(), rows: None, origin: None }
    }
}
