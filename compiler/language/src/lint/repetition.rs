//! Laws along whose budgets text is repeated: what is fitted then is fresh text at one end and old text at the other.

use synx_plan::corpus::CorpusFacts;

use super::Planned;
use super::design::Design;
use super::epochs::MANY_EPOCHS;
use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::lower::Lists;

impl<'t> Compiler<'t> {
    /// A law over budgets that reach from fresh to much repeated text, where its formula knows nothing of repetition. Where the grid's
    /// repetition is reported as such, it is the root, and nothing is said here. `facts` belong to the plan's corpora.
    pub(crate) fn lint_repetition(
        &mut self,
        planned: &Planned<'t>,
        lists: &Lists,
        facts: &[Option<CorpusFacts>],
        names: &[String],
    ) {
        let Planned { design, declared, cells: Some(expanded) } = planned else { return };
        if !self.is_allowed("W0301", expanded.data) || !design.columns.iter().any(|column| column == "tokens") {
            return;
        }
        let cells = &expanded.grid.cells;
        let mut worst: Option<(f64, f64, &str, &str)> = None;
        for group in &design.groups {
            if knows_of_repetition(design, group, expanded) {
                continue;
            }
            for (corpus, name) in names.iter().enumerate() {
                let epochs = |cell: &usize| -> Option<f64> {
                    let cell = &cells[*cell];
                    let mixture = &lists.mixtures[cell.mixture as usize];
                    let place = mixture.shares().iter().position(|(id, _)| id.0 == corpus)?;
                    mixture.epochs(cell.tokens, facts)[place]
                };
                let (low, high) = group
                    .rows
                    .iter()
                    .filter_map(epochs)
                    .fold((f64::INFINITY, 0.0f64), |(low, high), epochs| (low.min(epochs), high.max(epochs)));
                if low <= MANY_EPOCHS && high > MANY_EPOCHS && worst.is_none_or(|(_, known, ..)| high > known) {
                    worst = Some((low, high, name, &group.name));
                }
            }
        }
        let Some((low, high, name, group)) = worst else { return };
        let mut finding = self
            .finding(
                "W0605",
                declared.name,
                format!("along `tokens` the runs of this law go from {low:.1} to {high:.1} times through `{name}`"),
                "its formula knows nothing of repetition",
            )
            .label(self.label(expanded.name, "these runs"))
            .help(
                "more tokens and more repetition are one here: use more text, leave the largest budgets out, or fit a law that has \
                 the unique tokens in it",
            );
        if !group.is_empty() {
            finding = finding.note(format!("so it is where {group}"));
        }
        self.report(finding);
    }
}

/// Whether the formula has an axis or a `let` that varies in the group, such as the unique tokens or the epochs: then it may
/// account for repetition, and is left alone.
fn knows_of_repetition(design: &Design, group: &super::design::Group, expanded: &Expanded) -> bool {
    design.columns.iter().enumerate().any(|(k, name)| {
        let own = name != "tokens" && expanded.grid.columns.iter().any(|column| column.name == *name);
        own && group.points.iter().any(|(point, _)| point[k] != group.points[0].0[k])
    })
}
