//! Values.

use super::{
    Name, Number, Pattern, Text, expression_after, expression_after_word, expression_before, expressions, view,
};
use crate::{Node, SyntaxKind};

/// A value.
///
/// From loose to tight: `if … then … else …`, `|>`, `or`, `and`, `not`, comparisons (`== != < <= > >= in`, which do
/// not chain), intervals (`a..b step s`), `+ -`, `* /`, the sign `-`, `^` (to the right: `2^3^2` is `2^(3^2)`, and
/// `-x^2` is `-(x^2)`), calls, indices and field access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expression<'t> {
    /// `64M tokens`.
    Number(Number<'t>),
    /// `"text"`.
    Text(Text<'t>),
    /// `web`.
    Name(Name<'t>),
    /// `true` or `false`.
    Bool(Node<'t>, bool),
    /// `rest`.
    Rest(Node<'t>),
    /// `blend(web, 1/3)`.
    Call(Call<'t>),
    /// `web.heldout`.
    Access(Access<'t>),
    /// `loss[wiki]`, `g[round = 1]`.
    Index(Index<'t>),
    /// `web |> take(10%)`.
    Pipe(Pipe<'t>),
    /// `-x`, `not x`.
    Unary(Unary<'t>),
    /// `a + b`.
    Binary(Binary<'t>),
    /// `0..`, `1..5 step 1`.
    Interval(Interval<'t>),
    /// `[a, b]`.
    List(List<'t>),
    /// `(a, b)`.
    Tuple(Tuple<'t>),
    /// `(a)`.
    Paren(Paren<'t>),
    /// `[e for x in xs if c]`, also as the only argument of a call, without brackets.
    Comprehension(Comprehension<'t>),
    /// `if c then a else b`.
    If(If<'t>),
    /// A mistake that was reported: nothing is to be said about it any more.
    Bad(Node<'t>),
}

impl<'t> Expression<'t> {
    /// The value that this node is; an error is a bad value.
    pub fn cast(node: Node<'t>) -> Option<Self> {
        Some(match node.kind() {
            SyntaxKind::Number => Number::cast(node).map(Self::Number)?,
            SyntaxKind::String => Text::cast(node).map(Self::Text)?,
            SyntaxKind::Name => Name::cast(node).map(Self::Name)?,
            SyntaxKind::True => Self::Bool(node, true),
            SyntaxKind::False => Self::Bool(node, false),
            SyntaxKind::Rest => Self::Rest(node),
            SyntaxKind::Call => Self::Call(Call(node)),
            SyntaxKind::Access => Self::Access(Access(node)),
            SyntaxKind::Index => Self::Index(Index(node)),
            SyntaxKind::Pipe => Self::Pipe(Pipe(node)),
            SyntaxKind::Unary => Self::Unary(Unary(node)),
            SyntaxKind::Binary => Self::Binary(Binary(node)),
            SyntaxKind::Interval => Self::Interval(Interval(node)),
            SyntaxKind::List => Self::List(List(node)),
            SyntaxKind::Tuple => Self::Tuple(Tuple(node)),
            SyntaxKind::Paren => Self::Paren(Paren(node)),
            SyntaxKind::Comprehension => Self::Comprehension(Comprehension(node)),
            SyntaxKind::If => Self::If(If(node)),
            SyntaxKind::Error | SyntaxKind::Missing => Self::Bad(node),
            _ => return None,
        })
    }

    /// The node itself.
    pub fn node(self) -> Node<'t> {
        match self {
            Self::Number(view) => view.node(),
            Self::Text(view) => view.node(),
            Self::Name(view) => view.node(),
            Self::Call(view) => view.node(),
            Self::Access(view) => view.node(),
            Self::Index(view) => view.node(),
            Self::Pipe(view) => view.node(),
            Self::Unary(view) => view.node(),
            Self::Binary(view) => view.node(),
            Self::Interval(view) => view.node(),
            Self::List(view) => view.node(),
            Self::Tuple(view) => view.node(),
            Self::Paren(view) => view.node(),
            Self::Comprehension(view) => view.node(),
            Self::If(view) => view.node(),
            Self::Bool(node, _) | Self::Rest(node) | Self::Bad(node) => node,
        }
    }

    /// The bytes of the source that it covers.
    pub fn range(self) -> std::ops::Range<usize> {
        self.node().range()
    }

    /// Its text, as written.
    pub fn text(self) -> &'t str {
        self.node().text()
    }

    /// Whether it is a mistake, or holds one somewhere.
    pub fn has_error(self) -> bool {
        self.node().has_error()
    }

    /// Itself, without any parentheses around it.
    pub fn without_parens(self) -> Self {
        let mut inner = self;
        while let Self::Paren(paren) = inner {
            match paren.inner() {
                Some(expression) => inner = expression,
                None => return inner,
            }
        }
        inner
    }
}

/// An argument of a call or an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument<'t> {
    /// A value by its position.
    Positional(Expression<'t>),
    /// `name = value`; the value is none or bad where it is missing.
    Named(Name<'t>, Option<Expression<'t>>),
}

impl<'t> Argument<'t> {
    /// The value.
    pub fn value(self) -> Option<Expression<'t>> {
        match self {
            Self::Positional(value) => Some(value),
            Self::Named(_, value) => value,
        }
    }

    fn cast(node: Node<'t>) -> Option<Self> {
        if node.kind() == SyntaxKind::NamedArgument {
            let name = node.children().find_map(Name::cast)?;
            return Some(Self::Named(name, expression_after(node, SyntaxKind::Equals)));
        }
        Expression::cast(node).map(Self::Positional)
    }
}

/// The arguments in the order of the text; whether positional ones come first is the compiler's matter.
fn arguments(node: Node<'_>) -> impl Iterator<Item = Argument<'_>> {
    node.child(SyntaxKind::Arguments)
        .into_iter()
        .flat_map(Node::children)
        .filter(|child| child.kind() != SyntaxKind::Missing)
        .filter_map(Argument::cast)
}

view! {
    /// `callee(arguments)`.
    Call = Call
}

impl<'t> Call<'t> {
    /// What is called.
    pub fn callee(self) -> Option<Expression<'t>> {
        expressions(self.0).next()
    }

    /// The arguments. One may be a [`Comprehension`] without brackets: `sum(x for x in xs)`.
    pub fn arguments(self) -> impl Iterator<Item = Argument<'t>> {
        arguments(self.0)
    }

    /// The parentheses with what they hold.
    pub fn arguments_node(self) -> Option<Node<'t>> {
        self.0.child(SyntaxKind::Arguments)
    }
}

view! {
    /// `base[arguments]`.
    Index = Index
}

impl<'t> Index<'t> {
    /// What is looked into.
    pub fn base(self) -> Option<Expression<'t>> {
        expressions(self.0).next()
    }

    /// What is looked for.
    pub fn arguments(self) -> impl Iterator<Item = Argument<'t>> {
        arguments(self.0)
    }
}

view! {
    /// `base.name`.
    Access = Access
}

impl<'t> Access<'t> {
    /// What the field belongs to.
    pub fn base(self) -> Option<Expression<'t>> {
        expression_before(self.0, SyntaxKind::Dot)
    }

    /// The field's name.
    pub fn name(self) -> Option<Name<'t>> {
        self.0.children().skip_while(|child| child.kind() != SyntaxKind::Dot).find_map(Name::cast)
    }
}

view! {
    /// `value |> function(…)`.
    Pipe = Pipe
}

impl<'t> Pipe<'t> {
    /// What goes in.
    pub fn input(self) -> Option<Expression<'t>> {
        expression_before(self.0, SyntaxKind::Operator)
    }

    /// What it goes through: a call or a name.
    pub fn function(self) -> Option<Expression<'t>> {
        expression_after(self.0, SyntaxKind::Operator)
    }
}

/// An operator with one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `-`
    Negate,
    /// `not`
    Not,
}

view! {
    /// `-x` or `not x`.
    Unary = Unary
}

impl<'t> Unary<'t> {
    /// The operator.
    pub fn operator(self) -> UnaryOperator {
        match self.operator_node().map(Node::text) {
            Some("not") => UnaryOperator::Not,
            _ => UnaryOperator::Negate,
        }
    }

    /// The operator's leaf.
    pub fn operator_node(self) -> Option<Node<'t>> {
        self.0.child(SyntaxKind::Operator)
    }

    /// What it is applied to.
    pub fn operand(self) -> Option<Expression<'t>> {
        expressions(self.0).next()
    }
}

/// An operator with two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `and`
    And,
    /// `or`
    Or,
}

impl BinaryOperator {
    /// The operator that is written so.
    pub fn from_text(text: &str) -> Option<Self> {
        Some(match text {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "^" => Self::Power,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterEqual,
            "in" => Self::In,
            "and" => Self::And,
            "or" => Self::Or,
            _ => return None,
        })
    }
}

view! {
    /// `a + b`.
    Binary = Binary
}

impl<'t> Binary<'t> {
    /// The operator.
    pub fn operator(self) -> BinaryOperator {
        self.operator_node().and_then(|node| BinaryOperator::from_text(node.text())).unwrap_or(BinaryOperator::Add)
    }

    /// The operator's leaf.
    pub fn operator_node(self) -> Option<Node<'t>> {
        self.0.child(SyntaxKind::Operator)
    }

    /// The left side.
    pub fn left(self) -> Option<Expression<'t>> {
        expression_before(self.0, SyntaxKind::Operator)
    }

    /// The right side; bad where it is missing.
    pub fn right(self) -> Option<Expression<'t>> {
        expression_after(self.0, SyntaxKind::Operator)
    }
}

