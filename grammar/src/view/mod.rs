//! Typed views of the tree: what each node holds, by name. A view is a node with a promise about its kind; it is
//! cheap to copy, and nothing in it can fail: what the author left out is `None` or [`Expression::Bad`].

mod entry;
mod expression;
mod file;
mod literal;

pub use entry::{Allow, Assert, Axis, Block, Entry, Field, Formula, Free, FreeName, Let, Pattern, Where};
pub use expression::{
    Access, Argument, Binary, BinaryOperator, Call, Comprehension, Expression, If, Index, Interval, IntervalStep, List,
    Paren, Pipe, Tuple, Unary, UnaryOperator,
};
pub use file::{Body, Edition, File, Import, Item, ItemKind, Parameter, Part};
pub(crate) use literal::escape;
pub use literal::{Name, Number, Suffix, Text, Unit};

use crate::{Node, SyntaxKind};

/// Declares a view: a node of one kind.
macro_rules! view {
    ($(#[$doc:meta])* $name:ident = $($kind:ident)|+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'t>(crate::Node<'t>);

        impl<'t> $name<'t> {
            /// The view of this node, if it is of the right kind.
            pub fn cast(node: crate::Node<'t>) -> Option<Self> {
                matches!(node.kind(), $(crate::SyntaxKind::$kind)|+).then_some(Self(node))
            }

            /// The node itself.
            pub fn node(self) -> crate::Node<'t> {
                self.0
            }

            /// The bytes of the source that it covers.
            pub fn range(self) -> std::ops::Range<usize> {
                self.0.range()
            }

            /// Its text, as written.
            pub fn text(self) -> &'t str {
                self.0.text()
            }
        }
    };
}
use view;

/// The children that are values, broken ones included (an error that stands where a value should).
fn expressions(node: Node<'_>) -> impl Iterator<Item = Expression<'_>> {
    node.children().filter_map(Expression::cast)
}

/// The value after the first child of this kind.
fn expression_after(node: Node<'_>, mark: SyntaxKind) -> Option<Expression<'_>> {
    node.children().skip_while(|child| child.kind() != mark).find_map(Expression::cast)
}

/// The value before the first child of this kind.
fn expression_before(node: Node<'_>, mark: SyntaxKind) -> Option<Expression<'_>> {
    node.children().take_while(|child| child.kind() != mark).find_map(Expression::cast)
}

/// The value after the keyword with this text.
fn expression_after_word<'t>(node: Node<'t>, word: &str) -> Option<Expression<'t>> {
    node.children()
        .skip_while(|child| child.kind() != SyntaxKind::Keyword || child.text() != word)
        .find_map(Expression::cast)
}

/// What the doc comments of a node say: its lines without `///` and the space after it.
fn docs(node: Node<'_>) -> Option<String> {
    let lines: Vec<&str> = node
        .children()
        .take_while(|child| child.kind().is_trivia())
        .filter(|child| child.kind() == SyntaxKind::DocComment)
        .map(|child| {
            let line = child.text().trim_start_matches('/').trim_end();
            line.strip_prefix(' ').unwrap_or(line)
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
