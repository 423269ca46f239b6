//! Operators and functions over late values: units are checked as for known ones, bounds go through interval arithmetic.

use std::rc::Rc;

use synx_grammar::view::BinaryOperator as Op;
use synx_plan::answer::AnswerId;
use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression, Function, MAX_DEPTH, Unary};
use synx_plan::grid::ColumnValue;
use synx_plan::unit::{Amount, Unit};

use super::{Bounds, Late, LateNumber};
use crate::compiler::Compiler;
use crate::operator::Placed;
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

/// How many parts an expression over late values may have. Arbitrary; people write some ten.
const MAX_PARTS: usize = 10_000;

impl Value {
    pub(crate) fn late(&self) -> Option<&Late> {
        if let Value::Late(late) = self { Some(late) } else { None }
    }

    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Value::Late(_))
    }
}

impl Compiler<'_> {
    /// The number that stands here, known or late.
    pub(crate) fn late_number(&mut self, value: &Value, span: Span, what: &str) -> Option<LateNumber> {
        match value {
            Value::Late(late) => match &**late {
                Late::Number(number) => Some(number.clone()),
                Late::OneOf { answer, values } if values.iter().all(|value| matches!(value, Value::Number(_))) => {
                    self.number_of_several(*answer, &Rc::clone(values), span)
                }
                Late::Field { column } => {
                    let value = Expression::column(column.as_str());
                    Some(LateNumber { value, unit: Unit::PLAIN, bounds: Bounds::default() })
                }
                other => {
                    let found = other.describe();
                    let finding =
                        self.finding("E0201", span, format!("expected a number for {what}, found {found}"), found);
                    self.report(finding);
                    None
                }
            },
            Value::Row(_) | Value::Column(..) => {
                self.not_one_number(value, span, what);
                None
            }
            known => self.amount(known, span, what).map(|amount| LateNumber::known(&amount)),
        }
    }

    /// The number that is one of several, as an answer chooses: an answer among values is the number of one of them.
    fn number_of_several(&mut self, answer: AnswerId, values: &[Value], span: Span) -> Option<LateNumber> {
        let mut all: Option<(Unit, Bounds)> = None;
        let mut numbers = Vec::with_capacity(values.len());
        for value in values {
            let Value::Number(amount) = value else { return None };
            let here = Bounds::exactly(amount.value.clone());
            all = Some(match all {
                None => (amount.unit, here),
                Some((unit, bounds)) => (unit.unify(amount.unit)?, bounds.union(&here)),
            });
            numbers.push(amount.value.clone());
        }
        let (unit, bounds) = all?;
        let value = chosen_of(answer, 0, &numbers);
        self.put_together(&value, span).then_some(LateNumber { value, unit, bounds })
    }

    /// The condition that stands here, known or late, as an expression.
    pub(crate) fn late_truth(&mut self, value: &Value, span: Span, what: &str) -> Option<Expression> {
        match value {
            Value::Bool(value) => Some(Expression::number(u64::from(*value))),
            Value::Late(late) if matches!(**late, Late::Truth(_)) => match &**late {
                Late::Truth(truth) => Some(truth.clone()),
                _ => None,
            },
            other => {
                self.expected(span, what, other);
                None
            }
        }
    }

    /// Pays for an expression that was put together, which must stay one that people and machines can go through.
    fn put_together(&mut self, value: &Expression, span: Span) -> bool {
        let (mut parts, mut open) = (0, vec![value]);
        while let Some(part) = open.pop() {
            parts += 1;
            open.extend(part.children());
            if parts > MAX_PARTS {
                break;
            }
        }
        if !self.burn(parts as u64 / 8, span) {
            return false;
        }
        if parts <= MAX_PARTS && value.depth() <= MAX_DEPTH {
            return true;
        }
        let finding = self
            .finding("E0504", span, "this expression over late values grows out of hand", "too many parts")
            .help("name a part with `let`: it is then settled once");
        self.report(finding);
        false
    }

    fn late_value(&mut self, value: Expression, unit: Unit, bounds: Bounds, span: Span) -> Value {
        if !self.put_together(&value, span) {
            return Value::Error;
        }
        LateNumber { value, unit, bounds }.into_value()
    }

    fn late_truth_value(&mut self, truth: Expression, span: Span) -> Value {
        if self.put_together(&truth, span) { Value::Late(Rc::new(Late::Truth(truth))) } else { Value::Error }
    }

    /// `+ - * / ^` where a side is late.
    pub(crate) fn late_arithmetic(&mut self, operator: Op, left: &Placed, right: &Placed, span: Span) -> Value {
        let (sign, plain) = match operator {
            Op::Add => ("`+`", Binary::Add),
            Op::Subtract => ("`-`", Binary::Subtract),
            Op::Multiply => ("`*`", Binary::Multiply),
            Op::Divide => ("`/`", Binary::Divide),
            _ => ("`^`", Binary::Power),
        };
        let a = self.late_number(&left.value, left.span, sign);
        let b = self.late_number(&right.value, right.span, sign);
        let (Some(a), Some(b)) = (a, b) else { return Value::Error };
        let unit = match plain {
            Binary::Add | Binary::Subtract => a.unit.unify(b.unit),
            Binary::Multiply => a.unit.times(b.unit),
            Binary::Divide => a.unit.over(b.unit),
            // The unit of a power is known where the exponent is.
            _ => match (&b.value, b.unit.is_dimensionless()) {
                (_, true) if a.unit.is_dimensionless() => Some(Unit::PLAIN),
                (Expression::Number(exponent), true) => a.unit.power(exponent),
                _ => None,
            },
        };
        let Some(unit) = unit else { return self.late_units_differ(span, &a, &b) };
        let bounds = match plain {
            Binary::Add => a.bounds.add(&b.bounds),
            Binary::Subtract => a.bounds.add(&b.bounds.negate()),
            Binary::Multiply => a.bounds.multiply(&b.bounds),
            Binary::Divide => a.bounds.divide(&b.bounds),
            _ => a.bounds.power(&b.bounds),
        };
        self.late_value(Expression::binary(plain, a.value, b.value), unit, bounds, span)
    }

    fn late_units_differ(&mut self, span: Span, a: &LateNumber, b: &LateNumber) -> Value {
        let name = |unit: Unit| if unit.is_plain() { "a plain number".to_owned() } else { format!("in {unit}") };
        let (left, right) = (name(a.unit), name(b.unit));
        self.two_units(span, "the two sides", a.unit, b.unit, format!("{left} and {right}"))
    }

    pub(crate) fn late_negated(&mut self, late: &Late, span: Span) -> Value {
        match late {
            Late::Number(number) => {
                let value = Expression::unary(Unary::Negate, number.value.clone());
                self.late_value(value, number.unit, number.bounds.negate(), span)
            }
            other => self.expected(span, "a number after `-`", &Value::Late(Rc::new(other.clone()))),
        }
    }

    pub(crate) fn late_not(&mut self, late: &Late, span: Span) -> Value {
        match late {
            Late::Truth(truth) => self.late_truth_value(Expression::unary(Unary::Not, truth.clone()), span),
            other => self.expected(span, "a condition after `not`", &Value::Late(Rc::new(other.clone()))),
        }
    }

    /// `and`, `or` where a side is late: what the known side decides is known.
    pub(crate) fn late_logic(&mut self, operator: Op, left: &Placed, right: &Placed, span: Span) -> Value {
        let decides = Value::Bool(operator == Op::Or);
        for side in [&left.value, &right.value] {
            if let (Value::Bool(side), Value::Bool(decides)) = (side, &decides)
                && side == decides
            {
                return Value::Bool(*decides);
            }
        }
        let a = self.late_truth(&left.value, left.span, "a condition");
        let b = self.late_truth(&right.value, right.span, "a condition");
        let (Some(a), Some(b)) = (a, b) else { return Value::Error };
        match (&left.value, &right.value) {
            (Value::Bool(_), _) => self.late_truth_value(b, span),
            (_, Value::Bool(_)) => self.late_truth_value(a, span),
            _ => {
                let operator = if operator == Op::And { Binary::And } else { Binary::Or };
                self.late_truth_value(Expression::binary(operator, a, b), span)
            }
        }
    }

    /// A comparison where a side is late: known where the bounds decide it.
    pub(crate) fn late_comparison(&mut self, operator: Binary, left: &Placed, right: &Placed, span: Span) -> Value {
        if matches!(operator, Binary::Equal | Binary::NotEqual)
            && let Some(value) = self.late_sameness(left, right, operator == Binary::Equal, span)
        {
            return value;
        }
        let a = self.late_number(&left.value, left.span, "a comparison");
        let b = self.late_number(&right.value, right.span, "a comparison");
        let (Some(a), Some(b)) = (a, b) else { return Value::Error };
        if a.unit.unify(b.unit).is_none() {
            return self.late_units_differ(span, &a, &b);
        }
        match a.bounds.compare(operator, &b.bounds) {
            Some(truth) => Value::Bool(truth),
            None => self.late_truth_value(Expression::binary(operator, a.value, b.value), span),
        }
    }

    /// `==` of a late text or one of several values with a known value; none where neither side is such.
    fn late_sameness(&mut self, left: &Placed, right: &Placed, wanted: bool, span: Span) -> Option<Value> {
        let said = |value: &Value| matches!(value, Value::Text(_) | Value::Bool(_));
        let (late, other) = match (left.value.late(), right.value.late()) {
            (Some(late @ Late::Field { .. }), _) if said(&right.value) => (late.clone(), right),
            (_, Some(late @ Late::Field { .. })) if said(&left.value) => (late.clone(), left),
            (Some(late @ (Late::Text { .. } | Late::OneOf { .. })), _) => (late.clone(), right),
            (_, Some(late @ (Late::Text { .. } | Late::OneOf { .. }))) => (late.clone(), left),
            _ => return None,
        };
        if other.value.is_late() {
            let found = other.value.describe();
            let finding = self
                .finding("E0201", span, "only one side of this comparison may be text that a row holds", found)
                .help("compare the column with a known value");
            return Some(self.report(finding));
        }
        let truth = |truth: Expression| if wanted { truth } else { Expression::unary(Unary::Not, truth) };
        match late {
            Late::Field { column } => {
                let value = other.value.column().0;
                Some(self.late_truth_value(truth(Expression::Is { column, value }), span))
            }
            Late::Text { column, values } => {
                let value = other.value.column().0;
                if let (Some(values), ColumnValue::Text(text)) = (&values, &value)
                    && !values.contains(&value)
                {
                    return Some(self.value_not_there(&column, text, values, other.span));
                }
                let truth = truth(Expression::Is { column, value });
                Some(self.late_truth_value(truth, span))
            }
            Late::OneOf { answer, values, .. } => {
                let mut same = Vec::new();
                for (place, value) in values.iter().enumerate() {
                    if self.equal(value, &other.value, span)? {
                        same.push(place);
                    }
                }
                // An answer among several values is the number of one of them.
                let is = |place: &usize| {
                    Expression::binary(Binary::Equal, Expression::Answer(answer), Expression::number(*place as u64))
                };
                let any = same.iter().map(is).reduce(|a, b| Expression::binary(Binary::Or, a, b));
                Some(match any {
                    None => Value::Bool(!wanted),
                    Some(_) if same.len() == values.len() => Value::Bool(wanted),
                    Some(any) => self.late_truth_value(truth(any), span),
                })
            }
            _ => None,
        }
    }

    /// Reports a value that a column of known values does not have.
    pub(crate) fn value_not_there(&mut self, column: &str, value: &str, values: &[ColumnValue], span: Span) -> Value {
        let mut shown: Vec<String> = Vec::new();
        for value in values.iter().map(ToString::to_string) {
            if !shown.contains(&value) {
                shown.push(value);
            }
            if shown.len() > 60 {
                break;
            }
        }
        let mut finding =
            self.finding("E0611", span, format!("no row has `{column}` = {value}"), "not a value of this column");
        // A number beside the one that is meant is no misspelling of it.
        let misspelt = if value.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            None
        } else {
            nearest(value, shown.iter().map(String::as_str))
        };
        finding.help = Some(if let Some(near) = misspelt {
            format!("did you mean {near}?")
        } else {
            let more = if shown.len() > 12 { " and more" } else { "" };
            format!("its values are {}{more}", listed(shown.iter().take(12).map(String::as_str)))
        });
        self.report(finding)
    }

    /// `x in a..b` where the number or an end is late.
    pub(crate) fn late_within(&mut self, value: &Placed, ends: &(Option<Amount>, Option<Amount>), span: Span) -> Value {
        let mut all = Value::Bool(true);
        for (end, operator) in [(&ends.0, Binary::GreaterOrEqual), (&ends.1, Binary::LessOrEqual)] {
            let Some(end) = end else { continue };
            let end = Placed { value: Value::Number(end.clone()), span };
            let truth = self.late_comparison(operator, value, &end, span);
            if truth.is_error() {
                return truth;
            }
            let (left, right) = (Placed { value: all, span }, Placed { value: truth, span });
            all = match (&left.value, &right.value) {
                (Value::Bool(a), Value::Bool(b)) => Value::Bool(*a && *b),
                _ => self.late_logic(Op::And, &left, &right, span),
            };
        }
        all
    }

    /// `if` with a condition that a run settles: whichever branch it takes, the value lies within what holds both.
    pub(crate) fn late_choice(
        &mut self,
        (condition, condition_at): (&Expression, Span),
        then: &Placed,
        otherwise: &Placed,
        span: Span,
    ) -> Value {
        let scalar = |value: &Value| {
            matches!(value, Value::Number(_) | Value::Bool(_) | Value::Row(_) | Value::Column(..)) || value.is_late()
        };
        if then.value.is_error() || otherwise.value.is_error() {
            return Value::Error;
        }
        if !scalar(&then.value) || !scalar(&otherwise.value) {
            let late = Late::Truth(condition.clone());
            return self.too_late(condition_at, "a condition that chooses between more than numbers", &late);
        }
        let truth = |value: &Value| matches!(value, Value::Bool(_)) || matches!(value.late(), Some(Late::Truth(_)));
        if truth(&then.value) && truth(&otherwise.value) {
            let a = self.late_truth(&then.value, then.span, "a condition");
            let b = self.late_truth(&otherwise.value, otherwise.span, "a condition");
            let (Some(a), Some(b)) = (a, b) else { return Value::Error };
            return self.late_truth_value(Expression::choice(condition.clone(), a, b), span);
        }
        let what = "a branch of an `if` that a run decides";
        let (Some(a), Some(b)) =
            (self.late_number(&then.value, then.span, what), self.late_number(&otherwise.value, otherwise.span, what))
        else {
            return Value::Error;
        };
        let Some(unit) = a.unit.unify(b.unit) else { return self.late_units_differ(span, &a, &b) };
        let bounds = a.bounds.union(&b.bounds);
        self.late_value(Expression::choice(condition.clone(), a.value, b.value), unit, bounds, span)
    }

    /// `sqrt log exp abs round` of a late number.
    pub(crate) fn late_function(&mut self, function: Function, x: &Placed, to: Option<&Placed>, span: Span) -> Value {
        let what = format!("`{function}`");
        let Some(number) = self.late_number(&x.value, x.span, &what) else { return Value::Error };
        let wrong = |compiler: &mut Self| {
            let finding = compiler
                .finding("E0202", x.span, format!("{what} wants a plain number"), format!("in {}", number.unit))
                .help("divide by the unit first");
            compiler.report(finding)
        };
        let mut arguments = vec![number.value.clone()];
        let (unit, bounds) = match function {
            Function::Abs => (number.unit, number.bounds.apply(function)),
            Function::Sqrt => {
                let half = Exact::ratio(1, 2).expect("2 is not zero");
                let Some(unit) = number.unit.power(&half) else { return wrong(self) };
                (unit, number.bounds.apply(function))
            }
            Function::Round => {
                let Some(to) = to else { return Value::Error };
                let Some(amount) = self.amount(&to.value, to.span, "`to`") else { return Value::Error };
                if !amount.value.is_positive() {
                    return self.not_in_range(to.span, "`to`", &amount.value, "more than 0");
                }
                let Some(unit) = number.unit.unify(amount.unit) else {
                    return self.late_units_differ(span, &number, &LateNumber::known(&amount));
                };
                arguments.push(Expression::Number(amount.value.clone()));
                (unit, number.bounds.round(&amount.value))
            }
            _ if !number.unit.is_dimensionless() => return wrong(self),
            _ => (Unit::PLAIN, number.bounds.apply(function)),
        };
        self.late_value(Expression::call(function, arguments), unit, bounds, span)
    }

    /// `min`, `max` of numbers of which some are late.
    pub(crate) fn late_extreme(&mut self, numbers: &[(Value, Span)], largest: bool, span: Span) -> Value {
        let (what, function) = if largest { ("`max`", Function::Max) } else { ("`min`", Function::Min) };
        let mut all: Option<(Unit, Bounds, Vec<Expression>)> = None;
        for (value, at) in numbers {
            let Some(number) = self.late_number(value, *at, what) else { return Value::Error };
            all = Some(match all {
                None => (number.unit, number.bounds, vec![number.value]),
                Some((unit, bounds, mut values)) => {
                    let Some(both) = unit.unify(number.unit) else {
                        let so_far = LateNumber { value: Expression::number(0u64), unit, bounds };
                        return self.late_units_differ(*at, &so_far, &number);
                    };
                    values.push(number.value);
                    (both, bounds.extreme(&number.bounds, largest), values)
                }
            });
        }
        match all {
            Some((unit, bounds, values)) if values.len() > 1 => {
                self.late_value(Expression::call(function, values), unit, bounds, span)
            }
            Some((unit, bounds, values)) => {
                self.late_value(values.into_iter().next().unwrap_or(Expression::number(0u64)), unit, bounds, span)
            }
            None => Value::Error,
        }
    }

    /// The sum of numbers of which some are late, in pairs, so that it does not nest deeper than it must.
    pub(crate) fn late_sum(&mut self, items: &[Value], span: Span) -> Value {
        match items {
            [] => Value::Number(Amount::plain(0u64)),
            [one] => one.clone(),
            more => {
                let (left, right) = more.split_at(more.len() / 2);
                let left = Placed { value: self.late_sum(left, span), span };
                let right = Placed { value: self.late_sum(right, span), span };
                if left.value.is_error() || right.value.is_error() {
                    return Value::Error;
                }
                self.late_arithmetic(Op::Add, &left, &right, span)
            }
        }
    }
}

/// One of some numbers, of which the first has that place among all: halved, so that it nests no deeper than it must.
fn chosen_of(answer: AnswerId, first: usize, numbers: &[Exact]) -> Expression {
    match numbers {
        [] => Expression::number(0u64),
        [one] => Expression::Number(one.clone()),
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            let middle = first + left.len();
            let before =
                Expression::binary(Binary::Less, Expression::Answer(answer), Expression::number(middle as u64));
            Expression::choice(before, chosen_of(answer, first, left), chosen_of(answer, middle, right))
        }
    }
}
