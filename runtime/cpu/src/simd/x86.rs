//! Sixteen lanes on x86-64: one AVX-512 register or two AVX-2 registers.

#[allow(clippy::wildcard_imports)] // Every name of it starts with _mm.
use std::arch::x86_64::*;

use std::sync::OnceLock;

use super::Simd;
use crate::math;

/// The proof that the machine has AVX-512F, AVX-2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

/// The proof that the machine has AVX-2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx512 {
    /// # Safety
    /// The machine has AVX-512F, AVX-2 and FMA.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Avx512 {
        Avx512(())
    }
}

#[cfg(test)]
impl Avx512 {
    pub(crate) fn detect() -> Option<Avx512> {
        is_x86_feature_detected!("avx512f").then_some(Avx512(()))
    }
}

impl Avx2 {
    /// # Safety
    /// The machine has AVX-2 and FMA.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Avx2 {
        Avx2(())
    }
}

/// The proof that the machine has AVX-512BF16 beside what [`Avx512`] proves, and that its products of pairs are those of `math::add_pair`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bf16(());

impl Bf16 {
    /// Found out once: Intel and AMD say how the instruction rounds, and numbers that tell other ways apart are tried before it is trusted.
    pub(crate) fn detect() -> Option<Bf16> {
        static FOUND: OnceLock<bool> = OnceLock::new();
        let found = || {
            let there = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16");
            // SAFETY: the machine has the instruction.
            there
                && TELLING.iter().all(|[a, b, c]| {
                    unsafe { add_pairs_once(*a, *b, *c) }.to_bits()
                        == math::add_pair(f32::from_bits(*a), f32::from_bits(*b), f32::from_bits(*c)).to_bits()
                })
        };
        FOUND.get_or_init(found).then_some(Bf16(()))
    }

    /// `math::add_pair` in each lane.
    #[inline(always)]
    pub(crate) fn add_pair(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves that the machine has the instruction; the types are of one size and any bits are good.
        unsafe {
            _mm512_dpbf16_ps(c, std::mem::transmute::<__m512, __m512bh>(a), std::mem::transmute::<__m512, __m512bh>(b))
        }
    }
}

/// Pairs, pairs and a sum that tell apart whether products are added one by one and the odd one first, are rounded of themselves, and what becomes of numbers below
/// the normal ones.
const TELLING: [[u32; 3]; 6] = [
    [0x3f4d_3fa1, 0x3f5e_bf47, 0x3fae_c423],
    [0xbf70_3f77, 0xbf69_bfe1, 0x3f99_f811],
    [0xbf81_3b66, 0x3beb_bab1, 0x38bd_d0a8],
    [0x6acb_ee6f, 0x6aa9_6b74, 0xb5a1_a21e],
    [0x8235_87b2, 0xb8b3_b9ab, 0x0128_5055],
    [0x8190_83dd, 0x38da_beb6, 0x8052_1f18],
];

/// # Safety
/// The machine has AVX-512F and AVX-512BF16.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn add_pairs_once(a: u32, b: u32, c: u32) -> f32 {
    let splat = |bits: u32| _mm512_set1_ps(f32::from_bits(bits));
    _mm512_cvtss_f32(Bf16(()).add_pair(splat(a), splat(b), splat(c)))
}

