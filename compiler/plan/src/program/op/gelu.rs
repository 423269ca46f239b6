use serde::{Deserialize, Serialize};

use crate::program::{Op, Reverse, TensorId};

/// `out = 0.5 x (1 + tanh(u))`, u = sqrt(2/π) (x + 0.044715 x³): x and out `[R, C]` (Hendrycks and Gimpel 2016, tanh form).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gelu {
    pub x: TensorId,
    pub out: TensorId,
}

/// `dx = dout * (0.5 (1 + tanh u) + 0.5 x (1 - tanh² u) u')`, u' = sqrt(2/π) (1 + 0.134145 x²); dx is written whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeluGrad {
    pub x: TensorId,
    pub dout: TensorId,
    pub dx: TensorId,
}

impl Gelu {
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let dout = to.gradient(self.out);
        let dx = to.fresh_gradient(self.x);
        to.push(Op::GeluGrad(GeluGrad { x: self.x, dout, dx }));
    }
}
