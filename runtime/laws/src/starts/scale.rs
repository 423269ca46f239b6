//! How large a parameter is likely to be, read off the formula and the data.
//!
//! A model is about as large as its target. From there the size that each piece should have is handed down: what is added to data is
//! about as large as they are, an argument of exp and log about 1, the factor of a column the size of the product divided by the column's.
//! Exponents are numbers between a few hundredths and a few. So the ranges follow the units of the columns.

use synx_plan::expression::{Binary, Expression, Function, Name, Unary};

use crate::objective::Objective;

/// Starts reach this many times below and above the size that the formula suggests. Arbitrary; exponents of published laws
/// and their factors lie well inside.
const REACH: f64 = 50.0;

/// Exponents that starts are spread over: those of Hoffmann et al. 2022 (0 to 2), without 0 where there is no law.
const EXPONENTS: (f64, f64) = (0.05, 2.0);

/// Exponents of both signs start from this size on. Arbitrary.
const LEAST_EXPONENT: f64 = 0.02;

/// Sizes beyond this, or below its inverse, come from an overflow and not from data.
const LARGEST: f64 = 1e250;

/// Values that a parameter starts at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// Evenly between two values.
    Even(f64, f64),
    /// Evenly in the logarithm.
    Scale(f64, f64),
    /// Both signs: evenly in the logarithm of the size.
    Signed(f64, f64),
}

impl Spread {
    /// The value at `uniform`, between 0 and 1.
    pub fn at(&self, uniform: f64) -> f64 {
        let scale = |low: f64, high: f64, t: f64| low * Binary::Power.apply(high / low, t);
        match *self {
            Spread::Even(low, high) => low + (high - low) * uniform,
            Spread::Scale(low, high) => scale(low, high, uniform),
            Spread::Signed(low, high) if uniform < 0.5 => -scale(low, high, 1.0 - 2.0 * uniform),
            Spread::Signed(low, high) => scale(low, high, 2.0 * uniform - 1.0),
        }
    }
}

/// For each parameter that is not linear, the values to start from.
pub fn spreads(
    model: &Expression,
    objective: &Objective,
    linear: &[bool],
    column: &impl Fn(&str, usize) -> f64,
) -> Vec<Option<Spread>> {
    let coordinates = objective.space.coordinates();
    let target = typical(objective.raw_targets());
    let reader = Reader { rows: objective.rows(), column };
    let mut spreads = Vec::with_capacity(coordinates.len());
    for (coordinate, linear) in coordinates.iter().zip(linear) {
        if *linear {
            spreads.push(None);
            continue;
        }
        let (low, high) = (coordinate.low, coordinate.high);
        let mut found = Found { exponent: false, least: f64::INFINITY, most: 0.0 };
        reader.search(model, &coordinate.name, Some(target), false, &mut found);
        let (mut least, mut most) = if found.exponent {
            EXPONENTS
        } else if found.most > 0.0 {
            (found.least / REACH, found.most * REACH)
        } else {
            (1.0 / REACH, REACH)
        };
        let spread = if found.exponent && low < 0.0 && high > 0.0 && low.is_finite() && high.is_finite() {
            // Of both signs: mostly small, for what a large column is raised to a large power nothing else makes up for.
            Spread::Signed(LEAST_EXPONENT, high.min(-low))
        } else if low.is_finite() && high.is_finite() && !coordinate.logarithmic {
            // Bounds on both sides say it best; at the bounds themselves a law is often none.
            let margin = 0.02 * (high - low);
            Spread::Even(low + margin, high - margin)
        } else if low >= 0.0 {
            if low > 0.0 && most <= low {
                (least, most) = (low, low * REACH);
            }
            if high.is_finite() && least >= high {
                (least, most) = (high / REACH, high);
            }
            Spread::Scale(least.max(low), most.min(high))
        } else if high <= 0.0 {
            Spread::Even((-most).max(low), (-least).min(high).max((-most).max(low)))
        } else {
            Spread::Signed(least, most)
        };
        spreads.push(Some(spread));
    }
    spreads
}

