//! From what the rules matched to the tree, and what is wrong in it.
//!
//! The builder keeps a stack of finished nodes. A rule's children are what was pushed since it began; completing it
//! puts one node in their place. Trivia at the end of a node is left outside of it, so that the blank lines and doc
//! comments after something unclosed belong to what follows.

mod brackets;
mod entries;
mod items;
mod value;

use std::ops::Range;

use pest::iterators::Pair;

use crate::limits::MAX_ERRORS;
use crate::parse::{Parse, Rule, error};
use crate::reuse::{Edit, SoundPart, Views};
use crate::tree::{NodeId, TreeBuilder};
use crate::{Fix, SyntaxError, SyntaxErrorKind, SyntaxKind, habits};

/// Builds the tree of one source, part by part.
pub(crate) struct Builder<'s> {
    source: &'s str,
    tree: TreeBuilder,
    stack: Vec<NodeId>,
    errors: Vec<SyntaxError>,
    /// Where the text that the rules see begins in the source.
    base: usize,
    /// Mistakes that begin before this follow from another one and are not reported.
    quiet_until: usize,
    /// The brackets that are open around what is being pushed.
    open: Vec<SyntaxKind>,
    /// Whether an edition, an import or an item was seen.
    begun: bool,
    /// The parts without mistakes so far.
    sound: Vec<SoundPart>,
    views: Views,
}

