//! The best shares of a run: the lowest place of a smooth function of shares that sum to one, each within its bounds, under a limit on what they cost.
//!
//! Exponentiated gradient steps (Kivinen and Warmuth 1997) find the region, projected Newton steps on the free shares the last digits.

/// What shares have to keep to.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// The most that each may be: a cap on epochs is one, tokens there × epochs / budget.
    pub most: Vec<f64>,
    /// What a whole run of each would cost, and how much there is; none where cost is no matter.
    pub cost: Option<(Vec<f64>, f64)>,
}

impl Limits {
    /// Shares of a simplex without further limits.
    pub fn none(sources: usize) -> Limits {
        Limits { most: vec![1.0; sources], cost: None }
    }
}

/// The best shares, and what the function is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    pub shares: Vec<f64>,
    pub value: f64,
}

/// A function of shares: its value, and its derivative by each share.
pub type Function<'a> = &'a dyn Fn(&[f64]) -> (f64, Vec<f64>);

/// Steps of the first and of the second kind. Arbitrary: far more than smooth laws take.
const ROUNDS: usize = 2000;

/// Halvings that find a multiplier of the cost.
const HALVINGS: usize = 100;

/// A gain below this part of the value is none.
const FLAT: f64 = 1e-15;

/// The shares within the limits that are nearest, in the sense of exponentiated gradients, to weights: w·m, those above their limit cut to it, with
/// one m for all others; under a limit on cost w·m·exp(-μ·cost). None where no shares keep to the limits.
fn project(weights: &[f64], limits: &Limits) -> Option<Vec<f64>> {
    let capped = |weights: &[f64]| -> Option<Vec<f64>> {
        let mut shares = vec![0.0; weights.len()];
        let mut open: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] > 0.0).collect();
        let mut left = 1.0f64;
        loop {
            let sum: f64 = open.iter().map(|&i| weights[i]).sum();
            if open.is_empty() || sum <= 0.0 {
                return (left.abs() < 1e-12).then_some(shares);
            }
            let scale = left / sum;
            let over: Vec<usize> = open.iter().copied().filter(|&i| weights[i] * scale > limits.most[i]).collect();
            if over.is_empty() {
                open.iter().for_each(|&i| shares[i] = weights[i] * scale);
                return Some(shares);
            }
            for i in over {
                shares[i] = limits.most[i];
                left -= limits.most[i];
                open.retain(|&j| j != i);
            }
        }
    };
    let shares = capped(weights)?;
    let Some((cost, budget)) = &limits.cost else { return Some(shares) };
    let spent = |shares: &[f64]| shares.iter().zip(cost).map(|(share, cost)| share * cost).sum::<f64>();
    if spent(&shares) <= *budget {
        return Some(shares);
    }
    let scale = cost.iter().copied().fold(0.0, f64::max);
    let cheapest = cost.iter().copied().fold(f64::INFINITY, f64::min);
    let tilted = |mu: f64| {
        let tilted: Vec<f64> =
            weights.iter().zip(cost).map(|(w, c)| w * libm::exp(-mu * (c - cheapest) / scale)).collect();
        capped(&tilted)
    };
    // The cost falls as μ grows; e^700 is as far as floats go.
    let (mut low, mut high) = (0.0, 700.0);
    let mut best = tilted(high).filter(|shares| spent(shares) <= *budget)?;
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        match tilted(middle) {
            Some(shares) if spent(&shares) <= *budget => (high, best) = (middle, shares),
            Some(_) => low = middle,
            None => high = middle,
        }
    }
    Some(best)
}

/// The shares at which `function` (its value, and its derivative by each share) is lowest, from even ones and from each corner's side; none where
/// the limits leave no shares or the function has no finite value anywhere.
pub fn minimise(sources: usize, function: Function, limits: &Limits) -> Option<Best> {
    let even = vec![1.0; sources];
    let mut starts = vec![even.clone()];
    // Where a law has several valleys, each source's own side is looked at too.
    if sources > 1 {
        starts.extend((0..sources).map(|i| {
            let mut start = vec![1.0 / sources as f64; sources];
            start[i] = sources as f64;
            start
        }));
    }
    let ends = starts.iter().filter_map(|start| descend(project(start, limits)?, function, limits));
    ends.fold(None, |best: Option<Best>, end| match best {
        Some(best) if best.value <= end.value => Some(best),
        _ => Some(end),
    })
}

