//! Models that this machine could not train.

use std::collections::BTreeMap;
use std::rc::Rc;

use synx_plan::cost::Memory;
use synx_plan::number::{bytes, grouped};

use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::lower::Lists;

/// Bytes of a parameter with its gradient and both moments.
const TRAINED: u64 = 16;

/// Where weights and moments leave this part of the memory free, activations of one sequence are not counted: they are far less. Arbitrary.
const AMPLE: u64 = 4;

/// Programs that are laid out to count their activations, at most: the largest. Arbitrary; each takes a fraction of a millisecond.
const MOST_PROGRAMS: usize = 8;

impl Compiler<'_> {
    /// A grid with a model that does not fit this machine's memory even where it takes one sequence at a time. Which machine runs a study is not known here: a
    /// run refuses what does not fit its device.
    pub(crate) fn lint_memory(&mut self, grids: &[Rc<Expanded>], lists: &Lists) {
        self.undecided("W0410");
        let Some(there) = self.host.memory() else { return };
        // Largest first, each model once, with the first grid that has it.
        let mut models: BTreeMap<u32, usize> = BTreeMap::new();
        for (place, expanded) in grids.iter().enumerate() {
            expanded.grid.cells.iter().for_each(|cell| {
                models.entry(cell.model).or_insert(place);
            });
        }
        let weights = |model: u32| {
            let parameters = lists.models.get(model as usize).map_or(0, |model| model.parameters_total());
            parameters.saturating_mul(TRAINED)
        };
        let mut models: Vec<(u64, u32, usize)> =
            models.into_iter().map(|(model, grid)| (weights(model), model, grid)).collect();
        models.sort_by_key(|(weights, model, _)| (std::cmp::Reverse(*weights), *model));
        let mut told: Vec<usize> = Vec::new();
        let mut programs = 0;
        for (weights, model, grid) in models {
            if weights <= there / AMPLE || told.contains(&grid) {
                continue;
            }
            let model = &lists.models[model as usize];
            let mut needs = weights;
            if needs <= there && programs < MOST_PROGRAMS {
                programs += 1;
                needs = Memory::of_model(model, 1).total();
            }
            if needs <= there {
                continue;
            }
            told.push(grid);
            let expanded = &grids[grid];
            let blocks = model.blocks.len();
            let finding = self
                .finding(
                    "W0410",
                    expanded.name,
                    format!("training takes at least {}, and this machine has {}", bytes(needs), bytes(there)),
                    &format!("its model of width {} with {} blocks", grouped(model.width), grouped(blocks as u64)),
                )
                .note(format!(
                    "{} parameters, each with its gradient and two moments, and the activations of one sequence",
                    grouped(model.parameters_total())
                ))
                .help("a run here would refuse it; make the model smaller, or run the study on a larger machine");
            self.report(finding);
        }
    }
}
