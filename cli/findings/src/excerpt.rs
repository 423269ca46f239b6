//! The lines of a file that a drawing shows: those with labels and their neighbours, cut where they are too long to read.
//!
//! The drawing library wants one text and offsets into it. Given the whole file, it would walk it for every label and draw
//! lines of any length; given this, its work and its output are bounded by what a person can read.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use synx_compiler::SourceFile;

/// Characters of a line that are shown whole. Arbitrary: twice a wide screen.
const LONGEST_LINE: usize = 320;

/// Characters on each side of a label in a line that is longer.
const AROUND: usize = 40;

/// Characters of a label in a line that is longer.
const LONGEST_LABEL: usize = 120;

/// Lines that a label is drawn over; a longer one is drawn on its first line. Arbitrary: what is still read as one thing.
const LABEL_LINES: usize = 8;

/// Lines shown before and after a label's.
pub const CONTEXT: usize = 1;

/// Some lines of a file, as one text.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    /// Where each label stands: its place in `text`, and its column in the file.
    columns: Vec<(usize, usize)>,
}

/// A line of the excerpt.
#[derive(Debug)]
struct Line {
    /// In the file, from 0.
    number: usize,
    /// In the excerpt's text, with its end of line.
    range: Range<usize>,
}

impl Excerpt {
    /// The lines around `labels`, and where each label stands in them. A label that does not fit the file is moved to the
    /// nearest place that does.
    pub fn new(file: &SourceFile, labels: &[Range<usize>]) -> (Excerpt, Vec<Range<usize>>) {
        let whole_labels: Vec<Range<usize>> = labels.iter().map(|range| drawable(file, range)).collect();
        let drawn: Vec<Range<usize>> =
            (0..whole_labels.len()).map(|label| beside_others(file, label, &whole_labels)).collect();
        let line = |at: usize| file.lines.line(at);
        let last = file.lines.lines().saturating_sub(1);
        let mut numbers: Vec<usize> = drawn
            .iter()
            .flat_map(|range| line(range.start).saturating_sub(CONTEXT)..=(line(range.end) + CONTEXT).min(last))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();

        let mut excerpt =
            Excerpt { name: file.path.clone(), text: String::new(), lines: Vec::new(), columns: Vec::new() };
        let mut places = vec![0..0; labels.len()];
        for number in numbers {
            let whole = file.lines.range(number);
            let content = file.text[whole.clone()].trim_end_matches(['\n', '\r']);
            let of_line = |at: usize| (whole.start..=whole.start + content.len()).contains(&at);
            let here: Vec<Range<usize>> = drawn
                .iter()
                .filter(|range| of_line(range.start) || of_line(range.end))
                .map(|range| range.start.max(whole.start)..range.end.min(whole.start + content.len()))
                .collect();
            let start = excerpt.text.len();
            let pieces = pieces(&file.text, whole.start..whole.start + content.len(), &here);
            let mut shown = whole.start;
            let mut moved: Vec<(Range<usize>, usize)> = Vec::new();
            for piece in pieces {
                if piece.start > shown {
                    excerpt.text.push('…');
                }
                moved.push((piece.clone(), excerpt.text.len()));
                excerpt.text.push_str(&file.text[piece.clone()]);
                shown = piece.end;
            }
            if shown < whole.start + content.len() {
                excerpt.text.push('…');
            }
            let end = excerpt.text.len();
            excerpt.text.push('\n');
            // Where a place of the file's line stands in the excerpt's: within a piece, or at the end of the one before it.
            let there = |at: usize| {
                let before = moved.iter().rev().find(|(piece, _)| piece.start <= at);
                before.map_or(start, |(piece, to)| (to + at.min(piece.end) - piece.start).min(end))
            };
            for ((range, place), whole) in drawn.iter().zip(&mut places).zip(&whole_labels) {
                if of_line(range.start) {
                    place.start = there(range.start);
                    let column = file.lines.position(&file.text, whole.start).chars;
                    excerpt.columns.push((place.start, column));
                }
                if of_line(range.end) {
                    place.end = there(range.end);
                }
            }
            excerpt.lines.push(Line { number, range: start..excerpt.text.len() });
        }
        (excerpt, places)
    }

