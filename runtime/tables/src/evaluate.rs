//! The value of an expression over named values of which some may be missing.

use synx_plan::expression::{Binary, Expression, Name};

/// The value with the named leaves that `of` gives, through a software libm: the same bits on every machine.
///
/// Truth values are 1 and 0. Nothing comes of a missing value and of what has no real value (the logarithm of a negative number), unless it does not decide: the
/// branch that an `if` does not take, and the other side of an `and` with something false or an `or` with something true (Kleene's logic).
pub fn evaluate(expression: &Expression, of: &impl Fn(Name<'_>) -> Option<f64>) -> Option<f64> {
    let value = match expression {
        Expression::Number(value) => value.to_f64(),
        Expression::Column(name) => of(Name::Column(name))?,
        Expression::Parameter(name) => of(Name::Parameter(name))?,
        Expression::Bound(name) => of(Name::Bound(name))?,
        Expression::Answer(answer) => of(Name::Answer(*answer))?,
        Expression::Is { column, value } => of(Name::Is(column, value))?,
        Expression::Unary { operator, operand } => operator.apply(evaluate(operand, of)?),
        Expression::Binary { operator: operator @ (Binary::And | Binary::Or), left, right } => {
            let decides = f64::from(u8::from(*operator == Binary::Or));
            let truth = |value: Option<f64>| value.map(|value| f64::from(u8::from(value != 0.0)));
            let left = truth(evaluate(left, of));
            if left == Some(decides) {
                return left;
            }
            let right = truth(evaluate(right, of));
            if right == Some(decides) {
                return right;
            }
            operator.apply(left?, right?)
        }
        Expression::Binary { operator, left, right } => operator.apply(evaluate(left, of)?, evaluate(right, of)?),
        Expression::Call { function, arguments } => {
            let values: Option<Vec<f64>> = arguments.iter().map(|argument| evaluate(argument, of)).collect();
            function.apply(&values?)
        }
        Expression::If { condition, then, otherwise } => {
            return evaluate(if evaluate(condition, of)? == 0.0 { otherwise } else { then }, of);
        }
    };
    (!value.is_nan()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_plan::expression::{Function, Unary};

    fn x() -> Expression {
        Expression::column("x")
    }

    fn value(expression: &Expression, x: Option<f64>) -> Option<f64> {
        evaluate(expression, &|name| if name == Name::Column("x") { x } else { None })
    }

    #[test]
    fn what_is_missing_makes_the_value_missing() {
        let sum = Expression::binary(Binary::Add, x(), Expression::number(1u64));
        assert_eq!(value(&sum, Some(2.0)), Some(3.0));
        assert_eq!(value(&sum, None), None);
        let log = Expression::call(Function::named("log").unwrap(), vec![x()]);
        assert_eq!(value(&log, Some(-1.0)), None, "no real value");
    }

    #[test]
    fn what_does_not_decide_may_be_missing() {
        let (yes, no) = (Expression::number(1u64), Expression::number(0u64));
        let missing = || Expression::column("elsewhere");
        let both = |a: &Expression, b| Expression::binary(Binary::And, a.clone(), b);
        let either = |a: &Expression, b| Expression::binary(Binary::Or, a.clone(), b);
        assert_eq!(value(&both(&no, missing()), None), Some(0.0));
        assert_eq!(value(&both(&missing(), no.clone()), None), Some(0.0));
        assert_eq!(value(&both(&yes, missing()), None), None);
        assert_eq!(value(&either(&missing(), yes.clone()), None), Some(1.0));
        assert_eq!(value(&either(&no, missing()), None), None);
        assert_eq!(value(&Expression::unary(Unary::Not, missing()), None), None);
        assert_eq!(value(&Expression::choice(no, missing(), yes), None), Some(1.0));
    }
}
