//! Random processes with a known entropy rate.
//!
//! Every kind is a unifilar machine: a state gives each symbol a probability, and state and symbol together say the next
//! state. With the stationary distribution π of the states, the entropy rate is Σ π(state) · H(symbol | state), in nats a
//! symbol: given the first state the symbols say all states after it, so the entropy of n symbols given that state is n
//! times this sum, and the first state adds at most ln(states) in all (Cover and Thomas 2006, section 4.2; for unifilar
//! sources Shalizi and Crutchfield 2001). No model's loss on a long stretch can be below it by more than chance.

mod machine;
mod sample;
mod stationary;

use synx_plan::corpus::Process;
use synx_plan::problem::Problem;

pub use machine::Machine;
pub(crate) use sample::{lengths, sample};

/// The entropy rate of a process in nats a token, in closed form from its stationary distribution.
///
/// Refuses a process out of range (E0928).
pub fn entropy_rate(process: &Process) -> Result<f64, Problem> {
    Ok(Machine::new(process)?.entropy_rate())
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_plan::corpus::ProcessKind;
    use synx_plan::exact::Exact;

    fn decimal(text: &str) -> Exact {
        Exact::from_decimal(text).unwrap()
    }

    fn process(kind: ProcessKind, symbols: u64) -> Process {
        Process { kind, symbols, tokens: 400_000, seed: 3 }
    }

    fn kinds() -> Vec<Process> {
        let concentration = || decimal("0.5");
        vec![
            process(ProcessKind::Markov { order: 0, concentration: concentration() }, 8),
            process(ProcessKind::Markov { order: 1, concentration: concentration() }, 16),
            process(ProcessKind::Markov { order: 3, concentration: decimal("0.1") }, 4),
            process(ProcessKind::Hmm { states: 5, concentration: decimal("0.2") }, 6),
            process(ProcessKind::Zipf { exponent: decimal("1.1") }, 255),
        ]
    }

    #[test]
    fn the_cross_entropy_under_the_true_conditionals_is_the_entropy_rate() {
        for process in kinds() {
            let machine = Machine::new(&process).unwrap();
            let (symbols, states) = machine.walk(process.tokens, 0);
            let losses: Vec<f64> =
                symbols.iter().zip(&states).map(|(&x, &state)| -machine.probability(state, x).ln()).collect();
            let n = losses.len() as f64;
            let mean = losses.iter().sum::<f64>() / n;
            // Losses of neighbours hang together: the error of the mean is taken from means of long blocks.
            let blocks: Vec<f64> = losses.chunks(2000).map(|b| b.iter().sum::<f64>() / b.len() as f64).collect();
            let spread = blocks.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (blocks.len() - 1) as f64;
            let error = (spread / blocks.len() as f64).sqrt();
            let rate = machine.entropy_rate();
            assert!((mean - rate).abs() < 4.5 * error, "{process:?}: {mean} against {rate} ± {error}");
            assert!(error < 0.01 && rate > 0.05, "{process:?}: {rate} ± {error}");
        }
    }

    #[test]
    fn rates_of_hand_sized_processes_are_the_textbook_ones() {
        let zipf = process(ProcessKind::Zipf { exponent: decimal("1") }, 2);
        let (p, q) = (2.0 / 3.0, 1.0 / 3.0f64);
        let entropy = -f64::ln(p) * p - q.ln() * q;
        assert!((entropy_rate(&zipf).unwrap() - entropy).abs() < 1e-12);
        let uniform = process(ProcessKind::Zipf { exponent: decimal("0") }, 10);
        assert!((entropy_rate(&uniform).unwrap() - 10f64.ln()).abs() < 1e-12);
        // A very strong prior makes every row uniform.
        let strong = process(ProcessKind::Markov { order: 2, concentration: decimal("1000000") }, 5);
        assert!((entropy_rate(&strong).unwrap() - 5f64.ln()).abs() < 1e-4);
    }

    #[test]
    fn a_stretch_starts_in_the_stationary_distribution() {
        let process = process(ProcessKind::Markov { order: 1, concentration: decimal("0.3") }, 4);
        let machine = Machine::new(&process).unwrap();
        let n = 20_000;
        let mut first = [0u64; 4];
        for stretch in 0..n {
            first[usize::from(machine.walk(1, stretch).0[0])] += 1;
        }
        let stationary = machine.stationary();
        for (count, p) in first.iter().zip(stationary) {
            // A first symbol is a step from a stationary state, so it is stationary itself.
            let error = (p * (1.0 - p) / n as f64).sqrt();
            assert!((*count as f64 / n as f64 - p).abs() < 4.5 * error + 1e-9);
        }
    }

    #[test]
    fn equal_declarations_give_equal_symbols_and_seeds_and_stretches_others() {
        let process = &kinds()[1];
        let machine = Machine::new(process).unwrap();
        assert_eq!(machine.walk(100, 0), Machine::new(process).unwrap().walk(100, 0));
        assert_ne!(machine.walk(100, 0), machine.walk(100, 1));
        let other = Machine::new(&Process { seed: 4, ..process.clone() }).unwrap();
        assert_ne!(machine.walk(100, 0), other.walk(100, 0));
    }

    #[test]
    fn a_process_out_of_range_is_refused() {
        let half = || decimal("0.5");
        let markov = |order, concentration| ProcessKind::Markov { order, concentration };
        for bad in [
            process(markov(1, half()), 1),
            process(markov(1, half()), 256),
            process(markov(3, half()), 255),
            process(markov(u64::MAX, half()), 2),
            process(markov(1, decimal("0")), 4),
            process(markov(1, decimal("-1")), 4),
            process(ProcessKind::Hmm { states: 0, concentration: half() }, 4),
            process(ProcessKind::Hmm { states: 1 << 40, concentration: half() }, 4),
            process(ProcessKind::Zipf { exponent: decimal("-1") }, 4),
            process(ProcessKind::Zipf { exponent: decimal("1e300") }, 4),
        ] {
            assert_eq!(entropy_rate(&bad).unwrap_err().code, "E0928", "{bad:?}");
        }
    }
}
