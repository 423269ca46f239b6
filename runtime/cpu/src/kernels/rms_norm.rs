//! RMSNorm (Zhang and Sennrich 2019) and its gradient.

use crate::math::{Arithmetic, dot};
use crate::simd::kernel;

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

kernel! {
    /// The kernel of [`twin`].
    pub(crate) fn rms_norm(s; x: &[f32], gain: &[f32], out: &mut [f32], scale: &mut [f32], epsilon: f32) {
        let columns = gain.len();
        for ((x, out), scale) in x.chunks_exact(columns).zip(out.chunks_exact_mut(columns)).zip(scale) {
            let mean = s.dot(x, x) * (1.0 / columns as f32);
            *scale = 1.0 / (mean + epsilon).sqrt();
            let scale = s.splat(*scale);
            for i in (0..columns).step_by(16) {
                s.put(out, i, s.mul(s.mul(s.at(x, i), scale), s.at(gain, i)));
            }
        }
    }

    /// The kernel of [`twin_grad`]; `sums` is working space of as many numbers as the gain.
    pub(crate) fn rms_norm_grad(
        s;
        x: &[f32],
        gain: &[f32],
        scale: &[f32],
        dout: &[f32],
        dx: &mut [f32],
        accumulate_dx: bool,
        dgain: &mut [f32],
        accumulate_dgain: bool,
        sums: &mut [f32],
    ) {
        let columns = gain.len();
        let sums = &mut sums[..columns];
        sums.fill(0.0);
        let rows = x.chunks_exact(columns).zip(dout.chunks_exact(columns)).zip(dx.chunks_exact_mut(columns));
        for (((x, dout), dx), scale) in rows.zip(scale) {
            let mut lanes = s.zero();
            for i in (0..columns).step_by(16) {
                lanes = s.mul_add(s.mul(s.at(gain, i), s.at(dout, i)), s.at(x, i), lanes);
            }
            let k = s.splat(((s.sum(lanes) * (1.0 / columns as f32)) * scale) * scale);
            let scale = s.splat(*scale);
            for i in (0..columns).step_by(16) {
                let (xs, douts) = (s.at(x, i), s.at(dout, i));
                s.put(sums, i, s.mul_add(douts, s.mul(xs, scale), s.at(sums, i)));
                let g = s.mul(s.at(gain, i), douts);
                let mut d = s.mul(scale, s.mul_add(s.neg(xs), k, g));
                if accumulate_dx {
                    d = s.add(s.at(dx, i), d);
                }
                s.put(dx, i, d);
            }
        }
        for i in (0..columns).step_by(16) {
            let sum = s.at(sums, i);
            s.put(dgain, i, if accumulate_dgain { s.add(s.at(dgain, i), sum) } else { sum });
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
        for (rows, columns) in [(1, 1), (5, 16), (17, 65), (3, 200)] {
            let (x, gain, dout) = (numbers(1, rows * columns), numbers(2, columns), numbers(3, rows * columns));
            let mut want = vec![0.0; rows * columns];
            let mut want_scale = vec![0.0; rows];
            twin::<Fused>(&x, &gain, &mut want, &mut want_scale, 1e-5);
            for instructions in Instructions::available() {
                let mut out = vec![f32::NAN; rows * columns];
                let mut scale = vec![f32::NAN; rows];
                rms_norm(instructions, &x, &gain, &mut out, &mut scale, 1e-5);
                same_bits(&out, &want, instructions.name());
                same_bits(&scale, &want_scale, instructions.name());
            }
            for accumulate in [false, true] {
                let (dx_before, dgain_before) = (numbers(4, rows * columns), numbers(5, columns));
                let (mut want, mut want_gain) = (dx_before.clone(), dgain_before.clone());
                twin_grad::<Fused>(&x, &gain, &want_scale, &dout, &mut want, accumulate, &mut want_gain, accumulate);
                for instructions in Instructions::available() {
                    let (mut dx, mut dgain) = (dx_before.clone(), dgain_before.clone());
                    let mut sums = vec![f32::NAN; columns];
                    let scale = &want_scale;
                    rms_norm_grad(
                        instructions,
                        &x,
                        &gain,
                        scale,
                        &dout,
                        &mut dx,
                        accumulate,
                        &mut dgain,
                        accumulate,
                        &mut sums,
                    );
                    same_bits(&dx, &want, instructions.name());
                    same_bits(&dgain, &want_gain, instructions.name());
                }
            }
        }
    }
}
