//! RMSNorm (Zhang and Sennrich 2019) and its gradient.

use crate::math::{Arithmetic, dot};

/// `scale[r] = 1 / sqrt(mean(x[r]²) + epsilon)`, `out[r] = (x[r] * scale[r]) * gain`: x and out `[R, C]`, gain `[C]`, scale `[R]`.
/// The mean is the sum times `1 / C` rounded.
pub fn twin<A: Arithmetic>(x: &[f32], gain: &[f32], out: &mut [f32], scale: &mut [f32], epsilon: f32) {
    let columns = gain.len();
    for ((x, out), scale) in x.chunks_exact(columns).zip(out.chunks_exact_mut(columns)).zip(scale) {
        let mean = dot::<A>(x, x) * (1.0 / columns as f32);
        *scale = 1.0 / (mean + epsilon).sqrt();
        for ((out, x), gain) in out.iter_mut().zip(x).zip(gain) {
            *out = (x * *scale) * gain;
        }
    }
}

/// The gradient: x, dout, dx `[R, C]`, gain and dgain `[C]`, scale `[R]`.
///
/// `g = gain * dout`, `k = ((dot(g, x) * (1 / C)) * scale) * scale`, `dx = scale * (g - x * k)` with a fused subtraction, added to what is there with
/// `accumulate_dx`. `dgain = sum_r dout * (x * scale)`, one chain of multiply-adds over the rows, added to what is there with `accumulate_dgain`.
pub fn twin_grad<A: Arithmetic>(
    x: &[f32],
    gain: &[f32],
    scale: &[f32],
    dout: &[f32],
    dx: &mut [f32],
    accumulate_dx: bool,
    dgain: &mut [f32],
    accumulate_dgain: bool,
) {
    let columns = gain.len();
    let mut sums = vec![0.0; columns];
    let rows = x.chunks_exact(columns).zip(dout.chunks_exact(columns)).zip(dx.chunks_exact_mut(columns));
    for (((x, dout), dx), scale) in rows.zip(scale) {
        let g: Vec<f32> = gain.iter().zip(dout).map(|(gain, dout)| gain * dout).collect();
        let k = ((dot::<A>(&g, x) * (1.0 / columns as f32)) * scale) * scale;
        for c in 0..columns {
            sums[c] = A::mul_add(dout[c], x[c] * scale, sums[c]);
            let d = scale * A::mul_add(-x[c], k, g[c]);
            dx[c] = if accumulate_dx { dx[c] + d } else { d };
        }
    }
    for (dgain, sum) in dgain.iter_mut().zip(sums) {
        *dgain = if accumulate_dgain { *dgain + sum } else { sum };
    }
}
