//! Products of matrices under the chain rule: `out = left · right`, each element the chains of `math::chain`.
//!
//! A tile of the result stays in registers while the inner dimension is walked in ascending order, so the rule holds by construction: tiles differ between
//! instruction sets, an element's chain does not.

use crate::math::{self, CHAIN};
#[cfg(target_arch = "aarch64")]
use crate::simd::Neon;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512, Bf16};
use crate::simd::{Scalar, Simd, kernel};

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

/// One step of a chain in each lane.
trait Step<S: Simd>: Copy {
    /// Steps of a chain.
    const CHAIN: usize;
    /// Whether the left factor is taken from lanes of registers, see [`Simd::LANES_AS_FACTORS`].
    const BY_LANES: bool;
    fn step(self, s: S, a: S::F, b: S::F, sum: S::F) -> S::F;
}

/// Of numbers of f32.
#[derive(Clone, Copy)]
struct Numbers;

/// Of pairs of bf16, on any instruction set.
#[derive(Clone, Copy)]
struct Pairs;

impl<S: Simd> Step<S> for Numbers {
    const CHAIN: usize = CHAIN;
    const BY_LANES: bool = S::LANES_AS_FACTORS;

    #[inline(always)]
    fn step(self, s: S, a: S::F, b: S::F, sum: S::F) -> S::F {
        s.mul_add(a, b, sum)
    }
}

impl<S: Simd> Step<S> for Pairs {
    const CHAIN: usize = CHAIN / 2;
    const BY_LANES: bool = false;

    #[inline(always)]
    fn step(self, s: S, a: S::F, b: S::F, sum: S::F) -> S::F {
        s.add_pair(a, b, sum)
    }
}

#[cfg(target_arch = "x86_64")]
impl Step<Avx512> for Bf16 {
    const CHAIN: usize = CHAIN / 2;
    const BY_LANES: bool = false;

    #[inline(always)]
    fn step(
        self,
        _: Avx512,
        a: <Avx512 as Simd>::F,
        b: <Avx512 as Simd>::F,
        sum: <Avx512 as Simd>::F,
    ) -> <Avx512 as Simd>::F {
        self.add_pair(a, b, sum)
    }
}

impl Tiles for Scalar {
    fn multiply(self, product: Product) {
        run::<Scalar, Numbers, 2, 1>(self, Numbers, product);
    }

    fn multiply_pairs(self, product: Product) {
        run::<Scalar, Pairs, 2, 1>(self, Pairs, product);
    }
}

/// Five rows of sixteen columns are twenty of thirty-two registers, the right factor's four more, and five hold four steps of the left factor, whose lanes are multiplied
/// with. (A sixth row is one more than there is room for: two sums then go through memory.) Four rows for products that fill such tiles without a rest: attention's, of sixteen rows.
#[cfg(target_arch = "aarch64")]
impl Tiles for Neon {
    #[inline(always)]
    fn multiply(self, product: Product) {
        #[target_feature(enable = "neon")]
        fn five(token: Neon, product: Product) {
            run::<Neon, Numbers, 5, 1>(token, Numbers, product);
        }
        #[target_feature(enable = "neon")]
        fn four(token: Neon, product: Product) {
            run::<Neon, Numbers, 4, 1>(token, Numbers, product);
        }
        // SAFETY: the token proves that the machine has NEON.
        unsafe {
            if product.rows <= 16 && product.rows.is_multiple_of(4) {
                four(self, product);
            } else {
                five(self, product);
            }
        }
    }

