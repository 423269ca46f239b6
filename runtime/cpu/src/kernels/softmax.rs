//! Sixteen rows of numbers whose softmax is taken together: what is one number a row is one vector.

use crate::math::log;
use crate::simd::Simd;

/// How two numbers become one, in each lane. Types and not closures: what a closure calls is not always inlined with its instructions.
pub(super) trait Together {
    fn together<S: Simd>(s: S, a: S::F, b: S::F) -> S::F;
}

pub(super) struct Sum;
pub(super) struct Largest;

impl Together for Sum {
    #[inline(always)]
    fn together<S: Simd>(s: S, a: S::F, b: S::F) -> S::F {
        s.add(a, b)
    }
}

impl Together for Largest {
    #[inline(always)]
    fn together<S: Simd>(s: S, a: S::F, b: S::F) -> S::F {
        s.max(a, b)
    }
}

/// The lanes of each of sixteen rows brought together by halves, as `math::add_lanes` adds them: lane r is of row r.
#[inline(always)]
pub(super) fn across<S: Simd, T: Together>(s: S, lanes: &[[f32; 16]; 16]) -> S::F {
    let mut turned = [[0.0; 16]; 16];
    // SAFETY: both are sixteen rows of sixteen.
    unsafe { s.transpose(lanes.as_ptr().cast(), 16, turned.as_mut_ptr().cast(), 16) };
    let mut sums = [s.zero(); 16];
    for (sum, lanes) in sums.iter_mut().zip(&turned) {
        *sum = s.load(lanes);
    }
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            sums[l] = T::together(s, sums[l], sums[l + half]);
        }
    }
    sums[0]
}

/// `largest + log(total)` of each of sixteen rows, `total` being the sum of its exponentials less the largest.
#[inline(always)]
pub(super) fn log_sums<S: Simd>(s: S, largest: S::F, total: S::F) -> [f32; 16] {
    if s.to_array(total).iter().all(|total| total.is_finite()) {
        s.to_array(s.add(largest, s.log(total)))
    } else {
        let (largest, total) = (s.to_array(largest), s.to_array(total));
        std::array::from_fn(|r| largest[r] + log(total[r]))
    }
}
