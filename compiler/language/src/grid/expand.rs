//! The cells of a grid, one after the other.

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Assert, Block, Entry, Expression};
use synx_plan::grid::{Cell, Column, ColumnKind, ColumnValue, Excluded, Grid};

use super::scope::GridScope;
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::signature::{Need, fields};
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

/// Columns while they grow.
pub(crate) struct Columns {
    columns: Vec<Column>,
    /// For each column, the place of each value.
    index: Vec<HashMap<ColumnValue, u32>>,
}

impl Columns {
    fn new(grid: &GridScope<'_>, lets: &[&str]) -> Columns {
        let axes = grid.axes.iter().flat_map(|axis| &axis.names).map(|name| (name.text(), ColumnKind::Axis));
        let lets = lets.iter().map(|name| (*name, ColumnKind::Let));
        let column = |(name, kind): (&str, ColumnKind)| Column {
            name: name.to_owned(),
            kind,
            unit: if name == "tokens" { "tokens".to_owned() } else { String::new() },
            values: Vec::new(),
        };
        let columns: Vec<Column> = axes.chain(lets).map(column).collect();
        let index = vec![HashMap::new(); columns.len()];
        Columns { columns, index }
    }

    /// The place of a value in a column; the units of the two where they differ.
    fn place(&mut self, column: usize, value: &Value) -> Result<u32, (String, String)> {
        let (value, unit) = value.column();
        let there = &mut self.columns[column];
        if there.unit != unit && !unit.is_empty() {
            if !there.values.is_empty() && !there.unit.is_empty() {
                return Err((there.unit.clone(), unit));
            }
            there.unit = unit;
        }
        if let Some(place) = self.index[column].get(&value) {
            return Ok(*place);
        }
        let place = there.values.len() as u32;
        there.values.push(value.clone());
        self.index[column].insert(value, place);
        Ok(place)
    }
}

impl<'t> Compiler<'t> {
    /// Expands the grid that an item declares; nothing where it has mistakes.
    pub(crate) fn expand(&mut self, item: usize, block: Block<'t>) -> Option<Expanded> {
        let declaration = self.items[item].item;
        let name_span = declaration.name().map_or_else(|| self.span(declaration.node()), |name| self.span(name.node()));
        let grid = match GridScope::new(block.entries()) {
            Ok(grid) => Rc::new(grid),
            Err(name) => {
                let span = self.span(name.node());
                self.cycle(name.text(), span);
                return None;
            }
        };
        let scope = Scope::of_grid(&self.file_scope, Rc::clone(&grid));
        let complete = fields(synx_grammar::view::ItemKind::Grid)
            .iter()
            .all(|field| field.need != Need::Required || grid.has(field.name));
        let axes = self.independent_axes(&grid, &scope, name_span, self.lists.cells)?;
        if !complete {
            return None;
        }
        let lets: Vec<&'t str> = block
            .entries()
            .filter_map(|entry| match entry {
                Entry::Let(entry) => entry.name().map(synx_grammar::view::Name::text),
                _ => None,
            })
            .collect();
        let wheres: Vec<Expression<'t>> = block
            .entries()
            .filter_map(|entry| match entry {
                Entry::Where(condition) => condition.condition(),
                _ => None,
            })
            .collect();
        let asserts = block
            .entries()
            .filter_map(|entry| if let Entry::Assert(assertion) = entry { Some(assertion) } else { None })
            .collect();
        let mut work = Work {
            columns: Columns::new(&grid, &lets),
            lets,
            wheres,
            asserts,
            cells: Vec::new(),
            excluded: Vec::new(),
            broken: 0,
            fields: HashMap::new(),
        };
        if self.walk(&grid, &scope, &axes, &mut work, name_span).is_none() || work.broken > 0 {
            return None;
        }
        if work.cells.is_empty() {
            let left_out = work.excluded.len();
            let finding = self
                .finding("E0405", name_span, "no cell of this grid is left", format!("{left_out} cells, all left out"))
                .help("its conditions (`where`) leave out every cell; loosen one");
            self.report(finding);
            return None;
        }
        self.lists.cells += work.cells.len() as u64;
        let place = |compiler: &Self, name: &str| {
            grid.expression(name).map_or(name_span, |expression| compiler.span(expression.node()))
        };
        Some(Expanded {
            item,
            name: name_span,
            data: place(self, "data"),
            recipe: place(self, "recipe"),
            grid: Grid {
                name: self.items[item].name.to_owned(),
                documentation: declaration.docs(),
                columns: work.columns.columns,
                cells: work.cells,
                excluded: work.excluded,
                origin: Some(self.origin(name_span)),
            },
        })
    }

