//! What may stand at the cursor, by the role of the place: corpora in a mixture, axes in a grid, columns in a law.

mod context;
mod offers;

use std::ops::Range;

use super::analysis::Analysis;
use context::Context;
use offers::Offers;

/// What is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    /// The kind of a declaration, a word of the language.
    Keyword,
    /// A declaration of the file.
    Declaration,
    Function,
    Field,
    /// A parameter, an axis, a `let`.
    Variable,
    Column,
    Argument,
    Word,
    Unit,
    File,
    Lint,
}

/// One thing that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What it is called, and what what was typed is compared with.
    pub label: String,
    pub kind: CompletionKind,
    /// A few words beside it.
    pub detail: String,
    /// Markdown.
    pub documentation: String,
    /// What is written, with `$0` where the cursor stands afterwards.
    pub insert: String,
    /// The smaller, the earlier it is listed.
    pub rank: u8,
}

/// What may stand at a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completions {
    /// The word at the cursor, which a choice replaces.
    pub replace: Range<usize>,
    pub items: Vec<Completion>,
}

impl Analysis {
    /// What may stand at `offset` of the study's own text. `files` gives the paths that an import may name.
    pub fn completion(&self, offset: usize, files: &dyn Fn() -> Vec<String>) -> Completions {
        let replace = word_around(self.source(), offset);
        let context = Context::at(self.source(), &replace);
        let mut offers = Offers::new(self);
        if let Some(context) = &context {
            offers.fill(context, files);
        }
        let mut items = offers.items;
        items.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
        items.dedup_by(|a, b| a.label == b.label);
        // What stands behind the word already is not written again.
        let behind = self.source()[replace.end..].trim_start_matches([' ', '\t']);
        for item in &mut items {
            let again = behind.starts_with('=') && item.insert.contains(" = ")
                || behind.starts_with('(') && item.insert.contains('(');
            if again {
                item.insert.clone_from(&item.label);
            }
        }
        Completions { replace, items }
    }
}

/// The word that the cursor stands in or right behind.
fn word_around(source: &str, offset: usize) -> Range<usize> {
    let mut offset = offset.min(source.len());
    while !source.is_char_boundary(offset) {
        offset -= 1;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = source[..offset].trim_end_matches(is_word);
    let behind = source[offset..].trim_start_matches(is_word);
    // Digits begin a number, with what is glued to them: that is no word to be completed.
    let start = if source[before.len()..].starts_with(|c: char| c.is_ascii_digit()) { offset } else { before.len() };
    start..source.len() - behind.len()
}
