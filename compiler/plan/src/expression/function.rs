//! The one table of scalar functions: names, arguments, values and derivatives.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A function of plain numbers. The compiler looks names up here, and whatever evaluates or differentiates an expression
/// takes value and derivative from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    Exp,
    Log,
    Sqrt,
    Abs,
    Min,
    Max,
    Round,
}

/// How many arguments a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arity {
    pub least: usize,
    /// `None` where any number may follow.
    pub most: Option<usize>,
}

impl Arity {
    pub fn allows(self, arguments: usize) -> bool {
        arguments >= self.least && self.most.is_none_or(|most| arguments <= most)
    }
}

impl fmt::Display for Arity {
    /// Reads after "takes": `1 argument`, `1 or 2 arguments`, `at least 2 arguments`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (1, Some(1)) => write!(f, "1 argument"),
            (least, Some(most)) if least == most => write!(f, "{least} arguments"),
            (least, Some(most)) if least + 1 == most => write!(f, "{least} or {most} arguments"),
            (least, Some(most)) => write!(f, "{least} to {most} arguments"),
            (least, None) => write!(f, "at least {least} arguments"),
        }
    }
}

struct Entry {
    name: &'static str,
    /// Names of the arguments, for calls with named ones; a variadic function has none.
    arguments: &'static [&'static str],
    arity: Arity,
    signature: &'static str,
    doc: &'static str,
}

const fn entry(
    name: &'static str,
    arguments: &'static [&'static str],
    arity: (usize, Option<usize>),
    signature: &'static str,
    doc: &'static str,
) -> Entry {
    Entry { name, arguments, arity: Arity { least: arity.0, most: arity.1 }, signature, doc }
}

impl Function {
    /// Every function, in the order of the reference.
    pub const ALL: [Function; 7] =
        [Function::Exp, Function::Log, Function::Sqrt, Function::Abs, Function::Min, Function::Max, Function::Round];

    const fn entry(self) -> Entry {
        match self {
            Function::Exp => entry("exp", &["x"], (1, Some(1)), "exp(x)", "e to the power x."),
            Function::Log => entry("log", &["x"], (1, Some(1)), "log(x)", "The natural logarithm of x."),
            Function::Sqrt => entry("sqrt", &["x"], (1, Some(1)), "sqrt(x)", "The square root of x."),
            Function::Abs => entry("abs", &["x"], (1, Some(1)), "abs(x)", "The size of x without its sign."),
            Function::Min => entry("min", &[], (2, None), "min(a, b, …)", "The smallest of its arguments."),
            Function::Max => entry("max", &[], (2, None), "max(a, b, …)", "The largest of its arguments."),
            Function::Round => entry(
                "round",
                &["x", "to"],
                (1, Some(2)),
                "round(x, to = 1)",
                "x rounded to the nearest multiple of `to`, halves away from zero.",
            ),
        }
    }