fn descend(start: Vec<f64>, function: Function, limits: &Limits) -> Option<Best> {
    let (mut value, mut slopes) = function(&start);
    if !value.is_finite() {
        return None;
    }
    let mut shares = start;
    let mut rate = 1.0 / slopes.iter().fold(1e-300, |most: f64, slope| most.max(slope.abs()));
    let mut quiet = 0;
    for _ in 0..ROUNDS {
        let least = slopes.iter().copied().filter(|slope| slope.is_finite()).fold(f64::INFINITY, f64::min);
        let weights: Vec<f64> = shares
            .iter()
            .zip(&slopes)
            // A share that is zero stays zero under factors: it keeps a foothold below anything that counts.
            .map(|(share, slope)| share.max(1e-14) * libm::exp((-rate * (slope - least)).clamp(-700.0, 0.0)))
            .collect();
        let next = project(&weights, limits)?;
        let (there, there_slopes) = function(&next);
        if there.is_finite() && there <= value {
            quiet = if value - there <= FLAT * value.abs() { quiet + 1 } else { 0 };
            (shares, value, slopes) = (next, there, there_slopes);
            rate *= 1.6;
            if quiet > 20 {
                break;
            }
        } else {
            rate *= 0.4;
            if rate < 1e-18 {
                break;
            }
        }
    }
    polish(&mut shares, &mut value, function, limits);
    // Below a part of the whole that no run can tell from none.
    shares.iter_mut().filter(|share| **share < 1e-12).for_each(|share| *share = 0.0);
    Some(Best { shares, value })
}

