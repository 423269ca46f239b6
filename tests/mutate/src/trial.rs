use std::panic::{RefUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::change::of_pieces;
use crate::{Change, Random, boundary, change};

/// How long texts are tried.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// So many, the same each time.
    Number(u64),
    Over(Duration),
}

impl Until {
    /// In the tests of every change: so many. In the long ones: as long as `SYNX_FUZZ_SECONDS` says, ten minutes if it does not.
    pub fn in_tests(is_long: bool, number: u64) -> Until {
        if !is_long {
            return Until::Number(number);
        }
        let seconds = std::env::var("SYNX_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
        Until::Over(Duration::from_secs(seconds.unwrap_or(600)))
    }

    pub fn is_reached(self, tried: u64, since: Instant) -> bool {
        match self {
            Until::Number(number) => tried >= number,
            Until::Over(duration) => since.elapsed() >= duration,
        }
    }
}

/// Where a search starts: `SYNX_FUZZ_SEED`, or 1.
pub fn seed() -> u64 {
    std::env::var("SYNX_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// How long one text may take in a search over time. Arbitrary: ten times what the largest takes. In the tests of every change
/// nothing depends on the clock.
const SLOW: Duration = Duration::from_secs(10);

/// The longest text that changes begin with, so that thousands are tried.
const LONGEST: usize = 20_000;

/// Tries changed texts. `hold` gets a text and the changes that lead to another, one after the other, and panics where something is wrong;
/// what it panicked on is printed, as short as it could be made.
///
/// # Panics
/// Where `hold` does, or takes too long in a search over time.
pub fn try_changes(name: &str, texts: &[&str], until: Until, hold: impl Fn(&str, &[Change]) + RefUnwindSafe) {
    let seed = seed();
    let mut random = Random::new(seed);
    let start = Instant::now();
    let mut tried = 0;
    while !until.is_reached(tried, start) {
        let mut text = match random.below(12) {
            0 => of_pieces(&mut random),
            _ => random.pick(texts).to_owned(),
        };
        text.truncate(boundary(&text, LONGEST));
        let first = text.clone();
        let mut changes = Vec::new();
        for _ in 0..=random.below(8) {
            let change = change(&text, texts, &mut random);
            change.carry_out(&mut text);
            changes.push(change);
        }
        let begun = Instant::now();
        let result = catch_unwind(|| hold(&first, &changes));
        let is_slow = matches!(until, Until::Over(_)) && begun.elapsed() > SLOW;
        if result.is_err() || is_slow {
            let what = if is_slow { "too slow" } else { "wrong" };
            let shortest = if is_slow { text } else { shortened(&text, &hold) };
            panic!(
                "{name}: {what} after {tried} texts with seed {seed}, on\n{shortest:?}\nwhich came from {first:?} by {changes:?}"
            );
        }
        tried += 1;
    }
    println!("{name}: {tried} texts in {:.0} s, seed {seed}", start.elapsed().as_secs_f64());
}

/// A text that fails like this one by itself, with whatever can be left out of it left out.
fn shortened(text: &str, hold: &(impl Fn(&str, &[Change]) + RefUnwindSafe)) -> String {
    let fails = |text: &str| catch_unwind(|| hold(text, &[])).is_err();
    let mut shortest = text.to_owned();
    if !fails(&shortest) {
        return shortest;
    }
    let mut length = shortest.len() / 2;
    while length > 0 {
        let mut at = 0;
        while at < shortest.len() {
            let (start, end) = (boundary(&shortest, at), boundary(&shortest, at + length));
            let mut shorter = shortest.clone();
            shorter.replace_range(start..end, "");
            if end > start && fails(&shorter) { shortest = shorter } else { at += length }
        }
        length /= 2;
    }
    shortest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_the_shortest_text() {
        let hold = |text: &str, changes: &[Change]| {
            let mut text = text.to_owned();
            changes.iter().for_each(|change| change.carry_out(&mut text));
            assert!(!text.contains("axis "), "an axis");
        };
        let result = catch_unwind(|| try_changes("axes", &["let a = 1\n"], Until::Number(10_000), hold));
        let said =
            result.expect_err("a text that holds an axis").downcast::<String>().map(|said| *said).unwrap_or_default();
        assert!(said.contains("wrong after") && said.contains("on\n\"axis \"\n"), "{said}");
    }

    #[test]
    fn so_many_texts_are_so_many() {
        let count = std::sync::atomic::AtomicU64::new(0);
        let hold = |_: &str, _: &[Change]| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        try_changes("any", &["let a = 1\n"], Until::Number(25), hold);
        assert_eq!(count.into_inner(), 25);
    }
}
