//! What stands one below the other: the items of a file, the entries of a block, and the comments between them.

use synx_grammar::{Node, SyntaxKind};

/// An item, an entry, or a comment on a line of its own, or a piece of the text that is left as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'t> {
    pub(super) content: Content<'t>,
    /// Whether an empty line stands before it.
    pub(super) blank_before: bool,
    /// The comment at the end of its line.
    pub(super) comment: Option<&'t str>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'t> {
    Node(Node<'t>),
    Comment(&'t str),
    /// Whole lines without their last line end, which stay byte for byte: they hold a mistake.
    Verbatim(&'t str),
}

/// The rows among the children of a file or a block; the comment right after a block's `{` comes first and by itself. Nothing where
/// a mistake shares a line with something outside of these children: then all of it is to be left as it is.
#[derive(Default)]
pub(super) struct Rows<'t> {
    pub(super) comment: Option<&'t str>,
    pub(super) rows: Vec<Row<'t>>,
}

/// What may become a row, and the line ends before it.
struct Piece<'t> {
    node: Node<'t>,
    newlines: usize,
    is_sound: bool,
}

/// Whether a node can be formatted although it may hold mistakes: `can` says so of those that do.
pub(super) fn rows<'t>(parent: Node<'t>, can: impl Fn(Node<'t>) -> bool) -> Option<Rows<'t>> {
    let source = parent.tree().source();
    let pieces = pieces(parent, can);
    let mut rows = Rows { comment: None, rows: Vec::new() };
    let is_block = parent.kind() == SyntaxKind::Block;
    let mut at = 0;
    while at < pieces.len() {
        let piece = &pieces[at];
        let same_line = piece.newlines == 0 && (at > 0 || is_block);
        let is_comment = matches!(piece.node.kind(), SyntaxKind::Comment | SyntaxKind::DocComment);
        // Everything on a line with a mistake stays as it is.
        let until = |at: usize| (at + 1..pieces.len()).find(|next| pieces[*next].newlines > 0).unwrap_or(pieces.len());
        let line = at..until(at);
        let starts_line = at == 0 || piece.newlines > 0;
        if starts_line && pieces[line.clone()].iter().any(|piece| !piece.is_sound) {
            let (start, end) = (piece.node.range().start, pieces[line.end - 1].node.range().end);
            let text = whole_lines(source, start, end)?;
            rows.rows.push(Row { content: Content::Verbatim(text), blank_before: piece.newlines > 1, comment: None });
            at = line.end;
            continue;
        }
        let text = piece.node.text().trim_end();
        match rows.rows.last_mut() {
            Some(last) if is_comment && same_line => last.comment = Some(text),
            None if is_comment && same_line => rows.comment = Some(text),
            _ => {
                let content = if is_comment { Content::Comment(text) } else { Content::Node(piece.node) };
                rows.rows.push(Row { content, blank_before: piece.newlines > 1, comment: None });
            }
        }
        at += 1;
    }
    if let Some(first) = rows.rows.first_mut() {
        first.blank_before = false;
    }
    Some(rows)
}

fn pieces<'t>(parent: Node<'t>, can: impl Fn(Node<'t>) -> bool) -> Vec<Piece<'t>> {
    let mut pieces: Vec<Piece<'t>> = Vec::new();
    let mut newlines = 0;
    for child in parent.children() {
        match child.kind() {
            SyntaxKind::Whitespace => newlines += child.text().matches('\n').count(),
            SyntaxKind::LeftBrace | SyntaxKind::RightBrace | SyntaxKind::Semicolon => {}
            _ => {
                let is_sound = !child.has_error() || can(child);
                pieces.push(Piece { node: child, newlines, is_sound });
                newlines = 0;
            }
        }
    }
    pieces
}

/// The lines that the bytes from `start` to `end` stand on, where nothing else stands on them; without the last line end.
fn whole_lines(source: &str, start: usize, end: usize) -> Option<&str> {
    let first = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let last = source[end..].find('\n').map_or(source.len(), |at| end + at);
    let is_free = |text: &str| text.chars().all(|c| c.is_whitespace() || c == ';' || c == '\u{FEFF}');
    (is_free(&source[first..start]) && is_free(&source[end..last])).then(|| &source[first..last])
}
