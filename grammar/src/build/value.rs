//! Values: what the rules matched as a flat sequence gets its structure by precedence.

use pest::iterators::Pair;

use super::{Builder, shortened};
use crate::limits::MAX_HEIGHT;
use crate::parse::{Rule, error};
use crate::tree::NodeId;
use crate::view::BinaryOperator;
use crate::{Fix, SyntaxErrorKind, SyntaxKind, habits};

/// The part that a node plays in a flat sequence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Trivia,
    Prefix,
    Operand,
    Infix,
}

/// How tightly operators bind, from loose to tight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Everything: where a value begins.
    Value,
    Pipe,
    Or,
    And,
    Not,
    Comparison,
    Interval,
    Sum,
    Product,
    Sign,
    Power,
    /// Nothing at all binds more tightly.
    Operand,
}

impl Level {
    /// The level of the right side of an operator that groups to the left.
    fn tighter(self) -> Self {
        match self {
            Self::Value => Self::Pipe,
            Self::Pipe => Self::Or,
            Self::Or => Self::And,
            Self::And => Self::Not,
            Self::Not => Self::Comparison,
            Self::Comparison => Self::Interval,
            Self::Interval => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Sign,
            Self::Sign => Self::Power,
            Self::Power | Self::Operand => Self::Operand,
        }
    }

    /// The level of an infix operator; none for `then`, `else`, `step` and `factor`, which belong to other forms.
    fn of(operator: &str) -> Option<Self> {
        Some(match operator {
            "|>" | "->" => Self::Pipe,
            "or" | "||" => Self::Or,
            "and" | "&&" => Self::And,
            "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "===" | "!==" | "<>" | "=>" | "\u{2264}" | "\u{2265}"
            | "\u{2260}" => Self::Comparison,
            ".." => Self::Interval,
            "+" | "-" | "\u{2212}" | "\u{2013}" => Self::Sum,
            "*" | "/" | "\u{00D7}" | "\u{00B7}" | "\u{00F7}" => Self::Product,
            "^" | "**" => Self::Power,
            _ => return None,
        })
    }
}

/// A flat sequence and how far it is read.
struct Sequence {
    pieces: Vec<(NodeId, Role)>,
    at: usize,
    /// Whether it was given up, because it nests too deeply.
    is_too_deep: bool,
}

impl Sequence {
    /// The next piece that is not trivia, and its index.
    fn peek(&self) -> Option<(usize, NodeId, Role)> {
        self.pieces[self.at..]
            .iter()
            .enumerate()
            .find(|(_, (_, role))| *role != Role::Trivia)
            .map(|(skip, (id, role))| (self.at + skip, *id, *role))
    }

    /// Appends the pieces up to and with the one at `index`.
    fn take(&mut self, index: usize, children: &mut Vec<NodeId>) {
        children.extend(self.pieces[self.at..=index].iter().map(|(id, _)| *id));
        self.at = index + 1;
    }

    /// Appends the trivia that comes next.
    fn take_trivia(&mut self, children: &mut Vec<NodeId>) {
        while let Some((id, Role::Trivia)) = self.pieces.get(self.at) {
            children.push(*id);
            self.at += 1;
        }
    }

    /// Appends all that is left.
    fn take_rest(&mut self, children: &mut Vec<NodeId>) {
        children.extend(self.pieces[self.at..].iter().map(|(id, _)| *id));
        self.at = self.pieces.len();
    }
}

