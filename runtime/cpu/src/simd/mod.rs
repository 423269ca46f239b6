//! Sixteen numbers at a time, with the same bits on every instruction set.
//!
//! A kernel is written once over [`Simd`] and compiled for each instruction set by [`kernel!`]. Every operation here rounds as IEEE 754 says
//! or only moves bits, so lanes cannot differ between instruction sets; sums of lanes have the one order of `math::add_lanes`.

#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;
pub(crate) use scalar::Scalar;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512, Bf16};

use crate::math;
use crate::product::Tiles;

/// An instruction set. A value of the type is the proof that this machine has it.
pub(crate) trait Simd: Copy + Tiles {
    /// Sixteen lanes.
    type F: Copy;
    /// Whether a dozen of sixteen lanes stay in registers.
    const MANY_REGISTERS: bool;
    /// Whether multiply-adds take one lane of a register for a factor: numbers that lie side by side and are to be in all lanes are then loaded together.
    const LANES_AS_FACTORS: bool = false;

    fn splat(self, value: f32) -> Self::F;
    /// Each of four numbers that lie side by side in all lanes.
    /// # Safety
    /// Four numbers can be read from `from`.
    #[inline(always)]
    unsafe fn splat_four(self, from: *const f32) -> [Self::F; 4] {
        // SAFETY: the caller's promise.
        std::array::from_fn(|i| self.splat(unsafe { *from.add(i) }))
    }
    /// # Safety
    /// Sixteen numbers can be read from `from`.
    unsafe fn load_from(self, from: *const f32) -> Self::F;
    /// The first `count` numbers, then zeros.
    /// # Safety
    /// `count` numbers, at most 16, can be read from `from`.
    unsafe fn load_part_from(self, from: *const f32, count: usize) -> Self::F;
    /// # Safety
    /// Sixteen numbers can be written at `to`.
    unsafe fn store_to(self, to: *mut f32, value: Self::F);
    /// # Safety
    /// `count` numbers, at most 16, can be written at `to`.
    unsafe fn store_part_to(self, to: *mut f32, value: Self::F, count: usize);

    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    fn sqrt(self, a: Self::F) -> Self::F;
    fn neg(self, a: Self::F) -> Self::F;
    /// `a * b + c`, rounded once.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// `a > b ? a : b`.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a < b ? a : b`.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// `x < limit ? 0 : value`.
    fn zero_below(self, x: Self::F, limit: Self::F, value: Self::F) -> Self::F;
    /// The binary exponent of normal numbers as those of [0.5, 1) have it, and the number with exponent zero, in [0.5, 1).
    fn exponent(self, a: Self::F) -> (Self::F, Self::F);
    /// Two to the integer in the low bits of `rounded` (`math::ROUND` has been added to it).
    fn power_of_two(self, rounded: Self::F) -> Self::F;
    /// `math::bf16` in each lane: a number of bf16, written as f32.
    fn bf16(self, a: Self::F) -> Self::F;
    /// `math::f16` in each lane: a number of f16, written as f32.
    #[inline(always)]
    fn f16(self, a: Self::F) -> Self::F {
        self.load(&self.to_array(a).map(math::f16))
    }
    /// Lanes of two numbers of bf16: `even` in the lower half, `odd` in the upper. Both are written as f32.
    fn pair(self, even: Self::F, odd: Self::F) -> Self::F;
    /// The two numbers of [`Simd::pair`].
    fn parts(self, pair: Self::F) -> (Self::F, Self::F);
    /// Zeros of their sign for numbers below the normal ones.
    fn flush(self, a: Self::F) -> Self::F;
    /// Sixteen numbers of bf16, written as f32, side by side: eight lanes of pairs.
    /// # Safety
    /// Eight lanes can be written at `to`.
    unsafe fn store_bf16_to(self, to: *mut f32, value: Self::F);
    /// The first `count` lanes of `a`, the others of `rest`.
    fn first(self, a: Self::F, count: usize, rest: Self::F) -> Self::F;
    /// The last eight lanes, then the first eight.
    fn swap_halves(self, a: Self::F) -> Self::F;
    fn to_array(self, a: Self::F) -> [f32; 16];

