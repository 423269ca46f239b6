//! Causal attention within each sequence, and its gradient; neither holds more of the scores than a block of query rows.

use crate::math::{Arithmetic, chain, dot, exp, log, max, sum};

/// Query rows whose scores stand in memory together. Gradients of keys and values are summed per block, blocks in ascending order.
pub const BLOCK: usize = 64;

/// The shape of an attention. `heads` is a multiple of `kv_heads`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// Tokens per sequence.
    pub context: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
}

impl Heads {
    /// Columns of qkv: queries of all heads, then keys, then values of the key heads.
    pub fn columns(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_dim
    }

    /// Where the keys of a query head's group start in a row of qkv; its values start `kv_heads * head_dim` later.
    pub(crate) fn key_of(&self, head: usize) -> usize {
        (self.heads + head / (self.heads / self.kv_heads)) * self.head_dim
    }

    /// `1 / sqrt(head_dim)`.
    pub(crate) fn scale(&self) -> f32 {
        (1.0 / (self.head_dim as f64).sqrt()) as f32
    }
}

/// `out[t, h] = sum over s <= t of softmax_s(q[t, h] · k[s, g] / sqrt(head_dim)) v[s, g]`, `g = h / (heads / kv_heads)`: qkv `[R, (heads + 2·kv_heads)·head_dim]`,
/// out `[R, heads·head_dim]`, log_sum `[R, heads]`.
///
/// With raw scores `z[s] = q · k[s]` (a product), `m = max(z) * scale`, `e[s] = exp(z[s] * scale - m)` (one multiply-add), `l = sum(e)` (sixteen lanes): out is the
/// product `e · v` times `1 / l`; log_sum is `m + log(l)`.
pub fn twin<A: Arithmetic>(qkv: &[f32], out: &mut [f32], log_sum: &mut [f32], shape: Heads) {
    let Heads { context, heads, head_dim, .. } = shape;
    let columns = shape.columns();
    let values = shape.kv_heads * head_dim;
    let scale = shape.scale();
    for sequence in 0..qkv.len() / columns / context {
        let qkv = &qkv[sequence * context * columns..];
        for t in 0..context {
            for h in 0..heads {
                let query = &qkv[t * columns + h * head_dim..];
                let key = shape.key_of(h);
                let raw: Vec<f32> =
                    (0..=t).map(|s| chain::<A>(head_dim, None, |i| (query[i], qkv[s * columns + key + i]))).collect();
                let largest = max(&raw) * scale;
                let e: Vec<f32> = raw.iter().map(|z| exp::<A>(A::mul_add(*z, scale, -largest))).collect();
                let total = sum(&e);
                let row = sequence * context + t;
                log_sum[row * heads + h] = largest + log(total);
                let inverse = 1.0 / total;
                for i in 0..head_dim {
                    let product = chain::<A>(t + 1, None, |s| (e[s], qkv[s * columns + key + values + i]));
                    out[(row * heads + h) * head_dim + i] = product * inverse;
                }
            }
        }
    }
}

/// The gradient: qkv and dqkv `[R, (heads + 2·kv_heads)·head_dim]`, out and dout `[R, heads·head_dim]`, log_sum `[R, heads]`; dqkv is written whole.
///
/// `p = exp(z * scale - log_sum)`, `delta = dot(dout, out)`, `ds = (p * (dout · v - delta)) * scale`; `dq = ds · k` is a product over s. Keys and values take,
/// per query head in ascending order and per block of 64 query rows in ascending order, the products `dsᵀ · q` and `pᵀ · dout` over the block's rows, added to zero.
pub fn twin_grad<A: Arithmetic>(
    qkv: &[f32],
    out: &[f32],
    log_sum: &[f32],
    dout: &[f32],
    dqkv: &mut [f32],
    shape: Heads,
) {
    let Heads { context, heads, head_dim, .. } = shape;
    let columns = shape.columns();
    let values = shape.kv_heads * head_dim;
    let scale = shape.scale();
    dqkv.fill(0.0);
    for sequence in 0..qkv.len() / columns / context {
        let qkv = &qkv[sequence * context * columns..];
        let dqkv = &mut dqkv[sequence * context * columns..];
        for h in 0..heads {
            let key = shape.key_of(h);
            let at = |t: usize| ((sequence * context + t) * heads + h) * head_dim;
            for start in (0..context).step_by(BLOCK) {
                let end = context.min(start + BLOCK);
                let mut p = vec![0.0; (end - start) * end];
                let mut ds = p.clone();
                for t in start..end {
                    let query = &qkv[t * columns + h * head_dim..];
                    let (dout, out) = (&dout[at(t)..][..head_dim], &out[at(t)..][..head_dim]);
                    let delta = dot::<A>(dout, out);
                    let normaliser = log_sum[(sequence * context + t) * heads + h];
                    for s in 0..=t {
                        let row = &qkv[s * columns + key..];
                        let raw = chain::<A>(head_dim, None, |i| (query[i], row[i]));
                        let dp = chain::<A>(head_dim, None, |i| (dout[i], row[values + i]));
                        let place = (t - start) * end + s;
                        p[place] = exp::<A>(A::mul_add(raw, scale, -normaliser));
                        ds[place] = (p[place] * (dp - delta)) * scale;
                    }
                    for i in 0..head_dim {
                        dqkv[t * columns + h * head_dim + i] =
                            chain::<A>(t + 1, None, |s| (ds[(t - start) * end + s], qkv[s * columns + key + i]));
                    }
                }
                for s in 0..end {
                    let first = s.max(start);
                    for i in 0..head_dim {
                        let place = |r: usize| (first - start + r) * end + s;
                        dqkv[s * columns + key + i] += chain::<A>(end - first, None, |r| {
                            (ds[place(r)], qkv[(first + r) * columns + h * head_dim + i])
                        });
                        dqkv[s * columns + key + values + i] +=
                            chain::<A>(end - first, None, |r| (p[place(r)], dout[at(first + r) + i]));
                    }
                }
            }
        }
    }
}
