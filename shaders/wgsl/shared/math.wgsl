// exp and log as polynomials of our own (Cephes, expf and logf), so that their bits do not depend on the driver.

const LOG2_E: f32 = 1.44269504;
// ln 2 in two parts: the product of the first with a small integer is exact.
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;

// Whether x is NaN, by its bits: compilers may take x != x for false.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// Whether x is neither infinite nor NaN.
fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// exp(x), zero below -87, exp(88) above 88; NaN stays NaN, so that divergence cannot hide.
fn exp1(x: f32) -> f32 {
    let y = clamp(x, -87.0, 88.0);
    let n = floor(fma(y, LOG2_E, 0.5));
    let r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, y));
    var p = fma(1.9875691500e-4, r, 1.3981999507e-3);
    p = fma(p, r, 8.3334519073e-3);
    p = fma(p, r, 4.1665795894e-2);
    p = fma(p, r, 1.6666665459e-1);
    p = fma(p, r, 5.0000001201e-1);
    p = fma(p, r * r, r) + 1.0;
    let e = p * bitcast<f32>(u32(i32(n) + 127i) << 23u);
    return select(select(e, 0.0, x < -87.0), x, is_nan(x));
}

fn exp4(x: vec4<f32>) -> vec4<f32> {
    let y = clamp(x, vec4<f32>(-87.0), vec4<f32>(88.0));
    let n = floor(fma(y, vec4<f32>(LOG2_E), vec4<f32>(0.5)));
    let r = fma(n, vec4<f32>(-LN2_LOW), fma(n, vec4<f32>(-LN2_HIGH), y));
    var p = fma(vec4<f32>(1.9875691500e-4), r, vec4<f32>(1.3981999507e-3));
    p = fma(p, r, vec4<f32>(8.3334519073e-3));
    p = fma(p, r, vec4<f32>(4.1665795894e-2));
    p = fma(p, r, vec4<f32>(1.6666665459e-1));
    p = fma(p, r, vec4<f32>(5.0000001201e-1));
    p = fma(p, r * r, r) + vec4<f32>(1.0);
    let e = p * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(n) + vec4<i32>(127i)) << vec4<u32>(23u));
    let nan = (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
    return select(select(e, vec4<f32>(0.0), x < vec4<f32>(-87.0)), x, nan);
}

// log(x) of a positive normal x; NaN and infinity stay what they are.
fn log1(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    var e = f32(i32(bits >> 23u) - 126i);
    var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
    if (m < 0.707106781) {
        e = e - 1.0;
        m = m + m;
    }
    m = m - 1.0;
    let z = m * m;
    var p = fma(7.0376836292e-2, m, -1.1514610310e-1);
    p = fma(p, m, 1.1676998740e-1);
    p = fma(p, m, -1.2420140846e-1);
    p = fma(p, m, 1.4249322787e-1);
    p = fma(p, m, -1.6668057665e-1);
    p = fma(p, m, 2.0000714765e-1);
    p = fma(p, m, -2.4999993993e-1);
    p = fma(p, m, 3.3333331174e-1);
    p = p * m * z;
    p = fma(e, LN2_LOW, p);
    p = fma(-0.5, z, p);
    let y = fma(e, LN2_HIGH, m + p);
    return select(x, y, is_finite(x));
}
