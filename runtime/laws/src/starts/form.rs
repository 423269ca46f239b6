//! A model as its starts see it: with factors in place of their logarithms, and the parameters that can be solved for marked.

use std::collections::BTreeSet;

use synx_plan::expression::{Binary, Expression, Function, Name, Unary};

use crate::space::Space;

/// A model with factors written as factors.
///
/// A parameter that is added inside `exp` is the logarithm of a factor: `exp(a*x + b)` is `B*exp(a*x)` with `B = exp(b)`. So written, a model is linear in
/// more of its parameters, and the size of the others no longer depends on where `b` is.
#[derive(Debug)]
pub struct Form {
    pub model: Expression,
    /// In the order of the parameters.
    pub names: Vec<String>,
    /// Whether the form's parameter is the exponential of the law's.
    pub lifted: Vec<bool>,
    /// Whether the form is linear in all of those that are marked together, the others held still.
    pub linear: Vec<bool>,
}

impl Form {
    pub fn new(model: &Expression, space: &Space) -> Form {
        let names: Vec<String> = space.coordinates().iter().map(|c| c.name.clone()).collect();
        let mut form = model.clone();
        let mut lifted = vec![false; names.len()];
        for (lifted, coordinate) in lifted.iter_mut().zip(space.coordinates()) {
            // One that moves in its own logarithm is no logarithm.
            if !coordinate.logarithmic && occurrences(model, &coordinate.name) == 1 {
                *lifted = lift(&mut form, &coordinate.name);
            }
        }
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let linear = linear_parameters(&form, &known);
        Form { model: form, names, lifted, linear }
    }

    /// The law's parameter from the form's.
    pub fn parameter(&self, k: usize, of_form: f64) -> f64 {
        if self.lifted[k] { libm::log(of_form) } else { of_form }
    }

    /// The bounds of the form's parameter.
    pub fn bounds(&self, k: usize, space: &Space) -> (f64, f64) {
        let coordinate = &space.coordinates()[k];
        let bound = |x: f64| if self.lifted[k] { libm::exp(x) } else { x };
        (bound(coordinate.low), bound(coordinate.high))
    }

    /// The parameters that can be solved for, by number, each with whether its coordinate is a logarithm of it.
    pub fn projected(&self, space: &Space) -> Vec<(usize, bool)> {
        let linear = (0..self.linear.len()).filter(|&k| self.linear[k]);
        linear.map(|k| (k, self.lifted[k] || space.coordinates()[k].logarithmic)).collect()
    }
}

fn occurrences(expression: &Expression, name: &str) -> usize {
    match expression {
        Expression::Parameter(parameter) => usize::from(parameter == name),
        other => other.children().into_iter().map(|child| occurrences(child, name)).sum(),
    }
}

/// Writes the one place of `name` as a factor if it is added inside an `exp`; whether it is.
fn lift(expression: &mut Expression, name: &str) -> bool {
    if let Expression::Call { function: Function::Exp, arguments } = expression
        && let [argument] = &arguments[..]
        && let Some(rest) = without_summand(argument, name)
    {
        let factor = Expression::parameter(name);
        *expression = match rest {
            Rest::Sum(rest) => {
                Expression::binary(Binary::Multiply, factor, Expression::call(Function::Exp, vec![rest]))
            }
            Rest::Nothing => factor,
        };
        return true;
    }
    match expression {
        Expression::Unary { operand, .. } => lift(operand, name),
        Expression::Binary { left, right, .. } => lift(left, name) || lift(right, name),
        Expression::Call { arguments, .. } => arguments.iter_mut().any(|argument| lift(argument, name)),
        Expression::If { condition, then, otherwise } => {
            lift(condition, name) || lift(then, name) || lift(otherwise, name)
        }
        _ => false,
    }
}

/// What a sum is without one of its summands.
enum Rest {
    /// It was all of it.
    Nothing,
    Sum(Expression),
}

/// What is left of a sum without its summand `name`; none where it has no such summand.
fn without_summand(sum: &Expression, name: &str) -> Option<Rest> {
    match sum {
        Expression::Parameter(parameter) if parameter == name => Some(Rest::Nothing),
        Expression::Binary { operator: Binary::Add, left, right } => {
            let (found, other, swapped) = match without_summand(left, name) {
                Some(found) => (found, right, false),
                None => (without_summand(right, name)?, left, true),
            };
            let other = (**other).clone();
            Some(Rest::Sum(match found {
                Rest::Nothing => other,
                Rest::Sum(rest) if swapped => Expression::binary(Binary::Add, other, rest),
                Rest::Sum(rest) => Expression::binary(Binary::Add, rest, other),
            }))
        }
        Expression::Binary { operator: Binary::Subtract, left, right } => {
            let right = (**right).clone();
            Some(Rest::Sum(match without_summand(left, name)? {
                Rest::Sum(left) => Expression::binary(Binary::Subtract, left, right),
                Rest::Nothing => Expression::unary(Unary::Negate, right),
            }))
        }
        _ => None,
    }
}

