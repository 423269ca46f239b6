//! What people bring along from other languages, from word processors and from merges, and what synx has instead.

use std::ops::Range;

use crate::build::shortened;
use crate::parse::error;
use crate::{Fix, SyntaxError, SyntaxErrorKind};

/// The characters that look like one of ours, and ours.
const LOOK_ALIKES: [(char, &str, &str); 22] = [
    ('\u{201C}', "\"", "a typographic quote"),
    ('\u{201D}', "\"", "a typographic quote"),
    ('\u{201E}', "\"", "a typographic quote"),
    ('\u{00AB}', "\"", "a typographic quote"),
    ('\u{00BB}', "\"", "a typographic quote"),
    ('\u{2018}', "\"", "a typographic quote"),
    ('\u{2019}', "\"", "a typographic quote"),
    ('\u{00A0}', " ", "a no-break space"),
    ('\u{3000}', " ", "an ideographic space"),
    ('\u{202F}', " ", "a narrow no-break space"),
    ('\u{2003}', " ", "a typographic space"),
    ('\u{200B}', "", "an invisible space"),
    ('\u{FEFF}', "", "an invisible byte order mark"),
    ('\u{2212}', "-", "a mathematical minus"),
    ('\u{2013}', "-", "a dash"),
    ('\u{2014}', "-", "a dash"),
    ('\u{00D7}', "*", "a multiplication sign"),
    ('\u{00F7}', "/", "a division sign"),
    ('\u{2264}', "<=", "a mathematical sign"),
    ('\u{2265}', ">=", "a mathematical sign"),
    ('\u{2260}', "!=", "a mathematical sign"),
    ('\u{221A}', "sqrt", "a root sign"),
];

/// What stands for a character that is not ours, and what it is called.
fn look_alike(character: char) -> Option<(String, &'static str)> {
    if let Some((_, ours, called)) = LOOK_ALIKES.iter().find(|(theirs, _, _)| *theirs == character) {
        return Some(((*ours).to_owned(), called));
    }
    let code = character as u32;
    if (0xFF01..=0xFF5E).contains(&code) {
        let ours = char::from_u32(code - 0xFF01 + 0x21)?;
        return Some((ours.to_string(), "a full-width character"));
    }
    None
}

fn wrong(kind: SyntaxErrorKind, range: Range<usize>, message: impl Into<String>, help: &str) -> SyntaxError {
    let mut wrong = error(kind, range, message);
    wrong.help = Some(help.to_owned());
    wrong
}

fn cured(mut wrong: SyntaxError, text: impl Into<String>) -> SyntaxError {
    wrong.fix = Some(Fix { range: wrong.range.clone(), text: text.into() });
    wrong
}

/// What is known about a text that stands where it is not understood and begins at `start`; nothing where it looks
/// like anything else.
pub(crate) fn text(text: &str, start: usize) -> Option<SyntaxError> {
    let first = text.chars().next()?;
    let one = start..start + first.len_utf8();
    let all = start..start + text.len();
    let habit = SyntaxErrorKind::Habit;
    if let Some(marker) = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].into_iter().find(|m| text.starts_with(m)) {
        return Some(wrong(
            SyntaxErrorKind::MergeMarker,
            start..start + marker.len(),
            format!("`{marker}` is left over from a merge"),
            "keep one side and delete the marker lines",
        ));
    }
    Some(match first {
        '#' => cured(wrong(habit, one, "a comment begins with `//`, not with `#`", "write `// …`"), "//"),
        '/' if text.starts_with("/*") => {
            wrong(habit, start..start + 2, "there are no block comments", "a comment is `// …`, to the end of its line")
        }
        '%' => wrong(
            SyntaxErrorKind::Literal,
            one,
            "`%` is glued to its number: `20%`",
            "for the remainder of a division there is no operator",
        ),
        ':' => wrong(habit, one, "`:` has no meaning here", "a value is given with `=`; a type is never written"),
        '=' if text.starts_with("==") => wrong(
            SyntaxErrorKind::Unexpected,
            start..start + 2,
            "`==` compares two values",
            "`=` gives a value to a name",
        ),
        '=' => cured(wrong(habit, one, "`=` gives a value to a name and cannot stand here", "`==` compares"), "=="),
        '!' => cured(wrong(habit, one, "`!` is written `not`", "`not condition`"), "not "),
        '?' => wrong(habit, one, "`?` has no meaning here", "a choice is `if condition then value else other`"),
        '&' => cured(wrong(habit, one, "`&` is written `and`", "conditions are joined by `and` and `or`"), "and"),
        '|' => wrong(habit, one, "`|` has no meaning here", "`or` joins conditions, `|>` passes a value on"),
        '@' | '$' | '\\' | '`' => {
            wrong(habit, one, format!("`{first}` has no meaning here"), "names stand without any mark")
        }
        '\'' => wrong(habit, one, "strings stand in double quotes", "write `\"text\"`"),
        '.' if text.starts_with("...") => wrong(habit, start..start + 3, "an interval has two dots", "write `a..b`"),
        '\u{2026}' => wrong(
            SyntaxErrorKind::Character,
            one,
            "`…` stands for something that was left out",
            "write it out, or delete the `…`; an interval is `a..b`",
        ),
        ')' | ']' | '}' => {
            error(SyntaxErrorKind::Unopened, one, format!("nothing is open that this `{first}` could close"))
        }
        _ if !first.is_ascii() => foreign(text, all),
        _ if first.is_ascii_control() => error(
            SyntaxErrorKind::Character,
            one,
            format!("a control character (code {}) is no part of the language", first as u32),
        ),
        _ => return None,
    })
}

