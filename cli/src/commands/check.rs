//! `synx check FILE…`: the compiler alone.

use std::path::PathBuf;

use clap::Args;
use synx_compiler::{Diagnostic, Sources};
use synx_findings::{Checked, report};

use crate::arguments::{FindingFormat, StudySettings};
use crate::outcome::Outcome;
use crate::render::print;
use crate::render::terminal::Stream;
use crate::study::Study;

/// Check studies without reading their data
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no errors, 1 errors, 2 wrong command line, 3 internal error; `--deny` makes errors of lints\n\n\
    Examples:\n  synx check study.synx\n  synx check studies/*.synx --format concise\n  \
    synx check study.synx --format sarif > findings.sarif"
)]
pub struct CheckArguments {
    /// Studies
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    settings: StudySettings,

    /// How findings are printed
    #[arg(long, value_enum, default_value_t = FindingFormat::Human)]
    format: FindingFormat,
}

pub fn check(arguments: &CheckArguments) -> Outcome {
    let (mut found, mut unread) = (Vec::new(), false);
    for path in &arguments.files {
        match Study::open(path, &arguments.settings) {
            Ok(study) => {
                found.push(Checked::of(study.compile()));
            }
            Err(finding) => {
                // A file that is not there is a mistake of the command line; one that is no text is a finding.
                unread |= finding.code != "E0012";
                found.push(Checked::new(vec![*finding], Sources::new()));
            }
        }
    }
    print(&report(arguments.format.into(), &found, Stream::Out.style()));
    let errors = found.iter().flat_map(|file| &file.diagnostics).any(Diagnostic::is_error);
    match (unread, errors) {
        (true, _) => Outcome::Usage,
        (false, true) => Outcome::Failed,
        // Lints are advice, unless they are denied.
        (false, false) => Outcome::Done,
    }
}
