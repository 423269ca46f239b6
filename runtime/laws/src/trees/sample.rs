//! Rows that trees and what stands beside them are fitted to.

/// Rows with a weight above zero.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Column by column, a value a row.
    pub columns: Vec<Vec<f64>>,
    /// On the scale on which squares are summed.
    pub target: Vec<f64>,
    pub weights: Vec<f64>,
}

impl Sample {
    /// The same rows with other weights; those without any are not there.
    #[must_use]
    pub fn weighted(&self, weights: &[f64]) -> Sample {
        let rows: Vec<usize> = (0..weights.len()).filter(|row| weights[*row] > 0.0).collect();
        let pick = |values: &[f64]| -> Vec<f64> { rows.iter().map(|row| values[*row]).collect() };
        Sample {
            columns: self.columns.iter().map(|column| pick(column)).collect(),
            target: pick(&self.target),
            weights: pick(weights),
        }
    }

    /// How often its rows count together.
    pub fn weight(&self) -> f64 {
        self.weights.iter().sum()
    }
}

/// Mean and standard deviation of weighted values; of no value zero.
#[derive(Debug, Clone, Copy)]
pub struct Moments {
    pub mean: f64,
    pub deviation: f64,
}

impl Moments {
    /// Of values with their weights. Sums are of values in parts of the largest, so that none overflows.
    pub fn of<'a>(values: impl Iterator<Item = (&'a f64, &'a f64)> + Clone) -> Moments {
        let largest = values.clone().map(|(value, _)| value.abs()).fold(0.0, f64::max);
        let whole: f64 = values.clone().map(|(_, weight)| weight).sum();
        if largest <= 0.0 || whole <= 0.0 {
            return Moments { mean: 0.0, deviation: 0.0 };
        }
        let mean = values.clone().map(|(value, weight)| value / largest * weight).sum::<f64>() / whole;
        let off = |value: f64| value / largest - mean;
        let squares = values.clone().map(|(value, weight)| off(*value) * off(*value) * weight).sum::<f64>();
        // Where all are one value, the sum's rounding is no deviation.
        let varies = values.clone().zip(values.skip(1)).any(|((a, _), (b, _))| a != b);
        let deviation = if varies { largest * (squares / whole).sqrt() } else { 0.0 };
        Moments { mean: largest * mean, deviation }
    }

    /// A value in deviations from the mean; zero where nothing deviates.
    pub fn standard(&self, value: f64) -> f64 {
        if self.deviation > 0.0 { value / self.deviation - self.mean / self.deviation } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_neither_overflow_nor_see_rounding() {
        let of = |values: &[f64]| Moments::of(values.iter().zip(&vec![1.0; values.len()]));
        let two = of(&[1e308, -1e308]);
        assert_eq!((two.mean, two.deviation), (0.0, 1e308));
        assert_eq!(of(&[0.1; 7]).deviation, 0.0);
        assert_eq!((of(&[]).mean, of(&[0.0]).deviation), (0.0, 0.0));
        let weighted = Moments::of([1.0, 4.0].iter().zip(&[2.0, 1.0]));
        assert!((weighted.mean - 2.0).abs() < 1e-15 && (weighted.deviation - 2f64.sqrt()).abs() < 1e-15);
    }
}
