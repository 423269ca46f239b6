//! Sixteen lanes as an array: for machines without a known instruction set, and to compare with.

use super::Simd;
use crate::math;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar;

type F = [f32; 16];

#[inline(always)]
fn map2(a: F, b: F, f: impl Fn(f32, f32) -> f32) -> F {
    std::array::from_fn(|l| f(a[l], b[l]))
}

impl Simd for Scalar {
    type F = F;
    const MANY_REGISTERS: bool = false;

    #[inline(always)]
    fn splat(self, value: f32) -> F {
        [value; 16]
    }

    #[inline(always)]
    unsafe fn load_from(self, from: *const f32) -> F {
        // SAFETY: the caller's promise; arrays of f32 need no more alignment than f32.
        unsafe { *from.cast::<F>() }
    }

    #[inline(always)]
    unsafe fn load_part_from(self, from: *const f32, count: usize) -> F {
        let mut lanes = [0.0; 16];
        // SAFETY: the caller's promise: `count` numbers can be read, and at most sixteen are asked for.
        lanes[..count].copy_from_slice(unsafe { std::slice::from_raw_parts(from, count) });
        lanes
    }

    #[inline(always)]
    unsafe fn store_to(self, to: *mut f32, value: F) {
        // SAFETY: the caller's promise.
        unsafe { *to.cast::<F>() = value }
    }

    #[inline(always)]
    unsafe fn store_part_to(self, to: *mut f32, value: F, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(to, count) }.copy_from_slice(&value[..count]);
    }

    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        map2(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        map2(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        map2(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        map2(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn sqrt(self, a: F) -> F {
        a.map(f32::sqrt)
    }

    #[inline(always)]
    fn neg(self, a: F) -> F {
        a.map(|a| -a)
    }

    #[inline(always)]
    fn mul_add(self, a: F, b: F, c: F) -> F {
        std::array::from_fn(|l| a[l].mul_add(b[l], c[l]))
    }

    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        map2(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        map2(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn zero_below(self, x: F, limit: F, value: F) -> F {
        std::array::from_fn(|l| if x[l] < limit[l] { 0.0 } else { value[l] })
    }

    #[inline(always)]
    fn exponent(self, a: F) -> (F, F) {
        let exponent = a.map(|a| ((a.to_bits() >> 23) as i32 - 126) as f32);
        (exponent, a.map(|a| f32::from_bits((a.to_bits() & 0x007f_ffff) | 0x3f00_0000)))
    }

    #[inline(always)]
    fn power_of_two(self, rounded: F) -> F {
        rounded.map(|r| f32::from_bits((r.to_bits() << 23).wrapping_add(0x3f80_0000)))
    }

    #[inline(always)]
    fn bf16(self, a: F) -> F {
        a.map(math::bf16)
    }

    #[inline(always)]
    fn pair(self, even: F, odd: F) -> F {
        std::array::from_fn(|l| math::pair(even[l], odd[l]))
    }

    #[inline(always)]
    fn parts(self, pair: F) -> (F, F) {
        (pair.map(|pair| math::parts(pair).0), pair.map(|pair| math::parts(pair).1))
    }

    #[inline(always)]
    fn flush(self, a: F) -> F {
        a.map(math::flush)
    }

    #[inline(always)]
    unsafe fn store_bf16_to(self, to: *mut f32, value: F) {
        let pairs: [f32; 8] = std::array::from_fn(|l| math::pair(value[2 * l], value[2 * l + 1]));
        // SAFETY: the caller's promise.
        unsafe { *to.cast::<[f32; 8]>() = pairs }
    }

    #[inline(always)]
    fn first(self, a: F, count: usize, rest: F) -> F {
        std::array::from_fn(|l| if l < count { a[l] } else { rest[l] })
    }

    #[inline(always)]
    fn swap_halves(self, a: F) -> F {
        std::array::from_fn(|l| a[(l + 8) % 16])
    }

    #[inline(always)]
    fn to_array(self, a: F) -> [f32; 16] {
        a
    }
}
