//! AdamW (Loshchilov and Hutter 2019) in PyTorch's order.

use synx_plan::executor::StepControl;

use crate::math::Arithmetic;

/// The scalars of one step, each computed in f64 and rounded once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update {
    /// `min(1, clip / (norm + 1e-6))`, as `torch.nn.utils.clip_grad_norm_`; in f32.
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
    /// The scalars of a step under `control`, for a gradient of this norm.
    pub fn new(control: &StepControl, norm: f32) -> Update {
        let [rate, decay, beta1, beta2] =
            [control.rate, control.weight_decay, control.beta1, control.beta2].map(f64::from);
        let ratio = control.clip / (norm + 1e-6);
        Update {
            gradient_scale: if ratio < 1.0 { ratio } else { 1.0 },
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
