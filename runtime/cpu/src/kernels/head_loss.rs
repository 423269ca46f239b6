//! Output head and cross-entropy in one, with the gradients of both factors in the same pass. Logits stand in memory for one tile of rows.

use crate::math::{Arithmetic, chain, exp, log, max, sum};
use crate::product::{Factors, Product, Right, factors_len, multiply_with};
use crate::simd::{Simd, kernel};

use super::softmax::{Largest, Sum, across, log_sums};

/// Rows whose logits stand in memory together: about 2^16 logits, at least 64 and at most 256 rows. The weight's gradient is summed per tile, tiles in ascending order.
pub fn tile_rows(vocabulary: usize) -> usize {
    (65_536 / vocabulary / 16 * 16).clamp(64, 256)
}

/// Rows whose exponentials are summed together.
const ROWS: usize = 16;

/// Working space of the kernel, in numbers: the logits of a tile, and what the products need.
pub(crate) fn work_len(factors: Factors, columns: usize, vocabulary: usize) -> usize {
    let rows = tile_rows(vocabulary);
    let products = factors_len(factors, rows, columns, vocabulary, false)
        .max(factors_len(factors, rows, vocabulary, columns, false))
        .max(factors_len(factors, vocabulary, rows, columns, true));
    rows * vocabulary + products
}

/// What the rows are to predict, and how much each counts.
#[derive(Debug, Clone, Copy)]
pub struct HeadTargets<'a> {
    /// `[R]`, below the vocabulary.
    pub targets: &'a [u32],
    /// `[R]`, or empty where every row counts one.
    pub weights: &'a [f32],
    /// Scales the gradients, not the losses.
    pub loss_scale: f32,
}

impl HeadTargets<'_> {
    pub(crate) fn coefficient(&self, row: usize) -> f32 {
        if self.weights.is_empty() { self.loss_scale } else { self.weights[row] * self.loss_scale }
    }
}

/// `loss[r] = log sum_v exp(z[v]) - z[targets[r]]`, nats, with logits `z = x[r] · weight`: x `[R, columns]`, weight `[V, columns]`, loss `[R]`.
///
/// `m = max(z)`, `e[v] = exp(z[v] - m)`, `l = sum(e)` (sixteen lanes): the loss is `(m + log(l)) - z[target]`.
pub fn twin<A: Arithmetic>(x: &[f32], weight: &[f32], targets: &[u32], loss: &mut [f32], columns: usize) {
    for ((x, target), loss) in x.chunks_exact(columns).zip(targets).zip(loss) {
        (_, *loss, _) = row::<A>(x, weight, *target);
    }
}

/// Loss and gradients: dx `[R, columns]` is written whole, dweight `[V, columns]` too, or added to with `accumulate`.
///
/// `g[v] = e[v] * (c / l)`, less `c` at the target, with `c = row weight * loss_scale`; `dx = g · weight` is a product over the vocabulary, and
/// `dweight = gᵀ · x` one product per [`tile_rows`] rows, tiles added in ascending order.
pub fn twin_grad<A: Arithmetic>(
    x: &[f32],
    weight: &[f32],
    rows: HeadTargets,
    loss: &mut [f32],
    dx: &mut [f32],
    dweight: &mut [f32],
    columns: usize,
    accumulate: bool,
) {
    let vocabulary = weight.len() / columns;
    let tile = tile_rows(vocabulary);
    for start in (0..loss.len()).step_by(tile) {
        let end = loss.len().min(start + tile);
        let mut g = Vec::with_capacity((end - start) * vocabulary);
        for r in start..end {
            let (e, row_loss, total) = row::<A>(&x[r * columns..][..columns], weight, rows.targets[r]);
            loss[r] = row_loss;
            let coefficient = rows.coefficient(r);
            let share = coefficient / total;
            let first = g.len();
            g.extend(e.iter().map(|e| e * share));
            g[first + rows.targets[r] as usize] -= coefficient;
            for c in 0..columns {
                dx[r * columns + c] = chain::<A>(vocabulary, None, |v| (g[first + v], weight[v * columns + c]));
            }
        }
        for v in 0..vocabulary {
            for c in 0..columns {
                let place = &mut dweight[v * columns + c];
                let before = (accumulate || start > 0).then_some(*place);
                *place = chain::<A>(end - start, before, |r| (g[r * vocabulary + v], x[(start + r) * columns + c]));
            }
        }
    }
}

