//! Counter-based randomness: every draw is a function of what it belongs to and its number, so that any draw can be made
//! without the draws before it, in any order, on any thread.

use crate::key::Key;
use serde::Serialize;

/// A keyed source of draws. The same key and index give the same draw for ever.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of a thing: `kind` says what is drawn (`"initialisation/1"`), `value` which one.
    pub fn new(kind: &str, value: &impl Serialize) -> Stream {
        let bytes = *Key::of(kind, value).as_bytes();
        let mut head = [0; 8];
        head.copy_from_slice(&bytes[..8]);
        Stream { key: u64::from_le_bytes(head) }
    }

    /// A stream within this one.
    #[must_use]
    pub fn child(self, index: u64) -> Stream {
        Stream { key: mix(self.at(index) ^ 0x6a09_e667_f3bc_c909) }
    }

    /// 64 uniform bits: SplitMix64 (Steele, Lea, Flood 2014) run twice over key and counter.
    pub fn at(self, index: u64) -> u64 {
        mix(mix(self.key ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(self.key))
    }

    /// Uniform in [0, 1), 53 bits.
    pub fn uniform(self, index: u64) -> f64 {
        (self.at(index) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in 0..n, by multiplication (bias below n / 2^64). Zero for n = 0.
    pub fn below(self, index: u64, n: u64) -> u64 {
        ((u128::from(self.at(index)) * u128::from(n)) >> 64) as u64
    }

    /// Standard normal, by Box and Muller from the uniforms 2·index and 2·index + 1, through a software libm: the same bits everywhere.
    pub fn normal(self, index: u64) -> f64 {
        let u = 1.0 - self.uniform(index.wrapping_mul(2));
        let v = self.uniform(index.wrapping_mul(2).wrapping_add(1));
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v)
    }

    /// Where position `index` of 0..n goes under this stream's permutation: a four-round Feistel network over the next even
    /// number of bits, walked until it lands inside.
    ///
    /// `index` must be below `n`.
    pub fn permutation(self, n: u64, index: u64) -> u64 {
        debug_assert!(index < n);
        if n < 2 {
            return 0;
        }
        let half = (64 - (n - 1).leading_zeros()).div_ceil(2).max(1);
        let mask = (1u64 << half) - 1;
        let mut at = index;
        loop {
            let (mut left, mut right) = (at >> half, at & mask);
            for round in 0..4u64 {
                let f = self.at((round << 56) ^ right) & mask;
                (left, right) = (right, left ^ f);
            }
            at = (left << half) | right;
            if at < n {
                return at;
            }
        }
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_visits_everything_once() {
        for n in [1u64, 2, 3, 5, 16, 17, 100, 1023] {
            let stream = Stream::new("test/1", &n);
            let mut seen: Vec<u64> = (0..n).map(|i| stream.permutation(n, i)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn draws_have_the_moments_they_should() {
        let stream = Stream::new("test/1", &"moments");
        let n = 100_000;
        let mean = (0..n).map(|i| stream.uniform(i)).sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        let normal: Vec<f64> = (0..n).map(|i| stream.normal(i)).collect();
        let mean = normal.iter().sum::<f64>() / n as f64;
        let variance = normal.iter().map(|x| x * x).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn the_draws_of_a_stream_never_change() {
        let stream = Stream::new("golden/1", &7);
        assert_eq!([stream.at(0), stream.at(1), stream.at(u64::MAX)], GOLDEN);
    }

    const GOLDEN: [u64; 3] = [3_494_672_070_589_157_163, 12_620_851_345_520_689_356, 2_505_264_930_825_471_696];
}
