//! What the grids of a plan come to, in sums for one line.

use std::collections::{BTreeMap, BTreeSet};

use synx_plan::cost::Memory;
use synx_plan::grid::Alternative;
use synx_plan::number::{bytes, count, duration, flops, grouped};
use synx_plan::program::lower;
use synx_plan::recipe::Precision;
use synx_plan::study::Plan;

use super::analysis::Analysis;

/// A grid's cells and what training each of them by itself takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GridCost {
    pub name: String,
    pub cells: u64,
    /// Left out by a `where`.
    pub excluded: u64,
    pub tokens: u128,
    pub flops: u128,
    pub seconds: f64,
    /// Precisions that the estimate counts at the rate of another: `bf16 at the rate of f32`.
    pub stand_ins: Option<String>,
    /// For each source its name and the epochs of the cell that repeats it most; `None` where it has not been scanned.
    pub epochs: Vec<(String, Option<f64>)>,
}

impl GridCost {
    /// `7 cells, 127M tokens, 18.2 PFLOP, 3 min`.
    pub(crate) fn line(&self) -> String {
        let cells = if self.cells == 1 { "1 cell".to_owned() } else { format!("{} cells", grouped(self.cells)) };
        format!(
            "{cells}, {} tokens, {}, about {}",
            count(self.tokens as f64),
            flops(self.flops as f64),
            duration(self.seconds)
        )
    }
}

impl Analysis {
    /// The cost of each grid that could be expanded.
    pub(super) fn grid_costs(&self) -> &[GridCost] {
        self.grids.get_or_init(|| {
            let Some(plan) = &self.plan else { return Vec::new() };
            plan.grids.iter().enumerate().map(|(grid, _)| self.grid_cost(plan, grid)).collect()
        })
    }

    pub(super) fn grid_cost_of(&self, name: &str) -> Option<&GridCost> {
        self.grid_costs().iter().find(|cost| cost.name == name)
    }

    /// What a grid's time is an estimate for: `cpu (2 threads)`, `cpu (2 threads), bf16 at the rate of f32`.
    pub(super) fn device_of(&self, cost: &GridCost) -> String {
        let stand_ins = cost.stand_ins.as_ref().map_or_else(String::new, |said| format!(", {said}"));
        format!("{}{stand_ins}", self.device.name)
    }

    fn grid_cost(&self, plan: &Plan, grid: usize) -> GridCost {
        let grid = &plan.grids[grid];
        let mut tokens = 0u128;
        // Sequences by model, batch and precision, in which cells differ little: operations and rates are looked up once each.
        let mut sums: BTreeMap<(u32, u64, Precision), u128> = BTreeMap::new();
        // The hungriest cell of each mixture decides its epochs.
        let mut most: Vec<u64> = vec![0; plan.mixtures.len()];
        for cell in &grid.cells {
            tokens += plan.tokens_range(cell).1;
            // Where a run chooses what a cell is, the dearest of all that it may be.
            let all = cell.alternatives(&plan.choices);
            let sequences = |it: &Alternative| u128::from(it.tokens / plan.models[it.model as usize].context);
            let flops = |it: &Alternative| {
                sequences(it) * u128::from(plan.models[it.model as usize].flops_exact_per_sequence())
            };
            if let Some(dearest) = all.iter().max_by_key(|it| flops(it)) {
                let recipe = &plan.recipes[dearest.recipe as usize];
                *sums.entry((dearest.model, recipe.batch, recipe.precision)).or_default() += sequences(dearest);
            }
            for it in &all {
                let most = &mut most[it.mixture as usize];
                *most = (*most).max(it.tokens);
            }
        }
        let (mut flops, mut seconds) = (0, 0.0);
        for ((model, batch, precision), sequences) in &sums {
            let model = &plan.models[*model as usize];
            let per_sequence = model.flops_exact_per_sequence();
            let of_it = u128::from(per_sequence) * sequences;
            let per_step = per_sequence as f64 * (*batch as f64 / model.context as f64);
            flops += of_it;
            seconds += of_it as f64 / self.device.rate(per_step, *precision);
        }
        let precisions: BTreeSet<Precision> = sums.keys().map(|(_, _, precision)| *precision).collect();
        let mut epochs: Vec<(String, Option<f64>)> = Vec::new();
        for (mixture, tokens) in plan.mixtures.iter().zip(most).filter(|(_, tokens)| *tokens > 0) {
            for ((corpus, _), passes) in mixture.shares().iter().zip(mixture.epochs(tokens, &plan.facts)) {
                let name = &plan.corpora[corpus.0].name;
                match epochs.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => *known = known.zip(passes).map(|(a, b)| a.max(b)),
                    None => epochs.push((name.clone(), passes)),
                }
            }
        }
        GridCost {
            name: grid.name.clone(),
            cells: grid.cells.len() as u64,
            excluded: grid.excluded.len() as u64,
            tokens,
            flops,
            seconds,
            stand_ins: self.device.stand_ins(&precisions),
            epochs,
        }
    }

    /// The memory of one replica of a model in training, for each batch that a cell trains it with: `(batch, bytes)`.
    pub(super) fn memory(&self, model: &synx_plan::model::Model) -> Vec<(u64, String)> {
        let Some(plan) = &self.plan else { return Vec::new() };
        let mut found: Vec<(u64, String)> = Vec::new();
        for (_, _, cell) in plan.cells() {
            let batch = plan.recipe(cell).batch;
            if plan.model(cell) == model && !found.iter().any(|(known, _)| *known == batch) {
                let memory = Memory::of(&lower(model, (batch / model.context) as usize));
                found.push((batch, bytes(memory.total())));
            }
            if found.len() >= 4 {
                break;
            }
        }
        found
    }
}