    /// The lanes' sum in the order of `math::add_lanes`.
    #[inline(always)]
    fn sum(self, a: Self::F) -> f32 {
        math::add_lanes(self.to_array(a))
    }

    #[inline(always)]
    fn zero(self) -> Self::F {
        self.splat(0.0)
    }

    #[inline(always)]
    fn load(self, from: &[f32; 16]) -> Self::F {
        // SAFETY: the array has sixteen numbers.
        unsafe { self.load_from(from.as_ptr()) }
    }

    /// At most sixteen numbers, then zeros.
    #[inline(always)]
    fn load_part(self, from: &[f32]) -> Self::F {
        // SAFETY: no more are read than the slice has.
        unsafe { self.load_part_from(from.as_ptr(), from.len().min(16)) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 16], value: Self::F) {
        // SAFETY: the array has sixteen numbers.
        unsafe { self.store_to(to.as_mut_ptr(), value) }
    }

    /// As many lanes as the slice has room for, at most sixteen.
    #[inline(always)]
    fn store_part(self, to: &mut [f32], value: Self::F) {
        // SAFETY: no more are written than the slice has.
        unsafe { self.store_part_to(to.as_mut_ptr(), value, to.len().min(16)) }
    }

    /// The sixteen numbers from place `i` on, or as many as there are and then zeros.
    #[inline(always)]
    fn at(self, from: &[f32], i: usize) -> Self::F {
        let from = &from[i..];
        match from.first_chunk() {
            Some(whole) => self.load(whole),
            None => self.load_part(from),
        }
    }

    /// Writes sixteen numbers from place `i` on, or as many as there is room for.
    #[inline(always)]
    fn put(self, to: &mut [f32], i: usize, value: Self::F) {
        let to = &mut to[i..];
        match to.first_chunk_mut() {
            Some(whole) => self.store(whole, value),
            None => self.store_part(to, value),
        }
    }

    /// Asks for the cache line at an address, which need not be good, to be there soon.
    #[inline(always)]
    fn prefetch(self, _: *const f32) {}

    /// `to[i, j] = from[j, i]` for a square of 16.
    /// # Safety
    /// Sixteen numbers can be read at each of sixteen rows `from_row` apart, and written likewise.
    #[inline(always)]
    unsafe fn transpose(self, from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        for i in 0..16 {
            for j in 0..16 {
                // SAFETY: the caller's promise.
                unsafe { *to.add(i * to_row + j) = *from.add(j * from_row + i) };
            }
        }
    }

    /// `math::exp::<Fused>` in each lane.
    #[inline(always)]
    fn exp(self, x: Self::F) -> Self::F {
        let clamped = self.min(self.splat(math::EXP_HIGH), x);
        let rounded = self.mul_add(clamped, self.splat(std::f32::consts::LOG2_E), self.splat(math::ROUND));
        let n = self.sub(rounded, self.splat(math::ROUND));
        let r = self.mul_add(n, self.splat(-math::LN2_HIGH), clamped);
        let r = self.mul_add(n, self.splat(-math::LN2_LOW), r);
        let mut p = self.splat(math::EXP[0]);
        for c in &math::EXP[1..] {
            p = self.mul_add(p, r, self.splat(*c));
        }
        let p = self.add(self.mul_add(p, self.mul(r, r), r), self.splat(1.0));
        self.zero_below(x, self.splat(math::EXP_LOW), self.mul(p, self.power_of_two(rounded)))
    }

