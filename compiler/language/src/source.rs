//! The texts that diagnostics point into.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use synx_grammar::LineIndex;

/// The texts of one compilation: the study, and what `--set` gave.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

/// A text with its path and its lines.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As the user gave it.
    pub path: String,
    pub text: String,
    pub lines: LineIndex,
}

/// Line and column as people read them: from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Sources {
    pub fn new() -> Sources {
        Sources::default()
    }

    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let text = text.into();
        self.files.push(SourceFile { path: path.into(), lines: LineIndex::new(&text), text });
    }

    pub fn get(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// Where a range of a file begins and ends; `None` for a file that is not among these.
    pub fn places(&self, path: &str, range: &Range<usize>) -> Option<(Place, Place)> {
        let file = self.get(path)?;
        Some((file.place(range.start), file.place(range.end)))
    }
}

impl SourceFile {
    pub fn place(&self, offset: usize) -> Place {
        let position = self.lines.position(&self.text, offset);
        Place { line: position.line + 1, column: position.chars + 1 }
    }
}
