//! Interval arithmetic: between which numbers a value lies that only a run or a fit settles.

use std::cmp::Ordering;
use std::fmt;

use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Function};
use synx_plan::grid::readable;

/// An interval of numbers, ends included; `None` is unbounded on that side. Ends that are no exact numbers are rounded outwards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bounds {
    pub low: Option<Exact>,
    pub high: Option<Exact>,
}

/// Ends with more bits than this are given up: nothing measured needs them. Arbitrary.
const MAX_BITS: u64 = 4096;

/// How far outwards a rounded end is moved, as a part of it: more than a software libm errs by.
const OUTWARDS: f64 = 1e-13;

/// An end, or infinity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Below,
    At(Exact),
    Above,
}

impl End {
    fn sign(&self) -> Ordering {
        match self {
            End::Below => Ordering::Less,
            End::At(value) => value.cmp(&Exact::zero()),
            End::Above => Ordering::Greater,
        }
    }

    /// A product in which nothing times infinity is nothing: the infinite end is never reached.
    fn times(&self, other: &End) -> End {
        match (self, other) {
            (End::At(a), End::At(b)) => End::At(a.mul(b)),
            _ => match (self.sign(), other.sign()) {
                (Ordering::Equal, _) | (_, Ordering::Equal) => End::At(Exact::zero()),
                (a, b) if a == b => End::Above,
                _ => End::Below,
            },
        }
    }
}

impl Bounds {
    pub(crate) fn exactly(value: Exact) -> Bounds {
        Bounds { low: Some(value.clone()), high: Some(value) }
    }

    pub(crate) fn from(low: Exact) -> Bounds {
        Bounds { low: Some(low), high: None }
    }

    pub(crate) fn between(low: Exact, high: Exact) -> Bounds {
        Bounds { low: Some(low), high: Some(high) }
    }

    pub(crate) fn at_least_zero() -> Bounds {
        Bounds::from(Exact::zero())
    }

    fn ends(&self) -> (End, End) {
        (self.low.clone().map_or(End::Below, End::At), self.high.clone().map_or(End::Above, End::At))
    }

