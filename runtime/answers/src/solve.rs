//! Where a curve reaches a value, and where it is lowest: along one axis, most often over many powers of ten.

/// How an axis is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Numbers above zero, by their logarithms.
    Logarithmic,
    Linear,
}

/// Where a curve reaches a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reached {
    At(f64),
    /// However far one goes the value lies beyond: a floor decides.
    Never,
    /// The curve is past the value from its beginning on.
    Already,
    /// The curve is flat or has no values.
    Unknown,
}

/// Logarithms that a float's powers of e reach.
const FARTHEST: f64 = 690.0;

/// Places at which a curve is looked at between the ends that were seen. Arbitrary: laws turn once or twice.
const PLACES: usize = 32;

/// How much longer each step is than the one before, outside of what was seen. Arbitrary.
const LONGER: f64 = 1.5;

/// Halvings of a bracket: from hundreds of logarithms to less than the last digit of a float.
const HALVINGS: usize = 200;

impl Axis {
    fn to(self, x: f64) -> f64 {
        match self {
            Axis::Logarithmic => libm::log(x),
            Axis::Linear => x,
        }
    }

    fn from(self, t: f64) -> f64 {
        match self {
            Axis::Logarithmic => libm::exp(t),
            Axis::Linear => t,
        }
    }

    /// The place beyond which nothing is looked for, from a span of `width` around `from`.
    fn end(self, from: f64, width: f64) -> f64 {
        match self {
            Axis::Logarithmic => FARTHEST,
            Axis::Linear => from.abs() + 1e6 * width,
        }
    }
}

/// Where `curve` is `target`, nearest to the numbers `seen` (the ends of an interval; above zero on a logarithmic axis).
///
/// Between the ends it is looked at in equal steps, outside in growing ones; a bracket is halved until its ends are neighbours, so a
/// number that is found is right to the last digits that the curve itself has.
pub fn solve(curve: &dyn Fn(f64) -> f64, target: f64, seen: (f64, f64), axis: Axis) -> Reached {
    let at = |t: f64| curve(axis.from(t)) - target;
    let Some((low, high)) = ends(seen, axis) else { return Reached::Unknown };
    let width = (high - low).max(std::f64::consts::LN_2);
    let inside: Vec<f64> = (0..=PLACES).map(|i| low + (high - low) * i as f64 / PLACES as f64).collect();
    if let Some(found) = first_crossing(&at, inside.iter().copied()) {
        return Reached::At(axis.from(found));
    }
    let outward = |from: f64, sign: f64| {
        let end = axis.end(from, width);
        let mut step = width / PLACES as f64;
        let mut t = from;
        std::iter::once(from).chain(std::iter::from_fn(move || {
            if t.abs() >= end {
                return None;
            }
            t = (t + sign * step).clamp(-end, end);
            step *= LONGER;
            Some(t)
        }))
    };
    let up = first_crossing(&at, outward(high, 1.0));
    let down = first_crossing(&at, outward(low, -1.0));
    let nearest = match (up, down) {
        (Some(up), Some(down)) => Some(if up - high <= low - down { up } else { down }),
        (up, down) => up.or(down),
    };
    if let Some(found) = nearest {
        return Reached::At(axis.from(found));
    }
    let last = |sign: f64, from: f64| outward(from, sign).map(&at).take_while(|v| v.is_finite()).last();
    match (last(1.0, high), last(-1.0, low)) {
        (Some(up), Some(down)) if up.abs() < down.abs() => Reached::Never,
        (Some(up), Some(down)) if up.abs() > down.abs() => Reached::Already,
        // Without end on one side: it is the other that comes closest.
        (Some(_), None) => Reached::Never,
        (None, Some(_)) => Reached::Already,
        _ => Reached::Unknown,
    }
}

fn ends((low, high): (f64, f64), axis: Axis) -> Option<(f64, f64)> {
    let (low, high) = (axis.to(low.min(high)), axis.to(low.max(high)));
    (low.is_finite() && high.is_finite()).then_some((low, high))
}

/// The first place, in the order in which they come, at which the sign changes, to the last digit.
fn first_crossing(at: &dyn Fn(f64) -> f64, places: impl Iterator<Item = f64>) -> Option<f64> {
    let mut before: Option<(f64, f64)> = None;
    for t in places {
        let value = at(t);
        if value == 0.0 {
            return Some(t);
        }
        if value.is_nan() {
            before = None;
            continue;
        }
        if let Some((last, negative)) = before.map(|(last, value)| (last, value < 0.0))
            && negative != (value < 0.0)
        {
            return Some(halve(at, last, t, negative));
        }
        before = Some((t, value));
    }
    None
}

/// Halves a bracket whose first end has this sign.
fn halve(at: &dyn Fn(f64) -> f64, mut first: f64, mut second: f64, negative: bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = 0.5 * (first + second);
        if middle == first || middle == second {
            break;
        }
        let value = at(middle);
        if value == 0.0 {
            return middle;
        }
        if (value < 0.0) == negative {
            first = middle;
        } else {
            second = middle;
        }
    }
    0.5 * (first + second)
}

