use std::ops::Range;

use crate::Random;
use crate::pieces::{NUMBERS, PIECES};

/// One change of a text: the bytes to be replaced, and what stands there then.
#[derive(Clone, Debug)]
pub struct Change {
    pub range: Range<usize>,
    pub new: String,
}

impl Change {
    /// The text after the change.
    pub fn carry_out(&self, text: &mut String) {
        text.replace_range(self.range.clone(), &self.new);
    }
}

/// The start of the character that holds the byte at `at`, or the end of the text.
pub fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

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

/// A change of a text: something is taken out, doubled, thrown in, made another word or number, or taken from one of the other texts.
pub fn change(text: &str, others: &[&str], random: &mut Random) -> Change {
    let words = words(text);
    let word = |random: &mut Random| words.get(random.below(words.len())).cloned().unwrap_or(0..0);
    let place = boundary(text, random.below(text.len() + 1));
    let (range, new) = match random.below(10) {
        0 => (part(text, random), String::new()),
        1 => (place..place, text[part(text, random)].to_owned()),
        2 | 3 => (place..place, random.pick(PIECES).to_owned()),
        4 => (part(text, random), random.pick(PIECES).to_owned()),
        5 => (word(random), random.pick(NUMBERS).to_owned()),
        6 => (word(random), text[word(random)].to_owned()),
        7 if !others.is_empty() => {
            let other = random.pick(others);
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
    };
    Change { range, new }
}

/// A text of pieces alone, by itself or as what stands in a block.
pub(crate) fn of_pieces(random: &mut Random) -> String {
    let space = [" ", ""][random.below(2)];
    let pieces: Vec<&str> = (0..random.below(60)).map(|_| random.pick(PIECES)).collect();
    let pieces = pieces.join(space);
    match random.below(3) {
        0 => pieces,
        1 => format!("synx 1\ngrid g {{\n    a = {pieces}\n}}\nlet b = 1\n"),
        _ => format!("synx 1\ngrid g {{\n    {pieces}\n}}\nlet b = f({pieces})\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_lies_in_its_text_and_a_seed_gives_the_same_again() {
        let texts = ["synx 1\nlet a = \"数据\" // é\n", "grid g {\n    tokens = 64M\n}\n"];
        let told = |seed| {
            let mut random = Random::new(seed);
            let mut text = texts[random.below(2)].to_owned();
            for _ in 0..20 {
                // Panics where the range is none of the text's characters.
                change(&text, &texts, &mut random).carry_out(&mut text);
            }
            text + &of_pieces(&mut random)
        };
        for seed in 0..200 {
            assert_eq!(told(seed), told(seed));
        }
        assert_ne!(told(1), told(2));
        change("", &[], &mut Random::new(3)).carry_out(&mut String::new());
    }

    #[test]
    fn words_are_letters_digits_and_underscores() {
        let text = "a_1 + é2|x";
        let found: Vec<&str> = words(text).into_iter().map(|word| &text[word]).collect();
        assert_eq!(found, ["a_1", "2", "x"]);
        assert_eq!(boundary("é", 1), 0);
        assert_eq!(boundary("é", 9), 2);
    }
}
