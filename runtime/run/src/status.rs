//! How far a study is: which cells have a verified result, which have none, and why.

use std::path::Path;

use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_store::{Holder, Store};

use crate::holdings::{Holdings, Standing, classes};

/// How a study stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The numerics class that this is about: the one that most cells have results in; `None` where there are no results.
    pub class: Option<String>,
    /// All classes with results, each with how many cells are trained in it.
    pub classes: Vec<(String, usize)>,
    /// Every cell, grid after grid, in the plan's order.
    pub cells: Vec<CellStanding>,
    /// The process that runs the study at the moment.
    pub holder: Option<Holder>,
    /// Damaged entries that were met; a run makes them again.
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CellStanding {
    pub cell: String,
    pub grid: String,
    pub state: CellState,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CellState {
    /// A result is there and has the bytes that were written.
    Done,
    /// It was given up at this step, counted from one.
    Diverged { step: u64 },
    /// No result: why.
    Missing { why: String },
}

impl Status {
    /// How many cells are done, have diverged and are missing.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |is: fn(&CellState) -> bool| self.cells.iter().filter(|cell| is(&cell.state)).count();
        (
            count(|state| matches!(state, CellState::Done)),
            count(|state| matches!(state, CellState::Diverged { .. })),
            count(|state| matches!(state, CellState::Missing { .. })),
        )
    }
}

/// The status of the study in `folder`, also while it is run. Sources are not read: what counts is what the last scan found.
pub fn status(plan: &Plan, folder: &Path, share: bool) -> Result<Status, Problem> {
    let store = Store::open(folder)?;
    let training = Training::new(plan, share);
    let known = training.as_ref().map_or(Ok(Vec::new()), |training| classes(plan, training, &store))?;
    let mut holdings = match (&training, known.first()) {
        (Some(training), Some((class, _))) => Some(Holdings::new(plan, training, &store, class)),
        _ => None,
    };
    let why = if training.is_some() { "not trained yet" } else { "its corpora have not been scanned yet" };
    let mut cells = Vec::new();
    for (g, c, cell) in plan.cells() {
        let standing = match &mut holdings {
            Some(holdings) => holdings.standing(g, c, cell)?,
            None => Standing::Missing { why: why.to_owned() },
        };
        let state = match standing {
            Standing::Done { .. } => CellState::Done,
            Standing::Diverged { step, .. } => CellState::Diverged { step: step + 1 },
            Standing::Missing { why } => CellState::Missing { why },
        };
        let grid = &plan.grids[g];
        cells.push(CellStanding { cell: grid.cell_name(&cell.values), grid: grid.name.clone(), state });
    }
    Ok(Status {
        class: known.first().map(|(class, _)| class.0.clone()),
        classes: known.into_iter().map(|(class, cells)| (class.0, cells)).collect(),
        cells,
        holder: store.runner(),
        warnings: store.take_warnings(),
    })
}