    /// Goes through all combinations of the axes, the last one fastest; axes stand in an order in which each comes after those that
    /// it depends on, otherwise that of the file.
    fn walk(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        scope: &Rc<Scope<'t>>,
        independent: &[Option<Rc<Vec<Value>>>],
        work: &mut Work<'t>,
        name: Span,
    ) -> Option<()> {
        let order = in_order(grid);
        self.count_dependent(grid, scope, independent, &order, name, self.lists.cells)?;
        let first_column: Vec<usize> = grid
            .axes
            .iter()
            .scan(0, |next, axis| {
                let first = *next;
                *next += axis.names.len();
                Some(first)
            })
            .collect();
        let axis_columns: usize = grid.axes.iter().map(|axis| axis.names.len()).sum();
        let mut places = vec![0u32; axis_columns];
        // For each level the values of its axis and the next one to take.
        let mut levels: Vec<(Rc<Vec<Value>>, usize)> = Vec::new();
        let mut visited = 0u64;
        if order.is_empty() {
            self.cell(grid, scope, &places, work);
            return Some(());
        }
        loop {
            let depth = levels.len();
            if depth < order.len() {
                let axis = order[depth];
                let values = if let Some(values) = &independent[axis] {
                    Rc::clone(values)
                } else {
                    let list = self.axis_list(grid, axis, scope)?;
                    let Some(values) = list.expand(self.max_cells) else {
                        let count = synx_plan::grid::readable(&list.count());
                        self.too_many_cells(
                            name,
                            &format!("at least {count}"),
                            "from a dependent axis",
                            self.lists.cells,
                        );
                        return None;
                    };
                    values
                };
                self.check_axis(grid, axis, &values)?;
                levels.push((values, 0));
            }
            // The next value of the innermost level that has one.
            loop {
                let Some((values, next)) = levels.last_mut() else { return Some(()) };
                if *next < values.len() {
                    break;
                }
                levels.pop();
            }
            let depth = levels.len() - 1;
            let axis = order[depth];
            let (value, place) = {
                let (values, next) = &mut levels[depth];
                *next += 1;
                (values[*next - 1].clone(), *next - 1)
            };
            if value.is_error() {
                return None;
            }
            self.place_values(grid, axis, &value, &mut places[first_column[axis]..], first_column[axis], work)?;
            grid.set(axis, place as u32, value);
            if depth + 1 == order.len() {
                visited += 1;
                if visited + self.lists.cells > self.max_cells {
                    self.too_many_cells(
                        name,
                        &format!("more than {}", self.max_cells),
                        "counted one by one",
                        self.lists.cells,
                    );
                    return None;
                }
                if visited.is_multiple_of(1000) {
                    self.refuel();
                }
                self.cell(grid, scope, &places, work);
                if work.broken >= MAX_BROKEN {
                    return None;
                }
            }
        }
    }

    /// Refuses an axis on which a value stands twice: two cells would have one name.
    fn check_axis(&mut self, grid: &Rc<GridScope<'t>>, axis: usize, values: &Rc<Vec<Value>>) -> Option<()> {
        let mut seen: IndexMap<ColumnValue, ()> = IndexMap::new();
        let entry = &grid.axes[axis];
        for value in values.iter() {
            if value.is_error() {
                return None;
            }
            if seen.insert(value.column().0, ()).is_some() {
                let span = self.span(entry.value.node());
                let name = entry.names.first().map_or("", |name| name.text());
                let shown = value.column().0;
                let finding = self
                    .finding("E0406", span, format!("axis `{name}` has the value {shown} twice"), "each value once")
                    .help("to run a cell again with another seed, use `axis replicate = 1..3 step 1`");
                self.report(finding);
                return None;
            }
        }
        Some(())
    }

