//! Operators of two sides: arithmetic with units, comparisons, lists, and the algebra of shares.

use std::rc::Rc;

use synx_grammar::view::{Binary, BinaryOperator as Op, Expression};
use synx_plan::exact::Exact;
use synx_plan::expression as plain;
use synx_plan::unit::{Amount, Unit};

use crate::compiler::{Compiler, MAX_LIST};
use crate::late::Late;
use crate::scope::Scope;
use crate::value::{Span, Value};

/// A value with the text that it comes from.
#[derive(Clone)]
pub(crate) struct Placed {
    pub value: Value,
    pub span: Span,
}

impl<'t> Compiler<'t> {
    /// A chain of operators that groups to the left: evaluated in a loop, so that long sums need no depth.
    pub(crate) fn binary_chain(&mut self, expression: Expression<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let mut spine: Vec<Binary<'t>> = Vec::new();
        let mut first = expression;
        while let Expression::Binary(binary) = first {
            spine.push(binary);
            match binary.left() {
                Some(left) => first = left,
                None => return Value::Error,
            }
        }
        let mut left = Placed { value: self.evaluate(first, scope), span: self.span(first.node()) };
        for binary in spine.into_iter().rev() {
            let span = self.span(binary.node());
            let Some(right) = binary.right() else { return Value::Error };
            let decided =
                matches!((binary.operator(), &left.value), (Op::And, Value::Bool(false)) | (Op::Or, Value::Bool(true)));
            if !decided {
                let right = Placed { value: self.evaluate(right, scope), span: self.span(right.node()) };
                left.value = self.binary(binary.operator(), &left, &right, span);
            }
            left.span = span;
        }
        left.value
    }

    pub(crate) fn binary(&mut self, operator: Op, left: &Placed, right: &Placed, span: Span) -> Value {
        if left.value.is_error() || right.value.is_error() || !self.burn(1, span) {
            return Value::Error;
        }
        match operator {
            Op::Add => self.add(left, right, span),
            Op::Multiply => self.multiply(left, right, span),
            Op::Subtract | Op::Divide | Op::Power => self.arithmetic(operator, left, right, span),
            Op::Equal => self.equality(left, right, span, true),
            Op::NotEqual => self.equality(left, right, span, false),
            Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual => self.compare(operator, left, right, span),
            Op::In => self.within(left, right, span),
            Op::And | Op::Or if waits(&left.value) || waits(&right.value) => {
                self.late_logic(operator, left, right, span)
            }
            Op::And | Op::Or => {
                let (Some(a), Some(b)) =
                    (self.condition(&left.value, left.span), self.condition(&right.value, right.span))
                else {
                    return Value::Error;
                };
                Value::Bool(if operator == Op::And { a && b } else { a || b })
            }
        }
    }

    fn add(&mut self, left: &Placed, right: &Placed, span: Span) -> Value {
        match (&left.value, &right.value) {
            (Value::Family(_), Value::List(_) | Value::Family(_)) | (Value::List(_), Value::Family(_)) => {
                let list = |side: &Placed| match &side.value {
                    Value::Family(family) => Placed { value: family.list(), span: side.span },
                    _ => side.clone(),
                };
                self.add(&list(left), &list(right), span)
            }
            (Value::List(a), Value::List(b)) => {
                let total = a.count().add(&b.count()).to_u64().filter(|count| *count <= MAX_LIST);
                let (Some(total), Some(a), Some(b)) = (total, a.expand(MAX_LIST), b.expand(MAX_LIST)) else {
                    return self.long_list(span);
                };
                if !self.burn(total, span) {
                    return Value::Error;
                }
                Value::items(a.iter().chain(b.iter()).cloned().collect())
            }
            (a, b) if is_data(a) || is_data(b) => self.add_shares(left, right, span),
            _ => self.arithmetic(Op::Add, left, right, span),
        }
    }

    fn multiply(&mut self, left: &Placed, right: &Placed, span: Span) -> Value {
        match (&left.value, &right.value) {
            (Value::List(list), Value::Number(_)) => self.repeat(list, right, span),
            (Value::Number(_), Value::List(list)) => self.repeat(list, left, span),
            (_, data) if is_data(data) => self.weigh(left, right, span),
            (data, _) if is_data(data) => self.weigh(right, left, span),
            _ => self.arithmetic(Op::Multiply, left, right, span),
        }
    }

    /// `[a, b] * n`: the elements n times over.
    fn repeat(&mut self, list: &crate::value::List, times: &Placed, span: Span) -> Value {
        let Some(times) = self.whole(&times.value, times.span, Unit::PLAIN, "the number of repetitions", (0, u64::MAX))
        else {
            return Value::Error;
        };
        let total = list.count().mul(&Exact::from(times)).to_u64().filter(|total| *total <= MAX_LIST);
        let (Some(total), Some(items)) = (total, list.expand(MAX_LIST)) else { return self.long_list(span) };
        if !self.burn(total, span) {
            return Value::Error;
        }
        let mut repeated = Vec::with_capacity(total as usize);
        if !items.is_empty() {
            (0..times).for_each(|_| repeated.extend(items.iter().cloned()));
        }
        Value::items(repeated)
    }

