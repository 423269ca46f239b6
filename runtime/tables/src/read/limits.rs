//! What a file of rows may hold: more is a mistake, or meant to fill memory.

use synx_plan::problem::Problem;

/// Bounds on a file. All arbitrary, far above any table of experiments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub bytes: u64,
    pub rows: usize,
    pub columns: usize,
    pub cells: usize,
    /// Bytes of one cell.
    pub cell: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 2 << 30, rows: 10_000_000, columns: 10_000, cells: 100_000_000, cell: 1 << 20 }
    }
}

impl Limits {
    pub(super) fn too_many_bytes(&self, name: &str) -> Problem {
        exceeded(format!("{name} has more than {} bytes", self.bytes))
    }

    pub(super) fn check_columns(&self, name: &str, columns: usize) -> Result<(), Problem> {
        if columns <= self.columns {
            return Ok(());
        }
        Err(exceeded(format!("{name} has {columns} columns, more than {}", self.columns)))
    }

    pub(super) fn check_rows(&self, name: &str, rows: usize, columns: usize) -> Result<(), Problem> {
        if rows > self.rows {
            return Err(exceeded(format!("{name} has more than {} rows", self.rows)));
        }
        if rows.saturating_mul(columns) > self.cells {
            return Err(exceeded(format!("{name} has more than {} cells", self.cells)));
        }
        Ok(())
    }

    pub(super) fn check_cell(&self, name: &str, place: &str, bytes: usize) -> Result<(), Problem> {
        if bytes <= self.cell {
            return Ok(());
        }
        Err(exceeded(format!("{name} has a cell of more than {} bytes in {place}", self.cell)))
    }
}

fn exceeded(headline: String) -> Problem {
    Problem::new("E0983", headline).help("take the rows and columns that the study needs into a file of their own")
}
