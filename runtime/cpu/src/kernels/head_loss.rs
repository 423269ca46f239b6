//! Output head and cross-entropy in one, with the gradients of both factors in the same pass. Logits stand in memory for one tile of rows.

use crate::math::{Arithmetic, chain, exp, log, max, sum};

/// Rows whose logits stand in memory together: about 2^16 logits, at least 64 and at most 256 rows. The weight's gradient is summed per tile, tiles in ascending order.
pub fn tile_rows(vocabulary: usize) -> usize {
    (65_536 / vocabulary / 16 * 16).clamp(64, 256)
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
