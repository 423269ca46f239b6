//! Units: what a number counts or measures, and amounts that carry one.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::grid::readable;

/// What is counted. Sums and comparisons want the same label; products drop it; a bare number takes that of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    Tokens,
    Params,
    Documents,
    Steps,
    Epochs,
}

impl Count {
    pub fn name(self) -> &'static str {
        match self {
            Count::Tokens => "tokens",
            Count::Params => "params",
            Count::Documents => "documents",
            Count::Steps => "steps",
            Count::Epochs => "epochs",
        }
    }
}

/// The base units of what is measured, in the order of `Unit`'s exponents.
const BASES: [&str; 6] = ["FLOP", "B", "s", "J", "USD", "gCO2e"];

/// A unit: a counted noun, or a product of powers of base units; plain numbers have neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    pub count: Option<Count>,
    exponents: [i8; 6],
}

impl Unit {
    /// Of a plain number.
    pub const PLAIN: Unit = Unit { count: None, exponents: [0; 6] };
    /// Floating-point operations.
    pub const FLOP: Unit = Unit { count: None, exponents: [1, 0, 0, 0, 0, 0] };

    /// Bytes.
    pub const BYTE: Unit = Unit { count: None, exponents: [0, 1, 0, 0, 0, 0] };
    pub const SECOND: Unit = Unit { count: None, exponents: [0, 0, 1, 0, 0, 0] };
    pub const JOULE: Unit = Unit { count: None, exponents: [0, 0, 0, 1, 0, 0] };
    /// Joules per second.
    pub const WATT: Unit = Unit { count: None, exponents: [0, 0, -1, 1, 0, 0] };
    pub const USD: Unit = Unit { count: None, exponents: [0, 0, 0, 0, 1, 0] };
    pub const CARBON: Unit = Unit { count: None, exponents: [0, 0, 0, 0, 0, 1] };
    pub const FLOP_PER_SECOND: Unit = Unit { count: None, exponents: [1, 0, -1, 0, 0, 0] };
    pub const USD_PER_SECOND: Unit = Unit { count: None, exponents: [0, 0, -1, 0, 1, 0] };
    pub const CARBON_PER_JOULE: Unit = Unit { count: None, exponents: [0, 0, 0, -1, 0, 1] };

    pub const fn counted(count: Count) -> Unit {
        Unit { count: Some(count), exponents: [0; 6] }
    }

    /// Whether nothing is measured: a plain or a counted number.
    pub fn is_dimensionless(self) -> bool {
        self.exponents == [0; 6]
    }

    pub fn is_plain(self) -> bool {
        self == Unit::PLAIN
    }

    /// The unit of a product, which drops labels; `None` where an exponent leaves the range that anything measured needs.
    pub fn times(self, other: Unit) -> Option<Unit> {
        self.combine(other, 1)
    }

    /// The unit of a quotient.
    pub fn over(self, other: Unit) -> Option<Unit> {
        self.combine(other, -1)
    }

    fn combine(self, other: Unit, sign: i8) -> Option<Unit> {
        let mut exponents = self.exponents;
        for (exponent, other) in exponents.iter_mut().zip(other.exponents) {
            *exponent = exponent.checked_add(other.checked_mul(sign)?)?;
        }
        Some(Unit { count: None, exponents })
    }

    /// The unit of a power; `None` where an exponent would not be whole.
    pub fn power(self, exponent: &Exact) -> Option<Unit> {
        let mut exponents = self.exponents;
        for e in &mut exponents {
            if *e != 0 {
                *e = i8::try_from(Exact::from(i64::from(*e)).mul(exponent).to_i64()?).ok()?;
            }
        }
        Some(Unit { count: None, exponents })
    }

    /// The unit of a sum or a comparison of two amounts: their common one, where a plain number takes the other's label.
    pub fn unify(self, other: Unit) -> Option<Unit> {
        if self == other {
            return Some(self);
        }
        match (self, other) {
            (Unit::PLAIN, counted) | (counted, Unit::PLAIN) if counted.is_dimensionless() => Some(counted),
            _ => None,
        }
    }

