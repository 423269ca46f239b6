//! One finding for each root cause of what the grammar found in a file.
//!
//! The grammar says what is wrong at every place. Where several places have one cause (a habit that goes through the whole
//! file, both sides of a merge, a second study pasted behind the first), a person wants it said once, with all the places.

use std::ops::Range;

use synx_grammar::view::ItemKind;
use synx_grammar::{Fix, SyntaxError, SyntaxErrorKind};
use synx_plan::unit::Unit;

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

/// Several lines in a form of another language, as one mistake; and where they end.
fn foreign_block(error: &SyntaxError, source: &str) -> Option<(SyntaxError, usize)> {
    let known = [yaml_block, function_of_old, dictionary, block_comment];
    known.iter().find_map(|form| form(error, source))
}

/// `def f(x):` with what stands indented below it.
fn function_of_old(error: &SyntaxError, source: &str) -> Option<(SyntaxError, usize)> {
    let whole = line_of(source, error.range.start);
    let word = source[whole.clone()].split(' ').next()?;
    if !matches!(word, "def" | "fn" | "func" | "function" | "class" | "struct") {
        return None;
    }
    let inside = |line: &&str| line.trim().is_empty() || line.starts_with([' ', '\t', '}']);
    let below: usize = source[whole.end..].split_inclusive('\n').take_while(inside).map(str::len).sum();
    let error = SyntaxError {
        kind: SyntaxErrorKind::Habit,
        message: format!("`{word}` is a word of other languages"),
        range: whole.start..whole.start + word.len(),
        help: Some(
            "what has parameters is declared like anything else: `let twice(x) = 2 * x`, \
             `mixture blend(r) = r * hq + rest * web`"
                .to_owned(),
        ),
        related: None,
        fix: None,
    };
    Some((error, whole.end + below))
}

/// `recipe standard:` with lines below it, as YAML writes blocks; and where such lines end.
fn yaml_block(error: &SyntaxError, source: &str) -> Option<(SyntaxError, usize)> {
    let whole = line_of(source, error.range.start);
    let line = source[whole.clone()].trim_end();
    let head = line.strip_suffix(':')?;
    let (kind, name) = head.split_once(' ').unwrap_or((head, "name"));
    ItemKind::from_word(kind)?;
    let entry = |line: &str| {
        let word = line.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ' ');
        word.starts_with(':') && line.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    let inside = |line: &&str| line.trim().is_empty() || line.starts_with([' ', '\t', '-']) || entry(line);
    let below: usize = source[whole.end..].split_inclusive('\n').take_while(inside).map(str::len).sum();
    let error = SyntaxError {
        kind: SyntaxErrorKind::Habit,
        message: "a block stands in braces, not under a colon".to_owned(),
        help: Some(format!("write `{kind} {} {{ … }}`, and `=` for each `:` in it", name.trim())),
        fix: None,
        range: whole.start..whole.start + line.len(),
        related: None,
    };
    Some((error, whole.end + below))
}

/// `/* … */`, and where it ends.
fn block_comment(error: &SyntaxError, source: &str) -> Option<(SyntaxError, usize)> {
    let begins = error.message.starts_with("there are no block comments");
    let end = source[error.range.start..].find("*/").filter(|_| begins)?;
    Some((error.clone(), line_of(source, error.range.start + end).end))
}

/// `let sizes = {"small": 64}`: a dictionary, and where it ends.
fn dictionary(error: &SyntaxError, source: &str) -> Option<(SyntaxError, usize)> {
    let is_block = error.kind == SyntaxErrorKind::Unexpected && error.message.starts_with("a block follows the name");
    let line = source[..error.range.start].rfind('\n').map_or(0, |at| at + 1);
    let declares_value = source[line..].starts_with("let ") || source[line..].starts_with("param ");
    if !is_block || !declares_value {
        return None;
    }
    let open = error.range.start + source[error.range.start..].find('{')?;
    let end = closing(source, open);
    let error = SyntaxError {
        kind: SyntaxErrorKind::Habit,
        message: "there are no dictionaries".to_owned(),
        help: Some(
            "what belongs together is a list of tuples: `axis (name, width) = [(small, 64), (large, 128)]`; \
             a choice is `if … then … else …`"
                .to_owned(),
        ),
        fix: None,
        range: open..end,
        related: None,
    };
    Some((error, end))
}