    /// The number of the line that `at` stands in.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|line| line.range.end <= at).min(self.lines.len().saturating_sub(1))
    }
}

/// A range of the file that can be drawn: at whole characters, not behind the last one, not over too many lines.
fn drawable(file: &SourceFile, range: &Range<usize>) -> Range<usize> {
    let text = &file.text;
    let mut start = floor(text, range.start);
    if start == text.len() {
        // Nothing is drawn behind the last character: the end of a file is shown at it.
        start = floor(text, start.saturating_sub(1));
    }
    let end = floor(text, range.end).max(start);
    let first = file.lines.line(start);
    let line_end = || {
        let line = file.lines.range(first);
        line.start + text[line].trim_end_matches(['\n', '\r']).len()
    };
    if file.lines.line(end) - first >= LABEL_LINES { start..line_end().max(start) } else { start..end }
}

/// Where a label is drawn that has others within it on its line: at its end, because marks under marks cannot be read.
fn beside_others(file: &SourceFile, label: usize, labels: &[Range<usize>]) -> Range<usize> {
    let range = &labels[label];
    let within = |(i, other): (usize, &Range<usize>)| {
        range.start <= other.start && other.end <= range.end && (other != range || i > label)
    };
    let one_line = file.lines.line(range.start) == file.lines.line(range.end);
    if one_line && labels.iter().enumerate().any(within) { range.end..range.end } else { range.clone() }
}

/// The last place at or before `at` where a character of `text` begins.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The parts of a line that are shown: all of it, or what is around its labels.
fn pieces(text: &str, line: Range<usize>, labels: &[Range<usize>]) -> Vec<Range<usize>> {
    if line.len() <= LONGEST_LINE || text[line.clone()].chars().count() <= LONGEST_LINE {
        return vec![line];
    }
    let back = |at: usize| {
        text[line.start..at].char_indices().rev().nth(AROUND - 1).map_or(line.start, |(i, _)| line.start + i)
    };
    let on = |at: usize, by: usize| text[at..line.end].char_indices().nth(by).map_or(line.end, |(i, _)| at + i);
    let around = |label: &Range<usize>| {
        let end = label.end.min(on(label.start, LONGEST_LABEL));
        back(label.start)..on(end, AROUND)
    };
    let mut wanted: Vec<Range<usize>> = labels.iter().map(around).collect();
    if wanted.is_empty() {
        wanted.push(line.start..on(line.start, 2 * AROUND));
    }
    wanted.sort_by_key(|piece| (piece.start, piece.end));
    let mut pieces: Vec<Range<usize>> = Vec::new();
    for piece in wanted {
        match pieces.last_mut() {
            Some(last) if piece.start <= last.end => last.end = last.end.max(piece.end),
            _ => pieces.push(piece),
        }
    }
    pieces
}

impl SourceCode for Excerpt {
    /// The lines of a span with those around it, as far as they follow each other in the file too.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > self.text.len() || self.lines.is_empty() {
            return Err(MietteError::OutOfBounds);
        }
        let (mut first, mut last) = (self.line(start), self.line(end));
        let contiguous =
            |lines: Range<usize>| self.lines[lines.end].number - self.lines[lines.start].number == lines.len();
        if !contiguous(first..last) {
            // Lines between them are left out, so they cannot be drawn as one.
            return Err(MietteError::OutOfBounds);
        }
        for _ in 0..before {
            if first > 0 && contiguous(first - 1..first) {
                first -= 1;
            }
        }
        for _ in 0..after {
            if last + 1 < self.lines.len() && contiguous(last..last + 1) {
                last += 1;
            }
        }
        let range = self.lines[first].range.start..self.lines[last].range.end;
        // Without lines around it, what is asked for is the place of a label: the file's, not the excerpt's.
        let known = self.columns.iter().find(|(at, _)| before == 0 && *at == start).map_or(0, |(_, column)| *column);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[range.clone()],
            (range.start, range.len()).into(),
            self.lines[first].number,
            known,
            last - first + 1,
        )))
    }
}
