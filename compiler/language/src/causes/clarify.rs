//! A single mistake of syntax, said more plainly where the text around it tells what was meant.

use std::ops::Range;

use synx_grammar::{Fix, SyntaxError, SyntaxErrorKind};
use synx_plan::unit::Unit;

use super::line_of;

/// A mistake said more plainly where the text around it tells what was meant.
pub(super) fn clarified(error: &SyntaxError, source: &str) -> SyntaxError {
    let known = [
        single_equals,
        closed_interval,
        digits_with_commas,
        percent_apart,
        glued,
        choice_behind,
        nameless_function,
        text_with_values,
        whole_import,
        counted_up,
        lookalike,
        module,
    ];
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

/// What is said of a mistake whose own words do not tell what was meant.
fn helped(error: &SyntaxError, help: &str) -> SyntaxError {
    SyntaxError { help: Some(help.to_owned()), ..error.clone() }
}

/// `lambda x: 2 * x`.
fn nameless_function(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let word = source.get(..error.range.start)?.trim_end_matches(' ').strip_suffix("lambda")?;
    let stray = error.kind == SyntaxErrorKind::Unexpected && word.ends_with([' ', '(', ',', '=']);
    stray.then(|| SyntaxError {
        kind: SyntaxErrorKind::Habit,
        message: "there are no functions without a name".to_owned(),
        range: word.len()..word.len() + "lambda".len(),
        help: Some("what has parameters is declared: `let twice(x) = 2 * x`".to_owned()),
        related: None,
        fix: None,
    })
}

/// `f"{width}"`.
fn text_with_values(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let prefix = source.get(..error.range.start)?.strip_suffix(['f', 'r', 'b'])?;
    let glued = source[error.range.start..].starts_with(['"', '\'']) && prefix.ends_with([' ', '(', ',', '[', '=']);
    (glued && error.kind == SyntaxErrorKind::Unexpected).then(|| SyntaxError {
        kind: SyntaxErrorKind::Habit,
        message: "a text has no letter before its quotes".to_owned(),
        range: prefix.len()..error.range.start + 1,
        help: Some("it holds what stands between the quotes; values are not put into it".to_owned()),
        related: None,
        fix: None,
    })
}

/// `from "common.synx" import *`.
fn whole_import(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let all = source.get(error.range.start..)?.trim_start_matches(' ').starts_with('*');
    (all && error.message.ends_with("after `import`"))
        .then(|| helped(error, "names are imported one by one: `from \"common.synx\" import web, llama`"))
}

/// `x += 1`.
fn counted_up(error: &SyntaxError, source: &str) -> Option<SyntaxError> {
    let line = source.get(error.range.clone())?;
    let name = line.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').trim_start();
    let changes = ["+=", "-=", "*=", "/=", "++", "--"].iter().any(|operator| name.starts_with(operator));
    (changes && error.message.starts_with("expected a declaration"))
        .then(|| helped(error, "a name keeps its value: declare another, `let next = …`"))
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
