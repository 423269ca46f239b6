//! A product tile by tile: which rows, columns and chains of the inner dimension, and the loop over a tile.

use super::{Product, Right};
use crate::simd::Simd;

/// One step of a chain in each lane.
pub(super) trait Step<S: Simd>: Copy {
    /// Steps of a chain.
    const CHAIN: usize;
    /// Whether the left factor is taken from lanes of registers, see [`Simd::LANES_AS_FACTORS`].
    const BY_LANES: bool;
    fn step(self, s: S, a: S::F, b: S::F, sum: S::F) -> S::F;
}

#[inline(always)]
pub(super) fn run<S: Simd, M: Step<S>, const ROWS: usize, const VECTORS: usize>(s: S, m: M, product: Product) {
    let Product { left, left_row, left_step, right, rows, inner, columns, out, out_row, accumulate } = product;
    if rows == 0 || columns == 0 {
        return;
    }
    if inner == 0 {
        if !accumulate {
            out.chunks_mut(out_row).take(rows).for_each(|row| row[..columns].fill(0.0));
        }
        return;
    }
    assert!((rows - 1) * left_row + (inner - 1) * left_step < left.len(), "the left factor is too short");
    assert!((rows - 1) * out_row + columns <= out.len(), "the product is too short");
    match right {
        Right::Rows { values, stride } => {
            assert!((inner - 1) * stride + columns <= values.len(), "the right factor is too short");
        }
        Right::Packed { values, layout } => {
            assert!(inner <= layout.inner && columns <= layout.columns, "the right factor is too small");
            assert!(layout.len() <= values.len(), "the right factor is too short");
        }
    }
    for first in (0..inner).step_by(M::CHAIN) {
        let length = M::CHAIN.min(inner - first);
        let add = accumulate || first > 0;
        let mut column = 0;
        while column < columns {
            let (values, start, step, room) = match right {
                Right::Rows { values, stride } => (values, first * stride + column, stride, columns - column),
                Right::Packed { values, layout } => {
                    let before = column / layout.panel * layout.panel;
                    let width = layout.panel.min((layout.columns - before).next_multiple_of(16));
                    let start = before * layout.inner + first * width + (column - before);
                    (values, start, width, (columns - column).min(layout.panel - (column - before)))
                }
            };
            let width = room.min(16 * VECTORS);
            for row in (0..rows).step_by(ROWS) {
                let valid = ROWS.min(rows - row);
                // SAFETY: the asserts above: rows up to `rows`, `length` steps from `first` and `width` columns from `column` lie within the three slices
                // (a packed panel is filled up to 16 columns, and partial loads and stores stop at `width`).
                unsafe {
                    let tile = Tile {
                        left: left.as_ptr().add(row * left_row + first * left_step),
                        left_row,
                        left_step,
                        right: values.as_ptr().add(start),
                        right_step: step,
                        length,
                        out: out.as_mut_ptr().add(row * out_row + column),
                        out_row,
                        valid,
                        width,
                        add,
                    };
                    if left_step == 1 {
                        tile.choose::<S, M, ROWS, VECTORS, BY_ROW>(s, m);
                    } else if left_row == 1 && valid == ROWS {
                        tile.choose::<S, M, ROWS, VECTORS, BY_COLUMN>(s, m);
                    } else {
                        tile.choose::<S, M, ROWS, VECTORS, ANY>(s, m);
                    }
                }
            }
            column += width;
        }
    }
}

/// How a tile's left factor lies: anyhow, steps side by side, or rows side by side (and all of them valid). Only the addresses differ.
const ANY: u8 = 0;
const BY_ROW: u8 = 1;
const BY_COLUMN: u8 = 2;

/// Steps ahead of which a left factor whose steps lie apart is asked for: more than the instructions in flight reach.
const AHEAD: usize = 16;

/// One tile of a product: at most `ROWS` rows and `16 * VECTORS` columns over one chain of the inner dimension.
#[derive(Clone, Copy)]
struct Tile {
    left: *const f32,
    left_row: usize,
    left_step: usize,
    right: *const f32,
    right_step: usize,
    length: usize,
    out: *mut f32,
    out_row: usize,
    valid: usize,
    width: usize,
    add: bool,
}

impl Tile {
    /// # Safety
    /// As [`Tile::run`]; `width` is at most `16 * VECTORS`.
    #[inline(always)]
    unsafe fn choose<S: Simd, M: Step<S>, const ROWS: usize, const VECTORS: usize, const LEFT: u8>(self, s: S, m: M) {
        // SAFETY: the caller's promise.
        unsafe {
            match (self.width.div_ceil(16), !self.width.is_multiple_of(16)) {
                (1, false) => self.run::<S, M, ROWS, 1, LEFT, false>(s, m),
                (1, true) => self.run::<S, M, ROWS, 1, LEFT, true>(s, m),
                (2, false) if VECTORS > 2 => self.run::<S, M, ROWS, 2, LEFT, false>(s, m),
                (2, true) if VECTORS > 2 => self.run::<S, M, ROWS, 2, LEFT, true>(s, m),
                (3, false) if VECTORS > 3 => self.run::<S, M, ROWS, 3, LEFT, false>(s, m),
                (3, true) if VECTORS > 3 => self.run::<S, M, ROWS, 3, LEFT, true>(s, m),
                (_, false) => self.run::<S, M, ROWS, VECTORS, LEFT, false>(s, m),
                (_, true) => self.run::<S, M, ROWS, VECTORS, LEFT, true>(s, m),
            }
        }
    }

