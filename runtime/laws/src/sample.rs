//! How much of the draws an interval takes.

use serde::{Deserialize, Serialize};

use crate::normal;

/// What was there to draw from: how much wider than its draws an interval has to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// As often as they count.
    pub rows: f64,
    /// What was drawn one by one.
    pub units: f64,
    /// What was fitted to the rows.
    pub parameters: f64,
    /// Whether what is drawn has been made larger by as much as the fit's freedom has made it smaller.
    pub enlarged: bool,
}

impl Sample {
    /// The part of the draws on each side that is outside an interval of that confidence.
    ///
    /// Draws of few rows lie closer together than estimates do: a fit of p parameters leaves residuals too small by √((n−p)/n), and draws know their
    /// spread only as well as few units tell it. So the ends are those of draws that lie as much farther out (the expanded percentile interval,
    /// Hesterberg 2015): by Student's t in place of the normal, times √(g/(g−1) · (n−1)/(n−p)) for g units with n rows, as cluster-robust errors have
    /// it; where every row is a unit, √(n/(n−p)).
    pub fn tail(&self, confidence: f64) -> f64 {
        let Sample { rows, units, parameters, enlarged } = *self;
        let freedom = (rows - parameters).min(units - 1.0);
        if freedom < 1.0 {
            return 0.0;
        }
        let wider = units / (units - 1.0) * (rows - 1.0).max(0.0) / (rows - parameters);
        let wider = if enlarged { 1.0 } else { wider.max(1.0).sqrt() };
        normal::cumulative(-wider * normal::student_quantile(0.5 + 0.5 * confidence, freedom))
    }

    /// The part of the draws that says something of one side alone: as many as `confidence` of them, were rows without end.
    pub fn needed(&self, confidence: f64) -> f64 {
        1.0 - self.tail(2.0 * confidence - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: Sample = Sample { rows: 1e9, units: 1e9, parameters: 3.0, enlarged: false };

    #[test]
    fn few_rows_take_more_of_the_draws() {
        let tail =
            |rows: f64, units: f64, parameters: f64| Sample { rows, units, parameters, enlarged: false }.tail(0.95);
        assert!((MANY.tail(0.95) - 0.025).abs() < 1e-8);
        // Hesterberg's own case, a mean of ten: Φ(−√(10/9) · t of 9 degrees of freedom).
        assert!((tail(10.0, 10.0, 1.0) - normal::cumulative(-(10f64 / 9.0).sqrt() * 2.262_157)).abs() < 1e-6);
        assert!(tail(40.0, 40.0, 3.0) < tail(400.0, 400.0, 3.0));
        assert!(tail(400.0, 8.0, 3.0) < tail(400.0, 400.0, 3.0), "eight streams say less than their rows would");
        assert_eq!(tail(3.0, 3.0, 3.0), 0.0, "all draws, where nothing is left to tell their spread");
        let residuals = Sample { rows: 10.0, units: 10.0, parameters: 5.0, enlarged: true };
        assert!((residuals.tail(0.95) - normal::cumulative(-2.570_582)).abs() < 1e-4);
    }

    #[test]
    fn one_side_of_many_rows_needs_as_much_as_the_confidence() {
        assert!((MANY.needed(0.95) - 0.95).abs() < 1e-8);
        let few = Sample { rows: 12.0, units: 12.0, parameters: 3.0, enlarged: false };
        assert!(few.needed(0.95) > 0.97 && few.needed(0.95) < 1.0, "{}", few.needed(0.95));
        assert_eq!(Sample { rows: 3.0, units: 3.0, parameters: 3.0, enlarged: false }.needed(0.95), 1.0);
    }
}
