//! Which parameters the data identify: the null space of the residuals' derivatives at the optimum.

use nalgebra::DMatrix;

use crate::objective::{Objective, Workspace};

/// A direction in which residuals change this much less than in the one in which they change most (columns scaled to length 1) is
/// one in which they do not change. Derivatives are good to 1e-14, so there is room on both sides.
const FLAT: f64 = 1e-8;

/// The part that a parameter has in a flat direction, from which it counts as moving along.
const MOVES: f64 = 1e-3;

/// A parameter whose whole range changes no residual by more than this has no effect.
const NO_EFFECT: f64 = 1e-9;

/// For each parameter, the size that changes residuals by the target's own size (root mean square): what a parameter is small against.
/// Infinite where it has no effect.
pub fn scales(objective: &Objective, workspace: &mut Workspace, parameters: &[f64]) -> Vec<f64> {
    let rows = objective.rows() as f64;
    let jacobian = objective.jacobian(workspace, parameters);
    jacobian.iter().map(|column| objective.scale() / (norm(column) / rows.sqrt())).collect()
}

/// What the rows tell of the parameters near an optimum.
#[derive(Debug, Clone)]
pub struct Identification {
    /// For each parameter, whether the data tell it from the others.
    pub identified: Vec<bool>,
    pub rank: usize,
    /// The largest over the smallest singular value of the scaled derivatives; none where a direction is flat.
    pub condition: Option<f64>,
    /// For each parameter, how far it moves for residuals of size 1 (standard deviation): the root of (JᵀJ)⁻¹'s diagonal. Infinite where it is not
    /// identified.
    pub spread: Vec<f64>,
}

/// What the data tell at `parameters`.
pub fn identified(objective: &Objective, workspace: &mut Workspace, parameters: &[f64]) -> Identification {
    let (rows, n) = (objective.rows(), parameters.len());
    let jacobian = objective.jacobian(workspace, parameters);
    let mut found =
        Identification { identified: vec![true; n], rank: 0, condition: None, spread: vec![f64::INFINITY; n] };
    let mut columns = Vec::new();
    for (k, column) in jacobian.iter().enumerate() {
        let length = norm(column);
        let coordinate = &objective.space.coordinates()[k];
        let range = match (coordinate.logarithmic, coordinate.low.is_finite() && coordinate.high.is_finite()) {
            (false, true) => coordinate.high - coordinate.low,
            // At 0 the parameter itself is the scale: what counts is that it would have an effect.
            (true, _) if parameters[k] > 0.0 => parameters[k],
            _ => f64::INFINITY,
        };
        let effect = length / (rows as f64).sqrt() / objective.scale();
        if length > 0.0 && length.is_finite() && effect * range > NO_EFFECT {
            columns.push((k, length, column.iter().map(|x| x / length).collect::<Vec<f64>>()));
        } else {
            found.identified[k] = false;
        }
    }
    if columns.is_empty() {
        return found;
    }
    let matrix = DMatrix::from_fn(rows.max(columns.len()), columns.len(), |row, k| {
        columns[k].2.get(row).copied().unwrap_or(0.0)
    });
    let triangle = matrix.qr().r();
    let nothing = Identification { identified: vec![false; n], ..found.clone() };
    let Some(svd) = triangle.try_svd(false, true, f64::EPSILON, 10_000) else { return nothing };
    let largest = svd.singular_values.iter().copied().fold(0.0, f64::max);
    let Some(directions) = svd.v_t else { return nothing };
    let mut variance = vec![0.0; columns.len()];
    for (direction, size) in directions.row_iter().zip(svd.singular_values.iter()) {
        let flat = *size <= FLAT * largest;
        found.rank += usize::from(!flat);
        for (((k, _, _), part), variance) in columns.iter().zip(direction.iter()).zip(&mut variance) {
            if !flat {
                *variance += (part / size) * (part / size);
            } else if part.abs() > MOVES {
                found.identified[*k] = false;
            }
        }
    }
    if found.rank == n {
        let smallest = svd.singular_values.iter().copied().fold(f64::INFINITY, f64::min);
        found.condition = Some(largest / smallest);
    }
    for ((k, length, _), variance) in columns.iter().zip(variance) {
        if found.identified[*k] {
            found.spread[*k] = variance.sqrt() / length;
        }
    }
    found
}

fn norm(column: &[f64]) -> f64 {
    // Scaled, because a derivative may be beyond the root of the largest float.
    let largest = column.iter().fold(0.0f64, |a, x| if x.is_nan() { f64::INFINITY } else { a.max(x.abs()) });
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * column.iter().map(|x| (x / largest) * (x / largest)).sum::<f64>().sqrt()
}
