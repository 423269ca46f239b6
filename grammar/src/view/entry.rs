//! What stands in a block.

use super::{Expression, Name, Text, docs, expression_after, expression_before, expressions, view};
use crate::SyntaxKind;

view! {
    /// `{ entries }`.
    Block = Block
}

impl<'t> Block<'t> {
    /// The entries in the order of the text; mistakes are left out.
    pub fn entries(self) -> impl Iterator<Item = Entry<'t>> {
        self.0.children().filter_map(Entry::cast)
    }

    /// Whether it has its `}`.
    pub fn is_closed(self) -> bool {
        self.0.child(SyntaxKind::RightBrace).is_some()
    }
}

/// One entry of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'t> {
    /// `name = expression`.
    Field(Field<'t>),
    /// `axis name = expression`.
    Axis(Axis<'t>),
    /// `let name = expression`.
    Let(Let<'t>),
    /// `where expression`.
    Where(Where<'t>),
    /// `free a in 0.., b`.
    Free(Free<'t>),
    /// `expression ~ expression`.
    Formula(Formula<'t>),
    /// `allow W0301 because "…"`.
    Allow(Allow<'t>),
    /// `assert condition because "…"`.
    Assert(Assert<'t>),
}

impl<'t> Entry<'t> {
    /// The entry that this node is.
    pub fn cast(node: crate::Node<'t>) -> Option<Self> {
        Some(match node.kind() {
            SyntaxKind::Field => Self::Field(Field(node)),
            SyntaxKind::Axis => Self::Axis(Axis(node)),
            SyntaxKind::Let => Self::Let(Let(node)),
            SyntaxKind::Where => Self::Where(Where(node)),
            SyntaxKind::Free => Self::Free(Free(node)),
            SyntaxKind::Formula => Self::Formula(Formula(node)),
            SyntaxKind::Allow => Self::Allow(Allow(node)),
            SyntaxKind::Assert => Self::Assert(Assert(node)),
            _ => return None,
        })
    }

    /// The node itself.
    pub fn node(self) -> crate::Node<'t> {
        match self {
            Self::Field(view) => view.node(),
            Self::Axis(view) => view.node(),
            Self::Let(view) => view.node(),
            Self::Where(view) => view.node(),
            Self::Free(view) => view.node(),
            Self::Formula(view) => view.node(),
            Self::Allow(view) => view.node(),
            Self::Assert(view) => view.node(),
        }
    }

    /// The bytes of the source that it covers.
    pub fn range(self) -> std::ops::Range<usize> {
        self.node().range()
    }

    /// Its `///` comments, if any.
    pub fn docs(self) -> Option<String> {
        docs(self.node())
    }
}

view! {
    /// `name = expression`.
    Field = Field
}

impl<'t> Field<'t> {
    /// The field's name.
    pub fn name(self) -> Option<Name<'t>> {
        self.0.children().find_map(Name::cast)
    }

    /// Its value; [`Expression::Bad`] where it is missing.
    pub fn value(self) -> Option<Expression<'t>> {
        expression_after(self.0, SyntaxKind::Equals)
    }
}

view! {
    /// `axis name = expression` or `axis (a, b) = expression`.
    Axis = Axis
}

impl<'t> Axis<'t> {
    /// What is bound: one name, or the names of a tuple.
    pub fn pattern(self) -> Option<Pattern<'t>> {
        self.0.children().find_map(Pattern::cast)
    }

    /// The values.
    pub fn value(self) -> Option<Expression<'t>> {
        expression_after(self.0, SyntaxKind::Equals)
    }
}

view! {
    /// The names that an axis or a `for` binds: `name` or `(a, b)`.
    Pattern = Pattern
}

impl<'t> Pattern<'t> {
    /// The names; one where there are no parentheses.
    pub fn names(self) -> impl Iterator<Item = Name<'t>> {
        self.0.children().filter_map(Name::cast)
    }

    /// Whether it stands in parentheses: `(a, b)`, also `(a)`.
    pub fn is_tuple(self) -> bool {
        self.0.child(SyntaxKind::LeftParen).is_some()
    }
}

view! {
    /// `let name = expression` in a block.
    Let = Let
}

impl<'t> Let<'t> {
    /// The name.
    pub fn name(self) -> Option<Name<'t>> {
        self.0.children().find_map(Name::cast)
    }

    /// Its value.
    pub fn value(self) -> Option<Expression<'t>> {
        expression_after(self.0, SyntaxKind::Equals)
    }
}

view! {
    /// `where condition`.
    Where = Where
}

impl<'t> Where<'t> {
    /// The condition.
    pub fn condition(self) -> Option<Expression<'t>> {
        expressions(self.0).next()
    }
}

view! {
    /// `free E in 0.., B in 0.., beta in 0..2`.
    Free = Free
}

impl<'t> Free<'t> {
    /// The names with their bounds.
    pub fn names(self) -> impl Iterator<Item = FreeName<'t>> {
        self.0.children().filter_map(FreeName::cast)
    }
}

view! {
    /// `beta in 0..2` or `beta`: bounds belong to the one name before them. `t[pile]` is one parameter for every element of
    /// `pile`, and `E shared` has one value in all groups of the law.
    FreeName = FreeName
}

impl<'t> FreeName<'t> {
    /// The fitted name.
    pub fn name(self) -> Option<Name<'t>> {
        self.0.children().find_map(Name::cast)
    }

    /// The list in brackets after the name: what there is one parameter for each of.
    pub fn family(self) -> Option<super::List<'t>> {
        self.0.children().find_map(super::List::cast)
    }

    /// The word `shared`.
    pub fn shared(self) -> Option<crate::Node<'t>> {
        self.0.children().find(|node| node.kind() == SyntaxKind::Keyword && node.text() == "shared")
    }

    /// What follows `in`.
    pub fn bounds(self) -> Option<Expression<'t>> {
        super::expression_after_word(self.0, "in")
    }
}

view! {
    /// `left ~ right`.
    Formula = Formula
}

impl<'t> Formula<'t> {
    /// What is explained.
    pub fn left(self) -> Option<Expression<'t>> {
        expression_before(self.0, SyntaxKind::Tilde)
    }

    /// By what.
    pub fn right(self) -> Option<Expression<'t>> {
        expression_after(self.0, SyntaxKind::Tilde)
    }
}

view! {
    /// `allow W0301 because "repetition is the question"`.
    Allow = Allow
}

impl<'t> Allow<'t> {
    /// The lint's code.
    pub fn code(self) -> Option<Name<'t>> {
        self.0.children().find_map(Name::cast)
    }

    /// The reason; none where it is missing, which was reported.
    pub fn reason(self) -> Option<Text<'t>> {
        self.0.children().find_map(Text::cast)
    }
}

view! {
    /// `assert width >= 64 because "narrower models learn nothing here"`.
    Assert = Assert
}

impl<'t> Assert<'t> {
    /// What must hold.
    pub fn condition(self) -> Option<Expression<'t>> {
        expressions(self.0).next()
    }

    /// What is said where it does not; none where it is missing, which was reported.
    pub fn reason(self) -> Option<Text<'t>> {
        let because = |child: &crate::Node<'t>| child.kind() == SyntaxKind::Keyword && child.text() == "because";
        self.0.children().skip_while(|child| !because(child)).find_map(Text::cast)
    }
}
