//! Diagnostics for people: miette's graphical form, made from the compiler's one type.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use synx_compiler::{Diagnostic, Label, Severity, Sources};

use super::terminal::{self, Stream};

/// How findings are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub colour: bool,
    pub unicode: bool,
    pub width: usize,
}

impl Style {
    pub fn of(stream: Stream) -> Style {
        Style { colour: stream.colour(), unicode: terminal::unicode(), width: stream.width() }
    }

    fn theme(self) -> GraphicalTheme {
        let mut theme = if self.unicode { GraphicalTheme::unicode_nocolor() } else { GraphicalTheme::none() };
        if self.colour {
            theme.styles = GraphicalTheme::unicode().styles;
        }
        theme
    }
}

/// A finding as text, with a blank line after it.
pub fn human(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let mut handler = GraphicalReportHandler::new_themed(style.theme())
        .with_links(false)
        .with_width(style.width)
        .with_show_related_as_nested(true);
    if let Some(footer) = footer(diagnostic) {
        handler = handler.with_footer(footer);
    }
    let mut text = String::new();
    if handler.render_report(&mut text, &Shown::new(diagnostic, sources)).is_err() {
        // Never expected (a string takes everything), and never a reason to hide the finding.
        text = synx_compiler::diagnostic::concise(diagnostic, sources);
    }
    let lines: Vec<&str> = text.trim_matches('\n').lines().map(str::trim_end).collect();
    lines.join("\n") + "\n\n"
}

/// Notes and the titles of fixes.
fn footer(diagnostic: &Diagnostic) -> Option<String> {
    let notes = diagnostic.notes.iter().map(|note| format!("note: {note}"));
    let fixes = diagnostic.fixes.iter().map(|fix| format!("fix: {}", fix.title));
    let lines: Vec<String> = notes.chain(fixes).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A diagnostic in miette's terms: the primary file's labels, and every other file's as a related one.
#[derive(Debug)]
struct Shown {
    severity: miette::Severity,
    headline: String,
    help: Option<String>,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown>,
}

impl Shown {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Shown {
        let mut files: Vec<(&str, Vec<&Label>)> = Vec::new();
        for label in &diagnostic.labels {
            match files.iter_mut().find(|(file, _)| *file == label.file) {
                Some((_, labels)) => labels.push(label),
                None => files.push((&label.file, vec![label])),
            }
        }
        let mut parts = files.into_iter().map(|(file, labels)| Shown::part(file, &labels, sources));
        let first = parts.next().unwrap_or_else(Shown::empty);
        let severity = match diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        };
        Shown {
            severity,
            headline: format!("{}: {}", diagnostic.code, diagnostic.headline),
            help: diagnostic.help.clone(),
            related: parts.collect(),
            ..first
        }
    }

    fn empty() -> Shown {
        Shown {
            severity: miette::Severity::Advice,
            headline: String::new(),
            help: None,
            source: None,
            labels: Vec::new(),
            related: Vec::new(),
        }
    }

    /// The labels of one file. Of a file whose text is not at hand, only the name can be shown.
    fn part(file: &str, labels: &[&Label], sources: &Sources) -> Shown {
        let headline = format!("see {file}");
        let Some(source) = sources.get(file) else { return Shown { headline, ..Shown::empty() } };
        let text = &source.text;
        let span = |(i, label): (usize, &&Label)| {
            // A range that does not fit the text must not hide the finding.
            let mut start = floor(text, label.range.start);
            let end = floor(text, label.range.end.max(start));
            if start == text.len() {
                // Nothing is drawn behind the last character: the end of a file is shown at it.
                start = floor(text, start.saturating_sub(1));
            }
            let words = (!label.text.is_empty()).then(|| label.text.clone());
            let span = (start, end - start);
            if i == 0 {
                LabeledSpan::new_primary_with_span(words, span)
            } else {
                LabeledSpan::new_with_span(words, span)
            }
        };
        let labels = labels.iter().enumerate().map(span).collect();
        Shown { headline, source: Some(NamedSource::new(file, text.clone())), labels, ..Shown::empty() }
    }
}

/// The last place at or before `at` where a character of `text` begins.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let related = || self.related.iter().map(|part| part as &dyn miette::Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related()) as Box<dyn Iterator<Item = &dyn miette::Diagnostic>>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_compiler::Fix;

    const PLAIN: Style = Style { colour: false, unicode: true, width: 100 };

    fn label(file: &str, range: std::ops::Range<usize>, text: &str) -> Label {
        Label { file: file.to_owned(), range, text: text.to_owned() }
    }

    fn sources() -> Sources {
        let mut sources = Sources::new();
        sources.add("study.synx", "corpus web = world()\nmixture m = 60% web + 30% hq\n");
        sources.add("common.synx", "corpus hq = world()\n");
        sources
    }

    #[test]
    fn a_finding_shows_code_places_help_notes_and_fixes() {
        let mut finding = Diagnostic::new("E0012", "the shares sum to 90 %")
            .label(label("study.synx", 33..40, "60 %"))
            .label(label("study.synx", 43..49, "30 %"))
            .note("10 % are missing")
            .help("write `rest` for one of them");
        finding.fixes.push(Fix { title: "write `rest * hq`".to_owned(), edits: Vec::new() });
        let text = human(&finding, &sources(), PLAIN);
        for part in [
            "E0012",
            "the shares sum to 90 %",
            "study.synx:2:13",
            "60 %",
            "30 %",
            "help: write `rest` for one of them",
            "note: 10 % are missing",
            "fix: write `rest * hq`",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "no colour was asked for");
    }

    #[test]
    fn labels_in_other_files_are_shown_with_their_file() {
        let finding = Diagnostic::new("E0012", "`hq` is declared twice")
            .label(label("study.synx", 0..6, "here"))
            .label(label("common.synx", 7..9, "and there"));
        let text = human(&finding, &sources(), PLAIN);
        assert!(text.contains("common.synx:1:8") && text.contains("and there"), "{text}");
    }

    #[test]
    fn ranges_outside_the_text_or_inside_a_character_are_drawn_all_the_same() {
        let mut sources = Sources::new();
        sources.add("s.synx", "größe = 1\n\tx");
        let backwards = std::ops::Range { start: 4, end: 2 };
        for range in [0..999, 3..4, 999..1000, 12..12, 5..5, backwards] {
            let finding = Diagnostic::new("E0012", "odd").label(label("s.synx", range.clone(), "this"));
            let text = human(&finding, &sources, PLAIN);
            assert!(text.contains("this") && !text.contains("Failed to read"), "{range:?}\n{text}");
        }
    }

    #[test]
    fn a_finding_without_a_text_is_shown_with_its_file() {
        let finding = Diagnostic::new("E0012", "bad.synx is not text in UTF-8").label(label("bad.synx", 0..3, ""));
        let text = human(&finding, &Sources::new(), PLAIN);
        assert!(text.contains("bad.synx is not text"), "{text}");
        let nowhere = human(&Diagnostic::new("E0012", "nothing"), &Sources::new(), PLAIN);
        assert!(nowhere.contains("nothing"));
    }
}
