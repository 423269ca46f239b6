//! Findings as GitHub's workflow commands: a line that a runner reads becomes an annotation at its place in the file.

use synx_compiler::{Diagnostic, Severity, Sources};

use crate::report::is_file;

/// `::error file=study.synx,line=4,col=13,endLine=4,endColumn=36,title=synx E0301::the shares …`. Columns are given only
/// where the place is within one line, as GitHub asks.
pub fn annotation(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    let primary = diagnostic.labels.first();
    if let Some(label) = primary.filter(|label| is_file(&label.file)) {
        properties.push(("file", label.file.clone()));
        if let Some((start, end)) = sources.places(&label.file, &label.range) {
            properties.push(("line", start.line.to_string()));
            properties.push(("endLine", end.line.to_string()));
            if start.line == end.line {
                properties.push(("col", start.column.to_string()));
                properties.push(("endColumn", end.column.to_string()));
            }
        }
    }
    properties.push(("title", format!("synx {}", diagnostic.code)));
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    format!("::{command} {}::{}", properties.join(","), data(&message(diagnostic, sources)))
}

/// Headline, what else is involved, and what to do, a line each.
fn message(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut lines = vec![diagnostic.headline.clone()];
    for label in diagnostic.labels.iter().filter(|label| !label.text.is_empty()) {
        let place = sources.places(&label.file, &label.range);
        let place = place.map_or_else(String::new, |(start, _)| format!(":{}:{}", start.line, start.column));
        lines.push(format!("{}{place}: {}", label.file, label.text));
    }
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    lines.join("\n")
}

/// A message: what would end the line or begin an escape is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value: also what separates properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_compiler::Label;

    fn label(file: &str, range: std::ops::Range<usize>, text: &str) -> Label {
        Label { file: file.to_owned(), range, text: text.to_owned() }
    }

    #[test]
    fn a_finding_is_one_line_with_its_place() {
        let mut sources = Sources::new();
        sources.add("a b,c:d.synx", "synx 1\nmixture m = 60% web\n");
        let finding = Diagnostic::new("E0301", "the shares sum to 60 %, not to 100 %")
            .label(label("a b,c:d.synx", 19..26, "60 %"))
            .help("add what is missing\nor write `rest`");
        assert_eq!(
            annotation(&finding, &sources),
            "::error file=a b%2Cc%3Ad.synx,line=2,endLine=2,col=13,endColumn=20,title=synx E0301::\
             the shares sum to 60 %25, not to 100 %25%0Aa b,c:d.synx:2:13: 60 %25%0A\
             help: add what is missing%0Aor write `rest`"
        );
    }

    #[test]
    fn a_place_over_several_lines_has_no_columns_and_none_at_all_no_file() {
        let mut sources = Sources::new();
        sources.add("a.synx", "synx 1\nlet x = [1,\n2]\n");
        let finding = Diagnostic::new("W0101", "`x` is not used").label(label("a.synx", 15..21, ""));
        assert_eq!(
            annotation(&finding, &sources),
            "::warning file=a.synx,line=2,endLine=3,title=synx W0101::`x` is not used"
        );
        let nowhere = Diagnostic::new("E0012", "x.synx is not text in UTF-8");
        assert_eq!(annotation(&nowhere, &sources), "::error title=synx E0012::x.synx is not text in UTF-8");
    }

    #[test]
    fn what_was_given_on_the_command_line_is_no_file() {
        let mut sources = Sources::new();
        sources.add("--set lr", "let value = x");
        let finding = Diagnostic::new("E0110", "`x` is not a value").label(label("--set lr", 12..13, ""));
        assert_eq!(annotation(&finding, &sources), "::error title=synx E0110::`x` is not a value");
    }
}
