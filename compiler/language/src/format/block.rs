//! Files and blocks: what stands one below the other, with its columns.

use std::collections::BTreeMap;

use synx_grammar::{Node, SyntaxKind};

use super::align::{column, comment_column, padded};
use super::doc::{Doc, INDENT, Line, WIDTH, lay_out, width};
use super::expression::{expression, words};
use super::rows::{Content, Row, Rows, rows};

/// A file anew; nothing where a mistake leaves nothing to format.
pub(super) fn file(root: Node<'_>) -> Option<String> {
    let rows = rows(root, |item| item.kind() == SyntaxKind::Item && is_mendable(item))?;
    let mut text = String::new();
    for line in stacked(&rows.rows, 0) {
        text.push_str(&line.text);
        text.push('\n');
    }
    // What is left as it is, is so up to the last byte.
    if let Some(Row { content: Content::Verbatim(last), .. }) = rows.rows.last()
        && last.as_bytes().as_ptr_range().end == root.text().as_bytes().as_ptr_range().end
    {
        text.pop();
    }
    // A byte order mark in the wrong place must not come to the right one.
    if text.starts_with('\u{FEFF}') && !root.text().starts_with('\u{FEFF}') {
        text.insert(0, '\n');
    }
    Some(text)
}

/// Whether an item is sound but for entries of its block that stand on lines of their own.
fn is_mendable(item: Node<'_>) -> bool {
    let Some(block) = item.child(SyntaxKind::Block) else { return false };
    let header_is_sound = item.children().all(|child| child == block || !child.has_error());
    let is_closed = block.children().last().is_some_and(|last| last.kind() == SyntaxKind::RightBrace);
    header_is_sound && is_closed && rows(block, |_| false).is_some()
}

/// A line of the result: final but for the comment at its end.
struct Laid<'t> {
    line: Line<'t>,
    /// Lines of one number have their comments in one column.
    paragraph: usize,
}

/// A row that is laid out: what may be put in columns with its neighbours, and the rest.
enum Shape<'t> {
    /// `left = right`.
    Value {
        left: String,
        right: Doc<'t>,
        of: Of<'t>,
    },
    /// `header { a = 1; b = 2 }`, which stands on one line.
    OneLine {
        header: String,
        inside: String,
        of: Of<'t>,
    },
    /// `header {` and rows further in.
    Block {
        header: Doc<'t>,
        inside: Rows<'t>,
    },
    Other(Doc<'t>),
    Verbatim(&'t str),
}

/// What neighbours must be to stand in columns.
#[derive(Clone, Copy, PartialEq)]
enum Of<'t> {
    /// Items of one kind, by its word and whether they are blocks.
    Items(&'t str, bool),
    Axes,
    Fields,
    /// In a block; they go with axes and with fields.
    Lets,
}

impl<'t> Of<'t> {
    /// What two neighbours are together.
    fn and(self, next: Of<'t>) -> Option<Of<'t>> {
        match (self, next) {
            _ if self == next => Some(self),
            (Of::Lets, Of::Axes | Of::Fields) => Some(next),
            (Of::Axes | Of::Fields, Of::Lets) => Some(self),
            _ => None,
        }
    }
}

/// Rows one below the other, `indent` in, with the comments at the ends of their lines.
fn stacked<'t>(rows: &[Row<'t>], indent: usize) -> Vec<Line<'t>> {
    let shapes: Vec<(Vec<Line<'t>>, Shape<'t>)> = rows.iter().map(|row| shape(row)).collect();
    let lefts = lefts(rows, &shapes, indent);
    let blanks = " ".repeat(indent);
    let mut laid: Vec<Laid<'t>> = Vec::new();
    let mut paragraph = 0;
    let mut inner = usize::MAX;
    for ((row, (docs, shape)), left) in rows.iter().zip(shapes).zip(lefts) {
        if row.blank_before {
            paragraph += 1;
            laid.push(Laid { line: Line::default(), paragraph });
        }
        for mut line in docs {
            if !line.text.is_empty() {
                line.text.insert_str(0, &blanks);
            }
            laid.push(Laid { line, paragraph });
        }
        let mut lines = match shape {
            Shape::Value { right, .. } => lay_out(&right, format!("{blanks}{left} = "), indent),
            Shape::OneLine { inside, .. } => {
                let inside = if inside.is_empty() { String::new() } else { format!(" {inside} ") };
                vec![Line { text: format!("{blanks}{left} {{{inside}}}"), comment: None }]
            }
            Shape::Other(doc) => lay_out(&doc, blanks.clone(), indent),
            Shape::Verbatim(text) => {
                laid.push(Laid { line: Line { text: text.to_owned(), comment: None }, paragraph });
                paragraph += 1;
                continue;
            }
            Shape::Block { header, inside } => {
                let mut lines = lay_out(&header, blanks.clone(), indent);
                if let Some(last) = lines.last_mut() {
                    last.comment = inside.comment;
                }
                laid.extend(lines.into_iter().map(|line| Laid { line, paragraph }));
                let below = stacked(&inside.rows, indent + INDENT);
                inner -= 1;
                laid.extend(below.into_iter().map(|line| Laid { line, paragraph: inner }));
                paragraph += 1;
                vec![Line { text: format!("{blanks}}}"), comment: None }]
            }
        };
        if let Some(last) = lines.last_mut()
            && row.comment.is_some()
        {
            last.comment = row.comment;
        }
        // Comments inside of a value have a column of their own.
        let count = lines.len();
        inner -= 1;
        laid.extend(
            lines
                .into_iter()
                .enumerate()
                .map(|(at, line)| Laid { line, paragraph: if at + 1 == count { paragraph } else { inner } }),
        );
    }
    commented(laid)
}