    /// `math::log` in each lane, of positive normal numbers.
    #[inline(always)]
    fn log(self, x: Self::F) -> Self::F {
        let one = self.splat(1.0);
        let root = self.splat(std::f32::consts::FRAC_1_SQRT_2);
        let (exponent, fraction) = self.exponent(x);
        // Below the root: one less of the exponent, twice the fraction.
        let exponent = self.sub(exponent, self.sub(one, self.zero_below(fraction, root, one)));
        let again = self.sub(fraction, self.zero_below(fraction, root, fraction));
        let f = self.sub(self.add(fraction, again), one);
        let square = self.mul(f, f);
        let mut p = self.splat(math::LOG[0]);
        for c in &math::LOG[1..] {
            p = self.add(self.mul(p, f), self.splat(*c));
        }
        let y = self.mul(self.mul(p, f), square);
        let y = self.add(y, self.mul(self.splat(math::LN2_LOW), exponent));
        let y = self.sub(y, self.mul(self.splat(0.5), square));
        self.add(self.add(f, y), self.mul(self.splat(math::LN2_HIGH), exponent))
    }

    /// `math::add_pair` in each lane.
    #[inline(always)]
    fn add_pair(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        let ((a_even, a_odd), (b_even, b_odd)) = (self.parts(a), self.parts(b));
        let c = self.flush(self.mul_add(a_odd, b_odd, c));
        self.flush(self.mul_add(a_even, b_even, c))
    }

    /// `1 / (1 + exp(-x))` in each lane.
    #[inline(always)]
    fn sigmoid(self, x: Self::F) -> Self::F {
        let one = self.splat(1.0);
        self.div(one, self.add(one, self.exp(self.neg(x))))
    }

    /// `math::dot::<Fused>`, for rows of one length.
    #[inline(always)]
    fn dot(self, a: &[f32], b: &[f32]) -> f32 {
        self.sum(self.dot_lanes(a, b))
    }

    /// The lanes that [`Simd::dot`] adds.
    #[inline(always)]
    fn dot_lanes(self, a: &[f32], b: &[f32]) -> Self::F {
        let (a, a_rest) = a.as_chunks();
        let (b, b_rest) = b.as_chunks();
        let mut lanes = self.zero();
        for (a, b) in a.iter().zip(b) {
            lanes = self.mul_add(self.load(a), self.load(b), lanes);
        }
        if !a_rest.is_empty() {
            lanes = self.mul_add(self.load_part(a_rest), self.load_part(b_rest), lanes);
        }
        lanes
    }
}

/// Defines kernels once for all instruction sets: `fn name(simd; arguments) body`, where `simd` is the instruction set and the function that comes out takes
/// [`Instructions`](crate::Instructions) first.
macro_rules! kernel {
    ($($(#[$attribute:meta])* $vis:vis fn $name:ident($simd:ident; $($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$attribute])*
        $vis fn $name(instructions: $crate::Instructions, $($argument: $type),*) $(-> $result)? {
            // Everything must be inlined into the function that has the instructions enabled.
            #[inline(always)]
            fn body<S: $crate::simd::Simd>($simd: S, $($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512(token: $crate::simd::Avx512, $($argument: $type),*) $(-> $result)? {
                body(token, $($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2(token: $crate::simd::Avx2, $($argument: $type),*) $(-> $result)? {
                body(token, $($argument),*)
            }

            #[cfg(target_arch = "aarch64")]
            #[target_feature(enable = "neon")]
            fn neon(token: $crate::simd::Neon, $($argument: $type),*) $(-> $result)? {
                body(token, $($argument),*)
            }

            match instructions.level() {
                $crate::instructions::Level::Scalar => body($crate::simd::Scalar, $($argument),*),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Instructions` of this level are only made where the machine has AVX-2 and FMA.
                $crate::instructions::Level::Avx2 => unsafe { avx2($crate::simd::Avx2::new(), $($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Instructions` of this level are only made where the machine has AVX-512F as well.
                $crate::instructions::Level::Avx512 => unsafe { avx512($crate::simd::Avx512::new(), $($argument),*) },
                #[cfg(target_arch = "aarch64")]
                // SAFETY: `Instructions` of this level are only made where the machine has NEON.
                $crate::instructions::Level::Neon => unsafe { neon($crate::simd::Neon::new(), $($argument),*) },
            }
        }
    )*};
}
pub(crate) use kernel;
