//! Diagnostics for people: miette's graphical form, made from the compiler's one type.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use synx_compiler::{Diagnostic, Label, Severity, Sources};

use crate::excerpt::{CONTEXT, Excerpt};

/// Places of one finding that are drawn; the others are counted. Arbitrary: half a screen.
const MOST_LABELS: usize = 12;

/// How findings are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub colour: bool,
    pub unicode: bool,
    pub width: usize,
}

impl Style {
    /// For files and pipes. The width is arbitrary; a line of prose is easy to read at it.
    pub const PIPE: Style = Style { colour: false, unicode: true, width: 100 };

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
    let handler = GraphicalReportHandler::new_themed(style.theme())
        .with_links(false)
        .with_context_lines(CONTEXT)
        .with_width(style.width)
        .with_show_related_as_nested(true);
    let mut text = String::new();
    if handler.render_report(&mut text, &Shown::new(diagnostic, sources)).is_err() {
        // Never expected (a string takes everything), and never a reason to hide the finding.
        text = synx_compiler::diagnostic::concise(diagnostic, sources);
    }
    let mut lines: Vec<String> = text.trim_matches('\n').lines().map(|line| line.trim_end().to_owned()).collect();
    lines.extend(advice(diagnostic, style));
    lines.join("\n") + "\n\n"
}

/// Notes, what to do, and the titles of fixes, below the drawing.
fn advice(diagnostic: &Diagnostic, style: Style) -> Vec<String> {
    let more = diagnostic.labels.len().saturating_sub(MOST_LABELS);
    let more = (more > 0).then(|| ("note", format!("{more} more places are not shown")));
    let notes = diagnostic.notes.iter().map(|note| ("note", note.clone()));
    // A fix that says the same is enough.
    let said = |help: &&String| diagnostic.fixes.iter().any(|fix| fix.title == **help);
    let help = diagnostic.help.iter().filter(|help| !said(help)).map(|help| ("help", help.clone()));
    let fixes = diagnostic.fixes.iter().map(|fix| ("fix", fix.title.clone()));
    let paragraphs = more.into_iter().chain(notes).chain(help).chain(fixes);
    paragraphs.flat_map(|(word, text)| paragraph(word, &text, style)).collect()
}

