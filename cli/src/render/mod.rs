//! How things look on a terminal.

pub mod findings;
pub use synx_plan::number;
pub mod plan;
pub mod program;
pub mod progress;
pub mod questions;
pub mod results;
pub mod table;
pub mod terminal;

use std::io::Write;

use synx_compiler::{Diagnostic, Sources};
use synx_findings::Format;
use synx_plan::problem::Problem;

use self::findings::Findings;
use crate::outcome::Outcome;

/// Writes to standard output. A reader that has gone away (`synx plan … | head`) ends the output, not the program.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Shows findings on standard error, in the form for people.
pub fn show_all(diagnostics: &[Diagnostic], sources: &Sources) {
    Findings::new(Format::Human).show(diagnostics, sources);
}

/// Shows an error of the runtime that belongs to no study.
pub fn show_problem(problem: &Problem) -> Outcome {
    show_problem_in(problem, &Sources::new())
}

/// Shows an error of the runtime, with the declaration that it belongs to.
pub fn show_problem_in(problem: &Problem, sources: &Sources) -> Outcome {
    Findings::new(Format::Human).problem(problem, sources)
}

/// Shows why a study could not be read.
pub fn show_unread(finding: &Diagnostic) -> Outcome {
    Findings::new(Format::Human).unread(finding)
}
