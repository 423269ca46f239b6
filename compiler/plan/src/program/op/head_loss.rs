use serde::{Deserialize, Serialize};

use crate::program::{Program, Reverse, TensorId};

/// The output head and cross-entropy in one: `loss[r] = log sum_v exp(x[r] · weight[v]) - x[r] · weight[target[r]]` in nats: x `[R, C]`, weight `[V, C]`,
/// loss `[R, 1]`. The logits never stand in memory whole.
///
/// In training the gradients are made in the same pass: with `g[r, v] = (softmax(r)[v] - [v = target[r]]) * row_weight[r] * loss_scale`,
/// `dx = g · weight` and `dweight = gᵀ · x`. Row weights and the scale (one over the sum of the weights) come with the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadLoss {
    pub x: TensorId,
    pub weight: TensorId,
    pub loss: TensorId,
    /// Set by reversing; evaluation ignores it.
    pub gradient: Option<HeadGradient>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadGradient {
    pub dx: TensorId,
    pub dweight: TensorId,
}

impl HeadLoss {
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let (dweight, _) = to.parameter_gradient(self.weight);
        let dx = to.fresh_gradient(self.x);
        to.head_gradient(HeadGradient { dx, dweight });
    }

    /// 2·R·C·V forward, twice that backward.
    pub(super) fn flops(&self, program: &Program) -> u64 {
        let product = 2 * (program.tokens() * program.size(self.weight)) as u64;
        if self.gradient.is_some() { 3 * product } else { product }
    }
}
