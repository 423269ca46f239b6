//! Diagnostics for programs and for one-line lists. The form for people is drawn by the command line.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Diagnostic, Edit, Severity};
use crate::source::{Place, Sources};

/// A finding as programs read it. Without a place, `file`, `start` and `end` are null; `start` and `end` are also null where the file's
/// text is not at hand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding<'a> {
    /// `E0301`, `W0101`: `synx explain CODE` prints its page.
    code: &'a str,
    severity: Severity,
    /// What is wrong, one line without a full stop.
    message: &'a str,
    /// What to do.
    help: Option<&'a str>,
    /// Further facts, each a sentence.
    notes: &'a [String],
    /// The first label's file.
    file: Option<&'a str>,
    start: Option<Place>,
    end: Option<Place>,
    /// The places involved, the primary one first; empty only for what belongs to no text.
    labels: Vec<LabelForm<'a>>,
    fixes: Vec<FixForm<'a>>,
}

/// A place in a file and what there is to say about it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Label")]
struct LabelForm<'a> {
    /// Path of the file as the user gave it.
    file: &'a str,
    start: Option<Place>,
    end: Option<Place>,
    /// May be empty.
    text: &'a str,
}

/// A change that cures it: applied, the place checks clean.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Fix")]
struct FixForm<'a> {
    title: &'a str,
    /// Replacements that do not overlap.
    edits: Vec<EditForm<'a>>,
}

/// A replacement.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Edit")]
struct EditForm<'a> {
    file: &'a str,
    start: Option<Place>,
    end: Option<Place>,
    /// What stands there then.
    text: &'a str,
    /// The bytes to be replaced: the first, and the one behind the last.
    bytes: (usize, usize),
}

impl<'a> Finding<'a> {
    fn of(diagnostic: &'a Diagnostic, sources: &Sources) -> Finding<'a> {
        let places = |file: &str, range| sources.places(file, range).unzip();
        let labels: Vec<LabelForm<'a>> = diagnostic
            .labels
            .iter()
            .map(|label| {
                let (start, end) = places(&label.file, &label.range);
                LabelForm { file: &label.file, start, end, text: &label.text }
            })
            .collect();
        let edit = |edit: &'a Edit| {
            let (start, end) = places(&edit.file, &edit.range);
            EditForm { file: &edit.file, start, end, text: &edit.text, bytes: (edit.range.start, edit.range.end) }
        };
        let fixes = diagnostic.fixes.iter();
        let fixes = fixes.map(|fix| FixForm { title: &fix.title, edits: fix.edits.iter().map(edit).collect() });
        let primary = labels.first();
        Finding {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: &diagnostic.headline,
            help: diagnostic.help.as_deref(),
            notes: &diagnostic.notes,
            file: primary.map(|label| label.file),
            start: primary.and_then(|label| label.start),
            end: primary.and_then(|label| label.end),
            fixes: fixes.collect(),
            labels,
        }
    }
}

/// A finding as a JSON object: the form of [`Finding`]. Lines and columns count from 1, columns in characters.
pub fn json(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    serde_json::to_value(Finding::of(diagnostic, sources)).expect("a finding is plain data that always serialises")
}

/// A finding on one line: `study.synx:12:5: error[E0301]: the shares of …`.
pub fn concise(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = diagnostic.labels.first().map(|label| match sources.places(&label.file, &label.range) {
        Some((start, _)) => format!("{}:{}:{}: ", label.file, start.line, start.column),
        None => format!("{}: ", label.file),
    });
    format!("{}{severity}[{}]: {}", place.unwrap_or_default(), diagnostic.code, diagnostic.headline)
}