/// Puts the comments at the ends of lines into columns.
fn commented(laid: Vec<Laid<'_>>) -> Vec<Line<'_>> {
    let mut widths: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for Laid { line, paragraph } in laid.iter().filter(|laid| laid.line.comment.is_some()) {
        widths.entry(*paragraph).or_default().push(width(&line.text));
    }
    let columns: BTreeMap<usize, usize> =
        widths.into_iter().map(|(paragraph, widths)| (paragraph, comment_column(&widths))).collect();
    laid.into_iter()
        .map(|Laid { mut line, paragraph }| {
            if let Some(comment) = line.comment.take() {
                let to = columns.get(&paragraph).copied().unwrap_or(0).max(width(&line.text) + 2);
                line.text = format!("{}{comment}", padded(&line.text, to));
            }
            line
        })
        .collect()
}

/// The left sides of rows, filled up so that what follows stands in columns.
fn lefts(rows: &[Row<'_>], shapes: &[(Vec<Line<'_>>, Shape<'_>)], indent: usize) -> Vec<String> {
    let mut lefts = vec![String::new(); rows.len()];
    let mut at = 0;
    while at < rows.len() {
        let end = group_end(rows, shapes, at);
        let group = &shapes[at..end];
        let has_axis = group.iter().any(|(_, shape)| matches!(shape, Shape::Value { of: Of::Axes, .. }));
        let left = |shape: &Shape<'_>| match shape {
            // `let` as wide as `axis`.
            Shape::Value { left, of: Of::Lets, .. } if has_axis => Some(left.replacen("let ", "let  ", 1)),
            Shape::Value { left, .. } | Shape::OneLine { header: left, .. } => Some(left.clone()),
            _ => None,
        };
        let named: Vec<String> = group.iter().filter_map(|(_, shape)| left(shape)).collect();
        let mut to = column(&named);
        // A block that the columns would make too wide for its line would be broken the next time.
        let too_wide = group.iter().any(|(_, shape)| match shape {
            Shape::OneLine { inside, .. } => indent + to + width(inside) + 5 > WIDTH,
            _ => false,
        });
        if too_wide {
            to = 0;
        }
        for (number, (_, shape)) in group.iter().enumerate() {
            lefts[at + number] = left(shape).map(|left| padded(&left, to)).unwrap_or_default();
        }
        at = end;
    }
    lefts
}

/// Where the group of rows ends that begins at `start`.
fn group_end(rows: &[Row<'_>], shapes: &[(Vec<Line<'_>>, Shape<'_>)], start: usize) -> usize {
    let mut group = None;
    for at in start..rows.len() {
        if at > start && rows[at].blank_before {
            return at;
        }
        group = match (group, &shapes[at].1) {
            (group, _) if matches!(rows[at].content, Content::Comment(_)) => group,
            (None, Shape::Value { of, .. } | Shape::OneLine { of, .. }) => Some(*of),
            (Some(group), Shape::Value { of, .. } | Shape::OneLine { of, .. }) => match Of::and(group, *of) {
                Some(both) => Some(both),
                None => return at,
            },
            _ => return at.max(start + 1),
        };
    }
    rows.len()
}

/// What a row looks like, and the documentation that stands above it.
fn shape<'t>(row: &Row<'t>) -> (Vec<Line<'t>>, Shape<'t>) {
    let node = match row.content {
        Content::Comment(text) => return (Vec::new(), Shape::Other(Doc::text(text))),
        Content::Verbatim(text) => return (Vec::new(), Shape::Verbatim(text)),
        Content::Node(node) => node,
    };
    let children: Vec<Node<'t>> = node.children().collect();
    let start = children.iter().position(|child| !child.kind().is_trivia()).unwrap_or(0);
    let (docs, children) = children.split_at(start);
    let shape = match node.kind() {
        SyntaxKind::Item => item(node, children),
        SyntaxKind::Field => value(children, Of::Fields),
        SyntaxKind::Axis => value(children, Of::Axes),
        SyntaxKind::Let => value(children, Of::Lets),
        SyntaxKind::Assert => assertion(children),
        _ => Shape::Other(words(children)),
    };
    (documentation(docs), shape)
}

/// The comments above an item or an entry that belong to it.
fn documentation<'t>(trivia: &[Node<'t>]) -> Vec<Line<'t>> {
    let mut lines: Vec<Line<'t>> = Vec::new();
    let mut newlines = 0;
    for node in trivia {
        if node.kind() == SyntaxKind::Whitespace {
            newlines += node.text().matches('\n').count();
            continue;
        }
        if newlines > 1 {
            lines.push(Line::default());
        }
        lines.push(Line { text: node.text().trim_end().to_owned(), comment: None });
        newlines = 0;
    }
    if newlines > 1 {
        lines.push(Line::default());
    }
    lines
}

