//! From many starts to the least that they lead to, and what else they end at.

use rayon::prelude::*;

use synx_plan::expression::Expression;

use crate::identify::scales;
use crate::minimise::{Descent, Effort, FINE, ROUGH, SMOOTH};
use crate::objective::{Objective, Workspace};
use crate::result::Starts;
use crate::starts::{Form, starts};

/// Starts that come this near to the least objective agree with it.
const AGREEMENT: f64 = 1e-6;

/// Minima of the squares that differ by less than this (relative, and in every coordinate) are one.
const MEETING: f64 = 1e-3;

/// More different minima of the squares are not followed.
const MOST_DISTINCT: usize = 24;

/// Starts that also go straight down. Arbitrary.
const STRAIGHT: usize = 8;

/// Different ends that are followed to the last digit, of which the best is the fit.
const FINISHED: usize = 8;

/// A positive parameter whose effect on every prediction is smaller (relative, root mean square) is tried as 0.
const VANISHING: f64 = 1e-6;

/// The effect (relative, root mean square) that such a parameter starts with in draws.
const FOOTHOLD: f64 = 1e-2;

/// Where a fit has come to.
pub struct Best {
    pub value: f64,
    /// Where it is: coordinates of minus infinity are parameters that are 0.
    pub point: Vec<f64>,
    /// The same with all coordinates finite, from where they can move.
    pub inside: Vec<f64>,
    pub converged: bool,
    pub starts: Starts,
    /// The ends that are minima, the least first: value, point, and how many starts lead there.
    pub minima: Vec<(f64, Vec<f64>, usize)>,
    /// Parameters below these count as 0; 0 for those that cannot be.
    pub vanishing: Vec<f64>,
}

/// The least that `count` starts lead to, of an objective of one segment; none where the model has no finite value at any. `column` gives a column's
/// number in a fitted row.
pub fn descend(
    rungs: &[Objective],
    model: &Expression,
    column: &(impl Fn(&str, usize) -> f64 + Sync),
    weights: &[f64],
    count: usize,
) -> Option<Best> {
    let form = Form::new(model, &rungs[0].space);
    let points = starts(&rungs[0], &form, column, weights, count);
    let ends = follow(&rungs[0], &form, &points, weights);
    finish(rungs, ends, weights)
}

/// A descent through all rungs, each from where the one before came to.
pub fn down(descent: &mut Descent, rungs: &[Objective], workspace: &mut Workspace, weights: &[f64], effort: Effort) {
    let Some((last, before)) = rungs.split_last() else { return };
    for rung in before {
        descent.run(rung, workspace, weights, ROUGH);
    }
    descent.run(last, workspace, weights, effort);
}

/// The best of where starts have come to on the first rung, to the last digit on the last.
pub fn finish(rungs: &[Objective], mut ends: Vec<(f64, Vec<f64>)>, weights: &[f64]) -> Option<Best> {
    let objective = rungs.last()?;
    let tried = ends.len();
    ends.retain(|(value, _)| value.is_finite());
    // Stable, so that among equals the first start leads.
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut distinct: Vec<(f64, &Vec<f64>, usize)> = Vec::new();
    for (value, point) in &ends {
        match distinct.last_mut() {
            Some((least, _, starts)) if agree(*value, *least) => *starts += 1,
            _ => distinct.push((*value, point, 1)),
        }
    }
    let mut descent = Descent::new(objective);
    let mut workspace = objective.workspace();
    let mut finished: Vec<(f64, Vec<f64>, usize, bool)> = Vec::new();
    for (_, point, starts) in distinct.into_iter().take(FINISHED) {
        descent.point.copy_from_slice(point);
        down(&mut descent, rungs, &mut workspace, weights, FINE);
        let value = descent.state.value;
        if !value.is_finite() {
            continue;
        }
        match finished.iter_mut().find(|known| agree(value, known.0)) {
            Some(known) if value < known.0 => {
                *known = (value, descent.point.clone(), known.2 + starts, descent.converged);
            }
            Some(known) => known.2 += starts,
            None => finished.push((value, descent.point.clone(), starts, descent.converged)),
        }
    }
    finished.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (value, inside, agreeing, converged) = finished.first().cloned()?;
    let minima = finished.into_iter().enumerate().filter(|(place, end)| *place == 0 || end.3);
    let mut best = Best {
        value,
        point: inside.clone(),
        inside,
        converged,
        starts: Starts { tried, agreeing },
        minima: minima.map(|(_, (value, point, starts, _))| (value, point, starts)).collect(),
        vanishing: Vec::new(),
    };
    best.drop_vanishing(objective, &mut descent, &mut workspace, weights);
    Some(best)
}

