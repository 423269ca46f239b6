//! What is worth a second look once everything has a value: epochs, unused declarations, laws with too few points.

use std::collections::{BTreeMap, BTreeSet};

use synx_grammar::view::ItemKind;
use synx_plan::corpus::{CorpusFacts, CorpusId, Part};
use synx_plan::grid::readable;
use synx_plan::law::{HoldOut, Law};

use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::lower::Lists;

/// How often a run may go through a source before repetition costs (Muennighoff et al. 2023).
const MANY_EPOCHS: f64 = 4.0;

impl Compiler<'_> {
    /// Declarations that nothing names. In a file without a grid nothing can be used yet.
    pub(crate) fn lint_unused(&mut self) {
        // Beside errors it would only say what their cure makes wrong.
        let errors = self.diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
        if errors || !self.items.iter().any(|slot| slot.kind == ItemKind::Grid) {
            return;
        }
        for item in 0..self.items.len() {
            let slot = &self.items[item];
            let named = !matches!(slot.kind, ItemKind::Grid | ItemKind::Law | ItemKind::Study);
            if slot.used || !named || crate::signature::is_later(slot.kind) {
                continue;
            }
            let Some(name) = slot.item.name() else { continue };
            let span = self.span(name.node());
            let headline = format!("{} `{}` is not used", slot.kind.word(), name.text());
            let finding = self
                .finding("W0101", span, headline, "nothing names it")
                .help("use it or take it out; `allow W0101 because \"…\"` in the study keeps it");
            self.report(finding);
        }
    }

    /// Epochs of every source of every cell, and sources too small to train on. `facts` belong to the plan's corpora.
    pub(crate) fn lint_epochs(
        &mut self,
        grids: &[Expanded],
        lists: &Lists,
        facts: &[Option<CorpusFacts>],
        names: &[String],
    ) {
        for expanded in grids {
            let mut worst: BTreeMap<CorpusId, (f64, u64, u64)> = BTreeMap::new();
            let mut small: BTreeSet<(CorpusId, u64)> = BTreeSet::new();
            for cell in &expanded.grid.cells {
                let mixture = &lists.mixtures[cell.mixture as usize];
                let context = lists.models[cell.model as usize].context;
                for ((corpus, _), epochs) in mixture.shares().iter().zip(mixture.epochs(cell.tokens, facts)) {
                    if let Some(Some(facts)) = facts.get(corpus.0)
                        && facts.training.tokens < context + 1
                    {
                        small.insert((*corpus, context));
                    }
                    let Some(epochs) = epochs.filter(|epochs| *epochs > MANY_EPOCHS) else { continue };
                    let entry = worst.entry(*corpus).or_insert((0.0, 0, 0));
                    if epochs > entry.0 {
                        (entry.0, entry.1) = (epochs, cell.tokens);
                    }
                    entry.2 += 1;
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

    /// Laws whose groups have fewer points than free parameters.
    pub(crate) fn lint_law(&mut self, law: &Law, expanded: &Expanded, lists: &Lists, span: crate::value::Span) {
        let grid = &expanded.grid;
        let column = |name: &str| grid.columns.iter().position(|column| column.name == name);
        let value = |cell: &synx_plan::grid::Cell, name: &str| match (column(name), name) {
            (Some(column), _) => Some(u64::from(cell.values[column])),
            (None, "tokens") => Some(cell.tokens),
            (None, "replicate") => Some(u64::from(cell.replicate)),
            (None, "params" | "params.total" | "params.non_embedding" | "params.active") => {
                Some(lists.models[cell.model as usize].parameters_total())
            }
            _ => None,
        };
        let (_, model) = law.formula.inlined();
        let mut groups: BTreeMap<Vec<Option<u64>>, Vec<Vec<Option<u64>>>> = BTreeMap::new();
        for cell in &grid.cells {
            let group = law.formula.by.iter().map(|name| value(cell, name)).collect();
            let mut point: Vec<Option<u64>> = model.columns().into_iter().map(|name| value(cell, name)).collect();
            if let Some(HoldOut::Largest(name)) = &law.formula.test {
                // The held-out rows are those of the largest value; its place tells them apart.
                point.push(value(cell, name));
            }
            groups.entry(group).or_default().push(point);
        }
        let free = law.formula.free.len();
        let fewest = groups
            .values()
            .map(|points| {
                let mut distinct: BTreeSet<&[Option<u64>]> = BTreeSet::new();
                let has_test = law.formula.test.is_some();
                let held: BTreeSet<Option<u64>> = points.iter().filter_map(|p| p.last().copied()).collect();
                for point in points {
                    let inputs = if has_test { &point[..point.len() - 1] } else { &point[..] };
                    distinct.insert(inputs);
                }
                // Without the largest value one distinct point is gone, where there are several.
                if has_test && held.len() > 1 { distinct.len() - distinct.len() / held.len() } else { distinct.len() }
            })
            .min();
        if let Some(fewest) = fewest.filter(|fewest| *fewest < free) {
            let group = if law.formula.by.is_empty() { "" } else { " in a group" };
            let finding = self
                .finding(
                    "W0601",
                    span,
                    format!("{free} free parameters and {fewest} distinct points{group}"),
                    "more to fit than there are points",
                )
                .help("add values to an axis, fit fewer parameters, or name fewer columns in `by`");
            self.report(finding);
        }
    }

    /// The parts of corpora that evaluations use and that the last scan found empty.
    pub(crate) fn check_domains(&mut self, lists: &Lists, facts: &[Option<CorpusFacts>], grids: &[Expanded]) {
        for expanded in grids {
            for cell in &expanded.grid.cells {
                if !lists.evaluations.get(cell.evaluation as usize).is_some_and(|evaluation| {
                    evaluation.domains.iter().any(|domain| too_small(domain.part, facts.get(domain.corpus.0)))
                }) {
                    continue;
                }
                let evaluation = &lists.evaluations[cell.evaluation as usize];
                let small = evaluation.domains.iter().find(|d| too_small(d.part, facts.get(d.corpus.0)));
                let name = small.map_or("", |domain| domain.name.as_str()).to_owned();
                let finding = self
                    .finding(
                        "E0313",
                        expanded.name,
                        format!("`{name}` is too small to be evaluated on"),
                        "evaluated here",
                    )
                    .help("hold out more, or evaluate on a larger corpus");
                self.report(finding);
                break;
            }
        }
    }
}

fn too_small(part: Part, facts: Option<&Option<CorpusFacts>>) -> bool {
    let Some(Some(facts)) = facts else { return false };
    let tokens = match part {
        Part::Training => facts.training.tokens,
        Part::Heldout => facts.heldout.tokens,
        Part::All => facts.training.tokens + facts.heldout.tokens,
    };
    tokens < 2
}