/// What stands before the `=`, and what after it.
fn value<'t>(children: &[Node<'t>], of: Of<'t>) -> Shape<'t> {
    let equals = children.iter().position(|child| child.kind() == SyntaxKind::Equals);
    if let Some(equals) = equals
        && let Some(left) = words(&children[..equals]).flat()
        && width(&left) < WIDTH / 2
    {
        let after = children[equals + 1..].iter().filter(|child| !child.kind().is_trivia());
        let right = Doc::Concat(after.map(|child| expression(*child)).collect());
        return Shape::Value { left: left.trim_end().to_owned(), right, of };
    }
    Shape::Other(words(children))
}

/// `assert condition because "…"`: the reason stays on the line of the condition, however long it is.
fn assertion<'t>(children: &[Node<'t>]) -> Shape<'t> {
    let because = children.iter().position(|child| child.text() == "because").unwrap_or(children.len());
    let doc = words(children);
    let condition = words(&children[..because]).flat();
    match (doc.flat(), condition) {
        (Some(text), Some(condition)) if width(&condition) + INDENT <= WIDTH => Shape::Other(Doc::text(text)),
        _ => Shape::Other(doc),
    }
}

fn item<'t>(node: Node<'t>, children: &[Node<'t>]) -> Shape<'t> {
    let kind = children.first().map_or("", |word| word.text());
    let Some(at) = children.iter().position(|child| child.kind() == SyntaxKind::Block) else {
        return value(children, Of::Items(kind, false));
    };
    let block = children[at];
    let header = words(&children[..at]);
    if !node.has_error()
        && !block.text().contains('\n')
        && let Some(header) = header.flat()
        && let Some(inside) = one_line(block)
        && width(&header) + width(&inside) + 5 <= WIDTH
    {
        return Shape::OneLine { header: header.trim_end().to_owned(), inside, of: Of::Items(kind, true) };
    }
    let inside = rows(block, |_| false).unwrap_or_default();
    Shape::Block { header: Doc::Concat(vec![header, Doc::text(" {")]), inside }
}

/// The entries of a block on one line.
fn one_line(block: Node<'_>) -> Option<String> {
    let rows = rows(block, |_| false)?;
    let entries = rows.rows.iter().map(|row| {
        let (docs, shape) = shape(row);
        match shape {
            _ if !docs.is_empty() || row.comment.is_some() => None,
            Shape::Value { left, right, .. } => right.flat().map(|right| format!("{left} = {right}")),
            Shape::Other(doc) if matches!(row.content, Content::Node(_)) => doc.flat(),
            _ => None,
        }
    });
    let entries: Option<Vec<String>> = entries.collect();
    entries.filter(|_| rows.comment.is_none()).map(|entries| entries.join("; "))
}