// SAFETY (every intrinsic in this file): `self` proves that the machine has the instructions; the pointers of loads and stores are good by the
// promise of the trait's unsafe functions, and masks keep partial ones within `count`.
impl Simd for Avx512 {
    type F = __m512;
    const MANY_REGISTERS: bool = true;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load_from(self, from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_part_from(self, from: *const f32, count: usize) -> __m512 {
        unsafe { _mm512_maskz_loadu_ps(((1u32 << count) - 1) as u16, from) }
    }

    #[inline(always)]
    unsafe fn store_to(self, to: *mut f32, value: __m512) {
        unsafe { _mm512_storeu_ps(to, value) }
    }

    #[inline(always)]
    unsafe fn store_part_to(self, to: *mut f32, value: __m512, count: usize) {
        unsafe { _mm512_mask_storeu_ps(to, ((1u32 << count) - 1) as u16, value) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        unsafe { _mm512_sqrt_ps(a) }
    }

    #[inline(always)]
    fn neg(self, a: __m512) -> __m512 {
        unsafe { _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(a), _mm512_set1_epi32(i32::MIN))) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn zero_below(self, x: __m512, limit: __m512, value: __m512) -> __m512 {
        unsafe { _mm512_maskz_mov_ps(!_mm512_cmp_ps_mask::<_CMP_LT_OQ>(x, limit), value) }
    }

    #[inline(always)]
    fn exponent(self, a: __m512) -> (__m512, __m512) {
        unsafe {
            let bits = _mm512_castps_si512(a);
            let exponent = _mm512_sub_epi32(_mm512_srli_epi32::<23>(bits), _mm512_set1_epi32(126));
            let fraction = _mm512_and_epi32(bits, _mm512_set1_epi32(0x007f_ffff));
            let fraction = _mm512_or_epi32(fraction, _mm512_set1_epi32(0x3f00_0000));
            (_mm512_cvtepi32_ps(exponent), _mm512_castsi512_ps(fraction))
        }
    }

    #[inline(always)]
    fn power_of_two(self, rounded: __m512) -> __m512 {
        unsafe {
            let shifted = _mm512_slli_epi32::<23>(_mm512_castps_si512(rounded));
            _mm512_castsi512_ps(_mm512_add_epi32(shifted, _mm512_set1_epi32(0x3f80_0000)))
        }
    }

    #[inline(always)]
    fn bf16(self, a: __m512) -> __m512 {
        unsafe {
            let bits = _mm512_castps_si512(a);
            let upper = _mm512_set1_epi32(0xffff_0000_u32 as i32);
            let odd = _mm512_and_epi32(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
            let quiet = _mm512_or_epi32(bits, _mm512_set1_epi32(0x0040_0000));
            let is_nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            let below = _mm512_testn_epi32_mask(bits, _mm512_set1_epi32(0x7f80_0000));
            let rounded = _mm512_mask_mov_epi32(rounded, is_nan, quiet);
            let rounded = _mm512_mask_and_epi32(rounded, below, bits, _mm512_set1_epi32(i32::MIN));
            _mm512_castsi512_ps(_mm512_and_epi32(rounded, upper))
        }
    }

    #[inline(always)]
    fn pair(self, even: __m512, odd: __m512) -> __m512 {
        unsafe {
            let even = _mm512_srli_epi32::<16>(_mm512_castps_si512(even));
            _mm512_castsi512_ps(_mm512_or_epi32(even, _mm512_castps_si512(odd)))
        }
    }

    #[inline(always)]
    fn parts(self, pair: __m512) -> (__m512, __m512) {
        unsafe {
            let bits = _mm512_castps_si512(pair);
            let odd = _mm512_and_epi32(bits, _mm512_set1_epi32(0xffff_0000_u32 as i32));
            (_mm512_castsi512_ps(_mm512_slli_epi32::<16>(bits)), _mm512_castsi512_ps(odd))
        }
    }

    #[inline(always)]
    fn flush(self, a: __m512) -> __m512 {
        unsafe {
            let bits = _mm512_castps_si512(a);
            let below = _mm512_testn_epi32_mask(bits, _mm512_set1_epi32(0x7f80_0000));
            _mm512_castsi512_ps(_mm512_mask_and_epi32(bits, below, bits, _mm512_set1_epi32(i32::MIN)))
        }
    }

    #[inline(always)]
    unsafe fn store_bf16_to(self, to: *mut f32, value: __m512) {
        unsafe {
            let halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(_mm512_castps_si512(value)));
            _mm256_storeu_si256(to.cast(), halves);
        }
    }

    #[inline(always)]
    fn first(self, a: __m512, count: usize, rest: __m512) -> __m512 {
        unsafe { _mm512_mask_mov_ps(rest, ((1u32 << count.min(16)) - 1) as u16, a) }
    }

    #[inline(always)]
    fn swap_halves(self, a: __m512) -> __m512 {
        unsafe { _mm512_shuffle_f32x4::<0b01_00_11_10>(a, a) }
    }

    #[inline(always)]
    fn to_array(self, a: __m512) -> [f32; 16] {
        let mut lanes = [0.0; 16];
        unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), a) };
        lanes
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn transpose(self, from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe {
            // Loops, not closures: what is called from within a closure of the library is not inlined with these instructions.
            let zero = _mm512_setzero_ps();
            let (mut r, mut t) = ([zero; 16], [zero; 16]);
            for (i, r) in r.iter_mut().enumerate() {
                *r = _mm512_loadu_ps(from.add(i * from_row));
            }
            // Pairs of rows, then pairs of those, within the quarters of a register.
            for i in 0..8 {
                t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
                t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
            }
            for four in (0..16).step_by(4) {
                for pair in 0..2 {
                    let a = _mm512_castps_pd(t[four + pair]);
                    let b = _mm512_castps_pd(t[four + pair + 2]);
                    r[four + 2 * pair] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                    r[four + 2 * pair + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
                }
            }
            // Then whole quarters.
            for half in (0..16).step_by(8) {
                for i in half..half + 4 {
                    t[i] = _mm512_shuffle_f32x4::<0x88>(r[i], r[i + 4]);
                    t[i + 4] = _mm512_shuffle_f32x4::<0xdd>(r[i], r[i + 4]);
                }
            }
            for i in 0..8 {
                _mm512_storeu_ps(to.add(i * to_row), _mm512_shuffle_f32x4::<0x88>(t[i], t[i + 8]));
                _mm512_storeu_ps(to.add((i + 8) * to_row), _mm512_shuffle_f32x4::<0xdd>(t[i], t[i + 8]));
            }
        }
    }

    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        unsafe {
            let low = _mm512_castps512_ps256(a);
            let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(a)));
            add_eight(_mm256_add_ps(low, high))
        }
    }
}