/// How an interval becomes a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalStep<'t> {
    /// `step s`: each is `s` more.
    Step(Expression<'t>),
    /// `factor f`: each is `f` times as much.
    Factor(Expression<'t>),
}

view! {
    /// `a..b`, `a..`, `..b`, with `step s` or `factor f`.
    Interval = Interval
}

impl<'t> Interval<'t> {
    /// The lower end.
    pub fn start(self) -> Option<Expression<'t>> {
        expression_before(self.0, SyntaxKind::Operator)
    }

    /// The upper end.
    pub fn end(self) -> Option<Expression<'t>> {
        self.0
            .children()
            .skip_while(|child| child.kind() != SyntaxKind::Operator)
            .take_while(|child| child.kind() != SyntaxKind::Keyword)
            .find_map(Expression::cast)
    }

    /// How it becomes a list.
    pub fn step(self) -> Option<IntervalStep<'t>> {
        expression_after_word(self.0, "step")
            .map(IntervalStep::Step)
            .or_else(|| expression_after_word(self.0, "factor").map(IntervalStep::Factor))
    }
}

view! {
    /// `[a, b]`.
    List = List
}

impl<'t> List<'t> {
    /// The elements.
    pub fn elements(self) -> impl Iterator<Item = Expression<'t>> {
        elements(self.0)
    }
}

