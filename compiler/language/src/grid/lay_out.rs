//! A grid laid out: every combination of its axes, before anything is said about the cells.

use crate::map::HashMap;
use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use synx_plan::grid::{ColumnKind, ColumnValue};

use super::columns::Columns;
use super::scope::{CellKey, GridScope};
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::value::{List, Span, Value};

/// A combination that is no cell: left out, or with a mistake.
pub(crate) const NO_CELL: u32 = u32::MAX;

/// A grid with all combinations of its axes, the last axis fastest.
pub(crate) struct LaidOut<'t> {
    pub grid: Rc<GridScope<'t>>,
    pub scope: Rc<Scope<'t>>,
    pub columns: RefCell<Columns>,
    /// For each axis and each of its values, the places in the columns of its names.
    places: Vec<Vec<u32>>,
    /// For each combination the number of each axis's value.
    numbers: Vec<u32>,
    /// The combinations by the places of their axes' columns, once anything asks.
    index: OnceCell<HashMap<Box<[u32]>, u32>>,
    /// For each combination the number of its cell, or [`NO_CELL`]; empty until the cells are made.
    pub cells: RefCell<Vec<u32>>,
}

impl LaidOut<'_> {
    /// How many combinations there are.
    pub(crate) fn count(&self) -> usize {
        // A grid without axes is one run.
        if self.grid.axes.is_empty() { 1 } else { self.numbers.len() / self.grid.axes.len() }
    }

    /// The numbers of the axes' values in a combination.
    pub(crate) fn combination(&self, at: usize) -> &[u32] {
        let axes = self.grid.axes.len();
        &self.numbers[at * axes..(at + 1) * axes]
    }

    /// The places of the values at hand in the columns of their axes; none where one is of those that a run chooses from.
    pub(crate) fn places_at_hand(&self) -> Vec<Option<u32>> {
        let held = self.grid.held().into_iter().enumerate();
        held.flat_map(|(axis, number)| {
            let parts = self.grid.axes[axis].names.len();
            let known = (number as usize) < self.places[axis].len() / parts;
            (0..parts).map(move |part| known.then(|| self.places[axis][number as usize * parts + part]))
        })
        .collect()
    }

    /// The places of a value of an axis in the columns of its names.
    pub(crate) fn axis_places(&self, axis: usize, number: u32) -> &[u32] {
        let parts = self.grid.axes[axis].names.len();
        &self.places[axis][number as usize * parts..(number as usize + 1) * parts]
    }

    /// The places of a combination in the columns of all axes.
    pub(crate) fn column_places(&self, at: usize) -> Vec<u32> {
        let numbers = self.combination(at).iter().enumerate();
        numbers.flat_map(|(axis, number)| self.axis_places(axis, *number).iter().copied()).collect()
    }

    /// The combination with these places in the axes' columns.
    pub(crate) fn find(&self, places: &[u32]) -> Option<u32> {
        let index = self.index.get_or_init(|| {
            (0..self.count()).map(|at| (self.column_places(at).into_boxed_slice(), at as u32)).collect()
        });
        index.get(places).copied()
    }

    /// The stable name of the cell that a combination is or would be.
    pub(crate) fn cell_name(&self, grid: &str, at: usize) -> String {
        synx_plan::grid::cell_name(grid, &self.columns.borrow().columns, &self.column_places(at))
    }

    /// The names of the axes and of the parts of tuple axes, in the order of their columns.
    pub(crate) fn axis_names(&self) -> Vec<String> {
        let columns = self.columns.borrow();
        let axes = columns.columns.iter().filter(|column| column.kind == ColumnKind::Axis);
        axes.map(|column| column.name.clone()).collect()
    }
}

/// The axes of a grid while they are gone through.
pub(super) struct Walk<'t> {
    pub grid: Rc<GridScope<'t>>,
    pub scope: Rc<Scope<'t>>,
    /// The declaration's name.
    pub name: Span,
    /// The axes so that each comes after those that it depends on.
    pub order: Vec<usize>,
    /// For each axis and the values that it depends on, its list.
    lists: HashMap<(usize, CellKey), List>,
    /// Likewise, the first number of its values and how many there are.
    ranges: HashMap<(usize, CellKey), (u32, u32)>,
    columns: Columns,
    first_column: Vec<usize>,
    places: Vec<Vec<u32>>,
}

/// Nested loops over ranges: for each level its first number, how many there are, and the next one to take.
#[derive(Default)]
pub(super) struct Levels(Vec<(u32, u32, u32)>);

impl Levels {
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    pub(super) fn enter(&mut self, (first, count): (u32, u32)) {
        self.0.push((first, count, 0));
    }

    /// The next number, with its level, of the innermost level that has one; levels within it have ended.
    pub(super) fn next(&mut self) -> Option<(usize, u32)> {
        while self.0.last().is_some_and(|(_, count, next)| next == count) {
            self.0.pop();
        }
        let level = self.0.len().checked_sub(1)?;
        let (first, _, next) = &mut self.0[level];
        *next += 1;
        Some((level, *first + *next - 1))
    }
}

