//! Models that this machine could not train.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use synx_plan::cost::Memory;
use synx_plan::model::Model;
use synx_plan::number::{bytes, grouped};

use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::lower::Lists;

/// Bytes of a parameter with its gradient and both moments.
const TRAINED: u64 = 16;

/// Bytes that a block keeps for each token and number of the width, at most: what is not more than this is not laid out. Arbitrary, and twice what is kept.
const KEPT: u64 = 256;

/// Programs that are laid out to count their activations, at most: the largest. Arbitrary; each takes a fraction of a millisecond.
const MOST_PROGRAMS: usize = 8;

impl Compiler<'_> {
    /// A grid with a model that does not fit this machine's memory even where it takes one sequence at a time. Which machine runs a study is not known here: a
    /// run refuses what does not fit its device.
    pub(crate) fn lint_memory(&mut self, grids: &[Rc<Expanded>], lists: &Lists) {
        self.undecided("W0410");
        let Some(there) = self.host.memory() else { return };
        // The largest first, each model once a grid; where a run chooses, all that it may choose.
        let weights = |model: &Model| model.parameters_total().saturating_mul(TRAINED);
        let rough = |model: &Model| {
            let kept = model.context.saturating_mul(model.width).saturating_mul(model.blocks.len() as u64);
            weights(model).saturating_add(kept.saturating_mul(KEPT))
        };
        let mut all: BTreeSet<(usize, u32)> = BTreeSet::new();
        for (grid, expanded) in grids.iter().enumerate() {
            let models = expanded.grid.cells.iter().flat_map(|cell| cell.alternatives(&lists.choices));
            all.extend(models.map(|alternative| (grid, alternative.model)));
        }
        let mut large: Vec<(u64, usize, u32)> = all
            .into_iter()
            .filter_map(|(grid, model)| Some((rough(lists.models.get(model as usize)?), grid, model)))
            .filter(|(rough, ..)| *rough > there)
            .collect();
        large.sort_by_key(|(rough, grid, model)| (std::cmp::Reverse(*rough), *grid, *model));
        let mut told: BTreeSet<usize> = BTreeSet::new();
        let mut counted: BTreeMap<u32, u64> = BTreeMap::new();
        for (_, grid, model) in large {
            if told.contains(&grid) {
                continue;
            }
            let number = model;
            let model = &lists.models[number as usize];
            let mut needs = weights(model);
            if needs <= there && (counted.contains_key(&number) || counted.len() < MOST_PROGRAMS) {
                needs = *counted.entry(number).or_insert_with(|| Memory::of_model(model, 1).total());
            }
            if needs <= there {
                continue;
            }
            told.insert(grid);
            let expanded = &grids[grid];
            let blocks = model.blocks.len();
            let finding = self
                .finding(
                    "W0410",
                    expanded.name,
                    format!("training takes at least {}, and this machine has {}", bytes(needs), bytes(there)),
                    format!("its model of width {} with {} blocks", grouped(model.width), grouped(blocks as u64)),
                )
                .note(format!(
                    "{} parameters, each with its gradient and two moments, and the activations of one sequence",
                    grouped(model.parameters_total())
                ))
                .help("make the model smaller, or run the study on a machine or a graphics card with more memory");
            self.report(finding);
        }
    }
}
