//! Whether the parts of a cell fit each other.

use std::rc::Rc;

use synx_grammar::view::{Expression, IntervalStep, Suffix};
use synx_plan::corpus::Part;
use synx_plan::exact::Exact;
use synx_plan::grid::{Objective, readable};
use synx_plan::recipe::{Length, RateSchedule};

use super::cell::{CellFields, FieldMemo};
use super::scope::GridScope;
use crate::compiler::Compiler;
use crate::value::{CellRef, Span, Value};

/// What is looked at, once for each pair of parts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Check {
    /// Recipe and model: a batch is whole sequences.
    Batch,
    /// Recipe and tokens: a budget is whole batches.
    Budget,
    /// Mixture and evaluation: nothing is evaluated on that is trained on.
    Leak,
    /// Model and start: the weights fit.
    Start,
    /// Objective and whether there is a start.
    Objective,
}

impl<'t> Compiler<'t> {
    /// Whether the parts of a cell fit each other: each pair of parts is looked at once.
    pub(super) fn check_cell(&mut self, grid: &Rc<GridScope<'t>>, cell: &CellFields, memo: &mut FieldMemo) -> bool {
        let (recipe, model) = (u64::from(cell.is.recipe), u64::from(cell.is.model));
        let start = cell.start.map_or(u64::MAX, CellRef::packed);
        let objective = cell.objective.map_or(u64::MAX, u64::from);
        let checks = [
            (Check::Batch, recipe, model),
            (Check::Budget, recipe, cell.is.tokens),
            (Check::Leak, u64::from(cell.is.mixture), u64::from(cell.is.evaluation)),
            (Check::Start, model, start),
            (Check::Objective, objective, u64::from(cell.start.is_some())),
        ];
        let mut fits = true;
        for key in checks {
            // A budget says nothing of a batch that does not fit.
            if !fits && key.0 == Check::Budget {
                continue;
            }
            fits &= if let Some(known) = memo.fits.get(&key) {
                *known
            } else {
                let known = match key.0 {
                    Check::Batch => self.check_batch(grid, cell),
                    Check::Budget => self.check_budget(grid, cell),
                    Check::Leak => self.check_leak(grid, cell),
                    Check::Start => self.check_start(grid, cell),
                    Check::Objective => self.check_objective(grid, cell),
                };
                memo.fits.insert(key, known);
                known
            };
        }
        fits
    }

    fn field_span(&self, grid: &GridScope<'t>, name: &str) -> Span {
        grid.expression(name).map_or(Span { file: 0, start: 0, end: 0 }, |value| self.span(value.node()))
    }

    fn check_batch(&mut self, grid: &Rc<GridScope<'t>>, cell: &CellFields) -> bool {
        let batch = self.lists.recipes[cell.is.recipe as usize].batch;
        let context = self.lists.models[cell.is.model as usize].context;
        if batch.is_multiple_of(context) {
            return true;
        }
        let (recipe_at, model_at) = (self.field_span(grid, "recipe"), self.field_span(grid, "model"));
        let finding = self
            .finding(
                "E0502",
                recipe_at,
                format!("a batch of {} tokens is not a whole number of sequences", number(batch)),
                format!("batch {}", number(batch)),
            )
            .label(self.label(model_at, format!("context {}", number(context))))
            .help(format!("the batch is a multiple of the context: {}", neighbours(batch, context)));
        self.report(finding);
        false
    }

