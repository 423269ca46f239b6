//! The cells of a grid, one after the other.

use crate::map::HashMap;
use std::rc::Rc;

use synx_grammar::view::{Block, Entry, ItemKind};
use synx_plan::exact::Exact;
use synx_plan::grid::{Cell, CellId, Closest, Condition, Excluded, Grid};

use super::cell::FieldMemo;
use super::lay_out::{LaidOut, NO_CELL};
use super::scope::{CellKey, GridScope};
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::signature::{Need, excused, fields};
use crate::value::{Span, Value};

/// After so many cells with mistakes the rest would only repeat them.
const MAX_BROKEN: usize = 50;

/// A grid with its cells, and the places that later findings point at.
pub(crate) struct Expanded {
    /// Its number among the items.
    pub item: usize,
    pub grid: Grid,
    /// The declaration's name.
    pub name: Span,
    pub data: Span,
    pub recipe: Span,
}

impl<'t> Compiler<'t> {
    /// Makes the cells of the grid that an item declares; nothing where it has mistakes. Its findings are its own, also where what asks for it
    /// is evaluated without any.
    pub(crate) fn expand(&mut self, item: usize, block: Block<'t>) -> Option<Expanded> {
        self.aloud(|compiler| compiler.expanded(item, block))
    }

    fn expanded(&mut self, item: usize, block: Block<'t>) -> Option<Expanded> {
        let declaration = self.items[item].item;
        let name = declaration.name().map_or_else(|| self.span(declaration.node()), |name| self.span(name.node()));
        let grid = match GridScope::new(item, self.items[item].name, block.entries()) {
            Ok(grid) => Rc::new(grid),
            Err(way) => {
                let steps = way.into_iter().map(|(from, to, node)| (from.to_owned(), to.to_owned(), self.span(node)));
                self.circle(&steps.collect::<Vec<_>>());
                return None;
            }
        };
        let scope = Scope::of_grid(&self.file_scope, Rc::clone(&grid));
        let lets: Vec<&'t str> = block
            .entries()
            .filter_map(|entry| match entry {
                Entry::Let(entry) => entry.name().map(synx_grammar::view::Name::text),
                _ => None,
            })
            .collect();
        let laid = Rc::new(self.lay_out(grid, scope, name, &lets)?);
        let given = |name: &str| laid.grid.has(name);
        let mut needed = fields(ItemKind::Grid).iter().filter(|field| field.need == Need::Required);
        if !needed.all(|field| given(field.name) || excused(ItemKind::Grid, field.name, given)) {
            return None;
        }
        self.laid.insert(item, Rc::clone(&laid));
        let conditions = laid
            .grid
            .conditions
            .iter()
            .map(|condition| Condition { text: condition.value.text().to_owned(), closest: None });
        let mut work = Work {
            let_places: vec![HashMap::default(); lets.len()],
            lets: lets.iter().map(|name| LetColumn::new(self, &laid.grid, name)).collect(),
            first_let: laid.axis_names().len(),
            verdicts: vec![HashMap::default(); laid.grid.conditions.len()],
            held: vec![HashMap::default(); laid.grid.assertions.len()],
            conditions: conditions.collect(),
            cells: Vec::new(),
            excluded: Vec::new(),
            broken: 0,
            memo: FieldMemo::new(&laid.grid),
        };
        for at in 0..laid.count() {
            if at.is_multiple_of(1000) {
                self.refuel_for(1000);
            }
            if !laid.grid.axes.is_empty() {
                laid.grid.hold(laid.combination(at));
            }
            let before = work.cells.len();
            self.cell(&laid, at, &mut work);
            laid.cells.borrow_mut().push(if work.cells.len() > before { before as u32 } else { NO_CELL });
            if work.broken >= MAX_BROKEN {
                return None;
            }
        }
        if work.broken > 0 {
            return None;
        }
        if work.cells.is_empty() {
            let mut finding = self
                .finding(
                    "E0405",
                    name,
                    "no cell of this grid is left",
                    format!("{} cells, all left out", work.excluded.len()),
                )
                .help("its conditions (`where`) leave out every cell; loosen one");
            finding.notes = work.conditions.iter().filter_map(Condition::closest_text).collect();
            self.report(finding);
            return None;
        }
        self.lists.cells += work.cells.len() as u64;
        let place = |compiler: &Self, field: &str| {
            laid.grid.expression(field).map_or(name, |expression| compiler.span(expression.node()))
        };
        let columns = std::mem::take(&mut laid.columns.borrow_mut().columns);
        laid.columns.borrow_mut().columns.clone_from(&columns);
        Some(Expanded {
            item,
            name,
            data: place(self, "data"),
            recipe: place(self, "recipe"),
            grid: Grid {
                name: self.items[item].name.to_owned(),
                documentation: declaration.docs(),
                columns,
                cells: work.cells,
                excluded: work.excluded,
                conditions: work.conditions,
                origin: Some(self.origin(name)),
            },
        })
    }

