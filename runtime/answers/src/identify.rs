//! Whether fitted rows tell a prediction, also where they do not tell every parameter.

/// What is left of a direction is nothing below this part of it. Arbitrary: far above what derivatives lose, far below what a row tells.
const NOTHING: f64 = 1e-6;

/// Whether a prediction with these slopes by the parameters moves with fitted rows alone: whether its slopes are a combination of theirs (an estimable function;
/// Bose 1944). Slopes that are not finite are told by nothing.
pub fn tells(known: &[Vec<f64>], slopes: &[f64]) -> bool {
    let scale: Vec<f64> = (0..slopes.len())
        .map(|k| known.iter().map(|row| row[k].abs()).chain([slopes[k].abs()]).fold(0.0, f64::max))
        .map(|most| if most > 0.0 { 1.0 / most } else { 1.0 })
        .collect();
    let scaled = |row: &[f64]| row.iter().zip(&scale).map(|(slope, scale)| slope * scale).collect::<Vec<f64>>();
    let mut rows: Vec<Vec<f64>> =
        known.iter().map(|row| scaled(row)).filter(|row| row.iter().all(|slope| slope.is_finite())).collect();
    let mut left = scaled(slopes);
    if left.iter().any(|slope| !slope.is_finite()) {
        return false;
    }
    let whole = size(&left);
    // The longest row that is left gives the next direction, until none is.
    for _ in 0..slopes.len() {
        let Some(longest) =
            rows.iter().max_by(|a, b| size(a).total_cmp(&size(b))).filter(|row| size(row) > NOTHING).cloned()
        else {
            break;
        };
        let direction: Vec<f64> = longest.iter().map(|slope| slope / size(&longest)).collect();
        for row in rows.iter_mut().chain([&mut left]) {
            let along: f64 = row.iter().zip(&direction).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(&direction).for_each(|(slope, d)| *slope -= along * d);
        }
    }
    size(&left) <= NOTHING * whole.max(1.0)
}

fn size(row: &[f64]) -> f64 {
    row.iter().map(|slope| slope * slope).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rows_tell_together_is_told_though_no_parameter_is() {
        // k·exp(t) at one place: only k and t together. The same combination elsewhere is told, another is not.
        let known = vec![vec![1.0, 2.0], vec![2.0, 4.0]];
        assert!(tells(&known, &[3.0, 6.0]) && !tells(&known, &[3.0, 5.0]));
        assert!(tells(&[vec![1.0, 0.0], vec![1.0, 1e-3]], &[5.0, 7.0]));
        assert!(!tells(&[], &[1.0]) && !tells(&known, &[f64::NAN, 1.0]));
    }

    #[test]
    fn units_do_not_matter() {
        assert!(!tells(&[vec![1.0, 1e-12], vec![2.0, 2e-12]], &[1.0, 2e-12]));
        assert!(tells(&[vec![1.0, 1e-12], vec![2.0, 1e-12]], &[1.0, 2e-12]));
    }
}