/// Whether a value is that of the least.
fn agree(value: f64, least: f64) -> bool {
    (value - least).abs() <= AGREEMENT * least.abs() + f64::MIN_POSITIVE
}

/// Where each start leads: least value and point.
///
/// A robust loss has kinks wherever a residual passes delta, over which the way down is slow. So the starts first go to a minimum of the
/// squares of relative residuals; those that meet there go on as one. The most promising also go straight down.
fn follow(objective: &Objective, form: &Form, points: &[Vec<f64>], weights: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let projected = form.projected(&objective.space);
    let all =
        |objective: &Objective, points: &[Vec<f64>], weights: &[f64], projected: &[(usize, bool)], effort: Effort| {
            let memory = || (Descent::new(objective), objective.workspace());
            let one = |(descent, workspace): &mut (Descent, _), point: &Vec<f64>| {
                descent.projected.clear();
                descent.projected.extend_from_slice(projected);
                descent.point.copy_from_slice(point);
                descent.run(objective, workspace, weights, effort);
                (descent.state.value, descent.point.clone())
            };
            points.par_iter().map_init(memory, one).collect::<Vec<(f64, Vec<f64>)>>()
        };
    let (smooth, smooth_weights) = objective.smooth(weights);
    let smooth_ends = all(&smooth, points, &smooth_weights, &projected, SMOOTH);
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| smooth_ends[a].0.total_cmp(&smooth_ends[b].0));
    let mut meeting = vec![0; points.len()];
    let mut distinct: Vec<Vec<f64>> = Vec::new();
    for start in order {
        let point = &smooth_ends[start].1;
        let near = |other: &Vec<f64>| point.iter().zip(other).all(|(a, b)| (a - b).abs() <= MEETING * (1.0 + a.abs()));
        meeting[start] = distinct.iter().position(near).unwrap_or_else(|| {
            distinct.push(point.clone());
            distinct.len() - 1
        });
    }
    // They are in the order of their squares. Where many starts meet nowhere (in a corner of the box, each a little farther), the worst
    // are not followed, and agree with nothing.
    distinct.truncate(MOST_DISTINCT);
    let met = distinct.len();
    distinct.extend(points.iter().take(STRAIGHT).cloned());
    let ends = all(objective, &distinct, weights, &[], ROUGH);
    let nowhere = (f64::INFINITY, Vec::new());
    let better = |start: usize| {
        let through = ends[..met].get(meeting[start]).unwrap_or(&nowhere);
        let straight = ends[met..].get(start);
        straight.filter(|end| end.0 < through.0).unwrap_or(through).clone()
    };
    (0..points.len()).map(better).collect()
}

impl Best {
    /// Positive parameters that have run towards 0 until nothing changes any more are 0, if that is no worse.
    fn drop_vanishing(
        &mut self,
        objective: &Objective,
        descent: &mut Descent,
        workspace: &mut Workspace,
        weights: &[f64],
    ) {
        let parameters: Vec<f64> =
            self.point.iter().enumerate().map(|(k, u)| objective.space.parameter(k, *u)).collect();
        self.vanishing = scales(objective, workspace, &parameters).iter().map(|scale| VANISHING * scale).collect();
        for (k, coordinate) in objective.space.coordinates().iter().enumerate() {
            if !(coordinate.logarithmic && coordinate.low == 0.0) {
                self.vanishing[k] = 0.0;
                continue;
            }
            if parameters[k] >= self.vanishing[k] {
                continue;
            }
            descent.point.copy_from_slice(&self.point);
            descent.point[k] = f64::NEG_INFINITY;
            for (fixed, u) in descent.fixed.iter_mut().zip(&descent.point) {
                *fixed = *u == f64::NEG_INFINITY;
            }
            descent.run(objective, workspace, weights, FINE);
            if descent.state.value <= self.value * (1.0 + 1e-9) {
                self.point.copy_from_slice(&descent.point);
                self.value = descent.state.value;
                self.converged = descent.converged;
                self.minima[0] = (self.value, self.point.clone(), self.minima[0].2);
                // From where a draw that wants it larger can still find the way: a logarithm hardly feels the slope at 0.
                let small = FOOTHOLD / VANISHING * self.vanishing[k];
                if small.is_finite() {
                    self.inside[k] = objective.space.coordinate(k, small);
                }
            }
        }
    }
}