/// The sum of eight lanes by halves.
///
/// # Safety
/// The machine has AVX.
#[inline(always)]
unsafe fn add_eight(a: __m256) -> f32 {
    // SAFETY: the caller's promise.
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

/// Minus one in the first `count` of eight lanes, for loads and stores of a part.
///
/// # Safety
/// The machine has AVX-2.
#[inline(always)]
unsafe fn mask(count: usize) -> __m256i {
    const ONES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    let window = &ONES[8 - count.min(8)..][..8];
    // SAFETY: the window has eight numbers.
    unsafe { _mm256_loadu_si256(window.as_ptr().cast()) }
}

macro_rules! both {
    ($intrinsic:ident($($a:ident),*)) => {
        // SAFETY: see above.
        unsafe { ($intrinsic($($a.0),*), $intrinsic($($a.1),*)) }
    };
}

/// [`Simd::exponent`] of eight lanes.
///
/// # Safety
/// The machine has AVX-2.
#[inline(always)]
unsafe fn exponent(a: __m256) -> (__m256, __m256) {
    // SAFETY: the caller's promise.
    unsafe {
        let bits = _mm256_castps_si256(a);
        let exponent = _mm256_sub_epi32(_mm256_srli_epi32::<23>(bits), _mm256_set1_epi32(126));
        let fraction = _mm256_and_si256(bits, _mm256_set1_epi32(0x007f_ffff));
        let fraction = _mm256_or_si256(fraction, _mm256_set1_epi32(0x3f00_0000));
        (_mm256_cvtepi32_ps(exponent), _mm256_castsi256_ps(fraction))
    }
}

/// [`Simd::bf16`] of eight lanes.
///
/// # Safety
/// The machine has AVX-2.
#[inline(always)]
unsafe fn bf16(a: __m256) -> __m256 {
    // SAFETY: the caller's promise.
    unsafe {
        let bits = _mm256_castps_si256(a);
        let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
        let rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
        let quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x0040_0000));
        let is_nan = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(a, a));
        let rounded = _mm256_blendv_epi8(rounded, quiet, is_nan);
        let rounded = _mm256_and_si256(rounded, _mm256_set1_epi32(0xffff_0000_u32 as i32));
        let exponent = _mm256_and_si256(bits, _mm256_set1_epi32(0x7f80_0000));
        let below = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
        let zero = _mm256_and_si256(bits, _mm256_set1_epi32(i32::MIN));
        _mm256_castsi256_ps(_mm256_blendv_epi8(rounded, zero, below))
    }
}

/// [`Simd::pair`] of eight lanes.
///
/// # Safety
/// The machine has AVX-2.
#[inline(always)]
unsafe fn pair(even: __m256, odd: __m256) -> __m256 {
    // SAFETY: the caller's promise.
    unsafe {
        let even = _mm256_srli_epi32::<16>(_mm256_castps_si256(even));
        _mm256_castsi256_ps(_mm256_or_si256(even, _mm256_castps_si256(odd)))
    }
}

/// [`Simd::parts`] of eight lanes.
///
/// # Safety
/// The machine has AVX-2.
#[inline(always)]
unsafe fn parts(pair: __m256) -> (__m256, __m256) {
    // SAFETY: the caller's promise.
    unsafe {
        let bits = _mm256_castps_si256(pair);
        let odd = _mm256_and_si256(bits, _mm256_set1_epi32(0xffff_0000_u32 as i32));
        (_mm256_castsi256_ps(_mm256_slli_epi32::<16>(bits)), _mm256_castsi256_ps(odd))
    }
}

/// [`Simd::flush`] of eight lanes.
///
/// # Safety
/// The machine has AVX-2.
#[inline(always)]
unsafe fn flush(a: __m256) -> __m256 {
    // SAFETY: the caller's promise.
    unsafe {
        let bits = _mm256_castps_si256(a);
        let exponent = _mm256_and_si256(bits, _mm256_set1_epi32(0x7f80_0000));
        let below = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
        let magnitude = _mm256_and_si256(below, _mm256_set1_epi32(i32::MAX));
        _mm256_castsi256_ps(_mm256_andnot_si256(magnitude, bits))
    }
}

