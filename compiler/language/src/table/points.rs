//! `points(r = [0, 1/3, 1], tokens = 1M..64M factor 4, gap = predict(a, tokens = tokens) - predict(b, tokens = tokens))`: a row for each
//! combination of some values, and what is asked there.
//!
//! As in a grid, a list is an axis and all else is a column over the names before it. Every cell of such a column is a question of its own, so that it
//! has an interval as every answer has.

use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument, Expression, Name};
use synx_plan::exact::Exact;
use synx_plan::expression::Expression as Plain;
use synx_plan::grid::ColumnValue;
use synx_plan::table::Source;
use synx_plan::unit::Unit;

use super::columns::{Column, Kind, Table};
use super::known::Rows;
use crate::compiler::Compiler;
use crate::late::{Bounds, Late, LateNumber};
use crate::scope::{Binding, Scope};
use crate::value::{Span, Value};

/// Most rows of one table of points. Arbitrary: each of them may be asked in a thousand draws.
const MOST_POINTS: u64 = 10_000;

/// A list that rows are made of.
struct Axis<'t> {
    name: &'t str,
    at: Span,
    values: Rc<Vec<Value>>,
}

/// What is asked at every point.
struct Asked<'t> {
    name: &'t str,
    at: Span,
    value: Expression<'t>,
    column: Option<Column>,
    cells: Vec<Plain>,
}

impl<'t> Compiler<'t> {
    pub(super) fn points(
        &mut self,
        arguments: &[Argument<'t>],
        piped: Option<(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        if let Some((value, at)) = piped {
            return if value.is_error() {
                Value::Error
            } else {
                self.expected(at, "nothing before `|> points(…)`, which makes its own rows,", &value)
            };
        }
        let Some((axes, mut asked)) = self.axes_and_questions(arguments, scope) else { return Value::Error };
        if axes.is_empty() {
            let finding = self.finding("E0610", span, "`points` needs a list to make its rows of", "no list").help(
                "give some values: `points(tokens = 1M..64M factor 4, expected = predict(law, tokens = tokens))`",
            );
            return self.report(finding);
        }
        let count = axes.iter().fold(Exact::one(), |count, axis| count.mul(&Exact::from(axis.values.len() as u64)));
        let Some(count) = count.to_u64().filter(|count| *count <= MOST_POINTS) else {
            let finding = self
                .finding("E0504", span, "these are too many points", format!("{count} rows"))
                .help(format!("a table of points may have {MOST_POINTS} rows: take fewer values, or larger steps"));
            return self.report(finding);
        };
        let mut known: Vec<(Column, Vec<ColumnValue>)> = Vec::new();
        let mut run = count as usize;
        for axis in &axes {
            let Some((column, values)) = self.axis_column(axis) else { return Value::Error };
            run /= values.len().max(1);
            let places = (0..count as usize).map(|row| values[row / run % values.len()].clone());
            known.push((column, places.collect()));
        }
        for row in 0..count as usize {
            if !self.burn(1 + asked.len() as u64, span) {
                return Value::Error;
            }
            let mut names: crate::map::IndexMap<&'t str, Binding<'t>> = crate::map::IndexMap::default();
            let mut run = count as usize;
            for axis in &axes {
                run /= axis.values.len();
                let value = axis.values[row / run % axis.values.len()].clone();
                names.insert(axis.name, Binding::Value(value, axis.at));
            }
            let mut here = Scope::inner(scope, names);
            for question in &mut asked {
                let value = self.evaluate(question.value, &here);
                if question.add(self, &value).is_none() {
                    return Value::Error;
                }
                here = Scope::one(&here, question.name, value, question.at);
            }
        }
        let axis_names: Vec<String> = axes.iter().map(|axis| axis.name.to_owned()).collect();
        let mut columns: IndexMap<String, Column> = IndexMap::new();
        let (mut given, mut values) = (Vec::new(), IndexMap::new());
        for (name, (column, cells)) in axis_names.iter().zip(known) {
            columns.insert(name.clone(), column);
            values.insert(name.clone(), cells.clone());
            given.push((name.clone(), cells));
        }
        let mut questions = Vec::new();
        for Asked { name, column, cells, .. } in asked {
            let Some(column) = column else { return Value::Error };
            columns.insert(name.to_owned(), column);
            questions.push((name.to_owned(), cells));
        }
        let shown = format!("the points of {}", crate::suggest::listed(axis_names.iter().map(String::as_str)));
        let made =
            Table::new(shown, columns, Rows::Given { columns: values, rows: count }).short("points").keyed(axis_names);
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, Source::Points { given, asked: questions }, origin))
    }

