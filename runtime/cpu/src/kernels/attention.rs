//! Causal attention within each sequence, and its gradient; neither holds more of the scores than a block of query rows.

use crate::math::{Arithmetic, chain, dot, exp, log, max, sum};
use crate::product::{Layout, Product, Right, pack_with};
use crate::simd::{Simd, kernel};

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

/// Query rows that are multiplied together; what the causal mask leaves out is skipped by this many rows and columns. Divides [`BLOCK`].
const ROWS: usize = 16;

/// How transposed keys or values are packed: narrow panels, so that little past the diagonal is multiplied.
fn layout(shape: Heads) -> Layout {
    Layout { inner: shape.head_dim, columns: shape.context, panel: 32 }
}

/// Working space of the kernels, in numbers.
pub(crate) fn work_len(shape: Heads) -> usize {
    2 * layout(shape).len() + 2 * BLOCK * shape.context
}

kernel! {
    /// The kernel of [`twin`]; `work` is working space of [`work_len`] numbers.
    pub(crate) fn attention(s; qkv: &[f32], out: &mut [f32], log_sum: &mut [f32], shape: Heads, work: &mut [f32]) {
        let Heads { context, heads, kv_heads, head_dim } = shape;
        let columns = shape.columns();
        let layout = layout(shape);
        let (keys, work) = work.split_at_mut(layout.len());
        let scores = &mut work[..ROWS * context];
        let sequences = qkv
            .chunks_exact(context * columns)
            .zip(out.chunks_exact_mut(context * heads * head_dim))
            .zip(log_sum.chunks_exact_mut(context * heads));
        for ((qkv, out), log_sum) in sequences {
            for h in 0..heads {
                let key = shape.key_of(h);
                if h.is_multiple_of(heads / kv_heads) {
                    pack_with(s, &qkv[key..], 1, columns, layout, keys);
                }
                for start in (0..context).step_by(ROWS) {
                    let end = context.min(start + ROWS);
                    let place = (start * heads + h) * head_dim;
                    s.multiply(Product {
                        left: &qkv[start * columns + h * head_dim..],
                        left_row: columns,
                        left_step: 1,
                        right: Right::Packed { values: keys, layout },
                        rows: end - start,
                        inner: head_dim,
                        columns: end,
                        out: scores,
                        out_row: context,
                        accumulate: false,
                    });
                    let mut inverse = [0.0; ROWS];
                    for t in start..end {
                        let row = &mut scores[(t - start) * context..][..end];
                        let (largest, total) = exponentials(s, row, t + 1, shape.scale());
                        inverse[t - start] = 1.0 / total;
                        log_sum[t * heads + h] = largest + log(total);
                    }
                    s.multiply(Product {
                        left: scores,
                        left_row: context,
                        left_step: 1,
                        right: Right::Rows { values: &qkv[key + kv_heads * head_dim..], stride: columns },
                        rows: end - start,
                        inner: end,
                        columns: head_dim,
                        out: &mut out[place..],
                        out_row: heads * head_dim,
                        accumulate: false,
                    });
                    for t in start..end {
                        let out = &mut out[(t * heads + h) * head_dim..][..head_dim];
                        let inverse = s.splat(inverse[t - start]);
                        for i in (0..head_dim).step_by(16) {
                            s.put(out, i, s.mul(s.at(out, i), inverse));
                        }
                    }
                }
            }
        }
    }

    /// The kernel of [`twin_grad`]; `work` as for [`attention`].
    pub(crate) fn attention_grad(
        s;
        qkv: &[f32],
        out: &[f32],
        log_sum: &[f32],
        dout: &[f32],
        dqkv: &mut [f32],
        shape: Heads,
        work: &mut [f32],
    ) {
        let Heads { context, heads, kv_heads, head_dim } = shape;
        let columns = shape.columns();
        let values_after = kv_heads * head_dim;
        let layout = layout(shape);
        let (keys, work) = work.split_at_mut(layout.len());
        let (values, work) = work.split_at_mut(layout.len());
        let (p, ds) = work.split_at_mut(BLOCK * context);
        let sequences = qkv
            .chunks_exact(context * columns)
            .zip(dqkv.chunks_exact_mut(context * columns))
            .zip(out.chunks_exact(context * heads * head_dim).zip(dout.chunks_exact(context * heads * head_dim)))
            .zip(log_sum.chunks_exact(context * heads));
        for (((qkv, dqkv), (out, dout)), log_sum) in sequences {
            for row in dqkv.chunks_exact_mut(columns) {
                row[heads * head_dim..].fill(0.0);
            }
            for h in 0..heads {
                let key = shape.key_of(h);
                let value = key + values_after;
                if h.is_multiple_of(heads / kv_heads) {
                    pack_with(s, &qkv[key..], 1, columns, layout, keys);
                    pack_with(s, &qkv[value..], 1, columns, layout, values);
                }
                for block in (0..context).step_by(BLOCK) {
                    let block_end = context.min(block + BLOCK);
                    for start in (block..block_end).step_by(ROWS) {
                        let end = block_end.min(start + ROWS);
                        let place = (start - block) * context;
                        let inner = Product {
                            left: &qkv[start * columns + h * head_dim..],
                            left_row: columns,
                            left_step: 1,
                            right: Right::Packed { values: keys, layout },
                            rows: end - start,
                            inner: head_dim,
                            columns: end,
                            out: &mut p[place..],
                            out_row: context,
                            accumulate: false,
                        };
                        s.multiply(inner);
                        s.multiply(Product {
                            left: &dout[(start * heads + h) * head_dim..],
                            left_row: heads * head_dim,
                            left_step: 1,
                            right: Right::Packed { values, layout },
                            rows: end - start,
                            inner: head_dim,
                            columns: end,
                            out: &mut ds[place..],
                            out_row: context,
                            accumulate: false,
                        });
                        for t in start..end {
                            let place = (t - block) * context;
                            let at = (t * heads + h) * head_dim;
                            let row = Row {
                                scale: shape.scale(),
                                log_sum: log_sum[t * heads + h],
                                delta: s.dot(&dout[at..][..head_dim], &out[at..][..head_dim]),
                                kept: t + 1,
                            };
                            row.gradient(s, &mut p[place..][..end], &mut ds[place..][..end]);
                        }
                        s.multiply(Product {
                            left: &ds[place..],
                            left_row: context,
                            left_step: 1,
                            right: Right::Rows { values: &qkv[key..], stride: columns },
                            rows: end - start,
                            inner: end,
                            columns: head_dim,
                            out: &mut dqkv[start * columns + h * head_dim..],
                            out_row: columns,
                            accumulate: false,
                        });
                    }
                    for start in (0..block_end).step_by(ROWS) {
                        let end = block_end.min(start + ROWS);
                        let first = block.max(start);
                        let place = (first - block) * context + start;
                        s.multiply(Product {
                            left: &ds[place..],
                            left_row: 1,
                            left_step: context,
                            right: Right::Rows { values: &qkv[first * columns + h * head_dim..], stride: columns },
                            rows: end - start,
                            inner: block_end - first,
                            columns: head_dim,
                            out: &mut dqkv[start * columns + key..],
                            out_row: columns,
                            accumulate: true,
                        });
                        s.multiply(Product {
                            left: &p[place..],
                            left_row: 1,
                            left_step: context,
                            right: Right::Rows {
                                values: &dout[(first * heads + h) * head_dim..],
                                stride: heads * head_dim,
                            },
                            rows: end - start,
                            inner: block_end - first,
                            columns: head_dim,
                            out: &mut dqkv[start * columns + value..],
                            out_row: columns,
                            accumulate: true,
                        });
                    }
                }
            }
        }
    }
}

