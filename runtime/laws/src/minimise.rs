//! The way down: Newton's method in the metric of iteratively reweighted least squares, inside a box.
//!
//! A step solves (H + λ(M + diag M)) s = −g. M is the majorant of the robust loss (what iteratively reweighted least squares takes for the
//! curvature); it is positive, and steps in it do not depend on the scale of columns or parameters, while its diagonal keeps them short along
//! valleys, where M alone says nothing. H is M itself while the
//! objective falls fast, later the true second derivative: the loss's own curvature, and that of the model by differences of
//! analytic gradients with slopes held still. λ follows from how well the last step kept what it promised (Levenberg 1944,
//! Marquardt 1963), so a step is never taken that does not lower the objective, and the end is at a gradient of zero.

use crate::elementary::{exp, log};
use crate::objective::{Objective, State, Workspace};

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    pub iterations: usize,
    /// The end is where a step promises less than this part of the objective.
    pub tolerance: f64,
    /// Whether the model's own curvature is taken into account near the end.
    pub newton: bool,
}

/// To see whether a start leads anywhere.
pub const HEAT: Effort = Effort { iterations: 10, tolerance: 1e-4, newton: false };
/// To see where a start leads when the loss is squares.
pub const SMOOTH: Effort = Effort { iterations: 100, tolerance: 1e-8, newton: false };
/// To see where a start leads.
pub const ROUGH: Effort = Effort { iterations: 60, tolerance: 1e-9, newton: true };
/// To the last digits.
pub const FINE: Effort = Effort { iterations: 400, tolerance: 1e-16, newton: true };
/// To draws of a bootstrap, whose spread is far above it.
pub const DRAW: Effort = Effort { iterations: 100, tolerance: 1e-10, newton: true };

/// To the value with a parameter held, which is compared with a limit: where exactly it lies does not matter.
pub const HELD: Effort = Effort { iterations: 40, tolerance: 1e-5, newton: false };

/// The smallest λ that is told from 0.
const LEAST_DAMPING: f64 = 1e-9;
/// No step is short enough.
const MOST_DAMPING: f64 = 1e14;
/// A sum over rows is not known better than this part of it, so no smaller promise can be checked.
const ROUNDING: f64 = 1e-13;
/// Model values change by this part of a unit (root mean square) between the two gradients that a second derivative is the difference of.
const DIFFERENCE: f64 = 1e-6;

/// A way down from one point, with its memory; nothing is allocated on the way.
#[derive(Debug)]
pub struct Descent {
    pub point: Vec<f64>,
    pub state: State,
    /// Coordinates that stay where they are.
    pub fixed: Vec<bool>,
    /// Coordinates in which the model is linear, or in whose exponential it is (marked), and for which each step solves anew, given the others:
    /// variable projection (Golub and Pereyra 1973, in Kaufman's simplification of 1975). Only for squares of raw residuals.
    pub projected: Vec<(usize, bool)>,
    /// Whether the end was reached within the effort.
    pub converged: bool,
    trial: Vec<f64>,
    stepped: Vec<f64>,
    probe: State,
    hessian: Vec<f64>,
    damped: Vec<f64>,
    step: Vec<f64>,
    free: Vec<usize>,
}

impl Descent {
    pub fn new(objective: &Objective) -> Descent {
        let n = objective.coordinates();
        Descent {
            point: vec![0.0; n],
            state: State::new(n),
            fixed: vec![false; n],
            projected: Vec::new(),
            converged: false,
            trial: vec![0.0; n],
            stepped: vec![0.0; n],
            probe: State::new(n),
            hessian: vec![0.0; n * n],
            damped: vec![0.0; n * n],
            step: vec![0.0; n],
            free: Vec::with_capacity(n),
        }
    }

