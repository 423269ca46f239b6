//! The files of a corpus: paths and globs, and whether they fit together.

use synx_grammar::view::Expression;
use synx_plan::corpus::{FileFormat, Files, Split};

use crate::block::Fields;
use crate::compiler::Compiler;
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// The paths and globs of `files`, each with its place; nothing where one is no text or matches no file.
    pub(super) fn patterns(&mut self, files: &Value, span: Span, fields: &Fields<'t>) -> Option<Vec<Pattern>> {
        let values = match files {
            Value::Text(_) => vec![files.clone()],
            list @ Value::List(_) => self.elements(list, span, "`files`")?.to_vec(),
            other => {
                self.expected(span, "a path or a list of paths", other);
                return None;
            }
        };
        // A list that is written out has a place for each path.
        let written: Vec<Expression<'t>> = match fields.expression("files").map(Expression::without_parens) {
            Some(Expression::List(list)) => list.elements().collect(),
            other => other.into_iter().collect(),
        };
        if values.is_empty() {
            let finding = self.finding("E0305", span, "the list of files is empty", "no path");
            self.report(finding);
            return None;
        }
        let mut patterns = Vec::new();
        let mut fits = true;
        for (i, value) in values.iter().enumerate() {
            let element = written.get(i).copied().filter(|_| written.len() == values.len());
            let at = element.map_or(span, |element| self.span(element.node()));
            match value {
                Value::Text(pattern) => {
                    let from = element.and_then(|element| fields.argument(element)).unwrap_or(at);
                    let pattern = self.path_from(from, pattern);
                    let files = self.check_files(&pattern, at);
                    fits &= files.is_some();
                    patterns.push(Pattern { text: pattern, span: at, files: files.unwrap_or_default() });
                }
                other => {
                    self.expected(at, "a path", other);
                    fits = false;
                }
            }
        }
        fits.then_some(patterns)
    }

    /// The files that a path or a glob names; nothing where it names none, which is reported.
    pub(crate) fn check_files(&mut self, pattern: &str, span: Span) -> Option<Vec<String>> {
        let glob = pattern.contains(['*', '?', '[']);
        let finding = match self.host.matches(pattern) {
            Ok(files) if !files.is_empty() => return Some(files),
            Ok(_) if glob => self
                .finding("E0306", span, format!("no file matches `{pattern}`"), "no match")
                .help("paths are relative to the folder of the study; `**` goes through folders"),
            Ok(_) => self
                .finding("E0305", span, format!("there is no file `{pattern}`"), "not found")
                .help("paths are relative to the folder of the study"),
            Err(problem) => self.finding("E0306", span, format!("`{pattern}` is not a pattern for files"), problem),
        };
        self.report(finding);
        None
    }

    /// The files of a corpus; their format is known by their names.
    pub(super) fn files(
        &mut self,
        patterns: Vec<Pattern>,
        text: Option<(Value, Span)>,
        split: Option<(Value, Span)>,
        span: Span,
    ) -> Option<Files> {
        let text = match text {
            None => None,
            Some((Value::Text(field), at)) if !field.is_empty() => Some((field.to_string(), at)),
            Some((Value::Text(_), at)) => {
                let finding = self.finding("E0307", at, "`text` is empty", "which field?");
                self.report(finding);
                return None;
            }
            Some((other, at)) => {
                self.expected(at, "the name of a field in quotes", &other);
                return None;
            }
        };
        let split_at = split.as_ref().map(|(_, at)| *at);
        let split = match split {
            None => Split::default(),
            Some((Value::Text(word), _)) => match &*word {
                "paragraphs" => Split::Paragraphs,
                "lines" => Split::Lines,
                _ => Split::File,
            },
            Some(_) => return None,
        };
        let mut formats = Vec::new();
        for pattern in &patterns {
            for file in &pattern.files {
                let Some(format) = FileFormat::of(file) else {
                    let finding = self
                        .finding("E0307", pattern.span, format!("`{file}` is of no known format"), "which format?")
                        .help("formats are `.txt`, `.jsonl` and `.parquet`, and tokens as `.npy` and `.bin`; txt and jsonl also as `.gz` or `.zst`");
                    self.report(finding);
                    return None;
                };
                // What a run cannot read yet is known by the pattern, which the plan holds.
                if !format.is_read() && FileFormat::of(&pattern.text) != Some(format) {
                    let finding = self
                        .finding(
                            "E0307",
                            pattern.span,
                            format!("`{}` also names `{file}`", pattern.text),
                            "several formats",
                        )
                        .help("end the pattern with the format: `data/*.parquet`");
                    self.report(finding);
                    return None;
                }
                formats.push((format, pattern.span));
            }
        }
        let jsonl = formats.iter().find(|(format, _)| format.has_fields());
        let txt = formats.iter().find(|(format, _)| !format.has_fields());
        let tokens = formats.iter().find(|(format, _)| *format == FileFormat::Tokens);
        let finding = match (jsonl, txt, &text, split_at) {
            (_, _, _, Some(at)) if tokens.is_some() => self
                .finding("E0307", at, "`split` cuts text, and these files hold tokens", "only for txt")
                .help("leave `split` out"),
            (Some((_, at)), _, None, _) => self
                .finding("E0307", *at, "which field holds the text is not said", "lines or rows with fields")
                .label(self.label(span, "has no `text`"))
                .help("add `text = \"text\"`, with the name of the field; nested fields as \"meta.text\""),
            (_, Some((_, file)), Some((_, at)), _) => self
                .finding("E0307", *at, "`text` names a field, and these files have none", "only for jsonl and parquet")
                .label(self.label(*file, "without fields"))
                .help("leave `text` out, or declare the two formats as two corpora"),
            (Some((_, file)), _, _, Some(at)) => self
                .finding("E0307", at, "`split` cuts txt files, and here a line or row is a document", "only for txt")
                .label(self.label(*file, "lines or rows with fields"))
                .help("leave `split` out, or declare the two formats as two corpora"),
            _ => {
                let patterns = patterns.into_iter().map(|pattern| pattern.text).collect();
                return Some(Files { patterns, text: text.map(|(field, _)| field), split });
            }
        };
        self.report(finding);
        None
    }
}

/// A path or a glob of `files`, and what it names.
pub(super) struct Pattern {
    pub text: String,
    pub span: Span,
    pub files: Vec<String>,
}
