//! The columns of a table.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;
use synx_plan::answer::{Answer, AnswerId, Sort};
use synx_plan::column::{RESULT_COLUMNS, result_column};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::grid::{Cell, ColumnValue, Objective};
use synx_plan::mixture::Mixture;
use synx_plan::table::{ColumnKind, TableId};
use synx_plan::unit::Unit;

use super::known::Rows;
use super::pass_at;
use crate::corpus::Corpora;
use crate::formula::NamedColumn;
use crate::grid::Expanded;
use crate::late::Bounds;
use crate::lower::Lists;

/// A table as the compiler knows it.
pub(crate) struct Table {
    /// Its place among the plan's tables; none for what is no table of a plan.
    pub id: Option<TableId>,
    /// What messages call it: "the grid `runs`".
    pub name: Rc<str>,
    /// What its columns are called by beside those of another table: `runs`.
    pub short: Rc<str>,
    /// The columns that tell its rows apart.
    keys: Vec<String>,
    /// The law, by its item, whose groups the rows are.
    pub law: Option<usize>,
    columns: IndexMap<String, Column>,
    /// Where its rows come from, as far as they are known.
    pub rows: Rows,
    /// Where nothing is known of the columns: every name is one.
    open: bool,
    /// Whether `params_total` and its like, as files head them, mean `params.total`.
    results: bool,
    /// Whether the rows are documents, and whether these come from lines or rows with fields.
    documents: Option<bool>,
    /// Values of columns that were asked for.
    pub(super) known: RefCell<HashMap<String, Option<Rc<Vec<ColumnValue>>>>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub kind: Kind,
    pub unit: Unit,
    pub bounds: Bounds,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Truth,
    /// `loss` where several domains have no weights.
    Undefined,
}

impl Column {
    pub(crate) fn number(unit: Unit, bounds: Bounds) -> Column {
        Column { kind: Kind::Number, unit, bounds }
    }

    pub(crate) fn text() -> Column {
        Column { kind: Kind::Text, unit: Unit::PLAIN, bounds: Bounds::default() }
    }
}

impl Table {
    pub(crate) fn new(name: impl Into<Rc<str>>, columns: IndexMap<String, Column>, rows: Rows) -> Table {
        let name = name.into();
        Table {
            id: None,
            short: Rc::clone(&name),
            name,
            keys: Vec::new(),
            law: None,
            columns,
            rows,
            open: false,
            results: false,
            documents: None,
            known: RefCell::default(),
        }
    }

