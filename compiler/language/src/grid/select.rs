//! Cells as values: the cells of a grid as an axis, one of them by its axes, and what is known of it.

use std::rc::Rc;

use synx_grammar::view::{Access, Argument, Index, Name};
use synx_plan::grid::ColumnValue;
use synx_plan::unit::{Amount, Count, Unit};

use super::lay_out::{LaidOut, NO_CELL};
use super::scope::INHERITED;
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::suggest::{listed, nearest};
use crate::table::{Demanded, Table};
use crate::value::{CellRef, CellValue, List, Span, Value};

/// How many values of an axis a message lists.
const SHOWN: usize = 8;

/// What is known of every cell besides the entries of its grid.
const CELL_COLUMNS: [&str; 7] = ["tokens", "steps", "params", "flops", "batch", "replicate", "weights"];

impl<'t> Compiler<'t> {
    /// A grid with its combinations, expanded where that has not been done; nothing where it has a mistake or is needed for its own axes.
    pub(crate) fn laid_out(&mut self, item: usize, span: Span) -> Option<Rc<LaidOut<'t>>> {
        if let Some(laid) = self.laid.get(&item) {
            return Some(Rc::clone(laid)).filter(|_| !matches!(self.grids.get(&item), Some(Demanded::Done(None))));
        }
        if let Some(Demanded::Running) = self.grids.get(&item) {
            self.needs_own_cells(item, span);
            return None;
        }
        self.grid(item, span)?;
        self.laid.get(&item).cloned()
    }

    /// Whether all cells of a grid have been made.
    pub(super) fn is_expanded(&self, item: usize) -> bool {
        matches!(self.grids.get(&item), Some(Demanded::Done(Some(_))))
    }

    fn needs_own_cells(&mut self, item: usize, span: Span) {
        let name = self.items[item].name;
        let finding = self
            .finding(
                "E0411",
                span,
                format!("which cells `{name}` has depends on its own cells"),
                format!("the cells of `{name}`"),
            )
            .help("an axis may range over the cells of another grid; a field may name cells of its own grid by their axes");
        self.report(finding);
    }

    /// All cells of a grid: what `axis base = grid` ranges over.
    pub(super) fn cells_as_values(&mut self, item: usize, span: Span) -> Option<List> {
        let laid = self.laid_out(item, span)?;
        if !self.is_expanded(item) {
            self.needs_own_cells(item, span);
            return None;
        }
        let kept: Vec<usize> = (0..laid.count()).filter(|at| laid.cells.borrow()[*at] != NO_CELL).collect();
        if !self.burn(kept.len() as u64, span) {
            return None;
        }
        let values = kept.into_iter().map(|at| self.cell_value(&laid, at));
        Some(List::Items(Rc::new(values.collect())))
    }

    fn cell_value(&self, laid: &LaidOut<'t>, at: usize) -> Value {
        let item = laid.grid.item;
        let name = laid.cell_name(self.items[item].name, at).into();
        Value::Cell(Rc::new(CellValue { cell: CellRef { item: item as u32, combination: at as u32 }, name }))
    }

    /// The stable name of a cell.
    pub(crate) fn cell_ref_name(&self, cell: CellRef) -> String {
        let item = cell.item as usize;
        let name = self.items[item].name;
        self.laid.get(&item).map_or_else(|| name.to_owned(), |laid| laid.cell_name(name, cell.combination as usize))
    }

    /// Whether brackets after a grid mean one cell: where every axis is named, and wherever a grid is being made, whose fields want cells.
    /// Elsewhere they may pick several rows.
    pub(crate) fn is_cell(&mut self, item: usize, index: Index<'t>, scope: &Rc<Scope<'t>>) -> bool {
        if scope.is_in_grid() {
            return true;
        }
        let span = self.span(index.node());
        let Some(laid) = self.laid_out(item, span) else { return true };
        let names = laid.axis_names();
        let named: Vec<&str> = index
            .arguments()
            .filter_map(|argument| if let Argument::Named(name, _) = argument { Some(name.text()) } else { None })
            .collect();
        !named.is_empty() && names.iter().all(|axis| named.contains(&axis.as_str()))
    }

    /// The row of a grid's table that a cell is; nothing, and reported, while its grid is being made.
    pub(crate) fn row_of_cell(&mut self, cell: &Rc<CellValue>, span: Span) -> Option<Rc<Table>> {
        let item = cell.cell.item as usize;
        let laid = self.laid_out(item, span)?;
        let place = laid.cells.borrow().get(cell.cell.combination as usize).copied().filter(|place| *place != NO_CELL);
        let (true, Some(place)) = (self.is_expanded(item), place) else {
            self.needs_own_cells(item, span);
            return None;
        };
        let table = self.as_table(&Value::Grid(item), span)?;
        self.row_at(&table, place, &cell.name, span)
    }

    /// `grid[axis = value, …]`: the cell with these values. Within the grid itself, axes that are not named have the values of the cell
    /// at hand.
    pub(crate) fn select_cell(&mut self, item: usize, index: Index<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let span = self.span(index.node());
        let Some(laid) = self.laid_out(item, span) else { return Value::Error };
        let names = laid.axis_names();
        let grid_name = self.items[item].name;
        let mut places: Vec<Option<u32>> = match scope.grid_around(item) {
            Some(_) => laid.places_at_hand(),
            _ => vec![None; names.len()],
        };
        let mut fits = true;
        for argument in index.arguments() {
            let Argument::Named(name, Some(value)) = argument else {
                let place = argument.value().map_or(span, |value| self.span(value.node()));
                let finding = self
                    .finding(
                        "E0412",
                        place,
                        format!("which axis of `{grid_name}` is this?"),
                        "a value without its axis",
                    )
                    .help(format!(
                        "name the axis: `{grid_name}[{} = …]`",
                        names.first().map_or("axis", String::as_str)
                    ));
                self.report(finding);
                return Value::Error;
            };
            let Some(column) = names.iter().position(|axis| axis == name.text()) else {
                self.no_such_axis(&laid, grid_name, name, &names);
                fits = false;
                continue;
            };
            let found = self.evaluate(value, scope);
            let place = self.span(value.node());
            match self.axis_place(&laid, column, &found, place) {
                Some(found) => places[column] = Some(found),
                None => fits = false,
            }
        }
        if !fits {
            return Value::Error;
        }
        let missing: Vec<usize> = (0..names.len()).filter(|column| places[*column].is_none()).collect();
        if !missing.is_empty() {
            let listed_names = listed(missing.iter().map(|column| names[*column].as_str()));
            let mut finding = self
                .finding(
                    "E0412",
                    span,
                    format!("this is not one cell of `{grid_name}`: {listed_names} may be anything"),
                    "one cell is wanted",
                )
                .help(format!(
                    "say the value of every axis; an axis may range over several cells: `{grid_name} |> filter(…)`"
                ));
            finding.notes = missing.iter().map(|column| self.values_of_axis(&laid, *column)).collect();
            return self.report(finding);
        }
        let places: Vec<u32> = places.into_iter().flatten().collect();
        let Some(at) = laid.find(&places) else {
            let finding = self
                .finding("E0412", span, format!("`{grid_name}` has no such cell"), "these values do not occur together")
                .help("an axis of the grid has other values where the axes that it depends on have these");
            return self.report(finding);
        };
        let cell = CellRef { item: item as u32, combination: at };
        match laid.cells.borrow().get(at as usize) {
            Some(&NO_CELL) => return self.left_out(cell, span),
            Some(_) => {}
            // It has not been made yet: what becomes of it is looked at when all have.
            None => self.awaited.push((cell, span)),
        }
        self.cell_value(&laid, at as usize)
    }

    pub(super) fn left_out(&mut self, cell: CellRef, span: Span) -> Value {
        let name = self.cell_ref_name(cell);
        let finding = self
            .finding("E0412", span, format!("`{name}` is left out of its grid"), "not a cell")
            .help("a condition (`where`) of the grid leaves it out; ask for a cell that stays");
        self.report(finding)
    }

    /// The cell of a grid without axes: the grid stands for it.
    pub(crate) fn only_cell(&mut self, item: usize, span: Span) -> Option<Rc<CellValue>> {
        let laid = self.laid_out(item, span)?;
        let names = laid.axis_names();
        if names.is_empty()
            && let Value::Cell(cell) = self.cell_value(&laid, 0)
        {
            return Some(cell);
        }
        let grid_name = self.items[item].name;
        let headline = format!("which cell of `{grid_name}`?");
        let mut finding = self.finding("E0412", span, headline, "a grid of several").help(format!(
            "say the value of every axis: `{grid_name}[{}]`; or range over all: `axis base = {grid_name}`",
            names.iter().map(|name| format!("{name} = …")).collect::<Vec<_>>().join(", ")
        ));
        finding.notes = (0..names.len()).map(|column| self.values_of_axis(&laid, column)).collect();
        self.report(finding);
        None
    }

    /// `cell.loss[domain]`, `row.loss[domain]`.
    pub(crate) fn loss_of_domain(&mut self, row: &Value, index: Index<'t>, access: Access<'t>) -> Value {
        let span = self.span(index.node());
        let name: String = index.text().chars().filter(|c| !c.is_whitespace()).collect();
        let base: String =
            access.base().map_or("", |base| base.text()).chars().filter(|c| !c.is_whitespace()).collect();
        let column = name.get(base.len() + 1..).unwrap_or_default().to_owned();
        let row = match row {
            Value::Cell(cell) => match self.row_of_cell(cell, span) {
                Some(row) => Value::Row(row),
                None => return Value::Error,
            },
            other => other.clone(),
        };
        self.table_column(&row, &column, span, span)
    }

    fn no_such_axis(&mut self, laid: &LaidOut<'t>, grid: &str, name: Name<'t>, names: &[String]) {
        let span = self.span(name.node());
        let mut finding = self
            .finding("E0412", span, format!("`{grid}` has no axis `{}`", name.text()), "no such axis")
            .help(format!("its axes are {}", listed(names.iter().map(String::as_str))));
        if laid.grid.has(name.text()) {
            finding = finding.note(format!("`{}` follows from the axes: it does not choose a cell", name.text()));
        } else if let Some(near) = nearest(name.text(), names.iter().map(String::as_str)) {
            let edit = self.edit(span, near);
            finding = finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit]);
        }
        self.report(finding);
    }

    /// The value of an axis of some grid that a column shows in this way.
    pub(crate) fn axis_value_called(&self, axis: &str, shown: &ColumnValue) -> Option<Value> {
        self.laid.values().find_map(|laid| {
            let axis = laid.grid.axes.iter().position(|entry| !entry.tuple && entry.names[0].text() == axis)?;
            laid.grid.axis_values(axis).into_iter().find(|value| value.column().0 == *shown)
        })
    }

    /// The place of a value in the column of an axis; nothing, and reported, where the axis does not have it.
    fn axis_place(&mut self, laid: &LaidOut<'t>, column: usize, value: &Value, span: Span) -> Option<u32> {
        if value.is_error() {
            return None;
        }
        let (mut wanted, unit) = value.column();
        let columns = laid.columns.borrow();
        let there = &columns.columns[column];
        let (axis, counted) = (there.name.clone(), there.unit.clone());
        let known = columns.known(column, &wanted);
        drop(columns);
        if let ColumnValue::Number(_) = wanted
            && !unit.is_empty()
            && unit != counted
            && !counted.is_empty()
        {
            let finding = self.finding(
                "E0202",
                span,
                format!("axis `{axis}` counts {counted}, this is {}", value.describe()),
                unit,
            );
            self.report(finding);
            return None;
        }
        if known.is_some() {
            return known;
        }
        if let (Value::Text(text), ColumnValue::Text(_)) = (value, &wanted) {
            wanted = ColumnValue::Text(format!("\"{text}\""));
        }
        let finding = self
            .finding("E0412", span, format!("axis `{axis}` has no value {wanted}"), "no cell has it")
            .note(self.values_of_axis(laid, column));
        self.report(finding);
        None
    }

    /// "`round` is 0, 1, 2, …".
    fn values_of_axis(&self, laid: &LaidOut<'t>, column: usize) -> String {
        let columns = laid.columns.borrow();
        let column = &columns.columns[column];
        let mut shown: Vec<String> = column.values.iter().take(SHOWN).map(ToString::to_string).collect();
        if column.values.len() > SHOWN {
            shown.push("…".to_owned());
        }
        let unit = if column.unit.is_empty() { String::new() } else { format!(" {}", column.unit) };
        format!("`{}` is one of {}{unit}", column.name, shown.join(", "))
    }

    /// The value of an entry of a cell's grid in that cell.
    pub(crate) fn cell_entry(&mut self, cell: CellRef, name: &str, span: Span) -> Value {
        let Some(laid) = self.laid_out(cell.item as usize, span) else { return Value::Error };
        if !self.enter(span) {
            return Value::Error;
        }
        let before = laid.grid.held();
        if !laid.grid.axes.is_empty() {
            laid.grid.hold(laid.combination(cell.combination as usize));
        }
        self.cells_at_hand.push(cell);
        let value = self.grid_entry(&laid.grid, name, &laid.scope, span);
        self.cells_at_hand.pop();
        laid.grid.hold(&before);
        self.leave();
        value
    }

    /// What a cell keeps of the cell that it starts from.
    pub(super) fn inherited(&mut self, start: &Value, name: &str, span: Span) -> Value {
        match start {
            Value::Weights(cell) => self.cell_entry(cell.cell, name, span),
            // What is wrong with it is said where the field is looked at.
            _ => Value::Error,
        }
    }

    /// `cell.name`: an axis, a `let` or a field of its grid, or what follows from them.
    pub(crate) fn cell_access(&mut self, cell: &Rc<CellValue>, access: Access<'t>, name: Name<'t>) -> Value {
        let span = self.span(access.node());
        if name.text() == "weights" {
            return Value::Weights(Rc::clone(cell));
        }
        let Some(laid) = self.laid_out(cell.cell.item as usize, span) else { return Value::Error };
        if laid.grid.has(name.text()) {
            return self.cell_entry(cell.cell, name.text(), span);
        }
        if self.is_result(cell, name.text(), span) {
            let Some(row) = self.row_of_cell(cell, span) else { return Value::Error };
            return self.table_column(&Value::Row(row), name.text(), span, span);
        }
        self.cell_column(cell, name.text(), span).unwrap_or_else(|| {
            let entries: Vec<&str> = laid.grid.names().filter(|entry| !INHERITED.contains(entry)).collect();
            let known: Vec<&str> = entries
                .into_iter()
                .chain(CELL_COLUMNS.into_iter().filter(|column| !laid.grid.has(column)))
                .chain(["loss"])
                .collect();
            self.no_field(name, &format!("a cell of `{}`", self.items[cell.cell.item as usize].name), &known)
        })
    }

    /// Whether a name is a column that a run settles.
    fn is_result(&mut self, cell: &Rc<CellValue>, name: &str, span: Span) -> bool {
        let known = CELL_COLUMNS.contains(&name);
        let item = cell.cell.item as usize;
        if known || !self.is_expanded(item) {
            return !known && matches!(name, "loss" | "bits_per_byte");
        }
        self.as_table(&Value::Grid(item), span).is_some_and(|table| table.column(name).is_some())
    }

    /// A column of the results of a cell that is known before it runs.
    fn cell_column(&mut self, cell: &Rc<CellValue>, name: &str, span: Span) -> Option<Value> {
        let number = |value: Amount| Some(Value::Number(value));
        match name {
            "params" => match self.cell_entry(cell.cell, "model", span) {
                Value::Model(model) => {
                    number(Amount::counted(model.it.parameters(self.settings.parameters), Count::Params))
                }
                _ => Some(Value::Error),
            },
            "batch" => match self.cell_entry(cell.cell, "recipe", span) {
                Value::Recipe(recipe) => number(Amount::counted(recipe.it.batch, Count::Tokens)),
                _ => Some(Value::Error),
            },
            "replicate" => number(Amount::plain(1u64)),
            "tokens" => Some(self.cell_budget(cell, span).map_or(Value::Error, Value::Number)),
            "steps" => {
                let batch = self.cell_entry(cell.cell, "recipe", span);
                let (Value::Recipe(recipe), Some(tokens)) = (batch, self.cell_budget(cell, span)) else {
                    return Some(Value::Error);
                };
                number(Amount::counted(tokens.value.div(&recipe.it.batch.into())?, Count::Steps))
            }
            "flops" => {
                let model = self.cell_entry(cell.cell, "model", span);
                let (Value::Model(model), Some(tokens)) = (model, self.cell_budget(cell, span)) else {
                    return Some(Value::Error);
                };
                number(Amount::new(self.flops_of(&model.it).mul(&tokens.value), Unit::FLOP))
            }
            _ => None,
        }
    }

    /// The tokens of a cell, whether its grid counts them or steps.
    pub(crate) fn cell_budget(&mut self, cell: &Rc<CellValue>, span: Span) -> Option<Amount> {
        let laid = self.laid_out(cell.cell.item as usize, span)?;
        let counted = if laid.grid.has("tokens") { "tokens" } else { "steps" };
        let Value::Number(budget) = self.cell_entry(cell.cell, counted, span) else { return None };
        if counted == "tokens" {
            return Some(budget);
        }
        let Value::Recipe(recipe) = self.cell_entry(cell.cell, "recipe", span) else { return None };
        Some(Amount::counted(budget.value.mul(&recipe.it.batch.into()), Count::Tokens))
    }
}
