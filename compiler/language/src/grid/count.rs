//! How many cells a grid has, before any of them is made.

use std::collections::BTreeSet;
use std::rc::Rc;

use synx_plan::exact::Exact;
use synx_plan::grid::readable;

use super::lay_out::{Levels, Walk};
use super::scope::GridScope;
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::value::{List, Span, Value};

impl<'t> Compiler<'t> {
    /// Counts the combinations of a grid's axes without making them; nothing where they are too many, which is reported, or where
    /// an axis has a mistake. Only dependent axes and what they depend on are gone through.
    pub(super) fn count_cells(&mut self, walk: &mut Walk<'t>) -> Option<()> {
        let grid = Rc::clone(&walk.grid);
        let grid = &grid;
        let mut fits = true;
        let mut independent: Vec<Option<List>> = Vec::new();
        for axis in 0..grid.axes.len() {
            if !grid.axes[axis].needs.is_empty() {
                independent.push(None);
                continue;
            }
            let list = self.axis_list_once(walk, axis);
            fits &= list.is_some();
            independent.push(list);
        }
        if !fits {
            return None;
        }
        let most = Exact::from(self.max_cells.saturating_sub(self.lists.cells));
        let mut total = Exact::one();
        let mut factors = Vec::new();
        for (axis, list) in grid.axes.iter().zip(&independent) {
            if let Some(list) = list {
                let names: Vec<&str> = axis.names.iter().map(|name| name.text()).collect();
                total = total.mul(&list.count());
                factors.push(format!("{} {}", names.join(", "), readable(&list.count())));
            }
        }
        if total > most {
            self.too_many_cells(walk.name, &readable(&total), &factors.join(" × "));
            return None;
        }
        // Axes that others depend on are gone through; the rest are factors.
        let order = walk.order.clone();
        let needed: BTreeSet<usize> = grid.axes.iter().flat_map(|axis| axis.needs.iter().copied()).collect();
        let walked: Vec<usize> =
            order.into_iter().filter(|axis| independent[*axis].is_none() || needed.contains(axis)).collect();
        let Some(last) = walked.iter().rposition(|axis| independent[*axis].is_none()) else { return Some(()) };
        let rest = (0..grid.axes.len()).filter(|axis| !walked.contains(axis)).chain(walked[last + 1..].iter().copied());
        let factor = rest
            .filter_map(|axis| independent[axis].as_ref())
            .fold(Exact::one(), |product, list| product.mul(&list.count()));
        let mut total = Exact::zero();
        let mut levels = Levels::default();
        let mut visited = 0u64;
        loop {
            let depth = levels.depth();
            let axis = walked[depth];
            visited += 1;
            if visited.is_multiple_of(1000) {
                self.refuel_for(1000);
            }
            if depth == last {
                let list = self.axis_list_once(walk, axis)?;
                total = total.add(&list.count().mul(&factor));
                if total > most || visited > self.max_cells {
                    let dependent = walked.iter().filter(|axis| independent[**axis].is_none());
                    let names: Vec<&str> =
                        dependent.flat_map(|axis| grid.axes[*axis].names.iter().map(|name| name.text())).collect();
                    factors.push(format!("{} (by the others)", names.join(", ")));
                    let limit = readable(&Exact::from(self.max_cells));
                    self.too_many_cells(walk.name, &format!("more than {limit}"), &factors.join(" × "));
                    return None;
                }
            } else {
                let range = self.axis_numbers(walk, axis)?;
                levels.enter(range);
            }
            let Some((level, number)) = levels.next() else { return Some(()) };
            grid.set(walked[level], number);
        }
    }

    pub(super) fn too_many_cells(&mut self, name: Span, count: &str, factors: &str) {
        let so_far = self.lists.cells;
        let mut finding = self.finding("E0403", name, format!("this grid has {count} cells"), factors).help(format!(
            "a study may have {} cells: shorten an axis, split the study, or raise it with `--max-cells`",
            readable(&Exact::from(self.max_cells))
        ));
        if so_far > 0 {
            finding = finding.note(format!("the grids before it have {so_far} cells"));
        }
        self.report(finding);
    }

    /// The values of an axis under the values at hand of the axes that it depends on.
    pub(crate) fn axis_list(&mut self, grid: &Rc<GridScope<'t>>, axis: usize, scope: &Rc<Scope<'t>>) -> Option<List> {
        let entry = &grid.axes[axis];
        let first = entry.names.first()?;
        let inside = Scope::hiding(scope, first.text());
        let value = self.evaluate(entry.value, &inside);
        let span = self.span(entry.value.node());
        let finding = match value {
            Value::Error => return None,
            Value::List(list) if list.count().is_zero() => self
                .finding("E0405", span, format!("axis `{}` has no values", first.text()), "an empty list")
                .help("an axis needs at least one value"),
            Value::List(list) => return Some(list),
            // Its own cells are not known before its axes are.
            Value::Grid(item) => return self.cells_as_values(item, span),
            Value::Table(table) => return self.rows_as_cells(&table, span),
            Value::Column(table, column) => return self.column_as_values(&table, &column, span),
            Value::Interval(_) => {
                let end = Span { start: span.end, ..span };
                let edit = self.edit(end, " factor 2");
                let mut finding = self
                    .finding(
                        "E0402",
                        span,
                        format!("axis `{}` is an interval without a step", first.text()),
                        "no `step`, no `factor`",
                    )
                    .help("say which values: `1M..64M factor 2`, `1..5 step 1`");
                if let Value::Interval(ends) = &value
                    && matches!(&**ends, (Some(low), Some(_)) if low.value.is_positive())
                {
                    finding = finding.fix("take every double", vec![edit]);
                }
                finding
            }
            other => {
                let edits = vec![
                    self.edit(Span { end: span.start, ..span }, "["),
                    self.edit(Span { start: span.end, ..span }, "]"),
                ];
                self.finding(
                    "E0201",
                    span,
                    format!("an axis is a list of values, this is {}", other.describe()),
                    "one value",
                )
                .help("write a list, even of one: `[…]`")
                .fix("make it a list", edits)
            }
        };
        self.report(finding);
        None
    }
}
