use serde::{Deserialize, Serialize};

use crate::program::{Op, Reverse, TensorId};

/// `out[r] = table[token[r]]`: table `[V, C]`, out `[R, C]`; the batch's input tokens index it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gather {
    pub table: TensorId,
    pub out: TensorId,
}

/// `dtable[v] = sum over r with token[r] = v of dout[r]`, rows in ascending order; with `accumulate` added to what is there (a tied head's part).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatherGrad {
    pub dout: TensorId,
    pub dtable: TensorId,
    pub accumulate: bool,
}

impl Gather {
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let dout = to.gradient(self.out);
        let (dtable, accumulate) = to.parameter_gradient(self.table);
        to.push(Op::GatherGrad(GatherGrad { dout, dtable, accumulate }));
    }
}