impl<'t> Compiler<'t> {
    /// All combinations of a grid's axes; nothing where an axis has a mistake or there are too many.
    pub(super) fn lay_out(
        &mut self,
        grid: Rc<GridScope<'t>>,
        scope: Rc<Scope<'t>>,
        name: Span,
        lets: &[&str],
    ) -> Option<LaidOut<'t>> {
        let mut next = 0;
        let mut walk = Walk {
            order: in_order(&grid),
            lists: HashMap::default(),
            ranges: HashMap::default(),
            columns: Columns::new(&grid, lets),
            first_column: grid
                .axes
                .iter()
                .map(|axis| {
                    next += axis.names.len();
                    next - axis.names.len()
                })
                .collect(),
            places: vec![Vec::new(); grid.axes.len()],
            grid,
            scope,
            name,
        };
        if walk.order.len() < walk.grid.axes.len() {
            return None;
        }
        self.count_cells(&mut walk)?;
        let axes = walk.order.len();
        let mut numbers: Vec<u32> = Vec::new();
        let mut combination = vec![0u32; axes];
        let mut levels = Levels::default();
        loop {
            if axes == 0 {
                break;
            }
            if levels.depth() < axes {
                let axis = walk.order[levels.depth()];
                let range = self.axis_numbers(&mut walk, axis)?;
                levels.enter(range);
            }
            let Some((level, number)) = levels.next() else { break };
            combination[walk.order[level]] = number;
            walk.grid.set(walk.order[level], number);
            if level + 1 == axes {
                numbers.extend_from_slice(&combination);
            }
        }
        Some(LaidOut {
            grid: walk.grid,
            scope: walk.scope,
            columns: RefCell::new(walk.columns),
            places: walk.places,
            numbers,
            index: OnceCell::new(),
            cells: RefCell::default(),
        })
    }

    /// The numbers of an axis's values under the values at hand: the first, and how many.
    pub(super) fn axis_numbers(&mut self, walk: &mut Walk<'t>, axis: usize) -> Option<(u32, u32)> {
        let key = (axis, walk.grid.key(&walk.grid.axes[axis].needs));
        if let Some(known) = walk.ranges.get(&key) {
            return Some(*known);
        }
        if walk.ranges.len().is_multiple_of(1000) {
            self.refuel_for(1000);
        }
        let list = self.axis_list_once(walk, axis)?;
        let Some(values) = list.expand(self.max_cells) else {
            let count = synx_plan::grid::readable(&list.count());
            self.too_many_cells(walk.name, &format!("at least {count}"), "from a dependent axis");
            return None;
        };
        let grid = Rc::clone(&walk.grid);
        self.check_axis(&grid, axis, &values)?;
        let first = grid.add_values(axis, &values);
        for value in values.iter() {
            self.place_value(&grid, axis, value, walk)?;
        }
        let range = (first, values.len() as u32);
        walk.ranges.insert(key, range);
        Some(range)
    }

    /// The values of an axis, evaluated once for all that they depend on.
    pub(super) fn axis_list_once(&mut self, walk: &mut Walk<'t>, axis: usize) -> Option<List> {
        let key = (axis, walk.grid.key(&walk.grid.axes[axis].needs));
        if let Some(known) = walk.lists.get(&key) {
            return Some(known.clone());
        }
        let list = self.axis_list(&walk.grid, axis, &walk.scope)?;
        walk.lists.insert(key, list.clone());
        Some(list)
    }

    /// Refuses an axis on which a value stands twice: two cells would have one name.
    fn check_axis(&mut self, grid: &Rc<GridScope<'t>>, axis: usize, values: &[Value]) -> Option<()> {
        let mut seen: HashSet<ColumnValue> = HashSet::new();
        let entry = &grid.axes[axis];
        for value in values {
            if value.is_error() {
                return None;
            }
            let shown = value.column().0;
            if seen.contains(&shown) {
                let span = self.span(entry.value.node());
                let name = entry.names.first().map_or("", |name| name.text());
                let finding = self
                    .finding("E0406", span, format!("axis `{name}` has the value {shown} twice"), "each value once")
                    .help("to run a cell again with another seed, use `axis replicate = 1..3 step 1`");
                self.report(finding);
                return None;
            }
            seen.insert(shown);
        }
        Some(())
    }

    /// The places of an axis's value in its columns: of a tuple, each part in its own.
    fn place_value(&mut self, grid: &Rc<GridScope<'t>>, axis: usize, value: &Value, walk: &mut Walk<'t>) -> Option<()> {
        let entry = &grid.axes[axis];
        let span = self.span(entry.value.node());
        let parts: Rc<[Value]> =
            if entry.tuple { self.tuple_parts(value, entry.names.len(), span)? } else { Rc::from([value.clone()]) };
        for (i, part) in parts.iter().enumerate() {
            if let Value::Interval(_) | Value::Grid(_) | Value::Law(_) | Value::Table(_) = part {
                self.expected(span, "values of an axis", part);
                return None;
            }
            match walk.columns.place(walk.first_column[axis] + i, part) {
                Ok(place) => walk.places[axis].push(place),
                Err((one, other)) => {
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
}

/// The axes so that each comes after those that it depends on, otherwise in the order of the file.
fn in_order(grid: &GridScope<'_>) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    while order.len() < grid.axes.len() {
        let ready = (0..grid.axes.len())
            .find(|axis| !order.contains(axis) && grid.axes[*axis].needs.iter().all(|need| order.contains(need)));
        match ready {
            Some(axis) => order.push(axis),
            // Axes in a circle, which was reported.
            None => return order,
        }
    }
    order
}
