//! GELU in its tanh form (Hendrycks and Gimpel 2016) and its gradient.
//!
//! `0.5 (1 + tanh u)` is the logistic function of `2u`, so neither needs a tanh, and small results keep their relative precision.

use crate::math::{Arithmetic, sigmoid};

/// `2 sqrt(2/π)`.
pub(crate) const TWICE_ROOT: f32 = 1.595_769_1;
/// `2 sqrt(2/π) · 0.044715`.
pub(crate) const CUBIC: f32 = 0.071_354_82;
/// `2 sqrt(2/π) · 0.134145`: three times the former.
pub(crate) const CUBIC_SLOPE: f32 = 0.214_064_46;

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
