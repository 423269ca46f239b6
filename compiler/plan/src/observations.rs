//! Observations: rows that were measured elsewhere and lie in files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file of rows. Its values are read when a study runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observations {
    /// As the study writes it, relative to its folder.
    pub path: String,
    pub format: Format,
    /// The columns that tell rows apart: what `mean` and `best` go over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<String>,
}

/// What a file says of its rows before these are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The names of its columns, and whether they hold numbers; else they hold text.
    pub columns: Vec<(String, bool)>,
    pub rows: u64,
}

/// How rows are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Commas, a line of names first.
    Csv,
    /// An object a line.
    Jsonl,
    Parquet,
}
