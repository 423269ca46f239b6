use serde::{Deserialize, Serialize};

use crate::program::{Reverse, TensorId};

/// `out = a + b`, all `[R, C]`: the residual stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    pub a: TensorId,
    pub b: TensorId,
    pub out: TensorId,
}

impl Add {
    /// Both gradients are the output's: they share its tensor until one of them is added to.
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let dout = to.gradient(self.out);
        to.share(self.a, dout);
        to.share(self.b, dout);
    }
}
