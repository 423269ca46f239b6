//! What the compiler writes down for the editor while it checks: what names stand for, and what expressions come to.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use synx_grammar::view::ItemKind;

use crate::value::{Span, Value};

/// How many values of one expression are kept; in a grid it may come to a different one in every cell. Arbitrary.
const MAX_VALUES: usize = 24;

/// How many expressions have their values kept. Arbitrary: a file of some ten thousand lines.
const MAX_EXPRESSIONS: usize = 1 << 18;

/// Something for each of many places.
pub(crate) type Places<T> = HashMap<Span, T, BuildHasherDefault<PlaceHasher>>;

/// Mixes the three numbers of a place; every evaluation asks for one. Nobody chooses places to collide: a text that did would
/// only be slow to itself.
#[derive(Debug, Default, Clone)]
pub(crate) struct PlaceHasher(u64);

impl Hasher for PlaceHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        // The golden ratio's multiplier: arbitrary, odd, its bits well spread.
        self.0 = (self.0.rotate_left(26) ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The best mixed bits are the high ones; a table looks at the low ones too.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// What is declared by the name at this place: an item, a parameter, an axis, a `let`, a field that the block sets.
    Declared(Span),
    /// A field of a block of this kind.
    Field(ItemKind, &'static str),
    /// A function of the language.
    Function(&'static str),
    /// A parameter of a function of the language.
    Argument(&'static str, &'static str),
    /// A column that all results have.
    Column(&'static str),
    /// A part of a value of this sort: `model.width`.
    Member(&'static str),
    /// The kind of a declaration.
    Kind(ItemKind),
    /// A word that stands for itself.
    Word,
    /// A word of a unit.
    Unit,
    /// The code of a lint.
    Lint,
}

/// What an expression came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The first values, each once where they are cheap to compare; mistakes are left out.
    pub values: Vec<Value>,
    /// How often it was evaluated.
    pub times: u64,
}

/// A declaration of one of the files.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    /// Its name in the text.
    pub name: Span,
    pub whole: Span,
    pub kind: ItemKind,
    /// Its `///` comments.
    pub docs: Option<String>,
}

/// The record of one compilation. Its memory is bounded by the text, not by the cells.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub names: Places<Target>,
    pub values: Places<Seen>,
    /// The declarations of all files that were compiled together.
    pub items: Vec<Declared>,
    /// The paths of the files, as places number them.
    pub files: Vec<String>,
    /// The names of the corpora that values speak of by number.
    pub corpora: Vec<String>,
}

impl Record {
    /// Notes what the name at `span` stands for; what was said first stays.
    pub(crate) fn name(&mut self, span: Span, target: Target) {
        self.names.entry(span).or_insert(target);
    }

    /// Notes what the expression at `span` came to.
    pub(crate) fn value(&mut self, span: Span, value: &Value) {
        if self.values.len() >= MAX_EXPRESSIONS && !self.values.contains_key(&span) {
            return;
        }
        let seen = self.values.entry(span).or_default();
        seen.times += 1;
        if seen.values.len() < MAX_VALUES && !value.is_error() {
            seen.values.push(value.clone());
        }
    }
}
