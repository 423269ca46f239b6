//! Sixteen lanes on 64-bit Arm: four NEON registers.
//!
//! Products of bf16 are emulated in f32, by [`Simd::add_pair`]. Arm's instruction for them does not compute what `math::add_pair` says: BFDOT and BFMMLA round to odd and
//! take both products of a pair before the sum (without `FEAT_EBF16`, and with it where the control register asks for nothing else; Arm Architecture Reference Manual,
//! `BFDotAdd`), so they would need a numerics class of their own.

#[allow(clippy::wildcard_imports)] // Every name of it starts with v.
use std::arch::aarch64::*;
use std::arch::asm;

use super::Simd;

/// The proof that the machine has NEON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon(());

impl Neon {
    /// # Safety
    /// The machine has NEON.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Neon {
        Neon(())
    }
}

type F = [float32x4_t; 4];

/// A function of four lanes in each of the four registers.
macro_rules! each {
    ($f:ident($($a:ident),*)) => {
        // SAFETY: see above the implementation of `Simd`.
        unsafe { [$f($($a[0]),*), $f($($a[1]),*), $f($($a[2]),*), $f($($a[3]),*)] }
    };
}

const SIGN: u32 = 0x8000_0000;
const EXPONENT: u32 = 0x7f80_0000;
/// The places of lanes.
// SAFETY: both are sixteen numbers of 32 bits, and any bits are good.
const PLACES: [uint32x4_t; 4] =
    unsafe { std::mem::transmute::<[u32; 16], _>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) };

/// The first `count` of four numbers, then zeros.
///
/// # Safety
/// The machine has NEON, and so many numbers, at most 4, can be read.
#[inline(always)]
unsafe fn load_some(from: *const f32, count: usize) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        let zero = vdupq_n_f32(0.0);
        match count {
            0 => zero,
            1 => vld1q_lane_f32::<0>(from, zero),
            2 => vcombine_f32(vld1_f32(from), vget_low_f32(zero)),
            3 => vld1q_lane_f32::<2>(from.add(2), vcombine_f32(vld1_f32(from), vget_low_f32(zero))),
            _ => vld1q_f32(from),
        }
    }
}

/// # Safety
/// The machine has NEON, and so many numbers, at most 4, can be written.
#[inline(always)]
unsafe fn store_some(to: *mut f32, value: float32x4_t, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => {}
            1 => vst1q_lane_f32::<0>(to, value),
            2 => vst1_f32(to, vget_low_f32(value)),
            3 => {
                vst1_f32(to, vget_low_f32(value));
                vst1q_lane_f32::<2>(to.add(2), value);
            }
            _ => vst1q_f32(to, value),
        }
    }
}

/// How many of `count` numbers are of register `i`.
#[inline(always)]
fn of_register(count: usize, i: usize) -> usize {
    count.saturating_sub(4 * i).min(4)
}

/// `a > b ? a : b`: the instruction for the maximum prefers what is no number.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn greater(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe { vbslq_f32(vcgtq_f32(a, b), a, b) }
}

/// `a < b ? a : b`.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn less(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe { vbslq_f32(vcltq_f32(a, b), a, b) }
}

/// [`Simd::zero_below`] of four lanes.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn zero_below(x: float32x4_t, limit: float32x4_t, value: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe { vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(value), vcltq_f32(x, limit))) }
}

/// `a * b + c`.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn mul_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe { vfmaq_f32(c, a, b) }
}

/// The exponent of [`Simd::exponent`], of four lanes.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn exponent(a: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        let raw = vreinterpretq_s32_u32(vshrq_n_u32::<23>(vreinterpretq_u32_f32(a)));
        vcvtq_f32_s32(vsubq_s32(raw, vdupq_n_s32(126)))
    }
}

/// The number of [`Simd::exponent`], of four lanes.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn fraction(a: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        let fraction = vandq_u32(vreinterpretq_u32_f32(a), vdupq_n_u32(0x007f_ffff));
        vreinterpretq_f32_u32(vorrq_u32(fraction, vdupq_n_u32(0x3f00_0000)))
    }
}

/// [`Simd::power_of_two`] of four lanes.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn power_of_two(rounded: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        let shifted = vshlq_n_u32::<23>(vreinterpretq_u32_f32(rounded));
        vreinterpretq_f32_u32(vaddq_u32(shifted, vdupq_n_u32(0x3f80_0000)))
    }
}

