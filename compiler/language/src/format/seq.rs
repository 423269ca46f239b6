//! Nodes one after the other, with the comments between them.

use synx_grammar::{Node, SyntaxKind};

use super::doc::Doc;

/// Collects the document of a node's children: what separates two of them stands between them, unless a comment ends the line.
#[derive(Default)]
pub(super) struct Seq<'t> {
    parts: Vec<Doc<'t>>,
    between: Option<Doc<'t>>,
    /// Line ends in the text since the last piece.
    newlines: usize,
    /// Whether blank lines between pieces are kept.
    keeps_blanks: bool,
    /// The part from which on lines stand further in.
    indented_from: Option<usize>,
}

impl<'t> Seq<'t> {
    /// Of elements in brackets, where blank lines are kept.
    pub(super) fn of_elements() -> Seq<'t> {
        Seq { keeps_blanks: true, ..Seq::default() }
    }

    /// What separates the last piece from the next.
    pub(super) fn separate(&mut self, separator: Doc<'t>) {
        if !matches!(self.between, Some(Doc::Hard)) {
            self.between = Some(separator);
        }
    }

    /// A blank before the next piece.
    pub(super) fn space(&mut self) {
        self.separate(Doc::text(" "));
    }

    pub(super) fn push(&mut self, piece: Doc<'t>) {
        let blank = self.keeps_blanks && self.newlines > 1;
        match self.between.take() {
            Some(Doc::Line { flat, .. }) => self.parts.push(Doc::Line { flat, blank }),
            // The comment before it has broken the group.
            Some(Doc::Hard) if blank => self.parts.push(Doc::Line { flat: "", blank }),
            Some(separator) => self.parts.push(separator),
            None => {}
        }
        self.parts.push(piece);
        self.newlines = 0;
    }

    pub(super) fn text(&mut self, text: &'t str) {
        self.push(Doc::text(text));
    }

    /// From here on, lines stand further in.
    pub(super) fn indent(&mut self) {
        self.indented_from.get_or_insert(self.parts.len());
    }

    /// Takes a node if it is trivia; gives whether it is.
    pub(super) fn trivia(&mut self, node: Node<'t>) -> bool {
        match node.kind() {
            SyntaxKind::Whitespace => self.newlines += node.text().matches('\n').count(),
            SyntaxKind::Comment | SyntaxKind::DocComment => {
                let comment = Doc::Comment(node.text().trim_end());
                if self.newlines > 0 && !self.parts.is_empty() {
                    self.between = Some(Doc::Hard);
                    self.push(comment);
                } else {
                    // At the end of the line of what stands before it.
                    self.parts.push(comment);
                    self.newlines = 0;
                }
                self.between = Some(Doc::Hard);
            }
            _ => return false,
        }
        true
    }

    /// The document; where it ends with a comment, the line ends too.
    pub(super) fn finish(mut self) -> Doc<'t> {
        if matches!(self.between, Some(Doc::Hard)) {
            self.parts.push(Doc::Hard);
        }
        self.finish_open()
    }

    /// The document; where it ends with a comment, what follows must end the line.
    pub(super) fn finish_open(mut self) -> Doc<'t> {
        if let Some(from) = self.indented_from {
            let inner = Doc::Concat(self.parts.split_off(from.min(self.parts.len())));
            self.parts.push(inner.indented());
        }
        Doc::Concat(self.parts)
    }
}
