//! Rank correlations.

/// Spearman's: Pearson's of the ranks, equal values having the mean of theirs. Not-a-number below two rows and where a side is constant.
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    if x.len() != y.len() || x.len() < 2 || x.iter().chain(y).any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let (x, y) = (ranks(x), ranks(y));
    let mean = 0.5 * (x.len() as f64 + 1.0);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&x, &y) / (product(&x, &x) * product(&y, &y)).sqrt()
}

/// The ranks of values, from one on.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tie in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + 0.5 * (tie.len() as f64 + 1.0);
        tie.iter().for_each(|&row| ranks[row] = rank);
        before += tie.len();
    }
    ranks
}

/// Kendall's tau-b (Kendall 1945): pairs in the same order against pairs in the other one, equal values counting for neither.
pub fn kendall(x: &[f64], y: &[f64]) -> f64 {
    if x.len() != y.len() || x.iter().chain(y).any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let (mut concordant, mut x_differ, mut y_differ) = (0i64, 0i64, 0i64);
    for i in 0..x.len() {
        for j in 0..i {
            let sign = |values: &[f64]| i64::from(values[i] > values[j]) - i64::from(values[i] < values[j]);
            let (a, b) = (sign(x), sign(y));
            concordant += a * b;
            x_differ += a * a;
            y_differ += b * b;
        }
    }
    concordant as f64 / (x_differ as f64 * y_differ as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_equal_values_are_the_mean_of_theirs() {
        assert_eq!(ranks(&[30.0, 10.0, 20.0, 10.0]), [4.0, 1.5, 3.0, 1.5]);
    }

    #[test]
    fn small_cases_by_hand() {
        let up = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(spearman(&up, &[1.0, 8.0, 27.0, 64.0]), 1.0);
        assert_eq!(spearman(&up, &[4.0, 3.0, 2.0, 1.0]), -1.0);
        // Two neighbours exchanged: 1 - 6·2 / (4·15).
        assert!((spearman(&up, &[1.0, 3.0, 2.0, 4.0]) - 0.8).abs() < 1e-15);
        // One pair of six in the other order.
        assert!((kendall(&up, &[1.0, 3.0, 2.0, 4.0]) - 4.0 / 6.0).abs() < 1e-15);
        // A tie in y: 5 pairs that differ of 6.
        assert!((kendall(&up, &[1.0, 2.0, 2.0, 3.0]) - 5.0 / 30.0f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn what_has_no_ranks_has_no_correlation() {
        assert!(spearman(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
        assert!(spearman(&[1.0, f64::NAN, 2.0], &[1.0, 2.0, 3.0]).is_nan());
        assert!(kendall(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
    }
}
