//! How far a study is: which cells have a verified result, which have none, and why.

use std::path::Path;

use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_report::CellStatus;
use synx_store::{Holder, Store};

use crate::holdings::{classes, devices};
use crate::stages::{Reading, Stages, so_far};

/// How a study stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The device that this is about, by its numerics class in f32: the one that most cells have results of; `None` where there are no results.
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
pub fn status(plan: &Plan, folder: &Path, share: bool, allow_outside: bool) -> Result<Status, Problem> {
    let store = Store::open(folder)?;
    // The device of the cells that wait for nothing; then all that are there of it.
    let first = Training::new(plan, share);
    let class = devices(&classes(plan, &first, &store)?).into_iter().next().map(|(class, _)| class);
    let reading = Reading { folder, allow_outside, store: &store, writer: None };
    let (stages, results) = match &class {
        Some(class) => {
            let (stages, results) = so_far(plan, share, class, &reading)?;
            (stages, Some(results))
        }
        None => (Stages::new(plan), None),
    };
    let training = Training::new(&stages.plan, share);
    let mut cells = Vec::new();
    for (place, (g, c, cell)) in stages.plan.cells().enumerate() {
        let status = match &results {
            Some(results) => results.cells[place].status.clone(),
            None if training.ends[g][c].is_some() => CellStatus::Missing { why: "not trained yet".to_owned() },
            None => stages.status(cell),
        };
        let state = match status {
            CellStatus::Ok => CellState::Done,
            CellStatus::Diverged { step } => CellState::Diverged { step },
            CellStatus::Missing { why } | CellStatus::Unsettled { why } => CellState::Missing { why },
        };
        let grid = &stages.plan.grids[g];
        cells.push(CellStanding { cell: grid.cell_name(&cell.values), grid: grid.name.clone(), state });
    }
    let known = classes(&stages.plan, &training, &store)?;
    Ok(Status {
        class: class.map(|class| class.0),
        classes: known.into_iter().map(|(class, cells)| (class.0, cells)).collect(),
        cells,
        holder: store.runner(),
        warnings: store.take_warnings(),
    })
}