    /// Goes down from `point` and leaves there, and in `state`, where it came to.
    pub fn run(&mut self, objective: &Objective, workspace: &mut Workspace, weights: &[f64], effort: Effort) {
        let n = self.point.len();
        let total_weight: f64 = weights.iter().sum();
        self.converged = false;
        objective.full(workspace, &self.point, weights, &mut self.state);
        if !self.state.value.is_finite() {
            return;
        }
        let exact = objective.exact() * total_weight;
        let mut damping = 1e-3;
        let mut newton = false;
        for _ in 0..effort.iterations {
            self.choose_free(objective);
            if self.free.is_empty() || self.state.value <= exact {
                self.converged = true;
                return;
            }
            self.hessian.copy_from_slice(if newton { &self.state.curvature } else { &self.state.majorant });
            if newton {
                self.add_model_curvature(objective, workspace, weights, total_weight);
            }
            // Until a step lowers the objective, or none is promised to.
            let before = self.state.value;
            let mut first_promise = f64::INFINITY;
            let mut moved = false;
            loop {
                let promised = self.solve(objective, damping);
                let Some(promised) = promised else {
                    damping = (damping * 8.0).max(1e-4);
                    if damping > MOST_DAMPING {
                        return;
                    }
                    continue;
                };
                if first_promise.is_infinite() {
                    first_promise = promised;
                }
                if promised <= effort.tolerance * before || promised <= f64::MIN_POSITIVE {
                    if newton || !effort.newton || promised <= 1e-18 * before {
                        self.converged = first_promise <= effort.tolerance.max(ROUNDING) * before + f64::MIN_POSITIVE;
                        return;
                    }
                    // Without the model's curvature a promise may be small because the step is wrong.
                    break;
                }
                // With derivatives, because most trials are where the next step starts from.
                objective.full(workspace, &self.trial, weights, &mut self.probe);
                if !self.projected.is_empty() && self.probe.value.is_finite() {
                    let alone = self.probe.value;
                    self.stepped.copy_from_slice(&self.trial);
                    self.project(objective);
                    objective.full(workspace, &self.trial, weights, &mut self.probe);
                    // A factor that would be negative stops short, and the others with it, which may be worse than not to solve at all.
                    if self.probe.value.is_nan() || self.probe.value > alone {
                        self.trial.copy_from_slice(&self.stepped);
                        objective.full(workspace, &self.trial, weights, &mut self.probe);
                    }
                }
                let value = self.probe.value;
                let kept = (before - value) / promised;
                if value < before {
                    self.point.copy_from_slice(&self.trial);
                    std::mem::swap(&mut self.state, &mut self.probe);
                    moved = true;
                    if kept > 0.75 {
                        damping = if damping < LEAST_DAMPING { 0.0 } else { damping * 0.1 };
                    } else if kept < 0.25 {
                        damping = (damping * 4.0).max(1e-3);
                    }
                    break;
                }
                damping = (damping * 6.0).max(1e-3);
                if damping > MOST_DAMPING {
                    // No step lowers it: the gradient is as small as sums in floats can tell.
                    self.converged = first_promise <= effort.tolerance.max(ROUNDING) * before;
                    if newton || !effort.newton {
                        return;
                    }
                    break;
                }
            }
            if !moved {
                objective.full(workspace, &self.point, weights, &mut self.state);
            }
            if effort.newton && !newton && self.state.value > 0.8 * before {
                newton = true;
                damping = damping.clamp(1e-3, 1.0);
            }
        }
        debug_assert!(self.point.len() == n);
    }

    /// Coordinates that may move: not fixed, and not pushed against their bound.
    fn choose_free(&mut self, objective: &Objective) {
        self.free.clear();
        for k in 0..self.point.len() {
            let blocked = objective.space.blocked(k, self.point[k], -self.state.gradient[k]);
            if !self.fixed[k] && !blocked {
                self.free.push(k);
            }
        }
    }

    /// Adds to the Hessian the sum of slope × d²r/du², column by column.
    fn add_model_curvature(&mut self, objective: &Objective, workspace: &mut Workspace, weights: &[f64], total: f64) {
        let n = self.point.len();
        // Both triangles are filled from the columns' mean, which makes the differences' errors symmetric.
        for index in 0..self.free.len() {
            let k = self.free[index];
            let effect = (self.state.majorant[k * n + k] / total).sqrt();
            let logarithmic = objective.space.coordinates()[k].logarithmic;
            let longest = if logarithmic { 1e-3 } else { (1e-3 * self.point[k].abs()).max(1e-6) };
            let step = if effect > 0.0 { (DIFFERENCE / effect).min(longest) } else { longest };
            self.trial.copy_from_slice(&self.point);
            self.trial[k] += step;
            let step = self.trial[k] - self.point[k];
            objective.frozen(workspace, &self.trial, k, weights, &mut self.probe);
            for l in 0..n {
                let second = (self.probe.gradient[l] - self.state.gradient[l]) / step;
                if second.is_finite() {
                    self.hessian[k * n + l] += 0.5 * second;
                    self.hessian[l * n + k] += 0.5 * second;
                }
            }
        }
    }

