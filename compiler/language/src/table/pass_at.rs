//! `pass_at(k)`: the chance that one of k answers to a prompt is right, a column of runs that are rewarded for answers.

use std::rc::Rc;

use synx_grammar::view::Argument;
use synx_plan::unit::Unit;

use super::columns::Table;
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::value::{Span, Value};

/// Most answers to a prompt that columns are made for. Arbitrary: estimates for more want more answers than anybody draws.
pub(super) const MOST: u64 = 64;

/// The name of the column.
pub(super) fn column(k: u64) -> String {
    format!("pass_at({k})")
}

impl<'t> Compiler<'t> {
    /// `pass_at(1)` in an expression over rows.
    pub(super) fn pass_at(&mut self, arguments: &[Argument<'t>], span: Span, scope: &Rc<Scope<'t>>) -> Value {
        let Some(table) = scope.columns().cloned() else {
            let finding = self
                .finding("E0101", span, "`pass_at` has a meaning only where a table is at hand", "no table here")
                .help("say whose: `row.pass_at(1)`; or use it in `filter`, `derive`, or in the formula of a law");
            return self.report(finding);
        };
        match self.pass_at_column(&table, arguments, span, scope) {
            Some(column) => self.column_at_hand(&table, &column, span),
            None => Value::Error,
        }
    }

    /// `row.pass_at(1)`, `table.pass_at(1)`, `cell.pass_at(1)`.
    pub(crate) fn pass_at_of(
        &mut self,
        value: &Value,
        base: Span,
        arguments: &[Argument<'t>],
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let (value, table) = match value {
            Value::Error => return Value::Error,
            Value::Cell(cell) => match self.row_of_cell(cell, span) {
                Some(row) => (Value::Row(Rc::clone(&row)), Some(row)),
                None => return Value::Error,
            },
            Value::Row(table) => (value.clone(), Some(Rc::clone(table))),
            other => (other.clone(), self.as_table(other, base)),
        };
        let Some(table) = table else {
            return if value.is_table() {
                Value::Error
            } else {
                self.expected(base, "a table or a row of one", &value)
            };
        };
        match self.pass_at_column(&table, arguments, span, scope) {
            Some(column) => self.table_column(&value, &column, base, span),
            None => Value::Error,
        }
    }

    /// The column that a call names; reported where the table does not have it.
    pub(crate) fn pass_at_column(
        &mut self,
        table: &Table,
        arguments: &[Argument<'t>],
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Option<String> {
        let matched = self.match_arguments("pass_at", &["k"], arguments, false, span)?;
        let Some(k) = matched[0].and_then(|at| arguments[at].value()) else {
            self.missing_argument("pass_at", "k", span);
            return None;
        };
        let at = self.span(k.node());
        let value = self.evaluate(k, scope);
        let answers = table.names().filter(|name| name.starts_with("pass_at(")).count() as u64;
        if answers == 0 && !table.is_open() {
            let headline = format!("{} holds no runs that are rewarded for answers", table.name);
            let finding = self
                .finding("E0653", span, headline, "no answers to count")
                .help("`pass_at` is known of runs with `objective = grpo(…)`, which gives answers to prompts");
            self.report(finding);
            return None;
        }
        let most = if table.is_open() { MOST } else { answers };
        self.whole(&value, at, Unit::PLAIN, "`k`", (1, most)).map(column)
    }
}
