//! Schedules that keep budgets from sharing their beginning.

use std::collections::BTreeMap;
use std::rc::Rc;

use synx_plan::exact::Exact;
use synx_plan::grid::readable;
use synx_plan::recipe::RateSchedule;

use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::lower::Lists;

/// Below this part of a grid's tokens nothing is said. Arbitrary.
const WORTH_SAYING: f64 = 0.1;

/// The decay of the schedule that is proposed, as a part of the budget: the language's default.
const DECAY: f64 = 0.2;

impl Compiler<'_> {
    /// Grids that train several budgets of one stream, each from its first step, because the rate depends on the budget from the start.
    pub(crate) fn lint_sharing(&mut self, grids: &[Rc<Expanded>], lists: &Lists) {
        for expanded in grids {
            let cells = &expanded.grid.cells;
            let mut streams: BTreeMap<(u32, u32, u32, u32), Vec<u64>> = BTreeMap::new();
            for cell in cells {
                let Some(recipe) = lists.recipes.get(cell.recipe as usize) else { continue };
                if !recipe.shares_prefixes() {
                    let stream = (cell.mixture, cell.model, cell.recipe, cell.replicate);
                    streams.entry(stream).or_default().push(cell.tokens);
                }
            }
            let mut saved = 0.0;
            let mut budgets = 0;
            let mut cosine = false;
            for ((_, _, recipe, _), mut tokens) in streams {
                tokens.sort_unstable();
                tokens.dedup();
                let sum: u64 = tokens.iter().sum();
                let largest = tokens.last().copied().unwrap_or(0);
                // All stable phases lie in the longest one; the decays are trained each.
                saved += (1.0 - DECAY) * (sum - largest) as f64;
                budgets = budgets.max(tokens.len());
                cosine |= matches!(lists.recipes[recipe as usize].schedule, RateSchedule::Cosine { .. });
            }
            let all: f64 = cells.iter().map(|cell| cell.tokens as f64).sum();
            if budgets < 2 || saved < WORTH_SAYING * all {
                continue;
            }
            let (what, help) = if cosine {
                (
                    "a cosine over the budget",
                    "with `wsd(warmup = 128k tokens, decay = 20%)` budgets share all but their decay",
                )
            } else {
                ("a warm-up that is a share of the budget", "give the warm-up in tokens: `warmup = 128k tokens`")
            };
            let finding = self
                .finding(
                    "W0409",
                    expanded.recipe,
                    format!("{what} trains each of {budgets} budgets from the start"),
                    "the rate depends on the budget from the first steps on",
                )
                .note(format!(
                    "budgets that share their beginning would take about {} tokens less, {:.0} % of this grid's",
                    readable(&two_digits(saved)),
                    100.0 * saved / all
                ))
                .help(format!("{help}; where the schedule is the question: `allow W0409 because \"…\"`"));
            self.report(finding);
        }
    }
}

/// A number of tokens to two digits: it is an estimate.
fn two_digits(tokens: f64) -> Exact {
    let mut scale = 1u64;
    while tokens / scale as f64 >= 100.0 {
        scale *= 10;
    }
    Exact::from((tokens / scale as f64).round() as u64 * scale)
}
