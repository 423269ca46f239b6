//! From text to tree.

use crate::tree::TreeBuilder;
use crate::{SyntaxError, SyntaxKind, Tree, view::File};

/// What [`parse`] gives: always a tree, and what is wrong in it.
#[derive(Clone, Debug)]
pub struct Parse {
    /// The tree; its leaves, joined, are the source.
    pub tree: Tree,
    /// The mistakes in the order of the text.
    pub errors: Vec<SyntaxError>,
}

impl Parse {
    /// The tree's root as a view.
    pub fn file(&self) -> File<'_> {
        File::of(&self.tree)
    }
}

/// Reads a text. Any text has a tree.
pub fn parse(source: &str) -> Parse {
    let mut builder = TreeBuilder::new(source);
    let junk = builder.leaf(SyntaxKind::Junk, 0..source.len());
    let error = builder.node(SyntaxKind::Error, &[junk], 0);
    Parse { tree: builder.finish(&[error]), errors: Vec::new() }
}
