//! Several lines in a form of another language: one mistake, and where it ends.

use synx_grammar::view::ItemKind;
use synx_grammar::{SyntaxError, SyntaxErrorKind};

use super::line_of;

/// Several lines in a form of another language, as one mistake; and where they end.
pub(super) fn foreign_block(error: &SyntaxError, source: &str) -> Option<(SyntaxError, usize)> {
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
