//! Products of matrices under the chain rule: `out = left · right`, each element the chains of `math::chain`.
//!
//! A tile of the result stays in registers while the inner dimension is walked in ascending order, so the rule holds by construction: tiles differ between
//! instruction sets, an element's chain does not.

mod instruction_sets;
mod pack;
#[cfg(test)]
mod tests;
mod tile;

pub(crate) use pack::pack_with;

use crate::simd::{Simd, kernel};
use pack::{pack_pairs_with, pairs_of_row};

/// How a right factor `[inner, columns]` lies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Right<'a> {
    /// Row k starts at `k * stride`.
    Rows { values: &'a [f32], stride: usize },
    /// As [`pack_as`] leaves it; the product may take only the first columns.
    Packed { values: &'a [f32], layout: Layout },
}

/// How a packed right factor lies: panels of some columns side by side, the last narrower, filled up to a multiple of 16 with zeros; each panel `[inner, width]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub inner: usize,
    pub columns: usize,
    /// Columns of a panel, a multiple of 16 up to 64.
    pub panel: usize,
}

impl Layout {
    /// The layout whose panels waste least of a tile.
    pub fn new(inner: usize, columns: usize) -> Layout {
        let panel = match columns {
            ..=32 => 32,
            _ if columns.is_multiple_of(48) => 48,
            _ => 64,
        };
        Layout { inner, columns, panel }
    }

    /// Numbers that the packed factor takes.
    pub fn len(&self) -> usize {
        self.inner * self.columns.next_multiple_of(16)
    }
}

/// `out[m, n] = sum_k left[m, k] * right[k, n]`, added to what is there with `accumulate`: `((before + chain) + chain) + …`.
#[derive(Debug)]
pub(crate) struct Product<'a> {
    /// Element (m, k) lies at `m * left_row + k * left_step`.
    pub left: &'a [f32],
    pub left_row: usize,
    pub left_step: usize,
    pub right: Right<'a>,
    pub rows: usize,
    pub inner: usize,
    pub columns: usize,
    /// Row m starts at `m * out_row`.
    pub out: &'a mut [f32],
    pub out_row: usize,
    pub accumulate: bool,
}

/// What the factors of a product are rounded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Factors {
    F32,
    Bf16,
    /// Written as f32: products are those of numbers of f32.
    F16,
}

impl Factors {
    /// Steps of the inner dimension that factors of so many numbers are packed in.
    pub fn steps(self, inner: usize) -> usize {
        match self {
            Factors::F32 | Factors::F16 => inner,
            Factors::Bf16 => inner.div_ceil(2),
        }
    }
}

/// What an instruction set multiplies with: the size of its tiles.
pub(crate) trait Tiles {
    fn multiply(self, product: Product);
    /// The product of pairs of bf16 (`math::pair`): both factors and the inner dimension are of pairs.
    fn multiply_pairs(self, product: Product);
}

#[cfg(target_arch = "x86_64")]
impl Product<'_> {
    /// Columns of a panel of the right factor.
    fn panel(&self) -> usize {
        match self.right {
            Right::Packed { layout, .. } => layout.panel,
            Right::Rows { .. } => Layout::new(self.inner, self.columns).panel,
        }
    }
}

kernel! {
    /// Packs a right factor, rounded to what is asked for. Element (k, n) of it lies at `k * row + n * column` in `from`; one of the two strides is 1. Its inner
    /// dimension is `inner` numbers long; `layout` is of as many [`Factors::steps`].
    pub(crate) fn pack_as(
        s;
        factors: Factors,
        from: &[f32],
        row: usize,
        column: usize,
        inner: usize,
        layout: Layout,
        to: &mut [f32],
    ) {
        match factors {
            Factors::F32 => pack_with(s, from, row, column, layout, to),
            Factors::Bf16 => pack_pairs_with(s, from, row, column, inner, layout, to),
            Factors::F16 => {
                pack_with(s, from, row, column, layout, to);
                let to = &mut to[..layout.len()];
                for i in (0..to.len()).step_by(16) {
                    let rounded = s.f16(s.at(to, i));
                    s.put(to, i, rounded);
                }
            }
        }
    }

    /// A product whose factors are rounded to what is asked for: those that are given are of f32, but for a right factor that is packed, by [`pack_as`].
    /// `work` is working space of [`factors_len`] numbers.
    pub(crate) fn multiply_as(s; factors: Factors, product: Product, work: &mut [f32]) {
        multiply_with(s, factors, product, work);
    }
}

