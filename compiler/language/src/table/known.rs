//! The values of a table that are known before anything runs: the axes of a grid, and what its cells are by their declaration.

use std::rc::Rc;

use synx_plan::column::result_column;
use synx_plan::exact::Exact;
use synx_plan::grid::ColumnValue;
use synx_plan::study::FlopCount;

use super::columns::Table;
use crate::compiler::Compiler;
use crate::grid::Expanded;

/// Where the rows of a table come from.
pub(crate) enum Rows {
    /// All cells of a grid.
    Cells(Rc<Expanded>),
    /// A run or a file settles how many there are.
    Unknown,
}

impl Rows {
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Rows::Cells(grid) => Some(grid.grid.cells.len() as u64),
            Rows::Unknown => None,
        }
    }
}

impl Compiler<'_> {
    /// The values of a column, row by row; none where a run settles them.
    pub(crate) fn known(&self, table: &Table, name: &str) -> Option<Rc<Vec<ColumnValue>>> {
        let name = table.column(name)?;
        if let Some(known) = table.known.borrow().get(&name) {
            return known.clone();
        }
        let known = match &table.rows {
            Rows::Cells(expanded) => self.known_of_cells(expanded, &name),
            Rows::Unknown => None,
        };
        let known = known.map(Rc::new);
        table.known.borrow_mut().insert(name, known.clone());
        known
    }

    fn known_of_cells(&self, expanded: &Expanded, name: &str) -> Option<Vec<ColumnValue>> {
        let grid = &expanded.grid;
        if let Some(at) = grid.columns.iter().position(|column| column.name == name) {
            return Some(grid.cells.iter().map(|cell| grid.value(&cell.values, at).clone()).collect());
        }
        let lists = &self.lists;
        if let Some(source) = name.strip_prefix("share[").and_then(|name| name.strip_suffix(']')) {
            let share = |cell: &synx_plan::grid::Cell| {
                let mut shares = lists.mixtures.get(cell.mixture as usize)?.shares().iter();
                let share = shares.find(|(id, _)| self.corpora.get(*id).corpus.name == source);
                Some(ColumnValue::Number(share.map_or_else(Exact::zero, |(_, share)| share.clone())))
            };
            return grid.cells.iter().map(share).collect();
        }
        let name = result_column(name)?.name;
        let value = |cell: &synx_plan::grid::Cell| -> Option<Exact> {
            let (model, recipe) = (lists.models.get(cell.model as usize)?, lists.recipes.get(cell.recipe as usize)?);
            let whole = |number: u128| number.to_string().parse().ok();
            let flops_exact =
                || whole(u128::from(model.flops_exact_per_sequence()) * u128::from(cell.tokens / model.context));
            let flops_6nd =
                || whole(6 * u128::from(model.parameters(self.settings.parameters)) * u128::from(cell.tokens));
            Some(match name {
                "tokens" => cell.tokens.into(),
                "steps" => (cell.tokens / recipe.batch).into(),
                "batch" => recipe.batch.into(),
                "replicate" => u64::from(cell.replicate).into(),
                "params" => model.parameters(self.settings.parameters).into(),
                "params.total" | "params.active" => model.parameters_total().into(),
                "params.embedding" => model.parameters_embedding().into(),
                "params.non_embedding" => (model.parameters_total() - model.parameters_embedding()).into(),
                "flops.exact" => flops_exact()?,
                "flops.six_nd" => flops_6nd()?,
                "flops" => match self.settings.flops {
                    FlopCount::Exact => flops_exact()?,
                    FlopCount::SixNd => flops_6nd()?,
                },
                _ => return None,
            })
        };
        grid.cells.iter().map(|cell| value(cell).map(ColumnValue::Number)).collect()
    }
}
