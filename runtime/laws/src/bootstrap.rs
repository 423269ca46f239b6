//! Intervals by drawing again what is independent: rows, training streams with all of their rows, or residuals.

use std::ops::Range;

use rayon::prelude::*;

use synx_plan::random::Stream;

use crate::descend::{Best, down};
use crate::elementary::{exp, log};
use crate::minimise::{DRAW, Descent};
use crate::normal;
use crate::objective::{Objective, Workspace};
use crate::result::{Draw, Interval, Resampling, Unit};
use crate::sample::Sample;

/// Intervals are given where at least this part of the draws could be fitted. Arbitrary.
const ENOUGH: f64 = 0.5;

/// Units that are left out one by one for the acceleration; of more, as many blocks. Arbitrary.
const MOST_LEFT_OUT: usize = 64;

/// What is drawn in one group.
pub struct Units {
    pub unit: Unit,
    /// The group's rows.
    pub rows: Range<usize>,
    /// For each of these rows, its unit by number.
    pub numbers: Vec<usize>,
    pub count: usize,
}

impl Units {
    /// `streams` gives the stream of each row of the group by number.
    pub fn new(rows: Range<usize>, streams: Option<Vec<usize>>, residuals: bool) -> Units {
        let (unit, numbers) = match streams {
            _ if residuals => (Unit::Residual, (0..rows.len()).collect()),
            Some(streams) if streams.iter().any(|s| *s != streams[0]) => (Unit::Stream, streams),
            // All from one stream: there is nothing to draw it against, and the rows are what is left.
            _ => (Unit::Row, (0..rows.len()).collect::<Vec<usize>>()),
        };
        let count = numbers.iter().max().map_or(0, |most| most + 1);
        Units { unit, rows, numbers, count }
    }

    /// How often each unit is drawn, as many as there are.
    pub fn drawn(&self, random: Stream) -> Vec<u32> {
        let mut counts = vec![0u32; self.count];
        for index in 0..self.count {
            counts[random.below(index as u64, self.count as u64) as usize] += 1;
        }
        counts
    }
}

/// What a bootstrap starts from.
pub struct Bootstrap<'a> {
    pub rungs: &'a [Objective],
    pub best: &'a Best,
    /// How often each row counts.
    pub weights: &'a [f64],
    /// What is drawn in each group, in the order of the objective's segments.
    pub units: &'a [Units],
    /// Parameters that groups have in common.
    pub shared: usize,
    pub seed: u64,
}

/// The draws' parameters.
#[derive(Debug)]
pub struct Draws {
    pub asked: usize,
    /// The used draws, in the order of their numbers.
    pub used: Vec<Draw>,
    /// For each parameter, the acceleration of its estimate over units (Efron 1987).
    pub acceleration: Vec<f64>,
    pub sample: Sample,
}