/// Where a curve is lowest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lowest {
    At(f64),
    /// It falls as far as one goes, to larger numbers or to smaller ones: there is no lowest place.
    Beyond {
        upward: bool,
    },
    Unknown,
}

/// Where a curve with this slope (by the axis' own coordinate) is lowest, nearest to the numbers `seen`: where its slope turns from falling to rising.
pub fn lowest(slope: &dyn Fn(f64) -> f64, seen: (f64, f64), axis: Axis) -> Lowest {
    let at = |t: f64| slope(axis.from(t));
    let Some((low, high)) = ends(seen, axis) else { return Lowest::Unknown };
    let width = (high - low).max(std::f64::consts::LN_2);
    let end = axis.end(low.abs().max(high.abs()), width);
    let middle = 0.5 * (low + high);
    let mut t = middle;
    let mut value = at(t);
    if !value.is_finite() {
        return Lowest::Unknown;
    }
    if value == 0.0 {
        return Lowest::At(axis.from(t));
    }
    // Downhill from the middle.
    let sign = -value.signum();
    let mut step = width / PLACES as f64;
    while t.abs() < end {
        let next = (t + sign * step).clamp(-end, end);
        let there = at(next);
        if there == 0.0 {
            return if value * sign < 0.0 && next.abs() < end {
                Lowest::At(axis.from(next))
            } else {
                Lowest::Beyond { upward: sign > 0.0 }
            };
        }
        if !there.is_finite() {
            return Lowest::Beyond { upward: sign > 0.0 };
        }
        if (there < 0.0) != (value < 0.0) {
            return Lowest::At(axis.from(halve(&at, t, next, value < 0.0)));
        }
        (t, value) = (next, there);
        step *= LONGER;
    }
    Lowest::Beyond { upward: sign > 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1.5 + 400 / D^0.3
    fn law(tokens: f64) -> f64 {
        1.5 + 400.0 / libm::pow(tokens, 0.3)
    }

    fn close(reached: Reached, expected: f64) {
        let Reached::At(found) = reached else { panic!("{reached:?}") };
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn a_loss_is_reached_where_the_law_says_inside_and_far_outside_of_what_was_seen() {
        for tokens in [1e7, 3e8, 1e3, 1e15] {
            // The gap to the floor has fewer digits than the loss: what is found is as good as what is asked.
            let target = 400.0 / libm::pow(tokens, 0.3);
            close(solve(&|x| law(x) - 1.5, target, (1e6, 1e9), Axis::Logarithmic), tokens);
        }
    }

    #[test]
    fn below_the_floor_nothing_reaches() {
        assert_eq!(solve(&law, 1.4, (1e6, 1e9), Axis::Logarithmic), Reached::Never);
        assert_eq!(solve(&|x: f64| x / (1.0 + x), 1.5, (0.1, 10.0), Axis::Logarithmic), Reached::Never);
        assert_eq!(solve(&|x: f64| 3.0 / (1.0 + x), 3.5, (0.1, 10.0), Axis::Logarithmic), Reached::Already);
        assert_eq!(solve(&|_| 2.0, 3.0, (0.1, 10.0), Axis::Logarithmic), Reached::Unknown);
        assert_eq!(solve(&|_| f64::NAN, 3.0, (0.1, 10.0), Axis::Logarithmic), Reached::Unknown);
        assert_eq!(solve(&law, 3.0, (0.0, 10.0), Axis::Logarithmic), Reached::Unknown);
    }

    #[test]
    fn of_two_places_the_nearer_one_is_meant() {
        let valley = |x: f64| (libm::log(x) - libm::log(1e8)).powi(2);
        close(solve(&valley, 4.0, (1e8 / 2.0, 1e8 * 3.0), Axis::Logarithmic), 1e8 * libm::exp(2.0));
        close(solve(&|x: f64| x * x, 9.0, (-1.0, 2.0), Axis::Linear), 3.0);
        close(solve(&|x: f64| x - 1e5, 0.0, (-1.0, 1.0), Axis::Linear), 1e5);
    }

    #[test]
    fn the_lowest_place_is_where_the_slope_turns() {
        // (ln x - ln 7e9)²
        let slope = |x: f64| 2.0 * libm::log(x / 7e9);
        let Lowest::At(found) = lowest(&slope, (1e6, 1e8), Axis::Logarithmic) else { panic!("no lowest place") };
        assert!((found / 7e9 - 1.0).abs() < 1e-12, "{found}");
        assert_eq!(lowest(&|x: f64| -1.0 / x, (1.0, 2.0), Axis::Logarithmic), Lowest::Beyond { upward: true });
        assert_eq!(lowest(&|_| f64::NAN, (1.0, 2.0), Axis::Linear), Lowest::Unknown);
    }
}
