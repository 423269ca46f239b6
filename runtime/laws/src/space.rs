//! The coordinates in which a fit moves: logarithms of parameters that are positive, parameters themselves otherwise, in a box.

use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression};
use synx_plan::law::FreeParameter;
use synx_plan::problem::Problem;

use crate::elementary::{exp, log};

/// Logarithms are kept within ±LARGEST, just inside what a float can hold.
const LARGEST: f64 = 700.0;

/// An interval whose high end is more than this many times its low end (times 1, where that is 0) is one of scale, so the logarithm is
/// fitted; exponents between 0 and 2 are not. Arbitrary.
const WIDE: f64 = 10.0;

/// One free parameter.
#[derive(Debug, Clone)]
pub struct Coordinate {
    pub name: String,
    pub logarithmic: bool,
    /// Whether it is a factor, of either sign, of a piece with other parameters: it then moves along curves on which its logarithm goes evenly.
    pub scales: bool,
    /// Bounds of the parameter itself; infinite where it has none.
    pub low: f64,
    pub high: f64,
}

/// All free parameters, in the order of their declaration.
#[derive(Debug, Clone)]
pub struct Space {
    coordinates: Vec<Coordinate>,
    /// Bounds of the coordinates.
    lows: Vec<f64>,
    highs: Vec<f64>,
}

impl Space {
    /// # Errors
    /// E0947 where two parameters have one name, or bounds leave nothing between them.
    pub fn new(free: &[FreeParameter]) -> Result<Space, Problem> {
        let mut space = Space { coordinates: vec![], lows: vec![], highs: vec![] };
        for (index, parameter) in free.iter().enumerate() {
            let name = parameter.name.clone();
            if free[..index].iter().any(|other| other.name == name) {
                return Err(Problem::new("E0947", format!("the parameter `{name}` is declared twice")));
            }
            let low = parameter.low.as_ref().map_or(f64::NEG_INFINITY, Exact::to_f64);
            let high = parameter.high.as_ref().map_or(f64::INFINITY, Exact::to_f64);
            if low.is_nan() || high.is_nan() || low >= high {
                return Err(Problem::new("E0947", format!("the bounds of `{name}` leave nothing between them")));
            }
            let logarithmic = low >= 0.0 && high > WIDE * if low > 0.0 { low } else { 1.0 };
            let to = |x: f64| if logarithmic { log(x).clamp(-LARGEST, LARGEST) } else { x };
            space.lows.push(to(low));
            space.highs.push(to(high));
            space.coordinates.push(Coordinate { name, logarithmic, scales: false, low, high });
        }
        Ok(space)
    }

    /// Marks the factors of either sign of pieces that have other parameters.
    #[must_use]
    pub fn with_factors(mut self, model: &Expression) -> Space {
        for coordinate in &mut self.coordinates {
            coordinate.scales = !coordinate.logarithmic && scales(model, &coordinate.name);
        }
        self
    }

    /// A space of some of its parameters, each as often as it is named.
    pub fn pick(&self, of: &[usize]) -> Space {
        Space {
            coordinates: of.iter().map(|&k| self.coordinates[k].clone()).collect(),
            lows: of.iter().map(|&k| self.lows[k]).collect(),
            highs: of.iter().map(|&k| self.highs[k]).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.coordinates.len()
    }

    pub fn coordinates(&self) -> &[Coordinate] {
        &self.coordinates
    }

    /// The nearest point of the box.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub fn inside(&self, k: usize, coordinate: f64) -> f64 {
        coordinate.max(self.lows[k]).min(self.highs[k])
    }

    /// Whether a move of that sign would leave the box.
    pub fn blocked(&self, k: usize, coordinate: f64, direction: f64) -> bool {
        (coordinate <= self.lows[k] && direction < 0.0) || (coordinate >= self.highs[k] && direction > 0.0)
    }