impl Bootstrap<'_> {
    /// Fits each draw, warm-started from the optimum; parameters below those that vanish count as 0.
    ///
    /// In draw d a group of u units takes unit `below(i, u)` of the stream (seed, d) for i in 0..u: draws depend on nothing but seed, number and units,
    /// not on threads, and not on how many are made. A draw with rows at fewer places than there are parameters has many fits and is not used.
    pub fn draws(&self, count: usize) -> Option<Draws> {
        let objective = self.rungs.last()?;
        let random = Stream::new("law.bootstrap/1", &self.seed);
        let places = objective.places();
        let distinct = places.iter().max().map_or(0, |most| most + 1);
        let residuals = self.units.iter().any(|units| units.unit == Unit::Residual).then(|| self.residuals(objective));
        let memory = || Memory {
            descent: Descent::new(objective),
            workspace: objective.workspace(),
            rows: vec![0.0; objective.rows()],
            met: vec![false; distinct],
            rungs: if residuals.is_some() { self.rungs.to_vec() } else { Vec::new() },
        };
        let one = |memory: &mut Memory, draw: usize| {
            let random = random.child(draw as u64);
            let parameters = match &residuals {
                Some(residuals) => self.with_residuals(memory, objective, residuals, random),
                None => self.with_units(memory, objective, &places, random),
            }?;
            Some(Draw { number: draw as u64, parameters })
        };
        let fitted: Vec<Option<Draw>> = (0..count).into_par_iter().map_init(memory, one).collect();
        let used: Vec<Draw> = fitted.into_iter().flatten().collect();
        Some(Draws { asked: count, used, acceleration: self.acceleration(objective), sample: self.sample(objective) })
    }

    fn sample(&self, objective: &Objective) -> Sample {
        Sample {
            rows: self.weights.iter().sum(),
            units: self.units.iter().map(|units| units.count).sum::<usize>() as f64,
            parameters: objective.coordinates() as f64,
            enlarged: self.units.iter().any(|units| units.unit == Unit::Residual),
        }
    }

    fn with_units(
        &self,
        memory: &mut Memory,
        objective: &Objective,
        places: &[usize],
        random: Stream,
    ) -> Option<Vec<f64>> {
        let mut met_in_all = 0;
        memory.met.fill(false);
        for (units, segment) in self.units.iter().zip(&objective.segments) {
            let counts = units.drawn(random);
            let mut met = 0;
            for (row, number) in units.rows.clone().zip(&units.numbers) {
                memory.rows[row] = f64::from(counts[*number]) * self.weights[row];
                if counts[*number] > 0 && !std::mem::replace(&mut memory.met[places[row]], true) {
                    met += 1;
                }
            }
            if met < segment.coordinates.len() - self.shared {
                return None;
            }
            met_in_all += met;
        }
        if met_in_all < objective.coordinates() {
            return None;
        }
        let weights = objective.weights(|row| memory.rows[row]);
        memory.descent.point.copy_from_slice(&self.best.inside);
        down(&mut memory.descent, self.rungs, &mut memory.workspace, &weights, DRAW);
        self.parameters(&memory.descent, objective)
    }

    fn with_residuals(
        &self,
        memory: &mut Memory,
        objective: &Objective,
        residuals: &Residuals,
        random: Stream,
    ) -> Option<Vec<f64>> {
        for units in self.units {
            let own = &residuals.sizes[units.rows.clone()];
            for (index, row) in units.rows.clone().enumerate() {
                let drawn = own[random.below(index as u64, units.count as u64) as usize];
                let model = residuals.model[row];
                memory.rows[row] = if objective.loss.logarithmic { model * exp(drawn) } else { model + drawn };
            }
        }
        memory.rungs.iter_mut().for_each(|rung| rung.set_target(&memory.rows));
        let weights = objective.weights(|row| self.weights[row]);
        memory.descent.point.copy_from_slice(&self.best.inside);
        down(&mut memory.descent, &memory.rungs, &mut memory.workspace, &weights, DRAW);
        self.parameters(&memory.descent, objective)
    }

    fn parameters(&self, descent: &Descent, objective: &Objective) -> Option<Vec<f64>> {
        let parameter = |(k, u): (usize, &f64)| {
            let parameter = objective.space.parameter(k, *u);
            // Of a parameter that may be negative nothing is small.
            let vanishes = self.best.vanishing[k] > 0.0 && parameter < self.best.vanishing[k];
            if vanishes { 0.0 } else { parameter }
        };
        let parameters: Vec<f64> = descent.point.iter().enumerate().map(parameter).collect();
        (descent.state.value.is_finite() && parameters.iter().all(|p| p.is_finite())).then_some(parameters)
    }

    /// What the fit misses in each row, observed − fitted, made as much larger as the fit's own freedom has made it smaller.
    fn residuals(&self, objective: &Objective) -> Residuals {
        let (n, rows) = (objective.coordinates() as f64, objective.rows() as f64);
        let larger = if rows > n { (rows / (rows - n)).sqrt() } else { 1.0 };
        let of = |(k, u): (usize, &f64)| objective.space.parameter(k, *u);
        let parameters: Vec<f64> = self.best.point.iter().enumerate().map(of).collect();
        let mut model = vec![0.0; objective.rows()];
        objective.model(&mut objective.workspace(), &parameters, &mut model);
        let size = |(m, y): (&f64, f64)| larger * (y - if objective.loss.logarithmic { log(*m) } else { *m });
        let sizes = model.iter().zip(objective.targets()).map(size).collect();
        Residuals { model, sizes }
    }

    /// The skewness of what leaving out each unit does to each estimate, in its coordinate.
    fn acceleration(&self, objective: &Objective) -> Vec<f64> {
        let n = objective.coordinates();
        let mut without: Vec<(usize, usize)> = Vec::new();
        for (segment, units) in self.units.iter().enumerate() {
            let blocks = units.count.min(MOST_LEFT_OUT);
            without.extend((0..blocks).map(|block| (segment, block)));
        }
        let memory = || (Descent::new(objective), objective.workspace());
        let one = |(descent, workspace): &mut (Descent, Workspace), (segment, block): (usize, usize)| {
            let units = &self.units[segment];
            let blocks = units.count.min(MOST_LEFT_OUT);
            let left_out =
                |row: usize| units.rows.contains(&row) && units.numbers[row - units.rows.start] % blocks == block;
            let weights = objective.weights(|row| if left_out(row) { 0.0 } else { self.weights[row] });
            descent.point.copy_from_slice(&self.best.inside);
            down(descent, self.rungs, workspace, &weights, DRAW);
            descent.state.value.is_finite().then(|| descent.point.clone())
        };
        let points: Vec<Vec<f64>> =
            without.into_par_iter().map_init(memory, one).collect::<Vec<_>>().into_iter().flatten().collect();
        let of = |k: usize| {
            let mean = points.iter().map(|point| point[k]).sum::<f64>() / points.len().max(1) as f64;
            let off = points.iter().map(|point| mean - point[k]);
            let (squares, cubes) = off.fold((0.0, 0.0), |(two, three), d| (two + d * d, three + d * d * d));
            let found: f64 = cubes / (6.0 * squares * squares.sqrt());
            if found.is_finite() { found } else { 0.0 }
        };
        (0..n).map(of).collect()
    }
}

