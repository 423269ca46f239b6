//! Columns as names: what a condition or an expression over the rows of a table sees.

use std::rc::Rc;

use synx_grammar::view::{Argument, BinaryOperator, Expression};
use synx_plan::expression as plan;
use synx_plan::grid::ColumnValue;

use super::columns::{Kind, Table};
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::late::{Late, LateNumber};
use crate::operator::Placed;
use crate::scope::Scope;
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// The column that `params.total` or `loss[wiki]` names where columns are names.
    pub(crate) fn named_column(
        &self,
        expression: Expression<'t>,
        scope: &Rc<Scope<'t>>,
    ) -> Option<(Rc<Table>, String)> {
        let table = scope.columns()?;
        let name: String = expression.text().chars().filter(|c| !c.is_whitespace()).collect();
        Some((Rc::clone(table), table.column(&name)?))
    }

    /// The value of a column in the row at hand.
    pub(crate) fn column_at_hand(&mut self, table: &Rc<Table>, column: &str, span: Span) -> Value {
        let Some(known) = table.get(column).cloned() else { return Value::Error };
        let value = plan::Expression::column(column);
        match known.kind {
            Kind::Number => LateNumber { value, unit: known.unit, bounds: known.bounds }.into_value(),
            Kind::Truth => Value::Late(Rc::new(Late::Truth(value))),
            Kind::Text => {
                let values = self.known(table, column);
                Value::Late(Rc::new(Late::Text { column: column.to_owned(), values }))
            }
            Kind::Undefined => self.undefined_column(table, column, span),
        }
    }

    /// Reports `loss` where several domains have no weights.
    pub(crate) fn undefined_column(&mut self, table: &Table, column: &str, span: Span) -> Value {
        let domains = table.names().filter(|known| known.starts_with("loss["));
        let help = format!("give the evaluation `weights`, or name one domain: {}", listed(domains));
        let headline = format!("`{column}` has no meaning: several domains have no weights");
        let finding = self.finding("E0605", span, headline, "which domain?").help(help);
        self.report(finding)
    }

    /// Reports a column that a table does not have.
    pub(crate) fn unknown_column(&mut self, table: &Table, name: &str, span: Span) -> Value {
        if table.is_open() || self.broken_words.contains(name) {
            return Value::Error;
        }
        let headline = format!("{} has no column `{name}`", table.name);
        let mut finding = self.finding("E0610", span, headline, "no such column");
        finding = match nearest(name, table.names()) {
            Some(near) if is_word(near) => {
                let edit = self.edit(span, near);
                finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
            }
            Some(near) => finding.help(format!("did you mean `column(\"{near}\")`?")),
            None => {
                let more = if table.columns().len() > 20 { " and more" } else { "" };
                finding.help(format!("its columns are {}{more}", listed(table.names().take(20))))
            }
        };
        self.report(finding)
    }

    /// `column("metric/x")` and `columns("train_*")`, in an expression over rows.
    pub(crate) fn named_columns(
        &mut self,
        function: &str,
        arguments: &[Argument<'t>],
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let Some(table) = scope.columns().cloned() else {
            let headline = format!("`{function}` has a meaning only where a table is at hand");
            let finding = self
                .finding("E0101", span, headline, "no table here")
                .help("it belongs in the arguments of `filter` and `derive`, and in the formula of a law");
            return self.report(finding);
        };
        let parameter = if function == "column" { "name" } else { "pattern" };
        let Some(matched) = self.match_arguments(function, &[parameter], arguments, false, span) else {
            return Value::Error;
        };
        let Some(expression) = matched[0].and_then(|at| arguments[at].value()) else {
            self.missing_argument(function, parameter, span);
            return Value::Error;
        };
        let at = self.span(expression.node());
        let name = match self.evaluate(expression, scope) {
            Value::Text(name) => name,
            other => return self.expected(at, "the name of a column in quotes", &other),
        };
        if function == "column" && table.has_fields() {
            return Value::Late(Rc::new(Late::Field { column: format!("field[{name}]") }));
        }
        if function == "column" {
            return match table.column(&name) {
                Some(column) => self.column_at_hand(&table, &column, at),
                None if table.is_of_documents() => {
                    let headline = format!("{} has no fields", table.name);
                    let finding = self.finding("E0610", at, headline, "no line or row to look into").help(
                        "fields stand in jsonl and parquet files; known of every document are `tokens` and `bytes`",
                    );
                    self.report(finding)
                }
                None => self.unknown_column(&table, &name, at),
            };
        }
        let Some((before, after)) = name.split_once('*').filter(|(_, after)| !after.contains('*')) else {
            let finding = self
                .finding("E0610", at, "a family of columns is named with one `*`", "no pattern")
                .help("write `columns(\"train_*\")`, or `column(\"…\")` for one");
            return self.report(finding);
        };
        let fits = |column: &&str| {
            column.len() >= before.len() + after.len() && column.starts_with(before) && column.ends_with(after)
        };
        let names: Vec<String> = table.names().filter(fits).map(str::to_owned).collect();
        if names.is_empty() {
            let headline = format!("{} has no column like `{name}`", table.name);
            let finding = self
                .finding("E0610", at, headline, "nothing fits")
                .help(format!("its columns are {}", listed(table.names().take(20))));
            return self.report(finding);
        }
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let value = self.column_at_hand(&table, &name, at);
            let part = name[before.len()..name.len() - after.len()].to_owned();
            columns.push((part, value));
        }
        Value::Columns(Rc::new(columns))
    }

    /// `normalize(columns("train_*"))`: each column of a family by the sum of all, so that rows that sum to 0.999 sum to one.
    pub(crate) fn normalize_columns(&mut self, arguments: &Arguments) -> Value {
        let (Value::Columns(columns), span) = arguments.required("of") else { return Value::Error };
        let values: Vec<Value> = columns.iter().map(|(_, value)| value.clone()).collect();
        let sum = Placed { value: self.late_sum(&values, span), span };
        if sum.value.is_error() {
            return Value::Error;
        }
        let mut parts = Vec::with_capacity(columns.len());
        for (name, value) in columns.iter() {
            let value = Placed { value: value.clone(), span };
            let part = self.late_arithmetic(BinaryOperator::Divide, &value, &sum, span);
            if part.is_error() {
                return Value::Error;
            }
            parts.push((name.clone(), part));
        }
        Value::Columns(Rc::new(parts))
    }

    /// A condition over the rows of a table, as an expression of the plan.
    pub(crate) fn row_condition(
        &mut self,
        table: &Rc<Table>,
        condition: Expression<'t>,
        scope: &Rc<Scope<'t>>,
    ) -> Option<plan::Expression> {
        let inside = Scope::of_columns(scope, table);
        let value = self.evaluate(condition, &inside);
        let span = self.span(condition.node());
        self.late_truth(&value, span, "a condition over the columns")
    }

    /// For each row whether a condition holds; none where a run settles that.
    pub(crate) fn known_truths(&self, table: &Table, condition: &plan::Expression) -> Option<Vec<bool>> {
        let values = self.known_values(table, condition)?;
        Some(values.into_iter().map(|value| value != 0.0).collect())
    }

    /// The value of an expression in every row; none where a run settles it.
    pub(crate) fn known_values(&self, table: &Table, expression: &plan::Expression) -> Option<Vec<f64>> {
        let rows = table.count()? as usize;
        if !expression.answers().is_empty() {
            return None;
        }
        let mut columns = Vec::new();
        for name in expression.columns() {
            columns.push((name, self.known(table, name)?));
        }
        let at = |name: &str, row: usize| columns.iter().find(|(known, _)| *known == name).map(|(_, c)| &c[row]);
        let value = |row: usize| {
            expression.evaluate(&|leaf| match leaf {
                plan::Name::Column(name) => match at(name, row) {
                    Some(ColumnValue::Number(number)) => number.to_f64(),
                    Some(ColumnValue::Text(text)) if text == "true" => 1.0,
                    Some(ColumnValue::Text(text)) if text == "false" => 0.0,
                    _ => f64::NAN,
                },
                plan::Name::Is(name, value) => f64::from(u8::from(at(name, row) == Some(value))),
                _ => f64::NAN,
            })
        };
        Some((0..rows).map(value).collect())
    }
}

/// Whether a column's name can be written as it stands.
fn is_word(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']'))
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}
