//! The one style of a study's text: `synx fmt` and the editor's formatting.
//!
//! [`format`] lays out the tree of a text anew. It changes nothing but blanks, line ends, `;` between entries and commas after the
//! last element, so that a plan and its keys stay as they are. Comments and single blank lines are kept. What holds a mistake is
//! left as it is, byte for byte, with all that shares its lines; the rest of the file is formatted.

mod align;
mod block;
mod doc;
mod expression;
mod rows;
mod seq;

use synx_grammar::{LineIndex, Parse};

use crate::source::Place;

/// A text in the one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    pub text: String,
    /// Where the first mistake stands that kept a part of the text as it is.
    pub mistake: Option<Place>,
}

/// Formats a text that nobody has read yet.
pub fn format_text(text: &str) -> Formatted {
    let parse = synx_grammar::parse(text);
    let mistake = parse.errors.first().map(|error| {
        let position = LineIndex::new(text).position(text, error.range.start);
        Place { line: position.line + 1, column: position.chars + 1 }
    });
    Formatted { text: format(&parse), mistake }
}

/// The text of a file in the one style. Its own text where a mistake leaves nothing to format.
pub fn format(parse: &Parse) -> String {
    block::file(parse.tree.root())
        .filter(|text| parse.errors.is_empty() || is_read_alike(parse, text))
        .unwrap_or_else(|| parse.tree.source().to_owned())
}

/// Whether a formatted text says the same mistakes as before and keeps its form. Among mistakes a blank or a `;` may be what tells
/// them apart: a text that would be read in another way stays as it is.
fn is_read_alike(parse: &Parse, text: &str) -> bool {
    let formatted = synx_grammar::parse(text);
    let same = parse.errors.iter().map(|error| &error.message).eq(formatted.errors.iter().map(|error| &error.message));
    same && block::file(formatted.tree.root()).is_none_or(|again| again == text)
}
