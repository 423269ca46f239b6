//! How probable a fit makes its data: what laws of different forms are compared by.
//!
//! A loss ρ says that residuals have the density exp(−ρ(r)/s)/Z(s): normal for squares, Laplace far from 0 for Huber's, an asymmetric Laplace for
//! a quantile's. The scale s is what makes the data most probable. Densities are those of the target itself, so fits of logarithms and fits of
//! raw values of one column can be compared.

use crate::objective::{Loss, Objective};
use crate::result::Criteria;

/// The criteria of a fit with that `objective` (the losses' sum), whose rows count `weights` times; none where residuals are rounding or rows too few.
pub fn criteria(objective: &Objective, value: f64, weights: &[f64], parameters: usize) -> Option<Criteria> {
    let rows: f64 = weights.iter().sum();
    if value <= objective.exact() * rows {
        return None;
    }
    let of_residuals = deviance(&objective.loss, value, rows);
    // From log y to y: dy = y·d(log y).
    let of_target = if objective.loss.logarithmic {
        2.0 * objective.targets().zip(weights).map(|(y, w)| y * w).sum::<f64>()
    } else {
        0.0
    };
    let deviance = of_residuals + of_target;
    // The scale is fitted, too.
    let k = parameters as f64 + 1.0;
    let left = rows - k - 1.0;
    let aicc = (left > 0.0).then(|| deviance + 2.0 * k + 2.0 * k * (k + 1.0) / left);
    Some(Criteria { log_likelihood: -0.5 * deviance, aicc, bic: deviance + k * libm::log(rows) })
}

/// −2·log likelihood of `rows` residuals whose losses' sum is `value`, at the scale that makes it least.
pub fn deviance(loss: &Loss, value: f64, rows: f64) -> f64 {
    // Without a bend: the normal distribution, whose scale is the mean square.
    if loss.delta.is_infinite() {
        return rows * (libm::log(std::f64::consts::TAU * 2.0 * value / rows) + 1.0);
    }
    // Least by golden section in log s; the mean loss is where it lies, up to a factor that the shape of Z makes.
    let at = |u: f64| {
        let s = libm::exp(u);
        2.0 * (value / s + rows * log_normaliser(loss, s))
    };
    let middle = libm::log(value / rows);
    let (mut low, mut high) = (middle - 8.0, middle + 8.0);
    let section = 0.5 * (5f64.sqrt() - 1.0);
    for _ in 0..80 {
        let (a, b) = (high - section * (high - low), low + section * (high - low));
        if at(a) < at(b) { high = b } else { low = a }
    }
    at(0.5 * (low + high))
}

/// log ∫ exp(−ρ(r)/s) dr. With a tilt t: of the sides beyond ±delta each falls with its own slope.
fn log_normaliser(loss: &Loss, s: f64) -> f64 {
    let Loss { delta, tilt, .. } = *loss;
    let root = (2.0 * s).sqrt();
    // Inside: exp(−(r + t)²/2s), because the loss is r²/2 + t·r + t²/2.
    let inside = root
        * 0.5
        * std::f64::consts::PI.sqrt()
        * (libm::erf((delta + tilt) / root) - libm::erf((tilt - delta) / root));
    let at_bend = |side: f64| (delta * side + tilt) * (delta * side + tilt) / 2.0;
    let outside = |side: f64| s / (delta + tilt * side) * libm::exp(-at_bend(side) / s);
    libm::log(inside + outside(1.0) + outside(-1.0))
}

/// The losses' sum at which the deviance is so much above its least, which is that of `value`.
pub fn value_at(loss: &Loss, value: f64, rows: f64, above: f64) -> f64 {
    let least = deviance(loss, value, rows);
    let (mut low, mut high) = (0.0, 1.0);
    let excess = |u: f64| deviance(loss, value * libm::exp(u), rows) - least;
    while excess(high) < above && high < 200.0 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if excess(middle) < above { low = middle } else { high = middle }
    }
    value * libm::exp(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the trapezoid rule, for comparison.
    fn integral(loss: &Loss, s: f64) -> f64 {
        let step = 1e-4;
        (-200_000..=200_000).map(|i| libm::exp(-loss.of(f64::from(i) * step) / s) * step).sum()
    }

    #[test]
    fn a_density_has_an_integral_of_one() {
        for tilt in [0.0, 0.06, -0.03] {
            let loss = Loss { logarithmic: true, delta: 0.1, tilt };
            for s in [0.001, 0.01, 0.05] {
                let (found, expected) = (libm::exp(log_normaliser(&loss, s)), integral(&loss, s));
                assert!((found / expected - 1.0).abs() < 1e-4, "{tilt} {s}: {found} {expected}");
            }
        }
    }

    #[test]
    fn squares_are_a_normal_distribution_and_so_is_a_wide_huber() {
        let squares = Loss { logarithmic: true, ..Loss::SQUARES };
        let huber = Loss { delta: 50.0, ..squares };
        let (a, b) = (deviance(&squares, 0.8, 20.0), deviance(&huber, 0.8, 20.0));
        assert!((a - b).abs() < 1e-9 && (a - 20.0 * ((std::f64::consts::TAU * 0.08).ln() + 1.0)).abs() < 1e-9);
        let there = value_at(&squares, 0.8, 20.0, 3.84);
        assert!((there / 0.8 - (3.84f64 / 20.0).exp()).abs() < 1e-9);
    }
}