    fn long_list(&mut self, span: Span) -> Value {
        let finding = self
            .finding("E0504", span, "this list is too long", "more elements than a list may have")
            .help(format!("a list may have {MAX_LIST} elements"));
        self.report(finding)
    }

    fn arithmetic(&mut self, operator: Op, left: &Placed, right: &Placed, span: Span) -> Value {
        let data = is_data(&left.value) || is_data(&right.value);
        if !data && (waits(&left.value) || waits(&right.value)) {
            return self.late_arithmetic(operator, left, right, span);
        }
        if is_data(&left.value) || is_data(&right.value) {
            if let (Op::Divide, Value::Number(_)) = (operator, &right.value) {
                return self.divide_shares(left, right, span);
            }
            let finding = self
                .finding("E0304", span, "mixtures are sums of shares of corpora", "this is no such sum")
                .help("write shares times corpora, and add them: `30% * hq + rest * web`");
            return self.report(finding);
        }
        if matches!((&left.value, &right.value), (Value::Rest, _) | (_, Value::Rest)) {
            return self.rest_alone(span);
        }
        let (Some(a), Some(b)) = (self.operand(left, operator), self.operand(right, operator)) else {
            return Value::Error;
        };
        let unit = match operator {
            Op::Add | Op::Subtract => match a.unit.unify(b.unit) {
                Some(unit) => Some(unit),
                None => return self.units_differ(span, "the two sides", &a, &b),
            },
            Op::Multiply => a.unit.times(b.unit),
            Op::Divide => a.unit.over(b.unit),
            _ => {
                if b.unit.is_dimensionless() {
                    a.unit.power(&b.value)
                } else {
                    None
                }
            }
        };
        let Some(unit) = unit else {
            let finding = self
                .finding("E0202", span, format!("{a} to the power {b} has no unit"), "no unit for this")
                .help("divide by the unit first, so that the base is a plain number");
            return self.report(finding);
        };
        let value = match operator {
            Op::Add => Some(a.value.add(&b.value)),
            Op::Subtract => Some(a.value.sub(&b.value)),
            Op::Multiply => Some(a.value.mul(&b.value)),
            Op::Divide => {
                let quotient = a.value.div(&b.value);
                if quotient.is_none() {
                    let finding = self
                        .finding("E0205", span, "division by zero", "the right side is 0 here")
                        .help("check what the right side is in every cell");
                    self.report(finding);
                }
                quotient
            }
            _ => self.power(&a.value, &b.value, span),
        };
        match value {
            Some(value) if !self.too_large(&value, span) => Value::Number(Amount::new(value, unit)),
            _ => Value::Error,
        }
    }

    fn power(&mut self, base: &Exact, exponent: &Exact, span: Span) -> Option<Exact> {
        if let Some(whole) = exponent.to_i64() {
            if base.is_zero() && whole < 0 {
                let finding = self.finding("E0205", span, "division by zero", "0 to a negative power");
                self.report(finding);
                return None;
            }
            let bits = base.bits().saturating_mul(whole.unsigned_abs());
            if bits <= 1 << 14
                && let Some(power) = base.powi(whole)
            {
                return Some(power);
            }
            let finding = self
                .finding("E0504", span, "this number is too large", "the power has thousands of digits")
                .help("numbers are exact: take a smaller power, or work with the logarithm");
            self.report(finding);
            return None;
        }
        let value = plain::Binary::Power.apply(base.to_f64(), exponent.to_f64());
        self.rounded(value, span, "this power")
    }

    /// A number on one side of an operator.
    fn operand(&mut self, side: &Placed, operator: Op) -> Option<Amount> {
        let sign = match operator {
            Op::Add => "`+`",
            Op::Subtract => "`-`",
            Op::Multiply => "`*`",
            Op::Divide => "`/`",
            Op::Power => "`^`",
            _ => "a comparison",
        };
        self.amount(&side.value, side.span, sign)
    }

    fn compare(&mut self, operator: Op, left: &Placed, right: &Placed, span: Span) -> Value {
        if waits(&left.value) || waits(&right.value) {
            let operator = match operator {
                Op::Less => plain::Binary::Less,
                Op::LessEqual => plain::Binary::LessOrEqual,
                Op::Greater => plain::Binary::Greater,
                _ => plain::Binary::GreaterOrEqual,
            };
            return self.late_comparison(operator, left, right, span);
        }
        let (Some(a), Some(b)) = (self.operand(left, operator), self.operand(right, operator)) else {
            return Value::Error;
        };
        if a.unit.unify(b.unit).is_none() {
            return self.units_differ(span, "the two sides", &a, &b);
        }
        Value::Bool(match operator {
            Op::Less => a.value < b.value,
            Op::LessEqual => a.value <= b.value,
            Op::Greater => a.value > b.value,
            _ => a.value >= b.value,
        })
    }

