//! What each instruction set multiplies with: how large its tiles are, and one step of a chain.

use super::tile::{Step, run};
use super::{Product, Tiles};
use crate::math::CHAIN;
#[cfg(target_arch = "aarch64")]
use crate::simd::Neon;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512, Bf16};
use crate::simd::{Scalar, Simd};

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
pub(super) fn multiply_emulated(token: Avx512, product: Product) {
    run::<Avx512, Pairs, 4, 2>(token, Pairs, product);
}