    #[inline(always)]
    fn multiply_pairs(self, product: Product) {
        #[target_feature(enable = "neon")]
        fn with(token: Neon, product: Product) {
            run::<Neon, Pairs, 3, 1>(token, Pairs, product);
        }
        // SAFETY: the token proves that the machine has NEON.
        unsafe { with(self, product) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Tiles for Avx2 {
    #[inline(always)]
    fn multiply(self, product: Product) {
        #[target_feature(enable = "avx2,fma")]
        fn with(token: Avx2, product: Product) {
            run::<Avx2, Numbers, 6, 1>(token, Numbers, product);
        }
        // SAFETY: the token proves that the machine has AVX-2 and FMA.
        unsafe { with(self, product) }
    }

    #[inline(always)]
    fn multiply_pairs(self, product: Product) {
        #[target_feature(enable = "avx2,fma")]
        fn with(token: Avx2, product: Product) {
            run::<Avx2, Pairs, 3, 1>(token, Pairs, product);
        }
        // SAFETY: the token proves that the machine has AVX-2 and FMA.
        unsafe { with(self, product) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Tiles for Avx512 {
    #[inline(always)]
    fn multiply(self, product: Product) {
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn wide(token: Avx512, product: Product) {
            run::<Avx512, Numbers, 6, 4>(token, Numbers, product);
        }
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn medium(token: Avx512, product: Product) {
            run::<Avx512, Numbers, 8, 3>(token, Numbers, product);
        }
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn narrow(token: Avx512, product: Product) {
            run::<Avx512, Numbers, 8, 2>(token, Numbers, product);
        }
        // SAFETY: the token proves that the machine has AVX-512F, AVX-2 and FMA.
        unsafe {
            match product.panel() {
                64 => wide(self, product),
                48 => medium(self, product),
                _ => narrow(self, product),
            }
        }
    }

    #[inline(always)]
    fn multiply_pairs(self, product: Product) {
        match Bf16::detect() {
            // SAFETY: the tokens prove that the machine has AVX-512F, AVX-512BF16, AVX-2 and FMA.
            Some(pairs) => unsafe { multiply_native(self, pairs, product) },
            // SAFETY: the token proves that the machine has AVX-512F, AVX-2 and FMA.
            None => unsafe { multiply_emulated(self, product) },
        }
    }
}

/// # Safety
/// The machine has AVX-512F, AVX-512BF16, AVX-2 and FMA.
#[cfg(target_arch = "x86_64")]
unsafe fn multiply_native(token: Avx512, pairs: Bf16, product: Product) {
    #[target_feature(enable = "avx512f,avx512bf16,avx2,fma")]
    fn wide(token: Avx512, pairs: Bf16, product: Product) {
        run::<Avx512, Bf16, 6, 4>(token, pairs, product);
    }
    #[target_feature(enable = "avx512f,avx512bf16,avx2,fma")]
    fn medium(token: Avx512, pairs: Bf16, product: Product) {
        run::<Avx512, Bf16, 8, 3>(token, pairs, product);
    }
    #[target_feature(enable = "avx512f,avx512bf16,avx2,fma")]
    fn narrow(token: Avx512, pairs: Bf16, product: Product) {
        run::<Avx512, Bf16, 8, 2>(token, pairs, product);
    }
    // SAFETY: the caller's promise.
    unsafe {
        match product.panel() {
            64 => wide(token, pairs, product),
            48 => medium(token, pairs, product),
            _ => narrow(token, pairs, product),
        }
    }
}

/// The same on a machine that has no instruction for pairs.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn multiply_emulated(token: Avx512, product: Product) {
    run::<Avx512, Pairs, 4, 2>(token, Pairs, product);
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

/// A row in pairs of bf16, with a zero after the last where their number is odd.
#[inline(always)]
fn pairs_of_row<S: Simd>(s: S, from: &[f32], to: &mut [f32]) {
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

/// [`pack_as`] within a kernel, in pairs of bf16 along the inner dimension; `layout` is of pairs.
#[inline(always)]
fn pack_pairs_with<S: Simd>(
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

/// [`pack_as`] within a kernel, of numbers of f32.
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

#[inline(always)]
fn run<S: Simd, M: Step<S>, const ROWS: usize, const VECTORS: usize>(s: S, m: M, product: Product) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::kernels::linear;
    use crate::math::Fused;
    use crate::testing::{numbers, same_bits};

    const SHAPES: [(usize, usize, usize); 10] = [
        (17, 65, 33),
        (1, 1, 1),
        (19, 70, 128),
        (50, 33, 96),
        (8, 512, 32),
        (7, 513, 31),
        (33, 1100, 97),
        (16, 3, 48),
        (5, 64, 16),
        (64, 40, 80),
    ];

    #[test]
    fn every_instruction_set_keeps_the_chain_rule_in_bf16() {
        keeps_the_chain_rule::<math::Bf16>(Factors::Bf16);
    }

    #[test]
    fn every_instruction_set_keeps_the_chain_rule_in_f16() {
        keeps_the_chain_rule::<math::F16>(Factors::F16);
    }

    /// The two forms of products with rounded factors, on every instruction set: bf16 with the machine's own instruction for pairs where it has one, and without.
    fn keeps_the_chain_rule<A: math::Arithmetic>(factors: Factors) {
        for (rows, inner, columns) in SHAPES {
            let (left, right) = (numbers(1, rows * inner), numbers(2, inner * columns));
            let before = numbers(3, rows * columns);
            let mut want = vec![0.0; rows * columns];
            linear::twin::<A>(&left, &right, &mut want, inner, columns);
            let transposed: Vec<f32> = (0..inner * rows).map(|i| left[i % rows * inner + i / rows]).collect();
            let right_columns: Vec<f32> =
                (0..inner * columns).map(|i| right[i % inner * columns + i / inner]).collect();
            let mut want_added = before.clone();
            linear::twin_grad_weight::<A>(&transposed, &right, &mut want_added, rows, columns, true);
            let layout = Layout::new(factors.steps(inner), columns);
            for instructions in Instructions::available() {
                let mut panels = vec![f32::NAN; layout.len()];
                pack_as(instructions, factors, &right, columns, 1, inner, layout, &mut panels);
                let mut from_columns = vec![f32::NAN; layout.len()];
                pack_as(instructions, factors, &right_columns, 1, inner, inner, layout, &mut from_columns);
                same_bits(&from_columns, &panels, "packed");
                let what = format!("{instructions} {rows}x{inner}x{columns}");
                let mut out = vec![f32::NAN; rows * columns];
                let mut work = vec![f32::NAN; factors_len(factors, rows, inner, columns, false)];
                let product = Product {
                    left: &left,
                    left_row: inner,
                    left_step: 1,
                    right: Right::Packed { values: &panels, layout },
                    rows,
                    inner,
                    columns,
                    out: &mut out,
                    out_row: columns,
                    accumulate: false,
                };
                multiply_as(instructions, factors, product, &mut work);
                same_bits(&out, &want, &what);
                let mut out = before.clone();
                let mut work = vec![f32::NAN; factors_len(factors, rows, inner, columns, true)];
                let product = Product {
                    left: &transposed,
                    left_row: 1,
                    left_step: rows,
                    right: Right::Rows { values: &right, stride: columns },
                    rows,
                    inner,
                    columns,
                    out: &mut out,
                    out_row: columns,
                    accumulate: true,
                };
                multiply_as(instructions, factors, product, &mut work);
                same_bits(&out, &want_added, &what);
            }
        }
    }

    /// Also of numbers that overflow, vanish or are none; on a machine with an instruction for pairs, with it and without.
    #[test]
    fn every_way_to_multiply_pairs_gives_the_same_bits() {
        let stream = synx_plan::random::Stream::new("pairs test/1", &0);
        let (rows, inner, columns) = (12, 40, 64);
        for round in 0..100 {
            let any = |from: u64, count: usize| -> Vec<f32> {
                let bits = (0..count as u64).map(|i| stream.below(from + i, 1 << 32) as u32);
                // Any bits at all, or exponents near each other in both halves of a pair.
                let near = |bits: u32| if round % 2 == 0 { bits } else { bits & 0x87ff_87ff | 0x3800_3800 };
                bits.map(|bits| f32::from_bits(near(bits))).collect()
            };
            let start = round * 1_000_000;
            let (left, right) = (any(start, rows * inner), any(start + 500_000, inner * columns));
            let given = |multiply: &dyn Fn(Product)| {
                let mut out = vec![0.0; rows * columns];
                multiply(Product {
                    left: &left,
                    left_row: inner,
                    left_step: 1,
                    right: Right::Packed { values: &right, layout: Layout { inner, columns, panel: 64 } },
                    rows,
                    inner,
                    columns,
                    out: &mut out,
                    out_row: columns,
                    accumulate: false,
                });
                // One not-a-number is as good as another.
                out.into_iter().map(|x| if x.is_nan() { f32::NAN } else { x }).collect::<Vec<f32>>()
            };
            let want: Vec<f32> = (0..rows * columns)
                .map(|i| {
                    let step =
                        |sum, k| math::add_pair(left[i / columns * inner + k], right[k * columns + i % columns], sum);
                    (0..inner).fold(0.0, step)
                })
                .map(|x: f32| if x.is_nan() { f32::NAN } else { x })
                .collect();
            for instructions in Instructions::available() {
                same_bits(&given(&|product| multiply_pairs(instructions, product)), &want, instructions.name());
            }
            #[cfg(target_arch = "x86_64")]
            if let Some(token) = Avx512::detect() {
                // SAFETY: the token proves that the machine has the instructions.
                same_bits(
                    &given(&|product| unsafe { multiply_emulated(token, product) }),
                    &want,
                    "without the instruction",
                );
            }
        }
    }

    kernel! {
        fn multiply_pairs(s; product: Product) {
            s.multiply_pairs(product);
        }
    }

    #[test]
    fn every_instruction_set_keeps_the_chain_rule() {
        for (rows, inner, columns) in SHAPES {
            let left = numbers(1, rows * inner);
            let right = numbers(2, inner * columns);
            let before = numbers(3, rows * columns);
            for accumulate in [false, true] {
                // The gradient of a weight takes its left factor transposed and can add: the same product.
                let transposed: Vec<f32> = (0..inner * rows).map(|i| left[i % rows * inner + i / rows]).collect();
                let mut want = before.clone();
                linear::twin_grad_weight::<Fused>(&transposed, &right, &mut want, rows, columns, accumulate);
                let right_columns: Vec<f32> =
                    (0..inner * columns).map(|i| right[i % inner * columns + i / inner]).collect();
                let layout = Layout::new(inner, columns);
                for instructions in Instructions::available() {
                    let mut panels = vec![f32::NAN; layout.len()];
                    pack_as(instructions, Factors::F32, &right, columns, 1, inner, layout, &mut panels);
                    let mut from_columns = vec![f32::NAN; layout.len()];
                    pack_as(instructions, Factors::F32, &right_columns, 1, inner, inner, layout, &mut from_columns);
                    same_bits(&from_columns, &panels, "packed");
                    for (left, left_row, left_step) in [(&left, inner, 1), (&transposed, 1, rows)] {
                        let kinds = [
                            Right::Rows { values: &right, stride: columns },
                            Right::Packed { values: &panels, layout },
                        ];
                        for right in kinds {
                            let mut out = before.clone();
                            let product = Product {
                                left,
                                left_row,
                                left_step,
                                right,
                                rows,
                                inner,
                                columns,
                                out: &mut out,
                                out_row: columns,
                                accumulate,
                            };
                            multiply_as(instructions, Factors::F32, product, &mut []);
                            same_bits(&out, &want, &format!("{instructions} {rows}x{inner}x{columns} {right:?}"));
                        }
                    }
                }
            }
        }
    }
}