    fn of_ends(low: End, high: End) -> Bounds {
        let finite = |end: End| match end {
            End::At(value) if value.bits() <= MAX_BITS => Some(value),
            _ => None,
        };
        Bounds { low: finite(low), high: finite(high) }
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub(crate) fn union(&self, other: &Bounds) -> Bounds {
        let ((a, b), (c, d)) = (self.ends(), other.ends());
        Bounds::of_ends(a.min(c), b.max(d))
    }

    #[must_use]
    pub(crate) fn negate(&self) -> Bounds {
        Bounds { low: self.high.as_ref().map(Exact::neg), high: self.low.as_ref().map(Exact::neg) }
    }

    #[must_use]
    pub(crate) fn add(&self, other: &Bounds) -> Bounds {
        let sum = |a: &Option<Exact>, b: &Option<Exact>| Some(a.as_ref()?.add(b.as_ref()?));
        let at = |end: Option<Exact>, open: End| end.map_or(open, End::At);
        Bounds::of_ends(at(sum(&self.low, &other.low), End::Below), at(sum(&self.high, &other.high), End::Above))
    }

    #[must_use]
    pub(crate) fn multiply(&self, other: &Bounds) -> Bounds {
        let ((a, b), (c, d)) = (self.ends(), other.ends());
        let products = [a.times(&c), a.times(&d), b.times(&c), b.times(&d)];
        let [first, rest @ ..] = &products;
        let low = rest.iter().fold(first, |a, b| a.min(b)).clone();
        let high = rest.iter().fold(first, |a, b| a.max(b)).clone();
        Bounds::of_ends(low, high)
    }

    #[must_use]
    pub(crate) fn divide(&self, other: &Bounds) -> Bounds {
        let inverse = |value: &Exact| Exact::one().div(value);
        let (low, high) = (&other.low, &other.high);
        let positive = low.as_ref().is_some_and(|low| !low.is_negative());
        let negative = high.as_ref().is_some_and(|high| !high.is_positive());
        if !positive && !negative {
            return Bounds::default();
        }
        // Towards an end that is zero the quotient grows without bound; towards infinity it goes to zero.
        let at_low = low.as_ref().map_or(Some(Exact::zero()), inverse);
        let at_high = high.as_ref().map_or(Some(Exact::zero()), inverse);
        self.multiply(&Bounds { low: at_high, high: at_low })
    }

    #[must_use]
    pub(crate) fn power(&self, exponent: &Bounds) -> Bounds {
        if let (Some(low), Some(high)) = (&exponent.low, &exponent.high)
            && low == high
            && let Some(whole) = low.to_i64()
        {
            return self.whole_power(whole);
        }
        if self.low.as_ref().is_none_or(Exact::is_negative) {
            return Bounds::default();
        }
        self.apply(Function::Log).multiply(exponent).apply(Function::Exp)
    }

    fn whole_power(&self, exponent: i64) -> Bounds {
        if exponent < 0 {
            return Bounds::exactly(Exact::one()).divide(&self.whole_power(exponent.saturating_neg()));
        }
        let power = |end: End| match end {
            End::At(value) => {
                let small = value.bits().saturating_mul(exponent.unsigned_abs()) <= MAX_BITS;
                if small { value.powi(exponent).map(End::At) } else { None }
            }
            End::Below if exponent % 2 == 0 => Some(End::Above),
            open => Some(open),
        };
        let (low, high) = self.ends();
        let crosses = low.sign() == Ordering::Less && high.sign() == Ordering::Greater;
        match (exponent, power(low), power(high)) {
            (0, ..) => Bounds::exactly(Exact::one()),
            (_, Some(a), Some(b)) if exponent % 2 == 1 => Bounds::of_ends(a, b),
            (_, Some(a), Some(b)) if crosses => Bounds::of_ends(End::At(Exact::zero()), a.max(b)),
            (_, Some(a), Some(b)) => Bounds::of_ends(a.clone().min(b.clone()), a.max(b)),
            (e, ..) if e % 2 == 0 => Bounds::at_least_zero(),
            _ => Bounds::default(),
        }
    }

    /// `exp log sqrt abs round`: all but `abs` grow with their argument.
    #[must_use]
    pub(crate) fn apply(&self, function: Function) -> Bounds {
        let zero = Exact::zero();
        match function {
            Function::Abs => match (&self.low, &self.high) {
                (Some(low), _) if !low.is_negative() => self.clone(),
                (_, Some(high)) if !high.is_positive() => self.negate(),
                (Some(low), Some(high)) => Bounds::between(zero, high.clone().max(low.neg())),
                _ => Bounds::at_least_zero(),
            },
            Function::Exp => {
                let low = self.low.as_ref().and_then(|low| outwards(libm_of(function, low), -1.0));
                let high = self.high.as_ref().and_then(|high| outwards(libm_of(function, high), 1.0));
                Bounds { low: Some(low.filter(Exact::is_positive).unwrap_or(zero)), high }
            }
            Function::Log => {
                let end = |end: &Option<Exact>, side: f64| {
                    let end = end.as_ref().filter(|end| end.is_positive())?;
                    outwards(libm_of(function, end), side)
                };
                Bounds { low: end(&self.low, -1.0), high: end(&self.high, 1.0) }
            }
            Function::Sqrt => {
                let low = self.low.as_ref().filter(|low| low.is_positive());
                let low = low.and_then(|low| outwards(libm_of(function, low), -1.0)).unwrap_or(zero);
                let high = self.high.as_ref().filter(|high| !high.is_negative());
                Bounds { low: Some(low), high: high.and_then(|high| outwards(libm_of(function, high), 1.0)) }
            }
            _ => Bounds::default(),
        }
    }

    #[must_use]
    pub(crate) fn round(&self, to: &Exact) -> Bounds {
        let end = |end: &Option<Exact>| Some(end.as_ref()?.div(to)?.round().mul(to));
        Bounds { low: end(&self.low), high: end(&self.high) }
    }

    /// The smaller, or the larger, of two numbers.
    #[must_use]
    pub(crate) fn extreme(&self, other: &Bounds, largest: bool) -> Bounds {
        let ((a, b), (c, d)) = (self.ends(), other.ends());
        if largest { Bounds::of_ends(a.max(c), b.max(d)) } else { Bounds::of_ends(a.min(c), b.min(d)) }
    }

    /// Whether a comparison holds for all numbers of the two, for none, or depends on which they are.
    pub(crate) fn compare(&self, operator: Binary, other: &Bounds) -> Option<bool> {
        let below = |a: &Option<Exact>, b: &Option<Exact>| a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a < b);
        let up_to = |a: &Option<Exact>, b: &Option<Exact>| a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a <= b);
        let decide = |holds: bool, fails: bool| if holds { Some(true) } else { fails.then_some(false) };
        let same = self.low.is_some() && self.low == self.high && self.low == other.low && other.low == other.high;
        let apart = below(&self.high, &other.low) || below(&other.high, &self.low);
        match operator {
            Binary::Less => decide(below(&self.high, &other.low), up_to(&other.high, &self.low)),
            Binary::LessOrEqual => decide(up_to(&self.high, &other.low), below(&other.high, &self.low)),
            Binary::Greater => decide(below(&other.high, &self.low), up_to(&self.high, &other.low)),
            Binary::GreaterOrEqual => decide(up_to(&other.high, &self.low), below(&self.high, &other.low)),
            Binary::Equal => decide(same, apart),
            Binary::NotEqual => decide(apart, same),
            _ => None,
        }
    }
}