impl<'s> Builder<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        Self {
            source,
            tree: TreeBuilder::new(source),
            stack: Vec::new(),
            errors: Vec::new(),
            base: 0,
            quiet_until: 0,
            open: Vec::new(),
            begun: false,
            sound: Vec::new(),
            views: Views::default(),
        }
    }

    /// Takes a byte order mark at the start as white space; gives the length that it has.
    pub(crate) fn byte_order_mark(&mut self) -> usize {
        let length = if self.source.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        if length > 0 {
            self.push(SyntaxKind::Whitespace, 0..length);
        }
        length
    }

    /// Adds one part of the file: blanks, comments and at most one item. `at` is where it begins, `limit` where the
    /// text ended that it was read in.
    pub(crate) fn part(&mut self, at: usize, limit: usize, part: Pair<'_, Rule>) {
        self.base = at;
        let (nodes, mark, begun) = (self.tree.len(), self.stack.len(), self.begun);
        let follows_solid = self.is_solid();
        let length = part.as_span().end();
        for pair in part.into_inner() {
            self.top(pair);
        }
        let is_sound =
            follows_solid && self.is_solid() && !self.stack[mark..].iter().any(|id| self.tree.has_error(*id));
        if is_sound && let Some(first) = self.stack.get(mark) {
            let nodes = nodes..self.tree.len();
            let range = at..at + length;
            let view = self.views.end(self.source, range.end, limit);
            self.sound.push(SoundPart::new(range, view, limit, nodes, *first, begun, self.begun));
        }
    }

    /// Takes over the part that an edit left as it was and that begins at `at`; gives its length. Nothing where there
    /// is none.
    pub(crate) fn reuse(&mut self, edit: &Edit<'_>, at: usize, limit: usize) -> Option<usize> {
        let part = edit.part(at, limit, self.begun).filter(|_| self.is_solid())?;
        self.base = at;
        let moved = part.moved(at, self.tree.len());
        self.tree.copy(edit.tree(), part.nodes(), at.wrapping_sub(part.start()), part.first(), &mut self.stack);
        self.begun |= part.begins();
        self.sound.push(moved);
        Some(moved.length())
    }

    /// Whether what stands before the next part is nothing, or something that no trivia follows: then no doc comment
    /// before it can belong to what follows.
    fn is_solid(&self) -> bool {
        self.stack.last().is_none_or(|id| !self.tree.kind(*id).is_trivia())
    }

    /// Leaves everything from `at` on as one error, which is reported at `place`.
    pub(crate) fn give_up(&mut self, at: usize, place: Range<usize>, message: String, help: &str) {
        let mark = self.stack.len();
        if at < self.source.len() {
            self.push(SyntaxKind::Junk, at..self.source.len());
        }
        self.complete(mark, SyntaxKind::Error);
        self.quiet_until = 0;
        let mut error = error(SyntaxErrorKind::Limit, place, message);
        error.help = Some(help.to_owned());
        self.errors.push(error);
    }

    /// The tree and the mistakes.
    pub(crate) fn finish(mut self) -> Parse {
        self.errors.sort_by_key(|error| error.range.start);
        Parse { tree: self.tree.finish(&self.stack), errors: self.errors, sound: self.sound }
    }

    // ---- Nodes --------------------------------------------------------------------------------------------------

    fn push(&mut self, kind: SyntaxKind, range: Range<usize>) -> NodeId {
        let id = self.tree.leaf(kind, range);
        self.stack.push(id);
        id
    }

    /// Where in the source a matched rule stands.
    fn range(&self, pair: &Pair<'_, Rule>) -> Range<usize> {
        let span = pair.as_span();
        self.base + span.start()..self.base + span.end()
    }

    /// Pushes a leaf of this kind for all that a rule matched.
    fn leaf(&mut self, kind: SyntaxKind, pair: &Pair<'_, Rule>) -> NodeId {
        let range = self.range(pair);
        self.push(kind, range)
    }

    /// Puts one node in the place of what was pushed since `mark`; trivia at the end stays outside.
    fn complete(&mut self, mark: usize, kind: SyntaxKind) -> NodeId {
        let end = self.meaningful_end(mark);
        let id = self.tree.node(kind, &self.stack[mark..end], self.source.len());
        self.stack.splice(mark..end, [id]);
        id
    }

    /// The end of what was pushed since `mark` without the trivia at its end.
    fn meaningful_end(&self, mark: usize) -> usize {
        let trivia = self.stack[mark..].iter().rev().take_while(|id| self.tree.kind(**id).is_trivia()).count();
        self.stack.len() - trivia
    }

    /// The last node since `mark` that is not trivia.
    fn last(&self, mark: usize) -> Option<NodeId> {
        self.meaningful_end(mark).checked_sub(1).filter(|at| *at >= mark).map(|at| self.stack[at])
    }

    /// Where doc comments begin that belong to what is pushed next, or the end of the stack.
    fn mark_with_docs(&self) -> usize {
        let end = self.stack.len();
        let mut mark = end;
        for at in (0..end).rev() {
            let id = self.stack[at];
            match self.tree.kind(id) {
                SyntaxKind::DocComment => {
                    // A doc comment after something on its line documents nothing.
                    let at_line_start = at == 0 || {
                        let before = self.tree.range(self.stack[at - 1]);
                        self.tree.kind(self.stack[at - 1]) == SyntaxKind::Whitespace
                            && (self.source[before.clone()].contains('\n') || before.start == 0 || at == 1)
                    };
                    if at_line_start {
                        mark = at;
                    }
                }
                SyntaxKind::Whitespace | SyntaxKind::Comment => {}
                _ => break,
            }
        }
        mark
    }

    /// Pushes what is missing: an empty error before the trivia at the end of the stack. Gives where it stands.
    fn missing(&mut self, mark: usize) -> usize {
        let end = self.meaningful_end(mark);
        let at = match end.checked_sub(1) {
            Some(last) => self.tree.range(self.stack[last]).end,
            None => self.base,
        };
        let id = self.tree.leaf(SyntaxKind::Missing, at..at);
        self.stack.insert(end, id);
        at
    }

    /// The text of the last leaf that is not trivia, as a message names it: after what something was expected.
    fn after(&self) -> String {
        let text = self.last(0).map_or("", |id| self.tree.text(id));
        match text.rsplit(char::is_whitespace).next() {
            None | Some("") => String::new(),
            Some(word) => format!(" after `{}`", shortened(word)),
        }
    }

    // ---- Mistakes -----------------------------------------------------------------------------------------------

    /// Reports a mistake, unless it follows from one that was reported.
    fn report(&mut self, error: SyntaxError) {
        if error.range.start >= self.quiet_until && !self.is_full() {
            self.errors.push(error);
        }
    }

    /// Reports a mistake even where others are silent.
    fn report_always(&mut self, error: SyntaxError) {
        let quiet = std::mem::take(&mut self.quiet_until);
        self.report(error);
        self.quiet_until = quiet;
    }

    /// Takes back the mistakes since there were `since`: a wider one says it better.
    fn retract(&mut self, since: usize, quiet_until: usize) {
        self.errors.truncate(since);
        self.quiet_until = quiet_until;
    }

    /// Whether there are so many mistakes that no more are reported.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    /// Reports that something had to stand at the end of the stack, and puts the empty error there.
    fn expected(&mut self, what: &str, insert: Option<&str>) {
        let after = self.after();
        let at = self.missing(0);
        if self.errors.last().is_some_and(|last| last.range == (at..at)) {
            return;
        }
        // What stands here instead may be a habit that explains it better.
        let line = self.source[at..].split('\n').next().unwrap_or_default();
        let found = line.trim_matches(BLANKS);
        let next = at + line.len() - line.trim_start_matches(BLANKS).len();
        if !found.starts_with([')', ']', '}', '='])
            && let Some(known) = habits::text(found, next)
        {
            self.report(known);
            self.quiet_until = self.quiet_until.max(next + 1);
            return;
        }
        let mut error = error(SyntaxErrorKind::Expected, at..at, format!("expected {what}{after}"));
        // Where nothing follows, it would not be enough.
        let is_last = found.is_empty() || found.starts_with([')', ']', '}', ';', ',', '/']);
        error.fix = insert.filter(|_| !is_last).map(|text| Fix { range: at..at, text: text.to_owned() });
        self.report(error);
    }

    /// Whether a mistake was reported that ends right before `at`, or one on the same line before it since `since`.
    fn follows_mistake(&self, since: usize, at: usize) -> bool {
        at < self.quiet_until
            || self.errors[since.min(self.errors.len())..]
                .iter()
                .any(|error| error.range.end <= at && self.source[error.range.end..at].trim_matches(BLANKS).is_empty())
    }

    /// Makes an error node of what was pushed since `mark`.
    fn wrap(&mut self, mark: usize) -> NodeId {
        self.complete(mark, SyntaxKind::Error)
    }

    // ---- Leaves -------------------------------------------------------------------------------------------------

    /// Pushes the leaf or small node of a rule that is the same wherever it stands.
    fn common(&mut self, pair: Pair<'_, Rule>) {
        match pair.as_rule() {
            Rule::space | Rule::blank => {
                self.leaf(SyntaxKind::Whitespace, &pair);
            }
            Rule::comment => {
                let text = pair.as_str();
                let doc = text.starts_with("///") && !text.starts_with("////");
                self.leaf(if doc { SyntaxKind::DocComment } else { SyntaxKind::Comment }, &pair);
            }
            Rule::name => {
                if is_reserved(pair.as_str()) {
                    self.bad_name(&pair);
                } else {
                    self.leaf(SyntaxKind::Name, &pair);
                }
            }
            Rule::used | Rule::unit_word | Rule::word => {
                self.leaf(SyntaxKind::Name, &pair);
            }
            Rule::literal => {
                let kind = match pair.as_str() {
                    "true" => SyntaxKind::True,
                    "false" => SyntaxKind::False,
                    _ => SyntaxKind::Rest,
                };
                self.leaf(kind, &pair);
            }
            Rule::eq => {
                self.leaf(SyntaxKind::Equals, &pair);
            }
            Rule::tilde => {
                self.leaf(SyntaxKind::Tilde, &pair);
            }
            Rule::comma => {
                self.leaf(SyntaxKind::Comma, &pair);
            }
            Rule::semicolon => {
                self.leaf(SyntaxKind::Semicolon, &pair);
            }
            Rule::dot => {
                self.leaf(SyntaxKind::Dot, &pair);
            }
            Rule::slash => {
                self.leaf(SyntaxKind::Slash, &pair);
            }
            Rule::l_paren => {
                self.leaf(SyntaxKind::LeftParen, &pair);
            }
            Rule::r_paren => {
                self.leaf(SyntaxKind::RightParen, &pair);
            }
            Rule::l_bracket => {
                self.leaf(SyntaxKind::LeftBracket, &pair);
            }
            Rule::r_bracket => {
                self.leaf(SyntaxKind::RightBracket, &pair);
            }
            Rule::l_brace => {
                self.leaf(SyntaxKind::LeftBrace, &pair);
            }
            Rule::r_brace => {
                self.leaf(SyntaxKind::RightBrace, &pair);
            }
            Rule::kw_axis
            | Rule::kw_let
            | Rule::kw_where
            | Rule::kw_free
            | Rule::kw_from
            | Rule::kw_import
            | Rule::kw_for
            | Rule::kw_in
            | Rule::kw_if
            | Rule::kw_allow
            | Rule::kw_assert
            | Rule::kw_because
            | Rule::kw_shared
            | Rule::kw_synx => {
                self.leaf(SyntaxKind::Keyword, &pair);
            }
            Rule::number => self.number(pair),
            Rule::string => self.string(&pair),
            Rule::open_string => self.open_string(&pair),
            Rule::value | Rule::inner_value => self.value(pair),
            Rule::paren => self.paren(pair),
            Rule::list => self.list(pair),
            Rule::block => self.block(pair),
            Rule::pattern => self.pattern(pair),
            Rule::no_value => self.expected("a value", None),
            Rule::no_name => self.expected("a name", None),
            Rule::no_eq => self.expected("`=`", Some(" =")),
            Rule::wrong_eq => {
                let mark = self.stack.len();
                let id = self.leaf(SyntaxKind::Equals, &pair);
                self.wrap(mark);
                let text = self.tree.text(id).to_owned();
                let range = self.tree.range(id);
                let mut error = error(
                    SyntaxErrorKind::Habit,
                    range.clone(),
                    format!("a value is given with `=`, not with `{text}`"),
                );
                // `name: value` has no blank before the colon, `name = value` has one.
                let spaced = self.source[..range.start].ends_with(char::is_whitespace);
                error.fix = Some(Fix { range, text: if spaced { "=" } else { " =" }.to_owned() });
                self.report(error);
            }
            // Whatever has no place of its own here is text that nobody understands; nothing is ever lost.
            _ => {
                let mark = self.stack.len();
                self.leaf(SyntaxKind::Junk, &pair);
                self.wrap(mark);
            }
        }
    }

    fn number(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::digits => {
                    self.leaf(SyntaxKind::Digits, &inner);
                }
                Rule::suffix if SUFFIXES.contains(&inner.as_str()) => {
                    self.leaf(SyntaxKind::Suffix, &inner);
                }
                Rule::suffix => {
                    let start = self.stack.len();
                    self.leaf(SyntaxKind::Junk, &inner);
                    self.wrap(start);
                    let range = self.range(&inner);
                    let digits = self.tree.text(self.stack[mark]).to_owned();
                    self.report(wrong_suffix(&digits, inner.as_str(), range));
                }
                Rule::unit => {
                    let start = self.stack.len();
                    for part in inner.into_inner() {
                        self.common(part);
                    }
                    self.complete(start, SyntaxKind::Unit);
                }
                _ => self.common(inner),
            }
        }
        self.complete(mark, SyntaxKind::Number);
    }

    /// A closed string; escapes that do not exist are errors in it.
    fn string(&mut self, pair: &Pair<'_, Rule>) {
        let range = self.range(pair);
        let mark = self.stack.len();
        self.string_pieces(range);
        self.complete(mark, SyntaxKind::String);
    }

    fn open_string(&mut self, pair: &Pair<'_, Rule>) {
        let range = self.range(pair);
        let mark = self.stack.len();
        let trimmed = range.start + self.source[range.clone()].trim_end_matches(BLANKS).len();
        self.string_pieces(range.start..trimmed);
        self.push(SyntaxKind::Missing, trimmed..trimmed);
        self.complete(mark, SyntaxKind::String);
        if trimmed < range.end {
            self.push(SyntaxKind::Whitespace, trimmed..range.end);
        }
        let mut error = error(SyntaxErrorKind::Unclosed, range.start..trimmed, "this string has no closing quote");
        error.help = Some("a string ends on the line that it begins on; `\\n` in it is a line end".to_owned());
        self.report(error);
        // Brackets that the rest of the line would have closed are not to be complained about.
        self.quiet_until = self.quiet_until.max(range.end + 1);
    }

    fn string_pieces(&mut self, range: Range<usize>) {
        let mut from = range.start;
        let mut at = range.start;
        while let Some(skip) = self.source[at..range.end].find('\\') {
            at += skip;
            if let Some((_, length)) = crate::view::escape(&self.source[at..range.end]) {
                at += length;
                continue;
            }
            if at > from {
                self.push(SyntaxKind::StringText, from..at);
            }
            let next = self.source[at + 1..range.end].chars().next();
            let end = at + 1 + next.map_or(0, char::len_utf8);
            let mark = self.stack.len();
            self.push(SyntaxKind::Junk, at..end);
            self.wrap(mark);
            let mut error =
                error(SyntaxErrorKind::Literal, at..end, format!("`{}` is no escape", &self.source[at..end]));
            error.help = Some(
                "escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{…}`; a backslash itself is written `\\\\`"
                    .to_owned(),
            );
            error.fix = Some(Fix { range: at..at, text: "\\".to_owned() });
            self.report(error);
            from = end;
            at = end;
        }
        if range.end > from {
            self.push(SyntaxKind::StringText, from..range.end);
        }
    }
}

