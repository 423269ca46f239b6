//! Linear least squares over columns: what trees have to be better than.

use nalgebra::{DMatrix, DVector};

use super::sample::{Moments, Sample};
use crate::elementary::exp;

/// What is left of a column beside the others is nothing below this part of the first. Arbitrary: far above rounding.
const NOTHING: f64 = 1e-10;

/// `intercept + Σ slope · value`.
#[derive(Debug, Clone)]
pub struct Linear {
    logarithmic: bool,
    intercept: f64,
    /// What is taken from each column's value, and its slope per unit after that.
    columns: Vec<(f64, f64)>,
}

impl Linear {
    /// The mean of the target, whatever the columns say.
    pub fn constant(sample: &Sample, logarithmic: bool) -> Linear {
        let intercept = Moments::of(sample.target.iter().zip(&sample.weights)).mean;
        Linear { logarithmic, intercept, columns: vec![(0.0, 0.0); sample.columns.len()] }
    }

    /// Least squares, by QR with column pivoting (Businger and Golub 1965). A column that others make up, as shares that sum to one do, gets no slope: in the rows that
    /// were fitted nothing could tell it, and the prediction there is the same whichever is left out.
    pub fn least_squares(sample: &Sample, logarithmic: bool) -> Linear {
        let mut linear = Linear::constant(sample, logarithmic);
        let moments: Vec<Moments> =
            sample.columns.iter().map(|column| Moments::of(column.iter().zip(&sample.weights))).collect();
        let target = Moments::of(sample.target.iter().zip(&sample.weights));
        let root = |row: usize| sample.weights[row].sqrt();
        let rows = sample.target.len();
        let varying: Vec<usize> = (0..moments.len()).filter(|column| moments[*column].deviation > 0.0).collect();
        if varying.is_empty() || target.deviation <= 0.0 {
            return linear;
        }
        let value = |row: usize, place: usize| {
            root(row) * moments[varying[place]].standard(sample.columns[varying[place]][row])
        };
        let qr = DMatrix::from_fn(rows, varying.len(), value).col_piv_qr();
        let mut right = DVector::from_fn(rows, |row, _| root(row) * target.standard(sample.target[row]));
        qr.q_tr_mul(&mut right);
        let r = qr.r();
        let most = r.nrows().min(r.ncols());
        let rank = (0..most).take_while(|&i| r[(i, i)].abs() > NOTHING * r[(0, 0)].abs()).count();
        let mut slopes = DVector::zeros(varying.len());
        for i in (0..rank).rev() {
            let known: f64 = (i + 1..rank).map(|j| r[(i, j)] * slopes[j]).sum();
            slopes[i] = (right[i] - known) / r[(i, i)];
        }
        qr.p().inv_permute_rows(&mut slopes);
        for (place, column) in varying.into_iter().enumerate() {
            let Moments { mean, deviation } = moments[column];
            let slope = slopes[place] * (target.deviation / deviation);
            linear.columns[column] = (mean, if slope.is_finite() { slope } else { 0.0 });
        }
        linear
    }

    /// What it says of a row with these values, one a column.
    pub fn predict(&self, values: &[f64]) -> f64 {
        let sum: f64 = self.columns.iter().zip(values).map(|((mean, slope), value)| slope * (value - mean)).sum();
        let predicted = self.intercept + sum;
        if self.logarithmic { exp(predicted) } else { predicted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(columns: Vec<Vec<f64>>, target: Vec<f64>) -> Sample {
        Sample { columns, weights: vec![1.0; target.len()], target }
    }

    #[test]
    fn a_plane_is_found_though_shares_sum_to_one() {
        let a: Vec<f64> = (0..20).map(|i| f64::from(i * 7 % 20) / 40.0).collect();
        let b: Vec<f64> = (0..20).map(|i| f64::from(i * 3 % 20) / 40.0).collect();
        let c: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 1.0 - a - b).collect();
        let y: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 5.0 + 2.0 * a - 3.0 * b).collect();
        let linear = Linear::least_squares(&sample(vec![a, b, c, vec![9.0; 20]], y), false);
        for (values, expected) in [([0.2, 0.5, 0.3, 9.0], 3.9), ([1.0, 0.0, 0.0, 9.0], 7.0)] {
            assert!((linear.predict(&values) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn fewer_rows_than_columns_and_large_numbers_end_in_finite_numbers() {
        let few = sample(vec![vec![1.0, 2.0], vec![1e300, -1e300], vec![5.0, 7.0]], vec![1.0, 3.0]);
        let linear = Linear::least_squares(&few, false);
        assert!((linear.predict(&[1.0, 1e300, 5.0]) - 1.0).abs() < 1e-9);
        assert!((linear.predict(&[2.0, -1e300, 7.0]) - 3.0).abs() < 1e-9);
        let none = Linear::least_squares(&sample(vec![vec![1.0; 3]], vec![1.0, 2.0, 6.0]), false);
        assert!((none.predict(&[4.0]) - 3.0).abs() < 1e-12);
    }
}