    /// What a word after a number means: how many base units it is, and which.
    pub fn named(word: &str) -> Option<(Exact, Unit)> {
        let counted = |count| Some((Exact::one(), Unit::counted(count)));
        let measured = |base: usize, scale: &str| {
            let mut exponents = [0; 6];
            exponents[base] = 1;
            Some((Exact::from_decimal(scale)?, Unit { count: None, exponents }))
        };
        match word {
            "token" | "tokens" => counted(Count::Tokens),
            "param" | "params" | "parameters" => counted(Count::Params),
            "document" | "documents" => counted(Count::Documents),
            "step" | "steps" => counted(Count::Steps),
            "epoch" | "epochs" => counted(Count::Epochs),
            "FLOP" => measured(0, "1"),
            "MFLOP" => measured(0, "1e6"),
            "GFLOP" => measured(0, "1e9"),
            "TFLOP" => measured(0, "1e12"),
            "PFLOP" => measured(0, "1e15"),
            "EFLOP" => measured(0, "1e18"),
            "ZFLOP" => measured(0, "1e21"),
            "B" => measured(1, "1"),
            "KiB" => measured(1, "1024"),
            "MiB" => measured(1, "1048576"),
            "GiB" => measured(1, "1073741824"),
            "TiB" => measured(1, "1099511627776"),
            "kB" => measured(1, "1e3"),
            "MB" => measured(1, "1e6"),
            "GB" => measured(1, "1e9"),
            "TB" => measured(1, "1e12"),
            "ms" => measured(2, "1e-3"),
            "s" => measured(2, "1"),
            "min" => measured(2, "60"),
            "h" => measured(2, "3600"),
            "J" => measured(3, "1"),
            "Wh" => measured(3, "3600"),
            "kWh" => measured(3, "3.6e6"),
            "MWh" => measured(3, "3.6e9"),
            "W" => Some((Exact::one(), Unit { count: None, exponents: [0, 0, -1, 1, 0, 0] })),
            "kW" => Some((Exact::from(1000u64), Unit { count: None, exponents: [0, 0, -1, 1, 0, 0] })),
            "USD" => measured(4, "1"),
            "gCO2e" => measured(5, "1"),
            "kgCO2e" => measured(5, "1e3"),
            _ => None,
        }
    }

    /// The unit that `Display` writes like this.
    pub fn from_display(text: &str) -> Option<Unit> {
        if text.is_empty() {
            return Some(Unit::PLAIN);
        }
        let (above, below) = text.split_once('/').unwrap_or((text, ""));
        let mut unit = Unit::PLAIN;
        let parts = above.split('*').filter(|part| *part != "1").map(|part| (part, 1));
        for (part, sign) in parts.chain(below.split('/').filter(|part| !part.is_empty()).map(|part| (part, -1))) {
            let (word, exponent) = part.split_once('^').unwrap_or((part, "1"));
            let (scale, named) = Unit::named(word)?;
            if named.count.is_some() {
                return (text == word).then_some(named);
            }
            let exponent: i64 = exponent.parse().ok()?;
            let power = named.power(&Exact::from(sign * exponent))?;
            unit = (scale == Exact::one()).then(|| unit.times(power))??;
        }
        Some(unit)
    }

    /// Every word that is a unit, for suggestions.
    pub const WORDS: [&str; 34] = [
        "tokens",
        "params",
        "documents",
        "steps",
        "epochs",
        "FLOP",
        "MFLOP",
        "GFLOP",
        "TFLOP",
        "PFLOP",
        "EFLOP",
        "ZFLOP",
        "B",
        "KiB",
        "MiB",
        "GiB",
        "TiB",
        "kB",
        "MB",
        "GB",
        "TB",
        "ms",
        "s",
        "min",
        "h",
        "J",
        "Wh",
        "kWh",
        "MWh",
        "W",
        "kW",
        "USD",
        "gCO2e",
        "kgCO2e",
    ];
}