/// For each of `names`, whether the model is linear in all of those that are marked together, the others held still.
///
/// Chosen greedily in the order of names: of a product of two parameters, the first counts as linear.
fn linear_parameters(model: &Expression, names: &[&str]) -> Vec<bool> {
    let mut chosen: BTreeSet<&str> = BTreeSet::new();
    let mut linear = Vec::with_capacity(names.len());
    for name in names {
        chosen.insert(name);
        let holds = model.parameters().contains(name) && degree(model, &chosen).is_some_and(|degree| degree <= 1);
        if !holds {
            chosen.remove(name);
        }
        linear.push(holds);
    }
    linear
}

/// The degree of a polynomial in the parameters `of`; none where it is no polynomial by its form.
fn degree(expression: &Expression, of: &BTreeSet<&str>) -> Option<u32> {
    let free = |e: &Expression| !e.names().iter().any(|name| matches!(name, Name::Parameter(p) if of.contains(p)));
    if free(expression) {
        return Some(0);
    }
    match expression {
        Expression::Parameter(_) => Some(1),
        Expression::Unary { operator: Unary::Negate, operand } => degree(operand, of),
        Expression::Binary { operator: Binary::Add | Binary::Subtract, left, right } => {
            Some(degree(left, of)?.max(degree(right, of)?))
        }
        Expression::Binary { operator: Binary::Multiply, left, right } => Some(degree(left, of)? + degree(right, of)?),
        Expression::Binary { operator: Binary::Divide, left, right } if free(right) => degree(left, of),
        Expression::If { condition, then, otherwise } if free(condition) => {
            Some(degree(then, of)?.max(degree(otherwise, of)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{free, parse};

    #[test]
    fn factors_of_terms_are_linear_and_exponents_are_not() {
        let linear = |text: &str, names: &[&str]| linear_parameters(&parse(text, names), names);
        assert_eq!(
            linear("E + A / N^alpha + B / D^beta", &["E", "A", "alpha", "B", "beta"]),
            [true, true, false, true, false]
        );
        assert_eq!(linear("a + b * log(N) + c * log(N)^2", &["a", "b", "c"]), [true; 3]);
        assert_eq!(linear("(Nc / N)^a", &["Nc", "a"]), [false, false]);
        assert_eq!(linear("k * t * x", &["k", "t"]), [true, false]);
        assert_eq!(linear("if x > 0 then a else b / 2", &["a", "b"]), [true, true]);
        assert_eq!(linear("if a > 0 then x else b", &["a", "b"]), [false, true]);
        assert_eq!(linear("x", &["a"]), [false], "a parameter that does not occur has no value to solve for");
    }

    #[test]
    fn what_is_added_inside_an_exponential_is_a_factor() {
        let form = |text: &str, parameters: &[&str]| {
            let free: Vec<_> = parameters.iter().map(|text| free(text)).collect();
            let names: Vec<&str> = free.iter().map(|p| p.name.as_str()).collect();
            Form::new(&parse(text, &names), &Space::new(&free).unwrap())
        };
        let simple = form("exp(a * x + b) + c", &["a", "b", "c"]);
        assert_eq!(simple.model, parse("b * exp(a * x) + c", &["a", "b", "c"]));
        assert_eq!((simple.lifted, simple.linear), (vec![false, true, false], vec![false, true, true]));
        let nested = form("x / N^exp(b - y)", &["b"]);
        assert_eq!(nested.model, parse("x / N^(b * exp(-y))", &["b"]));
        assert_eq!((nested.lifted, nested.linear), (vec![true], vec![false]));
        assert_eq!(form("exp(b)", &["b"]).model, parse("b", &["b"]));
        // Not where it stands twice, is taken away, or moves in a logarithm of its own.
        for (text, parameter) in [("exp(x + b) + b", "b"), ("exp(x - b)", "b"), ("exp(x + b)", "b 0..")] {
            assert_eq!(form(text, &[parameter]).lifted, [false], "{text}");
        }
    }
}
