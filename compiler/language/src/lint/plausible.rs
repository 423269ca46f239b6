//! Values that a law's free parameters could have: where its derivatives are looked at before there is anything to fit.
//!
//! Identifiability of a formula that is not linear depends on where one stands. So several places are tried, and a law is only
//! called unidentifiable where it is at all of them. At each, terms are of a like size in the middle of the design, and
//! exponents are those that scaling laws have.

use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression, Function, Name};
use synx_plan::law::FreeParameter;

/// How many places are tried.
pub(super) const PLACES: usize = 4;

/// Exponents of scaling laws lie about 0.3 (Hoffmann et al. 2022: 0.34 and 0.28).
const EXPONENTS: [f64; PLACES] = [0.3, 0.5, 0.2, 0.4];
/// The size of a term beside the others.
const TERMS: [f64; PLACES] = [1.0, 0.5, 2.0, 1.0];
/// For parameters that are neither exponents nor factors.
const OTHERS: [f64; PLACES] = [1.0, 5.0, 0.3, 2.0];

/// How a parameter stands in a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// In the exponent of a power of columns.
    Exponent,
    /// The formula is linear in it, the others held.
    Linear,
    Otherwise,
}

pub(super) fn stands(model: &Expression, parameter: &str) -> Stands {
    if is_exponent(model, parameter) {
        Stands::Exponent
    } else if degree(model, parameter) <= 1 {
        Stands::Linear
    } else {
        Stands::Otherwise
    }
}

fn has(expression: &Expression, parameter: &str) -> bool {
    expression.names().contains(&Name::Parameter(parameter))
}

/// Whether it stands, outside any function, in the exponent of a power whose base has a column.
fn is_exponent(expression: &Expression, parameter: &str) -> bool {
    fn plain(expression: &Expression, parameter: &str) -> bool {
        match expression {
            Expression::Call { .. } | Expression::If { .. } => false,
            Expression::Parameter(name) => name == parameter,
            _ => expression.children().into_iter().any(|child| plain(child, parameter)),
        }
    }
    match expression {
        Expression::Binary { operator: Binary::Power, left, right } => {
            (!left.columns().is_empty() && plain(right, parameter)) || is_exponent(left, parameter)
        }
        _ => expression.children().into_iter().any(|child| is_exponent(child, parameter)),
    }
}

/// 0 where it does not stand, 1 where the expression is linear in it, 2 for anything else.
fn degree(expression: &Expression, parameter: &str) -> u32 {
    let any = |expression: &Expression| if has(expression, parameter) { 2 } else { 0 };
    match expression {
        Expression::Parameter(name) => u32::from(name == parameter),
        Expression::Unary { operator: synx_plan::expression::Unary::Negate, operand } => degree(operand, parameter),
        Expression::Binary { operator, left, right } => {
            let (l, r) = (degree(left, parameter), degree(right, parameter));
            match operator {
                Binary::Add | Binary::Subtract => l.max(r),
                Binary::Multiply => (l + r).min(2),
                Binary::Divide if r == 0 => l,
                _ => any(expression),
            }
        }
        Expression::If { condition, then, otherwise } if any(condition) == 0 => {
            degree(then, parameter).max(degree(otherwise, parameter))
        }
        _ => any(expression),
    }
}

/// The argument of the innermost `exp` or `log` that a parameter stands in; none where it also stands outside of them.
fn inside<'e>(expression: &'e Expression, parameter: &str) -> Option<&'e Expression> {
    let argument = match expression {
        Expression::Call { function: Function::Exp | Function::Log, arguments } => arguments.first(),
        _ => None,
    };
    if let Some(argument) = argument.filter(|argument| has(argument, parameter)) {
        return inside(argument, parameter).or(Some(argument));
    }
    let mut having = expression.children().into_iter().filter(|child| has(child, parameter));
    match (having.next(), having.next()) {
        (Some(one), None) => inside(one, parameter),
        _ => None,
    }
}

