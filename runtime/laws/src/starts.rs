//! Where a fit starts: points spread over the parameters in which the model is not linear, each completed by solving for the others.
//!
//! Most laws are sums of terms with a factor of their own, so given the exponents the factors follow from a linear problem. What is left
//! to spread over is small, and the starts fit the data whatever units the columns have: multiplying a column changes nothing.

mod linear;
mod scale;

use rayon::prelude::*;

pub use linear::linear_parameters;

use crate::objective::{Objective, Workspace};
use linear::Completion;
use scale::spreads;
use synx_plan::expression::{Binary, Expression};

/// Points of a spread for each start that is followed, up to `MOST_SCREENED`; the others are dropped for being worse. Arbitrary.
const SCREENED: usize = 8;
const MOST_SCREENED: usize = 1024;

/// Points of the box, the most promising first.
///
/// `count` is how many are wanted; fewer come back where the model has no finite value at more, or where it is linear, so that all starts
/// would be one.
pub fn starts(
    objective: &Objective,
    model: &Expression,
    column: &(impl Fn(&str, usize) -> f64 + Sync),
    weights: &[f64],
    count: usize,
) -> Vec<Vec<f64>> {
    let names: Vec<&str> = objective.space.coordinates().iter().map(|c| c.name.as_str()).collect();
    let linear = linear_parameters(model, &names);
    let spread = spreads(model, objective, &linear, column);
    let dimensions = spread.iter().flatten().count();
    let points = match dimensions {
        0 => 1,
        _ => count.saturating_mul(SCREENED).min(MOST_SCREENED).max(count),
    };
    let steps = steps(dimensions);
    let memory = || (Completion::new(objective, &linear), objective.workspace(), vec![0.0; names.len()]);
    let one = |(completion, workspace, parameters): &mut (Completion, Workspace, Vec<f64>), index: usize| {
        let mut dimension = 0;
        for (parameter, spread) in parameters.iter_mut().zip(&spread) {
            *parameter = 1.0;
            if let Some(spread) = spread {
                *parameter = spread.at(low_discrepancy(index, steps[dimension]));
                dimension += 1;
            }
        }
        if !completion.complete(objective, workspace, parameters, weights) {
            return None;
        }
        let point: Vec<f64> = parameters.iter().enumerate().map(|(k, p)| objective.space.coordinate(k, *p)).collect();
        let value = objective.value(workspace, &point, weights);
        value.is_finite().then_some((value, index, point))
    };
    let mut screened: Vec<(f64, usize, Vec<f64>)> =
        (0..points).into_par_iter().map_init(memory, one).flatten_iter().collect();
    screened.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // Three in four of those followed are the best; the rest is spread over all others, for a valley that starts badly may end well.
    let best = (count - count / 4).min(screened.len());
    let mut chosen: Vec<usize> = (0..best).collect();
    let others = screened.len() - best;
    let more = (count - best).min(others);
    chosen.extend((0..more).map(|i| best + i * others / more));
    chosen.into_iter().map(|i| screened[i].2.clone()).collect()
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