fn libm_of(function: Function, value: &Exact) -> f64 {
    function.apply(&[value.to_f64()])
}

fn outwards(value: f64, side: f64) -> Option<Exact> {
    Exact::from_f64_rounded(value + side * (value.abs() * OUTWARDS))
}

impl fmt::Display for Bounds {
    /// Reads after "a number": `from 0 to 2`, `from 0`, `up to 3`; empty where nothing is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => write!(f, "from {} to {}", readable(low), readable(high)),
            (Some(low), None) => write!(f, "from {}", readable(low)),
            (None, Some(high)) => write!(f, "up to {}", readable(high)),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Exact {
        Exact::from_decimal(text).unwrap()
    }

    fn bounds(low: &str, high: &str) -> Bounds {
        let end = |text: &str| (!text.is_empty()).then(|| number(text));
        Bounds { low: end(low), high: end(high) }
    }

    #[test]
    fn sums_and_products_of_open_ends_stay_open() {
        assert_eq!(bounds("0", "").add(&bounds("1", "2")), bounds("1", ""));
        assert_eq!(bounds("0", "").multiply(&bounds("-1", "2")), bounds("", ""));
        assert_eq!(bounds("0", "").multiply(&bounds("0", "0")), bounds("0", "0"));
        assert_eq!(bounds("2", "3").multiply(&bounds("-1", "")), bounds("-3", ""));
        assert_eq!(bounds("1", "2").negate(), bounds("-2", "-1"));
    }

    #[test]
    fn quotients_know_zero() {
        assert_eq!(bounds("1", "2").divide(&bounds("4", "8")), bounds("0.125", "0.5"));
        assert_eq!(bounds("1", "2").divide(&bounds("0", "4")), bounds("0.25", ""));
        assert_eq!(bounds("1", "2").divide(&bounds("4", "")), bounds("0", "0.5"));
        assert_eq!(bounds("1", "2").divide(&bounds("-1", "1")), bounds("", ""));
        assert_eq!(bounds("1", "2").divide(&bounds("-4", "0")), bounds("", "-0.25"));
    }

    #[test]
    fn even_powers_turn_at_zero() {
        assert_eq!(bounds("-2", "1").power(&bounds("2", "2")), bounds("0", "4"));
        assert_eq!(bounds("-2", "1").power(&bounds("3", "3")), bounds("-8", "1"));
        assert_eq!(bounds("2", "").power(&bounds("-1", "-1")), bounds("0", "0.5"));
        let root = bounds("0", "4").power(&bounds("0.5", "0.5"));
        assert_eq!(root.low, Some(Exact::zero()));
        assert!(root.high.is_some_and(|high| high >= number("2") && high < number("2.000001")));
        assert_eq!(bounds("-1", "4").power(&bounds("0.5", "1")), bounds("", ""));
    }

    #[test]
    fn functions_are_rounded_outwards() {
        let e = bounds("0", "1").apply(Function::Exp);
        assert!(e.low.is_some_and(|low| low <= number("1")));
        assert!(e.high.is_some_and(|high| high > number("2.718281828459045")));
        assert_eq!(bounds("", "").apply(Function::Exp), bounds("0", ""));
        assert_eq!(bounds("0", "1").apply(Function::Log).low, None);
        assert_eq!(bounds("-3", "2").apply(Function::Abs), bounds("0", "3"));
        assert_eq!(bounds("0", "1e300").apply(Function::Exp).high, None);
    }

    #[test]
    fn comparisons_are_decided_where_the_intervals_do_not_meet() {
        let loss = bounds("0", "");
        assert_eq!(loss.compare(Binary::GreaterOrEqual, &bounds("0", "0")), Some(true));
        assert_eq!(loss.compare(Binary::Greater, &bounds("0", "0")), None);
        assert_eq!(loss.compare(Binary::Less, &bounds("-2", "-1")), Some(false));
        assert_eq!(bounds("1", "1").compare(Binary::Equal, &bounds("1", "1")), Some(true));
        assert_eq!(bounds("1", "2").compare(Binary::Equal, &bounds("2", "3")), None);
        assert_eq!(bounds("1", "2").compare(Binary::NotEqual, &bounds("3", "4")), Some(true));
    }

    #[test]
    fn a_union_holds_both() {
        assert_eq!(bounds("0", "1").union(&bounds("5", "")), bounds("0", ""));
        assert_eq!(bounds("0", "1").to_string(), "from 0 to 1");
        assert_eq!(bounds("0", "").to_string(), "from 0");
    }
}
