//! `synx check FILE…`: the compiler alone.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;
use synx_compiler::{Compiled, Diagnostic, Severity, Sources};

use crate::arguments::StudySettings;
use crate::outcome::Outcome;
use crate::render::diagnostic::{self, Style};
use crate::render::number::plural;
use crate::render::print;
use crate::render::terminal::Stream;
use crate::study::Study;

/// Check studies without reading their data
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 nothing found, 1 findings, 2 wrong command line\n\n\
    Examples:\n  synx check study.synx\n  synx check studies/*.synx --format json")]
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

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FindingFormat {
    /// With the places in the text
    Human,
    /// An array of objects
    Json,
}

pub fn check(arguments: &CheckArguments) -> Outcome {
    let (mut found, mut unread) = (Vec::new(), false);
    for path in &arguments.files {
        match Study::open(path, &arguments.settings) {
            Ok(study) => {
                let Compiled { diagnostics, sources, .. } = study.compile();
                found.push((diagnostics, sources));
            }
            Err(finding) => {
                // A file that is not there is a mistake of the command line; one that is no text is a finding.
                unread |= finding.code != "E0012";
                found.push((vec![*finding], Sources::new()));
            }
        }
    }
    match arguments.format {
        FindingFormat::Human => human(&found, arguments.files.len()),
        FindingFormat::Json => {
            let json = |(diagnostics, sources): &(Vec<Diagnostic>, Sources)| -> Vec<Value> {
                diagnostics.iter().map(|d| synx_compiler::diagnostic::json(d, sources)).collect()
            };
            let all: Vec<Value> = found.iter().flat_map(json).collect();
            print(&format!("{:#}\n", Value::Array(all)));
        }
    }
    match (unread, found.iter().all(|(diagnostics, _)| diagnostics.is_empty())) {
        (true, _) => Outcome::Usage,
        (false, true) => Outcome::Done,
        (false, false) => Outcome::Failed,
    }
}

fn human(found: &[(Vec<Diagnostic>, Sources)], files: usize) {
    let style = Style::of(Stream::Out);
    for (diagnostics, sources) in found {
        for finding in diagnostics {
            print(&diagnostic::human(finding, sources, style));
        }
    }
    let count = |severity: Severity| {
        found.iter().flat_map(|(diagnostics, _)| diagnostics).filter(|finding| finding.severity == severity).count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let studies = if files == 1 { "1 study".to_owned() } else { format!("{files} studies") };
    if errors + warnings == 0 {
        print(&format!("{studies}: nothing to complain about\n"));
    } else {
        print(&format!("{studies}: {}, {}\n", plural(errors, "error"), plural(warnings, "warning")));
    }
}
