//! Values with their draws: what the data say, and what they would have said had other runs of the same kind been made.

use synx_laws::Sample;

/// A number that was settled, once for the data as they are and once for each draw. Draws of one number belong together: they were made of
/// the same runs. Not-a-number where a draw says nothing; infinite where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    pub estimate: f64,
    /// By the number of the draw; empty where nothing was drawn.
    pub draws: Vec<f64>,
    /// What the draws are of: intervals are as much wider than they as the least of these samples asks for.
    pub samples: Vec<Sample>,
}

/// Intervals are given where at least this part of the draws says something. Arbitrary, as for parameters.
const ENOUGH: f64 = 0.5;

impl Drawn {
    /// A number that needs no draws: it is known.
    pub fn known(estimate: f64) -> Drawn {
        Drawn { estimate, draws: Vec::new(), samples: Vec::new() }
    }

    /// The value in a draw: what is known is the same in all of them.
    pub fn at(&self, draw: usize) -> f64 {
        self.draws.get(draw).copied().unwrap_or(if self.draws.is_empty() { self.estimate } else { f64::NAN })
    }

    /// How many draws say something.
    pub fn used(&self) -> usize {
        self.draws.iter().filter(|value| !value.is_nan()).count()
    }

    /// The interval of the number, its ends possibly infinite: as much of the middle of the draws as the samples need for that `confidence`, as parameters
    /// have it (`Sample::tail`). None without draws, or where most say nothing.
    pub fn interval(&self, confidence: f64) -> Option<(f64, f64)> {
        let mut values: Vec<f64> = self.draws.iter().copied().filter(|value| !value.is_nan()).collect();
        if values.is_empty() || (values.len() as f64) < ENOUGH * self.draws.len() as f64 {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let plain = 0.5 * (1.0 - confidence);
        let tail = self.samples.iter().map(|sample| sample.tail(confidence)).fold(plain, f64::min);
        Some((quantile(&values, tail)?, quantile(&values, 1.0 - tail)?))
    }

    /// The part of the draws that has to be of one opinion for it to count at that `confidence`: more than the confidence where samples are small.
    pub fn needed(&self, confidence: f64) -> f64 {
        self.samples.iter().map(|sample| sample.needed(confidence)).fold(confidence, f64::max)
    }
}

/// The quantile of sorted values, linear between neighbours (type 7 of Hyndman and Fan 1996); between a number and infinity the farther.
pub fn quantile(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at.clamp(0.0, 1.0) * (sorted.len().checked_sub(1)?) as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    let part = place - below as f64;
    Some(match (low.is_infinite(), high.is_infinite()) {
        _ if low == high || part == 0.0 => low,
        (true, _) => low,
        (false, true) => high,
        _ => low + (high - low) * part,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_middle_of_the_draws() {
        let draws = (0..=100).rev().map(f64::from).collect();
        let drawn = Drawn { estimate: 5.0, draws, samples: Vec::new() };
        assert_eq!(drawn.interval(0.5), Some((25.0, 75.0)));
        assert_eq!(Drawn::known(5.0).interval(0.9), None);
    }

    #[test]
    fn the_smallest_sample_says_how_much_of_the_draws_is_taken() {
        let sample = |rows: f64| Sample { rows, units: rows, parameters: 3.0, enlarged: false };
        let drawn = |samples: Vec<Sample>| {
            let draws = (0..=1000).map(f64::from).collect();
            Drawn { estimate: 500.0, draws, samples }
        };
        let (low, high) = drawn(vec![sample(1e9), sample(12.0)]).interval(0.95).unwrap();
        let tail = sample(12.0).tail(0.95);
        assert!((low - 1000.0 * tail).abs() < 1e-9 && (high - 1000.0 * (1.0 - tail)).abs() < 1e-9 && low < 10.0);
        assert_eq!(drawn(vec![sample(3.0)]).interval(0.95), Some((0.0, 1000.0)), "nothing tells how far draws are out");
        assert!((drawn(vec![sample(1e9)]).needed(0.95) - 0.95).abs() < 1e-6);
        assert!(drawn(vec![sample(12.0)]).needed(0.95) > 0.97);
    }

    #[test]
    fn infinite_draws_are_part_of_it_and_silent_ones_are_not() {
        let of = |draws: &[f64]| Drawn { estimate: 1.0, draws: draws.to_vec(), samples: Vec::new() };
        let mut draws = vec![f64::INFINITY; 10];
        draws.extend((0..90).map(f64::from));
        let (low, high) = of(&draws).interval(0.95).unwrap();
        assert!((low - 2.475).abs() < 1e-12 && high == f64::INFINITY, "{low} {high}");
        draws.extend([f64::NAN; 99]);
        assert!(of(&draws).interval(0.95).is_some());
        draws.extend([f64::NAN; 2]);
        let silent = of(&draws);
        assert_eq!((silent.interval(0.95), silent.used()), (None, 100));
    }

    #[test]
    fn what_is_known_is_the_same_in_every_draw() {
        assert_eq!(Drawn::known(3.0).at(17), 3.0);
        assert!(Drawn { estimate: 1.0, draws: vec![2.0], samples: Vec::new() }.at(1).is_nan());
    }
}
