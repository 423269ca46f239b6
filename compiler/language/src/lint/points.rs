//! Laws with fewer points than there is to fit.

use std::collections::{BTreeMap, BTreeSet};

use synx_plan::law::{HoldOut, Law};

use crate::compiler::Compiler;

impl Compiler<'_> {
    /// Laws whose groups have fewer points than free parameters.
    pub(crate) fn lint_law(&mut self, law: &Law, span: crate::value::Span) {
        let Some(expanded) = self.cells_of(law.over) else { return };
        let grid = &expanded.grid;
        let lists = &self.lists;
        let column = |name: &str| grid.columns.iter().position(|column| column.name == name);
        let value = |cell: &synx_plan::grid::Cell, name: &str| match (column(name), name) {
            (Some(column), _) => Some(u64::from(cell.values[column])),
            (None, "tokens") => Some(cell.tokens),
            (None, "replicate") => Some(u64::from(cell.replicate)),
            (None, "params" | "params.total" | "params.non_embedding" | "params.active") => {
                Some(lists.models[cell.model as usize].parameters_total())
            }
            _ => None,
        };
        let (_, model) = law.formula.inlined();
        let mut groups: BTreeMap<Vec<Option<u64>>, Vec<Vec<Option<u64>>>> = BTreeMap::new();
        for cell in &grid.cells {
            let group = law.formula.by.iter().map(|name| value(cell, name)).collect();
            let mut point: Vec<Option<u64>> = model.columns().into_iter().map(|name| value(cell, name)).collect();
            if let Some(HoldOut::Largest(name)) = &law.formula.test {
                // The held-out rows are those of the largest value; its place tells them apart.
                point.push(value(cell, name));
            }
            groups.entry(group).or_default().push(point);
        }
        let free = law.formula.free.len();
        let fewest = groups
            .values()
            .map(|points| {
                let mut distinct: BTreeSet<&[Option<u64>]> = BTreeSet::new();
                let has_test = law.formula.test.is_some();
                let held: BTreeSet<Option<u64>> = points.iter().filter_map(|p| p.last().copied()).collect();
                for point in points {
                    let inputs = if has_test { &point[..point.len() - 1] } else { &point[..] };
                    distinct.insert(inputs);
                }
                // Without the largest value one distinct point is gone, where there are several.
                if has_test && held.len() > 1 { distinct.len() - distinct.len() / held.len() } else { distinct.len() }
            })
            .min();
        if let Some(fewest) = fewest.filter(|fewest| *fewest < free) {
            let group = if law.formula.by.is_empty() { "" } else { " in a group" };
            let finding = self
                .finding(
                    "W0601",
                    span,
                    format!("{free} free parameters and {fewest} distinct points{group}"),
                    "more to fit than there are points",
                )
                .help("add values to an axis, fit fewer parameters, or name fewer columns in `by`");
            self.report(finding);
        }
    }
}
