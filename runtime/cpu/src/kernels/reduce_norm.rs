//! The norm of the whole gradient.

use crate::math::{Fused, dot};

/// Numbers whose squares are summed in one piece.
pub const BLOCK: usize = 4096;

/// The Euclidean norm: per block of 4096 numbers the sum of squares in f32 (sixteen lanes), the blocks added in f64 in ascending order, the root taken
/// in f64 and rounded.
pub fn twin(gradient: &[f32]) -> f32 {
    gradient.chunks(BLOCK).map(|block| f64::from(dot::<Fused>(block, block))).sum::<f64>().sqrt() as f32
}
