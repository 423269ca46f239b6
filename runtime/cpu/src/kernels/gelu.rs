//! GELU in its tanh form (Hendrycks and Gimpel 2016) and its gradient.
//!
//! `0.5 (1 + tanh u)` is the logistic function of `2u`, so neither needs a tanh, and small results keep their relative precision.

use crate::math::{Arithmetic, sigmoid};
use crate::simd::kernel;

/// `2 sqrt(2/π)`.
const TWICE_ROOT: f32 = 1.595_769;
/// `2 sqrt(2/π) · 0.044715`.
const CUBIC: f32 = 0.071_354_82;
/// `2 sqrt(2/π) · 0.134145`: three times the former.
const CUBIC_SLOPE: f32 = 0.214_064_46;

/// `out = x * s` with `s = 1 / (1 + exp(-2u))`, `2u = x * (x² * c + 2 sqrt(2/π))`: x and out of one length.
pub fn twin<A: Arithmetic>(x: &[f32], out: &mut [f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        let s = sigmoid::<A>(x * A::mul_add(x * x, CUBIC, TWICE_ROOT));
        *out = x * s;
    }
}

/// `dx = dout * (s + ((x * s) * (1 - s)) * (2u)')`, `(2u)' = x² * 3c + 2 sqrt(2/π)`: x, dout, dx of one length.
pub fn twin_grad<A: Arithmetic>(x: &[f32], dout: &[f32], dx: &mut [f32]) {
    for (dx, (x, dout)) in dx.iter_mut().zip(x.iter().zip(dout)) {
        let square = x * x;
        let s = sigmoid::<A>(x * A::mul_add(square, CUBIC, TWICE_ROOT));
        let slope = A::mul_add(square, CUBIC_SLOPE, TWICE_ROOT);
        *dx = dout * A::mul_add((x * s) * (1.0 - s), slope, s);
    }
}

kernel! {
    /// The kernel of [`twin`].
    pub(crate) fn gelu(s; x: &[f32], out: &mut [f32]) {
        let (cubic, root) = (s.splat(CUBIC), s.splat(TWICE_ROOT));
        for i in (0..out.len()).step_by(16) {
            let x = s.at(x, i);
            let share = s.sigmoid(s.mul(x, s.mul_add(s.mul(x, x), cubic, root)));
            s.put(out, i, s.mul(x, share));
        }
    }

    /// The kernel of [`twin_grad`].
    pub(crate) fn gelu_grad(s; x: &[f32], dout: &[f32], dx: &mut [f32]) {
        let (cubic, cubic_slope, root) = (s.splat(CUBIC), s.splat(CUBIC_SLOPE), s.splat(TWICE_ROOT));
        for i in (0..dx.len()).step_by(16) {
            let x = s.at(x, i);
            let square = s.mul(x, x);
            let share = s.sigmoid(s.mul(x, s.mul_add(square, cubic, root)));
            let slope = s.mul_add(square, cubic_slope, root);
            let rest = s.mul(s.mul(x, share), s.sub(s.splat(1.0), share));
            s.put(dx, i, s.mul(s.at(dout, i), s.mul_add(rest, slope, share)));
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
        for length in [1, 16, 17 * 33] {
            let mut x: Vec<f32> = numbers(1, length).iter().map(|x| 3.0 * x).collect();
            x[0] = -60.0;
            let dout = numbers(2, length);
            let mut want = vec![0.0; length];
            let mut want_dx = vec![0.0; length];
            twin::<Fused>(&x, &mut want);
            twin_grad::<Fused>(&x, &dout, &mut want_dx);
            for instructions in Instructions::available() {
                let mut out = vec![f32::NAN; length];
                gelu(instructions, &x, &mut out);
                same_bits(&out, &want, instructions.name());
                let mut dx = vec![f32::NAN; length];
                gelu_grad(instructions, &x, &dout, &mut dx);
                same_bits(&dx, &want_dx, instructions.name());
            }
        }
    }

    #[test]
    fn the_logistic_form_is_the_tanh_form() {
        for i in -60..=60 {
            let x = f64::from(i) / 10.0;
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
            let mut out = [0.0];
            twin::<Fused>(&[x as f32], &mut out);
            assert!((f64::from(out[0]) - 0.5 * x * (1.0 + u.tanh())).abs() < 1e-6, "{x}");
        }
    }
}
