//! Arithmetic that all kernels share: the two ways to round a multiply-add, the order of sums, exponential and logarithm.

/// How `a * b + c` rounds.
pub trait Arithmetic {
    fn mul_add(a: f32, b: f32, c: f32) -> f32;

    /// An element of a product: per [`CHAIN`] of the inner dimension one ascending chain of multiply-adds from zero, the chains' results added in
    /// ascending order, to `before` where there is one.
    fn chain(inner: usize, before: Option<f32>, factors: impl Fn(usize) -> (f32, f32)) -> f32 {
        chains(inner, before, |start, end| {
            (start..end).fold(0.0, |sum, k| {
                let (a, b) = factors(k);
                Self::mul_add(a, b, sum)
            })
        })
    }
}

/// One rounding: what every instruction set of the executor computes.
#[derive(Debug, Clone, Copy)]
pub struct Fused;

/// Two roundings: the product's and the sum's.
#[derive(Debug, Clone, Copy)]
pub struct MulThenAdd;

/// As [`Fused`], and factors of products are rounded to [`bf16`] first. A chain takes places of the inner dimension in pairs, the odd one of a pair first, with zeros
/// after the last where their number is odd; each sum is [flushed](flush).
#[derive(Debug, Clone, Copy)]
pub struct Bf16;

impl Arithmetic for Bf16 {
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    fn chain(inner: usize, before: Option<f32>, factors: impl Fn(usize) -> (f32, f32)) -> f32 {
        let at = |k: usize| if k < inner { factors(k) } else { (0.0, 0.0) };
        chains(inner, before, |start, end| {
            (start..end).step_by(2).fold(0.0, |sum, k| {
                let ((a, b), (a_odd, b_odd)) = (at(k), at(k + 1));
                add_pair(pair(bf16(a), bf16(a_odd)), pair(bf16(b), bf16(b_odd)), sum)
            })
        })
    }
}

/// As [`Fused`], and factors of products are rounded to [`f16`] first.
#[derive(Debug, Clone, Copy)]
pub struct F16;

impl Arithmetic for F16 {
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    fn chain(inner: usize, before: Option<f32>, factors: impl Fn(usize) -> (f32, f32)) -> f32 {
        Fused::chain(inner, before, |k| {
            let (a, b) = factors(k);
            (f16(a), f16(b))
        })
    }
}

