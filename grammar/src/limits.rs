//! How deep and how large a source may be, so that no text can exhaust the stack or the memory.

/// How deep brackets may nest: `(`, `[` and `{` together. Arbitrary; far beyond what a person writes.
pub(crate) const MAX_DEPTH: usize = 64;

/// How high the tree of one expression may be: an operator chain of this length, or nested calls. It bounds the
/// recursion of everything that walks an expression. Arbitrary.
pub(crate) const MAX_HEIGHT: u16 = 256;

/// How long a source may be, in bytes: 8 MiB. Arbitrary; a study is text that a person reads.
pub(crate) const MAX_SOURCE: usize = 8 << 20;

/// How many calls of the parser one part of a file (an item) may take: some megabytes of text. It bounds the memory
/// of its tokens.
pub(crate) const MAX_CALLS: usize = 64_000_000;

/// After how many mistakes the rest of a file is left out.
pub(crate) const MAX_ERRORS: usize = 1000;

/// Where brackets nest deeper than [`MAX_DEPTH`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep {
    /// The bracket that is too much.
    pub(crate) bracket: usize,
    /// The start of the last line before it that no bracket was open at: up to here the source can be parsed.
    pub(crate) sound: usize,
}

/// Looks for brackets that nest too deeply, by one pass over the bytes.
///
/// Strings and comments are those of the grammar. Any closing bracket closes one level: the grammar closes at least
/// as many, so that it never goes deeper than what is counted here.
pub(crate) fn too_deep(source: &str) -> Option<TooDeep> {
    let bytes = source.as_bytes();
    let mut depth = 0_usize;
    let mut sound = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(TooDeep { bracket: at, sound });
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' if depth == 0 => sound = at + 1,
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
    None
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
        assert_eq!(too_deep(&text), None);
    }

    #[test]
    fn a_string_ends_with_its_line() {
        let text = format!("a = \"\n{}", "[".repeat(65));
        assert_eq!(
            too_deep(&text),
            Some(TooDeep {
                bracket: 6 + 64,
                sound: 6
            })
        );
    }

    #[test]
    fn closed_brackets_do_not_count() {
        assert_eq!(too_deep(&"([{}])".repeat(100)), None);
        assert_eq!(too_deep(&"(".repeat(64)), None);
    }
}
