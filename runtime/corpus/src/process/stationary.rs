//! The stationary distribution of a finite chain.

/// The stationary distribution of an irreducible chain; `row(from, add)` adds up the chances of the steps from a state.
///
/// The algorithm of Grassmann, Taksar and Heyman (1985): elimination of one state after another without a subtraction, so
/// that each chance keeps its relative accuracy also where the chain nearly falls apart.
pub(super) fn stationary(states: usize, row: impl Fn(usize, &mut dyn FnMut(usize, f64))) -> Vec<f64> {
    let mut p = vec![0.0; states * states];
    for from in 0..states {
        row(from, &mut |to, chance| p[from * states + to] += chance);
    }
    for last in (1..states).rev() {
        let (above, rest) = p.split_at_mut(last * states);
        let last_row = &rest[..last];
        let leaving: f64 = last_row.iter().sum();
        for from in 0..last {
            let row = &mut above[from * states..][..=last];
            let through = row[last] / leaving;
            row[last] = through;
            if through > 0.0 {
                for (to, onward) in row[..last].iter_mut().zip(last_row) {
                    *to += through * onward;
                }
            }
        }
    }
    let mut weights = vec![1.0];
    for state in 1..states {
        let weight = (0..state).map(|from| weights[from] * p[from * states + state]).sum();
        weights.push(weight);
    }
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(matrix: &[&[f64]]) -> Vec<f64> {
        stationary(matrix.len(), |from, add| matrix[from].iter().enumerate().for_each(|(to, p)| add(to, *p)))
    }

    #[test]
    fn two_states_are_weighted_by_how_rarely_they_are_left() {
        let weights = of(&[&[0.9, 0.1], &[0.3, 0.7]]);
        assert!((weights[0] - 0.75).abs() < 1e-15 && (weights[1] - 0.25).abs() < 1e-15);
        assert_eq!(of(&[&[1.0]]), [1.0]);
    }

    #[test]
    fn a_step_leaves_the_distribution_as_it_is() {
        let matrix: [&[f64]; 3] = [&[0.2, 0.3, 0.5], &[0.0, 1e-12, 1.0 - 1e-12], &[1e-9, 1.0 - 1e-9, 0.0]];
        let weights = of(&matrix);
        for to in 0..3 {
            let after: f64 = (0..3).map(|from| weights[from] * matrix[from][to]).sum();
            assert!((after - weights[to]).abs() < 1e-14 * weights[to].max(1e-3));
        }
    }
}
