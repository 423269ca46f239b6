//! Text that is too short to be evaluated on.

use std::rc::Rc;

use synx_plan::corpus::{CorpusFacts, Part};

use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::lower::Lists;

impl Compiler<'_> {
    /// The parts of corpora that evaluations use and that the last scan found empty.
    pub(crate) fn check_domains(&mut self, lists: &Lists, facts: &[Option<CorpusFacts>], grids: &[Rc<Expanded>]) {
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