    fn equality(&mut self, left: &Placed, right: &Placed, span: Span, wanted: bool) -> Value {
        if waits(&left.value) || waits(&right.value) {
            let operator = if wanted { plain::Binary::Equal } else { plain::Binary::NotEqual };
            return self.late_comparison(operator, left, right, span);
        }
        match self.equal(&left.value, &right.value, span) {
            Some(equal) => Value::Bool(equal == wanted),
            None => Value::Error,
        }
    }

    /// Whether two values of one sort are equal; of two sorts, or of one that cannot be compared, a mistake.
    pub(crate) fn equal(&mut self, left: &Value, right: &Value, span: Span) -> Option<bool> {
        match (left, right) {
            (Value::Error, _) | (_, Value::Error) => None,
            (Value::Number(a), Value::Number(b)) => {
                if a.unit.unify(b.unit).is_none() {
                    self.units_differ(span, "the two sides", a, b);
                    return None;
                }
                Some(a.value == b.value)
            }
            (Value::Bool(a), Value::Bool(b)) => Some(a == b),
            (Value::Text(a), Value::Text(b)) => Some(a == b),
            (Value::Corpus(a, _), Value::Corpus(b, _)) => Some(a == b),
            (Value::Domain(a, p, _), Value::Domain(b, q, _)) => Some(a == b && p == q),
            (Value::Block(a), Value::Block(b)) => Some(a.it.same(&b.it)),
            (Value::Model(a), Value::Model(b)) => Some(a.it == b.it),
            (Value::Recipe(a), Value::Recipe(b)) => Some(a.it == b.it),
            (Value::Mixture(a), Value::Mixture(b)) => Some(a.it == b.it),
            (Value::Evaluation(a), Value::Evaluation(b)) => Some(a.it == b.it),
            (a, b) if is_data(a) && is_data(b) => {
                let (a, b) = (self.mixture(a, span)?, self.mixture(b, span)?);
                Some(a.it == b.it)
            }
            (Value::Tuple(a), Value::Tuple(b)) if a.len() == b.len() => {
                let mut all = true;
                for (a, b) in a.iter().zip(b.iter()) {
                    all &= self.equal(a, b, span)?;
                }
                Some(all)
            }
            (a, b) => {
                let finding = self.finding(
                    "E0201",
                    span,
                    format!("{} and {} cannot be compared", a.describe(), b.describe()),
                    "two sorts of values",
                );
                self.report(finding);
                None
            }
        }
    }

    /// `x in a..b` and `x in [a, b]`.
    fn within(&mut self, left: &Placed, right: &Placed, span: Span) -> Value {
        match &right.value {
            Value::Interval(ends) if waits(&left.value) => self.late_within(left, ends, span),
            Value::Interval(ends) => {
                let Some(amount) = self.amount(&left.value, left.span, "`in`") else { return Value::Error };
                for end in [&ends.0, &ends.1].into_iter().flatten() {
                    if amount.unit.unify(end.unit).is_none() {
                        return self.units_differ(span, "the value and the interval", &amount, end);
                    }
                }
                let above = ends.0.as_ref().is_none_or(|low| amount.value >= low.value);
                let below = ends.1.as_ref().is_none_or(|high| amount.value <= high.value);
                Value::Bool(above && below)
            }
            list => {
                let Some(items) = self.elements(list, right.span, "`in`") else { return Value::Error };
                if waits(&left.value) {
                    let mut any = Placed { value: Value::Bool(false), span };
                    for item in items.iter() {
                        let item = Placed { value: item.clone(), span: right.span };
                        let value = self.late_comparison(plain::Binary::Equal, left, &item, span);
                        let same = Placed { value, span };
                        if same.value.is_error() {
                            return Value::Error;
                        }
                        any.value = match (&any.value, &same.value) {
                            (Value::Bool(a), Value::Bool(b)) => Value::Bool(*a || *b),
                            _ => self.late_logic(Op::Or, &any, &same, span),
                        };
                    }
                    return any.value;
                }
                for item in items.iter() {
                    match self.equal(&left.value, item, span) {
                        Some(true) => return Value::Bool(true),
                        Some(false) => {}
                        None => return Value::Error,
                    }
                }
                Value::Bool(false)
            }
        }
    }
}

/// Whether a value is one that only a run settles, or a part of a table.
pub(crate) fn waits(value: &Value) -> bool {
    matches!(value, Value::Late(_) | Value::Row(_) | Value::Column(..))
}

/// Whether a value is a corpus, a mixture, also one that a fit settles, or a sum of shares.
pub(crate) fn is_data(value: &Value) -> bool {
    matches!(value, Value::Corpus(..) | Value::Mixture(_) | Value::Capped(_) | Value::Shares(_) | Value::Domain(..))
        || matches!(value.late(), Some(Late::Mixture { .. }))
}
