//! One finding for each root cause of what the grammar found in a file.
//!
//! The grammar says what is wrong at every place. Where several places have one cause (a habit that goes through the whole
//! file, both sides of a merge, a second study pasted behind the first), a person wants it said once, with all the places.

mod clarify;
mod foreign;

use std::ops::Range;

use synx_grammar::{Fix, SyntaxError, SyntaxErrorKind};

use clarify::clarified;
use foreign::foreign_block;

/// Mistakes of one cause: the first of them says what is wrong, the others where else.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub error: SyntaxError,
    /// The other places, each with what is to be said of it.
    pub also: Vec<(Range<usize>, &'static str)>,
    /// The replacements that cure all of them.
    pub fixes: Vec<Fix>,
    /// What the replacements come to, where that is more than what each of them writes.
    title: Option<String>,
}

/// What is wrong in a file's syntax.
#[derive(Debug, Clone, Default)]
pub(crate) struct Causes {
    /// In the order of their first places.
    #[allow(clippy::struct_field_names)]
    pub causes: Vec<Cause>,
    /// Where a second study begins: nothing from there on is looked at.
    pub second_study: Option<usize>,
    /// Lines that could not be read to their end: what they mean is not judged.
    pub unread: Vec<Range<usize>>,
}

/// The mistakes of a file by their causes.
pub(crate) fn causes(errors: &[SyntaxError], source: &str) -> Causes {
    let mut found = Causes::default();
    // Up to here everything follows from what has been said.
    let mut silent = 0;
    let first_study = if source.starts_with("study ") { Some(0) } else { source.find("\nstudy ") };
    for error in errors {
        if error.range.start < silent {
            continue;
        }
        let read_on = recovered(error);
        let error = clarified(error, source);
        if second_edition(&error) && first_study.is_some_and(|at| at < error.range.start) {
            found.causes.push(Cause::of(pasted(&error)));
            found.second_study = Some(error.range.start);
            return found;
        }
        let line = line_of(source, error.range.start);
        if let Some((error, end)) = foreign_block(&error, source) {
            silent = end;
            found.unread.push(error.range.start..end);
            found.causes.push(Cause::of(error));
        } else if found.follows(&error, source) {
            found.unread.push(line);
        } else if let Some(first) = found.causes.iter_mut().rev().find(|cause| cause.takes(&error)) {
            first.add(&error);
        } else {
            if !read_on {
                // The rest of the line cannot be read for certain.
                silent = if error.kind == SyntaxErrorKind::Unclosed { silent } else { line.end };
                found.unread.push(line);
            }
            found.causes.push(Cause::of(error));
        }
    }
    found
}

impl Causes {
    /// Whether a mistake is but the other end of the last one.
    fn follows(&mut self, error: &SyntaxError, source: &str) -> bool {
        let Some(last) = self.causes.last_mut() else { return false };
        match (last.error.kind, error.kind) {
            // `{` that is never closed, and later `}` that closes nothing: what stands between belongs elsewhere.
            (SyntaxErrorKind::Unclosed, SyntaxErrorKind::Unopened) => {
                let opened = source[last.error.range.clone()].to_owned();
                last.fixes.clear();
                last.error.related = None;
                if opened == "{" && source[error.range.clone()].starts_with('}') {
                    "a declaration stands inside this block".clone_into(&mut last.error.message);
                    last.error.help = Some("blocks hold entries; declare it outside, before or after".to_owned());
                    last.also.push((error.range.clone(), "the block was to end here"));
                } else {
                    "these brackets cross".clone_into(&mut last.error.message);
                    last.error.help = Some("the bracket that was opened last is closed first".to_owned());
                    last.also.push((error.range.clone(), "this one closes too late"));
                }
                true
            }
            // `def f(x):` asks for a value behind the `:` that is none of the language.
            (SyntaxErrorKind::Habit, SyntaxErrorKind::Expected) => {
                let between = source.get(last.error.range.end..error.range.start);
                let follows = between.is_some_and(|between| between.trim().is_empty());
                if follows {
                    last.fixes.clear();
                }
                follows
            }
            _ => false,
        }
    }
}

/// Whether the grammar knows what was meant, so that the rest of the line is read as if it stood there.
fn recovered(error: &SyntaxError) -> bool {
    match error.kind {
        SyntaxErrorKind::Habit | SyntaxErrorKind::MergeMarker => true,
        SyntaxErrorKind::Expected | SyntaxErrorKind::Literal | SyntaxErrorKind::Character => error.fix.is_some(),
        _ => false,
    }
}

/// The line that `at` stands in, with its end.
fn line_of(source: &str, at: usize) -> Range<usize> {
    let start = source[..at].rfind('\n').map_or(0, |end| end + 1);
    start..source[at..].find('\n').map_or(source.len(), |end| at + end + 1)
}

impl Cause {
    fn of(error: SyntaxError) -> Cause {
        let fixes = error.fix.iter().cloned().collect();
        Cause { error, also: Vec::new(), fixes, title: None }
    }

    /// Whether another mistake is the same one again.
    fn takes(&self, error: &SyntaxError) -> bool {
        match error.kind {
            // A merge leaves three marks, of which the first opens.
            SyntaxErrorKind::MergeMarker => {
                self.error.kind == error.kind && self.also.len() < 3 && !error.message.starts_with("`<")
            }
            // A habit: said in the same words, cured by itself.
            SyntaxErrorKind::Habit | SyntaxErrorKind::Character => {
                self.error.kind == error.kind
                    && self.error.message == error.message
                    && self.error.fix.is_some() == error.fix.is_some()
            }
            _ => false,
        }
    }

    fn add(&mut self, error: &SyntaxError) {
        let text = match (error.kind, error.message.as_bytes().get(1)) {
            (SyntaxErrorKind::MergeMarker, Some(b'=' | b'|')) => "the other version begins here",
            (SyntaxErrorKind::MergeMarker, _) => "it ends here",
            _ => "here too",
        };
        self.also.push((error.range.clone(), text));
        self.fixes.extend(error.fix.iter().cloned());
        let count = self.also.len() + 1;
        self.title = self.fixes.first().map(|first| {
            let alike = self.fixes.iter().all(|fix| fix.text == first.text);
            format!("{}{} in all {count} places", written(first), if alike { "" } else { ", and so" })
        });
    }

    /// What its fixes do, in the imperative.
    pub(crate) fn title(&self) -> String {
        self.title.clone().or_else(|| self.fixes.first().map(written)).unwrap_or_default()
    }
}

/// What a replacement does, in the imperative.
fn written(fix: &Fix) -> String {
    match fix.text.trim() {
        "" if fix.text.is_empty() => "take it out".to_owned(),
        "" => "write a plain space".to_owned(),
        text => format!("write `{text}`"),
    }
}

fn second_edition(error: &SyntaxError) -> bool {
    error.kind == SyntaxErrorKind::Unexpected && error.message.starts_with("the edition stands once")
}

/// Two studies in one file: everything in the second would be declared twice.
fn pasted(error: &SyntaxError) -> SyntaxError {
    SyntaxError {
        message: "a second study begins here".to_owned(),
        help: Some("two studies are two files: move everything from here on into a file of its own".to_owned()),
        fix: None,
        ..error.clone()
    }
}
