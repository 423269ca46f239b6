//! How deep and how large a source may be, so that no text can exhaust the stack or the memory.

use crate::view::ItemKind;

/// How deep brackets may nest: `(`, `[` and `{` together. Arbitrary; far beyond what a person writes.
pub(crate) const MAX_DEPTH: usize = 64;

/// How high the tree of one expression may be: an operator chain of this length, or nested calls. It bounds the
/// recursion of everything that walks an expression. Arbitrary.
pub(crate) const MAX_HEIGHT: u16 = 256;

/// How long a source may be, in bytes: 2 MiB, some fifty thousand lines. Arbitrary; a study is text that a person
/// reads, and the densest text of this length is read within a second and 200 MB.
pub(crate) const MAX_SOURCE: usize = 2 << 20;

/// How many calls of the parser one part of a file (an item) may take: about a megabyte of text. It bounds the memory
/// of its tokens.
pub(crate) const MAX_CALLS: usize = 12_000_000;

/// After how many mistakes the rest of a file is left out.
pub(crate) const MAX_ERRORS: usize = 1000;

/// What one pass over the bytes says about a source, before the grammar is asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// Where brackets nest too deeply, if they do.
    pub(crate) too_deep: Option<TooDeep>,
    /// Where a `let` at the start of a line begins an item although a bracket before it is open: that was never closed.
    /// `let` stands in blocks too, so that only the end of the block could tell; in a source whose brackets all close
    /// there is no such place.
    pub(crate) lets: Vec<usize>,
}

/// Where brackets nest deeper than [`MAX_DEPTH`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep {
    /// The bracket that is too much.
    pub(crate) bracket: usize,
    /// The start of the last line before it that no bracket was open at: up to here the source can be parsed.
    pub(crate) sound: usize,
}

/// Looks at the brackets of a source.
///
/// Strings and comments are those of the grammar. Any closing bracket closes one level: the grammar closes at least
/// as many, so that it never goes deeper than what is counted here.
pub(crate) fn outline(source: &str) -> Outline {
    let bytes = source.as_bytes();
    let mut outline = Outline::default();
    let mut depth = 0_usize;
    let mut sound = 0;
    // The `let` lines since a bracket was opened that is still open.
    let mut lets = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    outline.too_deep = Some(TooDeep { bracket: at, sound });
                    return outline;
                }
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    lets.clear();
                }
            }
            b'\n' => {
                let line = &source[at + 1..];
                if depth == 0 {
                    sound = at + 1;
                } else if line.starts_with("let ") {
                    lets.push(at + 1);
                } else if line.starts_with(|c: char| c.is_ascii_lowercase()) && begins_item(line) {
                    // What is open here was never closed.
                    depth = 0;
                    sound = at + 1;
                    outline.lets.append(&mut lets);
                }
            }
            b'"' => at = string_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while at + 1 < bytes.len() && bytes[at + 1] != b'\n' {
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    outline.lets.append(&mut lets);
    outline
}

/// Whether a line begins an item of a known kind that no entry and no value looks like.
fn begins_item(line: &str) -> bool {
    let word = line.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(line.len());
    if ItemKind::from_word(&line[..word]).is_none_or(|kind| kind == ItemKind::Let) {
        return false;
    }
    let after = line[word..].trim_start_matches([' ', '\t']);
    let name = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let body = after[name..].trim_start_matches([' ', '\t']);
    after.len() < line.len() - word
        && name > 0
        && (body.starts_with('{') || body.starts_with('=') && !body.starts_with("=="))
}

/// The last byte of the string that begins at `at`: its closing quote, or what stands before the line's end.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    loop {
        match bytes.get(end + 1) {
            None | Some(b'\n') => return end,
            Some(b'"') => return end + 1,
            Some(b'\\') if bytes.get(end + 2).is_some_and(|next| *next != b'\n') => end += 2,
            Some(_) => end += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let text = format!("a = \"{0}\\\"{0}\" // {0}\n", "(".repeat(100));
        assert_eq!(outline(&text), Outline::default());
    }

    #[test]
    fn a_string_ends_with_its_line() {
        let text = format!("a = \"\n{}", "[".repeat(65));
        assert_eq!(outline(&text).too_deep, Some(TooDeep { bracket: 6 + 64, sound: 6 }));
    }

    #[test]
    fn closed_brackets_do_not_count() {
        assert_eq!(outline(&"([{}])".repeat(100)), Outline::default());
        assert_eq!(outline(&"(".repeat(64)).too_deep, None);
    }

    #[test]
    fn a_let_begins_an_item_only_where_a_block_was_never_closed() {
        assert_eq!(outline("grid g {\nlet a = 1\n}\nlet b = 2\n").lets, []);
        assert_eq!(outline("grid g {\nlet a = 1\nwhere a }\ngrid h { b = 2 }\n").lets, []);
        assert_eq!(outline("grid g {\n  a = 1\nlet b = 2\ngrid h { c = 3 }\n").lets, [17]);
        assert_eq!(outline("grid g {\n  a = 1\nlet b = 2\n").lets, [17]);
    }
}
