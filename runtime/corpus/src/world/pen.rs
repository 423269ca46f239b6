//! The grammar: templates written out by chance.
//!
//! A template is text with `[a|b|c]` for a choice (also nested, also of nothing), `<name>` for one of the register's rules,
//! and slots: `{s}` the subject's name, `{r}` the subject as the sentence refers to it, `{f}` a phrase that states the fact,
//! `{q}` a question for it, `{n}` the noun of its relation, `{v}` its value, `{w}` its year, `{k}`, `{ak}` and `{ks}` the kind, with its
//! article and its plural, `{d}` a digit, `{c}` a letter, `{m}` a month, `{e}` the name of any entity. Noise falls on the template's own
//! letters, never on slots: what a text states can always be read from it.

use super::draws::Draws;
use super::graph::{ENTITIES, Entity, Graph, Statement};
use super::words;

/// Templates by name.
pub(super) type Rules = [(&'static str, &'static [&'static str])];

/// A fact to be told: its words, and how its subject is referred to.
#[derive(Debug)]
pub(super) struct Told {
    pub statement: Statement,
    /// The subject's name in running text.
    pub mention: String,
    /// Whether the fact is an event (it has a year, and no single value).
    pub event: bool,
}

/// What happens to the letters of templates.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Noise {
    /// Misspelt words in a thousand.
    pub typos: u64,
    pub lower_case: bool,
}

/// Writes a text.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    pub graph: &'a Graph,
    pub draws: Draws,
    pub text: String,
    pub noise: Noise,
    pub rules: &'static Rules,
}

impl Pen<'_> {
    /// Writes text as it is.
    pub fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Writes one of `templates` that needs no fact.
    pub fn any(&mut self, templates: &[&str]) {
        let template = *self.draws.pick(templates);
        self.expand(template, None, "");
    }

    /// Writes one of `templates` about a fact, starting with a capital; `reference` is what `{r}` stands for.
    pub fn tell(&mut self, templates: &[&str], told: &Told, reference: &str) {
        let template = *self.draws.pick(templates);
        let start = self.text.len();
        self.expand(template, Some(told), reference);
        if !self.noise.lower_case {
            self.capitalise(start);
        }
    }

    /// Makes the letter at `start` a capital.
    pub fn capitalise(&mut self, start: usize) {
        if let Some(first) = self.text.get_mut(start..start + 1) {
            first.make_ascii_uppercase();
        }
    }

    pub fn expand(&mut self, template: &str, told: Option<&Told>, reference: &str) {
        let mut rest = template;
        while let Some(at) = rest.find(['[', '{', '<']) {
            self.letters(&rest[..at]);
            let opened = &rest[at + 1..];
            rest = match rest.as_bytes()[at] {
                b'[' => {
                    let (choice, after) = self.choose(opened);
                    self.expand(choice, told, reference);
                    after
                }
                b'{' => {
                    let (name, after) = opened.split_once('}').unwrap_or((opened, ""));
                    self.slot(name, told, reference);
                    after
                }
                _ => {
                    let (name, after) = opened.split_once('>').unwrap_or((opened, ""));
                    if let Some((_, templates)) = self.rules.iter().find(|(rule, _)| *rule == name) {
                        let template = *self.draws.pick(templates);
                        self.expand(template, told, reference);
                    }
                    after
                }
            };
        }
        self.letters(rest);
    }

    /// One of the alternatives of a choice whose bracket is open, and what follows the bracket that closes it.
    fn choose<'t>(&mut self, opened: &'t str) -> (&'t str, &'t str) {
        let mut depth = 0;
        let mut bars = 0;
        let mut end = opened.len();
        for (at, byte) in opened.bytes().enumerate() {
            match byte {
                b'[' => depth += 1,
                b']' if depth == 0 => {
                    end = at;
                    break;
                }
                b']' => depth -= 1,
                b'|' if depth == 0 => bars += 1,
                _ => {}
            }
        }
        let wanted = self.draws.below(bars + 1);
        let (mut depth, mut bar, mut start) = (0, 0, 0);
        let mut stop = end;
        for (at, byte) in opened[..end].bytes().enumerate() {
            match byte {
                b'[' => depth += 1,
                b']' => depth -= 1,
                b'|' if depth == 0 => {
                    bar += 1;
                    if bar == wanted {
                        start = at + 1;
                    } else if bar == wanted + 1 {
                        stop = at;
                        break;
                    }
                }
                _ => {}
            }
        }
        (&opened[start..stop], opened.get(end + 1..).unwrap_or(""))
    }

    fn slot(&mut self, name: &str, told: Option<&Told>, reference: &str) {
        match name {
            "d" => {
                let digit = b'0' + self.draws.below(10) as u8;
                return self.text.push(char::from(digit));
            }
            "c" => {
                let letter = b'a' + self.draws.below(26) as u8;
                return self.text.push(char::from(letter));
            }
            "m" => {
                let month = *self.draws.pick(&words::MONTHS);
                return self.text.push_str(month);
            }
            "e" => {
                let entity = Entity(self.draws.below(u64::from(ENTITIES)) as u32);
                return self.text.push_str(self.graph.name(entity));
            }
            _ => {}
        }
        let Some(told) = told else { return };
        let statement = &told.statement;
        match name {
            "s" => self.text.push_str(&told.mention),
            "r" => self.text.push_str(reference),
            "v" => self.text.push_str(&statement.value),
            "w" => self.text.push_str(statement.year.as_deref().unwrap_or_default()),
            "n" => self.expand(statement.relation.noun, Some(told), reference),
            "k" => self.text.push_str(statement.subject.kind().noun()),
            "ak" => {
                let noun = statement.subject.kind().noun();
                self.text.push_str(if noun.starts_with('a') { "an " } else { "a " });
                self.text.push_str(noun);
            }
            "ks" => self.text.push_str(statement.subject.kind().plural()),
            "f" => {
                let phrase = *self.draws.pick(statement.relation.phrases);
                self.expand(phrase, Some(told), reference);
            }
            "q" => {
                let question = *self.draws.pick(statement.relation.questions);
                self.expand(question, Some(told), reference);
            }
            _ => {}
        }
    }

    /// Writes letters of a template, with noise.
    fn letters(&mut self, letters: &str) {
        if self.noise.typos == 0 && !self.noise.lower_case {
            return self.text.push_str(letters);
        }
        for piece in letters.split_inclusive(' ') {
            let start = self.text.len();
            self.text.push_str(piece);
            if self.noise.lower_case {
                self.text[start..].make_ascii_lowercase();
            }
            let word = piece.bytes().take_while(u8::is_ascii_alphabetic).count();
            if word >= 4 && self.draws.below(1000) < self.noise.typos {
                self.misspell(start, word);
            }
        }
    }

    /// Misspells the word of `length` ASCII letters at `start`: two letters change places, one is lost, doubled or another.
    fn misspell(&mut self, start: usize, length: usize) {
        let at = start + 1 + self.draws.below(length as u64 - 2) as usize;
        let letter = self.text.as_bytes()[at];
        match self.draws.below(4) {
            0 => {
                let next = self.text.as_bytes()[at + 1];
                let swapped: String = [char::from(next), char::from(letter)].iter().collect();
                self.text.replace_range(at..at + 2, &swapped);
            }
            1 => {
                self.text.remove(at);
            }
            2 => self.text.insert(at, char::from(letter)),
            _ => {
                let other = char::from(b'a' + self.draws.below(26) as u8);
                self.text.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use synx_plan::random::Stream;

    fn written(template: &str, noise: Noise) -> BTreeSet<String> {
        let graph = Graph::new(1);
        let rules: &'static Rules = &[("animal", &["cat", "dog"])];
        let texts = (0..200).map(|n| {
            let draws = Draws::new(Stream::new("test/1", &n));
            let mut pen = Pen { graph: &graph, draws, text: String::new(), noise, rules };
            pen.expand(template, None, "");
            pen.text
        });
        texts.collect()
    }

    #[test]
    fn a_choice_gives_each_of_its_alternatives() {
        let set = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(written("a[b|c[d|]|]e", Noise::default()), set(&["abe", "acde", "ace", "ae"]));
        assert_eq!(written("[a <animal>|<animal>s]", Noise::default()), set(&["a cat", "a dog", "cats", "dogs"]));
        assert_eq!(written("plain é text", Noise::default()), set(&["plain é text"]));
        assert_eq!(written("{d}", Noise::default()).len(), 10);
    }

    #[test]
    fn noise_keeps_words_apart() {
        for text in written("Several words, every one misspelt", Noise { typos: 1000, lower_case: true }) {
            assert_eq!(text.split(' ').count(), 5, "{text}");
            assert_eq!(text, text.to_lowercase());
        }
    }
}