/// Turns the first `kept` raw scores of a row into `exp(z * scale - m)` and the rest into zeros; `m` and the sum.
#[inline(always)]
fn exponentials<S: Simd>(s: S, row: &mut [f32], kept: usize, scale: f32) -> (f32, f32) {
    let (row, masked) = row.split_at_mut(kept);
    masked.fill(0.0);
    let largest = s.largest(row) * scale;
    let (shift, scale) = (s.splat(-largest), s.splat(scale));
    let mut lanes = s.zero();
    let (whole, rest) = row.as_chunks_mut();
    for z in whole {
        let e = s.exp(s.mul_add(s.load(z), scale, shift));
        lanes = s.add(lanes, e);
        s.store(z, e);
    }
    if !rest.is_empty() {
        s.store_part(rest, s.exp(s.mul_add(s.load_part(rest), scale, shift)));
        lanes = s.add(lanes, s.load_part(rest));
    }
    (largest, s.sum(lanes))
}

/// What the gradient of a row of scores needs of its query.
struct Row {
    scale: f32,
    log_sum: f32,
    delta: f32,
    /// Keys up to the query's own place.
    kept: usize,
}

impl Row {
    /// From raw scores and `dout · v` to `p` and `ds`, zero past the query's own place.
    #[inline(always)]
    fn gradient<S: Simd>(&self, s: S, p: &mut [f32], ds: &mut [f32]) {
        let (scale, shift, delta) = (s.splat(self.scale), s.splat(-self.log_sum), s.splat(self.delta));
        let (p, p_masked) = p.split_at_mut(self.kept);
        let (ds, ds_masked) = ds.split_at_mut(self.kept);
        p_masked.fill(0.0);
        ds_masked.fill(0.0);
        for i in (0..p.len()).step_by(16) {
            let share = s.exp(s.mul_add(s.at(p, i), scale, shift));
            let d = s.mul(s.mul(share, s.sub(s.at(ds, i), delta)), scale);
            s.put(p, i, share);
            s.put(ds, i, d);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::math::Fused;
    use crate::testing::{numbers, same_bits};

    #[test]
    fn every_instruction_set_gives_the_bits_of_the_twin() {
        let shapes = [(1, 1, 8), (2, 1, 33), (3, 3, 16), (4, 2, 20)];
        let all = [1, 5, 32, 70, 130].into_iter().flat_map(|context| shapes.map(|shape| (context, shape)));
        // The last is longer than one chain of a product.
        for (context, (heads, kv_heads, head_dim)) in all.chain([(600, (1, 1, 8))]) {
            let shape = Heads { context, heads, kv_heads, head_dim };
            let rows = 2 * context;
            let qkv = numbers(1, rows * shape.columns());
            let dout = numbers(2, rows * heads * head_dim);
            let (mut want, mut want_sum) = (vec![0.0; rows * heads * head_dim], vec![0.0; rows * heads]);
            twin::<Fused>(&qkv, &mut want, &mut want_sum, shape);
            let mut want_grad = vec![0.0; qkv.len()];
            twin_grad::<Fused>(&qkv, &want, &want_sum, &dout, &mut want_grad, shape);
            for instructions in Instructions::available() {
                let mut work = vec![f32::NAN; work_len(shape)];
                let (mut out, mut log_sum) = (vec![f32::NAN; want.len()], vec![f32::NAN; want_sum.len()]);
                attention(instructions, &qkv, &mut out, &mut log_sum, shape, &mut work);
                same_bits(&out, &want, &format!("{instructions} {shape:?}"));
                same_bits(&log_sum, &want_sum, &format!("{instructions} {shape:?}"));
                let mut dqkv = vec![f32::NAN; qkv.len()];
                attention_grad(instructions, &qkv, &want, &want_sum, &dout, &mut dqkv, shape, &mut work);
                same_bits(&dqkv, &want_grad, &format!("{instructions} {shape:?}"));
            }
        }
    }
}
