//! Values with their first derivatives: what an expression does when its free parameters move a little.

use super::{Binary, Expression, Name};

impl Expression {
    /// The value, and its derivative by each of `parameters`, in their order. Columns and `let`s are constants that `of` gives.
    ///
    /// Forward differentiation, one pass: for designs of some hundred rows. What fits a law over many rows compiles it instead.
    pub fn gradient(&self, parameters: &[&str], of: &impl Fn(Name<'_>) -> f64) -> (f64, Vec<f64>) {
        match self {
            Expression::Number(_)
            | Expression::Column(_)
            | Expression::Bound(_)
            | Expression::Answer(_)
            | Expression::Is { .. } => (self.evaluate(of), vec![0.0; parameters.len()]),
            Expression::Parameter(name) => {
                let own = |parameter: &&str| f64::from(u8::from(parameter == name));
                (self.evaluate(of), parameters.iter().map(own).collect())
            }
            Expression::Unary { operator, operand } => {
                let (value, slopes) = operand.gradient(parameters, of);
                let slope = match operator {
                    super::Unary::Negate => -1.0,
                    super::Unary::Not => 0.0,
                };
                (operator.apply(value), scaled(slopes, slope))
            }
            Expression::Binary { operator, left, right } => {
                let (left, by_left) = left.gradient(parameters, of);
                let (right, by_right) = right.gradient(parameters, of);
                let value = operator.apply(left, right);
                let (l, r) = match operator {
                    Binary::Add => (1.0, 1.0),
                    Binary::Subtract => (1.0, -1.0),
                    Binary::Multiply => (right, left),
                    Binary::Divide => (1.0 / right, -left / (right * right)),
                    // At zero a positive power is flat in its exponent: it stays zero.
                    Binary::Power if left == 0.0 && right > 0.0 => (right * libm::pow(left, right - 1.0), 0.0),
                    Binary::Power => (right * libm::pow(left, right - 1.0), value * libm::log(left)),
                    // Truth values are flat.
                    _ => (0.0, 0.0),
                };
                (value, sum(by_left, l, &by_right, r))
            }
            Expression::Call { function, arguments } => {
                let parts: Vec<(f64, Vec<f64>)> = arguments.iter().map(|a| a.gradient(parameters, of)).collect();
                let values: Vec<f64> = parts.iter().map(|(value, _)| *value).collect();
                let value = function.apply(&values);
                let mut slopes = vec![0.0; parameters.len()];
                for (index, (_, by_argument)) in parts.iter().enumerate() {
                    slopes = sum(slopes, 1.0, by_argument, function.derivative(&values, value, index));
                }
                (value, slopes)
            }
            Expression::If { condition, then, otherwise } => {
                let chosen = if condition.evaluate(of) == 0.0 { otherwise } else { then };
                chosen.gradient(parameters, of)
            }
        }
    }
}

/// A part that does not depend on a parameter adds nothing to its slope, however steep the operation is there: the exponent of
/// `tokens^2` has no logarithm to take.
fn scaled(mut slopes: Vec<f64>, by: f64) -> Vec<f64> {
    slopes.iter_mut().for_each(|slope| *slope = part(*slope, by));
    slopes
}

fn part(slope: f64, by: f64) -> f64 {
    if slope == 0.0 { 0.0 } else { slope * by }
}

fn sum(mut left: Vec<f64>, l: f64, right: &[f64], r: f64) -> Vec<f64> {
    left.iter_mut().zip(right).for_each(|(left, right)| *left = part(*left, l) + part(*right, r));
    left
}

#[cfg(test)]
mod tests {
    use super::super::{Function, Unary};
    use super::*;

    #[test]
    fn slopes_agree_with_central_differences() {
        let (p, q, x) = (Expression::parameter("p"), Expression::parameter("q"), Expression::column("x"));
        let power =
            Expression::binary(Binary::Divide, p.clone(), Expression::binary(Binary::Power, x.clone(), q.clone()));
        let wave = Expression::call(Function::Exp, vec![Expression::binary(Binary::Multiply, p.clone(), x.clone())]);
        let roots = Expression::call(Function::Sqrt, vec![Expression::binary(Binary::Multiply, p.clone(), q.clone())]);
        let choice = Expression::choice(
            Expression::binary(Binary::Less, p, x),
            Expression::unary(Unary::Negate, power.clone()),
            Expression::call(Function::Log, vec![q]),
        );
        for expression in [power, wave, roots, choice] {
            let at = |p: f64, q: f64| {
                move |name: Name<'_>| match name {
                    Name::Parameter("p") => p,
                    Name::Parameter(_) => q,
                    _ => 2.5,
                }
            };
            let (value, slopes) = expression.gradient(&["p", "q"], &at(0.7, 0.4));
            assert_eq!(value, expression.evaluate(&at(0.7, 0.4)));
            let step = 1e-6;
            let by_p =
                (expression.evaluate(&at(0.7 + step, 0.4)) - expression.evaluate(&at(0.7 - step, 0.4))) / (2.0 * step);
            let by_q =
                (expression.evaluate(&at(0.7, 0.4 + step)) - expression.evaluate(&at(0.7, 0.4 - step))) / (2.0 * step);
            assert!(
                (slopes[0] - by_p).abs() < 1e-8 && (slopes[1] - by_q).abs() < 1e-8,
                "{expression} {slopes:?} {by_p} {by_q}"
            );
        }
    }

    #[test]
    fn a_constant_power_of_a_negative_base_has_a_slope() {
        let square = Expression::binary(Binary::Power, Expression::parameter("p"), Expression::number(2u64));
        assert_eq!(square.gradient(&["p"], &|_| -3.0), (9.0, vec![-6.0]));
    }
}
