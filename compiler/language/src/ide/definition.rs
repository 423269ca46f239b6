//! Where a name is declared.

use super::analysis::{Analysis, FileRange};
use super::record::Target;

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The name that was asked about, in the study's own text.
    pub from: std::ops::Range<usize>,
    /// The name where it is declared.
    pub name: FileRange,
    /// All of the declaration.
    pub whole: FileRange,
}

impl Analysis {
    /// Where the name at `offset` of the study's own text is declared.
    pub fn definition(&self, offset: usize) -> Option<Definition> {
        let (from, span) = if let Some(named) = self.named_column_declared(offset) {
            named
        } else {
            let word = self.word_at(offset)?;
            let Target::Declared(span) = self.target(word)? else { return None };
            (word.range(), span)
        };
        let name = self.place(span)?;
        let whole = self.declared(span).and_then(|declared| self.place(declared.whole)).unwrap_or_else(|| name.clone());
        Some(Definition { from, name, whole })
    }
}
