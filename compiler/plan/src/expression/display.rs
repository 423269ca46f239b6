//! Expressions as text of the language, with no more brackets than the meaning needs.

use std::fmt;

use super::{Binary, Expression, Unary};
use crate::exact::Exact;

/// How tightly a piece of text holds together; higher binds tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    Choice,
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Negation,
    Power,
    Atom,
}

impl Tightness {
    fn of(expression: &Expression) -> Tightness {
        match expression {
            Expression::Number(value) => number(value).1,
            Expression::Column(_)
            | Expression::Parameter(_)
            | Expression::Bound(_)
            | Expression::Answer(_)
            | Expression::Call { .. } => Tightness::Atom,
            Expression::Is { .. } => Tightness::Comparison,
            Expression::Unary { operator: Unary::Negate, .. } => Tightness::Negation,
            Expression::Unary { operator: Unary::Not, .. } => Tightness::Not,
            Expression::Binary { operator, .. } => Tightness::of_operator(*operator),
            Expression::If { .. } => Tightness::Choice,
        }
    }

    fn of_operator(operator: Binary) -> Tightness {
        match operator {
            Binary::Add | Binary::Subtract => Tightness::Sum,
            Binary::Multiply | Binary::Divide => Tightness::Product,
            Binary::Power => Tightness::Power,
            Binary::And => Tightness::And,
            Binary::Or => Tightness::Or,
            _ => Tightness::Comparison,
        }
    }

    /// The next tighter one: what an operand on the side that does not group must have.
    fn tighter(self) -> Tightness {
        match self {
            Tightness::Choice => Tightness::Or,
            Tightness::Or => Tightness::And,
            Tightness::And => Tightness::Not,
            Tightness::Not => Tightness::Comparison,
            Tightness::Comparison => Tightness::Sum,
            Tightness::Sum => Tightness::Product,
            Tightness::Product => Tightness::Negation,
            Tightness::Negation => Tightness::Power,
            Tightness::Power | Tightness::Atom => Tightness::Atom,
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Number(value) => f.write_str(&number(value).0),
            Expression::Column(name) if is_plain(name) => f.write_str(name),
            Expression::Column(name) => write!(f, "column(\"{}\")", name.replace('\\', "\\\\").replace('"', "\\\"")),
            Expression::Parameter(name) | Expression::Bound(name) => f.write_str(name),
            Expression::Answer(answer) => write!(f, "answer[{}]", answer.0),
            Expression::Is { column, value } => write!(f, "{} == {value}", Expression::column(column.as_str())),
            Expression::Unary { operator: Unary::Negate, operand } => write!(f, "-{}", At(operand, Tightness::Power)),
            Expression::Unary { operator: Unary::Not, operand } => write!(f, "not {}", At(operand, Tightness::Sum)),
            Expression::Binary { operator: Binary::Power, left, right } => {
                write!(f, "{}^{}", At(left, Tightness::Atom), At(right, Tightness::Power))
            }
            Expression::Binary { operator, left, right } => {
                let own = Tightness::of_operator(*operator);
                let left_side = if own == Tightness::Comparison { own.tighter() } else { own };
                write!(f, "{} {} {}", At(left, left_side), operator.symbol(), At(right, own.tighter()))
            }
            Expression::Call { function, arguments } => {
                write!(f, "{function}(")?;
                for (index, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Expression::If { condition, then, otherwise } => {
                let branch = Tightness::Or;
                write!(f, "if {} then {} else {otherwise}", At(condition, branch), At(then, branch))
            }
        }
    }
}

/// An expression where at least this tightness is needed: in brackets unless it has it.
struct At<'a>(&'a Expression, Tightness);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Tightness::of(self.0) >= self.1 { write!(f, "{}", self.0) } else { write!(f, "({})", self.0) }
    }
}

/// Whether a column's name can be written as it is: `tokens`, `params.total`, `loss[wiki]`.
fn is_plain(name: &str) -> bool {
    let word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let path = |text: &str| text.split('.').all(word);
    match name.split_once('[') {
        Some((head, index)) => path(head) && index.strip_suffix(']').is_some_and(path),
        None => path(name),
    }
}

/// A number as it is written: a decimal where it is exactly one, otherwise a quotient.
fn number(value: &Exact) -> (String, Tightness) {
    let size = value.abs();
    let text = decimal(&size);
    let tightness = match (&text, value.is_negative()) {
        (None, _) => Tightness::Product,
        (Some(_), true) => Tightness::Negation,
        (Some(_), false) => Tightness::Atom,
    };
    let text = text.unwrap_or_else(|| size.to_string().replace('/', " / "));
    (if value.is_negative() { format!("-{text}") } else { text }, tightness)
}

