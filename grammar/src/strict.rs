//! What a rejected piece should have been: it is read again by a rule that matches only what is right, and where that
//! stops is what is said.

use std::ops::Range;

use crate::build::{BLANKS, shortened};
use crate::parse::{Rule, error, expected};
use crate::view::ItemKind;
use crate::{Fix, SyntaxError, SyntaxErrorKind, habits};

/// Longer pieces are not read again: what is wrong with them is said in general words.
const LONGEST: usize = 4096;

/// A line at the top of a file that is no item.
pub(crate) fn item(text: &str, start: usize) -> SyntaxError {
    let line = text.lines().next().unwrap_or(text).trim_end_matches(BLANKS);
    if let Some(known) = habits::text(line, start) {
        return known;
    }
    let first = first_word(line);
    let after = line[first.len()..].trim_start_matches(BLANKS);
    let word = start..start + first.len();
    let unexpected = SyntaxErrorKind::Unexpected;
    if matches!(first, "axis" | "where" | "free") {
        let place = if first == "free" { "law" } else { "grid" };
        return error(unexpected, word, format!("`{first}` stands inside the block of a `{place}`"));
    }
    if first == "import" {
        let mut wrong = error(SyntaxErrorKind::Habit, word, "an import begins with the file");
        wrong.help = Some("write `from \"common.synx\" import web, llama`".to_owned());
        return wrong;
    }
    if first == "synx" {
        if after.starts_with(|c: char| c.is_ascii_digit()) {
            return error(unexpected, word, "the edition stands once, before everything else");
        }
        let mut wrong =
            error(SyntaxErrorKind::Expected, word.end..word.end, "expected the edition's number after `synx`");
        wrong.help = Some("the first line is `synx 1`".to_owned());
        // `synx v1`, `synx "1"`: the number is there, in a form that is not read.
        let digits = after.trim_matches(|c: char| "\"'v=:".contains(c) || BLANKS.contains(&c));
        if after.is_empty() || matches!(digits, "1" | "1.0") {
            wrong.fix = Some(Fix { range: word.end..start + line.len(), text: " 1".to_owned() });
        }
        return wrong;
    }
    if ItemKind::from_word(first).is_some() && after.starts_with('=') {
        return error(
            SyntaxErrorKind::Expected,
            word.end..word.end,
            format!("expected a name between `{first}` and `=`"),
        );
    }
    if !first.is_empty() && after.starts_with('=') && !after.starts_with("==") {
        let mut wrong = error(
            unexpected,
            word,
            format!(
                "`{} = …` stands inside a block; at the top of a file it is `let {} = …`",
                shortened(first),
                shortened(first)
            ),
        );
        wrong.fix = Some(Fix { range: start..start, text: "let ".to_owned() });
        return wrong;
    }
    if !first.is_empty() && after.starts_with('{') {
        let mut wrong = error(
            SyntaxErrorKind::Expected,
            word.end..word.end,
            format!("expected a name between `{}` and `{{`", shortened(first)),
        );
        wrong.help = Some("a declaration is `kind name { entries }`".to_owned());
        return wrong;
    }
    let mut wrong = match stopped(Rule::strict_item, text, start) {
        Some(wrong) if ItemKind::from_word(first).is_some() => wrong,
        _ => {
            error(unexpected, start..start + line.len(), format!("expected a declaration, found `{}`", shortened(line)))
        }
    };
    wrong.help.get_or_insert_with(|| {
        "a declaration is `kind name(parameters) = value` or `kind name(parameters) { entries }`".to_owned()
    });
    wrong
}

/// A line of a block that is no entry.
pub(crate) fn entry(text: &str, start: usize) -> SyntaxError {
    let line = text.lines().next().unwrap_or(text).trim_end_matches(BLANKS);
    if let Some(known) = habits::text(line, start) {
        return known;
    }
    let first = first_word(line);
    let after = line[first.len()..].trim_start_matches(BLANKS);
    let word = start..start + first.len();
    if after.starts_with("==") {
        let at = start + (line.len() - after.len());
        let mut wrong = error(
            SyntaxErrorKind::Habit,
            at..at + 2,
            format!("`==` compares; `{}` gets its value with `=`", shortened(first)),
        );
        wrong.fix = Some(Fix { range: at..at + 2, text: "=".to_owned() });
        return wrong;
    }
    if !first.is_empty()
        && after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '(')
        && let Some(meant) = misspelt(first, &["axis", "let", "where", "free", "allow", "assert"])
    {
        let mut wrong = error(
            SyntaxErrorKind::Unexpected,
            word.clone(),
            format!("unknown word `{first}`: did you mean `{meant}`?"),
        );
        wrong.fix = Some(Fix { range: word, text: meant.to_owned() });
        return wrong;
    }
    let mut wrong = stopped(Rule::strict_entry, text, start).unwrap_or_else(|| {
        error(SyntaxErrorKind::Unexpected, start..start + line.len(), format!("`{}` is no entry", shortened(line)))
    });
    wrong.help.get_or_insert_with(|| {
        "an entry is `name = value`; grids also have `axis`, `let` and `where`, laws `free`, `let` and `left ~ right`".to_owned()
    });
    wrong
}

