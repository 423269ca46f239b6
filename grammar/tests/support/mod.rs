//! What the tests share: the example programs and checks that hold for every tree.
// Each test file uses a part of this; closures name what a view gives more shortly than its path.
#![allow(dead_code, clippy::redundant_closure_for_method_calls)]

use synx_grammar::view::{Argument, Body, Entry, Expression, File, Part};
use synx_grammar::{Node, Parse, SyntaxKind, parse};

/// The programs of the language's design, and what they leave out.
pub const EXAMPLES: [(&str, &str); 13] = [
    ("tour", include_str!("../fixtures/tour.synx")),
    ("generators", include_str!("../fixtures/generators.synx")),
    ("regmix", include_str!("../fixtures/regmix.synx")),
    ("two_phase", include_str!("../fixtures/two_phase.synx")),
    ("repetition", include_str!("../fixtures/repetition.synx")),
    ("isoflop", include_str!("../fixtures/isoflop.synx")),
    ("collapse", include_str!("../fixtures/collapse.synx")),
    ("hybrid", include_str!("../fixtures/hybrid.synx")),
    ("pruning", include_str!("../fixtures/pruning.synx")),
    ("tuning", include_str!("../fixtures/tuning.synx")),
    ("best_rate", include_str!("../fixtures/best_rate.synx")),
    ("budget", include_str!("../fixtures/budget.synx")),
    ("others", include_str!("../fixtures/others.synx")),
];

/// Parses and checks only that nothing is lost: for texts in great number.
pub fn rejoined(text: &str) -> Parse {
    let parsed = parse(text);
    let mut at = 0;
    for leaf in parsed.tree.root().leaves() {
        assert_eq!(leaf.range().start, at, "the leaves of {text:?} are adjacent");
        at = leaf.range().end;
    }
    assert_eq!(at, text.len(), "the leaves are all of {text:?}");
    assert_eq!(parsed.tree.root().has_error(), !parsed.errors.is_empty(), "{text:?}");
    parsed
}

/// Parses and checks what holds for every text: the leaves are the text, children tile their parents, mistakes and
/// error nodes come together, and every view can be asked everything.
pub fn checked(text: &str) -> Parse {
    let parsed = parse(text);
    let root = parsed.tree.root();
    let leaves: String = root.leaves().map(Node::text).collect();
    assert_eq!(leaves, text, "the leaves are the text");
    for node in root.descendants() {
        let range = node.range();
        let mut at = range.start;
        for child in node.children() {
            assert_eq!(child.parent(), Some(node));
            assert_eq!(child.range().start, at, "children are adjacent in {node:?} of {text:?}");
            at = child.range().end;
        }
        assert!(node.is_leaf() || at == range.end, "children fill {node:?} of {text:?}");
        let ends_in_trivia = node.children().last().is_some_and(|last| last.kind().is_trivia());
        assert!(
            !ends_in_trivia || matches!(node.kind(), SyntaxKind::File | SyntaxKind::Error),
            "{node:?} ends with trivia in {text:?}"
        );
    }
    assert_eq!(root.has_error(), !parsed.errors.is_empty(), "errors of {text:?}: {:?}\n{root:?}", parsed.errors);
    for error in &parsed.errors {
        let ranges = [
            Some(&error.range),
            error.related.as_ref().map(|(range, _)| range),
            error.fix.as_ref().map(|fix| &fix.range),
        ];
        for range in ranges.into_iter().flatten() {
            assert!(text.get(range.clone()).is_some(), "{error:?} lies in {text:?}");
        }
        // What is named in a message is never empty and never of more than one line.
        assert!(!error.message.contains('\n'), "{error:?}");
        assert!(text.contains('`') || !error.message.contains("``"), "{error:?}");
    }
    visit(parsed.file());
    parsed
}

/// Asks every view everything.
fn visit(file: File<'_>) {
    for part in file.parts() {
        match part {
            Part::Edition(edition) => drop(edition.number().map(|number| number.digits())),
            Part::Import(import) => drop((import.path().map(|path| path.value()), import.names().count())),
            Part::Assert(assertion) => entry(Entry::Assert(assertion)),
            Part::Item(item) => {
                drop((item.kind(), item.name(), item.docs()));
                item.parameters().filter_map(|parameter| parameter.default()).for_each(value);
                match item.body() {
                    Body::Expression(expression) => value(expression),
                    Body::Block(block) => block.entries().for_each(entry),
                    Body::Missing => assert!(item.node().has_error()),
                }
            }
        }
    }
}

fn entry(entry: Entry<'_>) {
    drop(entry.docs());
    match entry {
        Entry::Field(field) => {
            assert!(field.name().is_some() || field.node().has_error());
            field.value().into_iter().for_each(value);
        }
        Entry::Axis(axis) => {
            assert!(axis.pattern().is_some_and(|pattern| pattern.names().count() > 0) || axis.node().has_error());
            axis.value().into_iter().for_each(value);
        }
        Entry::Let(entry) => {
            assert!(entry.name().is_some() || entry.node().has_error());
            entry.value().into_iter().for_each(value);
        }
        Entry::Where(entry) => value(entry.condition().expect("`where` has a condition or an error")),
        Entry::Free(free) => free.names().filter_map(|name| name.bounds()).for_each(value),
        Entry::Formula(formula) => {
            value(formula.left().expect("a left side"));
            formula.right().into_iter().for_each(value);
        }
        Entry::Allow(allow) => {
            assert!((allow.code().is_some() && allow.reason().is_some()) || allow.node().has_error());
        }
        Entry::Assert(assertion) => {
            value(assertion.condition().expect("`assert` has a condition or an error"));
            assert!(assertion.reason().is_some() || assertion.node().has_error());
        }
    }
}

fn value(expression: Expression<'_>) {
    let has_error = expression.has_error();
    let part = |part: Option<Expression<'_>>| match part {
        Some(part) => value(part),
        None => assert!(has_error, "{:?}", expression.node()),
    };
    match expression {
        Expression::Number(number) => {
            drop((number.digits(), number.suffix(), number.unit().map(|unit| unit.words().count())));
        }
        Expression::Text(text) => drop(text.value()),
        Expression::Name(_) | Expression::Bool(..) | Expression::Rest(_) | Expression::Bad(_) => {}
        Expression::Call(call) => {
            part(call.callee());
            call.arguments().for_each(argument);
        }
        Expression::Index(index) => {
            part(index.base());
            index.arguments().for_each(argument);
        }
        Expression::Access(access) => {
            part(access.base());
            assert!(access.name().is_some() || has_error);
        }
        Expression::Pipe(pipe) => {
            part(pipe.input());
            part(pipe.function());
        }
        Expression::Unary(unary) => {
            unary.operator();
            part(unary.operand());
        }
        Expression::Binary(binary) => {
            binary.operator();
            part(binary.left());
            part(binary.right());
        }
        Expression::Interval(interval) => {
            interval.start().into_iter().for_each(value);
            interval.end().into_iter().for_each(value);
        }
        Expression::List(list) => list.elements().for_each(value),
        Expression::Tuple(tuple) => tuple.elements().for_each(value),
        Expression::Paren(paren) => part(paren.inner()),
        Expression::Comprehension(comprehension) => {
            part(comprehension.element());
            part(comprehension.source());
            assert!(comprehension.pattern().is_some() || has_error);
            comprehension.filter().into_iter().for_each(value);
        }
        Expression::If(choice) => {
            part(choice.condition());
            part(choice.then());
            part(choice.otherwise());
        }
    }
}

fn argument(argument: Argument<'_>) {
    argument.value().into_iter().for_each(value);
}