/// Values for all of `free`, in their order, at one of the places; `middle` gives the columns in the middle of the design.
pub(super) fn values(
    model: &Expression,
    free: &[FreeParameter],
    place: usize,
    middle: &impl Fn(&str) -> f64,
) -> Vec<f64> {
    let names: Vec<&str> = free.iter().map(|parameter| parameter.name.as_str()).collect();
    let stand: Vec<Stands> = names.iter().map(|name| stands(model, name)).collect();
    // Like parameters get unlike values: at equal exponents two terms of one column would be one.
    let apart = |k: usize| 1.0 + 0.13 * stand[..k].iter().filter(|other| **other == stand[k]).count() as f64;
    let mut values: Vec<f64> = Vec::with_capacity(free.len());
    for (k, (parameter, stands)) in free.iter().zip(&stand).enumerate() {
        let wanted = match stands {
            Stands::Exponent => EXPONENTS[place] * apart(k),
            Stands::Linear => 1.0,
            Stands::Otherwise => {
                OTHERS[place] * apart(k) * if parameter.low.is_none() && k % 2 == 1 { -1.0 } else { 1.0 }
            }
        };
        values.push(within(parameter, wanted));
    }
    let slope = |of: &Expression, values: &[f64], k: usize| {
        let at = |name: Name<'_>| match name {
            Name::Column(column) => middle(column),
            Name::Parameter(parameter) => {
                names.iter().position(|name| *name == parameter).map_or(f64::NAN, |k| values[k])
            }
            Name::Bound(_) | Name::Answer(_) | Name::Is(..) => f64::NAN,
        };
        of.gradient(&names[k..=k], &at).1[0]
    };
    for k in (0..free.len()).filter(|k| stand[*k] == Stands::Otherwise) {
        if let Some(argument) = inside(model, names[k]) {
            // In an exponential, so that what stands in it is about one: beyond a few hundred there is only infinity.
            let slope = slope(argument, &values, k).abs();
            if place.is_multiple_of(2) && slope.is_finite() && slope > 0.0 {
                values[k] = within(&free[k], OTHERS[place].min(1.0) * apart(k) * values[k].signum() / slope);
            }
        } else if let Some(size) = size(&free[k], &|value| {
            let mut moved = values.clone();
            moved[k] = value;
            slope(model, &moved, k) * value
        }) {
            values[k] = within(&free[k], size * OTHERS[place] * apart(k));
        }
    }
    for k in (0..free.len()).filter(|k| stand[*k] == Stands::Linear) {
        let slope = slope(model, &values, k);
        if slope.is_finite() && slope != 0.0 {
            values[k] = within(&free[k], TERMS[place] * apart(k) / slope);
        }
    }
    values
}

/// The smallest power of ten of a parameter at which it makes a difference of about a third, or that at which it makes the largest.
fn size(parameter: &FreeParameter, effect: &impl Fn(f64) -> f64) -> Option<f64> {
    let mut best: Option<(f64, f64)> = None;
    for power in -6..=14 {
        let value = Binary::Power.apply(10.0, f64::from(power));
        if within(parameter, value) != value {
            continue;
        }
        let effect = effect(value).abs();
        if effect >= 1.0 / 3.0 && effect.is_finite() {
            return Some(value);
        }
        if effect.is_finite() && effect > 0.0 && best.is_none_or(|(known, _)| effect > known) {
            best = Some((effect, value));
        }
    }
    best.map(|(_, value)| value)
}

/// The value, or the nearest that the bounds leave, a little inside of them: at a bound of 0 a factor has no effect.
fn within(parameter: &FreeParameter, value: f64) -> f64 {
    // A bound beyond all floats bounds nothing here.
    let end = |end: &Option<Exact>| end.as_ref().map(Exact::to_f64).filter(|end| end.is_finite());
    match (end(&parameter.low), end(&parameter.high)) {
        (Some(low), Some(high)) => {
            // Apart, because the span of two large bounds is beyond all floats.
            let inset = 0.05 * high - 0.05 * low;
            value.max(low + inset).min(high - inset)
        }
        (Some(low), None) if value <= low => low + value.abs().max(1e-3),
        (None, Some(high)) if value >= high => high - value.abs().max(1e-3),
        _ => value,
    }
}