    /// Moves the trial's linear parameters to where the objective is least given all others, which one Newton step from the trial's derivatives finds.
    fn project(&mut self, objective: &Objective) {
        let (n, m) = (self.point.len(), self.projected.len());
        let factor =
            |trial: &[f64], (k, logarithmic): (usize, bool)| if logarithmic { exp(trial[k]) } else { trial[k] };
        let slope = |of: (usize, bool)| if of.1 { factor(&self.trial, of) } else { 1.0 };
        for (i, &a) in self.projected.iter().enumerate() {
            for (j, &b) in self.projected.iter().enumerate() {
                self.damped[i * m + j] = self.probe.majorant[a.0 * n + b.0] / (slope(a) * slope(b));
            }
            self.damped[i * m + i] *= 1.0 + 1e-12;
            self.step[i] = -self.probe.gradient[a.0] / slope(a);
        }
        if !cholesky(&mut self.damped[..m * m], m) {
            return;
        }
        cholesky_solve(&self.damped[..m * m], m, &mut self.step[..m]);
        for (i, &(k, logarithmic)) in self.projected.iter().enumerate() {
            let old = factor(&self.trial, (k, logarithmic));
            let new = old + self.step[i];
            // A logarithm cannot follow to 0 or below: a hundredth of the way is near enough for where this is used.
            let moved = if logarithmic { log(new.max(0.01 * old)) } else { new };
            let moved = objective.space.inside(k, moved);
            if moved.is_finite() {
                self.trial[k] = moved;
            }
        }
    }

    /// The damped step, kept inside the box, in `trial`; what the quadratic model promises of it, or none where the matrix is not positive.
    fn solve(&mut self, objective: &Objective, damping: f64) -> Option<f64> {
        let (n, m) = (self.point.len(), self.free.len());
        for (i, &k) in self.free.iter().enumerate() {
            for (j, &l) in self.free.iter().enumerate() {
                self.damped[i * m + j] = self.hessian[k * n + l] + damping * self.state.majorant[k * n + l];
            }
            // A coordinate without any effect would make the matrix singular; the second term is there where even this is 0.
            let own = self.state.majorant[k * n + k];
            self.damped[i * m + i] += (1e-14 + damping) * own + 1e-300;
            self.step[i] = -self.state.gradient[k];
        }
        if !cholesky(&mut self.damped[..m * m], m) {
            return None;
        }
        cholesky_solve(&self.damped[..m * m], m, &mut self.step[..m]);
        self.trial.copy_from_slice(&self.point);
        for (i, &k) in self.free.iter().enumerate() {
            // A logarithm moves by a factor of e^4 at most: farther, no quadratic says anything.
            let longest = if objective.space.coordinates()[k].logarithmic { 4.0 } else { f64::INFINITY };
            let step = self.step[i].clamp(-longest, longest);
            self.trial[k] = objective.space.inside(k, self.point[k] + step);
            self.step[i] = self.trial[k] - self.point[k];
            // The quadratic is that of the tangent; a factor follows its curve, unless it is on its way through 0.
            let from = self.point[k];
            if objective.space.coordinates()[k].scales && self.step[i].abs() < from.abs() {
                self.trial[k] = objective.space.inside(k, from * exp(self.step[i] / from));
            }
        }
        let mut promised = 0.0;
        for (i, &k) in self.free.iter().enumerate() {
            let row: f64 = self.free.iter().zip(&self.step).map(|(&l, s)| self.hessian[k * n + l] * s).sum();
            promised -= self.step[i] * (self.state.gradient[k] + 0.5 * row);
        }
        // A step that was cut at the box may promise nothing, though a shorter one would.
        (promised.is_finite() && promised >= 0.0).then_some(promised)
    }
}

/// L with LLᵀ = the matrix, in its lower triangle; false where there is none.
#[allow(clippy::needless_range_loop)]
pub fn cholesky(matrix: &mut [f64], n: usize) -> bool {
    for j in 0..n {
        for i in j..n {
            let mut sum = matrix[i * n + j];
            for k in 0..j {
                sum -= matrix[i * n + k] * matrix[j * n + k];
            }
            if i > j {
                matrix[i * n + j] = sum / matrix[j * n + j];
            } else if sum > 0.0 && sum.is_finite() {
                matrix[j * n + j] = sum.sqrt();
            } else {
                return false;
            }
        }
    }
    true
}

/// Solves LLᵀ x = b in place of b.
pub fn cholesky_solve(lower: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        for k in 0..i {
            b[i] -= lower[i * n + k] * b[k];
        }
        b[i] /= lower[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            b[i] -= lower[k * n + i] * b[k];
        }
        b[i] /= lower[i * n + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_positive_system_is_solved_and_an_indefinite_one_refused() {
        let mut matrix = vec![4.0, 2.0, 2.0, 3.0];
        assert!(cholesky(&mut matrix, 2));
        let mut x = [10.0, 9.0];
        cholesky_solve(&matrix, 2, &mut x);
        assert!((x[0] - 1.5).abs() < 1e-14 && (x[1] - 2.0).abs() < 1e-14);
        assert!(!cholesky(&mut [1.0, 2.0, 2.0, 1.0], 2));
    }
}
