//! How far a parameter can move while all others are fitted anew: the profile of the likelihood, and what runs on without end.
//!
//! Derivatives at the optimum see only what is near. A valley that is long and nearly flat has them, yet the data do not tell where in it the truth
//! lies: so loose parameters are followed along their valley until the fit is less likely than the confidence allows.

use rayon::prelude::*;

use crate::criteria::value_at;
use crate::descend::{Best, down};
use crate::identify::Identification;
use crate::minimise::{Descent, HELD};
use crate::normal::{quantile, student_quantile};
use crate::objective::{Objective, Workspace};
use crate::result::Interval;

/// A parameter whose standard error is above this part of its scale (1 for a logarithm, the range where it is bounded, otherwise itself) is loose.
/// Below it, the estimate's neighbourhood says enough. Arbitrary.
const LOOSE: f64 = 0.15;

/// A logarithm that can move so far is not held by the data: four orders of magnitude.
const FAR: f64 = 9.210_340_371_976_184;

/// Steps between the estimate and the farthest point that is tried, each three times the one before. Arbitrary.
const STEPS: i32 = 5;

/// What a profile shows of one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// None where an end is open.
    pub interval: Option<Interval>,
}

/// Where one side of a profile ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// At this coordinate the fit is as unlikely as the confidence allows.
    Crossing(f64),
    /// At the parameter's bound it is not yet.
    Bound,
    /// However far.
    Open,
}

/// Profiles of the parameters that are loose; none for the others. `rows` is how many rows count.
pub fn profiles(
    rungs: &[Objective],
    best: &Best,
    known: &Identification,
    weights: &[f64],
    rows: f64,
    confidence: f64,
) -> Vec<Option<Profile>> {
    let Some(objective) = rungs.last() else { return Vec::new() };
    let n = objective.coordinates();
    let freedom = rows - n as f64;
    if freedom < 1.0 {
        return vec![None; n];
    }
    // What the likelihood's fall is held against allows for the scale being fitted, which matters where rows are few.
    let t = student_quantile(0.5 + 0.5 * confidence, freedom);
    let fall = rows * libm::log1p(t * t / freedom);
    let floor = objective.exact() * rows;
    let limit = value_at(&objective.loss, best.value.max(floor), rows, fall);
    let size = residual_size(objective, best, weights);
    let z = quantile(0.5 + 0.5 * confidence);
    let one = |(descent, workspace): &mut (Descent, Workspace), k: usize| {
        if !known.identified[k] {
            return None;
        }
        let parameter = objective.space.parameter(k, best.inside[k]);
        let error = known.spread[k] * size / objective.space.slope(k, parameter);
        let coordinate = &objective.space.coordinates()[k];
        let scale = if coordinate.logarithmic {
            1.0
        } else if coordinate.low.is_finite() && coordinate.high.is_finite() {
            coordinate.high - coordinate.low
        } else {
            parameter.abs()
        };
        if error <= LOOSE * scale {
            return None;
        }
        let mut side = |direction: f64| {
            let far = if coordinate.logarithmic { FAR } else { 30.0 * (parameter.abs() + z * error) };
            let end = objective.space.inside(k, best.inside[k] + direction * far);
            let bounded = if direction < 0.0 { coordinate.low } else { coordinate.high };
            let at_bound = objective.space.at_bound(k, end) || (coordinate.logarithmic && bounded == 0.0);
            let mut trace = Trace { rungs, weights, k, limit, descent, workspace };
            trace.side(&best.inside, end, at_bound && bounded.is_finite())
        };
        Some(profile(objective, k, side(-1.0), side(1.0)))
    };
    let memory = || (Descent::new(objective), objective.workspace());
    (0..n).into_par_iter().map_init(memory, one).collect()
}

fn profile(objective: &Objective, k: usize, low: End, high: End) -> Profile {
    let coordinate = &objective.space.coordinates()[k];
    let end = |end: End, bound: f64| match end {
        End::Crossing(u) => Some(objective.space.parameter(k, u)),
        End::Bound => Some(bound),
        End::Open => None,
    };
    // From bound to bound nothing has been learned.
    let learned = matches!(low, End::Crossing(_)) || matches!(high, End::Crossing(_));
    let ends = end(low, coordinate.low).zip(end(high, coordinate.high)).filter(|_| learned);
    Profile { interval: ends.map(|(low, high)| Interval { low, high }) }
}

/// The typical size of residuals: from the median, which outliers do not move, or the mean loss where most are none.
fn residual_size(objective: &Objective, best: &Best, weights: &[f64]) -> f64 {
    let mut model = vec![0.0; objective.rows()];
    let parameters: Vec<f64> = best.point.iter().enumerate().map(|(k, u)| objective.space.parameter(k, *u)).collect();
    objective.model(&mut objective.workspace(), &parameters, &mut model);
    let logarithmic = objective.loss.logarithmic;
    let residual = |(m, y): (f64, f64)| (if logarithmic { libm::log(m) - y } else { m - y }).abs();
    let mut sizes: Vec<f64> = model.into_iter().zip(objective.targets()).map(residual).collect();
    sizes.sort_by(f64::total_cmp);
    let median = 1.4826 * sizes.get(sizes.len() / 2).copied().unwrap_or(0.0);
    let rows: f64 = weights.iter().sum();
    median.max((2.0 * best.value / rows).max(0.0).sqrt())
}

/// A parameter on its way out.
struct Trace<'a> {
    rungs: &'a [Objective],
    weights: &'a [f64],
    k: usize,
    limit: f64,
    descent: &'a mut Descent,
    workspace: &'a mut Workspace,
}

impl Trace<'_> {
    /// Steps from the optimum towards `far`, each from where the one before has come to, until the limit is passed.
    fn side(&mut self, optimum: &[f64], far: f64, bounded: bool) -> End {
        let from = optimum[self.k];
        if from == far {
            return End::Bound;
        }
        let (mut inside, mut near) = (optimum.to_vec(), from);
        for step in (0..STEPS).rev() {
            let u = from + (far - from) / 3f64.powi(step);
            if self.at(&inside, u) > self.limit {
                return End::Crossing(self.crossing(inside, near, u));
            }
            inside.copy_from_slice(&self.descent.point);
            near = u;
        }
        if bounded { End::Bound } else { End::Open }
    }

    /// The least value with the parameter held at `u`.
    fn at(&mut self, start: &[f64], u: f64) -> f64 {
        self.descent.projected.clear();
        self.descent.fixed.fill(false);
        self.descent.fixed[self.k] = true;
        self.descent.point.copy_from_slice(start);
        self.descent.point[self.k] = u;
        down(self.descent, self.rungs, self.workspace, self.weights, HELD);
        self.descent.state.value
    }

    /// Where the limit is passed between two coordinates, by halving.
    fn crossing(&mut self, mut inside: Vec<f64>, mut near: f64, mut beyond: f64) -> f64 {
        for _ in 0..8 {
            let middle = 0.5 * (near + beyond);
            if self.at(&inside, middle) > self.limit {
                beyond = middle;
            } else {
                near = middle;
                inside.copy_from_slice(&self.descent.point);
            }
        }
        0.5 * (near + beyond)
    }
}
