use serde::{Deserialize, Serialize};

use crate::program::{Op, Reverse, TensorId};

/// `scale[r] = 1 / sqrt(mean(x[r]²) + epsilon)`, `out[r] = x[r] * scale[r] * gain`: x and out `[R, C]`, gain `[1, C]`, scale `[R, 1]`
/// (Zhang and Sennrich 2019).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RmsNorm {
    pub x: TensorId,
    pub gain: TensorId,
    pub out: TensorId,
    pub scale: TensorId,
    pub epsilon: f32,
}

/// `dx = scale * (gain * dout - x * scale² * mean(gain * dout * x))`, or `dx += …` with `accumulate`; `dgain = sum over rows of dout * x * scale`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RmsNormGrad {
    pub x: TensorId,
    pub gain: TensorId,
    pub scale: TensorId,
    pub dout: TensorId,
    pub dx: TensorId,
    pub accumulate: bool,
    pub dgain: TensorId,
}

impl RmsNorm {
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let dout = to.gradient(self.out);
        let (dgain, accumulate) = to.parameter_gradient(self.gain);
        debug_assert!(!accumulate, "a norm's gain is used once");
        let (dx, accumulate) = to.input_gradient(self.x);
        to.push(Op::RmsNormGrad(RmsNormGrad {
            x: self.x,
            gain: self.gain,
            scale: self.scale,
            dout,
            dx,
            accumulate,
            dgain,
        }));
        to.settle(self.x);
    }
}
