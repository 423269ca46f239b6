//! How far a cell that a condition leaves out is from being kept.

use std::rc::Rc;

use synx_grammar::view::{BinaryOperator as Op, Expression};
use synx_plan::unit::Amount;

use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::value::Value;

impl<'t> Compiler<'t> {
    /// The number that the condition compares and the bound that it misses; nothing where the condition compares no numbers.
    pub(super) fn how_far_off(&mut self, condition: Expression<'t>, scope: &Rc<Scope<'t>>) -> Option<(Amount, Amount)> {
        let Expression::Binary(binary) = condition.without_parens() else { return None };
        let (left, right) = (binary.left()?, binary.right()?);
        let mut number = |side: Expression<'t>| match self.evaluate(side, scope) {
            Value::Number(amount) => Some(amount),
            _ => None,
        };
        match binary.operator() {
            Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual | Op::Equal => {
                Some((number(left)?, number(right)?))
            }
            Op::In => {
                let value = number(left)?;
                let Value::Interval(ends) = self.evaluate(right, scope) else { return None };
                let missed = match &*ends {
                    (Some(low), _) if value.value < low.value => low.clone(),
                    (_, Some(high)) => high.clone(),
                    _ => return None,
                };
                Some((value, missed))
            }
            Op::And => {
                let first = self.evaluate(left, scope);
                self.how_far_off(if let Value::Bool(false) = first { left } else { right }, scope)
            }
            _ => None,
        }
    }
}