/// [`Simd::bf16`] of four lanes.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn bf16(a: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        let bits = vreinterpretq_u32_f32(a);
        let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
        let rounded = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), odd);
        let quiet = vorrq_u32(bits, vdupq_n_u32(0x0040_0000));
        let rounded = vbslq_u32(vceqq_f32(a, a), rounded, quiet);
        let rounded = vandq_u32(rounded, vdupq_n_u32(0xffff_0000));
        let normal = vtstq_u32(bits, vdupq_n_u32(EXPONENT));
        vreinterpretq_f32_u32(vbslq_u32(normal, rounded, vandq_u32(bits, vdupq_n_u32(SIGN))))
    }
}

/// [`Simd::pair`] of four lanes: the lower half of a number of bf16 is zero, so it may be written over.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn pair(even: float32x4_t, odd: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe { vreinterpretq_f32_u32(vsriq_n_u32::<16>(vreinterpretq_u32_f32(odd), vreinterpretq_u32_f32(even))) }
}

/// The even part of [`Simd::parts`], of four lanes.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn even(pair: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe { vreinterpretq_f32_u32(vshlq_n_u32::<16>(vreinterpretq_u32_f32(pair))) }
}

/// The odd part of [`Simd::parts`], of four lanes.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn odd(pair: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe { vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(pair), vdupq_n_u32(0xffff_0000))) }
}

/// [`Simd::flush`] of four lanes.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn flush(a: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        let bits = vreinterpretq_u32_f32(a);
        let kept = vorrq_u32(vtstq_u32(bits, vdupq_n_u32(EXPONENT)), vdupq_n_u32(SIGN));
        vreinterpretq_f32_u32(vandq_u32(bits, kept))
    }
}

/// Eight numbers of bf16, written as f32, side by side: four lanes of pairs.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn side_by_side(low: float32x4_t, high: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe { pair(vuzp1q_f32(low, high), vuzp2q_f32(low, high)) }
}

/// The rows of a square of four, turned into its columns.
///
/// # Safety
/// The machine has NEON.
#[inline(always)]
unsafe fn turned(rows: F) -> F {
    // SAFETY: the caller's promise.
    unsafe {
        let wide = |a| vreinterpretq_f64_f32(a);
        let (a, b) = (wide(vtrn1q_f32(rows[0], rows[1])), wide(vtrn2q_f32(rows[0], rows[1])));
        let (c, d) = (wide(vtrn1q_f32(rows[2], rows[3])), wide(vtrn2q_f32(rows[2], rows[3])));
        let narrow = |a| vreinterpretq_f32_f64(a);
        [narrow(vtrn1q_f64(a, c)), narrow(vtrn1q_f64(b, d)), narrow(vtrn2q_f64(a, c)), narrow(vtrn2q_f64(b, d))]
    }
}

// SAFETY (every intrinsic in this file): `self` proves that the machine has the instructions; the pointers of loads and stores are good by the
// promise of the trait's unsafe functions, and partial ones stay within `count`.
impl Simd for Neon {
    type F = F;
    /// Thirty-two registers are eight of sixteen lanes.
    const MANY_REGISTERS: bool = false;
    const LANES_AS_FACTORS: bool = true;

    #[inline(always)]
    fn splat(self, value: f32) -> F {
        [unsafe { vdupq_n_f32(value) }; 4]
    }

    #[inline(always)]
    unsafe fn splat_four(self, from: *const f32) -> [F; 4] {
        unsafe {
            let four = vld1q_f32(from);
            [
                [vdupq_laneq_f32::<0>(four); 4],
                [vdupq_laneq_f32::<1>(four); 4],
                [vdupq_laneq_f32::<2>(four); 4],
                [vdupq_laneq_f32::<3>(four); 4],
            ]
        }
    }