/// What is left of a line: `before` is the entry that it was to be part of, `rest` the piece that is too much.
pub(crate) fn rest(source: &str, before: Range<usize>, rest: Range<usize>, rule: Option<Rule>) -> SyntaxError {
    let text = &source[rest.clone()];
    let line = text.lines().next().unwrap_or(text).trim_end_matches(BLANKS);
    if let Some(known) = habits::text(line, rest.start) {
        return known;
    }
    if let Some(rule) = rule
        && let Some(wrong) = stopped(rule, source[before.start..rest.end].trim_end_matches(BLANKS), before.start)
        && wrong.range.start >= rest.start.min(before.end)
        && wrong.kind == SyntaxErrorKind::Expected
    {
        return wrong;
    }
    let last = source[before].trim_end_matches(BLANKS);
    let last = last.rsplit(BLANKS).next().unwrap_or(last);
    let found = first_token(line);
    let mut wrong = error(
        SyntaxErrorKind::Unexpected,
        rest.start..rest.start + found.len(),
        format!("expected an operator or a line end after `{}`, found `{}`", shortened(last), shortened(found)),
    );
    if found.starts_with('(') {
        wrong.help = Some("a call has no blank before its `(`, a product needs its `*`".to_owned());
    }
    wrong
}

/// Reads a piece by a strict rule and says what was expected where it stops.
fn stopped(rule: Rule, text: &str, start: usize) -> Option<SyntaxError> {
    if text.len() > LONGEST {
        return None;
    }
    let (at, rules) = expected(rule, text)?;
    let before = text[..at].trim_end_matches(BLANKS);
    let end = start + before.len();
    let what = wanted(&rules)?;
    let last = before.rsplit(|c: char| BLANKS.contains(&c) || "([{,".contains(c)).next().unwrap_or(before);
    let after = if last.is_empty() { String::new() } else { format!(" after `{}`", shortened(last)) };
    let found = first_token(text[at..].trim_start_matches(BLANKS));
    let (range, seen) = if found.is_empty() {
        (end..end, String::new())
    } else {
        let from = start + text.len() - text[at..].trim_start_matches(BLANKS).len();
        (from..from + found.len(), format!(", found `{}`", shortened(found)))
    };
    let message = format!("expected {what}{after}{seen}");
    let mut wrong = error(SyntaxErrorKind::Expected, range, message);
    if what == "`=`" && !found.is_empty() {
        wrong.fix = Some(Fix { range: end..end, text: " =".to_owned() });
    }
    Some(wrong)
}

/// What a person would call the likeliest of these rules.
fn wanted(rules: &[Rule]) -> Option<&'static str> {
    const NAMES: [(&[Rule], &str); 6] = [
        (&[Rule::eq, Rule::strict_field], "`=`"),
        (&[Rule::strict_value, Rule::strict_operand, Rule::used, Rule::number, Rule::string, Rule::list], "a value"),
        (&[Rule::kind], "a declaration"),
        (&[Rule::name], "a name"),
        (&[Rule::block], "`=` or `{`"),
        (&[Rule::tilde], "`~` or an operator"),
    ];
    NAMES.into_iter().find(|(members, _)| members.iter().any(|member| rules.contains(member))).map(|(_, name)| name)
}

/// The word that this one is a misspelling of.
fn misspelt<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    known
        .iter()
        .copied()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance > 0 && *distance <= candidate.len() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The first thing of a text, as a person would name it.
fn first_token(text: &str) -> &str {
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if word > 0 {
        return &text[..word];
    }
    text.chars().next().map_or("", |c| &text[..c.len_utf8()])
}
