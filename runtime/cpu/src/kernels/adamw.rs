//! AdamW (Loshchilov and Hutter 2019) in PyTorch's order.

use synx_plan::executor::StepControl;

use crate::math::Arithmetic;
use crate::simd::kernel;

/// The scalars of one step, each computed in f64 and rounded once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update {
    /// `min(1, clip / (norm + 1e-6))`, as `torch.nn.utils.clip_grad_norm_`, over what the gradient is multiplied by already; in f32.
    pub gradient_scale: f32,
    /// `1 - rate * weight_decay`.
    pub keep: f32,
    pub beta1: f32,
    /// `1 - beta1`.
    pub rest1: f32,
    pub beta2: f32,
    pub rest2: f32,
    /// `rate / correction1`.
    pub step: f32,
    /// `sqrt(correction2)`.
    pub root2: f32,
    pub epsilon: f32,
}

impl Update {
    /// The scalars of a step under `control`, for a gradient of this norm that is `scale` times as long.
    pub fn new(control: &StepControl, norm: f32, scale: f32) -> Update {
        let [rate, decay, beta1, beta2] =
            [control.rate, control.weight_decay, control.beta1, control.beta2].map(f64::from);
        let ratio = control.clip / (norm + 1e-6);
        Update {
            gradient_scale: (if ratio < 1.0 { ratio } else { 1.0 }) / scale,
            keep: (1.0 - rate * decay) as f32,
            beta1: control.beta1,
            rest1: (1.0 - beta1) as f32,
            beta2: control.beta2,
            rest2: (1.0 - beta2) as f32,
            step: (rate / f64::from(control.correction1)) as f32,
            root2: f64::from(control.correction2).sqrt() as f32,
            epsilon: control.epsilon,
        }
    }
}

/// One update of a parameter and its moments, all of one length; with `decay` the parameter is scaled by `keep` first.
///
/// `g' = g * gradient_scale`, `m' = beta1 * m + (rest1 * g')` and `v' = beta2 * v + ((rest2 * g') * g')`, each one multiply-add with the bracket rounded first,
/// `p' = p - step * (m' / (sqrt(v') / root2 + epsilon))`, one multiply-add.
pub fn twin<A: Arithmetic>(
    parameter: &mut [f32],
    first_moment: &mut [f32],
    second_moment: &mut [f32],
    gradient: &[f32],
    update: &Update,
    decay: bool,
) {
    let moments = first_moment.iter_mut().zip(second_moment);
    for ((p, (m, v)), g) in parameter.iter_mut().zip(moments).zip(gradient) {
        let g = g * update.gradient_scale;
        let kept = if decay { *p * update.keep } else { *p };
        *m = A::mul_add(update.beta1, *m, update.rest1 * g);
        *v = A::mul_add(update.beta2, *v, (update.rest2 * g) * g);
        let denominator = v.sqrt() / update.root2 + update.epsilon;
        *p = A::mul_add(-update.step, *m / denominator, kept);
    }
}

kernel! {
    /// The kernel of [`twin`].
    pub(crate) fn adamw(
        s;
        parameter: &mut [f32],
        first_moment: &mut [f32],
        second_moment: &mut [f32],
        gradient: &[f32],
        update: &Update,
        decay: bool,
    ) {
        let [scale, keep, beta1, rest1, beta2, rest2, step, root2, epsilon] = [
            update.gradient_scale,
            if decay { update.keep } else { 1.0 },
            update.beta1,
            update.rest1,
            update.beta2,
            update.rest2,
            -update.step,
            update.root2,
            update.epsilon,
        ]
        .map(|value| s.splat(value));
        for i in (0..parameter.len()).step_by(16) {
            let g = s.mul(s.at(gradient, i), scale);
            let m = s.mul_add(beta1, s.at(first_moment, i), s.mul(rest1, g));
            let v = s.mul_add(beta2, s.at(second_moment, i), s.mul(s.mul(rest2, g), g));
            let denominator = s.add(s.div(s.sqrt(v), root2), epsilon);
            let p = s.mul_add(step, s.div(m, denominator), s.mul(s.at(parameter, i), keep));
            s.put(first_moment, i, m);
            s.put(second_moment, i, v);
            s.put(parameter, i, p);
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
        let control = StepControl {
            rate: 3e-3,
            beta1: 0.9,
            beta2: 0.95,
            correction1: 0.19,
            correction2: 0.0975,
            epsilon: 1e-8,
            weight_decay: 0.1,
            clip: 1.0,
            loss_scale: 1.0,
        };
        let update = Update::new(&control, 4.0, 1.0);
        assert!((update.gradient_scale - 0.25).abs() < 1e-6);
        assert_eq!(Update::new(&control, 4.0, 1024.0).gradient_scale, update.gradient_scale / 1024.0);
        for length in [1, 16, 17 * 33] {
            let state = || {
                (numbers(1, length), numbers(2, length), numbers(3, length).iter().map(|v| v * v).collect::<Vec<f32>>())
            };
            let gradient = numbers(4, length);
            for decay in [false, true] {
                let (mut p, mut m, mut v) = state();
                twin::<Fused>(&mut p, &mut m, &mut v, &gradient, &update, decay);
                for instructions in Instructions::available() {
                    let (mut got_p, mut got_m, mut got_v) = state();
                    adamw(instructions, &mut got_p, &mut got_m, &mut got_v, &gradient, &update, decay);
                    same_bits(&got_p, &p, instructions.name());
                    same_bits(&got_m, &m, instructions.name());
                    same_bits(&got_v, &v, instructions.name());
                }
            }
        }
    }
}
