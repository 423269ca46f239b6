//! Exact numbers: rationals from the source text until lowering.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact rational number. Serialised as `"p"` or `"p/q"` in lowest terms, so equal numbers have equal text and keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Exact(Form);

/// Nearly all numbers of a study are small: those need no memory of their own. A number that fits is always small, so that equal
/// numbers are equal in form.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Numerator and denominator in lowest terms; the denominator is positive, neither is `i64::MIN`.
    Small(i64, i64),
    Large(Arc<BigRational>),
}

impl Hash for Form {
    /// By the parts: they are in lowest terms, so that equal numbers have equal ones. A ratio would be divided until nothing is left.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Form::Small(numerator, denominator) => (numerator, denominator).hash(state),
            Form::Large(ratio) => (ratio.numer(), ratio.denom()).hash(state),
        }
    }
}

impl Exact {
    pub fn zero() -> Exact {
        Exact(Form::Small(0, 1))
    }

    pub fn one() -> Exact {
        Exact(Form::Small(1, 1))
    }

    /// `numerator / denominator`; `None` where the denominator is zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Exact> {
        (denominator != 0).then(|| Exact::reduced(i128::from(numerator), i128::from(denominator)))
    }

    /// The quotient of two integers below 2^127 in size, the second not zero.
    fn reduced(numerator: i128, denominator: i128) -> Exact {
        let sign = if denominator < 0 { -1 } else { 1 };
        let (numerator, denominator) = (numerator * sign, denominator * sign);
        // Integers are in lowest terms already.
        let common = if denominator == 1 { 1 } else { divisor(numerator, denominator) };
        Exact::lowest(numerator / common, denominator / common)
    }

    fn of(ratio: BigRational) -> Exact {
        let fits = |part: &BigInt| part.to_i64().filter(|part| *part != i64::MIN);
        match (fits(ratio.numer()), fits(ratio.denom())) {
            (Some(numerator), Some(denominator)) => Exact(Form::Small(numerator, denominator)),
            _ => Exact(Form::Large(Arc::new(ratio))),
        }
    }

    /// The same number with parts of any size.
    fn large(&self) -> Cow<'_, BigRational> {
        match &self.0 {
            Form::Small(numerator, denominator) => {
                Cow::Owned(BigRational::new_raw((*numerator).into(), (*denominator).into()))
            }
            Form::Large(ratio) => Cow::Borrowed(ratio),
        }
    }

    /// Numerator and denominator of a small number, with room for their products.
    fn parts(&self) -> Option<(i128, i128)> {
        match self.0 {
            Form::Small(numerator, denominator) => Some((i128::from(numerator), i128::from(denominator))),
            Form::Large(_) => None,
        }
    }

    /// Numerator and denominator of a number whose parts fit 127 bits.
    fn wide(&self) -> Option<(i128, i128)> {
        match &self.0 {
            Form::Small(numerator, denominator) => Some((i128::from(*numerator), i128::from(*denominator))),
            Form::Large(ratio) => {
                let fits = |part: &BigInt| part.to_i128().filter(|part| *part != i128::MIN);
                Some((fits(ratio.numer())?, fits(ratio.denom())?))
            }
        }
    }

    /// The sum of two numbers whose parts, and those of the sum, fit 127 bits.
    fn wide_sum(&self, other: &Exact) -> Option<Exact> {
        let ((a, b), (c, d)) = (self.wide()?, other.wide()?);
        let common = divisor(b, d);
        let (b, d) = (b / common, d / common);
        let numerator = a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?;
        // What the sum has in common with its denominator is in what the two had.
        let rest = divisor(numerator, common);
        Some(Exact::lowest(numerator / rest, b.checked_mul(d)?.checked_mul(common / rest)?))
    }

    /// The same for the product.
    fn wide_product(&self, other: &Exact) -> Option<Exact> {
        let ((a, b), (c, d)) = (self.wide()?, other.wide()?);
        let (across, back) = (divisor(a, d), divisor(c, b));
        Some(Exact::lowest((a / across).checked_mul(c / back)?, (b / back).checked_mul(d / across)?))
    }

    /// A quotient in lowest terms, the denominator positive.
    fn lowest(numerator: i128, denominator: i128) -> Exact {
        match (small(numerator), small(denominator)) {
            (Some(numerator), Some(denominator)) => Exact(Form::Small(numerator, denominator)),
            _ => Exact(Form::Large(Arc::new(BigRational::new_raw(numerator.into(), denominator.into())))),
        }
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
        // What fits eighteen digits is small.
        if whole.len() + fraction.len() <= 18 && exponent.unsigned_abs() <= 18 {
            let mut digits: i64 = 0;
            for digit in unsigned.bytes().chain(fraction.bytes()) {
                digits = digits * 10 + i64::from(digit - b'0');
            }
            if whole.starts_with('-') {
                digits = -digits;
            }
            let scale = exponent - fraction.len() as i64;
            let power = u32::try_from(scale.unsigned_abs()).ok().and_then(|places| 10i64.checked_pow(places));
            if let Some(power) = power.filter(|_| scale.unsigned_abs() <= 18) {
                let (digits, power) = (i128::from(digits), i128::from(power));
                return Some(if scale >= 0 {
                    Exact::reduced(digits * power, 1)
                } else {
                    Exact::reduced(digits, power)
                });
            }
        }
        let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
        let scale = exponent - fraction.len() as i64;
        let ten = BigInt::from(10);
        let power = ten.pow(u32::try_from(scale.unsigned_abs()).ok()?);
        Some(Exact::of(if scale >= 0 { BigRational::from(digits * power) } else { BigRational::new(digits, power) }))
    }

    /// A float as the decimal of 15 significant digits that becomes its value, so that roots and logarithms mean the same on every
    /// machine. `None` for infinities and not-a-number.
    pub fn from_f64_rounded(value: f64) -> Option<Exact> {
        value.is_finite().then(|| Exact::from_decimal(&format!("{value:.14e}")))?
    }

    /// The nearest float.
    pub fn to_f64(&self) -> f64 {
        match self.0 {
            // Both parts are floats exactly, so the quotient is the nearest float.
            Form::Small(numerator, denominator) if numerator.unsigned_abs().max(denominator as u64) <= 1 << 53 => {
                numerator as f64 / denominator as f64
            }
            _ => self.large().to_f64().unwrap_or(f64::NAN),
        }
    }

    /// The number as an unsigned integer, where it is one and fits.
    pub fn to_u64(&self) -> Option<u64> {
        match &self.0 {
            Form::Small(numerator, 1) => u64::try_from(*numerator).ok(),
            Form::Small(..) => None,
            Form::Large(ratio) => ratio.is_integer().then(|| ratio.numer().to_u64())?,
        }
    }

    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Small(numerator, 1) => Some(*numerator),
            Form::Small(..) => None,
            Form::Large(ratio) => ratio.is_integer().then(|| ratio.numer().to_i64())?,
        }
    }

    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Form::Small(_, denominator) => *denominator == 1,
            Form::Large(ratio) => ratio.is_integer(),
        }
    }

    pub fn is_zero(&self) -> bool {
        self.0 == Form::Small(0, 1)
    }

    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Form::Small(numerator, _) => *numerator < 0,
            Form::Large(ratio) => ratio.is_negative(),
        }
    }

    pub fn is_positive(&self) -> bool {
        match &self.0 {
            Form::Small(numerator, _) => *numerator > 0,
            Form::Large(ratio) => ratio.is_positive(),
        }
    }

    pub fn floor(&self) -> Exact {
        match &self.0 {
            Form::Small(numerator, denominator) => Exact(Form::Small(numerator.div_euclid(*denominator), 1)),
            Form::Large(ratio) => Exact::of(ratio.floor()),
        }
    }

    pub fn ceil(&self) -> Exact {
        self.neg().floor().neg()
    }

    /// To the nearest integer, halves away from zero.
    pub fn round(&self) -> Exact {
        Exact::of(self.large().round())
    }

    pub fn abs(&self) -> Exact {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    pub fn add(&self, other: &Exact) -> Exact {
        match (self.parts(), other.parts()) {
            (Some((a, 1)), Some((b, 1))) => Exact::reduced(a + b, 1),
            // Products of 63 bits each: their sum fits 127.
            (Some((a, b)), Some((c, d))) => Exact::reduced(a * d + c * b, b * d),
            _ => self.wide_sum(other).unwrap_or_else(|| Exact::of(&*self.large() + &*other.large())),
        }
    }

    pub fn sub(&self, other: &Exact) -> Exact {
        self.add(&other.neg())
    }

    pub fn mul(&self, other: &Exact) -> Exact {
        match (self.parts(), other.parts()) {
            (Some((a, b)), Some((c, d))) => Exact::reduced(a * c, b * d),
            _ => self.wide_product(other).unwrap_or_else(|| Exact::of(&*self.large() * &*other.large())),
        }
    }

    /// `None` for a division by zero.
    pub fn div(&self, other: &Exact) -> Option<Exact> {
        if other.is_zero() {
            return None;
        }
        Some(match (self.parts(), other.parts()) {
            (Some((a, b)), Some((c, d))) => Exact::reduced(a * d, b * c),
            _ => self.mul(&other.inverse()),
        })
    }

    pub fn neg(&self) -> Exact {
        match &self.0 {
            Form::Small(numerator, denominator) => Exact(Form::Small(-numerator, *denominator)),
            Form::Large(ratio) => Exact::of(-(**ratio).clone()),
        }
    }

    /// One over a number that is not zero.
    fn inverse(&self) -> Exact {
        match &self.0 {
            Form::Small(numerator, denominator) => {
                Exact(Form::Small(denominator * numerator.signum(), numerator.abs()))
            }
            Form::Large(ratio) => Exact::of(ratio.recip()),
        }
    }

    /// An integer power; `None` for zero to a negative power and for exponents beyond ±4096.
    pub fn powi(&self, exponent: i64) -> Option<Exact> {
        if exponent.unsigned_abs() > 4096 || (exponent < 0 && self.is_zero()) || self.bits() > 1 << 16 {
            return None;
        }
        let power = num_traits::pow(self.large().into_owned(), exponent.unsigned_abs() as usize);
        Some(Exact::of(if exponent < 0 { power.recip() } else { power }))
    }

    /// The size of numerator and denominator together in bits: what arithmetic on it costs.
    pub fn bits(&self) -> u64 {
        let bits = |part: u64| u64::from(u64::BITS - part.leading_zeros());
        match &self.0 {
            Form::Small(numerator, denominator) => bits(numerator.unsigned_abs()) + bits(denominator.unsigned_abs()),
            Form::Large(ratio) => ratio.numer().bits() + ratio.denom().bits(),
        }
    }

    pub fn numerator(&self) -> BigInt {
        self.large().numer().clone()
    }

    pub fn denominator(&self) -> BigInt {
        self.large().denom().clone()
    }

    /// The least common multiple of the denominators, as an integer that fits 63 bits; `None` where it does not.
    pub fn common_denominator<'a>(numbers: impl IntoIterator<Item = &'a Exact>) -> Option<u64> {
        let mut common = BigInt::one();
        for number in numbers {
            common = common.lcm(&number.denominator());
        }
        common.to_i64().map(|c| c as u64)
    }

    /// A short decimal for people: exact where 12 significant digits hold it, otherwise rounded.
    pub fn short(&self) -> String {
        if self.is_integer() {
            return self.to_string();
        }
        let text = format!("{:.12e}", self.to_f64());
        let value: f64 = text.parse().unwrap_or(f64::NAN);
        format!("{value}")
    }
}