impl fmt::Display for Unit {
    /// As results print it: `tokens`, `FLOP`, `W`, `s^2`; empty for plain numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(count) = self.count {
            return f.write_str(count.name());
        }
        let part = |(base, exponent): (&str, i8)| match exponent {
            1 => base.to_owned(),
            e => format!("{base}^{e}"),
        };
        if *self == Unit::WATT {
            return f.write_str("W");
        }
        let bases = || BASES.into_iter().zip(self.exponents);
        let above: Vec<String> = bases().filter(|(_, e)| *e > 0).map(part).collect();
        let below: Vec<String> = bases().filter(|(_, e)| *e < 0).map(|(b, e)| part((b, e.saturating_neg()))).collect();
        match (above.is_empty(), below.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => write!(f, "1/{}", below.join("/")),
            (false, true) => f.write_str(&above.join("*")),
            (false, false) => write!(f, "{}/{}", above.join("*"), below.join("/")),
        }
    }
}

/// An exact number with its unit, in base units.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    pub value: Exact,
    pub unit: Unit,
}

impl Amount {
    pub fn new(value: Exact, unit: Unit) -> Amount {
        Amount { value, unit }
    }

    pub fn plain(value: impl Into<Exact>) -> Amount {
        Amount { value: value.into(), unit: Unit::PLAIN }
    }

    pub fn counted(value: impl Into<Exact>, count: Count) -> Amount {
        Amount { value: value.into(), unit: Unit::counted(count) }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&readable(&self.value))?;
        if self.unit.is_plain() { Ok(()) } else { write!(f, " {}", self.unit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(word: &str) -> Unit {
        Unit::named(word).unwrap().1
    }

    #[test]
    fn every_word_is_a_unit() {
        assert!(Unit::WORDS.iter().all(|word| Unit::named(word).is_some()));
        assert_eq!(Unit::named("token").unwrap(), Unit::named("tokens").unwrap());
        assert_eq!(Unit::named("furlong"), None);
    }

    #[test]
    fn products_drop_labels_and_keep_what_is_measured() {
        assert_eq!(unit("tokens").times(unit("params")), Some(Unit::PLAIN));
        assert_eq!(unit("W").times(unit("h")), Some(unit("J")));
        assert_eq!(unit("FLOP").over(unit("FLOP")), Some(Unit::PLAIN));
        assert_eq!(unit("W").to_string(), "W");
        assert_eq!(Unit::PLAIN.over(unit("s")).unwrap().to_string(), "1/s");
    }

    #[test]
    fn sums_want_one_label() {
        assert_eq!(unit("tokens").unify(Unit::PLAIN), Some(unit("tokens")));
        assert_eq!(unit("tokens").unify(unit("params")), None);
        assert_eq!(unit("FLOP").unify(Unit::PLAIN), None, "what is measured is never a plain number");
    }

    #[test]
    fn a_unit_is_read_as_it_is_written() {
        let per = unit("USD").over(unit("W").times(unit("h")).unwrap()).unwrap();
        for unit in [Unit::PLAIN, unit("tokens"), unit("FLOP"), unit("W"), per, unit("s").times(unit("s")).unwrap()] {
            assert_eq!(Unit::from_display(&unit.to_string()), Some(unit), "{unit}");
        }
        assert_eq!(Unit::from_display("kWh"), None, "written in base units");
    }

    #[test]
    fn roots_of_units_are_whole_or_none() {
        let half = Exact::ratio(1, 2).unwrap();
        assert_eq!(unit("s").times(unit("s")).unwrap().power(&half), Some(unit("s")));
        assert_eq!(unit("s").power(&half), None);
        assert_eq!(unit("tokens").power(&half), Some(Unit::PLAIN));
    }

    #[test]
    fn amounts_read_with_their_unit() {
        assert_eq!(Amount::counted(64_000_000u64, Count::Tokens).to_string(), "64M tokens");
        assert_eq!(Amount::plain(3u64).to_string(), "3");
    }
}
