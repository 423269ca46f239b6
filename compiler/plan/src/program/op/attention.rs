use serde::{Deserialize, Serialize};

use crate::program::{Op, Program, Reverse, TensorId};

/// Causal attention within each sequence: qkv `[R, (heads + 2·kv_heads)·head_dim]` holds queries, keys, values of each row;
/// `out[t, h] = sum over s <= t of softmax_s(q[t, h] · k[s, g] / sqrt(head_dim)) v[s, g]`, g = h / (heads / kv_heads): out `[R, heads·head_dim]`.
/// `log_sum[t, h]` `[R, heads]` is the logarithm of the softmax's denominator: log sum_s exp(score), for the backward pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub qkv: TensorId,
    pub out: TensorId,
    pub log_sum: TensorId,
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
}

/// With `p = exp(score - log_sum)`: `dv = pᵀ dout`, `ds = p * (dout · v - rowsum(dout * out)) / sqrt(head_dim)`, `dq = ds k`, `dk = dsᵀ q`; keys and values are
/// summed over the query heads of their group. dqkv is written whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionGrad {
    pub qkv: TensorId,
    pub out: TensorId,
    pub log_sum: TensorId,
    pub dout: TensorId,
    pub dqkv: TensorId,
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
}

impl Attention {
    pub(super) fn reverse(&self, to: &mut Reverse) {
        let dout = to.gradient(self.out);
        let dqkv = to.fresh_gradient(self.qkv);
        to.push(Op::AttentionGrad(AttentionGrad {
            qkv: self.qkv,
            out: self.out,
            log_sum: self.log_sum,
            dout,
            dqkv,
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_dim: self.head_dim,
        }));
    }

    /// Two products over the T(T+1)/2 pairs of each sequence and head.
    pub(super) fn flops(&self, program: &Program) -> u64 {
        2 * pairs(program) * (2 * self.heads * self.head_dim) as u64
    }
}

impl AttentionGrad {
    /// Four products; scores computed again are not counted.
    pub(super) fn flops(&self, program: &Program) -> u64 {
        4 * pairs(program) * (2 * self.heads * self.head_dim) as u64
    }
}

/// Pairs (t, s) with s <= t, over all sequences.
fn pairs(program: &Program) -> u64 {
    (program.rows * program.context * (program.context + 1) / 2) as u64
}