    /// # Safety
    /// The pointers are good for `length` steps of `valid` rows and `width` columns; `width` is more than 16 · (VECTORS - 1), and 16 · VECTORS unless `PART`;
    /// the left factor lies as `LEFT` says.
    #[inline(always)]
    unsafe fn run<S: Simd, M: Step<S>, const ROWS: usize, const VECTORS: usize, const LEFT: u8, const PART: bool>(
        self,
        s: S,
        m: M,
    ) {
        let mut sums = [[s.zero(); VECTORS]; ROWS];
        let last = self.width - 16 * (VECTORS - 1);
        // Rows past the end read the last one again and are not stored.
        let mut left: [*const f32; ROWS] =
            std::array::from_fn(|r| self.left.wrapping_add(r.min(self.valid - 1) * self.left_row));
        let mut right = self.right;
        // SAFETY: the caller's promise; called for `length` steps in all.
        let load = |right: *const f32| -> [S::F; VECTORS] {
            let mut values = [s.zero(); VECTORS];
            for (v, value) in values.iter_mut().enumerate() {
                *value = unsafe {
                    if PART && v == VECTORS - 1 {
                        s.load_part_from(right.add(16 * v), last)
                    } else {
                        s.load_from(right.add(16 * v))
                    }
                };
            }
            values
        };
        let mut steps = self.length;
        if LEFT == BY_ROW {
            // Four steps a turn: one move of each row's pointer.
            while M::BY_LANES && steps >= 4 {
                let mut steps_of_rows = [[s.zero(); ROWS]; 4];
                for (r, left) in left.iter().enumerate() {
                    // SAFETY: four steps are left of each row.
                    for (rows, a) in steps_of_rows.iter_mut().zip(unsafe { s.splat_four(*left) }) {
                        rows[r] = a;
                    }
                }
                for a in steps_of_rows {
                    let b = load(right);
                    for r in 0..ROWS {
                        for v in 0..VECTORS {
                            sums[r][v] = m.step(s, a[r], b[v], sums[r][v]);
                        }
                    }
                    right = right.wrapping_add(self.right_step);
                }
                left = left.map(|left| left.wrapping_add(4));
                steps -= 4;
            }
            while steps >= 4 {
                for k in 0..4 {
                    let b = load(right);
                    for r in 0..ROWS {
                        let a = s.splat(unsafe { *left[r].add(k) });
                        for v in 0..VECTORS {
                            sums[r][v] = m.step(s, a, b[v], sums[r][v]);
                        }
                    }
                    right = right.wrapping_add(self.right_step);
                }
                left = left.map(|left| left.wrapping_add(4));
                steps -= 4;
            }
        }
        for step in 0..steps {
            if LEFT == BY_COLUMN {
                // A weight's gradient: the left factor's lines and the sums' lie where no hardware expects them, so they are asked for ahead, the sums' a row a step.
                if step < ROWS {
                    for v in 0..VECTORS {
                        s.prefetch(self.out.wrapping_add(step * self.out_row + 16 * v));
                    }
                }
                s.prefetch(left[0].wrapping_add(AHEAD * self.left_step));
            }
            let b = load(right);
            for r in 0..ROWS {
                let at = if LEFT == BY_COLUMN { left[0].wrapping_add(r) } else { left[r] };
                let a = if M::BY_LANES && LEFT == BY_COLUMN && ROWS >= 4 {
                    // Rows are taken four together, the last four where fewer are left.
                    let first = (r / 4 * 4).min(ROWS - 4);
                    unsafe { s.splat_four(left[0].wrapping_add(first))[r - first] }
                } else {
                    s.splat(unsafe { *at })
                };
                for v in 0..VECTORS {
                    sums[r][v] = m.step(s, a, b[v], sums[r][v]);
                }
            }
            right = right.wrapping_add(self.right_step);
            left = left.map(|left| left.wrapping_add(self.left_step));
        }
        for (r, sums) in sums.iter().enumerate() {
            if r < self.valid {
                for (v, sum) in sums.iter().enumerate() {
                    // SAFETY: the caller's promise.
                    unsafe {
                        let out = self.out.add(r * self.out_row + 16 * v);
                        if PART && v == VECTORS - 1 {
                            let sum = if self.add { s.add(s.load_part_from(out, last), *sum) } else { *sum };
                            s.store_part_to(out, sum, last);
                        } else {
                            let sum = if self.add { s.add(s.load_from(out), *sum) } else { *sum };
                            s.store_to(out, sum);
                        }
                    }
                }
            }
        }
    }
}
