//! Lines and columns, as the protocol counts them. The one place where bytes become positions and back.
//!
//! A line ends with `\n`, `\r\n` or a lone `\r`. Columns are counted in bytes or in UTF-16 code units, whichever the client and the
//! server agreed on.

use std::ops::Range;

use gen_lsp_types as lsp;

/// What columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every client knows.
    Utf16,
}

/// Where the lines of a text begin and end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// For each line where it begins, and where its text ends, without the line's end.
    lines: Vec<Range<usize>>,
}

impl Lines {
    /// The lines of a text.
    pub fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let mut lines = Vec::new();
        let (mut start, mut at) = (0, 0);
        while at < bytes.len() {
            let ending = match bytes[at] {
                b'\n' => 1,
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
                b'\r' => 1,
                _ => 0,
            };
            if ending == 0 {
                at += 1;
                continue;
            }
            lines.push(start..at);
            at += ending;
            start = at;
        }
        lines.push(start..bytes.len());
        Lines { lines }
    }

    /// The place of the byte at `offset` of `text`, which must be the text of these lines. An offset within a character counts as
    /// the character's start, one within a line's end as the end of the line's text.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> lsp::Position {
        let line = self.lines.partition_point(|line| line.start <= offset).saturating_sub(1);
        let there = &self.lines[line];
        let mut offset = offset.min(there.end);
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let character = match encoding {
            Encoding::Utf8 => offset - there.start,
            Encoding::Utf16 => text[there.start..offset].chars().map(char::len_utf16).sum(),
        };
        lsp::Position { line: line as u32, character: character as u32 }
    }

    /// The byte at a place. Columns behind a line's text are its end, lines behind the last are the text's end, columns within a
    /// character are its start.
    pub fn offset(&self, text: &str, position: lsp::Position, encoding: Encoding) -> usize {
        let Some(line) = self.lines.get(position.line as usize) else { return text.len() };
        let wanted = position.character as usize;
        match encoding {
            Encoding::Utf8 => {
                let mut offset = line.start.saturating_add(wanted).min(line.end);
                while !text.is_char_boundary(offset) {
                    offset -= 1;
                }
                offset
            }
            Encoding::Utf16 => {
                let mut units = 0;
                for (at, character) in text[line.clone()].char_indices() {
                    units += character.len_utf16();
                    if units > wanted {
                        return line.start + at;
                    }
                }
                line.end
            }
        }
    }

    /// The range of some bytes.
    pub fn range(&self, text: &str, bytes: &Range<usize>, encoding: Encoding) -> lsp::Range {
        lsp::Range {
            start: self.position(text, bytes.start, encoding),
            end: self.position(text, bytes.end.max(bytes.start), encoding),
        }
    }

    /// The bytes of a range; empty where it ends before it begins.
    pub fn bytes(&self, text: &str, range: lsp::Range, encoding: Encoding) -> Range<usize> {
        let start = self.offset(text, range.start, encoding);
        start..self.offset(text, range.end, encoding).max(start)
    }

    /// How many lines there are, a last empty one included.
    pub fn count(&self) -> usize {
        self.lines.len()
    }
}
