//! Parameters in which a model is linear, and their best values given all others.

use crate::minimise::{cholesky, cholesky_solve};
use crate::objective::{Objective, Workspace};
use crate::starts::form::Form;

/// Solves for the linear parameters by weighted least squares inside their bounds; memory for one thread.
pub struct Completion {
    linear: Vec<usize>,
    /// For each of them, the law's parameter where the form's is 0 and where it is 1.
    ends: Vec<(f64, f64)>,
    /// Bounds of the form's, and whether it cannot be 0.
    bounds: Vec<(f64, f64, bool)>,
    /// The model's values with all linear parameters 0, then its change by each of them.
    columns: Vec<Vec<f64>>,
    target: Vec<f64>,
    logarithmic: bool,
}

impl Completion {
    pub fn new(objective: &Objective, form: &Form) -> Completion {
        let projected = form.projected(&objective.space);
        let linear: Vec<usize> = projected.iter().map(|(k, _)| *k).collect();
        let ends = linear.iter().map(|&k| (form.parameter(k, 0.0), form.parameter(k, 1.0))).collect();
        let bounds = projected
            .iter()
            .map(|&(k, logarithmic)| {
                let (low, high) = form.bounds(k, &objective.space);
                (low, high, logarithmic)
            })
            .collect();
        let logarithmic = objective.loss.logarithmic;
        let target = objective.raw_targets().collect();
        let columns = vec![vec![0.0; objective.rows()]; linear.len() + 1];
        Completion { linear, ends, bounds, columns, target, logarithmic }
    }

    /// Fills in the linear ones of the law's `parameters`; false where the model has no finite value with the others as they are.
    ///
    /// Least squares of model/target − 1, near which logarithms are linear, where residuals are logarithmic.
    pub fn complete(
        &mut self,
        form: &Form,
        objective: &Objective,
        workspace: &mut Workspace,
        parameters: &mut [f64],
        weights: &[f64],
    ) -> bool {
        let m = self.linear.len();
        if m == 0 {
            return true;
        }
        for (j, column) in self.columns.iter_mut().enumerate() {
            for (&k, (zero, _)) in self.linear.iter().zip(&self.ends) {
                parameters[k] = *zero;
            }
            if j > 0 {
                parameters[self.linear[j - 1]] = self.ends[j - 1].1;
            }
            objective.model(workspace, parameters, column);
        }
        let (base, columns) = self.columns.split_at_mut(1);
        for column in columns.iter_mut() {
            for (c, b) in column.iter_mut().zip(&base[0]) {
                *c -= b;
            }
        }
        let row_weight = |row: usize| {
            let y = self.target[row];
            weights[row] * if self.logarithmic { 1.0 / (y * y) } else { 1.0 }
        };
        let sum = |f: &dyn Fn(usize) -> f64| (0..self.target.len()).map(|row| row_weight(row) * f(row)).sum::<f64>();
        // A column of zeros (a branch that no row takes) has no scale, and whatever factor.
        let norm = |column: &Vec<f64>| Some(sum(&|row| column[row] * column[row]).sqrt()).filter(|n| *n != 0.0);
        let norms: Vec<f64> = columns.iter().map(|column| norm(column).unwrap_or(1.0)).collect();
        if !norms.iter().all(|n| n.is_finite()) {
            return false;
        }
        let scale = sum(&|row| self.target[row] * self.target[row]).sqrt();
        // Columns are divided by their norms, so that the equations do not know their units.
        let mut equations = vec![0.0; m * m];
        let mut right = vec![0.0; m];
        for i in 0..m {
            for j in 0..m {
                equations[i * m + j] = sum(&|row| columns[i][row] * columns[j][row]) / (norms[i] * norms[j]);
            }
            right[i] = sum(&|row| columns[i][row] * (self.target[row] - base[0][row])) / norms[i];
        }
        let bounds: Vec<(f64, f64)> = self
            .bounds
            .iter()
            .zip(&norms)
            .map(|(&(low, high, logarithmic), norm)| {
                // A logarithm cannot start at 0: a hundredth of the target's size is little enough.
                let low = if logarithmic { low.max(0.01 * scale / norm) } else { low };
                (low * norm, high * norm)
            })
            .collect();
        let Some(solution) = bounded_solution(&equations, &right, &bounds) else { return false };
        for ((&k, x), norm) in self.linear.iter().zip(solution).zip(norms) {
            parameters[k] = form.parameter(k, x / norm);
        }
        parameters.iter().all(|p| p.is_finite())
    }
}

/// The x inside bounds that makes xᵀAx/2 − bᵀx small: bounds that the free solution breaks are taken on one by one, the worst first. Not
/// always the smallest, and near enough for a start.
fn bounded_solution(equations: &[f64], right: &[f64], bounds: &[(f64, f64)]) -> Option<Vec<f64>> {
    let m = right.len();
    let mut held: Vec<Option<f64>> = vec![None; m];
    loop {
        let free: Vec<usize> = (0..m).filter(|&i| held[i].is_none()).collect();
        let n = free.len();
        let mut matrix = vec![0.0; n * n];
        let mut x = vec![0.0; n];
        for (a, &i) in free.iter().enumerate() {
            for (b, &j) in free.iter().enumerate() {
                // The ridge keeps columns that are nearly one (a wide grid of small exponents) from each other's throats.
                matrix[a * n + b] = equations[i * m + j] + if i == j { 1e-10 } else { 0.0 };
            }
            let from_held: f64 = (0..m).filter_map(|j| held[j].map(|value| equations[i * m + j] * value)).sum();
            x[a] = right[i] - from_held;
        }
        if !cholesky(&mut matrix, n) {
            return None;
        }
        cholesky_solve(&matrix, n, &mut x);
        let broken = |a: usize| {
            let (low, high) = bounds[free[a]];
            (low - x[a]).max(x[a] - high)
        };
        let worst = (0..n).filter(|&a| broken(a) > 0.0).max_by(|&a, &b| broken(a).total_cmp(&broken(b)));
        let Some(a) = worst else {
            let mut x = x.into_iter();
            return Some(held.into_iter().map(|held| held.or_else(|| x.next()).unwrap_or(0.0)).collect());
        };
        let (low, high) = bounds[free[a]];
        held[free[a]] = Some(if x[a] < low { low } else { high });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_stays_inside_its_bounds() {
        let free = (f64::NEG_INFINITY, f64::INFINITY);
        let equations = [1.0, 0.5, 0.5, 1.0];
        let x = bounded_solution(&equations, &[1.0, -1.0], &[free, free]).unwrap();
        assert!((x[0] - 2.0).abs() < 1e-8 && (x[1] + 2.0).abs() < 1e-8);
        let x = bounded_solution(&equations, &[1.0, -1.0], &[free, (0.0, 1.0)]).unwrap();
        assert!((x[0] - 1.0).abs() < 1e-8 && x[1] == 0.0);
    }
}
