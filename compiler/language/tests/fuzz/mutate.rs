//! Texts that nobody would write: studies of the repository, changed at random. Blind, that is without looking at what is reached.
#![allow(clippy::unwrap_used)]

use std::ops::Range;
use std::time::{Duration, Instant};

/// Random numbers: `SplitMix64` (Steele, Lea, Flood 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What is thrown into texts.
const PIECES: &[&str] = &[
    " ",
    "\n",
    "\n\n",
    "\t",
    "\r\n",
    "//",
    "// c\n",
    "/// d\n",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ";",
    "=",
    "==",
    "~",
    ":",
    "..",
    ".",
    "|>",
    "+",
    "-",
    "*",
    "/",
    "^",
    "<",
    ">",
    "<=",
    "!=",
    "%",
    "and ",
    "or ",
    "not ",
    "in ",
    "if ",
    " then ",
    " else ",
    " for x in ",
    "axis ",
    "let ",
    "where ",
    "free ",
    "allow W0301 because \"x\"\n",
    "rest",
    "true",
    "step ",
    " factor ",
    "synx 1\n",
    "from \"imports/a.synx\" import a\n",
    "grid g {\n",
    "law l {\n",
    "corpus c {",
    "model m(a, b = 2) {",
    "let f(x) = f(x)\n",
    "let a = a\n",
    "§",
    "😀",
    "数据",
    "é",
    "\u{FEFF}",
    "\u{202E}",
    "\0",
    "#",
    "'",
    "“",
    "<<<<<<< HEAD\n",
    "=======\n",
    "1e-3",
    "tokens",
    "web.heldout",
    "[1, 2, 3]",
    "((((((((",
    "]]]]]]]]",
    "assert x because \"y\"\n",
    "union(",
    "best(loss, over = ",
    "column(\"a\")",
];

/// Numbers at the edges.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "0.5",
    "2",
    "3",
    "7",
    "1e308",
    "1e-308",
    "1e400",
    "1e-400",
    "9223372036854775807",
    "18446744073709551616",
    "1234567890123456789012345678901234567890",
    "0.0000000000000000000000000000000000000001",
    "1/3",
    "100%",
    "101%",
    "50%",
    "1T",
    "1Gi",
    "1M tokens",
    "1 FLOP",
    "64",
    "1..3",
    "0..",
    "1..1e9 step 1",
    "1e18 tokens",
    "2^64",
    "2^(1/3)",
];

/// Where the words and numbers of a text stand.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_part = character.is_ascii_alphanumeric() || character == '_';
        match (is_part, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The start of the character that holds the byte at `at`, or the end of the text.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap()
}

/// A part of a text: some characters, or some lines.
fn part(text: &str, random: &mut Random) -> Range<usize> {
    let length = [3, 12, 60, 400][random.below(4)];
    let start = boundary(text, random.below(text.len() + 1));
    let end = boundary(text, start + random.below(length + 1));
    if random.below(3) > 0 {
        return start..end;
    }
    let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    start..end
}

/// One change of a text: the bytes to be replaced, and what stands there then. `others` are texts to take from.
pub fn change(text: &str, others: &[String], random: &mut Random) -> (Range<usize>, String) {
    let words = words(text);
    let word = |random: &mut Random| words.get(random.below(words.len())).cloned().unwrap_or(0..0);
    let place = boundary(text, random.below(text.len() + 1));
    match random.below(10) {
        0 => (part(text, random), String::new()),
        1 => (place..place, text[part(text, random)].to_owned()),
        2 | 3 => (place..place, random.pick(PIECES).to_owned()),
        4 => (part(text, random), random.pick(PIECES).to_owned()),
        5 => (word(random), random.pick(NUMBERS).to_owned()),
        6 => (word(random), text[word(random)].to_owned()),
        7 => {
            let other = &others[random.below(others.len())];
            (place..place, other[part(other, random)].to_owned())
        }
        8 => {
            let piece = random.pick(PIECES);
            (place..place, piece.repeat([2, 9, 70, 300][random.below(4)]))
        }
        _ => {
            let character = char::from_u32(random.below(0x3000) as u32).unwrap_or('x');
            (place..place, character.to_string())
        }
    }
}

/// How long each kind of input is tried: `SYNX_FUZZ_SECONDS`, ten minutes if it is not said.
fn duration() -> Duration {
    let seconds = std::env::var("SYNX_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(600))
}

/// How long one input may take at most. Arbitrary: ten times what the largest takes.
const SLOW: Duration = Duration::from_secs(10);

/// Tries changed texts until the time is over. `hold` gets a text and the changes that lead to another, and panics where something is wrong; what it
/// panicked on is printed, as short as it could be made.
pub fn fuzz(name: &str, texts: &[String], hold: impl Fn(&str, &[(Range<usize>, String)]) + std::panic::RefUnwindSafe) {
    let seed = std::env::var("SYNX_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut random = Random::new(seed);
    let start = Instant::now();
    let mut tried = 0_u64;
    while start.elapsed() < duration() {
        let mut text = texts[random.below(texts.len())].clone();
        if text.len() > 20_000 {
            text.truncate(boundary(&text, 20_000));
        }
        let first = text.clone();
        let mut changes = Vec::new();
        for _ in 0..=random.below(8) {
            let (range, new) = change(&text, texts, &mut random);
            text.replace_range(range.clone(), &new);
            changes.push((range, new));
        }
        let begun = Instant::now();
        let result = std::panic::catch_unwind(|| hold(&first, &changes));
        let is_slow = begun.elapsed() > SLOW;
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
fn shortened(text: &str, hold: &(impl Fn(&str, &[(Range<usize>, String)]) + std::panic::RefUnwindSafe)) -> String {
    let fails = |text: &str| std::panic::catch_unwind(|| hold(text, &[])).is_err();
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