/// One row's exponentials, loss and sum of exponentials.
fn row<A: Arithmetic>(x: &[f32], weight: &[f32], target: u32) -> (Vec<f32>, f32, f32) {
    let columns = x.len();
    let mut z: Vec<f32> = weight.chunks_exact(columns).map(|w| chain::<A>(columns, None, |c| (x[c], w[c]))).collect();
    let largest = max(&z);
    let aim = z[target as usize];
    for z in &mut z {
        *z = exp::<A>(*z - largest);
    }
    let total = sum(&z);
    (z, (largest + log(total)) - aim, total)
}

/// Where the gradients of the head go.
pub(crate) struct HeadGradients<'a> {
    /// The weight, a right factor `[V, columns]`.
    pub weight: Right<'a>,
    pub dx: &'a mut [f32],
    pub dweight: &'a mut [f32],
    pub accumulate: bool,
}

kernel! {
    /// The kernel of [`twin`] and, with `gradients`, of [`twin_grad`]. `transposed` is the weight as a right factor `[columns, V]`; `work` is working space
    /// of [`work_len`] numbers.
    pub(crate) fn head_loss(
        s;
        factors: Factors,
        x: &[f32],
        transposed: Right,
        rows: HeadTargets,
        loss: &mut [f32],
        gradients: Option<HeadGradients>,
        columns: usize,
        vocabulary: usize,
        work: &mut [f32],
    ) {
        let tile = tile_rows(vocabulary);
        let mut gradients = gradients;
        let (logits, work) = work.split_at_mut(tile * vocabulary);
        for start in (0..loss.len()).step_by(tile) {
            let count = tile.min(loss.len() - start);
            let x = &x[start * columns..][..count * columns];
            let logits = &mut logits[..count * vocabulary];
            multiply_with(s, factors, Product {
                left: x,
                left_row: columns,
                left_step: 1,
                right: transposed,
                rows: count,
                inner: columns,
                columns: vocabulary,
                out: logits,
                out_row: vocabulary,
                accumulate: false,
            }, work);
            for (block, z) in logits.chunks_mut(ROWS * vocabulary).enumerate() {
                let first = start + block * ROWS;
                let places = z.len() / vocabulary;
                let target = |r: usize| r * vocabulary + rows.targets[first + r] as usize;
                let mut aims = [0.0; ROWS];
                (0..places).for_each(|r| aims[r] = z[target(r)]);
                let (largest, total) = exponentials(s, z, vocabulary);
                let log_sums = log_sums(s, largest, total);
                for (r, loss) in loss[first..first + places].iter_mut().enumerate() {
                    *loss = log_sums[r] - aims[r];
                }
                if gradients.is_some() {
                    let mut coefficients = [0.0; ROWS];
                    (0..places).for_each(|r| coefficients[r] = rows.coefficient(first + r));
                    let shares = s.to_array(s.div(s.load(&coefficients), total));
                    for (z, share) in z.chunks_exact_mut(vocabulary).zip(shares) {
                        let share = s.splat(share);
                        for i in (0..vocabulary).step_by(16) {
                            s.put(z, i, s.mul(s.at(z, i), share));
                        }
                    }
                    (0..places).for_each(|r| z[target(r)] -= coefficients[r]);
                }
            }
            if let Some(HeadGradients { weight, dx, dweight, accumulate }) = &mut gradients {
                multiply_with(s, factors, Product {
                    left: logits,
                    left_row: vocabulary,
                    left_step: 1,
                    right: *weight,
                    rows: count,
                    inner: vocabulary,
                    columns,
                    out: &mut dx[start * columns..],
                    out_row: columns,
                    accumulate: false,
                }, work);
                multiply_with(s, factors, Product {
                    left: logits,
                    left_row: 1,
                    left_step: vocabulary,
                    right: Right::Rows { values: x, stride: columns },
                    rows: vocabulary,
                    inner: count,
                    columns,
                    out: dweight,
                    out_row: columns,
                    accumulate: *accumulate || start > 0,
                }, work);
            }
        }
    }
}