/// `  help: …`, its further lines under the first word; what stands in backticks is not broken.
fn paragraph(word: &str, text: &str, style: Style) -> Vec<String> {
    let indent = word.len() + 4;
    let mut lines: Vec<String> = Vec::new();
    for part in text.lines() {
        let mut line = String::new();
        let mut quoted = false;
        let mut words: Vec<String> = Vec::new();
        for piece in part.split(' ') {
            match words.last_mut().filter(|_| quoted) {
                Some(last) => *last = format!("{last} {piece}"),
                None => words.push(piece.to_owned()),
            }
            quoted ^= piece.matches('`').count() % 2 == 1;
        }
        for word in words {
            let full = indent + line.chars().count() + 1 + word.chars().count() > style.width;
            if !line.is_empty() && full {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    let head = if style.colour { format!("\u{1b}[36m{word}:\u{1b}[0m") } else { format!("{word}:") };
    let shown = |(i, line): (usize, String)| {
        if i == 0 { format!("  {head} {line}") } else { format!("{}{line}", " ".repeat(indent)) }
    };
    lines.into_iter().enumerate().map(shown).collect()
}

/// A diagnostic in miette's terms: the primary file's labels, and every other file's as a related one.
#[derive(Debug)]
struct Shown {
    severity: miette::Severity,
    headline: String,
    source: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown>,
}

impl Shown {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Shown {
        let mut files: Vec<(&str, Vec<&Label>)> = Vec::new();
        for label in diagnostic.labels.iter().take(MOST_LABELS) {
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
            related: parts.collect(),
            ..first
        }
    }

    fn empty() -> Shown {
        Shown {
            severity: miette::Severity::Advice,
            headline: String::new(),
            source: None,
            labels: Vec::new(),
            related: Vec::new(),
        }
    }

    /// The labels of one file. Of a file whose text is not at hand, only the name can be shown.
    fn part(file: &str, labels: &[&Label], sources: &Sources) -> Shown {
        let headline = format!("see {file}");
        let Some(source) = sources.get(file) else { return Shown { headline, ..Shown::empty() } };
        let ranges: Vec<_> = labels.iter().map(|label| label.range.clone()).collect();
        let (excerpt, places) = Excerpt::new(source, &ranges);
        let span = |(i, (label, place)): (usize, (&&Label, std::ops::Range<usize>))| {
            let words = (!label.text.is_empty()).then(|| label.text.clone());
            let span = (place.start, place.len());
            if i == 0 {
                LabeledSpan::new_primary_with_span(words, span)
            } else {
                LabeledSpan::new_with_span(words, span)
            }
        };
        let labels = labels.iter().zip(places).enumerate().map(span).collect();
        Shown { headline, source: Some(excerpt), labels, ..Shown::empty() }
    }
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
        let text = human(&finding, &sources(), Style::PIPE);
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
    fn advice_is_wrapped_under_its_first_word_and_code_in_it_is_not_broken() {
        let finding = Diagnostic::new("E0012", "odd").help("one two three `a b c d` four five six");
        let text = human(&finding, &Sources::new(), Style { width: 24, ..Style::PIPE });
        assert!(text.ends_with("  help: one two three\n        `a b c d` four\n        five six\n\n"), "{text}");
    }

    #[test]
    fn a_place_around_others_on_its_line_is_drawn_at_its_end() {
        let mut sources = Sources::new();
        sources.add("s.synx", "mixture m = 60% web + 30% hq\n");
        let finding = Diagnostic::new("E0012", "90 %")
            .label(label("s.synx", 12..28, "10 % missing"))
            .label(label("s.synx", 12..19, "60 %"))
            .label(label("s.synx", 22..28, "30 %"));
        let text = human(&finding, &sources, Style::PIPE);
        assert!(text.contains("[s.synx:1:13]"), "{text}");
        assert!(text.contains("·             ───┬───   ───┬──▲\n"), "{text}");
    }

    #[test]
    fn lines_and_places_of_any_length_are_cut_to_what_can_be_read() {
        let long =
            format!("synx 1\nlet x = {}é + wrong + {}\nlet y = 1\n", "1 + ".repeat(100_000), "2 + ".repeat(100_000));
        let at = long.find("wrong").unwrap();
        let mut sources = Sources::new();
        sources.add("s.synx", long.as_str());
        let finding = Diagnostic::new("E0012", "odd")
            .label(label("s.synx", at..at + 5, "this"))
            .label(label("s.synx", 11..long.len() - 20, "all of it"))
            .label(label("s.synx", 15..16, "its beginning"));
        let text = human(&finding, &sources, Style::PIPE);
        assert!(text.contains("[s.synx:2:400013]") && text.contains("é + wrong + 2"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 600) && text.lines().count() < 20, "{text}");

        let tall = format!("synx 1\nlet x = [\n{}]\n", "    1,\n".repeat(10_000));
        sources.add("tall.synx", tall.as_str());
        let finding = Diagnostic::new("E0012", "odd").label(label("tall.synx", 15..tall.len() - 1, "this list"));
        let text = human(&finding, &sources, Style::PIPE);
        assert!(text.contains("this list") && text.lines().count() < 12, "{text}");
    }

    #[test]
    fn of_very_many_places_some_are_drawn_and_the_others_counted() {
        let mut sources = Sources::new();
        sources.add("s.synx", "let x = 1\n".repeat(1000));
        let labels = (0..1000).map(|i| label("s.synx", i * 10..i * 10 + 3, "here"));
        let finding = labels.fold(Diagnostic::new("E0012", "many"), Diagnostic::label);
        let text = human(&finding, &sources, Style::PIPE);
        assert!(text.contains("note: 988 more places are not shown"), "{text}");
        assert!(text.lines().count() < 80, "{text}");
    }

    #[test]
    fn labels_in_other_files_are_shown_with_their_file() {
        let finding = Diagnostic::new("E0012", "`hq` is declared twice")
            .label(label("study.synx", 0..6, "here"))
            .label(label("common.synx", 7..9, "and there"));
        let text = human(&finding, &sources(), Style::PIPE);
        assert!(text.contains("common.synx:1:8") && text.contains("and there"), "{text}");
    }

    #[test]
    fn ranges_outside_the_text_or_inside_a_character_are_drawn_all_the_same() {
        let mut sources = Sources::new();
        sources.add("s.synx", "größe = 1\n\tx");
        let backwards = std::ops::Range { start: 4, end: 2 };
        for range in [0..999, 3..4, 999..1000, 12..12, 5..5, backwards] {
            let finding = Diagnostic::new("E0012", "odd").label(label("s.synx", range.clone(), "this"));
            let text = human(&finding, &sources, Style::PIPE);
            assert!(text.contains("this") && !text.contains("Failed to read"), "{range:?}\n{text}");
        }
    }

    #[test]
    fn a_finding_without_a_text_is_shown_with_its_file() {
        let finding = Diagnostic::new("E0012", "bad.synx is not text in UTF-8").label(label("bad.synx", 0..3, ""));
        let text = human(&finding, &Sources::new(), Style::PIPE);
        assert!(text.contains("bad.synx is not text"), "{text}");
        let nowhere = human(&Diagnostic::new("E0012", "nothing"), &Sources::new(), Style::PIPE);
        assert!(nowhere.contains("nothing"));
    }
}
