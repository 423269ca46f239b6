//! Findings as the protocol writes them.

use gen_lsp_types as lsp;
use synx_compiler::ide::Analysis;
use synx_compiler::{Diagnostic, Label, Severity};

use crate::position::Lines;
use crate::state::State;

/// The file that a finding is shown in and the place there: its first place in a file of the user's, else the start of the study.
pub(crate) fn shown_at<'a>(analysis: &'a Analysis, finding: &'a Diagnostic) -> (&'a str, std::ops::Range<usize>) {
    let own = |label: &&Label| !label.file.starts_with("std:") && !label.file.starts_with("--set");
    match finding.labels.iter().find(own) {
        Some(label) => (&label.file, label.range.clone()),
        None => (analysis.path(), 0..0),
    }
}

/// A finding with its related places and the link to its page.
pub(crate) fn diagnostic(state: &mut State, analysis: &Analysis, finding: &Diagnostic) -> Option<lsp::Diagnostic> {
    let (file, range) = shown_at(analysis, finding);
    let text = &analysis.sources().get(file)?.text;
    let encoding = state.client.encoding;
    let mut related = Vec::new();
    for label in finding.labels.iter().filter(|label| label.file != file || label.range != range) {
        if let Some(location) = state.location(analysis, &label.file, &label.range) {
            let message = if label.text.is_empty() { finding.headline.clone() } else { label.text.clone() };
            related.push(lsp::DiagnosticRelatedInformation { location, message });
        }
    }
    let unused = matches!(finding.code, "W0101" | "W0102");
    Some(lsp::Diagnostic {
        range: Lines::new(text).range(text, &range, encoding),
        severity: Some(match finding.severity {
            Severity::Error => lsp::DiagnosticSeverity::Error,
            Severity::Warning => lsp::DiagnosticSeverity::Warning,
        }),
        code: Some(finding.code.to_owned().into()),
        code_description: state.shelf.page(finding.code).map(|href| lsp::CodeDescription { href }),
        source: Some("synx".to_owned()),
        message: message(finding, &range).into(),
        tags: unused.then(|| vec![lsp::DiagnosticTag::Unnecessary]),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    })
}

/// What is wrong, what is known besides, what to do.
fn message(finding: &Diagnostic, range: &std::ops::Range<usize>) -> String {
    let mut lines = vec![finding.headline.clone()];
    let label = finding.labels.iter().find(|label| label.range == *range && !label.text.is_empty());
    lines.extend(label.map(|label| format!("here: {}", label.text)));
    lines.extend(finding.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(finding.help.iter().map(|help| format!("help: {help}")));
    lines.join("\n")
}
