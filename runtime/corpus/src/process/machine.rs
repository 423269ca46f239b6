//! The unifilar machine that a process is.

use synx_plan::corpus::{Process, ProcessKind};
use synx_plan::exact::Exact;
use synx_plan::problem::Problem;
use synx_plan::random::Stream;

use super::stationary::stationary;

/// Most states of a machine: the stationary distribution takes their third power in time, about two seconds at this size.
const MOST_STATES: u64 = 2048;

/// The part of each row that is spread evenly over the symbols, so that every symbol can follow in every state and a chain
/// with rows close to certainty still leaves where it started. The entropy rate is that of the mixed rows.
const SPREAD: f64 = 1.0 / 1024.0;

/// A process as states, the probabilities of symbols in each, and the state after each.
#[derive(Debug)]
pub struct Machine {
    symbols: usize,
    /// `[states, symbols]`.
    probabilities: Vec<f64>,
    /// Running sums of each row, `[states, symbols]`; the last is 1.
    cumulative: Vec<f64>,
    /// `[states, symbols]`.
    next: Vec<u32>,
    stationary: Vec<f64>,
    draws: Stream,
}

impl Machine {
    /// The machine of a process; E0928 where it is out of range.
    pub fn new(process: &Process) -> Result<Machine, Problem> {
        let symbols = process.symbols;
        if !(2..=255).contains(&symbols) {
            return Err(out_of_range(&format!("a process of {symbols} symbols")).help("`symbols` is 2 to 255"));
        }
        // Not the length: a longer stretch begins like a shorter one.
        let identity = (&process.kind, symbols, process.seed);
        let rows = Stream::new("process.rows/1", &identity);
        let width = symbols as usize;
        let (states, probabilities, next): (usize, Vec<f64>, Vec<u32>) = match &process.kind {
            ProcessKind::Markov { order, concentration } => {
                let states = u32::try_from(*order).ok().and_then(|order| symbols.checked_pow(order));
                let states = states.filter(|states| *states <= MOST_STATES).ok_or_else(|| {
                    out_of_range(&format!("a chain of order {order} over {symbols} symbols"))
                        .note(format!("it has symbols ^ order states; {MOST_STATES} at most"))
                        .help("use a lower order or fewer symbols")
                })?;
                let probabilities = dirichlet_rows(rows, states, symbols, in_range("concentration", concentration)?);
                let next = |state: u64| (0..symbols).map(move |x| ((state * symbols + x) % states) as u32);
                (states as usize, probabilities, (0..states).flat_map(next).collect())
            }
            ProcessKind::Hmm { states, concentration } => {
                if !(1..=MOST_STATES).contains(states) {
                    return Err(out_of_range(&format!("a hidden Markov model of {states} states"))
                        .help(format!("`states` is 1 to {MOST_STATES}")));
                }
                let probabilities = dirichlet_rows(rows, *states, symbols, in_range("concentration", concentration)?);
                let arrows = Stream::new("process.arrows/1", &identity);
                let next = |state: u64| {
                    // One symbol of each state leads to the state after it: a ring through all states, so that each is
                    // reached from each. The other symbols lead anywhere.
                    let ring = arrows.below(state * (symbols + 1), symbols);
                    (0..symbols).map(move |x| {
                        let to = if x == ring {
                            (state + 1) % states
                        } else {
                            arrows.below(state * (symbols + 1) + 1 + x, *states)
                        };
                        to as u32
                    })
                };
                (*states as usize, probabilities, (0..*states).flat_map(next).collect())
            }
            ProcessKind::Zipf { exponent } => {
                let value = exponent.to_f64();
                if !(0.0..=100.0).contains(&value) {
                    return Err(
                        out_of_range(&format!("an exponent of {}", exponent.short())).help("`exponent` is 0 to 100")
                    );
                }
                // Which symbol has which rank is drawn, so that ids say nothing about frequencies.
                let weight = |x: u64| libm::pow((rows.permutation(symbols, x) + 1) as f64, -value);
                (1, normalised((0..symbols).map(weight).collect()), vec![0; width])
            }
        };
        let cumulative = probabilities.chunks(width).flat_map(running_sums).collect();
        let stationary = stationary(states, |from, add| {
            for x in 0..width {
                add(next[from * width + x] as usize, probabilities[from * width + x]);
            }
        });
        let draws = Stream::new("process.draws/1", &identity);
        Ok(Machine { symbols: width, probabilities, cumulative, next, stationary, draws })
    }

