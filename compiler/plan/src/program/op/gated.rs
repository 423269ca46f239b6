use serde::{Deserialize, Serialize};

use crate::program::{Op, Reverse, TensorId};

/// `out = silu(gate) * up` where `x = [gate | up]`: x `[R, 2C]`, out `[R, C]`; silu(g) = g / (1 + exp(-g)) (Shazeer 2020).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gated {
    pub x: TensorId,
    pub out: TensorId,
}

/// `dgate = dout * up * s * (1 + gate * (1 - s))`, `dup = dout * gate * s`, with s = 1 / (1 + exp(-gate)); dx `[R, 2C]` is written whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatedGrad {
    pub x: TensorId,
    pub dout: TensorId,
    pub dx: TensorId,
}

impl Gated {
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let dout = to.gradient(self.out);
        let dx = to.fresh_gradient(self.x);
        to.push(Op::GatedGrad(GatedGrad { x: self.x, dout, dx }));
    }
}
