//! The fields of a cell, and whether they fit each other.

use crate::map::HashMap;
use std::rc::Rc;

use synx_plan::exact::Exact;
use synx_plan::grid::{Alternative, readable};
use synx_plan::unit::{Count, Unit};

use super::fits::Check;
use super::scope::{CellKey, GridScope};
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::value::{CellRef, Span, Value};

/// What a cell is made of, as numbers of the plan's lists.
#[derive(Clone, Copy)]
pub(super) struct CellFields {
    pub is: Alternative,
    pub replicate: u32,
    pub start: Option<CellRef>,
    pub objective: Option<u32>,
    /// What it may be, where a run chooses; `is` is then the first of it.
    pub choice: Option<u32>,
}

/// Most tokens of a run, and most steps.
const MAX_TOKENS: u64 = 1_000_000_000_000_000;
const MAX_STEPS: u64 = 1_000_000_000_000;

/// The fields of a grid that cells are made of.
pub(super) const FIELDS: [&str; 9] =
    ["data", "model", "recipe", "evaluate", "tokens", "steps", "replicate", "start", "objective"];

/// What is known of the fields of cells so far.
pub(super) struct FieldMemo {
    /// For each field that is there, the axes that it depends on.
    needs: [Option<Vec<usize>>; FIELDS.len()],
    /// For each field and what it depends on, what it comes to.
    known: [HashMap<CellKey, Option<u64>>; FIELDS.len()],
    /// The axes that some field depends on and that have a value which a run chooses.
    pub choosing: Vec<usize>,
    /// Whether parts of cells fit each other, by the check and the numbers of the parts.
    pub fits: HashMap<(Check, u64, u64), bool>,
}

impl FieldMemo {
    pub(super) fn new(grid: &GridScope<'_>) -> FieldMemo {
        FieldMemo {
            choosing: grid.choosing_axes(&FIELDS),
            needs: FIELDS.map(|name| grid.has(name).then(|| grid.needs(name))),
            known: std::array::from_fn(|_| HashMap::default()),
            fits: HashMap::default(),
        }
    }
}

impl<'t> Compiler<'t> {
    /// What the cell at hand is made of; nothing where that has a mistake.
    pub(super) fn cell_fields(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        scope: &Rc<Scope<'t>>,
        memo: &mut FieldMemo,
    ) -> Option<CellFields> {
        let late = grid.late_axes(&memo.choosing);
        if late.is_empty() {
            self.known_fields(grid, scope, memo)
        } else {
            self.chosen_fields(grid, &late, scope, memo)
        }
    }

    /// The same where no value at hand is one that a run chooses.
    pub(super) fn known_fields(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        scope: &Rc<Scope<'t>>,
        memo: &mut FieldMemo,
    ) -> Option<CellFields> {
        let mut settled = [None; FIELDS.len()];
        let mut fits = true;
        for (field, name) in FIELDS.into_iter().enumerate() {
            let Some(needs) = &memo.needs[field] else { continue };
            let key = grid.key(needs);
            settled[field] = if let Some(known) = memo.known[field].get(&key) {
                *known
            } else {
                let span = self.span(grid.expression(name)?.node());
                let value = self.grid_entry(grid, name, scope, span);
                let settled = self.settle_field(grid, name, &value, span, scope);
                memo.known[field].insert(key, settled);
                settled
            };
            fits &= settled[field].is_some();
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
        let mixture = self.cell_mixture(mixture?, tokens)?;
        let fields = CellFields {
            is: Alternative { mixture, model, recipe, evaluation: evaluation? as u32, tokens },
            replicate: replicate.unwrap_or(1) as u32,
            start: start.map(CellRef::unpacked),
            objective: objective.map(|objective| objective as u32),
            choice: None,
        };
        self.check_cell(grid, &fields, memo).then_some(fields)
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
}
