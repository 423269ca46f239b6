//! Documents and how they are laid out: text with places where a line may end, in groups that stand on one line where they fit
//! (after P. Wadler, "A prettier printer", 2003).

use std::borrow::Cow;

/// How wide a line may be, in characters.
pub(super) const WIDTH: usize = 100;

/// By how much what is inside something stands further in.
pub(super) const INDENT: usize = 4;

/// A piece of text that may be laid out in several ways.
#[derive(Debug)]
pub(super) enum Doc<'t> {
    Text(Cow<'t, str>),
    /// `flat` where its group stands on one line, else a line end, with an empty line before the next where `blank` says so.
    Line {
        flat: &'static str,
        blank: bool,
    },
    /// A line end, always.
    Hard,
    /// What stands only where the group is broken: a comma after the last element, blanks before an `=`.
    Broken(Cow<'static, str>),
    /// `//` to the end of its line; a [`Doc::Hard`] follows.
    Comment(&'t str),
    Indent(Box<Doc<'t>>),
    Group {
        inner: Box<Doc<'t>>,
        must_break: bool,
    },
    /// Elements that share lines: each with what separates it from the next.
    Fill(Vec<Doc<'t>>),
    Concat(Vec<Doc<'t>>),
}

impl<'t> Doc<'t> {
    pub(super) fn text(text: impl Into<Cow<'t, str>>) -> Doc<'t> {
        Doc::Text(text.into())
    }

    /// A blank, or a line end.
    pub(super) fn line() -> Doc<'t> {
        Doc::Line { flat: " ", blank: false }
    }

    pub(super) fn indented(self) -> Doc<'t> {
        Doc::Indent(Box::new(self))
    }

    /// On one line where it fits.
    pub(super) fn group(self) -> Doc<'t> {
        let must_break = self.must_break();
        Doc::Group { inner: Box::new(self), must_break }
    }

    /// Whether it cannot stand on one line.
    pub(super) fn must_break(&self) -> bool {
        match self {
            Doc::Hard | Doc::Comment(_) => true,
            Doc::Text(_) | Doc::Line { .. } | Doc::Broken(_) => false,
            Doc::Indent(inner) => inner.must_break(),
            Doc::Group { must_break, .. } => *must_break,
            Doc::Fill(parts) | Doc::Concat(parts) => parts.iter().any(Doc::must_break),
        }
    }

    /// Itself on one line, if it can stand on one.
    pub(super) fn flat(&self) -> Option<String> {
        let mut text = String::new();
        let mut stack = vec![self];
        while let Some(doc) = stack.pop() {
            match doc {
                Doc::Text(piece) => text.push_str(piece),
                Doc::Line { flat, .. } => text.push_str(flat),
                Doc::Hard | Doc::Comment(_) => return None,
                Doc::Broken(_) => {}
                Doc::Indent(inner) | Doc::Group { inner, .. } => stack.push(inner),
                Doc::Fill(parts) | Doc::Concat(parts) => stack.extend(parts.iter().rev()),
            }
        }
        Some(text)
    }
}

/// A line as it is laid out.
#[derive(Debug, Default)]
pub(super) struct Line<'t> {
    pub(super) text: String,
    /// What stands at its end, at a distance that depends on the lines around it.
    pub(super) comment: Option<&'t str>,
}

/// How wide a text is, in characters.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Lays a document out after `start`, which begins its first line; lines after it stand `indent` in.
pub(super) fn lay_out<'t>(doc: &Doc<'t>, start: String, indent: usize) -> Vec<Line<'t>> {
    let mut lines = Vec::new();
    let mut line = Line { text: start, comment: None };
    let mut column = width(&line.text);
    // What is still to be laid out: how far in, and whether on one line.
    let mut stack = vec![(indent, false, doc)];
    while let Some((indent, is_flat, doc)) = stack.pop() {
        match doc {
            Doc::Text(text) => {
                line.text.push_str(text);
                column += width(text);
            }
            Doc::Line { flat, .. } if is_flat => {
                line.text.push_str(flat);
                column += flat.len();
            }
            Doc::Hard | Doc::Line { .. } => {
                line.text.truncate(line.text.trim_end_matches(' ').len());
                lines.push(std::mem::take(&mut line));
                if matches!(doc, Doc::Line { blank: true, .. }) {
                    lines.push(Line::default());
                }
                line.text = " ".repeat(indent);
                column = indent;
            }
            Doc::Broken(text) => {
                if !is_flat {
                    line.text.push_str(text);
                    column += width(text);
                }
            }
            Doc::Comment(text) => {
                if line.text.trim_start().is_empty() {
                    line.text.push_str(text);
                } else {
                    line.comment = Some(text);
                }
            }
            Doc::Indent(inner) => stack.push((indent + INDENT, is_flat, inner)),
            Doc::Group { inner, must_break } => {
                let is_flat = !must_break && (is_flat || fits(inner, &stack, column));
                stack.push((indent, is_flat, inner));
            }
            // Elements and what separates them take turns; a separator is a line end where the next element does not fit.
            Doc::Fill(parts) => {
                let fitted: Vec<(usize, bool, &Doc<'t>)> = fill(parts, column, indent, is_flat);
                stack.extend(fitted.into_iter().rev());
            }
            Doc::Concat(parts) => stack.extend(parts.iter().rev().map(|part| (indent, is_flat, part))),
        }
    }
    lines.push(line);
    lines
}

/// Whether a document stands on the rest of the line from `column` on, with what follows it up to the next line end.
fn fits<'t>(doc: &Doc<'t>, rest: &[(usize, bool, &Doc<'t>)], column: usize) -> bool {
    let mut left = WIDTH.saturating_sub(column);
    let mut stack = vec![(true, doc)];
    let mut after = rest.iter().rev();
    loop {
        let Some((is_flat, doc)) = stack.pop().or_else(|| after.next().map(|(_, is_flat, doc)| (*is_flat, *doc)))
        else {
            return true;
        };
        let taken = match doc {
            Doc::Text(text) => width(text),
            Doc::Line { flat, .. } if is_flat => flat.len(),
            Doc::Hard | Doc::Line { .. } | Doc::Comment(_) => return true,
            Doc::Broken(text) => {
                if is_flat {
                    0
                } else {
                    text.len()
                }
            }
            Doc::Indent(inner) => {
                stack.push((is_flat, inner));
                0
            }
            Doc::Group { inner, must_break } => {
                stack.push((is_flat && !must_break, inner));
                0
            }
            Doc::Fill(parts) | Doc::Concat(parts) => {
                stack.extend(parts.iter().rev().map(|part| (is_flat, part)));
                0
            }
        };
        if taken > left {
            return false;
        }
        left -= taken;
    }
}

/// The parts of a fill, and each separator as a blank or a line end.
fn fill<'t, 'd>(parts: &'d [Doc<'t>], from: usize, indent: usize, is_flat: bool) -> Vec<(usize, bool, &'d Doc<'t>)> {
    let mut column = from;
    let mut laid = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let size = |part: &Doc<'_>| part.flat().map_or(WIDTH, |text| width(&text));
        if at % 2 == 0 {
            column += size(part);
            laid.push((indent, is_flat, part));
            continue;
        }
        let next = parts.get(at + 1).map_or(0, size);
        // A comma stands after the next element.
        let stays = is_flat || column + size(part) + next < WIDTH;
        column = if stays { column + size(part) } else { indent };
        laid.push((indent, stays, part));
    }
    laid
}
