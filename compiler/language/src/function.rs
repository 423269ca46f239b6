//! Functions of numbers and lists.

use synx_plan::exact::Exact;
use synx_plan::expression::Function;
use synx_plan::unit::{Amount, Unit};

use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::operator::{Placed, is_data};
use crate::value::{Span, Value};

impl Compiler<'_> {
    /// `sqrt log exp abs round min max`.
    pub(crate) fn scalar(&mut self, arguments: &Arguments) -> Value {
        let name = arguments.signature.name;
        let what = format!("`{name}`");
        if let Some((x, span)) = arguments.get("x")
            && crate::operator::waits(&x)
            && let Some(function) = Function::named(name)
        {
            let x = Placed { value: x, span };
            let to = arguments.get("to").map(|(value, span)| Placed { value, span });
            return self.late_function(function, &x, to.as_ref(), arguments.span);
        }
        match name {
            "min" | "max" => self.extreme(arguments, name == "max"),
            "round" => {
                let (x, x_span) = arguments.required("x");
                let (to, to_span) = arguments.required("to");
                let (Some(x), Some(to)) = (self.amount(&x, x_span, &what), self.amount(&to, to_span, "`to`")) else {
                    return Value::Error;
                };
                let Some(unit) = x.unit.unify(to.unit) else {
                    return self.units_differ(arguments.span, "the number and what it is rounded to", &x, &to);
                };
                match x.value.div(&to.value) {
                    Some(quotient) if to.value.is_positive() => {
                        Value::Number(Amount::new(quotient.round().mul(&to.value), unit))
                    }
                    _ => self.not_in_range(to_span, "`to`", &to.value, "more than 0"),
                }
            }
            _ => {
                let (x, span) = arguments.required("x");
                let Some(x) = self.amount(&x, span, &what) else { return Value::Error };
                match name {
                    "abs" => Value::Number(Amount::new(x.value.abs(), x.unit)),
                    "sqrt" => {
                        let half = Exact::ratio(1, 2).expect("2 is not zero");
                        let Some(unit) = x.unit.power(&half) else {
                            let finding =
                                self.finding("E0202", span, format!("the root of {x} has no unit"), "no unit for this");
                            return self.report(finding);
                        };
                        self.libm(Function::Sqrt, &x.value, unit, arguments.span)
                    }
                    _ if !x.unit.is_dimensionless() => {
                        let finding = self
                            .finding("E0202", span, format!("{what} wants a plain number"), format!("this is {x}"))
                            .help("divide by the unit first");
                        self.report(finding)
                    }
                    "log" => self.libm(Function::Log, &x.value, Unit::PLAIN, arguments.span),
                    _ => self.libm(Function::Exp, &x.value, Unit::PLAIN, arguments.span),
                }
            }
        }
    }

    fn libm(&mut self, function: Function, x: &Exact, unit: Unit, span: Span) -> Value {
        let value = function.apply(&[x.to_f64()]);
        match self.rounded(value, span, &format!("`{function}`")) {
            Some(value) => Value::Number(Amount::new(value, unit)),
            None => Value::Error,
        }
    }

    /// `min(a, b)`, and of a list.
    fn extreme(&mut self, arguments: &Arguments, largest: bool) -> Value {
        let name = if largest { "`max`" } else { "`min`" };
        let given: Vec<(Value, Span)> = arguments.all().cloned().collect();
        let numbers: Vec<(Value, Span)> = match &given[..] {
            [(list @ Value::List(_), span)] => match self.elements(list, *span, name) {
                Some(items) => items.iter().map(|item| (item.clone(), *span)).collect(),
                None => return Value::Error,
            },
            _ => given,
        };
        if numbers.iter().any(|(value, _)| crate::operator::waits(value)) {
            return self.late_extreme(&numbers, largest, arguments.span);
        }
        let mut best: Option<Amount> = None;
        for (value, span) in &numbers {
            let Some(amount) = self.amount(value, *span, name) else { return Value::Error };
            best = Some(match best {
                None => amount,
                Some(best) => {
                    let Some(unit) = best.unit.unify(amount.unit) else {
                        return self.units_differ(*span, &format!("the arguments of {name}"), &best, &amount);
                    };
                    let better = if largest { amount.value > best.value } else { amount.value < best.value };
                    Amount::new(if better { amount.value } else { best.value }, unit)
                }
            });
        }
        if let Some(best) = best {
            Value::Number(best)
        } else {
            self.missing_argument(arguments.signature.name, "numbers", arguments.span);
            Value::Error
        }
    }

    /// `geometric(a..b, points = n)`: from a to b, each the same multiple of the one before, rounded to 15 digits.
    pub(crate) fn geometric(&mut self, arguments: &Arguments) -> Value {
        let (over, span) = arguments.required("over");
        let (points, points_span) = arguments.required("points");
        let Value::Interval(ends) = &over else { return self.expected(span, "an interval `a..b`", &over) };
        let (Some(low), Some(high)) = &**ends else {
            let finding = self.finding("E0204", span, "`geometric` needs both ends of its interval", "one end is open");
            return self.report(finding);
        };
        if !low.value.is_positive() {
            return self.not_in_range(span, "the start of `geometric`", &low.value, "more than 0");
        }
        let Some(points) = self.whole(&points, points_span, Unit::PLAIN, "`points`", (2, 100_000)) else {
            return Value::Error;
        };
        if !self.burn(points, span) {
            return Value::Error;
        }
        let (from, to) = (low.value.to_f64(), high.value.to_f64());
        let mut items = Vec::new();
        for i in 0..points {
            let value = match i {
                0 => Some(low.value.clone()),
                i if i == points - 1 => Some(high.value.clone()),
                i => {
                    let part = i as f64 / (points - 1) as f64;
                    let power = synx_plan::expression::Binary::Power;
                    self.rounded(from * power.apply(to / from, part), span, "`geometric`")
                }
            };
            let Some(value) = value else { return Value::Error };
            items.push(Value::Number(Amount::new(value, low.unit)));
        }
        Value::items(items)
    }

    /// The sum of a list of numbers or of shares.
    pub(crate) fn sum(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let list = match list {
            Value::Columns(columns) => Value::items(columns.iter().map(|(_, value)| value.clone()).collect()),
            other => other,
        };
        let Some(items) = self.elements(&list, span, "`sum`") else { return Value::Error };
        if items.iter().any(crate::operator::waits) {
            return self.late_sum(&items, span);
        }
        let mut sum: Option<Placed> = None;
        for item in items.iter() {
            let item = Placed { value: item.clone(), span };
            sum = Some(match sum {
                None => item,
                Some(sum) => {
                    let value = if is_data(&sum.value) {
                        self.add_shares(&sum, &item, span)
                    } else {
                        let (a, b) = (self.amount(&sum.value, span, "`sum`"), self.amount(&item.value, span, "`sum`"));
                        let (Some(a), Some(b)) = (a, b) else { return Value::Error };
                        match a.unit.unify(b.unit) {
                            Some(unit) => Value::Number(Amount::new(a.value.add(&b.value), unit)),
                            None => self.units_differ(span, "the elements of `sum`", &a, &b),
                        }
                    };
                    Placed { value, span }
                }
            });
        }
        sum.map_or_else(|| Value::Number(Amount::plain(0u64)), |sum| sum.value)
    }

    /// Two lists of one length as a list of pairs.
    pub(crate) fn zip(&mut self, arguments: &Arguments) -> Value {
        let (left, left_span) = arguments.required("left");
        let (right, right_span) = arguments.required("right");
        let (Some(left), Some(right)) =
            (self.elements(&left, left_span, "`zip`"), self.elements(&right, right_span, "`zip`"))
        else {
            return Value::Error;
        };
        if left.len() != right.len() {
            let finding = self
                .finding("E0407", arguments.span, "the two lists of `zip` have different lengths", "cut by neither")
                .label(self.label(left_span, format!("{} elements", left.len())))
                .label(self.label(right_span, format!("{} elements", right.len())));
            return self.report(finding);
        }
        let pair = |(a, b): (&Value, &Value)| Value::Tuple([a.clone(), b.clone()].into());
        Value::items(left.iter().zip(right.iter()).map(pair).collect())
    }
}
