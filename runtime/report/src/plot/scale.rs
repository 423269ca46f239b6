//! Where numbers lie on an axis, and which of them are written there.

/// An axis over an interval of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    pub logarithmic: bool,
    /// The ends, in the axis' own coordinate: a decimal logarithm where it is one of logarithms.
    low: f64,
    high: f64,
}

/// A number on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// From 0 at the low end to 1 at the high one.
    pub at: f64,
    /// Empty for a mark without text.
    pub label: String,
}

/// Numbers above zero that span so much are shown by their logarithms.
const SPAN_OF_LOGARITHMS: f64 = 8.0;

/// The part of an axis that is left free at each end.
const MARGIN: f64 = 0.05;

/// Labels on an axis, about.
const LABELS: f64 = 6.5;

impl Scale {
    /// An axis on which all of these numbers have their place; those that are not finite are no matter.
    pub fn new(values: impl Iterator<Item = f64>) -> Scale {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            (least, most) = (least.min(value), most.max(value));
        }
        if least > most {
            (least, most) = (0.0, 1.0);
        }
        let logarithmic = least > 0.0 && most / least >= SPAN_OF_LOGARITHMS;
        let (mut low, mut high) = if logarithmic { (least.log10(), most.log10()) } else { (least, most) };
        if low == high {
            let around = if low == 0.0 { 1.0 } else { 0.2 * low.abs() };
            (low, high) = (low - around, high + around);
        }
        let margin = MARGIN * (high - low);
        Scale { logarithmic, low: low - margin, high: high + margin }
    }

    /// The place of a number, from 0 to 1 between the ends; none where it has none.
    pub fn place(&self, value: f64) -> Option<f64> {
        let at = if self.logarithmic { value.log10() } else { value };
        let place = (at - self.low) / (self.high - self.low);
        // What lies far outside is cut off by the panel; viewers do not take numbers without end.
        place.is_finite().then(|| place.clamp(-10.0, 11.0))
    }

    /// The number at an end.
    pub fn end(&self, high: bool) -> f64 {
        let at = if high { self.high } else { self.low };
        if self.logarithmic { 10f64.powf(at) } else { at }
    }

    /// The numbers that are written, from low to high.
    pub fn ticks(&self) -> Vec<Tick> {
        if self.logarithmic && self.high - self.low >= 1.0 { self.decades() } else { self.steps() }
    }

    /// Powers of ten, with three times them where there is room, and short marks between.
    fn decades(&self) -> Vec<Tick> {
        let decades = self.high - self.low;
        let every = (decades / (LABELS)).ceil().max(1.0) as i64;
        let mut ticks = Vec::new();
        for decade in self.low.floor() as i64..=self.high.ceil() as i64 {
            for digit in 1..10 {
                let value = f64::from(digit) * 10f64.powi(decade as i32);
                let Some(at) = self.place(value).filter(|at| (0.0..=1.0).contains(at)) else { continue };
                let labelled = (digit == 1 && decade.rem_euclid(every) == 0) || (digit == 3 && decades <= 2.5);
                if labelled || (every == 1 && digit > 1) || digit == 1 {
                    ticks.push(Tick { at, label: if labelled { number(value) } else { String::new() } });
                }
            }
        }
        ticks
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    fn steps(&self) -> Vec<Tick> {
        let (low, high) = (self.end(false), self.end(true));
        let rough = (high - low) / LABELS;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = step.into_iter().find(|step| rough <= *step).unwrap_or(10.0 * power);
        let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
        let tick = |i: i64| {
            // Divided by a whole number where the step is below one: 0.3 and not 0.30000000000000004.
            let value = if step < 1.0 { i as f64 / (1.0 / step).round() } else { i as f64 * step };
            Some(Tick { at: self.place(value)?, label: number(value) })
        };
        (first..=last).filter_map(tick).collect()
    }
}

/// A number in as few letters as people read it: `4M`, `0.25`, `1e18`.
pub fn number(value: f64) -> String {
    for (suffix, scale) in [("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)] {
        let scaled = value / scale;
        if (1.0..1000.0).contains(&scaled.abs()) {
            return format!("{}{suffix}", digits(scaled));
        }
    }
    if value == 0.0 || (1e-3..1e3).contains(&value.abs()) { digits(value) } else { format!("{:e}", rounded(value)) }
}

/// At most four digits.
fn digits(value: f64) -> String {
    format!("{}", rounded(value))
}

fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64]) -> Vec<String> {
        let ticks = Scale::new(values.iter().copied()).ticks();
        ticks.into_iter().map(|tick| tick.label).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn many_powers_of_ten_are_shown_by_their_logarithms() {
        assert_eq!(labels(&[1e6, 1e9]), ["1M", "10M", "100M", "1B"]);
        assert_eq!(labels(&[1e15, 1e26]).len(), 6);
        assert_eq!(labels(&[12e3, 400e3]), ["30k", "100k", "300k"]);
        assert!(!Scale::new([0.0, 1e9].into_iter()).logarithmic && !Scale::new([2.0, 3.0].into_iter()).logarithmic);
    }

    #[test]
    fn few_numbers_are_written_in_even_steps() {
        assert_eq!(labels(&[1.95, 3.31]), ["2", "2.5", "3"]);
        assert_eq!(labels(&[0.0, 1.0]), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels(&[-2.0, 2.0]), ["-2", "-1", "0", "1", "2"]);
        assert_eq!(labels(&[]), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
    }

    #[test]
    fn ends_lie_inside_and_the_middle_of_logarithms_is_their_mean() {
        let scale = Scale::new([1e6, 1e8].into_iter());
        assert!((scale.place(1e7).unwrap() - 0.5).abs() < 1e-12);
        assert!(scale.place(1e6).unwrap() > 0.0 && scale.place(1e8).unwrap() < 1.0);
        assert_eq!((scale.place(-1.0), scale.place(0.0)), (None, None));
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.25, 1234.0, 4e6, 1e18, 1e-5, 196_608.0, -3.0].map(number);
        assert_eq!(shown, ["0", "0.25", "1.234k", "4M", "1e18", "1e-5", "196.6k", "-3"]);
    }
}