/// What a search has found of a parameter.
struct Found {
    /// Whether it stands in an exponent.
    exponent: bool,
    /// Sizes that its places suggest.
    least: f64,
    most: f64,
}

struct Reader<'c, C> {
    rows: usize,
    column: &'c C,
}

impl<C: Fn(&str, usize) -> f64> Reader<'_, C> {
    /// Follows the formula to every place of `name`. `wanted` is the size that `at` should have, where anything suggests one.
    fn search(&self, at: &Expression, name: &str, wanted: Option<f64>, exponent: bool, found: &mut Found) {
        let wanted = wanted.filter(|size| *size > 1.0 / LARGEST && *size < LARGEST);
        match at {
            Expression::Parameter(parameter) if parameter == name => {
                found.exponent |= exponent;
                if let Some(size) = wanted {
                    found.least = found.least.min(size);
                    found.most = found.most.max(size);
                }
            }
            Expression::Number(_)
            | Expression::Column(_)
            | Expression::Parameter(_)
            | Expression::Bound(_)
            | Expression::Answer(_)
            | Expression::Is { .. } => {}
            Expression::Unary { operator: Unary::Negate, operand } => {
                self.search(operand, name, wanted, exponent, found);
            }
            Expression::Unary { operator: Unary::Not, operand } => self.search(operand, name, None, exponent, found),
            Expression::Binary { operator, left, right } => {
                let (a, b) = (self.size(left), self.size(right));
                let (for_left, for_right) = match operator {
                    Binary::Multiply => (divide(wanted, b), divide(wanted, a)),
                    Binary::Divide => (wanted.zip(b).map(|(w, b)| w * b).or(wanted), divide(a, wanted)),
                    Binary::Power => {
                        let inverse = b.map(|b| 1.0 / b);
                        let base = wanted.map(|w| Binary::Power.apply(w, inverse.unwrap_or(1.0)));
                        self.search(left, name, base, exponent, found);
                        self.search(right, name, Some(1.0), true, found);
                        return;
                    }
                    _ => (b.or(wanted), a.or(wanted)),
                };
                self.search(left, name, for_left, exponent, found);
                self.search(right, name, for_right, exponent, found);
            }
            Expression::Call { function, arguments } => {
                let inner = match function {
                    Function::Exp | Function::Log => Some(1.0),
                    Function::Sqrt => wanted.map(|w| w * w),
                    _ => arguments.iter().find_map(|argument| self.size(argument)).or(wanted),
                };
                for argument in arguments {
                    self.search(argument, name, inner, exponent, found);
                }
            }
            Expression::If { condition, then, otherwise } => {
                self.search(condition, name, None, exponent, found);
                self.search(then, name, wanted, exponent, found);
                self.search(otherwise, name, wanted, exponent, found);
            }
        }
    }

    /// The typical size of a piece that depends on columns alone.
    fn size(&self, expression: &Expression) -> Option<f64> {
        if expression.names().iter().any(|name| !matches!(name, Name::Column(_))) {
            return None;
        }
        let value = |row: usize| {
            expression.evaluate(&|name| if let Name::Column(name) = name { (self.column)(name, row) } else { f64::NAN })
        };
        Some(typical((0..self.rows).map(value))).filter(|size| *size > 0.0)
    }
}

/// The median of sizes that are finite and not 0; 0 where there are none.
fn typical(values: impl Iterator<Item = f64>) -> f64 {
    let mut sizes: Vec<f64> = values.map(f64::abs).filter(|x| x.is_finite() && *x > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

/// a / b where both are known; where only b is not, a.
fn divide(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a / b),
        (Some(a), None) => Some(a),
        (None, Some(b)) => Some(1.0 / b),
        (None, None) => None,
    }
}