/// The digits of a number that is not negative, where a decimal of bounded length is exactly it.
fn decimal(value: &Exact) -> Option<String> {
    let denominator = value.denominator().to_string();
    // 2^a·5^b divides 10^places, where places is at most the number of the denominator's binary digits.
    let places = if value.is_integer() { 0 } else { (1..=40).find(|&p| shifted(value, p).is_integer())? };
    if denominator.len() > 400 {
        return None;
    }
    let digits = shifted(value, places).numerator().to_string();
    let significant = digits.trim_end_matches('0');
    let zeros = digits.len() - significant.len();
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    // Long runs of zeros are hard to read; the limits are arbitrary.
    if places == 0 && zeros > 9 {
        return Some(format!("{significant}e{zeros}"));
    }
    if places > 6 && digits.len() + 4 < places as usize {
        return Some(format!("{digits}e-{places}"));
    }
    if places == 0 {
        return Some(digits);
    }
    let padded = format!("{digits:0>width$}", width = places as usize + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places as usize);
    Some(format!("{whole}.{fraction}"))
}

fn shifted(value: &Exact, places: i64) -> Exact {
    Exact::from(10u64).powi(places).map_or_else(|| value.clone(), |power| value.mul(&power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Expression as E, Function};

    fn x() -> Expression {
        Expression::column("x")
    }

    fn y() -> Expression {
        Expression::column("y")
    }

    fn z() -> Expression {
        Expression::column("z")
    }

    #[test]
    fn brackets_stand_where_the_meaning_needs_them_and_nowhere_else() {
        let cases = [
            (E::binary(Binary::Add, E::binary(Binary::Add, x(), y()), z()), "x + y + z"),
            (E::binary(Binary::Add, x(), E::binary(Binary::Add, y(), z())), "x + (y + z)"),
            (E::binary(Binary::Subtract, x(), E::binary(Binary::Subtract, y(), z())), "x - (y - z)"),
            (E::binary(Binary::Multiply, E::binary(Binary::Add, x(), y()), z()), "(x + y) * z"),
            (E::binary(Binary::Divide, x(), E::binary(Binary::Multiply, y(), z())), "x / (y * z)"),
            (E::binary(Binary::Divide, x(), E::binary(Binary::Power, y(), z())), "x / y^z"),
            (E::binary(Binary::Power, x(), E::binary(Binary::Power, y(), z())), "x^y^z"),
            (E::binary(Binary::Power, E::binary(Binary::Power, x(), y()), z()), "(x^y)^z"),
            (E::binary(Binary::Power, E::unary(Unary::Negate, x()), y()), "(-x)^y"),
            (E::unary(Unary::Negate, E::binary(Binary::Power, x(), y())), "-x^y"),
            (E::binary(Binary::Power, x(), E::unary(Unary::Negate, y())), "x^(-y)"),
            (E::binary(Binary::Subtract, x(), E::unary(Unary::Negate, y())), "x - -y"),
            (E::unary(Unary::Negate, E::unary(Unary::Negate, x())), "-(-x)"),
            (E::unary(Unary::Negate, E::binary(Binary::Multiply, x(), y())), "-(x * y)"),
            (E::binary(Binary::And, E::binary(Binary::Or, x(), y()), z()), "(x or y) and z"),
            (E::binary(Binary::Or, E::binary(Binary::And, x(), y()), z()), "x and y or z"),
            (E::unary(Unary::Not, E::binary(Binary::Equal, x(), y())), "not (x == y)"),
            (E::binary(Binary::Less, E::binary(Binary::Less, x(), y()), z()), "(x < y) < z"),
            (E::call(Function::Max, vec![E::binary(Binary::Add, x(), y()), z()]), "max(x + y, z)"),
            (E::binary(Binary::Add, E::choice(x(), y(), z()), x()), "(if x then y else z) + x"),
            (E::choice(x(), y(), E::choice(y(), z(), x())), "if x then y else if y then z else x"),
        ];
        for (expression, text) in cases {
            assert_eq!(expression.to_string(), text);
        }
    }

    #[test]
    fn numbers_are_written_exactly() {
        let cases = [
            ("0", "0"),
            ("12", "12"),
            ("-3", "-3"),
            ("1/2", "0.5"),
            ("1/1000", "0.001"),
            ("-5/4", "-1.25"),
            ("1/3", "1 / 3"),
            ("6000000000", "6000000000"),
            ("1000000000000000", "1e15"),
            ("1/1000000000000", "1e-12"),
        ];
        for (exact, text) in cases {
            let value: Exact = exact.parse().unwrap();
            assert_eq!(E::Number(value.clone()).to_string(), text);
            if !text.contains('/') {
                assert_eq!(Exact::from_decimal(text).unwrap(), value, "the text reads back as the same number");
            }
        }
        let third = || E::Number("1/3".parse().unwrap());
        assert_eq!(E::binary(Binary::Power, x(), third()).to_string(), "x^(1 / 3)");
        assert_eq!(E::binary(Binary::Multiply, x(), third()).to_string(), "x * (1 / 3)");
        assert_eq!(E::binary(Binary::Power, E::number(-2i64), y()).to_string(), "(-2)^y");
    }

    #[test]
    fn a_column_whose_name_is_no_word_is_named_in_quotes() {
        assert_eq!(E::column("params.total").to_string(), "params.total");
        assert_eq!(E::column("loss[wiki]").to_string(), "loss[wiki]");
        assert_eq!(E::column("metric/x").to_string(), "column(\"metric/x\")");
        assert_eq!(E::column("a \"b\"").to_string(), "column(\"a \\\"b\\\"\")");
    }
}
