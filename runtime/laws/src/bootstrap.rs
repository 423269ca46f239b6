//! Intervals by drawing again what is independent: rows, or training streams with all of their rows.

use rayon::prelude::*;

use synx_plan::random::Stream;

use crate::minimise::{DRAW, Descent};
use crate::objective::Objective;
use crate::result::{Draw, Resampling, Unit};

/// Intervals are given where at least this part of the draws could be fitted. Arbitrary.
const ENOUGH: f64 = 0.5;

/// The draws' parameters, and what they rest on.
#[derive(Debug)]
pub struct Draws {
    pub resampling: Resampling,
    /// The used draws, in the order of their numbers.
    pub used: Vec<Draw>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub draws: usize,
    pub seed: u64,
}

/// Fits each draw, warm-started from `optimum`. `streams` gives each row's stream by number; parameters below `vanishing` count as 0.
///
/// Draw d takes unit `below(i, units)` of the stream (seed, d) for i in 0..units, so draws depend on nothing but seed and number: not on
/// threads, and not on how many are made. A draw with rows at fewer places than there are parameters has many fits and is not used.
pub fn draws(
    objective: &Objective,
    optimum: &[f64],
    vanishing: &[f64],
    streams: Option<&[usize]>,
    asked: Asked,
) -> Draws {
    let rows = objective.rows();
    let numbers: Vec<usize> = match streams {
        Some(streams) if streams.iter().any(|s| *s != streams[0]) => streams.to_vec(),
        // All from one stream: there is nothing to draw it against, and the rows are what is left.
        _ => (0..rows).collect(),
    };
    let unit = if streams.is_some_and(|s| s == numbers) { Unit::Stream } else { Unit::Row };
    let units = numbers.iter().max().map_or(0, |most| most + 1);
    let random = Stream::new("law.bootstrap/1", &asked.seed);
    let places = objective.places();
    let one = |(descent, workspace, counts, met): &mut (Descent, _, Vec<u32>, Vec<bool>), draw: usize| {
        let random = random.child(draw as u64);
        counts.fill(0);
        for index in 0..units {
            counts[random.below(index as u64, units as u64) as usize] += 1;
        }
        met.fill(false);
        for (number, place) in numbers.iter().zip(&places) {
            met[*place] |= counts[*number] > 0;
        }
        if met.iter().filter(|met| **met).count() < objective.coordinates() {
            return None;
        }
        let weights = objective.weights(|row| f64::from(counts[numbers[row]]));
        descent.point.copy_from_slice(optimum);
        descent.run(objective, workspace, &weights, DRAW);
        let parameter = |(k, u): (usize, &f64)| {
            let parameter = objective.space.parameter(k, *u);
            if parameter < vanishing[k] { 0.0 } else { parameter }
        };
        let parameters: Vec<f64> = descent.point.iter().enumerate().map(parameter).collect();
        let fitted = descent.state.value.is_finite() && parameters.iter().all(|p| p.is_finite());
        fitted.then_some(Draw { number: draw as u64, parameters })
    };
    let distinct = places.iter().max().map_or(0, |most| most + 1);
    let memory = || (Descent::new(objective), objective.workspace(), vec![0u32; units], vec![false; distinct]);
    let fitted: Vec<Option<Draw>> = (0..asked.draws).into_par_iter().map_init(memory, one).collect();
    let used: Vec<Draw> = fitted.into_iter().flatten().collect();
    Draws { resampling: Resampling { unit, units, draws: asked.draws, used: used.len() }, used }
}

impl Draws {
    /// The interval of a parameter that holds the middle `confidence` of the draws; none where too few could be fitted.
    pub fn interval(&self, parameter: usize, confidence: f64) -> Option<(f64, f64)> {
        if (self.used.len() as f64) < ENOUGH * self.resampling.draws as f64 {
            return None;
        }
        let mut values: Vec<f64> = self.used.iter().map(|draw| draw.parameters[parameter]).collect();
        values.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - confidence);
        Some((quantile(&values, tail)?, quantile(&values, 1.0 - tail)?))
    }
}

/// The quantile of sorted values, linear between neighbours (type 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at.clamp(0.0, 1.0) * (sorted.len().checked_sub(1)?) as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    Some(low + (high - low) * (place - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let values: Vec<f64> = (0..=10).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.5), Some(5.0));
        assert_eq!(quantile(&values, 0.025), Some(0.25));
        assert_eq!(quantile(&values, 1.0), Some(10.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
