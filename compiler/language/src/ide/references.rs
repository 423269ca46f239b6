//! Where a declaration is named.

use super::analysis::{Analysis, FileRange};
use super::record::Target;

/// One naming of a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub place: FileRange,
    /// Whether it is the declaration itself.
    pub declaration: bool,
}

impl Analysis {
    /// The declaration that the name at `offset` stands for: the place of its name.
    pub fn declaration(&self, offset: usize) -> Option<FileRange> {
        match self.target(self.word_at(offset)?)? {
            Target::Declared(span) => self.place(span),
            _ => None,
        }
    }

    /// Whether only the study's own text can name what is declared at a place: a parameter, an axis, a `let` of a block.
    pub fn is_local(&self, declaration: &FileRange) -> bool {
        let Some(file) = self.record.files.iter().position(|path| *path == declaration.file) else { return true };
        let (start, end) = (declaration.range.start as u32, declaration.range.end as u32);
        let name = crate::value::Span { file: file as u32, start, end };
        // A parameter may be named in calls elsewhere, with the declaration that it belongs to.
        let parameter = file != 0
            || self
                .leaf_at(declaration.range.start)
                .and_then(synx_grammar::Node::parent)
                .is_some_and(|parent| parent.kind() == synx_grammar::SyntaxKind::Parameter);
        self.declared(name).is_none() && !parameter
    }

    /// Every place of the study and of what it imports that names the declaration whose name stands at `declaration`, itself
    /// included, in the order of files and places.
    pub fn references(&self, declaration: &FileRange) -> Vec<Reference> {
        let Some(file) = self.record.files.iter().position(|path| *path == declaration.file) else { return Vec::new() };
        let (start, end) = (declaration.range.start as u32, declaration.range.end as u32);
        let declared = crate::value::Span { file: file as u32, start, end };
        let named = self.names().iter().filter(|(_, target)| **target == Target::Declared(declared));
        let mut spans: Vec<_> = named.map(|(span, _)| *span).collect();
        if self.declared(declared).is_some() || spans.contains(&declared) {
            spans.push(declared);
        }
        spans.sort_unstable();
        spans.dedup();
        let reference = |span| Some(Reference { place: self.place(span)?, declaration: span == declared });
        spans.into_iter().filter_map(reference).collect()
    }
}
