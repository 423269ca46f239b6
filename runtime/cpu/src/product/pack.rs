//! Packing of right factors: panels of some columns side by side, in numbers of f32 or in pairs of bf16.

use super::Layout;
use crate::math;
use crate::simd::Simd;

/// A row in pairs of bf16, with a zero after the last where their number is odd.
#[inline(always)]
pub(super) fn pairs_of_row<S: Simd>(s: S, from: &[f32], to: &mut [f32]) {
    let (whole, rest) = from.as_chunks::<16>();
    let (to, to_rest) = to.split_at_mut(8 * whole.len());
    for (from, to) in whole.iter().zip(to.as_chunks_mut::<8>().0) {
        // SAFETY: there are eight numbers.
        unsafe { s.store_bf16_to(to.as_mut_ptr(), s.bf16(s.load(from))) };
    }
    for (to, from) in to_rest.iter_mut().zip(rest.chunks(2)) {
        *to = math::pair(math::bf16(from[0]), from.get(1).map_or(0.0, |odd| math::bf16(*odd)));
    }
}

/// [`super::pack_as`] within a kernel, in pairs of bf16 along the inner dimension; `layout` is of pairs.
#[inline(always)]
pub(super) fn pack_pairs_with<S: Simd>(
    s: S,
    from: &[f32],
    row: usize,
    column: usize,
    inner: usize,
    layout: Layout,
    to: &mut [f32],
) {
    let Layout { inner: pairs, columns, panel } = layout;
    assert_eq!(pairs, inner.div_ceil(2), "the layout is of pairs");
    let mut to = &mut to[..layout.len()];
    for start in (0..columns).step_by(panel) {
        let width = panel.min(columns - start);
        let padded = width.next_multiple_of(16);
        let (panel, rest) = to.split_at_mut(padded * pairs);
        to = rest;
        if column == 1 {
            for (pair, to) in panel.chunks_exact_mut(padded).enumerate() {
                let even = &from[2 * pair * row + start..][..width];
                let odd = if 2 * pair + 1 < inner { &from[(2 * pair + 1) * row + start..][..width] } else { &[] };
                for i in (0..padded).step_by(16) {
                    let odd = if odd.is_empty() { s.zero() } else { s.bf16(s.at(odd, i)) };
                    s.put(to, i, s.pair(s.bf16(s.at(even, i)), odd));
                }
            }
        } else {
            assert_eq!(row, 1, "a factor to be packed lies by rows or by columns");
            for first in (0..pairs).step_by(16) {
                for n in (0..padded).step_by(16) {
                    let mut square = [[0.0; 16]; 16];
                    let last = pairs.min(first + 16);
                    for (n, square) in (n..width.min(n + 16)).zip(&mut square) {
                        let from = &from[(start + n) * column..][2 * first..inner.min(2 * last)];
                        pairs_of_row(s, from, &mut square[..last - first]);
                    }
                    let mut turned = [[0.0; 16]; 16];
                    // SAFETY: both are sixteen rows of sixteen.
                    unsafe { s.transpose(square.as_ptr().cast(), 16, turned.as_mut_ptr().cast(), 16) };
                    for (pair, turned) in (first..last).zip(&turned) {
                        panel[pair * padded + n..][..16].copy_from_slice(turned);
                    }
                }
            }
        }
    }
}

/// [`super::pack_as`] within a kernel, of numbers of f32.
#[inline(always)]
pub(crate) fn pack_with<S: Simd>(s: S, from: &[f32], row: usize, column: usize, layout: Layout, to: &mut [f32]) {
    let Layout { inner, columns, panel } = layout;
    let mut to = &mut to[..layout.len()];
    for start in (0..columns).step_by(panel) {
        let width = panel.min(columns - start);
        let padded = width.next_multiple_of(16);
        let (panel, rest) = to.split_at_mut(padded * inner);
        to = rest;
        if column == 1 {
            for (k, to) in panel.chunks_exact_mut(padded).enumerate() {
                // Vectors, not `copy_from_slice`: a call costs more than so few numbers.
                let from = &from[k * row + start..][..width];
                for i in (0..padded).step_by(16) {
                    s.put(to, i, s.at(from, i));
                }
            }
        } else {
            assert_eq!(row, 1, "a factor to be packed lies by rows or by columns");
            transpose(s, &from[start * column..], column, inner, width, panel, padded);
        }
    }
}

/// `to[k, n] = from[n, k]`, zeros from `columns` to `padded`: from `[columns, stride]`, to `[inner, padded]`.
#[inline(always)]
fn transpose<S: Simd>(s: S, from: &[f32], stride: usize, inner: usize, columns: usize, to: &mut [f32], padded: usize) {
    assert!((columns - 1) * stride + inner <= from.len() && inner * padded <= to.len());
    for first in (0..inner).step_by(16) {
        for n in (0..columns).step_by(16) {
            if first + 16 <= inner && n + 16 <= columns {
                // SAFETY: by the assert, rows n..n + 16 have `inner` numbers and rows first..first + 16 have `padded`.
                unsafe {
                    let from = from.as_ptr().add(n * stride + first);
                    s.transpose(from, stride, to.as_mut_ptr().add(first * padded + n), padded);
                }
            } else {
                for k in first..inner.min(first + 16) {
                    for n in n..n + 16 {
                        to[k * padded + n] = if n < columns { from[n * stride + k] } else { 0.0 };
                    }
                }
            }
        }
    }
}