    fn check_budget(&mut self, grid: &Rc<GridScope<'t>>, cell: &CellFields) -> bool {
        let recipe = self.lists.recipes[cell.is.recipe as usize].clone();
        let (tokens_at, recipe_at) = (self.field_span(grid, "tokens"), self.field_span(grid, "recipe"));
        if cell.is.tokens < recipe.batch {
            let finding = self
                .finding(
                    "E0503",
                    tokens_at,
                    format!("a budget of {} tokens is less than one batch", number(cell.is.tokens)),
                    format!("{} tokens", number(cell.is.tokens)),
                )
                .label(self.label(recipe_at, format!("batch {}", number(recipe.batch))))
                .help(format!("a run has at least one step of {} tokens", number(recipe.batch)));
            self.report(finding);
            return false;
        }
        if !cell.is.tokens.is_multiple_of(recipe.batch) {
            self.budget_not_whole(grid, cell.is.tokens, recipe.batch);
            return false;
        }
        let warmup = match &recipe.schedule {
            RateSchedule::Wsd { warmup, .. }
            | RateSchedule::Cosine { warmup, .. }
            | RateSchedule::Constant { warmup } => warmup,
        };
        if let Length::Tokens(warmup) = warmup
            && *warmup > cell.is.tokens
        {
            let budget_at = if grid.has("tokens") { tokens_at } else { self.field_span(grid, "steps") };
            let finding = self
                .finding(
                    "W0401",
                    recipe_at,
                    format!(
                        "the warm-up of {} tokens is longer than a run of {}",
                        number(*warmup),
                        number(cell.is.tokens)
                    ),
                    format!("warm-up {} tokens", number(*warmup)),
                )
                .label(self.label(budget_at, format!("{} tokens", number(cell.is.tokens))))
                .help(
                    "such a run ends before it reaches its learning rate; shorten the warm-up or leave the budget out",
                );
            self.report(finding);
        }
        true
    }

    fn check_leak(&mut self, grid: &Rc<GridScope<'t>>, cell: &CellFields) -> bool {
        let Some((trained, domain)) = self.leak(cell) else { return true };
        let (data_at, evaluate_at) = (self.field_span(grid, "data"), self.field_span(grid, "evaluate"));
        let finding = self
            .finding(
                "E0310",
                evaluate_at,
                format!("a cell is evaluated on text that it trains on: `{domain}`"),
                format!("evaluated on `{domain}`"),
            )
            .label(self.label(data_at, format!("trains on `{trained}`")))
            .help("hold a part out with `heldout = 2%`, and evaluate on `name.heldout`");
        self.report(finding);
        false
    }

    /// Whether the weights that a cell starts from are those of its model.
    fn check_start(&mut self, grid: &Rc<GridScope<'t>>, cell: &CellFields) -> bool {
        let Some(start) = cell.start else { return true };
        let (start_at, model_at) = (self.field_span(grid, "start"), self.field_span(grid, "model"));
        let Value::Model(weights) = self.cell_entry(start, "model", start_at) else { return true };
        let model = &self.lists.models[cell.is.model as usize];
        if weights.it == *model {
            return true;
        }
        let shape = |model: &synx_plan::model::Model| format!("width {}, {} blocks", model.width, model.blocks.len());
        let (theirs, ours) = (shape(&weights.it), shape(model));
        let name = self.cell_ref_name(start);
        let finding = self
            .finding("E0413", model_at, "the weights that a cell starts from are not those of its model", ours)
            .label(self.label(start_at, format!("`{name}` has {theirs}")))
            .help("leave `model` out: a cell that starts from weights keeps their model");
        self.report(finding);
        false
    }

    fn check_objective(&mut self, grid: &Rc<GridScope<'t>>, cell: &CellFields) -> bool {
        let objective = cell.objective.map(|objective| &self.lists.objectives[objective as usize]);
        if cell.start.is_some() || !matches!(objective, Some(Objective::Grpo { .. })) {
            return true;
        }
        let at = self.field_span(grid, "objective");
        let finding = self
            .finding("E0104", at, "a run by `grpo` needs `start`", "from which weights?")
            .help("a fresh model gives no answer that could be rewarded; add `start = base.weights`");
        self.report(finding);
        false
    }