    /// The columns of a grid's results.
    pub(crate) fn of_grid(expanded: &Rc<Expanded>, lists: &Lists, corpora: &Corpora, answers: &[Answer]) -> Table {
        let grid = &expanded.grid;
        let mut columns = IndexMap::new();
        for column in &grid.columns {
            let truths =
                |value: &ColumnValue| matches!(value, ColumnValue::Text(text) if text == "true" || text == "false");
            if !column.values.is_empty() && column.values.iter().all(truths) {
                columns.insert(column.name.clone(), Column { kind: Kind::Truth, ..Column::text() });
                continue;
            }
            let text = column.values.iter().any(|value| match value {
                ColumnValue::Answer(AnswerId(answer)) => {
                    let sort = answers.get(*answer).map(|answer| &answer.sort);
                    matches!(sort, Some(Sort::OneOf(of)) if of.iter().any(|value| matches!(value, ColumnValue::Text(_))))
                }
                value => matches!(value, ColumnValue::Text(_)),
            });
            let made = if text {
                Column::text()
            } else {
                // The unit of a grid's column was written by its display.
                let unit = Unit::from_display(&column.unit).unwrap_or(Unit::PLAIN);
                Column::number(unit, of_values(&column.values, answers))
            };
            columns.insert(column.name.clone(), made);
        }
        for column in RESULT_COLUMNS {
            let made = Column::number(column.unit, Bounds::at_least_zero());
            columns.entry(column.name.to_owned()).or_insert(made);
        }
        // Runs that answer prompts, each as many times.
        let rollouts = |cell: &Cell| match cell.objective.and_then(|it| lists.objectives.get(it as usize)) {
            Some(Objective::Grpo { rollouts, .. }) => *rollouts,
            _ => 0,
        };
        for k in 1..=grid.cells.iter().map(rollouts).min().unwrap_or(0).min(pass_at::MOST) {
            let column = Column::number(Unit::PLAIN, Bounds::between(Exact::zero(), Exact::one()));
            columns.insert(pass_at::column(k), column);
        }
        // Every source of some cell has a column, which is zero in the others.
        let mut mixtures = Vec::with_capacity(grid.cells.len());
        let mut evaluations = Vec::with_capacity(grid.cells.len());
        for cell in &grid.cells {
            // Where a run chooses, whatever the cell may be.
            let all = cell.choice.and_then(|choice| lists.choices.get(choice as usize));
            let own = [cell.own()];
            for it in all.map_or(&own[..], |choice| &choice.alternatives) {
                mixtures.push(it.mixture);
                evaluations.push(it.evaluation);
            }
        }
        mixtures.sort_unstable();
        mixtures.dedup();
        let sources = mixtures.iter().filter_map(|mixture| lists.mixtures.get(*mixture as usize));
        let mut sources: Vec<CorpusId> = sources.flat_map(Mixture::shares).map(|(id, _)| *id).collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            let column = Column::number(Unit::PLAIN, Bounds::between(Exact::zero(), Exact::one()));
            columns.insert(format!("share[{}]", corpora.get(source).corpus.name), column);
        }
        evaluations.sort_unstable();
        evaluations.dedup();
        let evaluations = || evaluations.iter().map(|evaluation| &lists.evaluations[*evaluation as usize]);
        if evaluations().any(|evaluation| evaluation.weights.is_none()) {
            for name in ["loss", "bits_per_byte"] {
                let undefined = Column { kind: Kind::Undefined, ..Column::text() };
                columns.insert(name.to_owned(), undefined);
            }
        }
        // A domain that every cell is evaluated on has a column of its own.
        if let Some(first) = evaluations().next() {
            for domain in &first.domains {
                if evaluations().all(|evaluation| evaluation.domains.iter().any(|other| other.name == domain.name)) {
                    for measure in ["loss", "bits_per_byte"] {
                        let column = Column::number(Unit::PLAIN, Bounds::at_least_zero());
                        columns.insert(format!("{measure}[{}]", domain.name), column);
                    }
                }
            }
        }
        let name = format!("the grid `{}`", grid.name);
        let keys = grid.columns.iter().filter(|column| column.kind == synx_plan::grid::ColumnKind::Axis);
        let keys = keys.map(|column| column.name.clone()).collect();
        Table::new(name, columns, Rows::Cells(Rc::clone(expanded)))
            .short(grid.name.as_str())
            .keyed(keys)
            .with_results(true)
    }

    /// The columns of any table, by their names.
    pub(crate) fn of_named(columns: &[NamedColumn]) -> Table {
        let column = |NamedColumn { name, kind }: &NamedColumn| {
            let column = match kind {
                ColumnKind::Number => Column::number(Unit::PLAIN, Bounds::default()),
                ColumnKind::Text => Column::text(),
                ColumnKind::Truth => Column { kind: Kind::Truth, ..Column::text() },
            };
            (name.clone(), column)
        };
        Table::new("the table", columns.iter().map(column).collect(), Rows::Unknown)
    }

    /// The columns that every grid has, and further ones.
    pub(crate) fn of_results(further: &[String]) -> Table {
        let results =
            RESULT_COLUMNS.iter().map(|c| (c.name.to_owned(), Column::number(c.unit, Bounds::at_least_zero())));
        let further = further.iter().map(|name| (name.clone(), Column::number(Unit::PLAIN, Bounds::default())));
        Table { results: true, ..Table::new("the results", results.chain(further).collect(), Rows::Unknown) }
    }

    /// A table of which nothing is known, because what it is made of has mistakes.
    pub(crate) fn unknown() -> Table {
        Table { open: true, results: true, ..Table::new("the table", IndexMap::new(), Rows::Unknown) }
    }

    #[must_use]
    pub(crate) fn with_id(self, id: TableId) -> Table {
        Table { id: Some(id), ..self }
    }

    /// The same, where result columns may also be named as files head them.
    #[must_use]
    pub(crate) fn with_results(self, results: bool) -> Table {
        Table { results, ..self }
    }

    #[must_use]
    pub(crate) fn short(self, short: impl Into<Rc<str>>) -> Table {
        Table { short: short.into(), ..self }
    }

    /// The same, with the columns that tell its rows apart; those that it does not have are left out.
    #[must_use]
    pub(crate) fn keyed(self, keys: Vec<String>) -> Table {
        let keys = keys.into_iter().filter(|key| self.open || self.columns.contains_key(key)).collect();
        Table { keys, ..self }
    }

    #[must_use]
    pub(crate) fn of_law(self, law: Option<usize>) -> Table {
        Table { law, ..self }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }

    pub(crate) fn has_results(&self) -> bool {
        self.results
    }

    /// Documents, which may have fields besides these columns.
    #[must_use]
    pub(crate) fn of_documents(self, fields: bool) -> Table {
        Table { documents: Some(fields), ..self }
    }

    /// The same, where nothing is known of the columns: every name is one, of plain numbers.
    #[must_use]
    pub(super) fn with_any_column(self) -> Table {
        Table { open: true, ..self }
    }

    pub(super) fn is_of_documents(&self) -> bool {
        self.documents.is_some()
    }

    pub(super) fn has_fields(&self) -> bool {
        self.documents == Some(true)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// The column of that name, as the plan calls it.
    pub(crate) fn column(&self, name: &str) -> Option<String> {
        if self.open || self.columns.contains_key(name) {
            return Some(name.to_owned());
        }
        let result = if self.results { result_column(name) } else { None };
        result.map(|column| column.name.to_owned()).filter(|name| self.columns.contains_key(name))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Column> {
        const ANY: Column = Column { kind: Kind::Number, unit: Unit::PLAIN, bounds: Bounds { low: None, high: None } };
        let column = self.column(name)?;
        self.columns.get(&column).or(self.open.then_some(&ANY))
    }

    pub(crate) fn kind(&self, name: &str) -> Kind {
        self.columns.get(name).map_or(Kind::Number, |column| column.kind)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    pub(crate) fn columns(&self) -> &IndexMap<String, Column> {
        &self.columns
    }

    /// How many rows there are, where that is known.
    pub(crate) fn count(&self) -> Option<u64> {
        self.rows.count()
    }

    /// Its columns as plain data.
    pub(crate) fn plan_columns(&self) -> Vec<synx_plan::table::Column> {
        let column = |(name, column): (&String, &Column)| synx_plan::table::Column {
            name: name.clone(),
            kind: match column.kind {
                Kind::Text => ColumnKind::Text,
                Kind::Truth => ColumnKind::Truth,
                Kind::Number | Kind::Undefined => ColumnKind::Number,
            },
            unit: column.unit.to_string(),
            low: column.bounds.low.clone(),
            high: column.bounds.high.clone(),
        };
        self.columns.iter().map(column).collect()
    }
}

/// The smallest and the largest of a column's numbers; of a late one its bounds.
fn of_values(values: &[ColumnValue], answers: &[Answer]) -> Bounds {
    let bounds = |value: &ColumnValue| match value {
        ColumnValue::Number(number) => Bounds::exactly(number.clone()),
        ColumnValue::Answer(answer) => match answers.get(answer.0).map(|answer| &answer.sort) {
            Some(Sort::Number { low, high, .. }) => Bounds { low: low.clone(), high: high.clone() },
            _ => Bounds::default(),
        },
        ColumnValue::Text(_) => Bounds::default(),
    };
    values.iter().map(bounds).reduce(|a, b| a.union(&b)).unwrap_or_default()
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}