    /// Parameters at a point. A logarithm of minus infinity is the parameter 0.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub fn parameters(&self, point: &[f64], out: &mut [f64]) {
        for ((coordinate, &u), out) in self.coordinates.iter().zip(point).zip(out) {
            *out = if coordinate.logarithmic { exp(u) } else { u };
        }
    }

    /// The coordinate of a parameter, inside the box.
    pub fn coordinate(&self, k: usize, parameter: f64) -> f64 {
        let u = if self.coordinates[k].logarithmic { log(parameter.max(0.0)) } else { parameter };
        self.inside(k, u)
    }

    /// dp/du at the parameter p.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub fn slope(&self, k: usize, parameter: f64) -> f64 {
        if self.coordinates[k].logarithmic { parameter } else { 1.0 }
    }

    /// The parameter at a coordinate, as results give it: exactly a bound where the coordinate is at it.
    pub fn parameter(&self, k: usize, coordinate: f64) -> f64 {
        let Coordinate { logarithmic, low, high, .. } = self.coordinates[k];
        let value = if !logarithmic {
            coordinate
        } else if coordinate == f64::NEG_INFINITY {
            0.0
        } else {
            libm_exp(coordinate)
        };
        if coordinate >= self.highs[k] && high.is_finite() { high } else { value.max(low).min(high) }
    }

    /// Whether a parameter is at one of its bounds.
    pub fn at_bound(&self, k: usize, coordinate: f64) -> bool {
        coordinate <= self.lows[k] || coordinate >= self.highs[k]
    }
}

/// Whether a parameter stands somewhere as the factor of a piece with parameters.
fn scales(expression: &Expression, name: &str) -> bool {
    if let Expression::Binary { operator: Binary::Multiply, left, right } = expression {
        let is = |e: &Expression| matches!(e, Expression::Parameter(parameter) if parameter == name);
        if (is(left) && !right.parameters().is_empty()) || (is(right) && !left.parameters().is_empty()) {
            return true;
        }
    }
    expression.children().into_iter().any(|child| scales(child, name))
}

fn libm_exp(x: f64) -> f64 {
    synx_plan::expression::Function::Exp.apply(&[x])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(name: &str, low: Option<&str>, high: Option<&str>) -> FreeParameter {
        let exact = |text: &str| Exact::from_decimal(text).unwrap();
        FreeParameter { name: name.to_owned(), low: low.map(exact), high: high.map(exact), shared: false }
    }

    #[test]
    fn positive_parameters_move_in_their_logarithm_and_bounded_ones_in_a_box() {
        let space = Space::new(&[
            free("E", Some("0"), None),
            free("beta", Some("0"), Some("2")),
            free("t", None, None),
            free("rate", Some("1e-4"), Some("1e-1")),
            free("A", Some("0"), Some("1e6")),
        ])
        .unwrap();
        let logarithmic: Vec<bool> = space.coordinates().iter().map(|c| c.logarithmic).collect();
        assert_eq!(logarithmic, [true, false, false, true, true]);
        assert_eq!(space.coordinate(1, 5.0), 2.0);
        assert!(space.at_bound(1, 2.0) && !space.at_bound(1, 1.0));
        assert_eq!(space.parameter(4, space.coordinate(4, 1e9)), 1e6);
        assert!((space.parameter(3, space.coordinate(3, 0.01)) - 0.01).abs() < 1e-16);
        assert!(space.blocked(1, 0.0, -1.0) && !space.blocked(1, 0.0, 1.0));
        let mut out = [0.0; 5];
        space.parameters(&[f64::NEG_INFINITY, 1.5, -3.0, 0.0, 0.0], &mut out);
        assert_eq!(out, [0.0, 1.5, -3.0, 1.0, 1.0]);
    }

    #[test]
    fn bounds_that_leave_nothing_are_refused() {
        assert_eq!(Space::new(&[free("E", Some("2"), Some("1"))]).unwrap_err().code, "E0947");
        assert_eq!(Space::new(&[free("E", None, None), free("E", None, None)]).unwrap_err().code, "E0947");
    }
}
