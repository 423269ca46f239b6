//! Where a byte stands: line and column.

/// A place in a text. Lines and columns count from zero; what people read counts from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 0.
    pub line: usize,
    /// Bytes of UTF-8 before it in its line.
    pub bytes: usize,
    /// Characters (Unicode scalar values) before it in its line.
    pub chars: usize,
    /// UTF-16 code units before it in its line, as editors count.
    pub utf16: usize,
}

/// The starts of a text's lines. A line ends with `\n`; a `\r` before it belongs to the line.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
    length: usize,
}

impl LineIndex {
    /// The index of a text. Linear in its length.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
        Self { starts, length: text.len() }
    }

    /// How many lines there are: one more than there are line ends.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The bytes of a line (counted from 0), its line end included; empty past the last line.
    pub fn range(&self, line: usize) -> std::ops::Range<usize> {
        let end_of = |line: usize| self.starts.get(line).copied().unwrap_or(self.length);
        end_of(line)..end_of(line + 1)
    }

    /// The line (from 0) that holds the byte at `offset`; past the end it is the last line.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    /// The place of the byte at `offset` in `text`, which must be the text of this index. An offset inside a
    /// character counts as that character's start, one past the end as the end.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let before = &text[self.starts[line]..offset];
        Position {
            line,
            bytes: before.len(),
            chars: before.chars().count(),
            utf16: before.chars().map(char::len_utf16).sum(),
        }
    }

    /// The byte offset of a place given in UTF-16 code units, as editors give it; columns past the end of their
    /// line are its end.
    pub fn offset_of_utf16(&self, text: &str, line: usize, utf16: usize) -> usize {
        let range = self.range(line);
        let mut units = 0;
        for (at, character) in text[range.clone()].char_indices() {
            if units >= utf16 || character == '\n' {
                return range.start + at;
            }
            units += character.len_utf16();
        }
        range.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_bytes_characters_and_utf16() {
        let text = "a = 1\nnäme = \"🎈x\"\n";
        let index = LineIndex::new(text);
        let at = text.find('x').unwrap();
        let position = index.position(text, at);
        assert_eq!(position, Position { line: 1, bytes: 13, chars: 9, utf16: 10 });
        assert_eq!(index.offset_of_utf16(text, 1, 10), at);
        assert_eq!(index.lines(), 3);
    }

    #[test]
    fn every_offset_has_a_place() {
        let text = "é\r\n\n🎈";
        let index = LineIndex::new(text);
        for offset in 0..text.len() + 3 {
            let position = index.position(text, offset);
            assert!(position.line < index.lines());
        }
        assert_eq!(index.position(text, 100).line, 2);
    }
}