impl Arithmetic for Fused {
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl Arithmetic for MulThenAdd {
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// Lanes that sums along a row are split into, on every instruction set.
pub const LANES: usize = 16;

/// The longest part of a product's inner dimension that is one chain of multiply-adds.
pub const CHAIN: usize = 512;

/// An element of a product: [`Arithmetic::chain`].
pub fn chain<A: Arithmetic>(inner: usize, before: Option<f32>, factors: impl Fn(usize) -> (f32, f32)) -> f32 {
    A::chain(inner, before, factors)
}

/// Sums of the parts of a product's inner dimension, each at most [`CHAIN`] long, added in ascending order, to `before` where there is one.
fn chains(inner: usize, before: Option<f32>, part: impl Fn(usize, usize) -> f32) -> f32 {
    let mut total = before;
    let mut start = 0;
    while start < inner || (start == 0 && total.is_none()) {
        let end = inner.min(start + CHAIN);
        let sum = part(start, end);
        total = Some(total.map_or(sum, |total| total + sum));
        start = end.max(start + 1);
    }
    total.unwrap_or(0.0)
}

/// The nearest number of bf16, ties to even, written as f32: what overflows becomes infinite, what is below the normal numbers a zero of its sign, not-a-number stays.
pub fn bf16(x: f32) -> f32 {
    let bits = x.to_bits();
    let rounded = if x.is_nan() {
        bits | 0x0040_0000
    } else if bits & 0x7f80_0000 == 0 {
        bits & 0x8000_0000
    } else {
        bits + 0x7fff + (bits >> 16 & 1)
    };
    f32::from_bits(rounded & 0xffff_0000)
}

/// The nearest number of f16, ties to even, written as f32: what overflows becomes infinite, not-a-number stays. Numbers below the normal ones of f16 are kept.
pub fn f16(x: f32) -> f32 {
    let size = x.abs();
    // Below 2^-14 numbers of f16 are 2^-24 apart, as those of f32 from 0.5 on are.
    let small = (size + 0.5) - 0.5;
    let bits = size.to_bits();
    let normal = f32::from_bits(bits.wrapping_add(0xfff + (bits >> 13 & 1)) & !0x1fff);
    let normal = if normal > 65_504.0 { f32::INFINITY } else { normal };
    let rounded = if size < 6.103_515_6e-5 { small } else { normal };
    if x.is_nan() { x } else { rounded.copysign(x) }
}

/// Two numbers of bf16, written as f32, in one place: `even` in the lower half, `odd` in the upper.
pub(crate) fn pair(even: f32, odd: f32) -> f32 {
    f32::from_bits(even.to_bits() >> 16 | odd.to_bits())
}

/// The two numbers of [`pair`].
pub(crate) fn parts(pair: f32) -> (f32, f32) {
    (f32::from_bits(pair.to_bits() << 16), f32::from_bits(pair.to_bits() & 0xffff_0000))
}

/// A zero of its sign for a number below the normal ones.
pub(crate) fn flush(x: f32) -> f32 {
    if x.is_subnormal() { 0.0f32.copysign(x) } else { x }
}

/// `c` with the products of two pairs added, the odd one first, each by one fused multiply-add whose result is [flushed](flush): what VDPBF16PS computes.
pub(crate) fn add_pair(a: f32, b: f32, c: f32) -> f32 {
    let ((a_even, a_odd), (b_even, b_odd)) = (parts(a), parts(b));
    flush(a_even.mul_add(b_even, flush(a_odd.mul_add(b_odd, c))))
}

/// `sum of a[i] * b[i]` along a row: lane `i % 16` takes its products in ascending order from zero, the row padded with zeros to whole
/// lanes; then the lanes are added by halves (`l` and `l + 8`, `l + 4`, `l + 2`, `l + 1`).
pub fn dot<A: Arithmetic>(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for i in 0..a.len().next_multiple_of(LANES) {
        let factors = (a.get(i).copied().unwrap_or(0.0), b.get(i).copied().unwrap_or(0.0));
        lanes[i % LANES] = A::mul_add(factors.0, factors.1, lanes[i % LANES]);
    }
    add_lanes(lanes)
}

/// The sum of a row in the order of [`dot`].
pub fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for i in 0..values.len().next_multiple_of(LANES) {
        lanes[i % LANES] += values.get(i).copied().unwrap_or(0.0);
    }
    add_lanes(lanes)
}

/// The sum of sixteen lanes by halves.
pub fn add_lanes(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for l in 0..half {
            lanes[l] += lanes[l + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The largest value, as `a > b ? a : b` from the left, starting at minus infinity.
pub fn max(values: &[f32]) -> f32 {
    values.iter().fold(f32::NEG_INFINITY, |a, &b| if a > b { a } else { b })
}

/// Below this the exponential is zero: the least x whose exponential is a normal number.
pub(crate) const EXP_LOW: f32 = -87.336_54;
/// From here on it is infinite (from 88.38 on: the reduced exponent rounds up to 128).
pub(crate) const EXP_HIGH: f32 = 88.722_84;
/// Adding 1.5 · 2^23 leaves the nearest integer in the low bits of the sum.
pub(crate) const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; products of the first with small integers are exact.
pub(crate) const LN2_HIGH: f32 = 0.693_359_4;
pub(crate) const LN2_LOW: f32 = -2.121_944_4e-4;
/// `(exp(r) - 1 - r) / r²` on |r| <= ln(2) / 2, highest power first (the Cephes library's `expf`).
pub(crate) const EXP: [f32; 6] = [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];

/// The exponential: relative error below 1.2e-7 where the result is a normal number; not-a-number stays.
pub fn exp<A: Arithmetic>(x: f32) -> f32 {
    if x < EXP_LOW {
        return 0.0;
    }
    let x = if EXP_HIGH < x { EXP_HIGH } else { x };
    let rounded = A::mul_add(x, std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = A::mul_add(n, -LN2_HIGH, x);
    let r = A::mul_add(n, -LN2_LOW, r);
    let mut p = EXP[0];
    for c in &EXP[1..] {
        p = A::mul_add(p, r, *c);
    }
    let p = A::mul_add(p, r * r, r) + 1.0;
    p * f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// `(log(1 + f) - f + f²/2) / f³` on sqrt(1/2) <= 1 + f < sqrt(2), highest power first (the Cephes library's `logf`).
pub(crate) const LOG: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_9e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_8e-1,
    2.000_071_5e-1,
    -2.499_999_4e-1,
    3.333_333e-1,
];

/// The natural logarithm of a positive normal number, relative error below 2e-7; infinity and not-a-number stay. Products and sums round separately
/// in both arithmetics: it is used once a row, where speed does not ask for more.
pub fn log(x: f32) -> f32 {
    if !x.is_finite() {
        return x;
    }
    let bits = x.to_bits();
    let mut exponent = ((bits >> 23) as i32 - 126) as f32;
    let mut f = f32::from_bits((bits & 0x007f_ffff) | 0x3f00_0000);
    if f < std::f32::consts::FRAC_1_SQRT_2 {
        exponent -= 1.0;
        f = f + f - 1.0;
    } else {
        f -= 1.0;
    }
    let square = f * f;
    let mut p = LOG[0];
    for c in &LOG[1..] {
        p = p * f + c;
    }
    let mut y = p * f * square;
    y += LN2_LOW * exponent;
    y -= 0.5 * square;
    (f + y) + LN2_HIGH * exponent
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid<A: Arithmetic>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<A>(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(from: f32, to: f32) -> impl Iterator<Item = f32> {
        let n = 200_000;
        (0..=n).map(move |i| from + (to - from) * (i as f32 / n as f32))
    }

    #[test]
    fn the_exponential_is_within_two_units_in_the_last_place() {
        for x in sweep(-87.3, 88.3) {
            for (got, limit) in [(exp::<Fused>(x), 1.2e-7), (exp::<MulThenAdd>(x), 3e-7)] {
                let want = f64::from(x).exp();
                assert!((f64::from(got) / want - 1.0).abs() < limit, "exp({x}) = {got}, not {want}");
            }
        }
    }

    #[test]
    fn the_exponential_keeps_its_ends() {
        assert_eq!(exp::<Fused>(0.0), 1.0);
        assert_eq!(exp::<Fused>(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp::<Fused>(-88.0), 0.0);
        assert_eq!(exp::<Fused>(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp::<Fused>(1000.0), f32::INFINITY);
        assert!(exp::<Fused>(f32::NAN).is_nan());
    }

    #[test]
    fn the_logarithm_is_within_three_units_in_the_last_place() {
        for x in sweep(1.0, 5000.0).chain(sweep(1e-3, 2.0)) {
            let want = f64::from(x).ln();
            let got = f64::from(log(x));
            assert!((got - want).abs() <= 2e-7 * want.abs() + 1e-9, "log({x}) = {got}, not {want}");
        }
        assert_eq!(log(1.0), 0.0);
        assert_eq!(log(f32::INFINITY), f32::INFINITY);
        assert!(log(f32::NAN).is_nan());
    }

    #[test]
    fn numbers_of_bf16_are_the_nearest() {
        let same = |x: f32, want: u32| assert_eq!(bf16(x).to_bits(), want, "{x:e}");
        same(1.0, 0x3f80_0000);
        // Halfway between two goes to the even one, anything beyond upwards.
        same(f32::from_bits(0x3f80_8000), 0x3f80_0000);
        same(f32::from_bits(0x3f81_8000), 0x3f82_0000);
        same(f32::from_bits(0x3f80_8001), 0x3f81_0000);
        same(f32::MAX, 0x7f80_0000);
        same(f32::MIN, 0xff80_0000);
        same(f32::NEG_INFINITY, 0xff80_0000);
        same(f32::from_bits(0x807f_ffff), 0x8000_0000);
        same(f32::MIN_POSITIVE, 0x0080_0000);
        assert!(bf16(f32::from_bits(0x7f80_0001)).is_nan());
    }

    #[test]
    fn numbers_of_f16_are_the_nearest() {
        let same = |x: f32, want: f32| {
            assert_eq!((f16(x).to_bits(), f16(-x).to_bits()), (want.to_bits(), (-want).to_bits()), "{x:e}");
        };
        let ulp = 2f32.powi(-10);
        same(1.0, 1.0);
        // Halfway between two goes to the even one, anything beyond upwards.
        same(1.0 + 0.5 * ulp, 1.0);
        same(1.0 + 1.5 * ulp, 1.0 + 2.0 * ulp);
        same(f32::from_bits((1.0 + 0.5 * ulp).to_bits() + 1), 1.0 + ulp);
        same(65_519.0, 65_504.0);
        same(65_520.0, f32::INFINITY);
        same(f32::MAX, f32::INFINITY);
        same(f32::INFINITY, f32::INFINITY);
        // The smallest normal number, the largest below it, and halves of the smallest of all.
        let (normal, least) = (2f32.powi(-14), 2f32.powi(-24));
        same(normal, normal);
        same(normal - 0.25 * least, normal);
        same(normal - least, normal - least);
        same(1.5 * least, 2.0 * least);
        same(0.5 * least, 0.0);
        same(0.75 * least, least);
        same(f32::MIN_POSITIVE, 0.0);
        same(0.0, 0.0);
        assert!(f16(f32::from_bits(0x7f80_0001)).is_nan() && f16(f32::NAN).is_nan());
        // Each of the 2^15 numbers from zero up is itself, and lies between its neighbours' halves.
        let number = |bits: u32| match bits >> 10 {
            0 => bits as f32 * least,
            exponent => (1024 + (bits & 1023)) as f32 * 2f32.powi(exponent as i32 - 25),
        };
        for bits in 1..0x7c00 {
            let (below, here) = (number(bits - 1), number(bits));
            same(here, here);
            let middle = 0.5 * (below + here);
            same(middle, if bits % 2 == 0 { here } else { below });
        }
    }

    #[test]
    fn a_product_in_bf16_takes_the_odd_one_of_a_pair_first() {
        // 2^26 takes 5 for 8, unless it is taken away before.
        let (a, b) = ([0.0, 8192.0, -8192.0, 5.0], [0.0, 8192.0, 8192.0, 1.0]);
        assert_eq!(chain::<Bf16>(4, None, |k| (a[k], b[k])), 8.0);
        assert_eq!(chain::<Fused>(4, None, |k| (a[k], b[k])), 5.0);
        // Three places: the last is an even one.
        assert_eq!(chain::<Bf16>(3, None, |k| (a[k], b[k])), 0.0);
        // Factors are rounded: 257 is no number of bf16.
        assert_eq!(chain::<Bf16>(1, None, |_| (257.0, 1.0)), 256.0);
        assert_eq!(chain::<Bf16>(0, Some(2.5), |_| unreachable!()), 2.5);
    }

    #[test]
    fn a_product_is_a_chain_per_512_of_its_inner_dimension() {
        let a: Vec<f32> = (0..1100).map(|i| (i as f32).sin()).collect();
        let part = |from: usize, to: usize| (from..to).fold(0.0, |s, k| a[k].mul_add(0.7, s));
        let want = (part(0, 512) + part(512, 1024)) + part(1024, 1100);
        assert_eq!(chain::<Fused>(1100, None, |k| (a[k], 0.7)), want);
        let onto = ((3.0 + part(0, 512)) + part(512, 1024)) + part(1024, 1100);
        assert_eq!(chain::<Fused>(1100, Some(3.0), |k| (a[k], 0.7)), onto);
        assert_eq!(chain::<Fused>(0, None, |_| unreachable!()), 0.0);
    }
}