/// Working space of [`multiply_as`], for factors that it rounds: of a product whose left factor lies by rows and whose right one is packed, or of a weight's gradient,
/// whose factors both lie by steps.
pub(crate) fn factors_len(factors: Factors, rows: usize, inner: usize, columns: usize, by_steps: bool) -> usize {
    let steps = factors.steps(inner);
    match (factors, by_steps) {
        (Factors::F32, _) => 0,
        (Factors::Bf16, true) => steps * (rows.next_multiple_of(16) + columns.next_multiple_of(16)),
        (Factors::F16, true) => steps * (rows + columns),
        (Factors::Bf16 | Factors::F16, false) => rows * steps,
    }
}

/// [`multiply_as`] within a kernel.
#[inline(always)]
pub(crate) fn multiply_with<S: Simd>(s: S, factors: Factors, product: Product, work: &mut [f32]) {
    match factors {
        Factors::F32 => s.multiply(product),
        Factors::Bf16 => multiply_bf16(s, product, work),
        Factors::F16 => multiply_f16(s, product, work),
    }
}

#[inline(always)]
fn multiply_f16<S: Simd>(s: S, product: Product, work: &mut [f32]) {
    let Product { left, left_row, left_step, right, rows, inner, columns, .. } = product;
    match right {
        Right::Packed { .. } => {
            assert_eq!(left_step, 1, "a left factor of rows");
            let work = &mut work[..rows * inner];
            round_rows(s, left, left_row, inner, work);
            s.multiply(Product { left: work, left_row: inner, ..product });
        }
        Right::Rows { values, stride } => {
            assert_eq!(left_row, 1, "a left factor of steps");
            let (of_left, work) = work.split_at_mut(inner * rows);
            let of_right = &mut work[..inner * columns];
            round_rows(s, left, left_step, rows, of_left);
            round_rows(s, values, stride, columns, of_right);
            let right = Right::Rows { values: of_right, stride: columns };
            s.multiply(Product { left: of_left, left_step: rows, right, ..product });
        }
    }
}

/// Rows of `columns` numbers, `stride` apart, rounded to f16 and side by side.
#[inline(always)]
fn round_rows<S: Simd>(s: S, from: &[f32], stride: usize, columns: usize, to: &mut [f32]) {
    if columns == 0 {
        return;
    }
    for (to, from) in to.chunks_exact_mut(columns).zip(from.chunks(stride.max(1))) {
        let from = &from[..columns];
        for i in (0..columns).step_by(16) {
            s.put(to, i, s.f16(s.at(from, i)));
        }
    }
}

#[inline(always)]
fn multiply_bf16<S: Simd>(s: S, product: Product, work: &mut [f32]) {
    let Product { left, left_row, left_step, right, rows, inner, columns, .. } = product;
    let pairs = inner.div_ceil(2);
    match right {
        Right::Packed { .. } => {
            assert_eq!(left_step, 1, "a left factor of rows");
            let work = &mut work[..rows * pairs];
            if pairs > 0 {
                for (to, from) in work.chunks_exact_mut(pairs).zip(left.chunks(left_row.max(1))) {
                    pairs_of_row(s, &from[..inner], to);
                }
            }
            s.multiply_pairs(Product { left: work, left_row: pairs, inner: pairs, ..product });
        }
        Right::Rows { values, stride } => {
            assert_eq!(left_row, 1, "a left factor of steps");
            let padded = rows.next_multiple_of(16);
            let (left_pairs, work) = work.split_at_mut(pairs * padded);
            let of_left = Layout { inner: pairs, columns: rows, panel: padded.max(16) };
            pack_pairs_with(s, left, left_step, 1, inner, of_left, left_pairs);
            let layout = Layout::new(pairs, columns);
            let work = &mut work[..layout.len()];
            pack_pairs_with(s, values, stride, 1, inner, layout, work);
            let right = Right::Packed { values: work, layout };
            s.multiply_pairs(Product { left: left_pairs, left_step: padded, right, inner: pairs, ..product });
        }
    }
}