/// A text that begins with a character outside ASCII.
fn foreign(text: &str, range: Range<usize>) -> SyntaxError {
    let kind = SyntaxErrorKind::Character;
    let Some(first) = text.chars().next() else {
        return error(kind, range, "a character is missing");
    };
    if let Some((ours, called)) = look_alike(first) {
        if ours.trim().is_empty() {
            let range = range.start..range.start + first.len_utf8();
            return cured(error(kind, range, format!("{called} (U+{:04X}) stands here", first as u32)), ours);
        }
        let run: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || look_alike(*c).is_some()).collect();
        let ours: String = run.chars().map(|c| look_alike(c).map_or_else(|| c.to_string(), |(ours, _)| ours)).collect();
        let shown = format!("`{}` is {called}: write `{}`", shortened(&run), shortened(&ours));
        let range = range.start..range.start + run.len();
        return cured(error(kind, range, shown), ours);
    }
    if first.is_alphabetic() {
        return foreign_word(text, range.start);
    }
    error(
        kind,
        range.start..range.start + first.len_utf8(),
        format!("`{first}` (U+{:04X}) is no part of the language", first as u32),
    )
}

/// A word with letters outside ASCII.
fn foreign_word(text: &str, start: usize) -> SyntaxError {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if word.is_empty() {
        let at = text.find(|c: char| !c.is_ascii()).unwrap_or(0);
        let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
        let message = format!("`{}` cannot stand in a name", shortened(&text[..end]));
        return error(SyntaxErrorKind::Character, start..start + end, message);
    }
    let range = start..start + word.len();
    if word.chars().any(|c| look_alike(c).is_some()) {
        let ours: String =
            word.chars().map(|c| look_alike(c).map_or_else(|| c.to_string(), |(ours, _)| ours)).collect();
        return cured(
            error(
                SyntaxErrorKind::Character,
                range,
                format!("`{}` has full-width characters: write `{}`", shortened(&word), shortened(&ours)),
            ),
            ours,
        );
    }
    wrong(
        SyntaxErrorKind::Character,
        range,
        format!("`{}` is no name: names are made of the letters a to z, digits and `_`", shortened(&word)),
        "any text can stand in strings and comments",
    )
}

