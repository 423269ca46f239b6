//! What of a file need not be read again after an edit.
//!
//! How a part without mistakes is read depends on its own text and on what the rules look ahead to, which is bounded:
//! the rest of the line that it ends on, blank lines and comments (before which a value may go on), and the next line.
//! Where this *view* of a part is as it was, the part is too.

use std::ops::Range;

use crate::Tree;
use crate::parse::Parse;
use crate::tree::NodeId;

/// A part of a file that was read without a mistake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoundPart {
    start: u32,
    length: u32,
    /// How many bytes from its start the rules may have looked at.
    view: u32,
    /// Whether the text that it was read in ended where its view does.
    is_cut: bool,
    /// Its nodes, by their numbers.
    nodes: (u32, u32),
    /// The first of its nodes that the root holds.
    first: NodeId,
    /// Whether an edition, an import or an item stands before it.
    begun: bool,
    /// Whether one stands before its end.
    begins: bool,
}

impl SoundPart {
    /// The part at `range` of a source that was read up to `limit`, with the end of its view.
    pub(crate) fn new(
        range: Range<usize>,
        view: usize,
        limit: usize,
        nodes: Range<usize>,
        first: NodeId,
        begun: bool,
        begins: bool,
    ) -> Self {
        Self {
            start: range.start as u32,
            length: range.len() as u32,
            view: (view - range.start) as u32,
            is_cut: view == limit,
            nodes: (nodes.start as u32, nodes.end as u32),
            first,
            begun,
            begins,
        }
    }

    /// Where it begins.
    pub(crate) fn start(&self) -> usize {
        self.start as usize
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> usize {
        self.length as usize
    }

    /// Its nodes, by their numbers.
    pub(crate) fn nodes(&self) -> Range<usize> {
        self.nodes.0 as usize..self.nodes.1 as usize
    }

    /// The first of its nodes that the root holds.
    pub(crate) fn first(&self) -> NodeId {
        self.first
    }

    /// Whether an edition, an import or an item stands before its end.
    pub(crate) fn begins(&self) -> bool {
        self.begins
    }

    /// The same part where it begins at `start` and its nodes at the number `node`.
    pub(crate) fn moved(&self, start: usize, node: usize) -> Self {
        let node = node as u32;
        Self {
            start: start as u32,
            nodes: (node, node + (self.nodes.1 - self.nodes.0)),
            first: self.first.moved(self.nodes.0, node),
            ..*self
        }
    }
}

/// The last view that was asked for: parts that end on one line have one view, however many they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Views {
    /// What may still be on its line.
    line: Range<usize>,
    limit: usize,
    end: usize,
}

impl Views {
    /// Up to where the rules may look for a part of a source that ends at `end` and was read up to `limit`: the line that
    /// it ends on, the blank lines and comments after it, and one line more.
    pub(crate) fn end(&mut self, source: &str, end: usize, limit: usize) -> usize {
        if self.limit != limit || !self.line.contains(&end) {
            let mut lines = source[end..limit].split_inclusive('\n');
            let line = end + lines.next().map_or(0, str::len);
            let mut view = line;
            for line in lines {
                view += line.len();
                let text = line.trim_start_matches([' ', '\t', '\r', '\n']);
                if !text.is_empty() && !text.starts_with("//") {
                    break;
                }
            }
            *self = Self { line: end..line, limit, end: view };
        }
        self.end
    }
}

/// A file as it was before an edit, and where the edit is.
pub(crate) struct Edit<'p> {
    before: &'p Parse,
    /// The bytes that were replaced.
    range: Range<usize>,
    /// How many bytes replaced them.
    length: usize,
}

impl<'p> Edit<'p> {
    pub(crate) fn new(before: &'p Parse, range: Range<usize>, length: usize) -> Self {
        Self { before, range, length }
    }

    /// The tree from before.
    pub(crate) fn tree(&self) -> &'p Tree {
        &self.before.tree
    }

    /// The part that begins at `at` of the new text, where it and all that it was read by stayed as they were. The new
    /// text is read up to `limit`; `begun` says whether an edition, an import or an item stands before.
    pub(crate) fn part(&self, at: usize, limit: usize, begun: bool) -> Option<SoundPart> {
        let start = if at < self.range.start {
            at
        } else {
            (at + self.range.len()).checked_sub(self.length).filter(|start| *start >= self.range.end)?
        };
        let sound = &self.before.sound;
        let part = sound[sound.binary_search_by_key(&(start as u32), |part| part.start).ok()?];
        let view = part.view as usize;
        let is_unchanged = start >= self.range.end || start + view <= self.range.start;
        let ends_alike = if part.is_cut { at + view == limit } else { at + view < limit };
        (is_unchanged && ends_alike && part.begun == begun).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    /// Where the parts begin that an edit leaves as they were, in the old text.
    fn kept(text: &str, range: Range<usize>, new: &str) -> Vec<usize> {
        let before = parse(text);
        let after = before.edit(range.clone(), new);
        let edit = Edit::new(&before, range.clone(), new.len());
        let length = after.tree.source().len();
        let moved = |start: usize| if start < range.end { start } else { start + new.len() - range.len() };
        let starts = before.sound.iter().map(SoundPart::start);
        starts.filter(|start| edit.part(moved(*start), length, *start > 0).is_some()).collect()
    }

    const FOUR: &str = "let a = 1\nlet b = 2\n\n// c\nlet c = 3\nlet d = 4\n";

    #[test]
    fn an_edit_touches_its_item_and_the_ones_before_that_look_at_it() {
        let (a, c, d) = (0, 19, FOUR.rfind("\nlet d").unwrap());
        let at = FOUR.find('2').unwrap();
        assert_eq!(kept(FOUR, at..at + 1, "20"), [c, d], "`let a` might have gone on with what stands after it");
        let at = FOUR.find('3').unwrap();
        assert_eq!(kept(FOUR, at..at + 1, "30"), [a, d]);
        let at = FOUR.find('4').unwrap();
        assert_eq!(kept(FOUR, at..at + 1, "40"), [a, 9]);
    }

    #[test]
    fn the_end_of_the_text_is_looked_at_too() {
        assert_eq!(kept("let a = 1\nlet b = 2", 19..19, "0"), [0; 0]);
        assert_eq!(kept("let a = 1\n\n", 11..11, "// end\n"), [0; 0]);
    }
}
