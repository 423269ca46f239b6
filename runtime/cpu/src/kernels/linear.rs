//! `out = x · weight`, and the gradients of both factors.

use crate::math::{Arithmetic, chain};

/// `out[r, o] = sum_i x[r, i] * weight[i, o]`: x `[R, inner]`, weight `[inner, columns]`, out `[R, columns]`.
pub fn twin<A: Arithmetic>(x: &[f32], weight: &[f32], out: &mut [f32], inner: usize, columns: usize) {
    for (out, x) in out.chunks_exact_mut(columns).zip(x.chunks_exact(inner)) {
        for (o, out) in out.iter_mut().enumerate() {
            *out = chain::<A>(inner, None, |i| (x[i], weight[i * columns + o]));
        }
    }
}

/// `dx[r, i] = sum_o dout[r, o] * weight[i, o]`, with `accumulate` added to what is there: dout `[R, columns]`, weight `[inner, columns]`, dx `[R, inner]`.
pub fn twin_grad_input<A: Arithmetic>(
    dout: &[f32],
    weight: &[f32],
    dx: &mut [f32],
    inner: usize,
    columns: usize,
    accumulate: bool,
) {
    for (dx, dout) in dx.chunks_exact_mut(inner).zip(dout.chunks_exact(columns)) {
        for (i, dx) in dx.iter_mut().enumerate() {
            *dx = chain::<A>(columns, accumulate.then_some(*dx), |o| (dout[o], weight[i * columns + o]));
        }
    }
}

/// `dweight[i, o] = sum_r x[r, i] * dout[r, o]`, with `accumulate` added to what is there: x `[R, inner]`, dout `[R, columns]`, dweight `[inner, columns]`.
pub fn twin_grad_weight<A: Arithmetic>(
    x: &[f32],
    dout: &[f32],
    dweight: &mut [f32],
    inner: usize,
    columns: usize,
    accumulate: bool,
) {
    let rows = x.len() / inner;
    for (i, dweight) in dweight.chunks_exact_mut(columns).enumerate() {
        for (o, dweight) in dweight.iter_mut().enumerate() {
            let before = accumulate.then_some(*dweight);
            *dweight = chain::<A>(rows, before, |r| (x[r * inner + i], dout[r * columns + o]));
        }
    }
}