    #[inline(always)]
    unsafe fn load_from(self, from: *const f32) -> F {
        unsafe { [vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))] }
    }

    #[inline(always)]
    unsafe fn load_part_from(self, from: *const f32, count: usize) -> F {
        unsafe {
            [
                load_some(from, of_register(count, 0)),
                load_some(from.wrapping_add(4), of_register(count, 1)),
                load_some(from.wrapping_add(8), of_register(count, 2)),
                load_some(from.wrapping_add(12), of_register(count, 3)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn store_to(self, to: *mut f32, value: F) {
        unsafe {
            vst1q_f32(to, value[0]);
            vst1q_f32(to.add(4), value[1]);
            vst1q_f32(to.add(8), value[2]);
            vst1q_f32(to.add(12), value[3]);
        }
    }

    #[inline(always)]
    unsafe fn store_part_to(self, to: *mut f32, value: F, count: usize) {
        unsafe {
            store_some(to, value[0], of_register(count, 0));
            store_some(to.wrapping_add(4), value[1], of_register(count, 1));
            store_some(to.wrapping_add(8), value[2], of_register(count, 2));
            store_some(to.wrapping_add(12), value[3], of_register(count, 3));
        }
    }

    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        each!(vaddq_f32(a, b))
    }

    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        each!(vsubq_f32(a, b))
    }

    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        each!(vmulq_f32(a, b))
    }

    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        each!(vdivq_f32(a, b))
    }

    #[inline(always)]
    fn sqrt(self, a: F) -> F {
        each!(vsqrtq_f32(a))
    }

    #[inline(always)]
    fn neg(self, a: F) -> F {
        each!(vnegq_f32(a))
    }

    #[inline(always)]
    fn mul_add(self, a: F, b: F, c: F) -> F {
        each!(mul_add(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        each!(greater(a, b))
    }

    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        each!(less(a, b))
    }

    #[inline(always)]
    fn zero_below(self, x: F, limit: F, value: F) -> F {
        each!(zero_below(x, limit, value))
    }

    #[inline(always)]
    fn exponent(self, a: F) -> (F, F) {
        (each!(exponent(a)), each!(fraction(a)))
    }

    #[inline(always)]
    fn power_of_two(self, rounded: F) -> F {
        each!(power_of_two(rounded))
    }

    #[inline(always)]
    fn bf16(self, a: F) -> F {
        each!(bf16(a))
    }

    #[inline(always)]
    fn pair(self, even: F, odd: F) -> F {
        each!(pair(even, odd))
    }

    #[inline(always)]
    fn parts(self, pair: F) -> (F, F) {
        (each!(even(pair)), each!(odd(pair)))
    }

    #[inline(always)]
    fn flush(self, a: F) -> F {
        each!(flush(a))
    }

    #[inline(always)]
    unsafe fn store_bf16_to(self, to: *mut f32, value: F) {
        unsafe {
            vst1q_f32(to, side_by_side(value[0], value[1]));
            vst1q_f32(to.add(4), side_by_side(value[2], value[3]));
        }
    }

    #[inline(always)]
    fn first(self, a: F, count: usize, rest: F) -> F {
        let count = [unsafe { vdupq_n_u32(count.min(16) as u32) }; 4];
        let kept = each!(vcltq_u32(PLACES, count));
        each!(vbslq_f32(kept, a, rest))
    }

    #[inline(always)]
    fn swap_halves(self, a: F) -> F {
        [a[2], a[3], a[0], a[1]]
    }

    #[inline(always)]
    fn to_array(self, a: F) -> [f32; 16] {
        let mut lanes = [0.0; 16];
        self.store(&mut lanes, a);
        lanes
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: a prefetch changes nothing that a program can see, whatever the address.
        unsafe { asm!("prfm pldl1keep, [{at}]", at = in(reg) at.addr(), options(nomem, nostack, preserves_flags)) }
    }

    #[inline(always)]
    unsafe fn transpose(self, from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        for i in (0..16).step_by(4) {
            for j in (0..16).step_by(4) {
                unsafe {
                    let from = from.add(j * from_row + i);
                    let square = turned([
                        vld1q_f32(from),
                        vld1q_f32(from.add(from_row)),
                        vld1q_f32(from.add(2 * from_row)),
                        vld1q_f32(from.add(3 * from_row)),
                    ]);
                    let to = to.add(i * to_row + j);
                    vst1q_f32(to, square[0]);
                    vst1q_f32(to.add(to_row), square[1]);
                    vst1q_f32(to.add(2 * to_row), square[2]);
                    vst1q_f32(to.add(3 * to_row), square[3]);
                }
            }
        }
    }

    #[inline(always)]
    fn sum(self, a: F) -> f32 {
        unsafe {
            let four = vaddq_f32(vaddq_f32(a[0], a[2]), vaddq_f32(a[1], a[3]));
            vpadds_f32(vadd_f32(vget_low_f32(four), vget_high_f32(four)))
        }
    }
}
