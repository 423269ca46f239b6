//! Groups that share parameters: fitted together, from where each comes to by itself.

use rayon::prelude::*;

use synx_plan::expression::Expression;
use synx_plan::problem::Problem;

use crate::descend::{Best, down, finish};
use crate::judge::Split;
use crate::minimise::{Descent, ROUGH};
use crate::objective::Objective;
use crate::prepared::Prepared;
use crate::space::Space;

/// Values of the shared parameters that are started from: those that so many groups come to by themselves, and their median. Arbitrary.
const MOST_CANDIDATES: usize = 16;

/// One group by itself.
pub struct Alone {
    pub rungs: Vec<Objective>,
    pub weights: Vec<f64>,
    pub best: Best,
}

/// What groups go down together: the parameters that they share come first, then those of each group.
///
/// # Errors
/// Where the formula cannot be compiled (E0947).
pub fn together(prepared: &Prepared<'_>, model: &Expression, splits: &[&Split]) -> Result<Vec<Objective>, Problem> {
    let free = &prepared.formula.free;
    let shared: Vec<usize> = (0..free.len()).filter(|&k| free[k].shared).collect();
    let own: Vec<usize> = (0..free.len()).filter(|&k| !free[k].shared).collect();
    let mut of = shared.clone();
    let mut groups = Vec::with_capacity(splits.len());
    let mut rows = Vec::new();
    for split in splits {
        let first = of.len();
        let mut coordinates = vec![0; free.len()];
        shared.iter().enumerate().for_each(|(place, &k)| coordinates[k] = place);
        own.iter().enumerate().for_each(|(place, &k)| coordinates[k] = first + place);
        groups.push((split.fitted.len(), coordinates));
        of.extend_from_slice(&own);
        rows.extend_from_slice(&split.fitted);
    }
    let space = Space::new(free)?.with_factors(model).pick(&of);
    prepared.joint_objectives(model, &rows, &space, groups)
}

/// The least of groups together. Starts are values of the shared parameters: with each, every group's own are fitted first.
pub fn descend_together(rungs: &[Objective], weights: &[f64], shared: &[usize], alone: &[Alone]) -> Option<Best> {
    let objective = rungs.first()?;
    let mut candidates: Vec<Vec<f64>> =
        alone.iter().map(|alone| shared.iter().map(|&k| alone.best.inside[k]).collect()).collect();
    let median = |place: usize| {
        let mut values: Vec<f64> = candidates.iter().map(|candidate| candidate[place]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let middle: Vec<f64> = (0..shared.len()).map(median).collect();
    let every = candidates.len().div_ceil(MOST_CANDIDATES);
    candidates = candidates.into_iter().step_by(every).collect();
    candidates.push(middle);
    let end = |candidate: &Vec<f64>| {
        let mut point = vec![0.0; objective.coordinates()];
        for (alone, segment) in alone.iter().zip(&objective.segments) {
            let mut descent = Descent::new(&alone.rungs[0]);
            descent.point.copy_from_slice(&alone.best.inside);
            for (&k, &u) in shared.iter().zip(candidate) {
                descent.point[k] = u;
                descent.fixed[k] = true;
            }
            down(&mut descent, &alone.rungs, &mut alone.rungs[0].workspace(), &alone.weights, ROUGH);
            segment.coordinates.iter().zip(&descent.point).for_each(|(&k, &u)| point[k] = u);
        }
        let mut descent = Descent::new(objective);
        descent.point.copy_from_slice(&point);
        descent.run(objective, &mut objective.workspace(), weights, ROUGH);
        (descent.state.value, descent.point)
    };
    let ends = candidates.par_iter().map(end).collect();
    finish(rungs, ends, weights)
}
