//! The values of a table that are known before anything runs: the axes of a grid, and what its cells are by their declaration.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use indexmap::IndexMap;
use synx_plan::column::result_column;
use synx_plan::exact::Exact;
use synx_plan::expression::{self as plan, Expression};
use synx_plan::grid::{Alternative, Cell, ColumnValue};
use synx_plan::law::FreeParameter;
use synx_plan::study::FlopCount;

use super::columns::{Kind, Table};
use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::late::Bounds;

/// Where the rows of a table come from.
pub(crate) enum Rows {
    /// All cells of a grid.
    Cells(Rc<Expanded>),
    /// These rows of another table.
    Some { of: Rc<Table>, rows: Rc<Vec<u32>> },
    /// A row for some rows of another table: their mean, or one that a run chooses.
    Groups { of: Rc<Table>, groups: Rc<Vec<Vec<u32>>>, mean: bool },
    /// A row of each of two tables; the first so many columns are the left one's, the others are called by these names there.
    Pairs { left: Rc<Table>, right: Rc<Table>, rows: Rc<Vec<(u32, u32)>>, renamed: IndexMap<String, String> },
    /// The rows of one table after those of the other.
    All(Vec<Rc<Table>>),
    /// The rows of another table, with columns that are computed.
    Derived { of: Rc<Table>, columns: IndexMap<String, Expression> },
    /// The rows of another table for the first of some columns, then for the second, and so on.
    Gathered { of: Rc<Table>, columns: Vec<String>, name: String, value: String },
    /// So many, with these columns known.
    Given { columns: IndexMap<String, Vec<ColumnValue>>, rows: u64 },
    /// So many, of which nothing is known.
    Count(u64),
    /// A run or a file settles how many there are.
    Unknown,
}

impl Rows {
    pub(crate) fn some(of: &Rc<Table>, rows: Vec<u32>) -> Rows {
        Rows::Some { of: Rc::clone(of), rows: Rc::new(rows) }
    }

    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Rows::Cells(grid) => Some(grid.grid.cells.len() as u64),
            Rows::Some { rows, .. } => Some(rows.len() as u64),
            Rows::Groups { groups, .. } => Some(groups.len() as u64),
            Rows::Pairs { rows, .. } => Some(rows.len() as u64),
            Rows::All(tables) => tables.iter().map(|table| table.count()).sum(),
            Rows::Derived { of, .. } => of.count(),
            Rows::Gathered { of, columns, .. } => Some(of.count()? * columns.len() as u64),
            Rows::Count(count) | Rows::Given { rows: count, .. } => Some(*count),
            Rows::Unknown => None,
        }
    }
}

