//! Diagnostics for programs and for one-line lists. The form for people is drawn by the command line.

use serde_json::{Value, json as object};

use super::{Diagnostic, Severity};
use crate::source::Sources;

/// A finding as a JSON object: `code, severity, message, help, notes, file, start.{line,column}, end.{line,column}, labels,
/// fixes`. Lines and columns count from 1, columns in characters; without a place, `file`, `start` and `end` are null.
pub fn json(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let place = |file: &str, range: &std::ops::Range<usize>| {
        let places = sources.places(file, range);
        let (start, end) = (places.map(|p| p.0), places.map(|p| p.1));
        (object!(start), object!(end))
    };
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            let (start, end) = place(&label.file, &label.range);
            object!({ "file": label.file, "start": start, "end": end, "text": label.text })
        })
        .collect();
    let fixes: Vec<Value> = diagnostic
        .fixes
        .iter()
        .map(|fix| {
            let edits: Vec<Value> = fix
                .edits
                .iter()
                .map(|edit| {
                    let (start, end) = place(&edit.file, &edit.range);
                    object!({ "file": edit.file, "start": start, "end": end, "text": edit.text,
                        "bytes": [edit.range.start, edit.range.end] })
                })
                .collect();
            object!({ "title": fix.title, "edits": edits })
        })
        .collect();
    let primary = diagnostic.labels.first();
    let (start, end) = primary.map_or((Value::Null, Value::Null), |label| place(&label.file, &label.range));
    object!({
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.headline,
        "help": diagnostic.help,
        "notes": diagnostic.notes,
        "file": primary.map(|label| &label.file),
        "start": start,
        "end": end,
        "labels": labels,
        "fixes": fixes,
    })
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