/// Something in the place of a value that is none.
pub(crate) fn operand(source: &str, range: Range<usize>) -> SyntaxError {
    let found = &source[range.clone()];
    let quotes = ['\'', '`', '\u{201C}', '\u{201E}', '\u{2018}', '\u{00AB}'];
    let ends = ['\'', '`', '\u{201C}', '\u{201D}', '\u{2019}', '\u{00BB}'];
    let first = found.chars().next().unwrap_or(' ');
    if quotes.contains(&first) && found.chars().count() > 1 && found.ends_with(ends) {
        let mut inner = found.chars();
        inner.next();
        inner.next_back();
        let text = format!("\"{}\"", inner.as_str());
        return cured(
            wrong(
                SyntaxErrorKind::Character,
                range,
                format!("strings stand in double quotes, not in `{first}`"),
                "write `\"text\"`",
            ),
            text,
        );
    }
    if first == '.' && source[..range.start].ends_with("..") {
        let start = range.start;
        return cured(wrong(SyntaxErrorKind::Habit, start..start + 1, "an interval has two dots", "write `a..b`"), "");
    }
    if first == '.' && found.len() > 1 && found[1..].bytes().next().is_some_and(|byte| byte.is_ascii_digit()) {
        return cured(
            error(SyntaxErrorKind::Literal, range, format!("a number begins with a digit: write `0{found}`")),
            format!("0{found}"),
        );
    }
    if first.is_alphanumeric() || first == '_' {
        return foreign_word(found, range.start);
    }
    let line = source[range.start..].lines().next().unwrap_or(found);
    text(line, range.start).unwrap_or_else(|| {
        error(SyntaxErrorKind::Unexpected, range, format!("expected a value, found `{}`", shortened(found)))
    })
}

/// An operator of another language.
pub(crate) fn operator(found: &str, range: Range<usize>) -> SyntaxError {
    let (ours, kind) = match found {
        "&&" => ("and", SyntaxErrorKind::Habit),
        "||" => ("or", SyntaxErrorKind::Habit),
        "**" => ("^", SyntaxErrorKind::Habit),
        "===" => ("==", SyntaxErrorKind::Habit),
        "!==" | "<>" => ("!=", SyntaxErrorKind::Habit),
        "=>" => (">=", SyntaxErrorKind::Habit),
        "->" => ("|>", SyntaxErrorKind::Habit),
        "\u{2264}" => ("<=", SyntaxErrorKind::Character),
        "\u{2265}" => (">=", SyntaxErrorKind::Character),
        "\u{2260}" => ("!=", SyntaxErrorKind::Character),
        "\u{00D7}" | "\u{00B7}" => ("*", SyntaxErrorKind::Character),
        "\u{00F7}" => ("/", SyntaxErrorKind::Character),
        _ => ("-", SyntaxErrorKind::Character),
    };
    cured(error(kind, range, format!("`{found}` is written `{ours}`")), ours)
}

/// Something in the place of a declared name that is none.
pub(crate) fn bad_name(found: &str, range: Range<usize>) -> SyntaxError {
    let first = found.chars().next().unwrap_or(' ');
    if first == '"' {
        let inner = found.trim_matches('"');
        let wrong = error(SyntaxErrorKind::Habit, range, "a name stands without quotes");
        let is_name = !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return if is_name { cured(wrong, inner) } else { wrong };
    }
    if !first.is_ascii() {
        return foreign(found, range);
    }
    if !found.is_ascii() {
        return foreign_word(found, range.start);
    }
    if first.is_ascii_digit() {
        return error(
            SyntaxErrorKind::Unexpected,
            range,
            format!("`{}` is no name: a name begins with a letter or `_`", shortened(found)),
        );
    }
    if found.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return wrong(
            SyntaxErrorKind::Unexpected,
            range,
            format!("`{found}` is a reserved word and cannot be a name"),
            "choose another name, such as one with `_` at its end",
        );
    }
    error(SyntaxErrorKind::Unexpected, range, format!("expected a name, found `{}`", shortened(found)))
}

/// `1,000`: a number with commas between its digits; `comma` is where one stands.
pub(crate) fn grouped_digits(source: &str, comma: usize) -> Option<SyntaxError> {
    let before = source[..comma].bytes().rev().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let after = source[comma..].bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let number = &source[comma - before..comma + after];
    let mut groups = number.split(',');
    let is_number =
        groups.next().is_some_and(|first| (1..=3).contains(&first.len())) && groups.all(|group| group.len() == 3);
    is_number.then(|| {
        let plain = number.replace(',', "_");
        cured(
            error(
                SyntaxErrorKind::Literal,
                comma - before..comma + after,
                format!("digits are not grouped by `,`: write `{}`", shortened(&plain)),
            ),
            plain.clone(),
        )
    })
}