/// Turns at most [`ROWS`] rows of logits into `exp(z - max)`; per row the largest logit and the sum.
#[inline(always)]
fn exponentials<S: Simd>(s: S, z: &mut [f32], vocabulary: usize) -> (S::F, S::F) {
    let mut lanes = [[0.0; 16]; ROWS];
    let lowest = s.splat(f32::NEG_INFINITY);
    for (z, lanes) in z.chunks_exact(vocabulary).zip(&mut lanes) {
        let (whole, rest) = z.as_chunks();
        let mut largest = s.first(s.load_part(rest), rest.len(), lowest);
        for z in whole {
            largest = s.max(largest, s.load(z));
        }
        s.store(lanes, largest);
    }
    let largest = across::<S, Largest>(s, &lanes);
    for ((z, lanes), shift) in z.chunks_exact_mut(vocabulary).zip(&mut lanes).zip(s.to_array(largest)) {
        let shift = s.splat(shift);
        let mut sum = s.zero();
        let (whole, rest) = z.as_chunks_mut();
        for z in whole {
            let e = s.exp(s.sub(s.load(z), shift));
            sum = s.add(sum, e);
            s.store(z, e);
        }
        if !rest.is_empty() {
            s.store_part(rest, s.exp(s.sub(s.load_part(rest), shift)));
            sum = s.add(sum, s.load_part(rest));
        }
        s.store(lanes, sum);
    }
    (largest, across::<S, Sum>(s, &lanes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::math::{Bf16, F16, Fused};
    use crate::product::{Layout, pack_as};
    use crate::testing::{numbers, same_bits};

    #[test]
    fn every_instruction_set_gives_the_bits_of_the_twin() {
        gives_the_bits_of_the_twin::<Fused>(Factors::F32);
    }

    #[test]
    fn every_instruction_set_gives_the_bits_of_the_twin_in_bf16() {
        gives_the_bits_of_the_twin::<Bf16>(Factors::Bf16);
    }

    #[test]
    fn every_instruction_set_gives_the_bits_of_the_twin_in_f16() {
        gives_the_bits_of_the_twin::<F16>(Factors::F16);
    }

    fn gives_the_bits_of_the_twin<A: Arithmetic>(factors: Factors) {
        let packed = |instructions, from: &[f32], row, column, inner: usize, columns| {
            let layout = Layout::new(factors.steps(inner), columns);
            let mut values = vec![f32::NAN; layout.len()];
            pack_as(instructions, factors, from, row, column, inner, layout, &mut values);
            (values, layout)
        };
        for (rows, columns, vocabulary) in [(1, 1, 1), (17, 33, 65), (5, 16, 97), (300, 8, 256), (70, 5, 1100)] {
            let x = numbers(1, rows * columns);
            let weight = numbers(2, vocabulary * columns);
            let targets: Vec<u32> = (0..rows).map(|r| (r * 7 % vocabulary) as u32).collect();
            let weights = numbers(3, rows);
            for (weights, accumulate) in [(&weights[..], true), (&[], false)] {
                let head = HeadTargets { targets: &targets, weights, loss_scale: 0.01 };
                let before = numbers(4, vocabulary * columns);
                let (mut want_loss, mut want_dx, mut want) =
                    (vec![0.0; rows], vec![0.0; rows * columns], before.clone());
                twin_grad::<A>(&x, &weight, head, &mut want_loss, &mut want_dx, &mut want, columns, accumulate);
                let mut forward = vec![0.0; rows];
                twin::<A>(&x, &weight, &targets, &mut forward, columns);
                same_bits(&forward, &want_loss, "the losses with and without gradients");
                for instructions in Instructions::available() {
                    let (transposed, layout) = packed(instructions, &weight, 1, columns, columns, vocabulary);
                    let (upright, upright_layout) = packed(instructions, &weight, columns, 1, vocabulary, columns);
                    let mut work = vec![f32::NAN; work_len(factors, columns, vocabulary)];
                    let (mut loss, mut dx, mut dweight) =
                        (vec![f32::NAN; rows], vec![f32::NAN; rows * columns], before.clone());
                    let gradients = HeadGradients {
                        weight: Right::Packed { values: &upright, layout: upright_layout },
                        dx: &mut dx,
                        dweight: &mut dweight,
                        accumulate,
                    };
                    let right = Right::Packed { values: &transposed, layout };
                    head_loss(
                        instructions,
                        factors,
                        &x,
                        right,
                        head,
                        &mut loss,
                        Some(gradients),
                        columns,
                        vocabulary,
                        &mut work,
                    );
                    same_bits(&loss, &want_loss, instructions.name());
                    same_bits(&dx, &want_dx, instructions.name());
                    same_bits(&dweight, &want, instructions.name());
                }
            }
        }
    }
}
