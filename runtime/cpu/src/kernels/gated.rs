//! SwiGLU's gate (Shazeer 2020) and its gradient.

use crate::math::{Arithmetic, sigmoid};
use crate::simd::kernel;

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

kernel! {
    /// The kernel of [`twin`].
    pub(crate) fn gated(s; x: &[f32], out: &mut [f32], columns: usize) {
        for (x, out) in x.chunks_exact(2 * columns).zip(out.chunks_exact_mut(columns)) {
            let (gate, up) = x.split_at(columns);
            for i in (0..columns).step_by(16) {
                let gate = s.at(gate, i);
                s.put(out, i, s.mul(s.mul(gate, s.sigmoid(gate)), s.at(up, i)));
            }
        }
    }

    /// The kernel of [`twin_grad`].
    pub(crate) fn gated_grad(s; x: &[f32], dout: &[f32], dx: &mut [f32], columns: usize) {
        let one = s.splat(1.0);
        let rows = x.chunks_exact(2 * columns).zip(dout.chunks_exact(columns)).zip(dx.chunks_exact_mut(2 * columns));
        for ((x, dout), dx) in rows {
            let (gate, up) = x.split_at(columns);
            let (dgate, dup) = dx.split_at_mut(columns);
            for i in (0..columns).step_by(16) {
                let (gate, up, dout) = (s.at(gate, i), s.at(up, i), s.at(dout, i));
                let share = s.sigmoid(gate);
                let slope = s.mul(share, s.mul_add(gate, s.sub(one, share), one));
                s.put(dgate, i, s.mul(s.mul(dout, up), slope));
                s.put(dup, i, s.mul(dout, s.mul(gate, share)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::math::Fused;
    use crate::testing::{numbers, same_bits};

    #[test]
    fn every_instruction_set_gives_the_bits_of_the_twin() {
        for (rows, columns) in [(1, 1), (3, 16), (17, 33)] {
            let mut x = numbers(1, rows * 2 * columns);
            x[0] = 200.0;
            x[1] = -200.0;
            let dout = numbers(2, rows * columns);
            let mut want = vec![0.0; rows * columns];
            let mut want_dx = vec![0.0; rows * 2 * columns];
            twin::<Fused>(&x, &mut want, columns);
            twin_grad::<Fused>(&x, &dout, &mut want_dx, columns);
            assert!(want.iter().chain(&want_dx).all(|v| v.is_finite()));
            for instructions in Instructions::available() {
                let mut out = vec![f32::NAN; rows * columns];
                gated(instructions, &x, &mut out, columns);
                same_bits(&out, &want, instructions.name());
                let mut dx = vec![f32::NAN; rows * 2 * columns];
                gated_grad(instructions, &x, &dout, &mut dx, columns);
                same_bits(&dx, &want_dx, instructions.name());
            }
        }
    }
}
