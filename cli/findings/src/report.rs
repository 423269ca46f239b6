//! Everything that was found in some files, in one of the forms.

use serde_json::Value;
use synx_compiler::diagnostic::{concise, json};
use synx_compiler::{Compiled, Diagnostic, Severity, Sources};

use crate::human::{Style, human};
use crate::{github, sarif};

/// The forms in which findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With the places in the text.
    Human,
    /// One line each.
    Concise,
    /// An array of objects.
    Json,
    /// A SARIF 2.1.0 log.
    Sarif,
    /// Workflow commands, which become annotations on GitHub's pages.
    Github,
}

impl Format {
    /// Whether the report is one document, in which no other line may stand.
    pub fn is_document(self) -> bool {
        matches!(self, Format::Json | Format::Sarif)
    }
}

/// What was found in one file.
#[derive(Debug, Clone)]
pub struct Checked {
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the findings point into.
    pub sources: Sources,
    /// The corpora that nobody has scanned: what depends on how much text they have was not looked at.
    pub unscanned: Vec<String>,
}

impl Checked {
    pub fn new(diagnostics: Vec<Diagnostic>, sources: Sources) -> Checked {
        Checked { diagnostics, sources, unscanned: Vec::new() }
    }

    /// What the check of a study found, with what it does not know.
    pub fn of(compiled: Compiled) -> Checked {
        let unscanned = compiled.not_scanned();
        Checked { diagnostics: compiled.diagnostics, sources: compiled.sources, unscanned }
    }
}

/// The report of a check, with a closing line where it is for people.
pub fn report(format: Format, checked: &[Checked], style: Style) -> String {
    let findings = report_of(format, checked, style);
    if format == Format::Human { findings + &summary(checked) } else { findings }
}

/// The findings alone. A document is printed even where there are none.
pub fn report_of(format: Format, checked: &[Checked], style: Style) -> String {
    let each = |shown: &dyn Fn(&Diagnostic, &Sources) -> String| -> String {
        checked.iter().flat_map(|file| file.diagnostics.iter().map(|d| shown(d, &file.sources))).collect()
    };
    match format {
        Format::Human => each(&|diagnostic, sources| human(diagnostic, sources, style)),
        Format::Concise => each(&|diagnostic, sources| concise(diagnostic, sources) + "\n"),
        Format::Github => each(&|diagnostic, sources| github::annotation(diagnostic, sources) + "\n"),
        Format::Json => {
            let all = checked.iter().flat_map(|file| file.diagnostics.iter().map(|d| json(d, &file.sources)));
            format!("{:#}\n", Value::Array(all.collect()))
        }
        Format::Sarif => format!("{:#}\n", sarif::log(checked)),
    }
}

/// Whether a label's file is one of the user's: what `--set` gave and the standard library are texts too.
pub fn is_file(path: &str) -> bool {
    !path.starts_with("--set ") && !path.starts_with("std:")
}

/// `2 studies: 1 error, 0 warnings`.
fn summary(checked: &[Checked]) -> String {
    let count = |severity: Severity| {
        checked.iter().flat_map(|file| &file.diagnostics).filter(|finding| finding.severity == severity).count()
    };
    let studies = if checked.len() == 1 { "1 study".to_owned() } else { format!("{} studies", checked.len()) };
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let summary = match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => format!("{studies}: nothing to complain about\n"),
        (errors, warnings) => format!("{studies}: {}, {}\n", counted(errors, "error"), counted(warnings, "warning")),
    };
    summary + &not_known(checked)
}

/// How many corpora a summary names.
const NAMED: usize = 6;

/// What depends on a scan that nobody has made; empty where nothing does.
fn not_known(checked: &[Checked]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in checked.iter().flat_map(|file| &file.unscanned) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return String::new();
    }
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    names.truncate(NAMED);
    format!(
        "not known before a scan, which `synx plan` makes: epochs and shares by size of {}{more}\n",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_compiler::Label;

    fn checked(path: &str, text: &str, found: &[(&'static str, &str)]) -> Checked {
        let mut sources = Sources::new();
        sources.add(path, text);
        let label = |word: &str| {
            let start = text.find(word).unwrap();
            Label { file: path.to_owned(), range: start..start + word.len(), text: "here".to_owned() }
        };
        let finding =
            |(code, word): &(&'static str, &str)| Diagnostic::new(code, format!("`{word}`")).label(label(word));
        Checked::new(found.iter().map(finding).collect(), sources)
    }

    fn two_files() -> Vec<Checked> {
        vec![
            checked("a.synx", "synx 1\nlet x = 1 +\n", &[("E0001", "+")]),
            checked("b.synx", "synx 1\nlet y = z\nlet u = 1\n", &[("E0101", "z"), ("W0101", "u")]),
        ]
    }

    #[test]
    fn findings_of_several_files_come_in_the_order_of_the_files() {
        let concise = report(Format::Concise, &two_files(), Style::PIPE);
        assert_eq!(
            concise,
            "a.synx:2:11: error[E0001]: `+`\nb.synx:2:9: error[E0101]: `z`\nb.synx:3:5: warning[W0101]: `u`\n"
        );
        let human = report(Format::Human, &two_files(), Style::PIPE);
        assert!(human.ends_with("\n\n2 studies: 2 errors, 1 warning\n"), "{human}");
        let unscanned = vec!["web".to_owned(), "hq".to_owned()];
        let clean = Checked { unscanned, ..Checked::new(Vec::new(), Sources::new()) };
        let said = "1 study: nothing to complain about\nnot known before a scan, which `synx plan` makes: epochs and shares by size of web, hq\n";
        assert_eq!(report(Format::Human, &[clean], Style::PIPE), said);
        let json: Value = serde_json::from_str(&report(Format::Json, &two_files(), Style::PIPE)).unwrap();
        assert_eq!(json[1]["file"], "b.synx");
        assert_eq!(json[2]["severity"], "warning");
    }

    #[test]
    fn nothing_found_is_still_a_document_and_a_sentence() {
        let clean = [checked("a.synx", "synx 1\n", &[])];
        assert_eq!(report(Format::Human, &clean, Style::PIPE), "1 study: nothing to complain about\n");
        assert_eq!(report(Format::Concise, &clean, Style::PIPE), "");
        assert_eq!(report(Format::Github, &clean, Style::PIPE), "");
        assert_eq!(report(Format::Json, &clean, Style::PIPE), "[]\n");
        let sarif: Value = serde_json::from_str(&report(Format::Sarif, &clean, Style::PIPE)).unwrap();
        assert_eq!(sarif["runs"][0]["results"], Value::Array(Vec::new()));
    }
}
