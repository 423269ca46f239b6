//! How large a parameter is likely to be, read off the formula and the data.
//!
//! A model is about as large as its target. From there the size that each piece should have is handed down (`place`): what is added to data is
//! about as large as they are, an argument of exp and log varies by about 1, the factor of a column the size of the product divided by the column's.
//! Exponents are numbers between a few hundredths and a few. So the ranges follow the units of the columns. Where a size hangs on other parameters,
//! a factor's on the exponent beside it, these are drawn first, and the factor's range follows from what was drawn.

use synx_plan::expression::{Binary, Expression, Name};

use crate::objective::Objective;
use crate::space::Space;
use crate::starts::form::Form;
use crate::starts::place::{Place, Size, places};

/// Starts reach this many times below and above the size that the formula suggests. Arbitrary; exponents of published laws
/// and their factors lie well inside.
const REACH: f64 = 50.0;

/// An argument of exp varies over the rows no more than this: by e to its power. Arbitrary.
const MOST_VARIED: f64 = 5.0;

/// Exponents that starts are spread over: those of Hoffmann et al. 2022 (0 to 2), without 0 where there is no law.
const EXPONENTS: (f64, f64) = (0.05, 2.0);

/// Exponents of both signs start from this size on. Arbitrary.
const LEAST_EXPONENT: f64 = 0.02;

/// Rows that a size which hangs on drawn parameters is read from. Arbitrary.
const SAMPLED: usize = 8;

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

/// A parameter of the form that is not linear.
struct Drawn {
    parameter: usize,
    /// Of the points that fill the cube.
    dimension: usize,
    places: Vec<Place>,
    /// Where its range hangs on no other parameter.
    spread: Option<Spread>,
}

/// The values to start from of all parameters that are not linear.
pub struct Scales<'a, C> {
    form: &'a Form,
    space: &'a Space,
    target: f64,
    rows: usize,
    column: &'a C,
    /// In the order in which they are drawn.
    drawn: Vec<Drawn>,
}

impl<'a, C: Fn(&str, usize) -> f64> Scales<'a, C> {
    pub fn new(form: &'a Form, objective: &'a Objective, column: &'a C) -> Scales<'a, C> {
        let target = typical(objective.raw_targets()).abs();
        let mut scales =
            Scales { form, space: &objective.space, target, rows: objective.rows(), column, drawn: Vec::new() };
        let free: Vec<usize> = (0..form.names.len()).filter(|&k| !form.linear[k]).collect();
        let mut left: Vec<Drawn> = free
            .iter()
            .enumerate()
            .map(|(dimension, &parameter)| {
                let places = places(&form.model, &form.names[parameter], &|piece| scales.measure(piece, &[]));
                Drawn { parameter, dimension, places, spread: None }
            })
            .collect();
        // Those first that hang on the fewest that are not drawn yet.
        while !left.is_empty() {
            let open = |drawn: &Drawn| {
                let hangs = |place: &Place| {
                    place
                        .hangs_on()
                        .iter()
                        .filter(|name| left.iter().any(|l| form.names[l.parameter] == **name))
                        .count()
                };
                drawn.places.iter().map(hangs).max().unwrap_or(0)
            };
            let next = (0..left.len()).min_by_key(|&i| open(&left[i])).unwrap_or(0);
            let mut next = left.remove(next);
            let drawn = |name: &&str| scales.drawn.iter().any(|d| form.names[d.parameter] == **name);
            let fixed = !next.places.iter().any(|place| place.hangs_on().iter().any(drawn)) || scales.bounded(&next);
            next.spread = fixed.then(|| scales.spread(&next, &[]));
            scales.drawn.push(next);
        }
        scales
    }

    pub fn dimensions(&self) -> usize {
        self.drawn.len()
    }

    /// Fills in the form's parameters: those that are not linear from a point of the cube, the others with 1.
    pub fn draw(&self, parameters: &mut [f64], uniform: &impl Fn(usize) -> f64) {
        // What is not drawn yet is not known.
        parameters.fill(f64::NAN);
        for drawn in &self.drawn {
            let spread = drawn.spread.unwrap_or_else(|| self.spread(drawn, parameters));
            parameters[drawn.parameter] = spread.at(uniform(drawn.dimension));
        }
        for (parameter, linear) in parameters.iter_mut().zip(&self.form.linear) {
            if *linear {
                *parameter = 1.0;
            }
        }
    }

    /// Whether bounds alone say where to start.
    fn bounded(&self, drawn: &Drawn) -> bool {
        let coordinate = &self.space.coordinates()[drawn.parameter];
        let (low, high) = (coordinate.low, coordinate.high);
        low.is_finite()
            && high.is_finite()
            && !coordinate.logarithmic
            && (low >= 0.0 || !self.form.lifted[drawn.parameter])
    }

    /// Where a parameter starts, given those that are drawn.
    fn spread(&self, drawn: &Drawn, parameters: &[f64]) -> Spread {
        let k = drawn.parameter;
        let (low, high) = self.form.bounds(k, self.space);
        let (mut least, mut most, mut exponent) = (f64::INFINITY, 0.0f64, false);
        for place in &drawn.places {
            let wanted = place.wanted(self.target, &|piece| self.measure(piece, parameters));
            exponent |= wanted.exponent;
            let Some(size) = wanted.size else { continue };
            let (below, above) = match (wanted.exponent, wanted.argument) {
                (true, _) => EXPONENTS,
                (false, true) => (1.0 / REACH, MOST_VARIED),
                (false, false) => (1.0 / REACH, REACH),
            };
            least = least.min(size * below);
            most = most.max(size * above);
        }
        if most == 0.0 {
            (least, most) = (1.0 / REACH, REACH);
        }
        let two_sided = low.is_finite() && high.is_finite();
        let logarithmic = self.form.lifted[k] || self.space.coordinates()[k].logarithmic;
        if exponent && low < 0.0 && high > 0.0 && two_sided {
            // Of both signs: mostly small, for what a large column is raised to a large power nothing else makes up for.
            Spread::Signed(LEAST_EXPONENT, high.min(-low))
        } else if two_sided && !logarithmic {
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
        }
    }

    /// The size of a piece, over all rows where it is of columns alone, over a few otherwise. None where it has a parameter that is not drawn.
    fn measure(&self, piece: &Expression, parameters: &[f64]) -> Option<Size> {
        let parameter = |name: &str| {
            let place = self.form.names.iter().position(|known| known == name)?;
            parameters.get(place).copied().filter(|value| !value.is_nan())
        };
        let mut of_columns = true;
        for name in piece.names() {
            match name {
                Name::Column(_) => {}
                Name::Parameter(name) => {
                    of_columns = false;
                    parameter(name)?;
                }
                _ => return None,
            }
        }
        let step = if of_columns { 1 } else { self.rows.div_ceil(SAMPLED).max(1) };
        let value = |row: usize| {
            piece.evaluate(&|name| match name {
                Name::Column(name) => (self.column)(name, row),
                Name::Parameter(name) => parameter(name).unwrap_or(f64::NAN),
                _ => f64::NAN,
            })
        };
        let values: Vec<f64> = (0..self.rows).step_by(step).map(value).filter(|x| x.is_finite()).collect();
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
        let typical = typical(values.into_iter());
        Some(Size { typical, variation: if high > low { high - low } else { typical.abs() } })
    }
}

/// The middle one by size of values that are finite and not 0; 0 where there are none.
fn typical(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|x| x.is_finite() && *x != 0.0).collect();
    values.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
