//! Quantiles of the normal distribution and of Student's t, from functions that give the same bits on every machine.

/// The part of a standard normal distribution below z.
pub fn cumulative(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The z below which a standard normal distribution has the part `part`, between 0 and 1: by halving, because it is asked for a few times a fit.
pub fn quantile(part: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if cumulative(middle) < part { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The same of Student's t with that many degrees of freedom, at least 1. In closed form for 1 and 2; beyond that the expansion in 1/freedom
/// (Abramowitz and Stegun 1964, 26.7.5), which is within 1 % at 3 and far nearer above.
pub fn student_quantile(part: f64, freedom: f64) -> f64 {
    if freedom < 1.5 {
        return libm::tan(std::f64::consts::PI * (part - 0.5));
    }
    if freedom < 2.5 {
        let a = 4.0 * part * (1.0 - part);
        return 2.0 * (part - 0.5) * (2.0 / a).sqrt();
    }
    let z = quantile(part);
    let z2 = z * z;
    let terms = [
        z * (z2 + 1.0) / 4.0,
        z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0,
        z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0,
        z * ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92160.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom) + z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_tables() {
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
        assert!((cumulative(-1.0) - 0.158_655_253_931_457_05).abs() < 1e-15);
        for (freedom, expected, error) in [
            (1.0, 12.706_205, 1e-5),
            (2.0, 4.302_653, 1e-5),
            (3.0, 3.182_446, 0.02),
            (10.0, 2.228_139, 1e-4),
            (200.0, 1.971_896, 1e-5),
        ] {
            let found = student_quantile(0.975, freedom);
            assert!((found - expected).abs() < error, "{freedom}: {found}");
        }
    }
}