impl Simd for Avx2 {
    type F = (__m256, __m256);
    const MANY_REGISTERS: bool = false;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        let a = unsafe { _mm256_set1_ps(value) };
        (a, a)
    }

    #[inline(always)]
    unsafe fn load_from(self, from: *const f32) -> Self::F {
        unsafe { (_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }

    #[inline(always)]
    unsafe fn load_part_from(self, from: *const f32, count: usize) -> Self::F {
        unsafe {
            let low = _mm256_maskload_ps(from, mask(count));
            let high = _mm256_maskload_ps(from.wrapping_add(8), mask(count.saturating_sub(8)));
            (low, high)
        }
    }

    #[inline(always)]
    unsafe fn store_to(self, to: *mut f32, value: Self::F) {
        unsafe {
            _mm256_storeu_ps(to, value.0);
            _mm256_storeu_ps(to.add(8), value.1);
        }
    }

    #[inline(always)]
    unsafe fn store_part_to(self, to: *mut f32, value: Self::F, count: usize) {
        unsafe {
            _mm256_maskstore_ps(to, mask(count), value.0);
            _mm256_maskstore_ps(to.wrapping_add(8), mask(count.saturating_sub(8)), value.1);
        }
    }

    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_div_ps(a, b))
    }

    #[inline(always)]
    fn sqrt(self, a: Self::F) -> Self::F {
        both!(_mm256_sqrt_ps(a))
    }

    #[inline(always)]
    fn neg(self, a: Self::F) -> Self::F {
        let sign = self.splat(-0.0);
        both!(_mm256_xor_ps(a, sign))
    }

    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        both!(_mm256_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_max_ps(a, b))
    }

    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_min_ps(a, b))
    }

    #[inline(always)]
    fn zero_below(self, x: Self::F, limit: Self::F, value: Self::F) -> Self::F {
        unsafe {
            let low = _mm256_andnot_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(x.0, limit.0), value.0);
            let high = _mm256_andnot_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(x.1, limit.1), value.1);
            (low, high)
        }
    }

    #[inline(always)]
    fn exponent(self, a: Self::F) -> (Self::F, Self::F) {
        unsafe {
            let (low, high) = (exponent(a.0), exponent(a.1));
            ((low.0, high.0), (low.1, high.1))
        }
    }

    #[inline(always)]
    fn power_of_two(self, rounded: Self::F) -> Self::F {
        unsafe {
            let one = _mm256_set1_epi32(0x3f80_0000);
            let low = _mm256_add_epi32(_mm256_slli_epi32::<23>(_mm256_castps_si256(rounded.0)), one);
            let high = _mm256_add_epi32(_mm256_slli_epi32::<23>(_mm256_castps_si256(rounded.1)), one);
            (_mm256_castsi256_ps(low), _mm256_castsi256_ps(high))
        }
    }

    #[inline(always)]
    fn bf16(self, a: Self::F) -> Self::F {
        both!(bf16(a))
    }

    #[inline(always)]
    fn pair(self, even: Self::F, odd: Self::F) -> Self::F {
        both!(pair(even, odd))
    }

    #[inline(always)]
    fn parts(self, pair: Self::F) -> (Self::F, Self::F) {
        unsafe {
            let (low, high) = (parts(pair.0), parts(pair.1));
            ((low.0, high.0), (low.1, high.1))
        }
    }

    #[inline(always)]
    fn flush(self, a: Self::F) -> Self::F {
        both!(flush(a))
    }

    #[inline(always)]
    unsafe fn store_bf16_to(self, to: *mut f32, value: Self::F) {
        unsafe {
            let low = _mm256_srli_epi32::<16>(_mm256_castps_si256(value.0));
            let high = _mm256_srli_epi32::<16>(_mm256_castps_si256(value.1));
            // Packing goes by halves of registers; the permutation brings them into order.
            let halves = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(low, high));
            _mm256_storeu_si256(to.cast(), halves);
        }
    }

    #[inline(always)]
    fn first(self, a: Self::F, count: usize, rest: Self::F) -> Self::F {
        unsafe {
            let low = _mm256_castsi256_ps(mask(count));
            let high = _mm256_castsi256_ps(mask(count.saturating_sub(8)));
            (_mm256_blendv_ps(rest.0, a.0, low), _mm256_blendv_ps(rest.1, a.1, high))
        }
    }

    #[inline(always)]
    fn swap_halves(self, a: Self::F) -> Self::F {
        (a.1, a.0)
    }

    #[inline(always)]
    fn to_array(self, a: Self::F) -> [f32; 16] {
        let mut lanes = [0.0; 16];
        unsafe {
            _mm256_storeu_ps(lanes.as_mut_ptr(), a.0);
            _mm256_storeu_ps(lanes.as_mut_ptr().add(8), a.1);
        }
        lanes
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    fn sum(self, a: Self::F) -> f32 {
        unsafe { add_eight(_mm256_add_ps(a.0, a.1)) }
    }
}
