//! Parentheses, lists, arguments and what stands in them.

use pest::iterators::Pair;

use super::{BLANKS, Builder, shortened};
use crate::parse::{Rule, error};
use crate::tree::NodeId;
use crate::{Fix, SyntaxErrorKind, SyntaxKind, habits};

impl Builder<'_> {
    /// `(a)` or `(a, b)` or `(e for x in xs)`.
    pub(super) fn paren(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        self.inside(pair);
        let generator = self.check_comprehension(mark, "parentheses");
        if generator {
            self.comprehension_inside(mark);
            self.complete(mark, SyntaxKind::Paren);
            return;
        }
        self.check_commas(mark, "values");
        self.refuse_named(mark, "parentheses");
        let is = |builder: &Self, kind| builder.stack[mark..].iter().any(|id| builder.tree.kind(*id) == kind);
        let is_tuple = is(self, SyntaxKind::Comma);
        let is_empty = self.stack[mark..].iter().all(|id| {
            let kind = self.tree.kind(*id);
            kind.is_trivia() || matches!(kind, SyntaxKind::LeftParen | SyntaxKind::RightParen)
        });
        if is_empty {
            let range =
                self.tree.range(self.stack[mark]).start..self.tree.range(self.stack[self.meaningful_end(mark) - 1]).end;
            self.wrap(mark);
            self.report(error(SyntaxErrorKind::Expected, range, "expected a value between `(` and `)`"));
            return;
        }
        self.complete(mark, if is_tuple { SyntaxKind::Tuple } else { SyntaxKind::Paren });
    }

    /// `[a, b]` or `[e for x in xs if c]`.
    pub(super) fn list(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        self.inside(pair);
        if self.check_comprehension(mark, "a list") {
            self.complete(mark, SyntaxKind::Comprehension);
            return;
        }
        self.check_commas(mark, "elements of a list");
        self.refuse_named(mark, "a list");
        self.complete(mark, SyntaxKind::List);
    }

    /// `(a, name = b)` of a call or `[a]` of an index.
    pub(super) fn arguments(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let is_index = pair.as_rule() == Rule::list;
        self.inside(pair);
        if !is_index && self.check_comprehension(mark, "arguments") {
            self.comprehension_inside(mark);
        } else {
            if is_index {
                self.refuse_for(mark);
                let is_empty = self.stack[mark..].iter().all(|id| {
                    let kind = self.tree.kind(*id);
                    kind.is_trivia() || matches!(kind, SyntaxKind::LeftBracket | SyntaxKind::RightBracket)
                });
                if is_empty {
                    let at = self.tree.range(self.stack[mark]).end;
                    let missing = self.tree.leaf(SyntaxKind::Missing, at..at);
                    self.stack.insert(mark + 1, missing);
                    self.report(error(
                        SyntaxErrorKind::Expected,
                        at - 1..at,
                        "expected what to look for between `[` and `]`",
                    ));
                }
            }
            self.check_commas(mark, "arguments");
        }
        self.complete(mark, SyntaxKind::Arguments);
    }

    /// The names that an axis or a `for` binds.
    pub(super) fn pattern(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::bad_pattern => self.bad_name(&inner),
                Rule::no_paren => self.unclosed(mark),
                _ => self.common(inner),
            }
        }
        self.check_commas(mark, "names");
        self.complete(mark, SyntaxKind::Pattern);
    }

    /// Pushes the brackets and everything between them.
    fn inside(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let is_list = pair.as_rule() == Rule::list;
        self.open.push(if is_list { SyntaxKind::LeftBracket } else { SyntaxKind::LeftParen });
        for inner in pair.into_inner() {
            if inner.as_rule() == Rule::lines {
                for element in inner.into_inner() {
                    self.element(element, mark);
                }
            } else {
                self.element(inner, mark);
            }
        }
        self.open.pop();
    }

    /// One piece between brackets, of which the opening one is at `mark`.
    fn element(&mut self, inner: Pair<'_, Rule>, mark: usize) {
        match inner.as_rule() {
            Rule::argument => self.argument(inner),
            Rule::for_clause => self.for_clause(inner),
            Rule::block => {
                let start = self.stack.len();
                let since = self.errors.len();
                let quiet = self.quiet_until;
                let at = self.range(&inner).start;
                self.block(inner);
                self.wrap(start);
                self.retract(since, quiet);
                if !self.follows_mistake(0, at) {
                    let mut wrong =
                        error(SyntaxErrorKind::Unexpected, at..at + 1, "a block cannot stand inside brackets");
                    wrong.help = Some("arguments are `(name = value)`, lists are `[a, b]`".to_owned());
                    self.report(wrong);
                }
            }
            Rule::wrong_semicolon => self.wrong_semicolon(&inner),
            Rule::bad_element => self.bad_element(inner),
            Rule::no_paren | Rule::no_bracket => self.unclosed(mark),
            _ => self.common(inner),
        }
    }

    /// A value, or `name = value`.
    fn argument(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let since = self.errors.len();
        let mut is_named = false;
        for inner in pair.into_inner() {
            is_named |= matches!(inner.as_rule(), Rule::eq | Rule::wrong_eq);
            self.common(inner);
        }
        if !is_named {
            return;
        }
        let left = self.stack[mark];
        if self.tree.kind(left) == SyntaxKind::Name {
            self.complete(mark, SyntaxKind::NamedArgument);
            return;
        }
        self.wrap(mark);
        if self.errors.len() > since {
            return;
        }
        let range = self.tree.range(left);
        let mut wrong = error(
            SyntaxErrorKind::Unexpected,
            range.clone(),
            format!("only a name can stand before the `=` of an argument, not `{}`", shortened(&self.source[range])),
        );
        wrong.help = Some("`==` compares".to_owned());
        self.report(wrong);
    }

    /// Reports that the bracket at `mark` has no partner.
    pub(super) fn unclosed(&mut self, mark: usize) {
        let open = self.stack[mark];
        let range = self.tree.range(open);
        let (written, closer) = if self.tree.kind(open) == SyntaxKind::LeftBracket { ("[", "]") } else { ("(", ")") };
        let at = self.missing(mark);
        if at < self.quiet_until {
            return;
        }
        if let Some(last) = self.errors.last_mut()
            && last.kind == SyntaxErrorKind::Unclosed
            && let Some(fix) = last.fix.as_mut()
            && fix.range == (at..at)
        {
            // Brackets that are open at one place are one mistake; the innermost stands for all.
            fix.text.push_str(closer);
            return;
        }
        let end = self.stack.last().map_or(at, |last| self.tree.range(*last).end);
        let other = self.source[end..].chars().next().filter(|next| matches!(next, ')' | ']'));
        // Where the other bracket closes one further out, this one is only missing its own.
        let outer = if other == Some(']') { SyntaxKind::LeftBracket } else { SyntaxKind::LeftParen };
        let around = self.open.len().saturating_sub(1);
        let other = other.filter(|_| !self.open[..around].contains(&outer));
        let mut wrong = match other {
            Some(other) => error(
                SyntaxErrorKind::Unclosed,
                range,
                format!("this `{written}` is closed by `{other}`, not by `{closer}`"),
            ),
            None => error(SyntaxErrorKind::Unclosed, range, format!("this `{written}` is never closed")),
        };
        wrong.related = Some((at..at, format!("`{closer}` is missing here")));
        wrong.fix = Some(match other {
            Some(_) => Fix { range: end..end + 1, text: closer.to_owned() },
            None => Fix { range: at..at, text: closer.to_owned() },
        });
        self.report_always(wrong);
        if other.is_some() {
            self.quiet_until = self.quiet_until.max(end + 1);
        }
    }

    fn for_clause(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let mut is_complete = false;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::filter => {
                    self.complete(mark, SyntaxKind::ForClause);
                    is_complete = true;
                    let start = self.stack.len();
                    for part in inner.into_inner() {
                        self.common(part);
                    }
                    self.complete(start, SyntaxKind::Filter);
                }
                Rule::no_in => self.expected("`in`", Some(" in")),
                _ => self.common(inner),
            }
        }
        if !is_complete {
            self.complete(mark, SyntaxKind::ForClause);
        }
    }

    /// `;` where `,` should separate.
    pub(super) fn wrong_semicolon(&mut self, pair: &Pair<'_, Rule>) {
        let mark = self.stack.len();
        self.leaf(SyntaxKind::Semicolon, pair);
        self.wrap(mark);
        let range = self.range(pair);
        let mut wrong = error(SyntaxErrorKind::Habit, range.clone(), "inside brackets `,` separates, not `;`");
        wrong.fix = Some(Fix { range, text: ",".to_owned() });
        self.report(wrong);
    }

    fn bad_element(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let since = self.errors.len();
        let quiet = self.quiet_until;
        let range = self.range(&pair);
        let text = pair.as_str().trim_end_matches(BLANKS).to_owned();
        self.junk(pair);
        self.wrap(mark);
        self.trim(mark);
        if self.follows_mistake(0, range.start) {
            return;
        }
        self.retract(since, quiet);
        let range = range.start..range.start + text.len();
        let wrong = habits::text(&text, range.start).unwrap_or_else(|| {
            if text.starts_with('=') && !text.starts_with("==") {
                return error(
                    SyntaxErrorKind::Unexpected,
                    range.start..range.start + 1,
                    "`=` sets a named argument: only a name can stand before it; `==` compares",
                );
            }
            error(SyntaxErrorKind::Unexpected, range.clone(), format!("`{}` is no value", shortened(&text)))
        });
        self.report(wrong);
    }

    /// Moves the white space at the end of the error node at `mark` out of it, where its last leaf took it in.
    pub(super) fn trim(&mut self, mark: usize) {
        let id = self.stack[mark];
        if let Some(space) = self.tree.trim_end(id) {
            self.push(SyntaxKind::Whitespace, space);
        }
    }

    /// Whether what stands in the brackets at `mark` is a comprehension; what is wrong with it is reported.
    fn check_comprehension(&mut self, mark: usize, place: &str) -> bool {
        let position = |builder: &Self| {
            builder.stack[mark..].iter().position(|id| builder.tree.kind(*id) == SyntaxKind::ForClause)
        };
        let Some(first) = position(self) else {
            return false;
        };
        let before: Vec<NodeId> =
            self.stack[mark + 1..mark + first].iter().copied().filter(|id| !self.tree.kind(*id).is_trivia()).collect();
        let is_one = before.len() == 1
            && self.tree.kind(before[0]) != SyntaxKind::NamedArgument
            && self.tree.kind(before[0]) != SyntaxKind::Comma;
        if !is_one {
            let range = self.tree.range(self.stack[mark + first]);
            self.refuse_for(mark);
            let message = if before.is_empty() {
                "expected a value before `for`: `[value for name in list]`".to_owned()
            } else {
                format!("`for` stands after a single value, which is all that {place} can then hold")
            };
            self.report(error(SyntaxErrorKind::Unexpected, range.start..range.start + 3, message));
            return false;
        }
        // What follows the first `for` and its filter.
        let mut rest = Vec::new();
        for at in mark + first + 1..self.stack.len() {
            let kind = self.tree.kind(self.stack[at]);
            let fine = kind.is_trivia()
                || kind.is_error()
                || matches!(kind, SyntaxKind::Filter | SyntaxKind::RightParen | SyntaxKind::RightBracket);
            if !fine {
                rest.push(at);
            }
        }
        if let Some(at) = rest.first() {
            let range = self.tree.range(self.stack[*at]);
            let message = if self.tree.kind(self.stack[*at]) == SyntaxKind::ForClause {
                "a comprehension has one `for`"
            } else {
                "nothing can follow the `for` of a comprehension but `if` and a condition"
            };
            self.report(error(SyntaxErrorKind::Unexpected, range, message));
        }
        for at in rest {
            self.stack[at] = self.tree.node(SyntaxKind::Error, &[self.stack[at]], 0);
        }
        true
    }

    /// Makes errors of all `for` clauses and filters since `mark`.
    fn refuse_for(&mut self, mark: usize) {
        let mut first = None;
        for at in mark..self.stack.len() {
            let id = self.stack[at];
            if matches!(self.tree.kind(id), SyntaxKind::ForClause | SyntaxKind::Filter) {
                first.get_or_insert(self.tree.range(id));
                self.stack[at] = self.tree.node(SyntaxKind::Error, &[id], 0);
            }
        }
        if let Some(range) = first {
            self.report(error(
                SyntaxErrorKind::Unexpected,
                range.start..range.start + 3,
                "`for` cannot stand here: a comprehension is `[value for name in list]`",
            ));
            self.quiet_until = self.quiet_until.max(range.start + 1);
        }
    }

    /// Puts one node in the place of a comprehension that stands between parentheses.
    fn comprehension_inside(&mut self, mark: usize) {
        let is_inner = |kind: SyntaxKind| {
            !kind.is_trivia() && !matches!(kind, SyntaxKind::LeftParen | SyntaxKind::RightParen | SyntaxKind::Missing)
        };
        let mut inner = (mark..self.stack.len()).filter(|at| is_inner(self.tree.kind(self.stack[*at])));
        let Some(first) = inner.next() else { return };
        let last = inner.next_back().unwrap_or(first);
        let id = self.tree.node(SyntaxKind::Comprehension, &self.stack[first..=last], 0);
        self.stack.splice(first..=last, [id]);
    }

    /// `name = value` where only values can stand.
    fn refuse_named(&mut self, mark: usize, place: &str) {
        for at in mark..self.stack.len() {
            let id = self.stack[at];
            if self.tree.kind(id) != SyntaxKind::NamedArgument {
                continue;
            }
            self.stack[at] = self.tree.node(SyntaxKind::Error, &[id], 0);
            let range = self.tree.range(id);
            let mut wrong = error(
                SyntaxErrorKind::Unexpected,
                range,
                format!("`name = value` cannot stand in {place}: it is an argument of a call"),
            );
            wrong.help = Some("`==` compares".to_owned());
            self.report(wrong);
        }
    }

    /// Reports commas that are missing between two things since `mark`, and those that stand after nothing.
    pub(super) fn check_commas(&mut self, mark: usize, things: &str) {
        let mut previous: Option<NodeId> = None;
        let mut needs_thing = true;
        let mut at = mark;
        while at < self.stack.len() {
            let id = self.stack[at];
            let kind = self.tree.kind(id);
            at += 1;
            if kind.is_trivia()
                || matches!(
                    kind,
                    SyntaxKind::LeftParen | SyntaxKind::LeftBracket | SyntaxKind::RightParen | SyntaxKind::RightBracket
                )
            {
                continue;
            }
            let range = self.tree.range(id);
            if kind == SyntaxKind::Comma {
                if needs_thing {
                    let missing = self.tree.leaf(SyntaxKind::Missing, range.start..range.start);
                    self.stack.insert(at - 1, missing);
                    at += 1;
                    let mut wrong = error(SyntaxErrorKind::Expected, range.clone(), "expected a value before this `,`");
                    wrong.fix = Some(Fix { range, text: String::new() });
                    self.report(wrong);
                }
                needs_thing = true;
                previous = None;
                continue;
            }
            needs_thing = false;
            if let Some(before) = previous
                && !kind.is_error()
                && !self.tree.kind(before).is_error()
            {
                let end = self.tree.range(before).end;
                let missing = self.tree.leaf(SyntaxKind::Missing, end..end);
                let place =
                    self.stack[mark..].iter().position(|other| *other == before).map_or(at - 1, |i| mark + i + 1);
                self.stack.insert(place, missing);
                at += 1;
                let mut wrong = error(
                    SyntaxErrorKind::Expected,
                    end..end,
                    format!("expected `,` between two {things}, after `{}`", shortened(self.tree.text(before))),
                );
                wrong.fix = Some(Fix { range: end..end, text: ",".to_owned() });
                self.report(wrong);
            }
            if kind != SyntaxKind::Missing {
                previous = Some(id);
            }
        }
    }
}
