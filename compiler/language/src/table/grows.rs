//! `grows(gaps, gap, over = tokens)`: whether a column rises from each value of an axis to the next.

use std::rc::Rc;

use synx_grammar::view::Argument;
use synx_plan::answer::{Argument as Asked, Question};
use synx_plan::expression::{Binary, Expression};

use super::columns::{Kind, Table};
use crate::compiler::Compiler;
use crate::late::{Bounds, Late};
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// `least_step`, and `grows`, which is whether that is above zero.
    pub(super) fn steps_along(
        &mut self,
        function: &'static str,
        table: &Rc<Table>,
        rest: &[Argument<'t>],
        span: Span,
    ) -> Value {
        let Some([column, over]) = self.needed(function, ["column", "over"], rest, span) else { return Value::Error };
        let over_at = self.span(over.node());
        let Some(column) = self.measure(table, function, column) else { return Value::Error };
        let Some(axes) = self.over(table, function, over) else { return Value::Error };
        let [(axis, _)] = &axes[..] else {
            let finding = self
                .finding("E0610", over_at, format!("`{function}` goes along one axis"), format!("{} axes", axes.len()))
                .help("ask it of each: `grows(t, y, over = a) and grows(t, y, over = b)`");
            return self.report(finding);
        };
        if table.kind(axis) != Kind::Number {
            let headline = format!("`{axis}` holds no numbers, so that nothing lies along it");
            let finding = self.finding("E0610", over_at, headline, "no numbers").help("go along an axis of numbers");
            return self.report(finding);
        }
        let values = self.distinct(table, axis);
        if values.is_some_and(|values| values.len() < 2) {
            let finding = self
                .finding("E0616", over_at, format!("`{axis}` has one value: there is no step along it"), "one value")
                .help("ask of a table in which it has several");
            return self.report(finding);
        }
        let Some(id) = table.id else { return Value::Error };
        let unit = table.get(&column).map(|column| column.unit).unwrap_or_default();
        let arguments = vec![
            ("of".to_owned(), Asked::Table(id)),
            ("column".to_owned(), Asked::Column(column)),
            ("over".to_owned(), Asked::Column(axis.clone())),
        ];
        let question = Question::Call { function: "least_step".to_owned(), arguments };
        let least = self.ask_number(question, unit, Bounds::default(), span);
        match least.late() {
            Some(Late::Number(least)) if function == "grows" => {
                let above = Expression::binary(Binary::Greater, least.value.clone(), Expression::number(0u64));
                Value::Late(Rc::new(Late::Truth(above)))
            }
            _ => least,
        }
    }
}
