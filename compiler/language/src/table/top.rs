//! The best values of a column: settled by a run, out of values that are known.

use std::rc::Rc;

use synx_grammar::view::{Argument, Expression};
use synx_plan::answer::{Argument as Asked, Question, Sort};
use synx_plan::expression::Expression as Plain;
use synx_plan::grid::ColumnValue;
use synx_plan::unit::{Amount, Unit};

use super::columns::Table;
use crate::compiler::Compiler;
use crate::late::Late;
use crate::scope::Scope;
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// `top(table, column, by = loss, n = 8)`: a list of `n` late values, each one of the column's. A value that stands in several rows counts
    /// with its best.
    pub(super) fn top(&mut self, table: &Rc<Table>, rest: &[Argument<'t>], span: Span, scope: &Rc<Scope<'t>>) -> Value {
        let Some([column, by, n]) = self.needed("top", ["column", "by", "n"], rest, span) else { return Value::Error };
        let at = self.span(column.node());
        let name = match column.without_parens() {
            Expression::Text(text) => text.value(),
            other => other.text().chars().filter(|c| !c.is_whitespace()).collect(),
        };
        let Some(column) = table.column(&name) else { return self.unknown_column(table, &name, at) };
        let Some(by) = self.measure(table, "top", by) else { return Value::Error };
        self.lint_best(table, &[], span);
        let Some(candidates) = self.distinct(table, &column) else {
            let finding = self
                .finding(
                    "E0612",
                    at,
                    format!("which values `{column}` has must be known before anything runs"),
                    "not known",
                )
                .help("choose from an axis, or from a column that follows from axes");
            return self.report(finding);
        };
        let n_at = self.span(n.node());
        let n = self.evaluate(n, scope);
        let Some(n) = self.whole(&n, n_at, Unit::PLAIN, "`n`", (1, candidates.len() as u64)) else {
            return Value::Error;
        };
        if !self.burn(n, span) {
            return Value::Error;
        }
        let Some(id) = table.id else { return Value::Error };
        let sort = Sort::OneOf(candidates.iter().map(|value| value.column().0).collect());
        let candidates = Rc::new(candidates);
        let value = |place: u64, compiler: &mut Self| {
            let arguments = [
                ("table", Asked::Table(id)),
                ("column", Asked::Column(column.clone())),
                ("by", Asked::Column(by.clone())),
                ("place", Asked::Expression(Plain::number(place))),
            ];
            let arguments = arguments.map(|(name, argument)| (name.to_owned(), argument)).to_vec();
            let question = Question::Call { function: "top".to_owned(), arguments };
            let answer = compiler.ask(question, sort.clone(), span);
            Value::Late(Rc::new(Late::OneOf { answer, values: Rc::clone(&candidates) }))
        };
        Value::items((1..=n).map(|place| value(place, self)).collect())
    }

    /// The values that a column has, each once, in the order of the rows; none where a run settles them.
    pub(crate) fn distinct(&mut self, table: &Rc<Table>, column: &str) -> Option<Vec<Value>> {
        let known = self.known(table, column)?;
        let unit = table.get(column)?.unit;
        let mut seen: std::collections::HashSet<&ColumnValue> = std::collections::HashSet::new();
        let mut values = Vec::new();
        for value in known.iter().filter(|value| seen.insert(value)) {
            values.push(match value {
                ColumnValue::Number(number) => Value::Number(Amount::new(number.clone(), unit)),
                ColumnValue::Text(text) => self.axis_value_called(column, value).unwrap_or_else(|| Value::text(text)),
                ColumnValue::Answer(_) => return None,
            });
        }
        Some(values)
    }
}
