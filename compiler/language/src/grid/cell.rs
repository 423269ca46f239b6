//! The fields of a cell, and whether they fit each other.

use std::collections::HashMap;
use std::rc::Rc;

use synx_grammar::view::{Expression, IntervalStep, Suffix};
use synx_plan::corpus::Part;
use synx_plan::exact::Exact;
use synx_plan::grid::{Objective, readable};
use synx_plan::recipe::{Length, RateSchedule};
use synx_plan::unit::{Count, Unit};

use super::scope::{CellKey, GridScope};
use crate::compiler::Compiler;
use crate::late::Late;
use crate::scope::Scope;
use crate::value::{CellRef, Span, Value};

/// What a cell is made of, as numbers of the plan's lists.
pub(super) struct CellFields {
    pub mixture: u32,
    pub model: u32,
    pub recipe: u32,
    pub evaluation: u32,
    pub tokens: u64,
    pub replicate: u32,
    pub start: Option<CellRef>,
    pub objective: Option<u32>,
    /// The models that it may have, where a run chooses; `model` is the first.
    pub choice: Option<u32>,
}

/// Most tokens of a run, and most steps.
const MAX_TOKENS: u64 = 1_000_000_000_000_000;
const MAX_STEPS: u64 = 1_000_000_000_000;

/// The fields of a grid that cells are made of.
const FIELDS: [&str; 9] = ["data", "model", "recipe", "evaluate", "tokens", "steps", "replicate", "start", "objective"];