    /// A corpus that the cell trains on and a domain with the same documents, if there are such.
    fn leak(&self, cell: &CellFields) -> Option<(String, String)> {
        for (trained, _) in self.lists.mixtures[cell.is.mixture as usize].shares() {
            let trained_anchor = self.corpora.anchor(*trained);
            let trained_content = &self.corpora.get(trained_anchor).corpus.content;
            for domain in &self.lists.evaluations[cell.is.evaluation as usize].domains {
                let anchor = self.corpora.anchor(domain.corpus);
                let same = anchor == trained_anchor || self.corpora.get(anchor).corpus.content == *trained_content;
                // The held-out part of one declaration is never trained on under the same one.
                if same && (domain.part != Part::Heldout || anchor != trained_anchor) {
                    return Some((self.corpora.get(*trained).corpus.name.clone(), domain.name.clone()));
                }
            }
        }
        None
    }

    /// Reports a budget that is no whole number of batches, with those next to it.
    fn budget_not_whole(&mut self, grid: &Rc<GridScope<'t>>, tokens: u64, batch: u64) {
        let Some(value) = grid.expression("tokens") else { return };
        let span = self.span(value.node());
        let steps = tokens / batch;
        let mut finding = self
            .finding(
                "E0501",
                span,
                format!("a budget of {} tokens is not a whole number of batches of {}", number(tokens), number(batch)),
                format!("{} tokens are {steps} steps and {} tokens", number(tokens), number(tokens % batch)),
            )
            .help(format!("budgets next to it: {}", neighbours(tokens, batch)));
        if let Some(recipe) = grid.expression("recipe") {
            finding = finding.label(self.label(self.span(recipe.node()), format!("batch {}", number(batch))));
        }
        match value.without_parens() {
            Expression::Number(_) | Expression::List(_) | Expression::Interval(_) => {
                if let Some(edits) = self.binary_suffixes(value, batch) {
                    finding = finding.fix("count in powers of two: `Ki`, `Mi`, `Gi`", edits);
                }
            }
            _ => {
                let text = value.text();
                let edit = self.edit(span, format!("round({text}, to = {batch})"));
                finding = finding.fix("round to whole batches", vec![edit]);
            }
        }
        self.report(finding);
    }

    /// The edits that turn `k M B` of all budgets into `Ki Mi Gi`, if that makes each a whole number of batches.
    fn binary_suffixes(&self, value: Expression<'t>, batch: u64) -> Option<Vec<crate::diagnostic::Edit>> {
        let mut edits = Vec::new();
        let literals: Vec<_> = match value.without_parens() {
            Expression::Number(number) => vec![number],
            Expression::List(list) => list
                .elements()
                .map(|element| if let Expression::Number(number) = element { Some(number) } else { None })
                .collect::<Option<Vec<_>>>()?,
            Expression::Interval(interval) if matches!(interval.step(), Some(IntervalStep::Step(_))) => return None,
            Expression::Interval(interval) => [interval.start(), interval.end()]
                .into_iter()
                .map(|end| if let Some(Expression::Number(number)) = end { Some(number) } else { None })
                .collect::<Option<Vec<_>>>()?,
            _ => return None,
        };
        for literal in literals {
            let (suffix, scale) = match literal.suffix()? {
                Suffix::Kilo => ("Ki", 1u64 << 10),
                Suffix::Mega => ("Mi", 1 << 20),
                Suffix::Billion => ("Gi", 1 << 30),
                _ => return None,
            };
            let tokens = Exact::from_decimal(&literal.digits())?.mul(&Exact::from(scale)).to_u64()?;
            if !tokens.is_multiple_of(batch) {
                return None;
            }
            let at = literal.node().child(synx_grammar::SyntaxKind::Suffix)?;
            edits.push(self.edit(self.span(at), suffix));
        }
        Some(edits)
    }
}

fn number(value: u64) -> String {
    readable(&Exact::from(value))
}

/// The multiples next to a number, with how many they are.
fn neighbours(value: u64, of: u64) -> String {
    let below = value / of;
    let shown = |count: u64| {
        count.checked_mul(of).map(|value| format!("{value} ({count} × {})", number(of))).unwrap_or_default()
    };
    if below == 0 { shown(1) } else { format!("{} or {}", shown(below), shown(below + 1)) }
}
