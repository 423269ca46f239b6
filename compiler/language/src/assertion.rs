//! `assert condition because "…"`: what the author of a declaration demands.

use std::rc::Rc;

use synx_grammar::view::{Assert, BinaryOperator as Op, Block, Entry, Expression, UnaryOperator};

use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::value::Value;

/// How many values are shown where one does not hold.
const SHOWN: usize = 8;

impl<'t> Compiler<'t> {
    /// Whether all assertions of a block hold in its scope; those that do not are reported.
    pub(crate) fn assertions(&mut self, block: Block<'t>, scope: &Rc<Scope<'t>>) -> bool {
        let mut all = true;
        for entry in block.entries() {
            if let Entry::Assert(assertion) = entry {
                all &= self.holds(assertion, scope);
            }
        }
        all
    }

    /// Whether an assertion holds; what is not known at its place is not said to be wrong.
    pub(crate) fn holds(&mut self, assertion: Assert<'t>, scope: &Rc<Scope<'t>>) -> bool {
        let Some(condition) = assertion.condition() else { return true };
        let span = self.span(condition.node());
        let value = self.evaluate(condition, scope);
        match self.condition(&value, span) {
            Some(true) => return true,
            Some(false) => {}
            None => return value.is_error(),
        }
        let reason = assertion.reason().map(synx_grammar::view::Text::value).unwrap_or_default();
        let headline = if reason.is_empty() { format!("`{}` does not hold", condition.text()) } else { reason };
        let mut finding = self.finding("E0120", span, headline.trim_end_matches('.'), "does not hold");
        let mut parts = Vec::new();
        involved(condition, &mut parts);
        for part in parts.into_iter().take(SHOWN) {
            let value = self.quietly(|compiler| compiler.evaluate(part, scope));
            let shown = match &value {
                Value::Error => continue,
                Value::Number(amount) => amount.to_string(),
                other => other.column().0.to_string(),
            };
            let note = format!("`{}` is {shown}", part.text());
            if !finding.notes.contains(&note) {
                finding.notes.push(note);
            }
        }
        self.report(finding);
        false
    }
}

/// The parts of a condition whose values say why it does not hold: the sides of its comparisons, and in those the names.
fn involved<'t>(condition: Expression<'t>, parts: &mut Vec<Expression<'t>>) {
    match condition.without_parens() {
        Expression::Binary(binary) => {
            let compares = matches!(
                binary.operator(),
                Op::Equal | Op::NotEqual | Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual | Op::In
            );
            for side in [binary.left(), binary.right()].into_iter().flatten() {
                if compares && matches!(side.without_parens(), Expression::Binary(_)) {
                    parts.push(side);
                }
                involved(side, parts);
            }
        }
        Expression::Unary(unary) if unary.operator() == UnaryOperator::Not => {
            unary.operand().into_iter().for_each(|operand| involved(operand, parts));
        }
        part @ (Expression::Name(_) | Expression::Access(_) | Expression::Call(_) | Expression::Index(_)) => {
            parts.push(part);
        }
        _ => {}
    }
}
