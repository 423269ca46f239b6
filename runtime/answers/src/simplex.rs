//! The best shares of a run: the lowest place of a smooth function of shares that sum to one, each within its bounds, under limits that are linear in them
//! (what they cost, what one of them may be at most of another).
//!
//! A logarithmic barrier keeps every step within the limits and is lowered to nothing (Boyd and Vandenberghe 2004, chapter 11); each step is Newton's,
//! with the curvature from differences of slopes and its falling directions turned into rising ones.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// What shares have to keep to.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// The most that each may be: a cap on epochs is one, tokens there × epochs / budget.
    pub most: Vec<f64>,
    /// Sums of weights times shares that are at most a number.
    pub sums: Vec<(Vec<f64>, f64)>,
}

impl Limits {
    /// Shares of a simplex without further limits.
    pub fn none(sources: usize) -> Limits {
        Limits { most: vec![1.0; sources], sums: Vec::new() }
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

/// Shares are counted in billionths: a limit may be missed by as much, and what is nearer to one has reached it.
const GRAIN: f64 = 1e-9;

/// How far the barrier is lowered, in powers of ten of the function's size. Arbitrary: below the grain of the shares.
const LOWERED: i32 = 11;

/// Steps at one height of the barrier. Arbitrary: Newton takes a few.
const STEPS: usize = 60;

/// Sources from whose side the function is looked at too. Arbitrary.
pub(crate) const SIDES: usize = 16;

/// `weights · x ≤ most`, of weights whose largest is one.
struct Limit {
    weights: DVector<f64>,
    most: f64,
}

impl Limit {
    fn slack(&self, x: &DVector<f64>) -> f64 {
        self.most - self.weights.dot(x)
    }
}

/// Value, slopes and curvature at a place.
type Shape = (f64, DVector<f64>, DMatrix<f64>);

/// The shares at which `function` (its value, and its derivative by each share) is lowest, from the middle of what the limits leave and from each source's
/// side; none where they leave no shares or the function has no finite value anywhere.
pub fn minimise(sources: usize, function: Function, limits: &Limits) -> Option<Best> {
    search(sources, function, limits, None)
}

/// The same from a place near which it is.
pub fn minimise_near(sources: usize, function: Function, limits: &Limits, near: &[f64]) -> Option<Best> {
    search(sources, function, limits, Some(near))
}

fn search(sources: usize, function: Function, limits: &Limits, near: Option<&[f64]>) -> Option<Best> {
    let limited = all_limits(sources, limits);
    if limited.iter().any(|limit| limit.most.is_nan() || limit.weights.iter().any(|weight| !weight.is_finite())) {
        return None;
    }
    let middle = middle(sources, &limited)?;
    let known = near.filter(|near| near.len() == sources).map(|near| {
        // A step off the edge, where the limits leave one.
        let towards = DVector::from_row_slice(near) - &middle;
        let step = farthest(&middle, &towards, &limited).min(1.0);
        &middle + towards * (0.9 * step)
    });
    let sides = if known.is_some() { 0 } else { sources.min(SIDES) };
    let mut starts = vec![known.unwrap_or_else(|| middle.clone())];
    // Where a law has several valleys, each source's own side is looked at too.
    for source in 0..sides {
        let mut towards = -middle.clone();
        towards[source] += 1.0;
        let step = farthest(&middle, &towards, &limited).min(1.0);
        starts.push(&middle + towards * (0.9 * step));
    }
    let shape = |x: &DVector<f64>| -> Option<Shape> {
        let at = |x: &DVector<f64>| {
            let (value, slopes) = function(x.as_slice());
            let finite = value.is_finite() && slopes.iter().all(|slope| slope.is_finite());
            finite.then(|| (value, DVector::from_vec(slopes)))
        };
        let (value, slopes) = at(x)?;
        let mut curvature = DMatrix::zeros(sources, sources);
        for source in 0..sources {
            let step = 1e-5 * x[source].max(1e-7);
            let (mut less, mut more) = (x.clone(), x.clone());
            less[source] -= step;
            more[source] += step;
            let bent = (at(&more)?.1 - at(&less)?.1) / (2.0 * step);
            curvature.set_column(source, &bent);
        }
        Some((value, slopes, 0.5 * (&curvature + curvature.transpose())))
    };
    let value = |x: &DVector<f64>| function(x.as_slice()).0;
    let directions = directions(sources, 0);
    let mut best: Option<Best> = None;
    for start in starts {
        let Some(end) = descend(start, &value, &shape, &directions, &limited) else { continue };
        let shares: Vec<f64> = end.iter().map(|share| if *share < 10.0 * GRAIN { 0.0 } else { *share }).collect();
        let found = function(&shares).0;
        let (shares, value) =
            if found.is_finite() { (shares, found) } else { (end.as_slice().to_vec(), function(end.as_slice()).0) };
        if value.is_finite() && best.as_ref().is_none_or(|best| value < best.value) {
            best = Some(Best { shares, value });
        }
    }
    best
}

/// No share below zero or above its most, and the sums; each missed by a grain at most.
fn all_limits(sources: usize, limits: &Limits) -> Vec<Limit> {
    let unit = |source: usize, sign: f64| {
        let mut weights = DVector::zeros(sources);
        weights[source] = sign;
        weights
    };
    let least = (0..sources).map(|source| Limit { weights: unit(source, -1.0), most: GRAIN * 1e-3 });
    let most = limits.most.iter().enumerate().filter(|(_, most)| **most < 1.0);
    let most = most.map(|(source, most)| Limit { weights: unit(source, 1.0), most: most + GRAIN });
    let sums = limits.sums.iter().filter_map(|(weights, most)| {
        // Shares sum to one: what all weights have in common is known.
        let common = weights.iter().copied().fold(f64::INFINITY, f64::min);
        let weights = DVector::from_iterator(sources, weights.iter().map(|weight| weight - common));
        let (scale, left) = (weights.amax(), most - common);
        if scale > 0.0 {
            Some(Limit { weights: weights / scale, most: left / scale + GRAIN })
        } else {
            // The same whatever the shares are: kept by all or by none.
            (left < -GRAIN * common.abs()).then(|| Limit { weights: DVector::zeros(sources), most: -1.0 })
        }
    });
    least.chain(most).chain(sums).collect()
}

/// Directions along which the first so many numbers keep their sum, and along each of the others, as orthonormal columns (Helmert).
fn directions(sources: usize, others: usize) -> DMatrix<f64> {
    let mut all = DMatrix::zeros(sources + others, sources - 1 + others);
    for i in 1..sources {
        let scale = ((i * (i + 1)) as f64).sqrt();
        for j in 0..i {
            all[(j, i - 1)] = 1.0 / scale;
        }
        all[(i, i - 1)] = -(i as f64) / scale;
    }
    for i in 0..others {
        all[(sources + i, sources - 1 + i)] = 1.0;
    }
    all
}

/// How many times a step may be taken before a limit is met.
fn farthest(x: &DVector<f64>, step: &DVector<f64>, limits: &[Limit]) -> f64 {
    let until = limits.iter().map(|limit| (limit.slack(x), limit.weights.dot(step)));
    until.filter(|(_, towards)| *towards > 0.0).map(|(slack, towards)| slack / towards).fold(f64::INFINITY, f64::min)
}

/// The shares that are farthest from all limits: the least excess over them is made as small as it gets. None where that is above zero.
fn middle(sources: usize, limits: &[Limit]) -> Option<DVector<f64>> {
    let even = DVector::from_element(sources, 1.0 / sources as f64);
    if sources == 1 {
        return limits.iter().all(|limit| limit.slack(&even) > 0.0).then_some(even);
    }
    let excess = limits.iter().map(|limit| -limit.slack(&even)).fold(f64::NEG_INFINITY, f64::max);
    let mut start = even.insert_row(sources, excess + 1.0);
    let widened: Vec<Limit> = limits
        .iter()
        .map(|limit| Limit { weights: limit.weights.clone().insert_row(sources, -1.0), most: limit.most })
        .collect();
    let last = sources;
    let value = |x: &DVector<f64>| x[last];
    let shape = |x: &DVector<f64>| -> Option<Shape> {
        let mut slopes = DVector::zeros(last + 1);
        slopes[last] = 1.0;
        Some((x[last], slopes, DMatrix::zeros(last + 1, last + 1)))
    };
    start = descend(start, &value, &shape, &directions(sources, 1), &widened)?;
    let shares = start.rows(0, sources).into_owned();
    limits.iter().all(|limit| limit.slack(&shares) > 0.0).then_some(shares)
}

/// From a place within the limits to the lowest one that is reached going down.
fn descend(
    start: DVector<f64>,
    value: &dyn Fn(&DVector<f64>) -> f64,
    shape: &dyn Fn(&DVector<f64>) -> Option<Shape>,
    directions: &DMatrix<f64>,
    limits: &[Limit],
) -> Option<DVector<f64>> {
    let size = shape(&start)?.0.abs().max(1e-3);
    if directions.ncols() == 0 {
        return Some(start);
    }
    let mut x = start;
    for power in 0..=LOWERED {
        let height = size * 10f64.powi(-power);
        let walled = |x: &DVector<f64>| {
            let walls: f64 = limits.iter().map(|limit| libm::log(limit.slack(x))).sum();
            value(x) - height * walls
        };
        for _ in 0..STEPS {
            let Some((_, mut slopes, mut curvature)) = shape(&x) else { break };
            for limit in limits {
                let slack = limit.slack(&x);
                slopes += &limit.weights * (height / slack);
                curvature.ger(height / (slack * slack), &limit.weights, &limit.weights, 1.0);
            }
            let down = -(directions.transpose() * &slopes);
            let bent = SymmetricEigen::new(directions.transpose() * curvature * directions);
            let steepest = bent.eigenvalues.amax().max(1e-300);
            let along = bent.eigenvectors.transpose() * &down;
            let along = along.zip_map(&bent.eigenvalues, |along, bent| along / bent.abs().max(1e-14 * steepest));
            let step = directions * (&bent.eigenvectors * along);
            let gain = -slopes.dot(&step);
            if !gain.is_finite() || gain <= 0.0 {
                break;
            }
            let (here, mut part) = (walled(&x), (0.95 * farthest(&x, &step, limits)).min(1.0));
            let moved = loop {
                let there = &x + &step * part;
                let lower = walled(&there);
                if lower.is_finite() && lower < here {
                    break Some(there);
                }
                part *= 0.5;
                if part < 1e-12 {
                    break None;
                }
            };
            let Some(there) = moved else { break };
            x = there;
            if gain < 1e-12 * height {
                break;
            }
        }
    }
    Some(x)
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
        let limits = Limits { most: vec![0.25, 1.0, 1.0], sums: Vec::new() };
        let best = minimise(3, &bowl(&[1.0, 1.0, 1.0], &[0.6, 0.3, 0.1]), &limits).unwrap();
        // What the first leaves, 0.35, goes to the others evenly.
        close(&best.shares, &[0.25, 0.475, 0.275]);
        assert_eq!(
            minimise(2, &bowl(&[1.0, 1.0], &[0.5, 0.5]), &Limits { most: vec![0.4, 0.5], sums: Vec::new() }),
            None
        );
    }

    #[test]
    fn what_costs_too_much_is_bought_as_far_as_the_money_goes() {
        // All of the first would be best; half of the money for it is there.
        let limits = Limits { most: vec![1.0; 2], sums: vec![(vec![10.0, 2.0], 6.0)] };
        let best = minimise(2, &bowl(&[1.0, 1.0], &[1.0, 0.0]), &limits).unwrap();
        close(&best.shares, &[0.5, 0.5]);
        let too_dear = Limits { most: vec![1.0; 2], sums: vec![(vec![10.0, 2.0], 1.0)] };
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

    #[test]
    fn with_three_sources_a_limit_on_cost_is_met_where_slopes_per_cost_agree() {
        // Lagrange: 2·a·(s - b) + l + m·cost = 0 for every share, Σ s = 1 and Σ cost·s = 3.
        let limits = Limits { most: vec![1.0; 3], sums: vec![(vec![6.0, 3.0, 1.0], 3.0)] };
        let best = minimise(3, &bowl(&[1.0, 1.0, 1.0], &[0.6, 0.3, 0.1]), &limits).unwrap();
        // From (0.6, 0.3, 0.1), which costs 4.6, along (8, -1, -7)/3, the costs less their mean: 1.6 of 38/3.
        let by = 1.6 / (38.0 / 3.0);
        close(&best.shares, &[0.6 - by * 8.0 / 3.0, 0.3 + by / 3.0, 0.1 + by * 7.0 / 3.0]);
    }

    #[test]
    fn several_limits_at_once_leave_a_corner() {
        // At least as much of the second as of the first, and at most a fifth of the third.
        let limits = Limits { most: vec![1.0, 1.0, 0.2], sums: vec![(vec![1.0, -1.0, 0.0], 0.0)] };
        let best = minimise(3, &bowl(&[1.0, 1.0, 1.0], &[1.0, 0.0, 0.9]), &limits).unwrap();
        close(&best.shares, &[0.4, 0.4, 0.2]);
    }

    #[test]
    fn limits_that_leave_one_mixture_or_none_are_met_exactly_or_not_at_all() {
        let only = Limits { most: vec![0.3, 0.7], sums: Vec::new() };
        close(&minimise(2, &bowl(&[1.0, 1.0], &[0.5, 0.5]), &only).unwrap().shares, &[0.3, 0.7]);
        let none = Limits { most: vec![1.0; 2], sums: vec![(vec![1.0, 0.0], 0.2), (vec![0.0, 1.0], 0.7)] };
        assert_eq!(minimise(2, &bowl(&[1.0, 1.0], &[0.5, 0.5]), &none), None);
        let dear = Limits { most: vec![1.0; 2], sums: vec![(vec![5.0, 5.0], 4.0)] };
        assert_eq!(minimise(2, &bowl(&[1.0, 1.0], &[0.5, 0.5]), &dear), None);
    }

    #[test]
    fn a_slope_without_end_at_zero_keeps_a_source_in() {
        // 1/(√a + √b): even shares; and the slope of √ at 0 is infinite.
        let law = |s: &[f64]| {
            let sum = s[0].sqrt() + s[1].sqrt();
            (1.0 / sum, s.iter().map(|s| -0.5 / (sum * sum * s.sqrt())).collect())
        };
        close(&minimise(2, &law, &Limits::none(2)).unwrap().shares, &[0.5, 0.5]);
    }

    #[test]
    fn of_two_valleys_the_deeper_one_is_found() {
        // -x² - 1.1·y²: a corner.
        let law = |s: &[f64]| (-s[0] * s[0] - 1.1 * s[1] * s[1], vec![-2.0 * s[0], -2.2 * s[1]]);
        close(&minimise(2, &law, &Limits::none(2)).unwrap().shares, &[0.0, 1.0]);
    }
}