    /// The function of that name.
    pub fn named(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.name() == name)
    }

    /// All names, for suggestions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Function::ALL.into_iter().map(Function::name)
    }

    pub fn name(self) -> &'static str {
        self.entry().name
    }

    pub fn arity(self) -> Arity {
        self.entry().arity
    }

    /// The names that arguments may be given by, in their order; empty for the functions of any number of arguments.
    pub fn argument_names(self) -> &'static [&'static str] {
        self.entry().arguments
    }

    /// How a call reads: `round(x, to = 1)`.
    pub fn signature(self) -> &'static str {
        self.entry().signature
    }

    /// What it gives, in one sentence.
    pub fn doc(self) -> &'static str {
        self.entry().doc
    }

    /// The value, through a software libm: the same bits on every machine. Not-a-number where there is none, and for a number of
    /// arguments that the arity does not allow.
    pub fn apply(self, arguments: &[f64]) -> f64 {
        match (self, arguments) {
            (Function::Exp, &[x]) => libm::exp(x),
            (Function::Log, &[x]) => libm::log(x),
            (Function::Sqrt, &[x]) => libm::sqrt(x),
            (Function::Abs, &[x]) => x.abs(),
            // Unlike `f64::min`, which forgets a not-a-number, these keep it: nothing undefined may look fine.
            (Function::Min, [first, rest @ ..]) => rest.iter().fold(*first, |a, &b| minimum(a, b)),
            (Function::Max, [first, rest @ ..]) => rest.iter().fold(*first, |a, &b| -minimum(-a, -b)),
            (Function::Round, &[x]) => libm::round(x),
            (Function::Round, &[x, to]) => libm::round(x / to) * to,
            _ => f64::NAN,
        }
    }

    /// The derivative of the value with respect to argument `index`, at `arguments` whose value is `value`.
    ///
    /// Where there is none (`abs` at 0, a tie of `min` and `max`), one of the one-sided ones; `round` counts as flat, and so does
    /// whatever it is handed as `to`.
    pub fn derivative(self, arguments: &[f64], value: f64, index: usize) -> f64 {
        let argument = arguments.get(index).copied().unwrap_or(f64::NAN);
        match self {
            Function::Exp => value,
            Function::Log => 1.0 / argument,
            Function::Sqrt => 0.5 / value,
            Function::Abs => {
                if argument < 0.0 {
                    -1.0
                } else {
                    1.0
                }
            }
            // The first of equal arguments carries the derivative.
            Function::Min | Function::Max => {
                let chosen = arguments.iter().position(|&a| a == value);
                f64::from(u8::from(chosen == Some(index)))
            }
            Function::Round => 0.0,
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if b < a {
        b
    } else {
        a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_function() {
        for function in Function::ALL {
            assert_eq!(Function::named(function.name()), Some(function));
            assert!(function.signature().starts_with(&format!("{function}(")));
            assert!(function.doc().ends_with('.'));
            let names = function.argument_names().len();
            assert!(function.arity().most.is_none_or(|most| most == names), "{function}");
        }
        assert_eq!(Function::named("ln"), None);
    }

    #[test]
    fn arities_read_after_takes() {
        assert_eq!(Function::Exp.arity().to_string(), "1 argument");
        assert_eq!(Function::Round.arity().to_string(), "1 or 2 arguments");
        assert_eq!(Function::Min.arity().to_string(), "at least 2 arguments");
        assert!(Function::Max.arity().allows(5) && !Function::Max.arity().allows(1));
    }

    #[test]
    fn values_are_those_of_the_field() {
        assert_eq!(Function::Log.apply(&[1.0]), 0.0);
        assert_eq!(Function::Sqrt.apply(&[9.0]), 3.0);
        assert_eq!(Function::Min.apply(&[3.0, -1.0, 2.0]), -1.0);
        assert_eq!(Function::Max.apply(&[3.0, -1.0, 7.0]), 7.0);
        assert!(Function::Min.apply(&[f64::NAN, 1.0]).is_nan() && Function::Max.apply(&[1.0, f64::NAN]).is_nan());
        assert_eq!(Function::Round.apply(&[2.5]), 3.0);
        assert_eq!(Function::Round.apply(&[10_000.0, 4096.0]), 8192.0);
        assert!(Function::Exp.apply(&[]).is_nan());
    }

    #[test]
    fn derivatives_agree_with_central_differences() {
        let points: [&[f64]; 3] = [&[0.7], &[2.3, 1.1], &[1.7, 4.2, 0.4]];
        for function in [Function::Exp, Function::Log, Function::Sqrt, Function::Abs, Function::Min, Function::Max] {
            for point in points.into_iter().filter(|p| function.arity().allows(p.len())) {
                for index in 0..point.len() {
                    let step = 1e-5;
                    let at = |shift: f64| {
                        let mut moved = point.to_vec();
                        moved[index] += shift;
                        function.apply(&moved)
                    };
                    let difference = (at(step) - at(-step)) / (2.0 * step);
                    let derivative = function.derivative(point, function.apply(point), index);
                    assert!((derivative - difference).abs() < 1e-8, "{function} {point:?} {derivative} {difference}");
                }
            }
        }
    }
}
