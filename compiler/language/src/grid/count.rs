//! How many cells a grid has, before any of them is made.

use std::rc::Rc;

use synx_plan::exact::Exact;
use synx_plan::grid::readable;

use super::scope::GridScope;
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::value::{List, Span, Value};

impl<'t> Compiler<'t> {
    /// The lists of the axes that depend on no other; nothing where one is no list, or where they come to too many cells.
    pub(crate) fn independent_axes(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        scope: &Rc<Scope<'t>>,
        name: Span,
        so_far: u64,
    ) -> Option<Vec<Option<Rc<Vec<Value>>>>> {
        let mut lists: Vec<Option<List>> = Vec::new();
        let mut fits = true;
        for axis in &grid.axes {
            if !axis.needs.is_empty() {
                lists.push(None);
                continue;
            }
            let list = self.axis_list(grid, lists.len(), scope);
            fits &= list.is_some();
            lists.push(list);
        }
        if !fits {
            return None;
        }
        let mut total = Exact::one();
        let mut factors = Vec::new();
        for (axis, list) in grid.axes.iter().zip(&lists) {
            let names: Vec<&str> = axis.names.iter().map(|name| name.text()).collect();
            if let Some(list) = list {
                total = total.mul(&list.count());
                factors.push(format!("{} {}", names.join(", "), readable(&list.count())));
            }
        }
        if total.add(&Exact::from(so_far)) > Exact::from(self.max_cells) {
            self.too_many_cells(name, &readable(&total), &factors.join(" × "), so_far);
            return None;
        }
        let most = self.max_cells;
        Some(lists.into_iter().map(|list| list.and_then(|list| list.expand(most))).collect())
    }

    /// How many cells a grid with dependent axes has, without going through the axes after the last of these; nothing where
    /// they are too many, which is reported, or where an axis has a mistake.
    pub(crate) fn count_dependent(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        scope: &Rc<Scope<'t>>,
        independent: &[Option<Rc<Vec<Value>>>],
        order: &[usize],
        name: Span,
        so_far: u64,
    ) -> Option<()> {
        let Some(last) = order.iter().rposition(|axis| independent[*axis].is_none()) else { return Some(()) };
        let after = order[last + 1..].iter().filter_map(|axis| independent[*axis].as_ref());
        let factor = after.fold(Exact::one(), |product, list| product.mul(&Exact::from(list.len() as u64)));
        let most = Exact::from(self.max_cells.saturating_sub(so_far));
        let mut total = Exact::zero();
        let mut levels: Vec<(Rc<Vec<Value>>, usize)> = Vec::new();
        let mut visited = 0u64;
        loop {
            let depth = levels.len();
            let axis = order[depth];
            let list = match &independent[axis] {
                Some(values) => List::Items(Rc::clone(values)),
                None => self.axis_list(grid, axis, scope)?,
            };
            visited += 1;
            if visited.is_multiple_of(1000) {
                self.refuel();
            }
            if depth == last {
                total = total.add(&list.count().mul(&factor));
                if total > most || visited > self.max_cells {
                    let least = format!("at least {}", readable(&total));
                    self.too_many_cells(name, &least, "axes that depend on others were gone through", so_far);
                    return None;
                }
            } else {
                levels.push((list.expand(self.max_cells)?, 0));
            }
            loop {
                let Some((values, next)) = levels.last_mut() else { return Some(()) };
                if *next < values.len() {
                    break;
                }
                levels.pop();
            }
            let depth = levels.len() - 1;
            let (values, next) = &mut levels[depth];
            let (value, place) = (values[*next].clone(), *next as u32);
            *next += 1;
            grid.set(order[depth], place, value);
        }
    }

    pub(crate) fn too_many_cells(&mut self, name: Span, count: &str, factors: &str, so_far: u64) {
        let mut finding = self.finding("E0403", name, format!("this grid has {count} cells"), factors).help(format!(
            "a study may have {} cells; shorten an axis, or split the study",
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
