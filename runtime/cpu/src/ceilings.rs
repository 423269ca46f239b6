//! What a core gives at most, measured: the roofline that kernels are held against (Williams et al. 2009).

use std::hint::black_box;
use std::time::Instant;

use synx_plan::executor::Ceilings;

use crate::Instructions;
use crate::simd::{Simd, kernel};

/// Chains that run side by side: as many as hide a multiply-add's latency, and fewer where registers are few.
const CHAINS: usize = 12;
const FEW: usize = 6;

/// Measurements, of which the best counts: what else the machine does only slows them.
const TRIALS: usize = 5;

/// Multiply-adds of a chain in one measurement: some milliseconds.
const ROUNDS: usize = 1 << 21;

/// Numbers of each of the three rows that are streamed: together more than a cache holds.
const STREAMED: usize = 1 << 24;

pub(crate) fn ceilings(instructions: Instructions) -> Ceilings {
    let mut flops = 0f64;
    for _ in 0..TRIALS {
        let start = Instant::now();
        let chains = black_box(multiply_adds(instructions, black_box(ROUNDS)));
        flops = flops.max((chains * 16 * 2 * ROUNDS) as f64 / start.elapsed().as_secs_f64());
    }
    let (a, b, mut out) = (vec![1.0f32; STREAMED], vec![2.0f32; STREAMED], vec![0.0f32; STREAMED]);
    let mut bytes = 0f64;
    for _ in 0..TRIALS {
        let start = Instant::now();
        triad(instructions, black_box(&a), black_box(&b), &mut out);
        black_box(&out);
        bytes = bytes.max((3 * 4 * STREAMED) as f64 / start.elapsed().as_secs_f64());
    }
    Ceilings { flops, bytes, dispatch: None }
}

kernel! {
    /// Independent chains of multiply-adds, `rounds` long; how many chains of sixteen lanes there were.
    fn multiply_adds(s; rounds: usize) -> usize {
        if S::MANY_REGISTERS { chains::<S, CHAINS>(s, rounds) } else { chains::<S, FEW>(s, rounds) }
    }

    /// `out = a + 3 b`.
    fn triad(s; a: &[f32], b: &[f32], out: &mut [f32]) {
        let factor = s.splat(3.0);
        for i in (0..out.len()).step_by(16) {
            s.put(out, i, s.mul_add(s.at(b, i), factor, s.at(a, i)));
        }
    }
}

#[inline(always)]
fn chains<S: Simd, const COUNT: usize>(s: S, rounds: usize) -> usize {
    let (factor, addend) = (s.splat(black_box(0.999)), s.splat(black_box(0.001)));
    let mut sums = [s.zero(); COUNT];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = s.mul_add(*sum, factor, addend);
        }
    }
    black_box(sums.map(|sum| s.sum(sum)));
    COUNT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_computes_and_moves_something() {
        let ceilings = ceilings(Instructions::detect());
        assert!(ceilings.flops > 1e8 && ceilings.bytes > 1e8, "{ceilings:?}");
    }
}
