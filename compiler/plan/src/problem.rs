//! What goes wrong outside the language: errors of the runtime in a form that every crate can make and the
//! command line can show beside the compiler's diagnostics.

use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The place in a `.synx` file that something was declared at. Never part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// Path of the file as the user gave it.
    pub file: String,
    /// Byte range in that file.
    pub range: Range<usize>,
}

/// An error of the runtime that a user meets: what is wrong, where, and what to do about it.
///
/// `code` is `E09xx`; each has its page in `spec/diagnostics/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    pub code: &'static str,
    /// One sentence in the user's terms: what is wrong.
    pub headline: String,
    /// Further facts, each a sentence: the line number, the size found, the system's own words.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// The declaration that this belongs to, where there is one.
    pub origin: Option<Box<Origin>>,
}

impl Problem {
    pub fn new(code: &'static str, headline: impl Into<String>) -> Problem {
        Problem { code, headline: headline.into(), notes: Vec::new(), help: None, origin: None }
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Problem {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Points at the declaration, unless a more precise place is known already.
    #[must_use]
    pub fn at(mut self, origin: Option<&Origin>) -> Problem {
        if self.origin.is_none() {
            self.origin = origin.cloned().map(Box::new);
        }
        self
    }

    /// An operation on a file that the system refused: `doing` reads as "read", "write", "create the folder".
    pub fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Problem {
        Problem::new("E0901", format!("could not {doing} {}", path.display())).note(error.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.headline)?;
        for note in &self.notes {
            write!(f, "; {note}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
