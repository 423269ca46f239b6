//! How often runs go through their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::IndexMap;
use synx_plan::corpus::{CorpusFacts, CorpusId};
use synx_plan::grid::readable;

use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::lower::Lists;

/// How often a run may go through a source before repetition costs (Muennighoff et al. 2023).
pub(super) const MANY_EPOCHS: f64 = 4.0;

impl Compiler<'_> {
    /// Epochs of every source of every cell, and sources too small to train on. `facts` belong to the plan's corpora.
    pub(crate) fn lint_epochs(
        &mut self,
        grids: &[Rc<Expanded>],
        lists: &Lists,
        facts: &[Option<CorpusFacts>],
        names: &[String],
    ) {
        for expanded in grids {
            let mut worst: BTreeMap<CorpusId, (f64, u64, u64)> = BTreeMap::new();
            let mut small: BTreeSet<(CorpusId, u64)> = BTreeSet::new();
            // Cells of one mixture and budget go through their sources as often.
            let mut alike: IndexMap<(u32, u64, u64), u64> = IndexMap::new();
            for cell in &expanded.grid.cells {
                let mut own: Vec<(u32, u64, u64)> = cell
                    .alternatives(&lists.choices)
                    .into_iter()
                    .map(|it| (it.mixture, it.tokens, lists.models[it.model as usize].context))
                    .collect();
                own.sort_unstable();
                own.dedup();
                own.into_iter().for_each(|one| *alike.entry(one).or_default() += 1);
            }
            for ((mixture, tokens, context), cells) in alike {
                let mixture = &lists.mixtures[mixture as usize];
                for ((corpus, _), epochs) in mixture.shares().iter().zip(mixture.epochs(tokens, facts)) {
                    if let Some(Some(facts)) = facts.get(corpus.0)
                        && facts.training.tokens < context + 1
                    {
                        small.insert((*corpus, context));
                    }
                    let Some(epochs) = epochs.filter(|epochs| *epochs > MANY_EPOCHS) else { continue };
                    let entry = worst.entry(*corpus).or_insert((0.0, 0, 0));
                    if epochs > entry.0 {
                        (entry.0, entry.1) = (epochs, tokens);
                    }
                    entry.2 += cells;
                }
            }
            for (corpus, context) in small {
                let there = facts[corpus.0].as_ref().map_or(0, |facts| facts.training.tokens);
                let finding = self
                    .finding(
                        "E0313",
                        expanded.data,
                        format!("the training part of `{}` is smaller than one sequence", names[corpus.0]),
                        format!("{there} tokens, a sequence needs {}", context + 1),
                    )
                    .help("shorten the model's context, hold out less, or use a larger corpus");
                self.report(finding);
            }
            // Sources of one grid are one finding: they share its place.
            let listed: Vec<String> = worst
                .iter()
                .map(|(corpus, (epochs, tokens, cells))| {
                    let tokens = readable(&synx_plan::exact::Exact::from(*tokens));
                    let cells = if *cells == 1 { "in one cell".to_owned() } else { format!("over 4 in {cells} cells") };
                    format!("`{}`: {epochs:.1} epochs at {tokens} tokens, {cells}", names[corpus.0])
                })
                .collect();
            if let Some((corpus, (epochs, ..))) = worst.iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0)) {
                let mut finding = self
                    .finding(
                        "W0301",
                        expanded.data,
                        format!("runs of `{}` go through `{}` up to {epochs:.1} times", expanded.grid.name, names[corpus.0]),
                        "repeated more than 4 times",
                    )
                    .help(
                        "use more text, smaller budgets or a smaller share; if repetition is meant, say so in the grid: \
                         `allow W0301 because \"…\"`",
                    );
                finding.notes = listed;
                self.report(finding);
            }
        }
    }
}
