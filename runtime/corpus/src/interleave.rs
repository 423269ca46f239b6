//! The interleaving of a mixture's sources: which source gives the sequence at each position of a run.
//!
//! Position p goes to the source with the largest deficit `share · (p + 1) − given so far`; ties go to the first. With the
//! shares as integers over their common denominator D this is smooth weighted round-robin: each credit grows by its
//! weight, the largest is picked and pays D. A credit falls only when it is picked while positive, so it stays above −D;
//! after D positions the credits are multiples of D above −D that sum to zero, hence all zero: the order repeats with
//! period D, and every period gives each source exactly its share.

use std::sync::{Mutex, PoisonError};

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, ToPrimitive};
use synx_plan::exact::Exact;
use synx_plan::problem::Problem;

/// Up to this common denominator the order of one period is kept as a table (6 bytes a position). Arbitrary: 6 MiB.
const LARGEST_TABLE: i128 = 1 << 20;

/// Positions between two remembered states where no table is kept. Arbitrary: a jump replays at most this many.
const STRIDE: u64 = 1 << 16;

/// Largest common denominator in bits: credits stay below sources · D, which must fit 127 bits.
const LARGEST_BITS: u64 = 100;

/// Which source each position of a run is given to: a pure function of the shares and the position.
#[derive(Debug)]
pub struct Interleaving {
    weights: Vec<i128>,
    common: i128,
    order: Order,
}

#[derive(Debug)]
enum Order {
    Period { source: Vec<u16>, ordinal: Vec<u32> },
    Walk(Mutex<Walk>),
}

#[derive(Debug)]
struct Walk {
    remembered: Vec<State>,
    now: State,
}

/// The state before `position` is given away.
#[derive(Debug, Clone)]
struct State {
    position: u64,
    credits: Vec<i128>,
    given: Vec<u64>,
}

impl State {
    fn start(sources: usize) -> State {
        State { position: 0, credits: vec![0; sources], given: vec![0; sources] }
    }

    /// Gives the next position away: to which source, and how many that source had before.
    fn step(&mut self, weights: &[i128], common: i128) -> (usize, u64) {
        for (credit, weight) in self.credits.iter_mut().zip(weights) {
            *credit += weight;
        }
        let mut largest = 0;
        for source in 1..self.credits.len() {
            if self.credits[source] > self.credits[largest] {
                largest = source;
            }
        }
        self.credits[largest] -= common;
        self.position += 1;
        let ordinal = self.given[largest];
        self.given[largest] += 1;
        (largest, ordinal)
    }
}

impl Interleaving {
    /// The interleaving of sources with these shares, in canonical order.
    ///
    /// Refuses shares that are negative, do not sum to one, or need a common denominator of more than 100 bits (E0930).
    pub fn new(shares: &[Exact]) -> Result<Interleaving, Problem> {
        let wrong = |headline: String| Err(Problem::new("E0930", headline));
        if shares.is_empty() || shares.len() > usize::from(u16::MAX) {
            return wrong(format!("a mixture needs 1 to {} sources, not {}", u16::MAX, shares.len()));
        }
        if let Some(share) = shares.iter().find(|share| share.is_negative()) {
            return wrong(format!("a share of {} is below zero", share.short()));
        }
        let sum = shares.iter().fold(Exact::zero(), |sum, share| sum.add(share));
        if sum != Exact::one() {
            return wrong(format!("the shares sum to {}, not to 1", sum.short()));
        }
        let mut common = BigInt::one();
        for share in shares {
            common = common.lcm(&share.denominator());
            if common.bits() > LARGEST_BITS {
                return Err(Problem::new("E0930", "the shares have no common denominator below 2^100")
                    .help("write the shares with fewer digits"));
            }
        }
        let fits = "a weight is at most the common denominator, which has at most 100 bits";
        let weights: Vec<i128> = shares
            .iter()
            .map(|share| (share.numerator() * (&common / share.denominator())).to_i128().expect(fits))
            .collect();
        let common = common.to_i128().expect(fits);
        let start = State::start(weights.len());
        let order = if common <= LARGEST_TABLE {
            let mut state = start;
            let (source, ordinal) = (0..common)
                .map(|_| {
                    let (source, ordinal) = state.step(&weights, common);
                    (source as u16, ordinal as u32)
                })
                .unzip();
            Order::Period { source, ordinal }
        } else {
            Order::Walk(Mutex::new(Walk { remembered: vec![start.clone()], now: start }))
        };
        Ok(Interleaving { weights, common, order })
    }

    pub fn sources(&self) -> usize {
        self.weights.len()
    }

    /// The source that `position` is given to, and how many positions that source was given before.
    pub fn at(&self, position: u64) -> (usize, u64) {
        match &self.order {
            Order::Period { source, ordinal } => {
                let period = source.len() as u64;
                let (turn, place) = (position / period, (position % period) as usize);
                let source = usize::from(source[place]);
                (source, turn * self.weights[source] as u64 + u64::from(ordinal[place]))
            }
            Order::Walk(walk) => {
                let mut walk = walk.lock().unwrap_or_else(PoisonError::into_inner);
                walk.go_to(position, &self.weights, self.common);
                walk.step(&self.weights, self.common)
            }
        }
    }

