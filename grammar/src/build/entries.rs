//! Blocks and their entries.

use pest::iterators::Pair;

use super::{BLANKS, Builder};
use crate::parse::{Rule, error};
use crate::{Fix, SyntaxErrorKind, SyntaxKind, habits, strict};

impl Builder<'_> {
    pub(super) fn block(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::field => self.entry(inner, SyntaxKind::Field),
                Rule::axis => self.entry(inner, SyntaxKind::Axis),
                Rule::let_entry => self.entry(inner, SyntaxKind::Let),
                Rule::where_entry => self.entry(inner, SyntaxKind::Where),
                Rule::free => self.entry(inner, SyntaxKind::Free),
                Rule::allow => self.entry(inner, SyntaxKind::Allow),
                Rule::assertion => self.entry(inner, SyntaxKind::Assert),
                Rule::formula => self.formula(inner),
                Rule::bad_entry => self.bad_entry(inner),
                Rule::comma => self.comma_between_entries(&inner),
                Rule::no_brace => {
                    let open = self.tree.range(self.stack[mark]);
                    let at = self.missing(mark);
                    let mut wrong = error(SyntaxErrorKind::Unclosed, open, "this `{` is never closed");
                    wrong.related = Some((at..at, "`}` is missing here".to_owned()));
                    wrong.fix = Some(Fix { range: at..at, text: "\n}".to_owned() });
                    if self.quiet_until <= at {
                        self.report_always(wrong);
                    }
                }
                _ => self.common(inner),
            }
        }
        self.complete(mark, SyntaxKind::Block);
    }

    pub(super) fn entry(&mut self, pair: Pair<'_, Rule>, kind: SyntaxKind) {
        let mark = self.mark_with_docs();
        let start = self.stack.len();
        let since = self.errors.len();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::kw_in => {
                    // Only in the place of an axis's `=`; that of `free` stands deeper.
                    let before = self.stack.len();
                    let id = self.leaf(SyntaxKind::Equals, &inner);
                    self.wrap(before);
                    let range = self.tree.range(id);
                    let mut wrong =
                        error(SyntaxErrorKind::Habit, range.clone(), "an axis is given with `=`, not with `in`");
                    wrong.fix = Some(Fix { range, text: "=".to_owned() });
                    self.report(wrong);
                }
                Rule::bad_name => self.bad_name(&inner),
                Rule::free_name => {
                    let before = self.stack.len();
                    for part in inner.into_inner() {
                        self.common(part);
                    }
                    self.complete(before, SyntaxKind::FreeName);
                }
                Rule::no_because => self.expected("`because`", Some(" because")),
                Rule::no_string => {
                    if self.errors.len() > since {
                        self.missing(0);
                    } else {
                        self.expected("the reason in quotes", None);
                    }
                }
                Rule::no_break => self.no_break(),
                Rule::bad_rest => self.rest(inner, since, start, Some(Rule::strict_entry)),
                _ => self.common(inner),
            }
        }
        self.complete(mark, kind);
    }

    /// `left ~ right`, or a value that stands alone, which is an error.
    fn formula(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.mark_with_docs();
        let start = self.stack.len();
        let since = self.errors.len();
        let quiet = self.quiet_until;
        let range = self.range(&pair);
        let text = pair.as_str().trim_end_matches(BLANKS).to_owned();
        let mut is_formula = false;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::tilde => {
                    is_formula = true;
                    self.common(inner);
                }
                Rule::no_break => self.no_break(),
                Rule::bad_rest if is_formula => self.rest(inner, since, start, Some(Rule::strict_entry)),
                Rule::bad_rest => self.junk(inner),
                _ => self.common(inner),
            }
        }
        if is_formula {
            self.complete(mark, SyntaxKind::Formula);
            return;
        }
        let first = self.stack[start];
        let is_told = self.tree.kind(first).is_error() && self.errors.len() > since;
        self.wrap(start);
        if is_told || self.is_full() || self.follows_mistake(0, range.start) {
            return;
        }
        self.retract(since, quiet);
        let error = strict::entry(&text, range.start);
        self.report(error);
    }

    fn bad_entry(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let since = self.errors.len();
        let quiet = self.quiet_until;
        let range = self.range(&pair);
        let text = pair.as_str().trim_end_matches(BLANKS).to_owned();
        self.junk(pair);
        self.wrap(mark);
        if self.is_full() || self.follows_mistake(0, range.start) {
            return;
        }
        self.retract(since, quiet);
        let error = strict::entry(&text, range.start);
        self.report(error);
    }

    /// What is left of a line after an entry or item: an error in it. The entry began at `start` on the stack, with
    /// `since` mistakes before it.
    pub(super) fn rest(&mut self, pair: Pair<'_, Rule>, since: usize, start: usize, strict: Option<Rule>) {
        let mark = self.stack.len();
        let inside = self.errors.len();
        let quiet = self.quiet_until;
        let range = self.range(&pair);
        let entry_start = self.tree.range(self.stack[start.min(mark - 1)]).start;
        self.junk(pair);
        self.wrap(mark);
        if self.is_full() {
            return;
        }
        self.retract(inside, quiet);
        if self.follows_mistake(since, range.start) {
            return;
        }
        let error = strict::rest(self.source, entry_start..range.start, range, strict);
        self.report(error);
    }

    fn no_break(&mut self) {
        let at = self.missing(0);
        let mut wrong = error(SyntaxErrorKind::Expected, at..at, "expected a line end or `;` between two entries");
        wrong.fix = Some(Fix { range: at..at, text: ";".to_owned() });
        self.report(wrong);
    }

    fn comma_between_entries(&mut self, pair: &Pair<'_, Rule>) {
        let mark = self.stack.len();
        self.leaf(SyntaxKind::Comma, pair);
        self.wrap(mark);
        let range = self.range(pair);
        if self.follows_mistake(0, range.start) {
            return;
        }
        if let Some(wrong) = habits::grouped_digits(self.source, range.start) {
            let quiet = wrong.range.end;
            self.report(wrong);
            self.quiet_until = self.quiet_until.max(quiet);
            return;
        }
        let mut wrong =
            error(SyntaxErrorKind::Habit, range.clone(), "entries are separated by a line end or `;`, not by `,`");
        let line_ends = self.source[range.end..].trim_start_matches([' ', '\t', '\r']).starts_with(['\n', '}']);
        wrong.fix = Some(Fix { range, text: if line_ends { "" } else { ";" }.to_owned() });
        self.report(wrong);
    }

    /// Pushes what stands where it is not understood: text as junk, and whatever has an inside with its structure.
    pub(super) fn junk(&mut self, pair: Pair<'_, Rule>) {
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::text | Rule::top_text | Rule::inner_text | Rule::head_text => {
                    self.leaf(SyntaxKind::Junk, &inner);
                }
                _ => self.common(inner),
            }
        }
    }
}
