//! From text to tree.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Once;

use pest::Parser;

use crate::build::Builder;
use crate::limits::{MAX_CALLS, MAX_DEPTH, MAX_ERRORS, MAX_SOURCE, outline};
use crate::reuse::{Edit, SoundPart};
use crate::view::File;
use crate::{SyntaxError, SyntaxErrorKind, Tree};

/// The rules of `synx.pest`. It and everything else of pest stays in this crate.
#[derive(pest_derive::Parser)]
#[grammar = "synx.pest"]
pub(crate) struct Rules;

/// What [`parse`] gives: always a tree, and what is wrong in it.
#[derive(Clone, Debug)]
pub struct Parse {
    /// The tree; its leaves, joined, are the source.
    pub tree: Tree,
    /// The mistakes in the order of the text.
    pub errors: Vec<SyntaxError>,
    /// The parts of the file without mistakes, in the order of the text, for the next edit.
    pub(crate) sound: Vec<SoundPart>,
}

impl Parse {
    /// The tree's root as a view.
    pub fn file(&self) -> File<'_> {
        File::of(&self.tree)
    }

    /// What [`parse`] gives for the text in which `text` stands in the place of the bytes of `range`; node by node and
    /// mistake by mistake the same, but items that the edit cannot touch are taken over and not read again.
    ///
    /// # Panics
    ///
    /// Where `range` does not lie in the text or cuts a character, as [`String::replace_range`] does.
    #[must_use]
    pub fn edit(&self, range: Range<usize>, text: &str) -> Parse {
        let mut source = String::with_capacity(self.tree.source().len() - range.len() + text.len());
        source.push_str(&self.tree.source()[..range.start]);
        source.push_str(text);
        source.push_str(&self.tree.source()[range.end..]);
        read(&source, Some(&Edit::new(self, range, text.len())))
    }
}

/// Reads a text. Any text has a tree; what is wrong in it is in [`Parse::errors`].
///
/// Time and memory are linear in the length of the text. Beyond a depth of 64 brackets, after a thousand mistakes, or
/// where one item is about a megabyte long, the rest of the text is one error; so is a text of more than 2 MiB.
pub fn parse(source: &str) -> Parse {
    read(source, None)
}

/// Reads a text, of which the parts that an edit did not touch are known.
fn read(source: &str, edit: Option<&Edit<'_>>) -> Parse {
    limit_calls();
    let mut builder = Builder::new(source);
    if source.len() > MAX_SOURCE {
        builder.give_up(
            0,
            0..0,
            format!("the file is too long: {} bytes, where {MAX_SOURCE} are allowed", source.len()),
            "split it, and name its parts with `from … import …`",
        );
        return builder.finish();
    }
    let outline = outline(source);
    let deep = outline.too_deep;
    let readable = deep.as_ref().map_or(source.len(), |deep| deep.sound);
    let mut borders = outline.lets.into_iter().filter(|border| *border < readable).chain([readable]).peekable();
    let mut at = builder.byte_order_mark();
    while at < readable && !builder.is_full() {
        // What is open at a border ends there.
        while borders.peek().is_some_and(|border| *border <= at) {
            borders.next();
        }
        let end = borders.peek().copied().unwrap_or(readable);
        if let Some(length) = edit.and_then(|edit| builder.reuse(edit, at, end)) {
            at += length;
            continue;
        }
        let Ok(mut pairs) = Rules::parse(Rule::part, &source[at..end]) else { break };
        let Some(part) = pairs.next() else { break };
        let length = part.as_span().end();
        builder.part(at, end, part);
        at += length;
        if length == 0 {
            break;
        }
    }
    if builder.is_full() {
        builder.give_up(
            at,
            at..at,
            format!("more than {MAX_ERRORS} mistakes: the rest of the file is left out"),
            "is this a synx file?",
        );
    } else if at < readable {
        let start = source[at..].find(|c: char| !c.is_whitespace()).map_or(at, |skip| at + skip);
        let end = source[start..].find('\n').map_or(source.len(), |line| start + line);
        builder.give_up(
            at,
            start..end,
            "this is too long to be read: the rest of the file is left out".to_owned(),
            "split the declaration that begins here",
        );
    } else if let Some(deep) = deep {
        builder.give_up(
            at,
            deep.bracket..deep.bracket + 1,
            format!("brackets nest more than {MAX_DEPTH} deep here: the rest of the file is left out"),
            "give parts of it names with `let`",
        );
    }
    builder.finish()
}

/// The limit of pest is one for the whole process; it is set once.
fn limit_calls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| pest::set_call_limit(NonZeroUsize::new(MAX_CALLS)));
}

/// What a strict rule says about a text: where it stops, and the rules that it would have taken there.
pub(crate) fn expected(rule: Rule, text: &str) -> Option<(usize, Vec<Rule>)> {
    let error = Rules::parse(rule, text).err()?;
    let pest::error::ErrorVariant::ParsingError { positives, .. } = error.variant else {
        return None;
    };
    let at = match error.location {
        pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
    };
    Some((at, positives))
}

/// An error whose kind and range are known; the rest is added by the caller.
pub(crate) fn error(kind: SyntaxErrorKind, range: Range<usize>, message: impl Into<String>) -> SyntaxError {
    SyntaxError { kind, range, message: message.into(), help: None, related: None, fix: None }
}