impl Builder<'_> {
    /// A value, in brackets or on a line.
    pub(super) fn value(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let mut pieces: Vec<(NodeId, Role)> = Vec::new();
        for inner in pair.into_inner() {
            let role = match inner.as_rule() {
                Rule::operand => {
                    self.operand(inner, mark, &mut pieces);
                    continue;
                }
                Rule::operator | Rule::dots => {
                    match inner.as_str() {
                        "then" | "else" | "step" | "factor" => {
                            self.leaf(SyntaxKind::Keyword, &inner);
                        }
                        ".." | "|>" => {
                            self.leaf(SyntaxKind::Operator, &inner);
                        }
                        other if BinaryOperator::from_text(other).is_some() => {
                            self.leaf(SyntaxKind::Operator, &inner);
                        }
                        _ => self.wrong_operator(&inner),
                    }
                    Role::Infix
                }
                Rule::no_operand => {
                    self.no_operand(mark, &mut pieces);
                    continue;
                }
                _ => {
                    self.common(inner);
                    Role::Trivia
                }
            };
            self.collect(mark, role, &mut pieces);
        }
        if let [(only, Role::Operand)] = pieces[..] {
            self.stack.push(only);
            return;
        }
        let mut sequence = Sequence { pieces, at: 0, is_too_deep: false };
        let mut children = vec![self.expression(&mut sequence, Level::Value, 0)];
        if let Some((_, id, _)) = sequence.peek() {
            self.stray(id);
            // Trivia at the end belongs to nobody here.
            let trivia = sequence.pieces.iter().rev().take_while(|(_, role)| *role == Role::Trivia).count();
            let outside = sequence.pieces.split_off(sequence.pieces.len() - trivia);
            sequence.take_rest(&mut children);
            let node = self.tree.node(SyntaxKind::Error, &children, 0);
            self.stack.push(node);
            self.stack.extend(outside.into_iter().map(|(id, _)| id));
        } else {
            self.stack.push(children[0]);
            let rest = sequence.pieces.split_off(sequence.at);
            self.stack.extend(rest.into_iter().map(|(id, _)| id));
        }
        if sequence.is_too_deep {
            let end = self.meaningful_end(mark);
            let range = self.tree.range(self.stack[mark]).start..self.tree.range(self.stack[end - 1]).end;
            self.wrap(mark);
            let mut wrong = error(
                SyntaxErrorKind::Limit,
                range,
                format!("this expression is more than {MAX_HEIGHT} operations high"),
            );
            wrong.help = Some("give parts of it names with `let`".to_owned());
            self.report(wrong);
        }
    }

    /// Moves what was pushed since `mark` to the sequence; only the last that is not trivia has this role.
    fn collect(&mut self, mark: usize, role: Role, pieces: &mut Vec<(NodeId, Role)>) {
        let end = self.meaningful_end(mark);
        for (at, id) in self.stack.drain(mark..).enumerate() {
            let is_trivia = self.tree.kind(id).is_trivia();
            debug_assert!(is_trivia || mark + at + 1 == end);
            pieces.push((id, if is_trivia { Role::Trivia } else { role }));
        }
    }

    fn operand(&mut self, pair: Pair<'_, Rule>, mark: usize, pieces: &mut Vec<(NodeId, Role)>) {
        let start = mark;
        // Brackets right after an operand are a call's or an index's.
        let mut is_postfix = false;
        for inner in pair.into_inner() {
            let rule = inner.as_rule();
            match rule {
                Rule::prefix => {
                    let kind = if inner.as_str() == "if" { SyntaxKind::Keyword } else { SyntaxKind::Operator };
                    self.leaf(kind, &inner);
                    self.collect(mark, Role::Prefix, pieces);
                }
                Rule::no_operand => {
                    self.no_operand(mark, pieces);
                }
                Rule::access => {
                    for part in inner.into_inner() {
                        match part.as_rule() {
                            Rule::no_name => self.expected("the name of a field", None),
                            _ => self.common(part),
                        }
                    }
                    self.grow(start, SyntaxKind::Access);
                }
                Rule::paren if is_postfix => {
                    self.arguments(inner);
                    self.grow(start, SyntaxKind::Call);
                }
                Rule::list if is_postfix => {
                    self.arguments(inner);
                    self.grow(start, SyntaxKind::Index);
                }
                Rule::bad_operand => self.bad_operand(&inner),
                Rule::space | Rule::blank | Rule::comment => {
                    self.common(inner);
                    self.collect(mark, Role::Trivia, pieces);
                }
                _ => self.common(inner),
            }
            is_postfix = !matches!(rule, Rule::prefix | Rule::space | Rule::blank | Rule::comment);
        }
        self.collect(mark, Role::Operand, pieces);
    }

    /// Completes a postfix form, unless it gets too high.
    fn grow(&mut self, start: usize, kind: SyntaxKind) {
        let end = self.meaningful_end(start);
        let height = self.tree.height_over(&self.stack[start..end]);
        if height > MAX_HEIGHT {
            let range = self.tree.range(self.stack[start]).start..self.tree.range(self.stack[end - 1]).end;
            let is_told = self.tree.has_error(self.stack[start]);
            self.wrap(start);
            if !is_told {
                let mut wrong = error(
                    SyntaxErrorKind::Limit,
                    range,
                    format!("this expression is more than {MAX_HEIGHT} operations high"),
                );
                wrong.help = Some("give parts of it names with `let`".to_owned());
                self.report(wrong);
            }
        } else {
            self.complete(start, kind);
        }
    }

    fn bad_operand(&mut self, pair: &Pair<'_, Rule>) {
        let mark = self.stack.len();
        self.leaf(SyntaxKind::Junk, pair);
        self.wrap(mark);
        let range = self.range(pair);
        let wrong = habits::operand(self.source, range);
        self.report(wrong);
    }

    fn wrong_operator(&mut self, pair: &Pair<'_, Rule>) {
        let mark = self.stack.len();
        self.leaf(SyntaxKind::Operator, pair);
        self.wrap(mark);
        let range = self.range(pair);
        let wrong = habits::operator(pair.as_str(), range);
        self.report(wrong);
    }

    /// An operand that is missing after the last piece.
    fn no_operand(&mut self, mark: usize, pieces: &mut Vec<(NodeId, Role)>) {
        self.collect(mark, Role::Trivia, pieces);
        let last = pieces.iter().rposition(|(_, role)| *role != Role::Trivia);
        let (at, after) = match last {
            Some(index) => (self.tree.range(pieces[index].0).end, self.tree.text(pieces[index].0).to_owned()),
            None => (self.base, String::new()),
        };
        let missing = self.tree.leaf(SyntaxKind::Missing, at..at);
        pieces.insert(last.map_or(0, |index| index + 1), (missing, Role::Operand));
        if !self.follows_mistake(0, at) {
            let message = if after.is_empty() {
                "expected a value".to_owned()
            } else {
                format!("expected a value after `{}`", shortened(&after))
            };
            self.report(error(SyntaxErrorKind::Expected, at..at, message));
        }
    }

    /// Reports an operator that belongs to no form.
    fn stray(&mut self, id: NodeId) {
        let range = self.tree.range(id);
        let (message, help) = match self.tree.text(id) {
            "then" => ("`then` without `if`", Some("`if condition then value else other`")),
            "else" => ("`else` without `if` and `then`", Some("`if condition then value else other`")),
            "step" | "factor" => {
                ("only an interval has a step or a factor", Some("`1..5 step 1` and `1M..64M factor 4` are lists"))
            }
            _ => ("expected an operator before this", None),
        };
        let mut wrong = error(SyntaxErrorKind::Unexpected, range, message);
        wrong.help = help.map(str::to_owned);
        self.report(wrong);
    }

    // ---- Precedence ---------------------------------------------------------------------------------------------

    /// Reads a value whose operators bind at least as tightly as `least`.
    fn expression(&mut self, sequence: &mut Sequence, least: Level, depth: u16) -> NodeId {
        if depth > MAX_HEIGHT || sequence.is_too_deep {
            return self.too_deep(sequence, Vec::new());
        }
        let mut left = self.prefixed(sequence, depth);
        let mut before = None;
        while let Some((index, operator, Role::Infix)) = sequence.peek() {
            let text = self.tree.text(operator);
            let Some(level) = Level::of(text) else { break };
            if level < least || sequence.is_too_deep {
                break;
            }
            let is_dots = text == "..";
            let is_pipe = text == "|>";
            let mut children = vec![left];
            sequence.take(index, &mut children);
            let is_open = is_dots && !matches!(sequence.peek(), Some((_, _, Role::Operand | Role::Prefix)));
            if !is_open {
                sequence.take_trivia(&mut children);
                // `2^3^2` is `2^(3^2)`; all others group to the left.
                let right = if level == Level::Power { Level::Sign } else { level.tighter() };
                children.push(self.expression(sequence, right, depth + 1));
            }
            if is_dots {
                self.step(sequence, &mut children, depth);
            }
            // A second comparison or interval right after one does not chain.
            let is_second = before == Some(level) && matches!(level, Level::Comparison | Level::Interval);
            before = Some(level);
            let kind = if self.tree.kind(operator) == SyntaxKind::Error {
                SyntaxKind::Error
            } else if is_second {
                self.chained(left, &children, is_dots);
                SyntaxKind::Error
            } else if is_dots {
                SyntaxKind::Interval
            } else if is_pipe {
                SyntaxKind::Pipe
            } else {
                SyntaxKind::Binary
            };
            left = self.grown(sequence, kind, children);
        }
        left
    }

    /// Reads an operand with the prefix operators before it.
    fn prefixed(&mut self, sequence: &mut Sequence, depth: u16) -> NodeId {
        let Some((index, id, role)) = sequence.peek() else {
            return self.too_deep(sequence, Vec::new());
        };
        let mut children = Vec::new();
        match role {
            Role::Operand => {
                sequence.take(index, &mut children);
                id
            }
            Role::Prefix if self.tree.text(id) == "if" => self.if_then_else(sequence, depth),
            _ => {
                let level = match self.tree.text(id) {
                    "not" => Level::Comparison,
                    ".." => Level::Sum,
                    _ => Level::Power,
                };
                sequence.take(index, &mut children);
                sequence.take_trivia(&mut children);
                children.push(self.expression(sequence, level, depth + 1));
                if level == Level::Sum {
                    self.step(sequence, &mut children, depth);
                    return self.grown(sequence, SyntaxKind::Interval, children);
                }
                self.grown(sequence, SyntaxKind::Unary, children)
            }
        }
    }

    /// `step s` or `factor f` after an interval.
    fn step(&mut self, sequence: &mut Sequence, children: &mut Vec<NodeId>, depth: u16) {
        if let Some((index, id, Role::Infix)) = sequence.peek()
            && matches!(self.tree.text(id), "step" | "factor")
        {
            sequence.take(index, children);
            sequence.take_trivia(children);
            let value = self.expression(sequence, Level::Sum, depth + 1);
            children.push(value);
        }
    }

    /// `if c then a else b`, read from `if` on.
    fn if_then_else(&mut self, sequence: &mut Sequence, depth: u16) -> NodeId {
        let mut children = Vec::new();
        if let Some((index, _, _)) = sequence.peek() {
            sequence.take(index, &mut children);
        }
        sequence.take_trivia(&mut children);
        children.push(self.expression(sequence, Level::Value, depth + 1));
        for (word, what) in
            [("then", "`then` and a value after the condition"), ("else", "`else` and a value: an `if` says both")]
        {
            if sequence.is_too_deep {
                break;
            }
            match sequence.peek() {
                Some((index, id, Role::Infix)) if self.tree.text(id) == word => {
                    sequence.take(index, &mut children);
                    sequence.take_trivia(&mut children);
                    children.push(self.expression(sequence, Level::Value, depth + 1));
                }
                _ => {
                    let at = children.last().map_or(self.base, |last| self.tree.range(*last).end);
                    let missing = self.tree.leaf(SyntaxKind::Missing, at..at);
                    children.push(missing);
                    if !self.follows_mistake(0, at) {
                        self.report(error(SyntaxErrorKind::Expected, at..at, format!("expected {what}")));
                    }
                    break;
                }
            }
        }
        self.grown(sequence, SyntaxKind::If, children)
    }

    /// A node of these children, or an error where it would be too high.
    fn grown(&mut self, sequence: &mut Sequence, kind: SyntaxKind, children: Vec<NodeId>) -> NodeId {
        if sequence.is_too_deep || self.tree.height_over(&children) > MAX_HEIGHT {
            return self.too_deep(sequence, children);
        }
        self.tree.node(kind, &children, 0)
    }

    /// Gives up: all that is left of the sequence goes into one error. It is reported when the value is complete.
    fn too_deep(&mut self, sequence: &mut Sequence, mut children: Vec<NodeId>) -> NodeId {
        sequence.is_too_deep = true;
        sequence.take_rest(&mut children);
        self.tree.node(SyntaxKind::Error, &children, self.source.len())
    }

    /// Reports comparisons in a row.
    fn chained(&mut self, left: NodeId, children: &[NodeId], is_interval: bool) {
        let Some(last) = children.last() else { return };
        let range = self.tree.range(left).start..self.tree.range(*last).end;
        let mut wrong = error(
            SyntaxErrorKind::ChainedComparison,
            range.clone(),
            if is_interval { "an interval has two ends" } else { "comparisons do not chain" },
        );
        if !is_interval {
            // `a < b < c`: the middle is the right side of what was read first.
            let middle = self.tree.last_child(left).map(|id| self.tree.text(id).to_owned());
            if let Some(middle) = middle.filter(|middle| !middle.is_empty()) {
                let end = self.tree.range(left).end;
                let cure = format!("{} and {middle}{}", &self.source[range.start..end], &self.source[end..range.end]);
                wrong.help = Some(format!("write `{}`", shortened_to(&cure, 72)));
                wrong.fix = Some(Fix { range, text: cure });
            }
        }
        self.report(wrong);
    }
}

/// A text that fits into a message.
fn shortened_to(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest - 1).collect();
    short.push('…');
    short
}
