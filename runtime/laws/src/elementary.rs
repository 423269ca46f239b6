//! exp and log in plain arithmetic: no tables, no branches, no fused operations, so that a loop over them is made
//! wide by the compiler and gives the same bits at any width and on every machine. Within 1 ulp of the true value or little more.

// The constants are those of the sources, digit by digit.
#![allow(clippy::excessive_precision, clippy::unreadable_literal)]

/// Adding and taking away 1.5·2^52 rounds to the nearest integer, which then stands in the low bits.
const ROUND: f64 = 6755399441055744.0;
const LN2_HIGH: f64 = 6.93147180369123816490e-01;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/// e to the power x: argument reduced by multiples of ln 2, then the Taylor series to degree 13, whose remainder is below 5e-18 there.
#[inline(always)]
#[allow(clippy::inline_always)]
pub fn exp(x: f64) -> f64 {
    let inside = x.clamp(-746.0, 710.0);
    let shifted = inside * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (inside - n * LN2_HIGH) - n * LN2_LOW;
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = (1.0 + r) + r2 * (1.0 / 2.0 + r * (1.0 / 6.0));
    let middle = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0));
    let high = (1.0 / 40320.0 + r * (1.0 / 362880.0)) + r2 * (1.0 / 3628800.0 + r * (1.0 / 39916800.0));
    let top = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0);
    let series = low + r4 * (middle + r4 * (high + r4 * top));
    // 2^n in two factors, because n reaches beyond the exponents of normal numbers. An integer beside ROUND stands in the low
    // bits, from where it is moved to the exponent's.
    let half = (n * 0.5 + ROUND) - ROUND;
    let factor = |e: f64| f64::from_bits((e + 1023.0 + ROUND).to_bits() << 52);
    let value = series * factor(half) * factor(n - half);
    if x > 709.782712893384 {
        f64::INFINITY
    } else if x < -745.133219101941 {
        0.0
    } else {
        value
    }
}

/// The natural logarithm: fdlibm's `e_log.c` (Sun Microsystems 1993), without its branches.
#[inline(always)]
#[allow(clippy::inline_always)]
pub fn log(x: f64) -> f64 {
    const L1: f64 = 6.666666666666735130e-01;
    const L2: f64 = 3.999999999940941908e-01;
    const L3: f64 = 2.857142874366239149e-01;
    const L4: f64 = 2.222219843214978396e-01;
    const L5: f64 = 1.818357216161805012e-01;
    const L6: f64 = 1.531383769920937332e-01;
    const L7: f64 = 1.479819860511658591e-01;
    let tiny = x < f64::MIN_POSITIVE;
    // 2^54 lifts the subnormal numbers.
    let normal = if tiny { x * 18014398509481984.0 } else { x };
    let bits = normal.to_bits();
    // The mantissa between sqrt(1/2) and sqrt(2): 0x95f64 is the distance from sqrt(2)'s upper mantissa bits to 2^20.
    let carry = (((bits & 0x000f_ffff_ffff_ffff) >> 32).wrapping_add(0x95f64)) & 0x10_0000;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | ((carry << 32) ^ 0x3ff0_0000_0000_0000));
    let exponent = (bits >> 52).wrapping_add(carry >> 20);
    // An integer below 2^52 becomes a float by standing in the mantissa of 2^52.
    let biased = f64::from_bits(exponent | 0x4330_0000_0000_0000) - 4503599627370496.0;
    let k = biased - if tiny { 1077.0 } else { 1023.0 };
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (L2 + w * (L4 + w * L6));
    let odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
    let half = 0.5 * f * f;
    let value = k * LN2_HIGH - ((half - (s * (half + (even + odd)) + k * LN2_LOW)) - f);
    let value = if x == f64::INFINITY { x } else { value };
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    if x >= 0.0 { value } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_plan::random::Stream;

    /// The distance in units of the last place of `reference`.
    fn ulps(value: f64, reference: f64) -> f64 {
        let place = f64::from_bits(reference.abs().to_bits() + 1) - reference.abs();
        ((value - reference) / place).abs()
    }

    #[test]
    fn exp_is_that_of_libm_to_two_ulps() {
        let stream = Stream::new("test/exp", &0);
        for i in 0..200_000 {
            let x = (stream.uniform(i) - 0.5) * if i % 2 == 0 { 1400.0 } else { 4.0 };
            assert!(ulps(exp(x), libm::exp(x)) <= 2.0, "{x}");
        }
        assert_eq!((exp(0.0), exp(f64::INFINITY), exp(f64::NEG_INFINITY)), (1.0, f64::INFINITY, 0.0));
        assert_eq!((exp(710.0), exp(-750.0)), (f64::INFINITY, 0.0));
        assert_eq!(exp(-744.0), libm::exp(-744.0), "a subnormal result");
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn log_is_that_of_libm_to_two_ulps() {
        let stream = Stream::new("test/log", &0);
        for i in 0..200_000 {
            let x =
                if i % 2 == 0 { libm::exp((stream.uniform(i) - 0.5) * 1400.0) } else { stream.uniform(i) * 3.0 + 1e-9 };
            assert!(ulps(log(x), libm::log(x)) <= 2.0, "{x} {} {}", log(x), libm::log(x));
        }
        assert_eq!((log(1.0), log(0.0), log(f64::INFINITY)), (0.0, f64::NEG_INFINITY, f64::INFINITY));
        assert!((log(5e-324) - libm::log(5e-324)).abs() < 1e-12, "the smallest number");
        assert!(log(-1.0).is_nan() && log(f64::NAN).is_nan());
    }
}
