//! Rows of a table by the values of its axes, and columns of tables and rows.

use std::rc::Rc;

use synx_grammar::view::{Argument, Index};
use synx_plan::answer::{Question, Sort};
use synx_plan::expression::{Binary, Expression};
use synx_plan::grid::ColumnValue;
use synx_plan::table::Source;
use synx_plan::unit::Amount;

use super::columns::{Kind, Table};
use super::known::Rows;
use crate::compiler::Compiler;
use crate::late::Late;
use crate::scope::Scope;
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// `table[axis = value, …]`: one row where every axis is pinned, else the table of those that are left.
    pub(crate) fn rows_where(&mut self, value: &Value, index: Index<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let span = self.span(index.node());
        let base = index.base().map_or(span, |base| self.span(base.node()));
        let Some(table) = self.as_table(value, base) else { return Value::Error };
        let mut left: Vec<&str> = table.keys().collect();
        let mut condition: Option<Expression> = None;
        let mut pinned = Vec::new();
        for argument in index.arguments() {
            let (name, expression) = match argument {
                Argument::Named(name, Some(expression)) => (name, expression),
                Argument::Named(..) => return Value::Error,
                Argument::Positional(value) => {
                    let at = self.span(value.node());
                    let axes = listed(table.keys());
                    let finding = self
                        .finding("E0611", at, "which axis has this value?", "a value without its axis")
                        .help(format!("name it: `[axis = value]`; the axes here are {axes}"));
                    return self.report(finding);
                }
            };
            let at = self.span(name.node());
            let value = self.evaluate(expression, scope);
            let value_at = self.span(expression.node());
            if value.is_error() {
                return Value::Error;
            }
            let Some(place) = left.iter().position(|key| *key == name.text()) else {
                return self.no_axis(&table, name.text(), at);
            };
            left.remove(place);
            let Some((equal, shown)) = self.pin(&table, name.text(), &value, value_at) else { return Value::Error };
            pinned.push(format!("{}={shown}", name.text()));
            condition = Some(match condition {
                Some(all) => Expression::binary(Binary::And, all, equal),
                None => equal,
            });
        }
        let Some(condition) = condition else {
            let finding = self
                .finding("E0611", span, "nothing is picked out here", "empty brackets")
                .help(format!("write `[axis = value]`; the axes here are {}", listed(table.keys())));
            return self.report(finding);
        };
        let short: Rc<str> = format!("{}[{}]", table.short, pinned.join(",")).into();
        let rows = self.known_truths(&table, &condition).map(|truths| {
            let places = truths.iter().enumerate().filter(|(_, holds)| **holds).map(|(row, _)| row as u32);
            places.collect::<Vec<u32>>()
        });
        if rows.as_ref().is_some_and(Vec::is_empty) {
            let finding = self
                .finding("E0611", span, format!("{} has no row {}", table.name, pinned.join(", ")), "no such row")
                .help("each value is there, but not in one row: a `where` or a filter left that row out");
            return self.report(finding);
        }
        let keys: Vec<String> = left.into_iter().map(str::to_owned).collect();
        let one = keys.is_empty();
        let rows = rows.map_or(if one { Rows::Count(1) } else { Rows::Unknown }, |rows| Rows::some(&table, rows));
        let picked = Table::new(format!("`{short}`"), table.columns().clone(), rows)
            .short(short)
            .keyed(keys)
            .with_results(table.has_results())
            .of_law(table.law);
        let Some(of) = table.id else { return Value::Error };
        let origin = Some(self.origin(span));
        let picked = self.add_table(picked, Source::Filter { of, condition }, origin);
        if one { Value::Row(picked) } else { Value::Table(picked) }
    }

    /// One row of a table whose axes are known, by its place.
    pub(crate) fn row_at(&mut self, table: &Rc<Table>, row: u32, name: &Rc<str>, span: Span) -> Option<Rc<Table>> {
        let mut condition: Option<Expression> = None;
        for key in table.keys() {
            let value = self.known(table, key)?.get(row as usize)?.clone();
            let equal = match value {
                ColumnValue::Number(number) => {
                    Expression::binary(Binary::Equal, Expression::column(key), Expression::Number(number))
                }
                value => Expression::Is { column: key.to_owned(), value },
            };
            condition = Some(match condition {
                Some(all) => Expression::binary(Binary::And, all, equal),
                None => equal,
            });
        }
        let rows = Rows::some(table, vec![row]);
        let picked = Table::new(format!("`{name}`"), table.columns().clone(), rows)
            .short(Rc::clone(name))
            .with_results(table.has_results());
        let origin = Some(self.origin(span));
        let of = table.id?;
        let condition = condition.unwrap_or(Expression::number(1u64));
        Some(self.add_table(picked, Source::Filter { of, condition }, origin))
    }

    /// The condition that an axis has a value, and the value as a row's name shows it.
    fn pin(&mut self, table: &Rc<Table>, name: &str, value: &Value, span: Span) -> Option<(Expression, String)> {
        let column = table.get(name)?.clone();
        let known = self.known(table, name);
        if column.kind == Kind::Number {
            let amount = self.amount(value, span, &format!("`{name}`"))?;
            if column.unit.unify(amount.unit).is_none() {
                let there = Amount::new(amount.value.clone(), column.unit);
                self.units_differ(span, &format!("`{name}` and the value it should have"), &there, &amount);
                return None;
            }
            let shown = ColumnValue::Number(amount.value.clone());
            if known.as_ref().is_some_and(|known| !known.contains(&shown)) {
                let values = known.unwrap_or_default();
                self.value_not_there(name, &shown.to_string(), &values, span);
                return None;
            }
            let number = Expression::Number(amount.value);
            return Some((Expression::binary(Binary::Equal, Expression::column(name), number), shown.to_string()));
        }
        let (shown, _) = value.column();
        if let Value::Late(late) = value {
            let late = Rc::clone(late);
            self.too_late(span, &format!("`{name}`"), &late);
            return None;
        }
        if known.as_ref().is_some_and(|known| !known.contains(&shown)) {
            let values = known.unwrap_or_default();
            self.value_not_there(name, &shown.to_string(), &values, span);
            return None;
        }
        let text = shown.to_string();
        Some((Expression::Is { column: name.to_owned(), value: ColumnValue::Text(text.clone()) }, text))
    }

    fn no_axis(&mut self, table: &Table, name: &str, span: Span) -> Value {
        let what = if table.law.is_some() { "group" } else { "axis" };
        let headline = format!("`{name}` is no {what} of {}", table.name);
        let mut finding = self.finding("E0611", span, headline, "rows are not told apart by it");
        finding.help = Some(if table.has(name) {
            format!("it is a column: use `|> filter({name} == …)`")
        } else if table.keys().next().is_none() {
            "it has one row: leave the brackets out".to_owned()
        } else {
            format!("write one of {}", listed(table.keys()))
        });
        if let Some(near) = nearest(name, table.keys()) {
            let edit = self.edit(span, near);
            finding = finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit]);
        }
        self.report(finding)
    }

    /// `table.name`, `row.name`: of a row, and of a table of one row, the value; else the column.
    pub(crate) fn table_column(&mut self, value: &Value, name: &str, base: Span, span: Span) -> Value {
        if let (Value::Law(item), "predicted" | "observed") = (value, name) {
            return self.predictions(*item, name, base);
        }
        let table = match value {
            Value::Row(table) => Some(Rc::clone(table)),
            other => self.as_table(other, base),
        };
        let Some(table) = table else { return Value::Error };
        let Some(column) = table.column(name) else { return self.unknown_column(&table, name, span) };
        if table.kind(&column) == Kind::Undefined {
            return self.undefined_column(&table, &column, span);
        }
        if matches!(value, Value::Row(_)) || (table.law.is_some() && table.keys().next().is_none()) {
            return self.row_value(&table, &column, span);
        }
        Value::Column(table, column.into())
    }

    /// The value of a column in the only row of a table: known, or settled by a run.
    pub(crate) fn row_value(&mut self, table: &Rc<Table>, column: &str, span: Span) -> Value {
        let Some(known) = table.get(column).cloned() else { return Value::Error };
        match self.known(table, column).as_deref().map(Vec::as_slice) {
            Some([ColumnValue::Number(number)]) => return Value::Number(Amount::new(number.clone(), known.unit)),
            Some([ColumnValue::Text(text)]) if known.kind == Kind::Truth => return Value::Bool(text == "true"),
            Some([ColumnValue::Text(text)]) => return Value::text(text),
            _ => {}
        }
        let Some(id) = table.id else { return Value::Error };
        let question = Question::Value { table: id, column: column.to_owned() };
        match known.kind {
            Kind::Number => self.ask_number(question, known.unit, known.bounds, span),
            Kind::Truth => {
                let answer = self.ask(question, Sort::Truth, span);
                Value::Late(Rc::new(Late::Truth(Expression::Answer(answer))))
            }
            Kind::Text | Kind::Undefined => {
                let headline = format!("the text in `{column}` is settled by a run");
                let finding = self
                    .finding("E0612", span, headline, "not known here")
                    .help("compare it within the table: `|> filter(column == …)`");
                self.report(finding)
            }
        }
    }

    /// Reports rows or columns where one number is wanted.
    pub(crate) fn not_one_number(&mut self, value: &Value, span: Span, what: &str) {
        let finding = match value {
            Value::Row(table) => self
                .finding(
                    "E0613",
                    span,
                    format!("a row stands where {what} wants one number"),
                    format!("{} has many columns", table.name),
                )
                .help("name its column: `row.loss`"),
            Value::Column(table, name) => {
                let keys: Vec<&str> = table.keys().collect();
                let rows = table.count().map_or_else(|| "several rows".to_owned(), |rows| format!("{rows} rows"));
                let headline = format!("the column `{name}` stands where {what} wants one number");
                let finding = self.finding("E0613", span, headline, rows);
                match keys.split_last() {
                    None => finding.help("it has a value in every row; pick one, or make a table of it"),
                    Some((last, _)) => finding.help(format!(
                        "pin every axis, `[{}]`, or average over some first: `|> mean(over = {last})`",
                        keys.iter().map(|key| format!("{key} = …")).collect::<Vec<_>>().join(", ")
                    )),
                }
            }
            _ => return,
        };
        self.report(finding);
    }
}