/// What can be glued to a number.
pub const SUFFIXES: [&str; 8] = ["%", "k", "M", "B", "T", "Ki", "Mi", "Gi"];

/// The words that cannot be names; the grammar has the same list.
pub const RESERVED: [&str; 17] = [
    "axis", "let", "where", "free", "from", "import", "if", "then", "else", "for", "in", "and", "or", "not", "true",
    "false", "rest",
];

/// The words that mean something in their places and may be names elsewhere.
pub const CONTEXTUAL: [&str; 7] = ["allow", "assert", "because", "factor", "shared", "step", "synx"];

/// Whether a word is reserved.
pub fn is_reserved(word: &str) -> bool {
    word.len() <= 6 && RESERVED.contains(&word)
}

/// What is wrong with letters that are glued to a number.
fn wrong_suffix(digits: &str, suffix: &str, range: Range<usize>) -> SyntaxError {
    let cased = SUFFIXES.into_iter().find(|known| known.eq_ignore_ascii_case(suffix)).or(match suffix {
        "bn" | "Bn" | "bln" | "G" => Some("B"),
        _ => None,
    });
    let mut wrong =
        error(SyntaxErrorKind::Literal, range.clone(), format!("`{}` cannot be glued to a number", shortened(suffix)));
    if let Some(known) = cased {
        wrong.help = Some(format!("write `{digits}{known}`"));
        wrong.fix = Some(Fix { range, text: known.to_owned() });
    } else if suffix.chars().all(|c| c.is_ascii_alphabetic()) && suffix.len() > 1 {
        wrong.help = Some(format!("units are separate words: `{digits} {}`", shortened(suffix)));
        wrong.fix = Some(Fix { range: range.start..range.start, text: " ".to_owned() });
    } else {
        wrong.help = Some("suffixes are `%`, `k`, `M`, `B`, `T`, `Ki`, `Mi` and `Gi`".to_owned());
    }
    wrong
}

/// What is blank between two things; other white space of Unicode is a mistake.
pub(crate) const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// A text as messages show it: not longer than a few words.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 24;
    let mut words = text.split(BLANKS).filter(|word| !word.is_empty());
    let mut short = words.next().unwrap_or_default().to_owned();
    for word in words {
        if short.len() > 4 * LONGEST {
            break;
        }
        short.push(' ');
        short.push_str(word);
    }
    if short.chars().count() > LONGEST {
        short = short.chars().take(LONGEST - 1).collect();
        short.push('…');
    }
    short
}