/// Behind the brace that closes the one at `open`; the end of the line where none does.
fn closing(source: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in source[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    open + source[open..].find('\n').unwrap_or(source.len() - open)
}

/// A mistake said more plainly where the text around it tells what was meant.
fn clarified(error: &SyntaxError, source: &str) -> SyntaxError {
    let known =
        [single_equals, closed_interval, digits_with_commas, percent_apart, glued, choice_behind, lookalike, module];
    known.iter().find_map(|clarify| clarify(error, source)).unwrap_or_else(|| error.clone())
}

/// A habit with its cure.
fn habit(message: impl Into<String>, range: Range<usize>, text: impl Into<String>) -> SyntaxError {
    SyntaxError {
        kind: SyntaxErrorKind::Habit,
        message: message.into(),
        range: range.clone(),
        help: None,
        related: None,
        fix: Some(Fix { range, text: text.into() }),
    }
}

/// `from common import web`: a module of other languages, where a file is meant.
fn module(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let path = source.get(error.range.clone())?;
    let plain = error.message.starts_with("the path of a file") && !path.ends_with(".synx");
    let help = Some(format!("write `from \"{path}.synx\" import …`, with the file beside this one"));
    plain.then(|| SyntaxError { help, fix: None, ..error.clone() })
}

/// `if a = b then`: a comparison of other languages.
fn single_equals(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let rest = source[error.range.start..].trim_start_matches(' ');
    let at = source.len() - rest.len();
    let asked = error.kind == SyntaxErrorKind::Expected && error.message.starts_with("expected `then`");
    let single = rest.starts_with('=') && !rest.starts_with("==") && !rest.starts_with("=>");
    (asked && single).then(|| habit("two values are compared with `==`, not with `=`", at..at + 1, "=="))
}

/// `1..=5`: an interval with its end, as other languages write it.
fn closed_interval(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let at = error.range.start;
    let behind_dots = source[..at].ends_with("..") && source[at..].starts_with('=');
    behind_dots.then(|| habit("an interval holds both its ends: `a..b`", at..at + 1, ""))
}

/// `1,000,000` and `0,3`.
fn digits_with_commas(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let at = error.range.start;
    if error.kind != SyntaxErrorKind::Unexpected || !source[at..].starts_with(',') {
        return None;
    }
    let before = &source[..at];
    let start = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let rest = source[at..].find(|c: char| !c.is_ascii_digit() && c != ',').map_or(source.len(), |end| at + end);
    let number = &source[start..rest];
    let parts: Vec<&str> = number.split(',').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    if parts[1..].iter().all(|part| part.len() == 3) && parts[0] != "0" {
        return Some(habit("the digits of a number are grouped with `_`", start..rest, parts.join("_")));
    }
    (parts.len() == 2).then(|| habit("the decimal sign is a point", start..rest, parts.join(".")))
}

/// `30 %`.
fn percent_apart(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let at = error.range.start;
    let before = source[..at].trim_end_matches(' ');
    let apart = source[at..].starts_with('%') && before.len() < at && before.ends_with(|c: char| c.is_ascii_digit());
    apart.then(|| habit("`%` is glued to its number", before.len()..at + 1, "%"))
}

/// `64Mtokens` and `10⁶`: what was glued to a number that cannot be.
fn glued(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    if error.kind != SyntaxErrorKind::Literal || !error.message.ends_with("cannot be glued to a number") {
        return None;
    }
    let word = source.get(error.range.clone())?;
    let digits: Option<String> = word
        .chars()
        .map(|c| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|known| known == c))
        .map(|digit| digit.map(|d| d.to_string()))
        .collect();
    if let Some(digits) = digits {
        return Some(habit("a power is written with `^`", error.range.clone(), format!("^{digits}")));
    }
    let split = |suffix: &&str| word.strip_prefix(*suffix).is_some_and(|unit| Unit::named(unit).is_some());
    let mut suffixes: Vec<&str> = synx_grammar::SUFFIXES.to_vec();
    suffixes.sort_by_key(|suffix| std::cmp::Reverse(suffix.len()));
    let suffix = suffixes.iter().find(|suffix| split(suffix))?;
    let text = format!("{suffix} {}", &word[suffix.len()..]);
    Some(habit("a unit is a word of its own", error.range.clone(), text))
}

/// `a if c else b`.
fn choice_behind(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let stray = error.kind == SyntaxErrorKind::Unexpected && source.get(error.range.clone())? == "if";
    let help = Some("a choice begins with its condition: `if condition then a else b`".to_owned());
    (stray && error.message.starts_with("expected an operator")).then(|| SyntaxError { help, ..error.clone() })
}

/// A character that looks like one of the language, or like nothing at all.
fn lookalike(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    if !matches!(error.kind, SyntaxErrorKind::Character | SyntaxErrorKind::Literal) || error.fix.is_some() {
        return None;
    }
    let line = line_of(source, error.range.start);
    let near = source[error.range.start..line.end].char_indices().map(|(at, c)| (error.range.start + at, c));
    let (at, c, what) = near
        .take_while(|(at, c)| *at < error.range.end || !c.is_ascii())
        .find_map(|(at, c)| plain(c).map(|(_, what)| (at, c, what)))?;
    // All of the line are cured at once, up to where any character may stand.
    let code = source[at..line.end].find(['"', '/']).map_or(line.end, |end| at + end);
    let last = source[at..code].char_indices().rfind(|(_, c)| plain(*c).is_some());
    let end = last.map_or(at + c.len_utf8(), |(last, c)| at + last + c.len_utf8());
    let text: String =
        source[at..end].chars().map(|c| plain(c).map_or_else(|| c.to_string(), |(text, _)| text)).collect();
    Some(SyntaxError {
        kind: SyntaxErrorKind::Character,
        message: format!("there is {what} (U+{:04X})", c as u32),
        range: at..at + c.len_utf8(),
        help: None,
        related: None,
        fix: Some(Fix { range: at..end, text }),
    })
}

/// What is to stand for a character that only looks like it, and what it is.
fn plain(c: char) -> Option<(String, &'static str)> {
    match c {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Some((" ".to_owned(), "a space that is no plain one here"))
        }
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {
            Some((String::new(), "a character here that cannot be seen"))
        }
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = char::from_u32(c as u32 - 0xff01 + 0x21)?;
            Some((ascii.to_string(), "a full-width character here"))
        }
        _ => None,
    }
}