/// Moves pairs of shares against each other, each pair to its lowest place, until nothing gains: the last digits, which factors only creep to.
fn polish(shares: &mut [f64], value: &mut f64, function: Function, limits: &Limits) {
    let spent = |shares: &[f64], cost: &[f64]| shares.iter().zip(cost).map(|(s, c)| s * c).sum::<f64>();
    for _ in 0..100 {
        let before = *value;
        for i in 0..shares.len() {
            for j in 0..i {
                // From j to i by an amount between these.
                let mut low = -shares[i].min(limits.most[j] - shares[j]).max(0.0);
                let mut high = shares[j].min(limits.most[i] - shares[i]).max(0.0);
                if let Some((cost, budget)) = &limits.cost {
                    let (left, dearer) = ((budget - spent(shares, cost)).max(0.0), cost[i] - cost[j]);
                    if dearer > 0.0 {
                        high = high.min(left / dearer);
                    } else if dearer < 0.0 {
                        low = low.max(left / dearer);
                    }
                }
                if high - low <= 1e-15 {
                    continue;
                }
                let moved = |by: f64| {
                    let mut moved = shares.to_vec();
                    moved[i] = (moved[i] + by).max(0.0);
                    moved[j] = (moved[j] - by).max(0.0);
                    moved
                };
                let slope = |by: f64| {
                    let (_, slopes) = function(&moved(by));
                    slopes[i] - slopes[j]
                };
                let by = if slope(low) >= 0.0 {
                    low
                } else if slope(high) <= 0.0 {
                    high
                } else {
                    let (mut falling, mut rising) = (low, high);
                    for _ in 0..60 {
                        let middle = 0.5 * (falling + rising);
                        if slope(middle) < 0.0 { falling = middle } else { rising = middle }
                    }
                    0.5 * (falling + rising)
                };
                let there = moved(by);
                let (found, _) = function(&there);
                if found < *value {
                    *value = found;
                    shares.copy_from_slice(&there);
                }
            }
        }
        if before - *value <= FLAT * value.abs() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ a·(s − b)², and its slopes.
    fn bowl(a: &'static [f64], b: &'static [f64]) -> impl Fn(&[f64]) -> (f64, Vec<f64>) {
        move |s| {
            let value = s.iter().zip(a).zip(b).map(|((s, a), b)| a * (s - b) * (s - b)).sum();
            (value, s.iter().zip(a).zip(b).map(|((s, a), b)| 2.0 * a * (s - b)).collect())
        }
    }

    fn close(found: &[f64], expected: &[f64]) {
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-7), "{found:?} {expected:?}");
    }

    #[test]
    fn inside_the_simplex_the_bowl_s_bottom_is_found() {
        let best = minimise(3, &bowl(&[1.0, 2.0, 5.0], &[0.2, 0.3, 0.5]), &Limits::none(3)).unwrap();
        close(&best.shares, &[0.2, 0.3, 0.5]);
        // Off the simplex by 0.3, shared out by 1/a: 0.3 · (1, 1/2, 1/5) / 1.7 less each.
        let best = minimise(3, &bowl(&[1.0, 2.0, 5.0], &[0.3, 0.4, 0.6]), &Limits::none(3)).unwrap();
        close(&best.shares, &[0.3 - 0.3 / 1.7, 0.4 - 0.15 / 1.7, 0.6 - 0.06 / 1.7]);
    }

    #[test]
    fn a_bottom_outside_leaves_a_corner_or_an_edge() {
        let best = minimise(2, &bowl(&[1.0, 1.0], &[2.0, -1.0]), &Limits::none(2)).unwrap();
        close(&best.shares, &[1.0, 0.0]);
        let best = minimise(3, &bowl(&[1.0, 1.0, 1.0], &[0.6, 0.6, -0.5]), &Limits::none(3)).unwrap();
        close(&best.shares, &[0.5, 0.5, 0.0]);
    }

    #[test]
    fn a_capped_source_stays_at_its_cap() {
        let limits = Limits { most: vec![0.25, 1.0, 1.0], cost: None };
        let best = minimise(3, &bowl(&[1.0, 1.0, 1.0], &[0.6, 0.3, 0.1]), &limits).unwrap();
        // What the first leaves, 0.35, goes to the others evenly.
        close(&best.shares, &[0.25, 0.475, 0.275]);
        assert_eq!(minimise(2, &bowl(&[1.0, 1.0], &[0.5, 0.5]), &Limits { most: vec![0.4, 0.5], cost: None }), None);
    }

    #[test]
    fn what_costs_too_much_is_bought_as_far_as_the_money_goes() {
        // All of the first would be best; half of the money for it is there.
        let limits = Limits { most: vec![1.0; 2], cost: Some((vec![10.0, 2.0], 6.0)) };
        let best = minimise(2, &bowl(&[1.0, 1.0], &[1.0, 0.0]), &limits).unwrap();
        close(&best.shares, &[0.5, 0.5]);
        let too_dear = Limits { most: vec![1.0; 2], cost: Some((vec![10.0, 2.0], 1.0)) };
        assert_eq!(minimise(2, &bowl(&[1.0, 1.0], &[1.0, 0.0]), &too_dear), None);
    }

    #[test]
    fn the_exponential_mixing_law_has_its_best_shares_where_slopes_agree() {
        // Σ over two domains of exp(-t·s): slopes -t·exp(-t·s) are equal at the best.
        let law = |s: &[f64]| {
            let parts = [libm::exp(-3.0 * s[0]), libm::exp(-s[1])];
            (parts[0] + parts[1], vec![-3.0 * parts[0], -parts[1]])
        };
        let best = minimise(2, &law, &Limits::none(2)).unwrap();
        // 3·exp(-3x) = exp(-(1 - x)): x = (ln 3 + 1) / 4.
        close(&best.shares, &[(3f64.ln() + 1.0) / 4.0, 1.0 - (3f64.ln() + 1.0) / 4.0]);
    }
}
