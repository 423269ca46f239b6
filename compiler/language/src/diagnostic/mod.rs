//! What is wrong with a study, or worth a second look, in the terms of its author.

mod registry;
mod render;

pub use registry::{Code, code, codes};
pub use render::{Finding, concise, json};

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use synx_plan::problem::Problem;

/// One finding. Every way of showing one (for people, for programs, in an editor) is made from this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// `E0301`, `W0101`: its page is [`code`]'s.
    pub code: &'static str,
    pub severity: Severity,
    /// What is wrong, one line without a full stop.
    pub headline: String,
    /// The places involved, the primary one first; empty only for what belongs to no text.
    pub labels: Vec<Label>,
    /// Further facts, each a sentence.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    pub fixes: Vec<Fix>,
}

/// A headline is one line, also where it quotes a text of several.
fn one_line(text: String) -> String {
    if text.contains(['\n', '\r']) { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { text }
}

/// How much a finding weighs: an error leaves a study without a plan, a warning does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// A place in a file and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Path of the file as the user gave it.
    pub file: String,
    /// Byte range in that file.
    pub range: Range<usize>,
    /// May be empty.
    pub text: String,
}

/// A change that cures it: applied, the place checks clean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    pub title: String,
    /// Replacements that do not overlap.
    pub edits: Vec<Edit>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    pub file: String,
    /// The bytes to be replaced; empty for an insertion.
    pub range: Range<usize>,
    pub text: String,
}

impl Diagnostic {
    /// A finding under `code`, which says by its first letter how severe it is.
    pub fn new(code: &'static str, headline: impl Into<String>) -> Diagnostic {
        debug_assert!(self::code(code).is_some() || code.starts_with("E09"), "{code} has no page");
        let severity = if code.starts_with('W') { Severity::Warning } else { Severity::Error };
        Diagnostic {
            code,
            severity,
            headline: one_line(headline.into()),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// An error of the runtime in this form, so that one renderer shows both.
    pub fn from_problem(problem: &Problem) -> Diagnostic {
        let label = |origin: &synx_plan::problem::Origin| Label {
            file: origin.file.clone(),
            range: origin.range.clone(),
            text: "declared here".to_owned(),
        };
        Diagnostic {
            code: problem.code,
            severity: Severity::Error,
            headline: problem.headline.clone(),
            labels: problem.origin.as_deref().map(label).into_iter().collect(),
            notes: problem.notes.clone(),
            help: problem.help.clone(),
            fixes: Vec::new(),
        }
    }

    /// A study that is not text: `bytes` are what the file holds, `at` the offset of the first byte that is not UTF-8.
    pub fn not_utf8(path: &str, bytes: &[u8], at: usize) -> Diagnostic {
        let line = bytes[..at.min(bytes.len())].split(|byte| *byte == b'\n').count();
        let mut diagnostic = Diagnostic::new("E0012", format!("{path} is not text in UTF-8")).label(Label {
            file: path.to_owned(),
            range: at..at,
            text: String::new(),
        });
        diagnostic.notes.push(format!("the first byte that is not UTF-8 stands in line {line}, at byte {at}"));
        diagnostic.help = Some("save the file as UTF-8, or check that it is the file that was meant".to_owned());
        diagnostic
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub fn label(mut self, label: Label) -> Diagnostic {
        self.labels.push(label);
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    pub fn fix(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Diagnostic {
        self.fixes.push(Fix { title: title.into(), edits });
        self
    }
}

impl Fix {
    /// The text of `file` with the edits that belong to it carried out.
    pub fn apply(&self, file: &str, text: &str) -> String {
        let mut edits: Vec<&Edit> = self.edits.iter().filter(|edit| edit.file == file).collect();
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut applied = text.to_owned();
        for edit in edits.into_iter().rev() {
            if applied.is_char_boundary(edit.range.start) && applied.is_char_boundary(edit.range.end) {
                applied.replace_range(edit.range.clone(), &edit.text);
            }
        }
        applied
    }
}
