//! SwiGLU's gate (Shazeer 2020) and its gradient.

use crate::math::{Arithmetic, sigmoid};

/// `out = (gate * s) * up` with `s = 1 / (1 + exp(-gate))`: x `[R, 2·columns]` holds gate, then up; out `[R, columns]`.
pub fn twin<A: Arithmetic>(x: &[f32], out: &mut [f32], columns: usize) {
    for (x, out) in x.chunks_exact(2 * columns).zip(out.chunks_exact_mut(columns)) {
        let (gate, up) = x.split_at(columns);
        for c in 0..columns {
            out[c] = (gate[c] * sigmoid::<A>(gate[c])) * up[c];
        }
    }
}

/// `dgate = (dout * up) * (s * (1 + gate * (1 - s)))`, `dup = dout * (gate * s)`: x and dx `[R, 2·columns]`, dout `[R, columns]`.
pub fn twin_grad<A: Arithmetic>(x: &[f32], dout: &[f32], dx: &mut [f32], columns: usize) {
    let rows = x.chunks_exact(2 * columns).zip(dout.chunks_exact(columns)).zip(dx.chunks_exact_mut(2 * columns));
    for ((x, dout), dx) in rows {
        let (gate, up) = x.split_at(columns);
        let (dgate, dup) = dx.split_at_mut(columns);
        for c in 0..columns {
            let s = sigmoid::<A>(gate[c]);
            dgate[c] = (dout[c] * up[c]) * (s * A::mul_add(gate[c], 1.0 - s, 1.0));
            dup[c] = dout[c] * (gate[c] * s);
        }
    }
}
