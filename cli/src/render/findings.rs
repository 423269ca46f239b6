//! Findings of a command that does other work too, on standard error.

use synx_compiler::{Diagnostic, Sources};
use synx_findings::{Checked, Format, report_of};
use synx_plan::problem::Problem;

use super::terminal::Stream;
use crate::outcome::Outcome;

/// Shows findings as they come, or, where the form is one document, keeps them until this is dropped and shows all of them then.
pub struct Findings {
    format: Format,
    kept: Vec<Checked>,
}

impl Findings {
    pub fn new(format: impl Into<Format>) -> Findings {
        Findings { format: format.into(), kept: Vec::new() }
    }

    /// Whether nothing else may stand on standard error.
    pub fn alone(&self) -> bool {
        self.format.is_document()
    }

    pub fn show(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        let checked = Checked::new(diagnostics.to_vec(), sources.clone());
        if self.alone() {
            self.kept.push(checked);
        } else {
            eprint!("{}", report_of(self.format, &[checked], Stream::Error.style()));
        }
    }

    /// Shows an error of the runtime, with the declaration that it belongs to.
    pub fn problem(&mut self, problem: &Problem, sources: &Sources) -> Outcome {
        self.show(&[Diagnostic::from_problem(problem)], sources);
        Outcome::Failed
    }

    /// Shows why a study could not be read: a file that is not there is a mistake of the command line, one that is no text is a finding.
    pub fn unread(&mut self, finding: &Diagnostic) -> Outcome {
        self.show(std::slice::from_ref(finding), &Sources::new());
        if finding.code == "E0012" { Outcome::Failed } else { Outcome::Usage }
    }
}

impl Drop for Findings {
    fn drop(&mut self) {
        if self.alone() {
            eprint!("{}", report_of(self.format, &self.kept, Stream::Error.style()));
        }
    }
}
