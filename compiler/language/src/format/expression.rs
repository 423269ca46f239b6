//! Values as documents.

use synx_grammar::{Node, SyntaxKind};

use super::align::column;
use super::doc::{Doc, width};
use super::seq::Seq;

/// The document of a value, or of anything that a value is made of.
pub(super) fn expression(node: Node<'_>) -> Doc<'_> {
    match node.kind() {
        SyntaxKind::List
        | SyntaxKind::Tuple
        | SyntaxKind::Paren
        | SyntaxKind::Arguments
        | SyntaxKind::Parameters
        | SyntaxKind::Pattern => brackets(node),
        SyntaxKind::Comprehension => comprehension(node),
        SyntaxKind::Binary => binary(node),
        SyntaxKind::Pipe => pipe(node),
        SyntaxKind::If => choice(node),
        SyntaxKind::Interval => interval(node),
        SyntaxKind::Unary => unary(node),
        SyntaxKind::Call | SyntaxKind::Index | SyntaxKind::Access => {
            Doc::Concat(node.children().map(expression).collect())
        }
        SyntaxKind::String => Doc::text(node.text()),
        _ if node.is_leaf() => Doc::text(node.text()),
        _ => words(&node.children().collect::<Vec<_>>()),
    }
}

/// Words, and lists of them, which may go on on the next line: `for a in b`, `name = value`, `E in 0.., B in 0..`.
pub(super) fn words<'t>(children: &[Node<'t>]) -> Doc<'t> {
    let mut seq = Seq::default();
    let mut before: Option<SyntaxKind> = None;
    let mut is_apart = false;
    for child in children.iter().copied() {
        if seq.trivia(child) {
            is_apart = true;
            continue;
        }
        let stands_apart = |kind| matches!(kind, SyntaxKind::Equals | SyntaxKind::Tilde | SyntaxKind::Keyword);
        match before {
            None => {}
            _ if child.kind() == SyntaxKind::Comma => {}
            Some(SyntaxKind::Comma) => {
                seq.indent();
                seq.separate(Doc::line());
            }
            Some(before) if is_apart || stands_apart(before) || stands_apart(child.kind()) => seq.space(),
            Some(_) => {}
        }
        seq.push(expression(child));
        before = Some(child.kind());
        is_apart = false;
    }
    seq.finish().group()
}

/// What stands between brackets: its elements, each with the trivia after it, and what stands before the first.
struct Inside<'t> {
    open: Node<'t>,
    close: Option<Node<'t>>,
    before: Vec<Node<'t>>,
    elements: Vec<(Node<'t>, Vec<Node<'t>>)>,
}

