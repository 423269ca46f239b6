//! How far estimates are from the truth, and how often intervals hold it.
//!
//! `./test long` fits 1,000 data sets of every law; `SYNX_PLANTED` names one law, `SYNX_SETS` another number of data sets. What comes out stands in
//! `spec/laws/coverage.md`.

use rayon::prelude::*;

use synx_plan::exact::Exact;
use synx_plan::law::Formula;

use super::{NOISE, Planted, library};
use crate::{Options, ParameterEstimate, Prediction, fit};

const LONG: bool = cfg!(feature = "long");

/// Draws of a data set: fewer where a fit has many parameters and takes long.
fn draws(planted: &Planted) -> u64 {
    if LONG && planted.parameters.len() < MANY { 200 } else { 100 }
}

/// Parameters from which on a law takes as long as many others.
const MANY: usize = 7;

/// Between which parts of a law's intervals hold the truth. Parameters of one data set hold it together or not at all, so few data sets leave much open.
fn allowed(sets: u64) -> (f64, f64) {
    match sets {
        200.. => (0.92, 0.98),
        40.. => (0.88, 0.995),
        _ => (0.85, 1.0),
    }
}

/// How far the middle estimate may be from the truth, in standard deviations of estimates: the bias of estimates in which a law is not linear, and what
/// so many data sets leave open (four standard errors and more of a middle one).
fn bias_allowed(sets: usize) -> f64 {
    0.3 + 5.0 / (sets as f64).sqrt()
}

/// Data sets: fewer in the quick test of a law with many parameters, which takes as long as all others together.
fn sets(planted: &Planted) -> u64 {
    let sets = std::env::var("SYNX_SETS").ok().map(|sets| sets.parse().unwrap());
    sets.unwrap_or(match (LONG, planted.parameters.len()) {
        (true, _) => 1000,
        (false, MANY..) => 8,
        (false, _) => 40,
    })
}

/// What became of a parameter over all data sets.
struct Tally {
    truth: f64,
    found: Vec<ParameterEstimate>,
}

impl Tally {
    fn holding(&self, interval: impl Fn(&ParameterEstimate) -> Option<(f64, f64)>) -> usize {
        let holds = |(low, high): (f64, f64)| low <= self.truth && self.truth <= high;
        self.found.iter().filter_map(interval).filter(|ends| holds(*ends)).count()
    }

    fn intervals(&self) -> usize {
        self.found.iter().filter(|p| p.low.is_some()).count()
    }

    fn covered(&self) -> usize {
        self.holding(|p| p.low.zip(p.high))
    }

    fn accelerated(&self) -> usize {
        self.holding(|p| p.bca.map(|i| (i.low, i.high)))
    }

    fn quantile(&self, part: f64) -> f64 {
        let mut estimates: Vec<f64> = self.found.iter().map(|p| p.estimate).collect();
        estimates.sort_by(f64::total_cmp);
        estimates[((estimates.len() - 1) as f64 * part).round() as usize]
    }

    /// The standard deviation of estimates, from their middle four fifths, which far ones do not move.
    fn spread(&self) -> f64 {
        (self.quantile(0.9) - self.quantile(0.1)) / 2.563
    }

    /// How far the middle estimate is from the truth, in standard deviations.
    fn bias(&self) -> f64 {
        (self.quantile(0.5) - self.truth) / self.spread()
    }
}

/// Fits so many data sets of a law: a tally for each parameter, and for each data set how far the fitted curve is from the true one (root mean square).
fn tally(planted: &Planted, sets: u64, draws: u64) -> (Vec<Tally>, Vec<f64>) {
    let law = Formula { bootstrap: draws, confidence: Exact::from_decimal("0.95").unwrap(), ..planted.formula() };
    let clean = planted.data(0.0, 0);
    let clean = clean.numbers("loss").unwrap();
    let one = |set: u64| {
        let found = fit(planted.name, &law, &planted.data(NOISE, set), &Options::default()).unwrap();
        let fit = found.groups.into_iter().next().unwrap();
        let off = |p: &Prediction| (p.predicted / clean[p.row] - 1.0).powi(2);
        let off = fit.predictions.iter().map(off).sum::<f64>() / clean.len() as f64;
        (fit.parameters, off.sqrt())
    };
    let (parameters, off): (Vec<_>, Vec<f64>) = (0..sets).into_par_iter().map(one).unzip();
    let of = |(k, (_, truth)): (usize, &(String, f64))| Tally {
        truth: *truth,
        found: parameters.iter().map(|found| found[k].clone()).collect(),
    };
    (planted.parameters.iter().enumerate().map(of).collect(), off)
}

/// For each law and data set the curve is found; for each parameter the middle estimate is near the truth; and intervals of 95 % hold it about as often as
/// they say. A parameter that a data set does not tell has no interval there, and does not count.
#[test]
fn estimates_are_near_the_truth_and_intervals_hold_it() {
    let only = std::env::var("SYNX_PLANTED").ok();
    let chosen = |planted: &Planted| only.as_ref().is_none_or(|only| only == planted.name);
    for planted in library().into_iter().filter(chosen) {
        let sets = sets(&planted);
        let (tallies, off) = tally(&planted, sets, draws(&planted));
        let (mut intervals, mut covered) = (0, 0);
        let farthest = off.iter().copied().fold(0.0, f64::max);
        for (tally, (text, _)) in tallies.iter().zip(&planted.parameters) {
            let name = text.split(' ').next().unwrap();
            let part = |count: usize| 100.0 * count as f64 / tally.intervals().max(1) as f64;
            println!(
                "| `{}` | `{name}` | {} | {} | {:.1} % | {:.1} % | {:+.2} | {:.1} % |",
                planted.name,
                tally.truth,
                tally.intervals(),
                part(tally.covered()),
                part(tally.accelerated()),
                tally.bias(),
                100.0 * tally.spread() / tally.truth.abs(),
            );
            intervals += tally.intervals();
            covered += tally.covered();
        }
        let part = covered as f64 / intervals.max(1) as f64;
        println!("{}: {:.4} of {intervals} intervals; curves off by up to {farthest:.5}", planted.name, part);
        assert!(farthest < 0.75 * NOISE, "{}: a curve is off by {farthest}", planted.name);
        for (tally, (text, _)) in tallies.iter().zip(&planted.parameters) {
            let off = tally.bias();
            assert!(
                off.abs() <= bias_allowed(tally.found.len()),
                "{} {text}: the middle estimate is {off} deviations off",
                planted.name
            );
            let told = tally.intervals() as f64 / tally.found.len() as f64;
            assert!(told >= 0.9, "{} {text}: told by {told} of data sets", planted.name);
            assert!(tally.found.iter().all(|p| p.low.is_some() == p.identified), "{} {text}", planted.name);
        }
        let (least, most) = allowed(sets);
        assert!((least..=most).contains(&part), "{}: {part} of {intervals}", planted.name);
    }
}