    /// The places of an axis's value in its columns: of a tuple, each part in its own.
    fn place_values(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        axis: usize,
        value: &Value,
        places: &mut [u32],
        first: usize,
        work: &mut Work<'t>,
    ) -> Option<()> {
        let entry = &grid.axes[axis];
        let parts: Rc<[Value]> = if entry.tuple {
            let span = self.span(entry.value.node());
            self.tuple_parts(value, entry.names.len(), span)?
        } else {
            Rc::from([value.clone()])
        };
        for (i, part) in parts.iter().enumerate() {
            if let Value::List(_) | Value::Interval(_) | Value::Grid(_) | Value::Law(_) = part {
                let span = self.span(entry.value.node());
                if matches!(part, Value::Grid(_) | Value::Law(_)) {
                    self.not_yet(span, "an axis over the cells of another grid");
                } else if matches!(part, Value::Interval(_)) {
                    self.expected(span, "a list of values", part);
                    return None;
                }
            }
            match work.columns.place(first + i, part) {
                Ok(place) => places[i] = place,
                Err((one, other)) => {
                    let span = self.span(entry.value.node());
                    let name = entry.names.get(i).map_or("", |name| name.text());
                    let finding = self
                        .finding(
                            "E0202",
                            span,
                            format!("the values of axis `{name}` have different units"),
                            format!("{one} and {other}"),
                        )
                        .help("write all of them in one unit");
                    self.report(finding);
                    return None;
                }
            }
        }
        Some(())
    }

    /// One cell: its conditions, then its fields.
    fn cell(&mut self, grid: &Rc<GridScope<'t>>, scope: &Rc<Scope<'t>>, axis_places: &[u32], work: &mut Work<'t>) {
        for condition in work.wheres.clone() {
            let value = self.evaluate(condition, scope);
            let span = self.span(condition.node());
            match self.condition(&value, span) {
                Some(true) => {}
                Some(false) => {
                    let condition = self.source(span).to_owned();
                    let mut values = axis_places.to_vec();
                    let lets = work.lets.clone();
                    for (i, name) in lets.iter().enumerate() {
                        // A cell that is left out may have no value here; it is listed all the same.
                        let value = self.quietly(|compiler| compiler.grid_entry(grid, name, scope, span));
                        let value = if value.is_error() { Value::text("") } else { value };
                        values.push(work.columns.place(axis_places.len() + i, &value).unwrap_or(0));
                    }
                    work.excluded.push(Excluded { values: values.into(), condition });
                    return;
                }
                None => {
                    work.broken += 1;
                    return;
                }
            }
        }
        for assertion in work.asserts.clone() {
            if !self.holds(assertion, scope) {
                work.broken += 1;
                return;
            }
        }
        let mut values = axis_places.to_vec();
        let mut fits = true;
        for (i, name) in work.lets.clone().into_iter().enumerate() {
            let span = grid.expression(name).map(|e| self.span(e.node()));
            let Some(span) = span else { continue };
            let value = self.grid_entry(grid, name, scope, span);
            fits &= !value.is_error();
            match work.columns.place(axis_places.len() + i, &value) {
                Ok(place) => values.push(place),
                Err((one, other)) => {
                    let headline = format!("`{name}` has different units in different cells");
                    let finding = self.finding("E0202", span, headline, format!("{one} and {other}"));
                    self.report(finding);
                    fits = false;
                }
            }
        }
        match self.cell_fields(grid, scope, work) {
            Some(fields) if fits => work.cells.push(Cell {
                values: values.into(),
                mixture: fields.mixture,
                model: fields.model,
                recipe: fields.recipe,
                evaluation: fields.evaluation,
                tokens: fields.tokens,
                replicate: fields.replicate,
                start: None,
                objective: None,
            }),
            _ => work.broken += 1,
        }
    }
}

/// What grows while a grid is expanded.
pub(crate) struct Work<'t> {
    columns: Columns,
    lets: Vec<&'t str>,
    wheres: Vec<Expression<'t>>,
    asserts: Vec<Assert<'t>>,
    cells: Vec<Cell>,
    excluded: Vec<Excluded>,
    broken: usize,
    /// For each field, what it comes to under the axes that it depends on.
    pub fields: HashMap<(&'static str, Box<[u32]>), Option<u64>>,
}

/// The axes so that each comes after those that it depends on, otherwise in the order of the file.
fn in_order(grid: &GridScope<'_>) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    while order.len() < grid.axes.len() {
        let ready = (0..grid.axes.len())
            .find(|axis| !order.contains(axis) && grid.axes[*axis].needs.iter().all(|need| order.contains(need)));
        match ready {
            Some(axis) => order.push(axis),
            // Circles were found before.
            None => return order,
        }
    }
    order
}