    /// The probability of `symbol` in `state`.
    pub fn probability(&self, state: u32, symbol: u8) -> f64 {
        self.probabilities[state as usize * self.symbols + usize::from(symbol)]
    }

    /// The state after `symbol` in `state`.
    pub fn next(&self, state: u32, symbol: u8) -> u32 {
        self.next[state as usize * self.symbols + usize::from(symbol)]
    }

    /// The stationary distribution of the states.
    pub fn stationary(&self) -> &[f64] {
        &self.stationary
    }

    /// Entropy rate in nats a symbol.
    pub fn entropy_rate(&self) -> f64 {
        let entropy = |row: &[f64]| row.iter().filter(|p| **p > 0.0).map(|p| -p * libm::log(*p)).sum::<f64>();
        self.probabilities.chunks(self.symbols).zip(&self.stationary).map(|(row, weight)| weight * entropy(row)).sum()
    }

    /// `tokens` symbols from the stationary distribution on, and the state before each. `stretch` numbers independent walks.
    pub fn walk(&self, tokens: u64, stretch: u64) -> (Vec<u8>, Vec<u32>) {
        let mut states = Vec::with_capacity(tokens as usize);
        let symbols = self.symbols_of(tokens, stretch, |state| states.push(state));
        (symbols, states)
    }

    pub(super) fn symbols_of(&self, tokens: u64, stretch: u64, mut each: impl FnMut(u32)) -> Vec<u8> {
        let draws = self.draws.child(stretch);
        let mut state = chosen(&running_sums(&self.stationary).collect::<Vec<_>>(), draws.uniform(0)) as u32;
        (0..tokens)
            .map(|at| {
                each(state);
                let row = &self.cumulative[state as usize * self.symbols..][..self.symbols];
                let symbol = chosen(row, draws.uniform(at + 1)) as u8;
                state = self.next(state, symbol);
                symbol
            })
            .collect()
    }
}

fn out_of_range(what: &str) -> Problem {
    Problem::new("E0928", format!("{what} cannot be made"))
}

fn in_range(name: &str, value: &Exact) -> Result<f64, Problem> {
    let number = value.to_f64();
    if (1e-3..=1e6).contains(&number) {
        return Ok(number);
    }
    Err(out_of_range(&format!("a {name} of {}", value.short())).help(format!("`{name}` is 0.001 to 1,000,000")))
}

/// The first place whose running sum is above `draw`.
fn chosen(cumulative: &[f64], draw: f64) -> usize {
    cumulative.partition_point(|sum| *sum <= draw).min(cumulative.len() - 1)
}

fn running_sums(row: &[f64]) -> impl Iterator<Item = f64> {
    let last = row.len() - 1;
    row.iter().enumerate().scan(0.0, move |sum, (at, p)| {
        *sum += p;
        Some(if at == last { 1.0 } else { *sum })
    })
}

fn normalised(mut weights: Vec<f64>) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}

/// Rows drawn from a symmetric Dirichlet distribution, each mixed with the uniform one.
fn dirichlet_rows(stream: Stream, rows: u64, symbols: u64, concentration: f64) -> Vec<f64> {
    (0..rows)
        .flat_map(|row| {
            let row = stream.child(row);
            let logs: Vec<f64> = (0..symbols).map(|x| log_gamma_draw(row.child(x), concentration)).collect();
            let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let drawn = normalised(logs.iter().map(|log| libm::exp(log - largest)).collect());
            drawn.into_iter().map(move |p| (1.0 - SPREAD) * p + SPREAD / symbols as f64)
        })
        .collect()
}

/// The logarithm of a draw from Gamma(shape, 1), by Marsaglia and Tsang (2000); in logarithms, because at small shapes the draws
/// themselves are too small for a float.
fn log_gamma_draw(stream: Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        // Gamma(a) is Gamma(a + 1) times a uniform to the power 1 / a.
        return log_gamma_draw(stream.child(0), shape + 1.0) + libm::log(1.0 - stream.uniform(0)) / shape;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    let (normals, uniforms) = (stream.child(1), stream.child(2));
    for attempt in 0.. {
        let x = normals.normal(attempt);
        let v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
        if v > 0.0 && libm::log(1.0 - uniforms.uniform(attempt)) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return libm::log(d * v);
        }
    }
    unreachable!("each attempt is taken with probability above 0.95")
}
