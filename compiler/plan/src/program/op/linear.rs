use serde::{Deserialize, Serialize};

use crate::program::{Op, Program, Reverse, TensorId};

/// `out = x · weight`: x `[R, I]`, weight `[I, O]`, out `[R, O]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linear {
    pub x: TensorId,
    pub weight: TensorId,
    pub out: TensorId,
}

/// `dx = dout · weightᵀ`, or `dx += …` with `accumulate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinearGradInput {
    pub dout: TensorId,
    pub weight: TensorId,
    pub dx: TensorId,
    pub accumulate: bool,
}

/// `dweight = xᵀ · dout`, summed over the rows of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinearGradWeight {
    pub x: TensorId,
    pub dout: TensorId,
    pub dweight: TensorId,
}

impl Linear {
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let dout = to.gradient(self.out);
        let (dweight, accumulate) = to.parameter_gradient(self.weight);
        debug_assert!(!accumulate, "a linear layer's weight is used once");
        to.push(Op::LinearGradWeight(LinearGradWeight { x: self.x, dout, dweight }));
        let (dx, accumulate) = to.input_gradient(self.x);
        to.push(Op::LinearGradInput(LinearGradInput { dout, weight: self.weight, dx, accumulate }));
        to.settle(self.x);
    }

    /// 2·R·I·O.
    pub(super) fn flops(&self, program: &Program) -> u64 {
        product(program, self.weight)
    }
}

impl LinearGradInput {
    pub(super) fn flops(&self, program: &Program) -> u64 {
        product(program, self.weight)
    }
}

impl LinearGradWeight {
    pub(super) fn flops(&self, program: &Program) -> u64 {
        product(program, self.dweight)
    }
}

fn product(program: &Program, weight: TensorId) -> u64 {
    2 * (program.tokens() * program.size(weight)) as u64
}