    /// One cell: its conditions, then its fields.
    fn cell(&mut self, laid: &Rc<LaidOut<'t>>, at: usize, work: &mut Work<'t>) {
        for condition in 0..work.verdicts.len() {
            match self.verdict(laid, at, condition, work) {
                Verdict::Holds => {}
                Verdict::LeavesOut => {
                    let mut values = laid.column_places(at);
                    for number in 0..work.lets.len() {
                        // A cell that is left out may have no value here; it is listed all the same.
                        values.push(self.let_place(laid, number, true, work).unwrap_or(0));
                    }
                    work.excluded.push(Excluded { values: values.into(), condition: condition as u32 });
                    return;
                }
                Verdict::Broken => {
                    work.broken += 1;
                    return;
                }
            }
        }
        for (assertion, held) in laid.grid.assertions.iter().zip(&mut work.held) {
            let key = laid.grid.key(&assertion.needs);
            if !*held.entry(key).or_insert_with(|| self.holds(assertion.it, &laid.scope)) {
                work.broken += 1;
                return;
            }
        }
        let mut values = Vec::with_capacity(work.first_let + work.lets.len());
        if !laid.grid.axes.is_empty() {
            for (axis, number) in laid.combination(at).iter().enumerate() {
                values.extend_from_slice(laid.axis_places(axis, *number));
            }
        }
        let mut fits = true;
        for number in 0..work.lets.len() {
            match self.let_place(laid, number, false, work) {
                Some(place) => values.push(place),
                None => fits = false,
            }
        }
        match self.cell_fields(&laid.grid, &laid.scope, &mut work.memo) {
            Some(fields) if fits => work.cells.push(Cell {
                values: values.into(),
                mixture: fields.is.mixture,
                model: fields.is.model,
                recipe: fields.is.recipe,
                evaluation: fields.is.evaluation,
                tokens: fields.is.tokens,
                replicate: fields.replicate,
                start: fields.start.map(|start| CellId { grid: start.item, cell: start.combination }),
                objective: fields.objective,
                choice: fields.choice,
            }),
            _ => work.broken += 1,
        }
    }

    /// What a condition says of the cell at hand: once for all that it depends on.
    fn verdict(&mut self, laid: &Rc<LaidOut<'t>>, at: usize, condition: usize, work: &mut Work<'t>) -> Verdict {
        let asked = &laid.grid.conditions[condition];
        let key = laid.grid.key(&asked.needs);
        if let Some(known) = work.verdicts[condition].get(&key) {
            return *known;
        }
        let value = self.evaluate(asked.value, &laid.scope);
        let span = self.span(asked.value.node());
        let verdict = match self.condition(&value, span) {
            Some(true) => Verdict::Holds,
            Some(false) => Verdict::LeavesOut,
            None => Verdict::Broken,
        };
        if let Verdict::LeavesOut = verdict
            && let Some((value, bound)) = self.quietly(|compiler| compiler.how_far_off(asked.value, &laid.scope))
        {
            let closest = &mut work.conditions[condition].closest;
            let distance = |value: &Exact, bound: &Exact| value.sub(bound).abs();
            let here = distance(&value.value, &bound.value);
            if closest.as_ref().is_none_or(|known| here < distance(&known.value.value, &known.bound.value)) {
                *closest = Some(Closest { cell: laid.column_places(at).into(), value, bound });
            }
        }
        work.verdicts[condition].insert(key, verdict);
        verdict
    }

    /// The place of a `let`'s value in its column; nothing where it has a mistake. Where it is asked for `quietly`, a mistake is an empty
    /// text.
    fn let_place(&mut self, laid: &Rc<LaidOut<'t>>, number: usize, quietly: bool, work: &mut Work<'t>) -> Option<u32> {
        let LetColumn { name, ref needs, span } = work.lets[number];
        // What depends on all axes is asked for once.
        let key = (needs.len() < laid.grid.axes.len()).then(|| laid.grid.key(needs));
        if let Some(known) = key.as_ref().and_then(|key| work.let_places[number].get(key)) {
            return *known;
        }
        let mut value = if quietly {
            self.quietly(|compiler| compiler.grid_entry(&laid.grid, name, &laid.scope, span))
        } else {
            self.grid_entry(&laid.grid, name, &laid.scope, span)
        };
        if value.is_error() {
            if !quietly {
                work.let_places[number].extend(key.map(|key| (key, None)));
                return None;
            }
            value = Value::text("");
            return laid.columns.borrow_mut().place(work.first_let + number, &value).ok();
        }
        let place = match laid.columns.borrow_mut().place(work.first_let + number, &value) {
            Ok(place) => Some(place),
            Err(_) if quietly => return None,
            Err((one, other)) => {
                let headline = format!("`{name}` has different units in different cells");
                let finding = self.finding("E0202", span, headline, format!("{one} and {other}"));
                self.report(finding);
                None
            }
        };
        work.let_places[number].extend(key.map(|key| (key, place)));
        place
    }
}

/// A `let` of the grid.
struct LetColumn<'t> {
    name: &'t str,
    /// The axes that it depends on.
    needs: Vec<usize>,
    span: Span,
}

impl<'t> LetColumn<'t> {
    fn new(compiler: &Compiler<'t>, grid: &GridScope<'t>, name: &'t str) -> Self {
        let declared = grid.expression(name).map(|expression| compiler.span(expression.node()));
        LetColumn { name, needs: grid.needs(name), span: declared.unwrap_or(Span { file: 0, start: 0, end: 0 }) }
    }
}

/// What grows while the cells of a grid are made.
struct Work<'t> {
    lets: Vec<LetColumn<'t>>,
    /// The number of the first `let` among the columns.
    first_let: usize,
    let_places: Vec<HashMap<CellKey, Option<u32>>>,
    verdicts: Vec<HashMap<CellKey, Verdict>>,
    /// For each assertion and what it depends on, whether it holds.
    held: Vec<HashMap<CellKey, bool>>,
    conditions: Vec<Condition>,
    cells: Vec<Cell>,
    excluded: Vec<Excluded>,
    broken: usize,
    memo: FieldMemo,
}

/// What a condition says of a cell.
#[derive(Clone, Copy)]
enum Verdict {
    Holds,
    LeavesOut,
    Broken,
}