/// What is known of the fields of cells so far.
pub(super) struct FieldMemo {
    /// For each field that is there, the axes that it depends on.
    needs: [Option<Vec<usize>>; FIELDS.len()],
    /// For each field and what it depends on, what it comes to.
    known: [HashMap<CellKey, Option<u64>>; FIELDS.len()],
    /// For each model that a run chooses, what it depends on and the choice.
    choices: HashMap<CellKey, u32>,
    /// Whether parts of cells fit each other, by the check and the numbers of the parts.
    fits: HashMap<(Check, u64, u64), bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Check {
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

impl FieldMemo {
    pub(super) fn new(grid: &GridScope<'_>) -> FieldMemo {
        FieldMemo {
            needs: FIELDS.map(|name| grid.has(name).then(|| grid.needs(name))),
            known: std::array::from_fn(|_| HashMap::new()),
            choices: HashMap::new(),
            fits: HashMap::new(),
        }
    }
}

impl<'t> Compiler<'t> {
    pub(super) fn cell_fields(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        scope: &Rc<Scope<'t>>,
        memo: &mut FieldMemo,
    ) -> Option<CellFields> {
        let mut settled = [None; FIELDS.len()];
        let mut choice = None;
        let mut fits = true;
        for (field, name) in FIELDS.into_iter().enumerate() {
            let Some(needs) = &memo.needs[field] else { continue };
            let key = grid.key(needs);
            settled[field] = if let Some(known) = memo.known[field].get(&key) {
                *known
            } else {
                let span = self.span(grid.expression(name)?.node());
                let late = if name == "model" { grid.late_axes(needs) } else { Vec::new() };
                let settled = if late.is_empty() {
                    let value = self.grid_entry(grid, name, scope, span);
                    self.settle_field(grid, name, &value, span, scope)
                } else {
                    let chosen = self.chosen_model(grid, &late, span, scope);
                    memo.choices.extend(chosen.as_ref().map(|(choice, _)| (key.clone(), *choice)));
                    chosen.map(|(_, first)| first)
                };
                memo.known[field].insert(key.clone(), settled);
                settled
            };
            fits &= settled[field].is_some();
            if name == "model" {
                choice = memo.choices.get(&key).copied();
            }
        }
        if !fits {
            return None;
        }
        let [mixture, model, recipe, evaluation, tokens, steps, replicate, start, objective] = settled;
        let (recipe, model) = (recipe? as u32, model? as u32);
        let tokens = match (tokens, steps) {
            (Some(tokens), _) => tokens,
            (None, steps) => steps? * self.lists.recipes[recipe as usize].batch,
        };
        let fields = CellFields {
            mixture: self.cell_mixture(mixture?, tokens)?,
            model,
            recipe,
            evaluation: evaluation? as u32,
            tokens,
            replicate: replicate.unwrap_or(1) as u32,
            start: start.map(CellRef::unpacked),
            objective: objective.map(|objective| objective as u32),
            choice,
        };
        self.check_cell(grid, &fields, memo).then_some(fields)
    }

    /// The model of a cell as each of the values makes it that a run chooses from: the number of the choice, and the first model.
    fn chosen_model(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        late: &[(usize, Rc<Late>)],
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Option<(u32, u64)> {
        let [(axis, one)] = late else {
            let one = &late.first()?.1;
            self.too_late(span, "a model that depends on several choices", one);
            return None;
        };
        let Late::OneOf { answer, values, .. } = &**one else { return None };
        let before = grid.held();
        let mut models = Vec::new();
        for number in grid.candidates(*axis, values) {
            grid.set(*axis, number);
            let value = self.grid_entry(grid, "model", scope, span);
            models.push(self.settle_field(grid, "model", &value, span, scope));
        }
        grid.hold(&before);
        let models: Vec<u32> =
            models.into_iter().map(|model| model.map(|model| model as u32)).collect::<Option<_>>()?;
        let first = u64::from(*models.first()?);
        Some((self.lists.choice(*answer, models), first))
    }

    /// A field's value as a number: of the plan's list, of tokens, of the replicate.
    fn settle_field(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        name: &'static str,
        value: &Value,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Option<u64> {
        if let Value::List(_) = value
            && name != "evaluate"
        {
            self.list_field(grid, name, span);
            return None;
        }
        match (name, value) {
            (_, Value::Error) => None,
            ("data", Value::Capped(capped)) => Some(self.capped(capped)),
            ("data", value) => {
                let mixture = self.mixture(value, span)?;
                Some(self.lists.mixture(&mixture.it))
            }
            ("model", Value::Model(model)) => Some(self.lists.model(&model.it)),
            ("recipe", Value::Recipe(recipe)) => Some(self.lists.recipe(&recipe.it)),
            ("evaluate", value) => {
                let evaluation = self.evaluation(value, span)?;
                Some(self.lists.evaluation(&evaluation))
            }
            ("tokens", value) => {
                let unit = Unit::counted(Count::Tokens);
                let number = self.in_unit(value, span, unit, "`tokens`")?;
                if number.is_integer() && number.to_u64().is_some_and(|tokens| tokens <= MAX_TOKENS) {
                    return number.to_u64();
                }
                if number.is_negative() || number.is_integer() {
                    let range = format!("from 1 to {}", readable(&Exact::from(MAX_TOKENS)));
                    self.not_in_range(span, "`tokens`", &number, &range);
                    return None;
                }
                let mut finding = self.finding(
                    "E0501",
                    span,
                    format!("a budget of {} tokens is not a whole number of batches", number.short()),
                    "this many tokens",
                );
                finding.help = Some("round it to whole batches".to_owned());
                let recipe = self.quietly(|compiler| compiler.grid_entry(grid, "recipe", scope, span));
                if let (Value::Recipe(recipe), Some(value)) = (recipe, grid.expression("tokens")) {
                    let batch = recipe.it.batch;
                    let rounded = format!("round({}, to = {batch})", value.text());
                    let edit = self.edit(span, rounded.as_str());
                    finding = finding.help(format!("round it to whole batches: `{rounded}`"));
                    finding = finding.fix("round to whole batches", vec![edit]);
                }
                self.report(finding);
                None
            }
            ("steps", value) => self.whole(value, span, Unit::counted(Count::Steps), "`steps`", (1, MAX_STEPS)),
            ("start", Value::Weights(cell)) => Some(cell.cell.packed()),
            ("start", Value::Cell(cell)) => {
                let edit = self.edit(Span { start: span.end, ..span }, ".weights");
                let finding = self
                    .finding("E0201", span, "a run starts from weights, this is a cell", cell.name.to_string())
                    .help("say what of it: `.weights`")
                    .fix("start from its weights", vec![edit]);
                self.report(finding);
                None
            }
            ("start", other) => {
                self.expected(span, "the weights of a cell: `cell.weights`", other);
                None
            }
            ("objective", Value::Objective(objective)) => Some(self.lists.objective(objective)),
            ("replicate", value) => self.whole(value, span, Unit::PLAIN, "`replicate`", (0, 1 << 31)),
            (name, Value::Declaration(item)) => {
                let declared = self.items[*item].name;
                let finding = self
                    .finding("E0106", span, format!("`{declared}` needs its arguments"), "without arguments")
                    .help(format!("call it: `{name} = {declared}(…)`"));
                self.report(finding);
                None
            }
            (name, other) => {
                self.expected(span, &format!("a {name}"), other);
                None
            }
        }
    }

    /// A list stands in a field: an axis was meant.
    fn list_field(&mut self, grid: &Rc<GridScope<'t>>, name: &str, span: Span) {
        let mut finding = self
            .finding("E0401", span, format!("a list stands where `{name}` wants one value"), "a list")
            .help(format!("to try every value, make it an axis: `axis {name} = …`"));
        let field = grid.expression(name).and_then(|value| value.node().parent());
        if let Some(field) = field.filter(|field| field.kind() == synx_grammar::SyntaxKind::Field) {
            let field = self.span(field);
            let edit = self.edit(Span { end: field.start, ..field }, "axis ");
            finding = finding.fix(format!("make `{name}` an axis"), vec![edit]);
        }
        self.report(finding);
    }

    /// Whether the parts of a cell fit each other: each pair of parts is looked at once.
    fn check_cell(&mut self, grid: &Rc<GridScope<'t>>, cell: &CellFields, memo: &mut FieldMemo) -> bool {
        let (recipe, model) = (u64::from(cell.recipe), u64::from(cell.model));
        let start = cell.start.map_or(u64::MAX, CellRef::packed);
        let objective = cell.objective.map_or(u64::MAX, u64::from);
        let checks = [
            (Check::Batch, recipe, cell.choice.map_or(model, |choice| u64::from(choice) << 32)),
            (Check::Budget, recipe, cell.tokens),
            (Check::Leak, u64::from(cell.mixture), u64::from(cell.evaluation)),
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
        let batch = self.lists.recipes[cell.recipe as usize].batch;
        let one = [cell.model];
        let models = cell.choice.map_or(&one[..], |choice| &self.lists.choices[choice as usize].models);
        let contexts = models.iter().map(|model| self.lists.models[*model as usize].context);
        let Some(context) = contexts.into_iter().find(|context| !batch.is_multiple_of(*context)) else { return true };
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
        let recipe = self.lists.recipes[cell.recipe as usize].clone();
        let (tokens_at, recipe_at) = (self.field_span(grid, "tokens"), self.field_span(grid, "recipe"));
        if cell.tokens < recipe.batch {
            let finding = self
                .finding(
                    "E0503",
                    tokens_at,
                    format!("a budget of {} tokens is less than one batch", number(cell.tokens)),
                    format!("{} tokens", number(cell.tokens)),
                )
                .label(self.label(recipe_at, format!("batch {}", number(recipe.batch))))
                .help(format!("a run has at least one step of {} tokens", number(recipe.batch)));
            self.report(finding);
            return false;
        }
        if !cell.tokens.is_multiple_of(recipe.batch) {
            self.budget_not_whole(grid, cell.tokens, recipe.batch);
            return false;
        }
        let warmup = match &recipe.schedule {
            RateSchedule::Wsd { warmup, .. }
            | RateSchedule::Cosine { warmup, .. }
            | RateSchedule::Constant { warmup } => warmup,
        };
        if let Length::Tokens(warmup) = warmup
            && *warmup > cell.tokens
        {
            let budget_at = if grid.has("tokens") { tokens_at } else { self.field_span(grid, "steps") };
            let finding = self
                .finding(
                    "W0401",
                    recipe_at,
                    format!(
                        "the warm-up of {} tokens is longer than a run of {}",
                        number(*warmup),
                        number(cell.tokens)
                    ),
                    format!("warm-up {} tokens", number(*warmup)),
                )
                .label(self.label(budget_at, format!("{} tokens", number(cell.tokens))))
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
        let model = &self.lists.models[cell.model as usize];
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
        for (trained, _) in self.lists.mixtures[cell.mixture as usize].shares() {
            let trained_anchor = self.corpora.anchor(*trained);
            let trained_content = &self.corpora.get(trained_anchor).corpus.content;
            for domain in &self.lists.evaluations[cell.evaluation as usize].domains {
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
