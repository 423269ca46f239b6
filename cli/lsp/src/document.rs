//! A text that is open in the editor.

use std::rc::Rc;

use gen_lsp_types as lsp;
use synx_grammar::Parse;

use crate::position::{Encoding, Lines};

/// After how many changes at once the text is read again as a whole. Arbitrary.
const MANY_CHANGES: usize = 8;

/// An open text, read.
pub(crate) struct Document {
    pub version: i32,
    pub parse: Rc<Parse>,
    pub lines: Lines,
}

impl Document {
    pub(crate) fn new(version: i32, text: &str) -> Document {
        Document { version, parse: Rc::new(synx_grammar::parse(text)), lines: Lines::new(text) }
    }

    pub(crate) fn text(&self) -> &str {
        self.parse.tree.source()
    }

    /// Carries out changes, each on the text that the one before it left.
    pub(crate) fn change(
        &mut self,
        version: i32,
        changes: Vec<lsp::TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        use lsp::TextDocumentContentChangeEvent as Change;
        self.version = version;
        if changes.len() <= MANY_CHANGES {
            for change in changes {
                let parse = match change {
                    Change::TextDocumentContentChangePartial(part) => {
                        let bytes = self.lines.bytes(self.text(), part.range, encoding);
                        self.parse.edit(bytes, &part.text)
                    }
                    Change::TextDocumentContentChangeWholeDocument(whole) => synx_grammar::parse(&whole.text),
                };
                self.lines = Lines::new(parse.tree.source());
                self.parse = Rc::new(parse);
            }
            return;
        }
        let mut text = self.text().to_owned();
        for change in changes {
            match change {
                Change::TextDocumentContentChangePartial(part) => {
                    let bytes = Lines::new(&text).bytes(&text, part.range, encoding);
                    text.replace_range(bytes, &part.text);
                }
                Change::TextDocumentContentChangeWholeDocument(whole) => text = whole.text,
            }
        }
        *self = Document::new(version, &text);
    }
}
