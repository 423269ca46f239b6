//! The columns of a grid while its cells are made.

use crate::map::HashMap;

use synx_plan::grid::{Column, ColumnKind, ColumnValue};

use super::scope::GridScope;
use crate::value::Value;

/// Columns while they grow.
pub(crate) struct Columns {
    pub columns: Vec<Column>,
    /// For each column, the place of each value.
    index: Vec<HashMap<ColumnValue, u32>>,
}

impl Columns {
    pub(super) fn new(grid: &GridScope<'_>, lets: &[&str]) -> Columns {
        let axes = grid.axes.iter().flat_map(|axis| &axis.names).map(|name| (name.text(), ColumnKind::Axis));
        let lets = lets.iter().map(|name| (*name, ColumnKind::Let));
        let column = |(name, kind): (&str, ColumnKind)| Column {
            name: name.to_owned(),
            kind,
            unit: match name {
                "tokens" | "steps" => name.to_owned(),
                _ => String::new(),
            },
            values: Vec::new(),
        };
        let columns: Vec<Column> = axes.chain(lets).map(column).collect();
        let index = vec![HashMap::default(); columns.len()];
        Columns { columns, index }
    }

    /// The place of a value in a column, where a new value gets one; the units of the two where they differ.
    pub(super) fn place(&mut self, column: usize, value: &Value) -> Result<u32, (String, String)> {
        let (value, unit) = value.column();
        let there = &mut self.columns[column];
        if there.unit != unit && !unit.is_empty() {
            if !there.values.is_empty() && !there.unit.is_empty() {
                return Err((there.unit.clone(), unit));
            }
            there.unit = unit;
        }
        let place = self.index[column].entry(value).or_insert_with_key(|value| {
            there.values.push(value.clone());
            (there.values.len() - 1) as u32
        });
        Ok(*place)
    }

    /// The place of a value that is there already.
    pub(super) fn known(&self, column: usize, value: &ColumnValue) -> Option<u32> {
        self.index[column].get(value).copied()
    }
}
