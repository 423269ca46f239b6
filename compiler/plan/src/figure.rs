//! Figures and tables of a report, over the tables of the plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Origin;
use crate::table::TableId;

/// A drawing: a point for each row, a line for each value of `series`, a panel for each of `panel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    pub name: String,
    pub documentation: Option<String>,
    pub over: TableId,
    /// Columns of numbers.
    pub x: String,
    pub y: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<String>,
    /// The law, by its place in the plan's list, whose curves are drawn with the points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<usize>,
    pub origin: Option<Origin>,
}

/// Rows and columns of a report: a cell shows the value of one column where two others have theirs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportTable {
    pub name: String,
    pub documentation: Option<String>,
    pub over: TableId,
    pub rows: String,
    pub columns: String,
    pub cell: String,
    /// A table for each of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<String>,
    pub origin: Option<Origin>,
}