/// What a thread needs for its draws.
struct Memory {
    descent: Descent,
    workspace: Workspace,
    /// A number for each row: its weight, or its target.
    rows: Vec<f64>,
    met: Vec<bool>,
    rungs: Vec<Objective>,
}

struct Residuals {
    model: Vec<f64>,
    sizes: Vec<f64>,
}

impl Draws {
    /// What the intervals of a group rest on.
    pub fn resampling(&self, units: &Units) -> Resampling {
        Resampling {
            unit: units.unit,
            units: units.count,
            draws: self.asked,
            used: self.used.len(),
            sample: self.sample,
        }
    }

    /// A parameter's values in all used draws, sorted; none where too few could be fitted.
    fn sorted(&self, parameter: usize) -> Option<Vec<f64>> {
        if (self.used.len() as f64) < ENOUGH * self.asked as f64 {
            return None;
        }
        let mut values: Vec<f64> = self.used.iter().map(|draw| draw.parameters[parameter]).collect();
        values.sort_by(f64::total_cmp);
        Some(values)
    }

    /// The interval of a parameter that holds the middle of the draws, as much of them as the sample needs for that `confidence`.
    pub fn interval(&self, parameter: usize, confidence: f64) -> Option<Interval> {
        let values = self.sorted(parameter)?;
        let tail = self.sample.tail(confidence);
        Some(Interval { low: quantile(&values, tail)?, high: quantile(&values, 1.0 - tail)? })
    }

    /// The interval whose ends are moved by the draws' bias from the estimate and by its acceleration (BCa, Efron 1987). None where all draws
    /// lie on one side of the estimate.
    pub fn accelerated(&self, parameter: usize, estimate: f64, confidence: f64) -> Option<Interval> {
        let values = self.sorted(parameter)?;
        let below = values.iter().filter(|value| **value < estimate).count() as f64;
        let equal = values.iter().filter(|value| **value == estimate).count() as f64;
        let part = (below + 0.5 * equal) / values.len() as f64;
        if part <= 0.0 || part >= 1.0 {
            return None;
        }
        let bias = normal::quantile(part);
        let tail = self.sample.tail(confidence);
        let end = |at: f64| {
            let moved = bias + normal::quantile(at);
            let left = 1.0 - self.acceleration[parameter] * moved;
            (left > 0.0).then(|| normal::cumulative(bias + moved / left))
        };
        Some(Interval { low: quantile(&values, end(tail)?)?, high: quantile(&values, end(1.0 - tail)?)? })
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

    const MANY: Sample = Sample { rows: 1e9, units: 1e9, parameters: 3.0, enlarged: false };

    #[test]
    fn without_bias_and_acceleration_both_intervals_are_one() {
        let used = (0..=1000).map(|i| Draw { number: i, parameters: vec![i as f64] }).collect();
        let draws = Draws { asked: 1001, used, acceleration: vec![0.0], sample: MANY };
        let (plain, moved) = (draws.interval(0, 0.9).unwrap(), draws.accelerated(0, 500.0, 0.9).unwrap());
        assert!((plain.low - moved.low).abs() < 1e-6 && (plain.high - moved.high).abs() < 1e-6);
        assert!(draws.accelerated(0, 550.0, 0.9).unwrap().low > plain.low, "draws lie lower than the estimate");
        assert_eq!(draws.accelerated(0, -1.0, 0.9), None);
    }
}