    /// The arguments that are lists, and those that are asked at every point.
    fn axes_and_questions(
        &mut self,
        arguments: &[Argument<'t>],
        scope: &Rc<Scope<'t>>,
    ) -> Option<(Vec<Axis<'t>>, Vec<Asked<'t>>)> {
        let (mut axes, mut asked): (Vec<Axis<'t>>, Vec<Asked<'t>>) = (Vec::new(), Vec::new());
        for argument in arguments {
            let (name, value): (Name<'t>, Expression<'t>) = match argument {
                Argument::Named(name, Some(value)) => (*name, *value),
                Argument::Named(..) => return None,
                Argument::Positional(value) => {
                    let at = self.span(value.node());
                    let finding = self
                        .finding("E0106", at, "a column of `points` has a name", "which column is this?")
                        .help("write `points(tokens = 1M..64M factor 4, expected = predict(law, tokens = tokens))`");
                    self.report(finding);
                    return None;
                }
            };
            let at = self.span(value.node());
            let is_before = |word: &str| {
                axes.iter().any(|axis| axis.name == word) || asked.iter().any(|question| question.name == word)
            };
            if is_before(name.text()) {
                let name_at = self.span(name.node());
                let headline = format!("`{}` is given twice", name.text());
                let finding = self.finding("E0102", name_at, headline, "given again");
                self.report(finding);
                return None;
            }
            // What depends on the names before it differs from point to point.
            let depends = crate::grid::scope::free_names(value.node()).any(is_before);
            let found = if depends { None } else { Some(self.evaluate(value, scope)) };
            match found {
                Some(Value::Error) => return None,
                Some(list @ (Value::List(_) | Value::Family(_))) => {
                    let values = self.elements(&list, at, "`points`")?;
                    if values.is_empty() {
                        let finding = self.finding("E0614", at, "there is no point here", "an empty list");
                        self.report(finding.help("give at least one value"));
                        return None;
                    }
                    axes.push(Axis { name: name.text(), at, values });
                }
                Some(interval @ Value::Interval(_)) => {
                    self.expected(at, "a list: an interval with its `step` or `factor`,", &interval);
                    return None;
                }
                _ => asked.push(Asked { name: name.text(), at, value, column: None, cells: Vec::new() }),
            }
        }
        Some((axes, asked))
    }

    /// The column of a list, and its values.
    fn axis_column(&mut self, axis: &Axis<'t>) -> Option<(Column, Vec<ColumnValue>)> {
        let (mut unit, mut bounds): (Option<Unit>, Option<Bounds>) = (None, None);
        let mut values = Vec::new();
        for value in axis.values.iter() {
            match value {
                Value::Error => return None,
                Value::Late(late) => {
                    self.too_late(axis.at, "a value that rows are made of", late);
                    return None;
                }
                Value::Number(amount) => {
                    let Some(both) = unit.unwrap_or(amount.unit).unify(amount.unit) else {
                        let label = format!("{} and {}", unit.unwrap_or(Unit::PLAIN), amount.unit);
                        let finding = self.finding("E0202", axis.at, "the values of a column have one unit", label);
                        self.report(finding);
                        return None;
                    };
                    unit = Some(both);
                    let here = Bounds::exactly(amount.value.clone());
                    bounds = Some(bounds.map_or(here.clone(), |all| all.union(&here)));
                }
                _ => {}
            }
            values.push(value.column().0);
        }
        let numbers = values.iter().filter(|value| matches!(value, ColumnValue::Number(_))).count();
        let truths = axis.values.iter().filter(|value| matches!(value, Value::Bool(_))).count();
        let column = match (numbers, unit, bounds) {
            (n, Some(unit), Some(bounds)) if n == values.len() => Column::number(unit, bounds),
            (0, ..) if truths == values.len() => Column { kind: Kind::Truth, ..Column::text() },
            (0, ..) => Column::text(),
            _ => {
                let finding = self
                    .finding("E0201", axis.at, "some of these are numbers, others are not", "no one column")
                    .help("give numbers alone, or none");
                self.report(finding);
                return None;
            }
        };
        Some((column, values))
    }
}

impl Asked<'_> {
    /// Adds what is asked at the next point; reported where it is no number or truth value, or has another unit than before.
    fn add(&mut self, compiler: &mut Compiler<'_>, value: &Value) -> Option<()> {
        let truth = match value {
            Value::Error => return None,
            Value::Bool(_) => true,
            Value::Late(late) => matches!(**late, Late::Truth(_)),
            _ => false,
        };
        if truth {
            self.column.get_or_insert(Column { kind: Kind::Truth, ..Column::text() });
            self.cells.push(compiler.late_truth(value, self.at, "a condition")?);
            return Some(());
        }
        let what = format!("`{}`", self.name);
        let LateNumber { value, unit, bounds } = compiler.late_number(value, self.at, &what)?;
        let column = match self.column.take() {
            None => Column::number(unit, bounds),
            Some(before) => {
                let Some(both) = before.unit.unify(unit) else {
                    let headline = format!("{what} is in {} at one point and in {unit} at another", before.unit);
                    let finding = compiler.finding("E0202", self.at, headline, "two units");
                    compiler.report(finding);
                    return None;
                };
                Column::number(both, before.bounds.union(&bounds))
            }
        };
        self.column = Some(column);
        self.cells.push(value);
        Some(())
    }
}
