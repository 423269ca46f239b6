//! Causal attention within each sequence, and its gradient; neither holds more of the scores than a block of query rows.

use crate::math::{Arithmetic, chain, dot, exp, log, max, sum};
use crate::product::{Layout, Product, Right, pack_with};
use crate::simd::{Simd, kernel};

use super::softmax::{Largest, Sum, across, log_sums};

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
fn transposed(shape: Heads) -> Layout {
    Layout { inner: shape.head_dim, columns: shape.context, panel: 32 }
}

/// How keys or values are packed as they stand, out of rows that lie far apart: panels whose tiles have rows that divide [`ROWS`].
fn upright(shape: Heads) -> Layout {
    Layout { inner: shape.context, columns: shape.head_dim, panel: 32 }
}

/// Numbers from one row of scores to the next: whole vectors.
fn scores_row(shape: Heads) -> usize {
    shape.context.next_multiple_of(16)
}

/// Working space of the kernels, in numbers.
pub(crate) fn work_len(shape: Heads) -> usize {
    2 * transposed(shape).len() + upright(shape).len() + 2 * BLOCK * scores_row(shape)
}

kernel! {
    /// The kernel of [`twin`]; `work` is working space of [`work_len`] numbers.
    pub(crate) fn attention(s; qkv: &[f32], out: &mut [f32], log_sum: &mut [f32], shape: Heads, work: &mut [f32]) {
        let Heads { context, heads, kv_heads, head_dim } = shape;
        let columns = shape.columns();
        let (transposed, upright, scores_row) = (transposed(shape), upright(shape), scores_row(shape));
        let (keys, work) = work.split_at_mut(transposed.len());
        let (values, work) = work.split_at_mut(upright.len());
        let scores = &mut work[..ROWS * scores_row];
        let sequences = qkv
            .chunks_exact(context * columns)
            .zip(out.chunks_exact_mut(context * heads * head_dim))
            .zip(log_sum.chunks_exact_mut(context * heads));
        for ((qkv, out), log_sum) in sequences {
            for h in 0..heads {
                let key = shape.key_of(h);
                if h.is_multiple_of(heads / kv_heads) {
                    pack_with(s, &qkv[key..], 1, columns, transposed, keys);
                    pack_with(s, &qkv[key + kv_heads * head_dim..], columns, 1, upright, values);
                }
                for start in (0..context).step_by(ROWS) {
                    let end = context.min(start + ROWS);
                    s.multiply(Product {
                        left: &qkv[start * columns + h * head_dim..],
                        left_row: columns,
                        left_step: 1,
                        right: Right::Packed { values: keys, layout: transposed },
                        rows: end - start,
                        inner: head_dim,
                        columns: end,
                        out: scores,
                        out_row: scores_row,
                        accumulate: false,
                    });
                    let row_sums = exponentials(s, scores, scores_row, start, end - start, shape.scale());
                    for (t, sum) in (start..end).zip(row_sums.log) {
                        log_sum[t * heads + h] = sum;
                    }
                    s.multiply(Product {
                        left: scores,
                        left_row: scores_row,
                        left_step: 1,
                        right: Right::Packed { values, layout: upright },
                        rows: end - start,
                        inner: end,
                        columns: head_dim,
                        out: &mut out[(start * heads + h) * head_dim..],
                        out_row: heads * head_dim,
                        accumulate: false,
                    });
                    for (t, inverse) in (start..end).zip(row_sums.inverse) {
                        let out = &mut out[(t * heads + h) * head_dim..][..head_dim];
                        let inverse = s.splat(inverse);
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
        let (transposed, upright, scores_row) = (transposed(shape), upright(shape), scores_row(shape));
        let (keys, work) = work.split_at_mut(transposed.len());
        let (values, work) = work.split_at_mut(transposed.len());
        let (keys_upright, work) = work.split_at_mut(upright.len());
        let (p, ds) = work.split_at_mut(BLOCK * scores_row);
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
                    pack_with(s, &qkv[key..], 1, columns, transposed, keys);
                    pack_with(s, &qkv[value..], 1, columns, transposed, values);
                    pack_with(s, &qkv[key..], columns, 1, upright, keys_upright);
                }
                for block in (0..context).step_by(BLOCK) {
                    let block_end = context.min(block + BLOCK);
                    for start in (block..block_end).step_by(ROWS) {
                        let end = block_end.min(start + ROWS);
                        let (p, ds) = (&mut p[(start - block) * scores_row..], &mut ds[(start - block) * scores_row..]);
                        s.multiply(Product {
                            left: &qkv[start * columns + h * head_dim..],
                            left_row: columns,
                            left_step: 1,
                            right: Right::Packed { values: keys, layout: transposed },
                            rows: end - start,
                            inner: head_dim,
                            columns: end,
                            out: p,
                            out_row: scores_row,
                            accumulate: false,
                        });
                        s.multiply(Product {
                            left: &dout[(start * heads + h) * head_dim..],
                            left_row: heads * head_dim,
                            left_step: 1,
                            right: Right::Packed { values, layout: transposed },
                            rows: end - start,
                            inner: head_dim,
                            columns: end,
                            out: ds,
                            out_row: scores_row,
                            accumulate: false,
                        });
                        let (mut shifts, mut lanes) = ([0.0; ROWS], [[0.0; 16]; ROWS]);
                        for t in start..end {
                            let at = (t * heads + h) * head_dim;
                            shifts[t - start] = -log_sum[t * heads + h];
                            let products = s.dot_lanes(&dout[at..][..head_dim], &out[at..][..head_dim]);
                            s.store(&mut lanes[t - start], products);
                        }
                        let deltas = s.to_array(across::<S, Sum>(s, &lanes));
                        gradients(s, p, ds, scores_row, start, end - start, shape.scale(), &shifts, &deltas);
                        s.multiply(Product {
                            left: ds,
                            left_row: scores_row,
                            left_step: 1,
                            right: Right::Packed { values: keys_upright, layout: upright },
                            rows: end - start,
                            inner: end,
                            columns: head_dim,
                            out: &mut dqkv[start * columns + h * head_dim..],
                            out_row: columns,
                            accumulate: false,
                        });
                    }
                    // Keys of the blocks before meet all rows of this one, its own those from theirs on.
                    let own = (block..block_end).step_by(ROWS).map(|start| (start, block_end.min(start + ROWS), start));
                    for (start, end, first) in [(0, block, block)].into_iter().chain(own) {
                        let place = (first - block) * scores_row + start;
                        let queries = (&qkv[first * columns + h * head_dim..], columns);
                        let douts = (&dout[(first * heads + h) * head_dim..], heads * head_dim);
                        for (left, (values, stride), to) in [(&*ds, queries, key), (&*p, douts, value)] {
                            s.multiply(Product {
                                left: &left[place..],
                                left_row: 1,
                                left_step: scores_row,
                                right: Right::Rows { values, stride },
                                rows: end - start,
                                inner: block_end - first,
                                columns: head_dim,
                                out: &mut dqkv[start * columns + to..],
                                out_row: columns,
                                accumulate: true,
                            });
                        }
                    }
                }
            }
        }
    }
}

/// Per row of scores, the logarithm of its sum of exponentials and one over what its exponentials sum to.
struct RowSums {
    log: [f32; ROWS],
    inverse: [f32; ROWS],
}

/// Turns raw scores of at most [`ROWS`] rows, of which row r keeps the first `start + r + 1` (`start` whole vectors), into `exp(z * scale - m)`, and zeros up to
/// the end of the last vector.
#[inline(always)]
fn exponentials<S: Simd>(s: S, scores: &mut [f32], row: usize, start: usize, rows: usize, scale: f32) -> RowSums {
    let mut lanes = [[0.0; 16]; ROWS];
    let lowest = s.splat(f32::NEG_INFINITY);
    for (r, (scores, lanes)) in scores.chunks_exact_mut(row).zip(&mut lanes).take(rows).enumerate() {
        let (whole, last) = scores[..start + 16].split_at_mut(start);
        let masked = s.first(s.load_part(last), r + 1, lowest);
        s.store_part(last, masked);
        let mut largest = masked;
        for z in whole.as_chunks().0 {
            largest = s.max(largest, s.load(z));
        }
        s.store(lanes, largest);
    }
    let largest = s.mul(across::<S, Largest>(s, &lanes), s.splat(scale));
    let shifts = s.to_array(s.neg(largest));
    let scale = s.splat(scale);
    for (scores, (lanes, shift)) in scores.chunks_exact_mut(row).zip(lanes.iter_mut().zip(shifts)).take(rows) {
        let shift = s.splat(shift);
        let mut sum = s.zero();
        for z in scores[..start + 16].as_chunks_mut().0 {
            let e = s.exp(s.mul_add(s.load(z), scale, shift));
            sum = s.add(sum, e);
            s.store(z, e);
        }
        s.store(lanes, sum);
    }
    let total = across::<S, Sum>(s, &lanes);
    let log = log_sums(s, largest, total);
    RowSums { log, inverse: s.to_array(s.div(s.splat(1.0), total)) }
}

/// What a row of scores needs of its query, in all lanes.
#[derive(Clone, Copy)]
struct Row<F> {
    scale: F,
    /// Less the logarithm of the row's sum of exponentials.
    shift: F,
    delta: F,
}

impl<F: Copy> Row<F> {
    /// `p` and `ds` of sixteen raw scores and their `dout · v`.
    #[inline(always)]
    fn gradient<S: Simd<F = F>>(self, s: S, raw: F, dp: F) -> (F, F) {
        let p = s.exp(s.mul_add(raw, self.scale, self.shift));
        (p, s.mul(s.mul(p, s.sub(dp, self.delta)), self.scale))
    }
}

/// From raw scores and `dout · v` to `p` and `ds`, of rows as in [`exponentials`]: `shifts` are less the rows' logarithms of sums, `deltas` their `dout · out`.
#[inline(always)]
fn gradients<S: Simd>(
    s: S,
    p: &mut [f32],
    ds: &mut [f32],
    stride: usize,
    start: usize,
    rows: usize,
    scale: f32,
    shifts: &[f32; ROWS],
    deltas: &[f32; ROWS],
) {
    let (scale, zero) = (s.splat(scale), s.zero());
    let scores = p.chunks_exact_mut(stride).zip(ds.chunks_exact_mut(stride)).take(rows);
    for (r, ((p, ds), (shift, delta))) in scores.zip(shifts.iter().zip(deltas)).enumerate() {
        let (shift, delta) = (s.splat(*shift), s.splat(*delta));
        let row = Row { scale, shift, delta };
        let (p, p_last) = p[..start + 16].split_at_mut(start);
        let (ds, ds_last) = ds[..start + 16].split_at_mut(start);
        for (p, ds) in p.as_chunks_mut().0.iter_mut().zip(ds.as_chunks_mut().0) {
            let (share, d) = row.gradient(s, s.load(p), s.load(ds));
            s.store(p, share);
            s.store(ds, d);
        }
        let (share, d) = row.gradient(s, s.load_part(p_last), s.load_part(ds_last));
        s.store_part(p_last, s.first(share, r + 1, zero));
        s.store_part(ds_last, s.first(d, r + 1, zero));
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