impl From<u64> for Exact {
    fn from(value: u64) -> Exact {
        Exact::reduced(i128::from(value), 1)
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Exact {
        Exact::reduced(i128::from(value), 1)
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Exact) -> Ordering {
        match (self.parts(), other.parts()) {
            (Some((a, b)), Some((c, d))) => (a * d).cmp(&(c * b)),
            _ => self.large().cmp(&other.large()),
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Exact) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The greatest common divisor of two integers that are not both zero and neither `i128::MIN`; positive.
fn divisor(a: i128, b: i128) -> i128 {
    match (u64::try_from(a.unsigned_abs()), u64::try_from(b.unsigned_abs())) {
        (Ok(a), Ok(b)) => i128::from(a.gcd(&b)),
        _ => a.gcd(&b),
    }
}

/// An integer that a small number may have as a part.
fn small(part: i128) -> Option<i64> {
    i64::try_from(part).ok().filter(|part| *part != i64::MIN)
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Small(numerator, 1) => write!(f, "{numerator}"),
            Form::Small(numerator, denominator) => write!(f, "{numerator}/{denominator}"),
            Form::Large(ratio) if ratio.is_integer() => write!(f, "{}", ratio.numer()),
            Form::Large(ratio) => write!(f, "{}/{}", ratio.numer(), ratio.denom()),
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
        Ok(Exact::of(BigRational::new(part(numerator)?, denominator)))
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

impl JsonSchema for Exact {
    fn schema_name() -> Cow<'static, str> {
        "Exact".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An exact rational number in lowest terms: `3`, `-1/3`.",
            "type": "string",
            "pattern": "^-?[0-9]+(/[0-9]+)?$",
        })
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

    /// Numbers at and around the border between small and large, and their kin.
    fn numbers() -> Vec<Exact> {
        let most = i64::MAX;
        let integers = [0, 1, 2, 3, 7, 10, 1 << 31, (1 << 53) + 1, most - 1, most];
        let mut numbers = Vec::new();
        for a in integers {
            for b in integers.into_iter().filter(|b| *b != 0) {
                numbers.push(Exact::ratio(a, b).unwrap());
                numbers.push(Exact::ratio(-a, b).unwrap());
            }
        }
        numbers.push(Exact::ratio(i64::MIN, 1).unwrap());
        numbers.push(Exact::ratio(1, i64::MIN).unwrap());
        numbers.push(Exact::from(u64::MAX));
        numbers.push(Exact::from_decimal("1e30").unwrap());
        numbers.push(Exact::from_decimal("123456789012345678901234567890.5").unwrap());
        numbers
    }

    #[test]
    fn small_and_large_numbers_compute_alike() {
        let check = |found: &Exact, expected: BigRational| {
            assert_eq!(*found, Exact::of(expected.clone()), "one number has one form");
            assert_eq!(found.to_string(), expected.to_string());
            assert_eq!(found.to_f64(), expected.to_f64().unwrap());
        };
        for a in &numbers() {
            let large = a.large().into_owned();
            check(&a.neg(), -&large);
            check(&a.abs(), large.abs());
            check(&a.floor(), large.floor());
            check(&a.ceil(), large.ceil());
            check(&a.round(), large.round());
            check(&a.powi(3).unwrap(), num_traits::pow(large.clone(), 3));
            assert_eq!(a.to_u64(), large.is_integer().then(|| large.to_integer().to_u64()).flatten());
            assert_eq!(a.to_i64(), large.is_integer().then(|| large.to_integer().to_i64()).flatten());
            assert_eq!((a.is_zero(), a.is_negative()), (large.is_zero(), large.is_negative()));
            assert_eq!(a.bits(), large.numer().bits() + large.denom().bits());
            assert_eq!(a.to_string().parse::<Exact>().unwrap(), *a);
            for b in &numbers() {
                let other = b.large().into_owned();
                check(&a.add(b), &large + &other);
                check(&a.sub(b), &large - &other);
                check(&a.mul(b), &large * &other);
                assert_eq!(a.cmp(b), large.cmp(&other));
                match a.div(b) {
                    Some(quotient) => check(&quotient, &large / &other),
                    None => assert!(other.is_zero()),
                }
            }
        }
    }

    #[test]
    fn decimals_of_any_length_are_read_alike() {
        for text in [
            "0",
            "1",
            "-1.5",
            "0.1e-17",
            "999999999999999999",
            "1e18",
            "1e19",
            "12.5e17",
            "0.000000000000000001",
            "1e-19",
            "-9.2e18",
        ] {
            let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
            let padded = format!(
                "{mantissa}{}e{exponent}",
                if mantissa.contains('.') { "0".repeat(30) } else { format!(".{}", "0".repeat(30)) }
            );
            assert_eq!(Exact::from_decimal(text), Exact::from_decimal(&padded), "{text}");
        }
    }
}
