//! The rows of a plan's tables, as far as they are cells: a grid's, those that a filter leaves, with derived columns, put together.

use synx_plan::column::result_column;
use synx_plan::exact::Exact;
use synx_plan::expression::{Expression, Name};
use synx_plan::grid::{Cell, ColumnValue};
use synx_plan::model::ParameterCount;
use synx_plan::study::{FlopCount, Plan};
use synx_plan::table::{Source, TableId};
use synx_report::{CellResult, CellStatus, DomainResult, StudyResults};

/// A cell as declared, what came out, and what was derived from it, the last first.
#[derive(Clone)]
pub struct Row<'a> {
    pub cell: &'a Cell,
    pub result: &'a CellResult,
    derived: Vec<(&'a str, f64)>,
}

/// What a row holds in a column.
pub enum Held {
    Number(f64),
    Text(String),
}

/// Below it every whole number is a float.
const EXACT: f64 = (1u64 << 53) as f64;

/// The rows of a table; none where they are not cells (`Plan::has_cells`).
pub fn rows<'a>(plan: &'a Plan, results: &'a StudyResults, table: TableId) -> Option<Vec<Row<'a>>> {
    match &plan.tables.get(table.0)?.source {
        Source::Grid(grid) => {
            let first = plan.grids[..*grid].iter().map(|grid| grid.cells.len()).sum::<usize>();
            let cells = plan.grids[*grid].cells.iter().zip(&results.cells[first..]);
            Some(cells.map(|(cell, result)| Row { cell, result, derived: Vec::new() }).collect())
        }
        Source::Filter { of, condition } => {
            let mut left = rows(plan, results, *of)?;
            // Where a result that decides is not there yet, the row is one that may come: its group waits.
            left.retain(|row| row.value(plan, results, condition).is_none_or(|holds| holds != 0.0));
            Some(left)
        }
        Source::Derive { of, columns } => {
            let mut with = rows(plan, results, *of)?;
            for row in &mut with {
                for (name, expression) in columns {
                    let value = row.value(plan, results, expression).unwrap_or(f64::NAN);
                    row.derived.insert(0, (name, value));
                }
            }
            Some(with)
        }
        Source::Union(tables) => {
            let parts = tables.iter().map(|table| rows(plan, results, *table)).collect::<Option<Vec<_>>>()?;
            Some(parts.concat())
        }
        _ => None,
    }
}

/// The names of the grids whose cells a table's rows are.
pub fn grids(plan: &Plan, table: TableId) -> String {
    let Some(table) = plan.tables.get(table.0) else { return String::new() };
    if let Source::Grid(grid) = table.source {
        return plan.grids[grid].name.clone();
    }
    let mut names: Vec<String> = Vec::new();
    for name in table.source.inputs().into_iter().map(|input| grids(plan, input)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" + ")
}

impl Row<'_> {
    /// The value of an expression over the row's columns; nothing where one of them is not there, for a cell without a result.
    fn value(&self, plan: &Plan, results: &StudyResults, expression: &Expression) -> Option<f64> {
        let there = |name: &str| self.column(plan, results, name).is_some();
        if self.result.status != CellStatus::Ok && !expression.columns().into_iter().all(there) {
            return None;
        }
        Some(expression.evaluate(&|name| match name {
            Name::Column(name) => match self.column(plan, results, name) {
                Some(Held::Number(number)) => number,
                _ => f64::NAN,
            },
            Name::Is(name, value) => f64::from(u8::from(self.group(plan, results, name) == *value)),
            // A plan with others is not carried out.
            _ => f64::NAN,
        }))
    }

    /// The value in a column: what was derived, an axis or `let`, or what every cell has (`synx_plan::column`).
    pub fn column(&self, plan: &Plan, results: &StudyResults, name: &str) -> Option<Held> {
        let Row { cell, result, derived } = self;
        if let Some((_, value)) = derived.iter().find(|(known, _)| *known == name) {
            return Some(Held::Number(*value));
        }
        if let Some(value) = self.declared(results, name) {
            return Some(match value {
                ColumnValue::Number(number) => Held::Number(number.to_f64()),
                ColumnValue::Text(text) => Held::Text(text.clone()),
                // A run that would have to settle it does not begin.
                ColumnValue::Answer(_) => Held::Number(f64::NAN),
            });
        }
        let of_domain = |of: &str, value: fn(&DomainResult) -> f64| {
            let domain = name.strip_prefix(of)?.strip_prefix('[')?.strip_suffix(']')?;
            result.domains.iter().find(|result| result.domain == domain).map(value)
        };
        let model = plan.model(cell);
        let flops = match plan.study.flops {
            FlopCount::Exact => result.flops_exact,
            FlopCount::SixNd => result.flops_6nd,
        };
        let number = match result_column(name).map_or(name, |column| column.name) {
            "loss" => result.loss,
            "bits_per_byte" => result.bits_per_byte,
            "tokens" => Some(cell.tokens as f64),
            "steps" => Some(plan.steps(cell) as f64),
            "replicate" => Some(f64::from(cell.replicate)),
            "params" => Some(result.params as f64),
            // Without experts every parameter is active.
            "params.total" | "params.active" => Some(result.params_total as f64),
            "params.embedding" => Some(result.params_embedding as f64),
            "params.non_embedding" => Some(model.parameters(ParameterCount::NonEmbedding) as f64),
            "flops" => Some(flops as f64),
            "flops.exact" => Some(result.flops_exact as f64),
            "flops.six_nd" => Some(result.flops_6nd as f64),
            "batch" => Some(plan.recipe(cell).batch as f64),
            name if name.starts_with("share[") => Some(share(plan, cell, name)?),
            _ => of_domain("loss", |d| d.loss).or_else(|| of_domain("bits_per_byte", |d| d.bits_per_byte)),
        };
        number.map(Held::Number)
    }

    /// The value in a column that a law groups by.
    pub fn group(&self, plan: &Plan, results: &StudyResults, name: &str) -> ColumnValue {
        let derived = self.derived.iter().any(|(known, _)| *known == name);
        if let (false, Some(value)) = (derived, self.declared(results, name)) {
            return value.clone();
        }
        match self.column(plan, results, name) {
            Some(Held::Number(number)) if (0.0..EXACT).contains(&number) && number.fract() == 0.0 => {
                ColumnValue::Number(Exact::from(number as u64))
            }
            Some(Held::Number(number)) => ColumnValue::Text(number.to_string()),
            Some(Held::Text(text)) => ColumnValue::Text(text),
            None => ColumnValue::Text(String::new()),
        }
    }

    /// The value of an axis or a `let`.
    fn declared(&self, results: &StudyResults, name: &str) -> Option<&ColumnValue> {
        let place = results.columns.iter().position(|column| column.name == name)?;
        self.result.values[place].as_ref()
    }
}

/// The part of a cell's tokens that `share[source]` names; zero where its mixture is of others.
fn share(plan: &Plan, cell: &Cell, name: &str) -> Option<f64> {
    let source = name.strip_prefix("share[")?.strip_suffix(']')?;
    let mut shares = plan.mixture(cell).shares().iter();
    let share = shares.find(|(corpus, _)| plan.corpora[corpus.0].name == source);
    Some(share.map_or(0.0, |(_, share)| share.to_f64()))
}
