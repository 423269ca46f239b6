//! The gradient of a step from those of its shards, and its norm.

use crate::math::{Fused, dot};
use crate::simd::kernel;

/// Numbers whose squares are summed in one piece.
pub const BLOCK: usize = 4096;

/// The Euclidean norm: per block of 4096 numbers the sum of squares in f32 (sixteen lanes), the blocks added in f64 in ascending order, the root taken
/// in f64 and rounded.
pub fn twin(gradient: &[f32]) -> f32 {
    gradient.chunks(BLOCK).map(|block| f64::from(dot::<Fused>(block, block))).sum::<f64>().sqrt() as f32
}

/// Most shards that a step's gradient is the sum of.
pub const SHARDS: usize = 16;

/// The sum of at most sixteen shards' gradients, all of one length: neighbours are added, then neighbours of those sums, and so on; one without a neighbour goes on
/// as it is.
pub fn twin_add(shards: &[&[f32]], out: &mut [f32]) {
    for (i, out) in out.iter_mut().enumerate() {
        let mut parts: Vec<f32> = shards.iter().map(|shard| shard[i]).collect();
        while parts.len() > 1 {
            parts = parts.chunks(2).map(|pair| if let [a, b] = pair { a + b } else { pair[0] }).collect();
        }
        *out = parts[0];
    }
}

kernel! {
    /// The kernel of [`twin_add`], for the numbers of the shards from `start` on; the result is the sum of the squares of the new numbers, in the order of `math::dot`.
    pub(crate) fn reduce_norm(s; shards: &[&[f32]], start: usize, out: &mut [f32]) -> f32 {
        let mut lanes = s.zero();
        let mut parts = [s.zero(); SHARDS];
        let end = start + out.len();
        for i in (0..out.len()).step_by(16) {
            let mut count = shards.len();
            for (part, shard) in parts.iter_mut().zip(shards) {
                *part = s.at(&shard[..end], start + i);
            }
            while count > 1 {
                for pair in 0..count / 2 {
                    parts[pair] = s.add(parts[2 * pair], parts[2 * pair + 1]);
                }
                if count % 2 == 1 {
                    parts[count / 2] = parts[count - 1];
                }
                count = count.div_ceil(2);
            }
            lanes = s.mul_add(parts[0], parts[0], lanes);
            s.put(out, i, parts[0]);
        }
        s.sum(lanes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::testing::{numbers, same_bits};

    #[test]
    fn every_instruction_set_gives_the_bits_of_the_twin() {
        for shards in 1..=SHARDS {
            let shards: Vec<Vec<f32>> = (0..shards).map(|s| numbers(s as u64, 5000)).collect();
            let shards: Vec<&[f32]> = shards.iter().map(Vec::as_slice).collect();
            let mut want = vec![0.0; 5000];
            twin_add(&shards, &mut want);
            for instructions in Instructions::available() {
                let mut out = vec![f32::NAN; 5000];
                let squares: Vec<f64> = out
                    .chunks_mut(BLOCK)
                    .enumerate()
                    .map(|(i, out)| f64::from(reduce_norm(instructions, &shards, i * BLOCK, out)))
                    .collect();
                same_bits(&out, &want, instructions.name());
                same_bits(&[squares.iter().sum::<f64>().sqrt() as f32], &[twin(&want)], instructions.name());
            }
        }
    }
}