/// The elements of a list or tuple; a comma or a bracket that is missing is none.
fn elements(node: Node<'_>) -> impl Iterator<Item = Expression<'_>> {
    expressions(node).filter(|element| element.node().kind() != SyntaxKind::Missing)
}

view! {
    /// `(a, b)`; `(a,)` has one element.
    Tuple = Tuple
}

impl<'t> Tuple<'t> {
    /// The elements.
    pub fn elements(self) -> impl Iterator<Item = Expression<'t>> {
        elements(self.0)
    }
}

view! {
    /// `(a)`.
    Paren = Paren
}

impl<'t> Paren<'t> {
    /// What stands inside.
    pub fn inner(self) -> Option<Expression<'t>> {
        elements(self.0).next()
    }
}

view! {
    /// `[e for x in xs if c]`, or the same as a call's argument without brackets.
    Comprehension = Comprehension
}

impl<'t> Comprehension<'t> {
    /// What each turn gives.
    pub fn element(self) -> Option<Expression<'t>> {
        expressions(self.0).next()
    }

    /// What is bound in each turn.
    pub fn pattern(self) -> Option<Pattern<'t>> {
        self.for_clause()?.children().find_map(Pattern::cast)
    }

    /// What is gone through.
    pub fn source(self) -> Option<Expression<'t>> {
        expression_after_word(self.for_clause()?, "in")
    }

    /// The condition of `if`.
    pub fn filter(self) -> Option<Expression<'t>> {
        expressions(self.0.child(SyntaxKind::Filter)?).next()
    }

    fn for_clause(self) -> Option<Node<'t>> {
        self.0.child(SyntaxKind::ForClause)
    }
}

view! {
    /// `if c then a else b`; `else if` is an `if` in the place of the last.
    If = If
}

impl<'t> If<'t> {
    /// What decides.
    pub fn condition(self) -> Option<Expression<'t>> {
        expression_after_word(self.0, "if")
    }

    /// The value if it holds.
    pub fn then(self) -> Option<Expression<'t>> {
        expression_after_word(self.0, "then")
    }

    /// The value if not.
    pub fn otherwise(self) -> Option<Expression<'t>> {
        expression_after_word(self.0, "else")
    }
}
