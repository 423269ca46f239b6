//! What the world gives to answers: measured rows, fits, texts.

use synx_laws::LawResult;
use synx_plan::answer::AnswerId;
use synx_plan::grid::ColumnValue;
use synx_plan::law::Law;
use synx_plan::observations::Observations;
use synx_plan::problem::Problem;
use synx_plan::table::Column;
use synx_tables::Table;

/// What only a run has.
pub trait Given: Sync {
    /// The cells of a grid with what was measured, in the order of the plan; `late` gives what was settled of their columns.
    ///
    /// # Errors
    /// What keeps the run from reading its own results.
    fn cells(&self, grid: usize, late: &dyn Fn(AnswerId) -> Option<ColumnValue>) -> Result<Table, Problem>;

    /// Rows that were measured elsewhere.
    ///
    /// # Errors
    /// What is wrong with the file.
    fn observations(&self, of: &Observations, declared: &[Column]) -> Result<Table, Problem>;

    /// The law fitted to these rows; one that was fitted to the same before may be taken from where it is kept. The outer error is the world's, the inner
    /// one the fit's.
    ///
    /// # Errors
    /// What keeps the world from giving it.
    fn fit(&self, law: &Law, rows: &synx_laws::Table) -> Result<Result<LawResult, Problem>, Problem>;

    /// How often each symbol stands in the training text of a mixture, share by share, as parts of one.
    ///
    /// # Errors
    /// What keeps the text from being read.
    fn symbols(&self, mixture: u32) -> Result<Vec<f64>, Problem>;
}
