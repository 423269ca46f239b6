//! Shares that come out of a calculation with floats: whole billionths.

use crate::exact::Exact;

/// What computed shares are multiples of: a billionth. Arbitrary: below one token of a run of a billion, and short enough to be read.
pub(super) const PARTS: u64 = 1_000_000_000;

/// Non-negative weights as shares that are whole billionths and sum to exactly one: each is rounded down, and what is left goes to
/// those that lost most, a part each. Weights that are all zero are shares of the first.
pub fn billionths(weights: &[f64]) -> Vec<Exact> {
    let sum: f64 = weights.iter().sum();
    let scaled: Vec<f64> = weights
        .iter()
        .enumerate()
        .map(|(i, weight)| if sum > 0.0 { weight / sum * PARTS as f64 } else { PARTS as f64 * f64::from(i == 0) })
        .collect();
    let mut parts: Vec<u64> = scaled.iter().map(|scaled| scaled.floor() as u64).collect();
    let given: u64 = parts.iter().sum();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let lost = |i: usize, parts: &[u64]| scaled[i] - parts[i] as f64;
    order.sort_by(|&a, &b| lost(b, &parts).total_cmp(&lost(a, &parts)).then(a.cmp(&b)));
    // A sum of floors is below the whole by less than one a weight, but for what the sum itself is off by.
    let mut left = PARTS.saturating_sub(given);
    for &i in order.iter().cycle().take(PARTS as usize) {
        if left == 0 {
            break;
        }
        parts[i] += 1;
        left -= 1;
    }
    let mut over = given.saturating_sub(PARTS);
    for &i in order.iter().rev() {
        let taken = over.min(parts[i]);
        parts[i] -= taken;
        over -= taken;
    }
    let share = |part: u64| Exact::from(part).div(&Exact::from(PARTS)).unwrap_or_else(Exact::zero);
    parts.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_shares_sum_to_one_exactly() {
        for weights in [&[1.0, 1.0, 1.0][..], &[0.1, 0.2, 0.7], &[1e-30, 1e30], &[0.0, 0.0], &[5.0], &[0.3; 17]] {
            let shares = billionths(weights);
            let sum = shares.iter().fold(Exact::zero(), |sum, share| sum.add(share));
            assert_eq!(sum, Exact::one(), "{weights:?}");
        }
        let thirds = billionths(&[1.0, 1.0, 1.0]);
        assert_eq!(thirds[0], "333333334/1000000000".parse().unwrap());
        assert_eq!(thirds[2], "333333333/1000000000".parse().unwrap());
    }
}