    /// How many of the first `positions` positions each source is given.
    pub fn counts(&self, positions: u64) -> Vec<u64> {
        match &self.order {
            Order::Period { source, .. } => {
                let period = source.len() as u64;
                let (turns, rest) = (positions / period, (positions % period) as usize);
                let mut counts: Vec<u64> = self.weights.iter().map(|&weight| turns * weight as u64).collect();
                for &source in &source[..rest] {
                    counts[usize::from(source)] += 1;
                }
                counts
            }
            Order::Walk(walk) => {
                let mut walk = walk.lock().unwrap_or_else(PoisonError::into_inner);
                walk.go_to(positions, &self.weights, self.common);
                walk.now.given.clone()
            }
        }
    }
}

impl Walk {
    /// Makes `now` the state before `position`, from the nearest state known.
    fn go_to(&mut self, position: u64, weights: &[i128], common: i128) {
        let nearest = ((position / STRIDE) as usize).min(self.remembered.len() - 1);
        if self.now.position > position || self.now.position < self.remembered[nearest].position {
            self.now = self.remembered[nearest].clone();
        }
        while self.now.position < position {
            self.step(weights, common);
        }
    }

    fn step(&mut self, weights: &[i128], common: i128) -> (usize, u64) {
        let given = self.now.step(weights, common);
        if self.now.position == self.remembered.len() as u64 * STRIDE {
            self.remembered.push(self.now.clone());
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(text: &[&str]) -> Vec<Exact> {
        text.iter().map(|t| t.parse().unwrap()).collect()
    }

    /// The definition, word by word: the largest deficit of exact shares.
    fn by_definition(shares: &[Exact], positions: u64) -> Vec<usize> {
        let mut given = vec![0u64; shares.len()];
        (0..positions)
            .map(|position| {
                let deficit =
                    |k: usize, given: &[u64]| shares[k].mul(&Exact::from(position + 1)).sub(&Exact::from(given[k]));
                let mut largest = 0;
                for k in 1..shares.len() {
                    if deficit(k, &given) > deficit(largest, &given) {
                        largest = k;
                    }
                }
                given[largest] += 1;
                largest
            })
            .collect()
    }

    #[test]
    fn a_position_goes_to_the_largest_deficit() {
        for text in
            [&["1/3", "2/3"][..], &["1/2", "1/3", "1/6"], &["1"], &["0", "7/10", "3/10"], &["1/7", "2/7", "3/7", "1/7"]]
        {
            let shares = shares(text);
            let order = Interleaving::new(&shares).unwrap();
            let got: Vec<usize> = (0..200).map(|p| order.at(p).0).collect();
            assert_eq!(got, by_definition(&shares, 200), "{text:?}");
        }
    }

    #[test]
    fn every_period_gives_each_source_exactly_its_share() {
        let order = Interleaving::new(&shares(&["1/2", "1/3", "1/6"])).unwrap();
        for turn in 0..5u64 {
            let before = order.counts(turn * 6);
            let after = order.counts((turn + 1) * 6);
            let gained: Vec<u64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
            assert_eq!(gained, [3, 2, 1]);
        }
    }

    #[test]
    fn an_ordinal_counts_the_positions_of_its_source() {
        let order = Interleaving::new(&shares(&["3/10", "7/10"])).unwrap();
        let mut given = [0u64; 2];
        for position in 0..100 {
            assert_eq!(order.counts(position), given);
            let (source, ordinal) = order.at(position);
            assert_eq!(ordinal, given[source]);
            given[source] += 1;
        }
    }

    #[test]
    fn shares_of_many_digits_are_walked_and_any_position_can_be_asked_first() {
        let text = ["123456789012345/1000000000000000", "876543210987655/1000000000000000"];
        let order = Interleaving::new(&shares(&text)).unwrap();
        let forward: Vec<_> = (0..200_000).map(|p| order.at(p)).collect();
        for p in [199_999, 0, 65_536, 65_535, 131_072, 7] {
            let fresh = Interleaving::new(&shares(&text)).unwrap();
            assert_eq!(fresh.at(p), forward[p as usize]);
            assert_eq!(order.at(p), forward[p as usize]);
        }
        assert_eq!(order.counts(200_000).iter().sum::<u64>(), 200_000);
        let definition = by_definition(&shares(&text), 500);
        assert!(forward[..500].iter().map(|(source, _)| *source).eq(definition));
    }

    #[test]
    fn shares_that_do_not_sum_to_one_are_refused() {
        for text in [&["1/2", "1/3"][..], &["3/2", "-1/2"], &[]] {
            assert_eq!(Interleaving::new(&shares(text)).unwrap_err().code, "E0930");
        }
    }
}
