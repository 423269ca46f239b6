use serde::{Deserialize, Serialize};

use crate::program::{Op, Reverse, TensorId};

/// Rotary positions, in place (Su et al. 2021, halves rotated): the first `heads` heads of each row of x `[R, C]` (queries, then keys; values follow and stay)
/// are turned by their position in the sequence. For head h and i < head_dim / 2, with `a = x[h, i]`, `b = x[h, i + head_dim / 2]`:
/// `a cos - b sin`, `b cos + a sin`; `inverse` turns back (the gradient).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rotary {
    pub x: TensorId,
    /// Heads that are turned: queries and keys.
    pub heads: usize,
    pub head_dim: usize,
    pub base: f64,
    pub inverse: bool,
}

impl Rotary {
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let x = to.gradient(self.x);
        to.push(Op::Rotary(Rotary { x, inverse: true, ..self.clone() }));
        to.keep(self.x);
    }
}

/// The angles' cosines and sines, each `[context, head_dim / 2]`: angle = position * base^(-2i / head_dim), in f64 through a software libm, then rounded.
pub fn rotary_table(context: usize, head_dim: usize, base: f64) -> (Vec<f32>, Vec<f32>) {
    let half = head_dim / 2;
    let mut cosines = Vec::with_capacity(context * half);
    let mut sines = Vec::with_capacity(context * half);
    for position in 0..context {
        for i in 0..half {
            let angle = position as f64 * libm::pow(base, -((2 * i) as f64) / head_dim as f64);
            cosines.push(libm::cos(angle) as f32);
            sines.push(libm::sin(angle) as f32);
        }
    }
    (cosines, sines)
}