impl Table {
    /// In how many groups some columns put the rows, where their values were asked for and are known.
    pub(crate) fn known_groups(&self, by: &[String]) -> Option<u64> {
        let known = self.known.borrow();
        let columns: Option<Vec<_>> = by.iter().map(|name| known.get(name)?.clone()).collect();
        let columns = columns?;
        let rows = columns.first()?.len();
        let groups: HashSet<Vec<&ColumnValue>> =
            (0..rows).map(|row| columns.iter().map(|column| &column[row]).collect()).collect();
        Some(groups.len() as u64)
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
            Rows::Some { of, rows } => {
                let all = if of.has(&name) { self.known(of, &name) } else { None };
                all.map(|all| rows.iter().map(|row| all[*row as usize].clone()).collect())
            }
            Rows::Groups { of, groups, mean } => self.known_of_groups(of, groups, *mean, &name),
            Rows::Pairs { left, right, rows, renamed } => match renamed.get(&name) {
                Some(theirs) => self
                    .known(right, theirs)
                    .map(|all| rows.iter().map(|(_, row)| all[*row as usize].clone()).collect()),
                None => {
                    self.known(left, &name).map(|all| rows.iter().map(|(row, _)| all[*row as usize].clone()).collect())
                }
            },
            Rows::All(tables) => {
                let parts: Option<Vec<_>> = tables.iter().map(|table| self.known(table, &name)).collect();
                parts.map(|parts| parts.iter().flat_map(|part| part.iter().cloned()).collect())
            }
            Rows::Derived { of, columns } => match columns.get(&name) {
                Some(expression) => self.known_of_expression(of, expression, table.kind(&name)),
                None => self.known(of, &name).map(|all| all.to_vec()),
            },
            Rows::Gathered { of, columns, name: says, value } => {
                let part = |column: &String| -> Option<Vec<ColumnValue>> {
                    if name == *says {
                        return Some(vec![ColumnValue::Text(column.clone()); of.count()? as usize]);
                    }
                    let name = if name == *value { column } else { &name };
                    self.known(of, name).map(|all| all.to_vec())
                };
                columns.iter().map(part).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
            }
            Rows::Given { columns, .. } => columns.get(&name).cloned(),
            Rows::Count(_) | Rows::Unknown => None,
        };
        let known = known.map(Rc::new);
        table.known.borrow_mut().insert(name, known.clone());
        known
    }

    fn known_of_expression(&self, of: &Rc<Table>, expression: &Expression, kind: Kind) -> Option<Vec<ColumnValue>> {
        let value = |value: f64| match kind {
            Kind::Truth => Some(ColumnValue::Text((value != 0.0).to_string())),
            _ => Exact::from_f64_rounded(value).map(ColumnValue::Number),
        };
        self.known_values(of, expression)?.into_iter().map(value).collect()
    }

    fn known_of_groups(&self, of: &Rc<Table>, groups: &[Vec<u32>], mean: bool, name: &str) -> Option<Vec<ColumnValue>> {
        if !of.has(name) {
            return None;
        }
        let all = self.known(of, name)?;
        let value = |group: &Vec<u32>| -> Option<ColumnValue> {
            let first = &all[*group.first()? as usize];
            if group.iter().all(|row| all[*row as usize] == *first) {
                return Some(first.clone());
            }
            let mut sum = Exact::zero();
            for row in group {
                match &all[*row as usize] {
                    ColumnValue::Number(number) if mean => sum = sum.add(number),
                    _ => return None,
                }
            }
            sum.div(&Exact::from(group.len() as u64)).map(ColumnValue::Number)
        };
        groups.iter().map(value).collect()
    }

    /// The rows that agree in some columns, in the order of the first of each group; none where a run settles one of these.
    pub(crate) fn grouped(&self, table: &Rc<Table>, by: &[String]) -> Option<Vec<Vec<u32>>> {
        let rows = table.count()? as u32;
        let columns: Option<Vec<_>> = by.iter().map(|name| self.known(table, name)).collect();
        let columns = columns?;
        let mut groups: Vec<Vec<u32>> = Vec::new();
        let mut places: HashMap<Vec<&ColumnValue>, usize> = HashMap::new();
        for row in 0..rows {
            let values: Vec<&ColumnValue> = columns.iter().map(|column| &column[row as usize]).collect();
            let next = groups.len();
            let place = *places.entry(values).or_insert(next);
            if place == next {
                groups.push(Vec::new());
            }
            groups[place].push(row);
        }
        Some(groups)
    }

    /// Between which numbers the value of a formula lies, by the bounds of its columns, parameters and answers.
    pub(crate) fn bounds_of(&self, formula: &Expression, table: &Table, free: &[FreeParameter]) -> Bounds {
        let of = |part: &Expression| self.bounds_of(part, table, free);
        match formula {
            Expression::Number(number) => Bounds::exactly(number.clone()),
            Expression::Column(name) => table.get(name).map(|column| column.bounds.clone()).unwrap_or_default(),
            Expression::Parameter(name) => {
                let parameter = free.iter().find(|parameter| parameter.name == *name);
                parameter.map(|p| Bounds { low: p.low.clone(), high: p.high.clone() }).unwrap_or_default()
            }
            Expression::Answer(answer) => match self.answers.get(answer.0).map(|answer| &answer.sort) {
                Some(synx_plan::answer::Sort::Number { low, high, .. }) => {
                    Bounds { low: low.clone(), high: high.clone() }
                }
                _ => Bounds::default(),
            },
            Expression::Bound(_) => Bounds::default(),
            Expression::Unary { operator: plan::Unary::Negate, operand } => of(operand).negate(),
            Expression::Is { .. } | Expression::Unary { operator: plan::Unary::Not, .. } => {
                Bounds::between(Exact::zero(), Exact::one())
            }
            Expression::Binary { operator, left, right } => match operator {
                plan::Binary::Add => of(left).add(&of(right)),
                plan::Binary::Subtract => of(left).add(&of(right).negate()),
                plan::Binary::Multiply => of(left).multiply(&of(right)),
                plan::Binary::Divide => of(left).divide(&of(right)),
                plan::Binary::Power => of(left).power(&of(right)),
                _ => Bounds::between(Exact::zero(), Exact::one()),
            },
            Expression::Call { function: function @ (plan::Function::Min | plan::Function::Max), arguments } => {
                let largest = *function == plan::Function::Max;
                let all = arguments.iter().map(of).reduce(|a, b| a.extreme(&b, largest));
                all.unwrap_or_default()
            }
            Expression::Call { function: plan::Function::Round, arguments } => match &arguments[..] {
                [x, Expression::Number(to)] if to.is_positive() => of(x).round(to),
                [x] => of(x).round(&Exact::one()),
                _ => Bounds::default(),
            },
            Expression::Call { function, arguments } => {
                arguments.first().map(|x| of(x).apply(*function)).unwrap_or_default()
            }
            Expression::If { then, otherwise, .. } => of(then).union(&of(otherwise)),
        }
    }

    fn known_of_cells(&self, expanded: &Expanded, name: &str) -> Option<Vec<ColumnValue>> {
        let grid = &expanded.grid;
        if let Some(at) = grid.columns.iter().position(|column| column.name == name) {
            if grid.columns[at].values.iter().any(|value| matches!(value, ColumnValue::Answer(_))) {
                return None;
            }
            return Some(grid.cells.iter().map(|cell| grid.value(&cell.values, at).clone()).collect());
        }
        let lists = &self.lists;
        if let Some(source) = name.strip_prefix("share[").and_then(|name| name.strip_suffix(']')) {
            let share = |it: &Alternative| {
                let mut shares = lists.mixtures.get(it.mixture as usize)?.shares().iter();
                let share = shares.find(|(id, _)| self.corpora.get(*id).corpus.name == source);
                Some(share.map_or_else(Exact::zero, |(_, share)| share.clone()))
            };
            return grid.cells.iter().map(|cell| self.known_of_cell(cell, share)).collect();
        }
        let name = result_column(name)?.name;
        let count = self.settings.parameters;
        let value = |it: &Alternative| -> Option<Exact> {
            let (model, recipe) = (lists.models.get(it.model as usize)?, lists.recipes.get(it.recipe as usize)?);
            let whole = |number: u128| number.to_string().parse().ok();
            let flops_exact =
                || whole(u128::from(model.flops_exact_per_sequence()) * u128::from(it.tokens / model.context));
            let flops_6nd = || whole(6 * u128::from(model.parameters_met(count)) * u128::from(it.tokens));
            Some(match name {
                "tokens" => it.tokens.into(),
                "steps" => (it.tokens / recipe.batch).into(),
                "batch" => recipe.batch.into(),
                "params" => model.parameters(count).into(),
                "params.total" => model.parameters_total().into(),
                "params.active" => model.parameters_active().into(),
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
        let replicate = |cell: &Cell| Some(ColumnValue::Number(u64::from(cell.replicate).into()));
        let known = |cell: &Cell| if name == "replicate" { replicate(cell) } else { self.known_of_cell(cell, value) };
        grid.cells.iter().map(known).collect()
    }

    /// What follows from what a cell is; none where a run chooses and it is not the same for all that the cell may be.
    fn known_of_cell(&self, cell: &Cell, of: impl Fn(&Alternative) -> Option<Exact>) -> Option<ColumnValue> {
        if cell.choice.is_none() {
            return of(&cell.own()).map(ColumnValue::Number);
        }
        let mut all = cell.alternatives(&self.lists.choices).into_iter().map(|it| of(&it));
        let first = all.next()??;
        all.all(|other| other.as_ref() == Some(&first)).then_some(ColumnValue::Number(first))
    }
}
