//! What in a text leads elsewhere: imported files, the pages of lints.

use std::ops::Range;

use synx_grammar::view::{Allow, Import};

use super::analysis::Analysis;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// A file, as the compiler names it.
    File(String),
    /// The page of a diagnostic.
    Page(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub range: Range<usize>,
    pub target: LinkTarget,
}

impl Analysis {
    /// The links of the study's own text, in its order.
    pub fn links(&self) -> Vec<Link> {
        let mut links = Vec::new();
        for node in self.root().descendants() {
            if let Some(path) = Import::cast(node).and_then(Import::path) {
                let value = path.value();
                if self.sources().get(&value).is_some() {
                    links.push(Link { range: path.range(), target: LinkTarget::File(value) });
                }
            }
            if let Some(code) = Allow::cast(node).and_then(Allow::code)
                && let Some(page) = crate::diagnostic::code(code.text())
            {
                links.push(Link { range: code.range(), target: LinkTarget::Page(page.code) });
            }
        }
        links
    }
}
