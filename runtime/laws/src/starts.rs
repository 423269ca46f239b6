//! Where a fit starts: points spread over the parameters in which the model is not linear, each completed by solving for the others.
//!
//! Most laws are sums of terms with a factor of their own, so given the exponents the factors follow from a linear problem. What is left
//! to spread over is small, and the starts fit the data whatever units the columns have: multiplying a column changes nothing.

mod form;
mod linear;
mod place;
mod scale;

use std::cmp::Ordering;
use std::collections::HashMap;

use rayon::prelude::*;

pub use form::Form;

use crate::minimise::{Descent, HEAT};
use crate::objective::{Objective, Workspace};
use linear::Completion;
use scale::Scales;
use synx_plan::expression::Binary;

/// Points of a spread for each start that is followed, up to `MOST_SCREENED`; the others are dropped for being worse. Arbitrary.
const SCREENED: usize = 8;
const MOST_SCREENED: usize = 1024;

/// A model that is not linear in so many parameters is hard to start: the box is too large to be filled. Then more points are screened, and so many
/// times as many as are followed go a few steps first. Arbitrary.
const HARD: usize = 5;
const SCREENED_IF_HARD: usize = 32;
const MOST_SCREENED_IF_HARD: usize = 4096;
const HEATS: usize = 3;

/// Points of the box, the most promising first.
///
/// `count` is how many are wanted; fewer come back where the model has no finite value at more, or where it is linear, so that all starts
/// would be one.
pub fn starts(
    objective: &Objective,
    form: &Form,
    column: &(impl Fn(&str, usize) -> f64 + Sync),
    weights: &[f64],
    count: usize,
) -> Vec<Vec<f64>> {
    let scales = Scales::new(form, objective, column);
    let dimensions = scales.dimensions();
    let hard = dimensions >= HARD;
    let points = match dimensions {
        0 => 1,
        _ if hard => count.saturating_mul(SCREENED_IF_HARD).min(MOST_SCREENED_IF_HARD).max(count),
        _ => count.saturating_mul(SCREENED).min(MOST_SCREENED).max(count),
    };
    let steps = steps(dimensions);
    let n = form.names.len();
    let memory = || (Completion::new(objective, form), objective.workspace(), vec![0.0; n]);
    let one = |(completion, workspace, parameters): &mut (Completion, Workspace, Vec<f64>), index: usize| {
        scales.draw(parameters, &|dimension| low_discrepancy(index, steps[dimension]));
        let signs = parameters.iter().map(|p| *p < 0.0).collect();
        for (k, parameter) in parameters.iter_mut().enumerate() {
            *parameter = form.parameter(k, *parameter);
        }
        if !completion.complete(form, objective, workspace, parameters, weights) {
            return None;
        }
        let point: Vec<f64> = parameters.iter().enumerate().map(|(k, p)| objective.space.coordinate(k, *p)).collect();
        let value = objective.value(workspace, &point, weights);
        value.is_finite().then_some(Candidate { value, index, signs, point })
    };
    let mut screened: Vec<Candidate> = (0..points).into_par_iter().map_init(memory, one).flatten_iter().collect();
    screened.sort_by(Candidate::order);
    if hard {
        screened = race(screened, objective, &form.projected(&objective.space), weights, HEATS * count);
    }
    // Three in four of those followed are the best; the rest is spread over all others, for a valley that starts badly may end well.
    let best = (count - count / 4).min(screened.len());
    let mut chosen: Vec<usize> = (0..best).collect();
    let others = screened.len() - best;
    let more = (count - best).min(others);
    chosen.extend((0..more).map(|i| best + i * others / more));
    chosen.into_iter().map(|i| screened[i].point.clone()).collect()
}

/// A point that a start may be.
#[derive(Debug, Clone)]
struct Candidate {
    value: f64,
    index: usize,
    /// Which of the form's parameters are negative.
    signs: Vec<bool>,
    point: Vec<f64>,
}

impl Candidate {
    fn order(&self, other: &Candidate) -> Ordering {
        self.value.total_cmp(&other.value).then(self.index.cmp(&other.index))
    }
}

/// So many of the candidates, a few steps on their way down, the least first.
///
/// With many parameters the candidates lie far apart, and their values say little of where they lead; a few steps say more. Signs that a descent
/// does not change make different forms of one law (a power that rises and one that falls), so the best of each pattern of signs come first.
fn race(
    sorted: Vec<Candidate>,
    objective: &Objective,
    projected: &[(usize, bool)],
    weights: &[f64],
    most: usize,
) -> Vec<Candidate> {
    let mut seen: HashMap<Vec<bool>, usize> = HashMap::new();
    let mut entered: Vec<(usize, Candidate)> = sorted
        .into_iter()
        .map(|candidate| {
            let before = seen.entry(candidate.signs.clone()).or_insert(0);
            *before += 1;
            (*before, candidate)
        })
        .collect();
    // Stable: among those that are as far down their own list, the best first.
    entered.sort_by_key(|(place, _)| *place);
    entered.truncate(most);
    let (smooth, weights) = objective.smooth(weights);
    let memory = || (Descent::new(&smooth), smooth.workspace());
    let one = |(descent, workspace): &mut (Descent, Workspace), (_, mut candidate): (usize, Candidate)| {
        descent.projected.clear();
        descent.projected.extend_from_slice(projected);
        descent.point.copy_from_slice(&candidate.point);
        descent.run(&smooth, workspace, &weights, HEAT);
        candidate.point.copy_from_slice(&descent.point);
        candidate.value = descent.state.value;
        candidate
    };
    let mut raced: Vec<Candidate> = entered.into_par_iter().map_init(memory, one).collect();
    raced.retain(|candidate| candidate.value.is_finite());
    raced.sort_by(Candidate::order);
    raced
}

/// Steps of a sequence that fills the unit cube evenly: powers of the inverse of the generalised golden ratio, the root of
/// x^(d+1) = x + 1 (Roberts 2018).
fn steps(dimensions: usize) -> Vec<f64> {
    let mut ratio = 2.0f64;
    for _ in 0..64 {
        ratio = Binary::Power.apply(1.0 + ratio, 1.0 / (dimensions as f64 + 1.0));
    }
    let next = |step: &f64| Some(step / ratio);
    std::iter::successors(Some(1.0 / ratio), next).take(dimensions).collect()
}

/// One coordinate of point `index` of the sequence.
fn low_discrepancy(index: usize, step: f64) -> f64 {
    (0.5 + step * (index + 1) as f64).fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_fills_the_cube_evenly() {
        for dimensions in 1..6 {
            let mut cells = vec![0usize; 1 << dimensions];
            let points = 256 << dimensions;
            let steps = steps(dimensions);
            for index in 0..points {
                let bit = |d: usize| usize::from(low_discrepancy(index, steps[d]) >= 0.5) << d;
                cells[(0..dimensions).map(bit).sum::<usize>()] += 1;
            }
            assert!(cells.iter().all(|&n| (216..=296).contains(&n)), "{dimensions}: {cells:?}");
        }
    }
}