impl<'t> Inside<'t> {
    fn of(node: Node<'t>) -> Option<Inside<'t>> {
        let mut children = node.children();
        let mut inside = Inside { open: children.next()?, close: None, before: Vec::new(), elements: Vec::new() };
        for child in children {
            match child.kind() {
                SyntaxKind::RightParen | SyntaxKind::RightBracket => inside.close = Some(child),
                SyntaxKind::Comma => {}
                kind if kind.is_trivia() => match inside.elements.last_mut() {
                    Some((_, after)) => after.push(child),
                    None => inside.before.push(child),
                },
                _ => inside.elements.push((child, Vec::new())),
            }
        }
        Some(inside)
    }

    fn has_comments(&self) -> bool {
        let mut trivia = self.before.iter().chain(self.elements.iter().flat_map(|(_, after)| after));
        trivia.any(|node| node.kind() != SyntaxKind::Whitespace)
    }
}

/// `(…)` and `[…]`: on one line, or an element a line.
fn brackets(node: Node<'_>) -> Doc<'_> {
    let Some(inside) = Inside::of(node) else { return Doc::Concat(Vec::new()) };
    let close = inside.close.map_or("", Node::text);
    let open = Doc::text(inside.open.text());
    let has_comments = inside.has_comments();
    if inside.elements.is_empty() && !has_comments {
        return Doc::Concat(vec![open, Doc::text(close)]);
    }
    let is_tuple = node.kind() == SyntaxKind::Tuple;
    if let [(only, _)] = &inside.elements[..]
        && !has_comments
    {
        // `f([…])` breaks inside the list only.
        let is_list = matches!(only.kind(), SyntaxKind::List | SyntaxKind::Comprehension)
            && only.children().next().is_some_and(|first| first.kind() == SyntaxKind::LeftBracket);
        if is_list && node.kind() == SyntaxKind::Arguments {
            return Doc::Concat(vec![open, expression(*only), Doc::text(close)]);
        }
        if is_tuple {
            return Doc::Concat(vec![open, expression(*only), Doc::text(","), Doc::text(close)]);
        }
    }
    if node.kind() == SyntaxKind::List && !has_comments && numbers(&inside) {
        return number_list(&inside, open, close);
    }
    let takes_comma = match node.kind() {
        SyntaxKind::Paren => false,
        _ => {
            !inside.elements.iter().any(|(element, _)| element.kind() == SyntaxKind::Comprehension && is_bare(*element))
        }
    };
    let mut seq = Seq::of_elements();
    let mut head = vec![open];
    // A comment on the line of the bracket stays there.
    let is_gap = |node: &Node<'_>| node.kind() == SyntaxKind::Whitespace && !node.text().contains('\n');
    let gap = inside.before.iter().take_while(|node| is_gap(node)).count();
    let mut before = &inside.before[gap..];
    if let [first, rest @ ..] = before
        && first.kind() != SyntaxKind::Whitespace
    {
        head.push(Doc::Comment(first.text().trim_end()));
        before = rest;
    }
    for node in before {
        seq.trivia(*node);
    }
    let last = inside.elements.len().saturating_sub(1);
    let columns = columns(&inside);
    for (at, (element, after)) in inside.elements.iter().enumerate() {
        seq.push(match columns[at] {
            Some(to) => named(*element, to),
            None => expression(*element),
        });
        if at < last || (is_tuple && last == 0) {
            seq.text(",");
        } else if takes_comma {
            seq.push(Doc::Broken(",".into()));
        }
        for node in after {
            seq.trivia(*node);
        }
        seq.separate(Doc::line());
    }
    let soft = || Doc::Line { flat: "", blank: false };
    head.push(Doc::Concat(vec![soft(), seq.finish_open()]).indented());
    head.push(soft());
    head.push(Doc::text(close));
    Doc::Concat(head).group()
}

/// The name of `name = value`, where no comment stands inside of it.
fn name_of(element: Node<'_>) -> Option<&str> {
    let is_named = matches!(element.kind(), SyntaxKind::NamedArgument | SyntaxKind::Parameter);
    let has_value = element.child(SyntaxKind::Equals).is_some();
    let is_plain = element.children().all(|child| !child.kind().is_trivia() || child.kind() == SyntaxKind::Whitespace);
    (is_named && has_value && is_plain).then(|| element.children().next().map(Node::text)).flatten()
}

/// How wide the name of each element is to be where each stands on its own line: neighbours have their `=` in one column.
fn columns(inside: &Inside<'_>) -> Vec<Option<usize>> {
    let names: Vec<Option<String>> =
        inside.elements.iter().map(|(element, _)| name_of(*element).map(str::to_owned)).collect();
    let mut columns = vec![None; names.len()];
    let mut at = 0;
    while at < names.len() {
        let group: Vec<String> = names[at..].iter().map_while(Clone::clone).collect();
        columns[at..at + group.len()].fill(Some(column(&group)));
        at += group.len().max(1);
    }
    columns
}

/// `name = value`, the name filled up to a width where its brackets are broken.
fn named(element: Node<'_>, to: usize) -> Doc<'_> {
    let name = name_of(element).unwrap_or_default();
    let blanks = " ".repeat(to.saturating_sub(width(name)));
    let value = element.children().skip_while(|child| child.kind() != SyntaxKind::Equals).skip(1);
    let value = value.filter(|child| child.kind() != SyntaxKind::Whitespace).map(expression).collect();
    Doc::Concat(vec![Doc::text(name), Doc::Broken(blanks.into()), Doc::text(" = "), Doc::Concat(value)])
}

/// Whether a comprehension stands in the brackets of a call.
fn is_bare(node: Node<'_>) -> bool {
    node.children().next().is_some_and(|first| first.kind() != SyntaxKind::LeftBracket)
}

/// Whether there is nothing but numbers.
fn numbers(inside: &Inside<'_>) -> bool {
    inside.elements.iter().all(|(element, _)| {
        let is_number = |node: Node<'_>| node.kind() == SyntaxKind::Number;
        is_number(*element) || element.kind() == SyntaxKind::Unary && element.children().last().is_some_and(is_number)
    })
}

/// Numbers share lines.
fn number_list<'t>(inside: &Inside<'t>, open: Doc<'t>, close: &'t str) -> Doc<'t> {
    let last = inside.elements.len() - 1;
    let mut parts = Vec::with_capacity(2 * last + 1);
    for (at, (element, _)) in inside.elements.iter().enumerate() {
        let comma = if at == last { Doc::Broken(",".into()) } else { Doc::text(",") };
        parts.push(Doc::Concat(vec![expression(*element), comma]));
        if at < last {
            parts.push(Doc::line());
        }
    }
    let soft = || Doc::Line { flat: "", blank: false };
    let inner = Doc::Concat(vec![soft(), Doc::Fill(parts)]).indented();
    Doc::Concat(vec![open, inner, soft(), Doc::text(close)]).group()
}

/// `[e for x in xs if c]`, or the same without its brackets.
fn comprehension(node: Node<'_>) -> Doc<'_> {
    let mut seq = Seq::default();
    let (mut open, mut close) = (None, None);
    for child in node.children() {
        match child.kind() {
            SyntaxKind::LeftBracket => open = Some(child.text()),
            SyntaxKind::RightBracket => close = Some(child.text()),
            _ if seq.trivia(child) => {}
            _ => {
                seq.push(expression(child));
                seq.separate(Doc::line());
            }
        }
    }
    let (Some(open), Some(close)) = (open, close) else { return seq.finish_open() };
    let soft = || Doc::Line { flat: "", blank: false };
    let inner = Doc::Concat(vec![soft(), seq.finish_open()]).indented();
    Doc::Concat(vec![Doc::text(open), inner, soft(), Doc::text(close)]).group()
}

/// The operator of a node of two sides.
fn operator(node: Node<'_>) -> &str {
    node.children().find(|child| child.kind() == SyntaxKind::Operator).map_or("", Node::text)
}

/// The operators that make one chain: a chain breaks at all of them or at none.
fn chain_of(operator: &str) -> u8 {
    match operator {
        "or" => 0,
        "and" => 1,
        "+" | "-" => 3,
        "*" | "/" => 4,
        "^" => 5,
        _ => 2,
    }
}

/// Whether an operator stands without blanks: `a^2`, and `1/3` where both are plain numbers.
fn is_tight(node: Node<'_>, operator: &str) -> bool {
    let is_plain = |node: Node<'_>| {
        let number = if node.kind() == SyntaxKind::Unary { node.children().last() } else { Some(node) };
        number.is_some_and(|n| n.kind() == SyntaxKind::Number && n.children().all(|c| c.kind() == SyntaxKind::Digits))
    };
    match operator {
        "^" => true,
        "/" => node.children().all(|child| match child.kind() {
            SyntaxKind::Operator | SyntaxKind::Whitespace => true,
            _ => is_plain(child),
        }),
        _ => false,
    }
}

/// `a + b`, with all that binds as tightly to its left.
fn binary(node: Node<'_>) -> Doc<'_> {
    let mut seq = Seq::default();
    chain(node, chain_of(operator(node)), &mut seq);
    seq.finish().group()
}

fn chain<'t>(node: Node<'t>, level: u8, seq: &mut Seq<'t>) {
    let operator = operator(node);
    let is_tight = is_tight(node, operator);
    let mut is_left = true;
    for child in node.children() {
        if seq.trivia(child) {
            continue;
        }
        if child.kind() == SyntaxKind::Operator {
            match operator {
                _ if is_tight => seq.text(operator),
                "and" | "or" => {
                    seq.separate(Doc::line());
                    seq.text(operator);
                    seq.space();
                }
                _ => {
                    seq.space();
                    seq.text(operator);
                    seq.separate(Doc::line());
                }
            }
        } else if is_left && child.kind() == SyntaxKind::Binary && chain_of(self::operator(child)) == level {
            chain(child, level, seq);
        } else {
            seq.push(expression(child));
            seq.indent();
        }
        is_left = false;
    }
}

/// `a |> f() |> g()`.
fn pipe(node: Node<'_>) -> Doc<'_> {
    fn steps<'t>(node: Node<'t>, seq: &mut Seq<'t>) {
        let mut is_left = true;
        for child in node.children() {
            if seq.trivia(child) {
                continue;
            }
            if child.kind() == SyntaxKind::Operator {
                seq.separate(Doc::line());
                seq.text(child.text());
                seq.space();
            } else if is_left && child.kind() == SyntaxKind::Pipe {
                steps(child, seq);
            } else {
                seq.push(expression(child));
                seq.indent();
            }
            is_left = false;
        }
    }
    let mut seq = Seq::default();
    steps(node, &mut seq);
    seq.finish().group()
}

/// `if a then b else if c then d else e`: on one line, or a branch a line.
fn choice(node: Node<'_>) -> Doc<'_> {
    let mut seq = Seq::default();
    branches(node, None, &mut seq);
    seq.finish().group()
}

/// Adds the branches of a choice, the first after what `before` holds.
fn branches<'t>(node: Node<'t>, before: Option<Doc<'t>>, seq: &mut Seq<'t>) {
    let mut branch = Seq::default();
    if let Some(before) = before {
        let ends_line = before.must_break();
        branch.push(before);
        if !ends_line {
            branch.space();
        }
    }
    let mut is_else = false;
    for child in node.children() {
        let is_word = child.kind() == SyntaxKind::Keyword;
        if is_word && child.text() == "else" {
            seq.push(std::mem::take(&mut branch).finish_open().group());
            seq.indent();
            seq.separate(Doc::line());
            branch.text("else");
            branch.space();
            is_else = true;
        } else if branch.trivia(child) {
            // What stands between them.
        } else if is_else && child.kind() == SyntaxKind::If {
            return branches(child, Some(branch.finish()), seq);
        } else if is_word && child.text() == "then" {
            branch.indent();
            branch.separate(Doc::line());
            branch.text("then");
            branch.space();
        } else {
            branch.push(expression(child));
            branch.space();
        }
    }
    seq.push(branch.finish().group());
}

/// `a..b step c`.
fn interval(node: Node<'_>) -> Doc<'_> {
    let is_simple = |node: Node<'_>| {
        let node = if node.kind() == SyntaxKind::Unary { node.children().last().unwrap_or(node) } else { node };
        matches!(
            node.kind(),
            SyntaxKind::Number
                | SyntaxKind::Name
                | SyntaxKind::Access
                | SyntaxKind::Call
                | SyntaxKind::Index
                | SyntaxKind::Paren
        )
    };
    let ends = node.children().take_while(|child| child.kind() != SyntaxKind::Keyword);
    let is_tight = ends.filter(|child| child.kind().is_expression()).all(is_simple);
    let mut seq = Seq::default();
    let mut is_first = true;
    for child in node.children() {
        if seq.trivia(child) {
            continue;
        }
        let is_step = child.kind() == SyntaxKind::Keyword;
        if !is_first && (is_step || !is_tight) {
            seq.space();
        }
        seq.push(expression(child));
        if is_step {
            seq.space();
        }
        is_first = false;
    }
    seq.finish()
}

/// `-x`, `not x`.
fn unary(node: Node<'_>) -> Doc<'_> {
    let mut seq = Seq::default();
    for child in node.children() {
        if seq.trivia(child) {
            continue;
        }
        seq.push(expression(child));
        if child.text() == "not" {
            seq.space();
        }
    }
    seq.finish()
}
