//! Exact numbers: rationals from the source text until lowering.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact rational number. Serialised as `"p"` or `"p/q"` in lowest terms, so equal numbers have equal text and keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact(BigRational);

impl Exact {
    pub fn zero() -> Exact {
        Exact(BigRational::zero())
    }

    pub fn one() -> Exact {
        Exact(BigRational::one())
    }

    /// `numerator / denominator`; `None` where the denominator is zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Exact> {
        (denominator != 0).then(|| Exact(BigRational::new(numerator.into(), denominator.into())))
    }

    /// The number that decimal text says: `12`, `0.5`, `1e-3`, `2.5E6`. `None` for anything else and for exponents
    /// beyond ±400, which nothing measured needs and which would fill memory.
    pub fn from_decimal(text: &str) -> Option<Exact> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits_only = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let unsigned = whole.strip_prefix('-').unwrap_or(whole);
        if !digits_only(unsigned) || !digits_only(fraction) || (unsigned.is_empty() && fraction.is_empty()) {
            return None;
        }
        if mantissa.len() > 1000 || exponent.abs() > 400 {
            return None;
        }
        let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
        let scale = exponent - fraction.len() as i64;
        let ten = BigInt::from(10);
        let power = ten.pow(u32::try_from(scale.unsigned_abs()).ok()?);
        Some(Exact(if scale >= 0 { BigRational::from(digits * power) } else { BigRational::new(digits, power) }))
    }

    /// A float as the decimal of 15 significant digits that becomes its value, so that roots and logarithms mean the same on every
    /// machine. `None` for infinities and not-a-number.
    pub fn from_f64_rounded(value: f64) -> Option<Exact> {
        value.is_finite().then(|| Exact::from_decimal(&format!("{value:.14e}")))?
    }

    /// The nearest float.
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// The number as an unsigned integer, where it is one and fits.
    pub fn to_u64(&self) -> Option<u64> {
        if self.0.is_integer() { self.0.to_integer().to_u64() } else { None }
    }

    pub fn to_i64(&self) -> Option<i64> {
        if self.0.is_integer() { self.0.to_integer().to_i64() } else { None }
    }

    pub fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    pub fn is_positive(&self) -> bool {
        self.0.is_positive()
    }

    pub fn floor(&self) -> Exact {
        Exact(self.0.floor())
    }

    pub fn ceil(&self) -> Exact {
        Exact(self.0.ceil())
    }

    /// To the nearest integer, halves away from zero.
    pub fn round(&self) -> Exact {
        Exact(self.0.round())
    }

    pub fn abs(&self) -> Exact {
        Exact(self.0.abs())
    }

    pub fn add(&self, other: &Exact) -> Exact {
        Exact(&self.0 + &other.0)
    }

    pub fn sub(&self, other: &Exact) -> Exact {
        Exact(&self.0 - &other.0)
    }

    pub fn mul(&self, other: &Exact) -> Exact {
        Exact(&self.0 * &other.0)
    }

    /// `None` for a division by zero.
    pub fn div(&self, other: &Exact) -> Option<Exact> {
        (!other.0.is_zero()).then(|| Exact(&self.0 / &other.0))
    }

    pub fn neg(&self) -> Exact {
        Exact(-&self.0)
    }

    /// An integer power; `None` for zero to a negative power and for exponents beyond ±4096.
    pub fn powi(&self, exponent: i64) -> Option<Exact> {
        if exponent.unsigned_abs() > 4096 || (exponent < 0 && self.0.is_zero()) || self.bits() > 1 << 16 {
            return None;
        }
        let power = num_traits::pow(self.0.clone(), exponent.unsigned_abs() as usize);
        Some(Exact(if exponent < 0 { power.recip() } else { power }))
    }

    /// The size of numerator and denominator together in bits: what arithmetic on it costs.
    pub fn bits(&self) -> u64 {
        self.0.numer().bits() + self.0.denom().bits()
    }

    pub fn numerator(&self) -> &BigInt {
        self.0.numer()
    }

    pub fn denominator(&self) -> &BigInt {
        self.0.denom()
    }

    /// The least common multiple of the denominators, as an integer that fits 63 bits; `None` where it does not.
    pub fn common_denominator<'a>(numbers: impl IntoIterator<Item = &'a Exact>) -> Option<u64> {
        let mut common = BigInt::one();
        for number in numbers {
            common = common.lcm(number.denominator());
        }
        common.to_i64().map(|c| c as u64)
    }

    /// A short decimal for people: exact where 12 significant digits hold it, otherwise rounded.
    pub fn short(&self) -> String {
        if self.is_integer() {
            return self.0.to_integer().to_string();
        }
        let text = format!("{:.12e}", self.to_f64());
        let value: f64 = text.parse().unwrap_or(f64::NAN);
        format!("{value}")
    }
}

impl From<u64> for Exact {
    fn from(value: u64) -> Exact {
        Exact(BigRational::from(BigInt::from(value)))
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Exact {
        Exact(BigRational::from(BigInt::from(value)))
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_integer() {
            write!(f, "{}", self.0.numer())
        } else {
            write!(f, "{}/{}", self.0.numer(), self.0.denom())
        }
    }
}

impl FromStr for Exact {
    type Err = String;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Exact, String> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let part = |s: &str| s.parse::<BigInt>().map_err(|_| format!("`{text}` is not a rational number"));
        let denominator = part(denominator)?;
        if denominator.is_zero() {
            return Err(format!("`{text}` has a zero denominator"));
        }
        Ok(Exact(BigRational::new(part(numerator)?, denominator)))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let third = Exact::one().div(&Exact::from(3u64)).unwrap();
        let sum = third.add(&third).add(&third);
        assert_eq!(sum, Exact::one());
        let shares = ["0.3", "0.7"].map(|t| Exact::from_decimal(t).unwrap());
        assert_eq!(shares[0].add(&shares[1]), Exact::one());
        assert_eq!(Exact::from_decimal("1e-3").unwrap(), Exact::ratio(1, 1000).unwrap());
        assert_eq!(Exact::from_decimal("2.5E6").unwrap().to_u64(), Some(2_500_000));
        assert_eq!(Exact::from_decimal("1e999999999"), None);
        assert_eq!(Exact::from_decimal("abc"), None);
        assert_eq!(Exact::from_decimal("."), None);
    }

    #[test]
    fn text_and_back() {
        for text in ["0", "-7", "1/3", "-22/7"] {
            assert_eq!(text.parse::<Exact>().unwrap().to_string(), text);
        }
        assert!("1/0".parse::<Exact>().is_err());
    }

    #[test]
    fn rounding_a_float_keeps_fifteen_digits() {
        let root = Exact::from_f64_rounded(2f64.sqrt()).unwrap();
        assert_eq!(root, Exact::from_decimal("1.41421356237310").unwrap());
        assert_eq!(Exact::from_f64_rounded(f64::NAN), None);
    }
}
