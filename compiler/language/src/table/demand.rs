//! Grids, laws and tables when they are asked for: each is made once, whoever asks first.

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Block, Body};
use synx_plan::answer::{Answer, Argument, Question, Sort};
use synx_plan::corpus::CorpusId;
use synx_plan::law::{Law, Model};
use synx_plan::table::{Source, TableId};
use synx_plan::unit::Unit;

use super::columns::{Column, Table};
use super::known::Rows;
use crate::compiler::Compiler;
use crate::grid::Expanded;
use crate::late::Bounds;
use crate::value::{Span, Value};

/// Where the making of something stands.
pub(crate) enum Demanded<T> {
    Running,
    /// Nothing where it has mistakes, which were reported.
    Done(Option<Rc<T>>),
}

impl<'t> Compiler<'t> {
    fn block(&self, item: usize) -> Option<Block<'t>> {
        let slot = &self.items[item];
        match slot.item.body() {
            Body::Block(block) if slot.item.parameters_node().is_none() => Some(block),
            _ => None,
        }
    }

    /// The cells of the grid that an item declares. Where they are needed to make themselves, that is reported at `span`.
    pub(crate) fn grid(&mut self, item: usize, span: Span) -> Option<Rc<Expanded>> {
        match self.grids.get(&item) {
            Some(Demanded::Done(grid)) => return grid.clone(),
            Some(Demanded::Running) => {
                let name = self.items[item].name;
                self.cycle(name, span);
                return None;
            }
            None => {}
        }
        self.grids.insert(item, Demanded::Running);
        self.asked.push((self.items[item].name.into(), span));
        let grid = self.block(item).and_then(|block| self.expand(item, block)).map(Rc::new);
        self.asked.pop();
        self.grids.insert(item, Demanded::Done(grid.clone()));
        grid
    }

    /// The law that an item declares.
    pub(crate) fn fitted(&mut self, item: usize, span: Span) -> Option<Rc<Law>> {
        match self.laws.get(&item) {
            Some(Demanded::Done(law)) => return law.clone(),
            Some(Demanded::Running) => {
                let name = self.items[item].name;
                self.cycle(name, span);
                return None;
            }
            None => {}
        }
        self.laws.insert(item, Demanded::Running);
        self.asked.push((self.items[item].name.into(), span));
        let law = self.law_text(item).and_then(|text| self.law(item, &text)).map(Rc::new);
        self.asked.pop();
        self.laws.insert(item, Demanded::Done(law.clone()));
        law
    }

    /// The table that a value is: of a grid its cells, of a law its groups. Nothing where the value is no table, or has mistakes.
    pub(crate) fn as_table(&mut self, value: &Value, span: Span) -> Option<Rc<Table>> {
        match value {
            Value::Grid(item) => {
                if let Some(table) = self.item_tables.get(item) {
                    return Some(Rc::clone(table));
                }
                let grid = self.grid(*item, span)?;
                let table = Table::of_grid(&grid, &self.lists, &self.corpora, &self.answers);
                let origin = Some(self.origin(grid.name));
                // The plan numbers grids in the order of the file, which is known in the end.
                let table = self.add_table(table, Source::Grid(*item), origin);
                self.item_tables.insert(*item, Rc::clone(&table));
                Some(table)
            }
            Value::Table(table) => Some(Rc::clone(table)),
            Value::Law(item) => {
                if let Some(table) = self.item_tables.get(item) {
                    return Some(Rc::clone(table));
                }
                let law = self.fitted(*item, span)?;
                let table = self.groups_of(*item, &law);
                self.item_tables.insert(*item, Rc::clone(&table));
                Some(table)
            }
            _ => None,
        }
    }

    /// The groups of a law, one row each: the columns of `by`, then what was fitted.
    fn groups_of(&mut self, item: usize, law: &Law) -> Rc<Table> {
        let over = self.made.get(law.over.0).cloned();
        let mut columns = IndexMap::new();
        for name in &law.formula.by {
            let column = over.as_ref().and_then(|over| over.get(name).cloned());
            columns.insert(name.clone(), column.unwrap_or_else(Column::text));
        }
        for parameter in &law.formula.free {
            let bounds = Bounds { low: parameter.low.clone(), high: parameter.high.clone() };
            columns.entry(parameter.name.clone()).or_insert(Column::number(Unit::PLAIN, bounds));
        }
        let groups = over.as_ref().and_then(|over| Some((Rc::clone(over), self.grouped(over, &law.formula.by)?)));
        let rows = match groups {
            Some((of, groups)) => Rows::Groups { of, groups: Rc::new(groups), mean: false },
            None if law.formula.by.is_empty() => Rows::Count(1),
            None => Rows::Unknown,
        };
        let table = Table::new(format!("the law `{}`", law.name), columns, rows)
            .short(law.name.as_str())
            .keyed(law.formula.by.clone())
            .of_law(Some(item));
        self.add_table(table, Source::Law(item), law.origin.clone())
    }

    /// `law.predicted`, `law.observed`: a column of the rows that the law's test left out, without one of those that it was fitted to.
    pub(super) fn predictions(&mut self, item: usize, column: &str, span: Span) -> Value {
        let Some(law) = self.fitted(item, span) else { return Value::Error };
        let Some(over) = self.made.get(law.over.0).cloned() else { return Value::Error };
        let (target, model) = law.formula.inlined();
        let mut columns = over.columns().clone();
        let observed = self.bounds_of(&target, &over, &law.formula.free);
        let predicted = match &model {
            Model::Formula(model) => self.bounds_of(model, &over, &law.formula.free),
            // Trees predict means of what was observed.
            Model::Trees(_) => observed.clone(),
        };
        for (name, bounds) in [("observed", observed), ("predicted", predicted)] {
            columns.insert(name.to_owned(), Column::number(Unit::PLAIN, bounds));
        }
        let rows = match (over.count(), &law.formula.test) {
            (Some(count), None) => Rows::some(&over, (0..count as u32).collect()),
            _ => Rows::Unknown,
        };
        let table = Table::new(format!("the predictions of `{}`", law.name), columns, rows)
            .short(law.name.as_str())
            .keyed(over.keys().map(str::to_owned).collect())
            .with_results(over.has_results());
        let table = self.add_table(table, Source::Predictions(item), law.origin.clone());
        Value::Column(table, column.into())
    }

    /// Gives a table its place in the plan; one that is made in the same way has one already.
    pub(crate) fn add_table(
        &mut self,
        table: Table,
        source: Source,
        origin: Option<synx_plan::problem::Origin>,
    ) -> Rc<Table> {
        let next = self.tables.len();
        // Picking rows and filtering them may leave the same rows, which are told apart by other columns.
        let keys: Vec<String> = table.keys().map(str::to_owned).collect();
        let key = serde_json::to_string(&(&source, &keys)).unwrap_or_default();
        let place = *self.table_places.entry(key).or_insert(next);
        if place == next {
            let (columns, rows) = (table.plan_columns(), table.count());
            self.tables.push(synx_plan::table::Table { source, columns, keys, rows, origin });
        }
        let table = Rc::new(table.with_id(TableId(place)));
        if place == next {
            self.made.push(Rc::clone(&table));
        }
        table
    }

    /// The grid whose cells are the rows of a table, where they are just these.
    pub(crate) fn cells_of(&self, table: TableId) -> Option<Rc<Expanded>> {
        let Source::Grid(item) = self.tables.get(table.0)?.source else { return None };
        match self.grids.get(&item) {
            Some(Demanded::Done(grid)) => grid.clone(),
            _ => None,
        }
    }

    /// The plan's tables, with grids and laws by their places in the plan instead of their items.
    pub(crate) fn numbered_tables(&mut self, numbers: &HashMap<usize, usize>) -> Vec<synx_plan::table::Table> {
        let mut tables = std::mem::take(&mut self.tables);
        for table in &mut tables {
            if let Source::Grid(item)
            | Source::Law(item)
            | Source::Predictions(item)
            | Source::DOptimal { law: item, .. } = &mut table.source
            {
                *item = numbers.get(item).copied().unwrap_or_default();
            }
        }
        tables
    }

    /// The plan's answers, with laws by their places in the plan.
    pub(crate) fn numbered_answers(&mut self, numbers: &HashMap<usize, usize>, corpora: &[CorpusId]) -> Vec<Answer> {
        fn renumber(argument: &mut Argument, numbers: &HashMap<usize, usize>, corpora: &[CorpusId]) {
            match argument {
                Argument::Law(item) => *item = numbers.get(item).copied().unwrap_or_default(),
                Argument::List(all) => all.iter_mut().for_each(|argument| renumber(argument, numbers, corpora)),
                Argument::Named(all) => all.iter_mut().for_each(|(_, argument)| renumber(argument, numbers, corpora)),
                Argument::Drawn(_) | Argument::Steps(_) | Argument::Shares(_) => {
                    let number = |corpus: CorpusId| corpora.get(corpus.0).copied().unwrap_or(corpus);
                    *argument = argument.clone().renumbered(number);
                }
                _ => {}
            }
        }
        let mut answers = std::mem::take(&mut self.answers);
        for answer in &mut answers {
            if let Sort::Mixture(of) = &mut answer.sort {
                for corpus in of.iter_mut() {
                    *corpus = corpora.get(corpus.0).copied().unwrap_or(*corpus);
                }
                of.sort_unstable();
            }
            if let Question::Call { arguments, .. } = &mut answer.question {
                for (_, argument) in arguments {
                    renumber(argument, numbers, corpora);
                }
            }
        }
        answers
    }
}
