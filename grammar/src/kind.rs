//! What a node of the tree is.

/// The kind of a node: a piece of text (a leaf) or something built of other nodes.
///
/// Leaves cover every byte of the source, in order and without overlap; composite nodes only group them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SyntaxKind {
    // Leaves that carry no meaning.
    /// Spaces, tabs, line ends and a byte order mark.
    Whitespace,
    /// `// …` to the end of its line.
    Comment,
    /// `/// …` to the end of its line.
    DocComment,

    // Leaves.
    /// An identifier: a name that is declared or used, a kind word, a field's name, a unit's word.
    Name,
    /// A reserved or contextual word in its role: `axis let where free in if then else for import step …`.
    Keyword,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `rest`.
    Rest,
    /// The digits of a number with their point and exponent: `0.95`, `1e15`.
    Digits,
    /// What is glued to a number: `%`, `k`, `M`, `B`, `T`, `Ki`, `Mi`, `Gi`.
    Suffix,
    /// A string with its quotes, or a piece of one (see [`SyntaxKind::String`]).
    StringText,
    /// A prefix or infix operator, word operators included: `-`, `not`, `+`, `|>`, `..`, `and`, `in`.
    Operator,
    /// `=`.
    Equals,
    /// `~`.
    Tilde,
    /// `,`.
    Comma,
    /// `;`.
    Semicolon,
    /// `.`.
    Dot,
    /// `/` between the words of a unit.
    Slash,
    /// `(`.
    LeftParen,
    /// `)`.
    RightParen,
    /// `[`.
    LeftBracket,
    /// `]`.
    RightBracket,
    /// `{`.
    LeftBrace,
    /// `}`.
    RightBrace,
    /// Text that stands where nothing of its sort can stand; only inside [`SyntaxKind::Error`].
    Junk,
    /// Something that had to stand here and does not: an error without any text.
    Missing,

    // What a file is made of.
    /// The whole file: the root.
    File,
    /// `synx 1`.
    Edition,
    /// `from "common.synx" import web, llama`.
    Import,
    /// `kind name(params) = expression` or `kind name(params) { entries }`.
    Item,
    /// `(width, depth = 4)` of an item.
    Parameters,
    /// One of them.
    Parameter,
    /// `{ entries }`.
    Block,

    // What stands in a block.
    /// `name = expression`.
    Field,
    /// `axis name = expression` or `axis (a, b) = expression`.
    Axis,
    /// `let name = expression` in a block (at the top of a file it is an item).
    Let,
    /// `where expression`.
    Where,
    /// `free a, b in 0..`.
    Free,
    /// One name of it with its bounds.
    FreeName,
    /// `expression ~ expression`.
    Formula,
    /// `allow W0301 because "…"`.
    Allow,
    /// `assert condition because "…"`, in a block and at the top of a file.
    Assert,
    /// `(a, b)` where names are bound: of an axis or of `for`.
    Pattern,

    // Expressions.
    /// A number with its suffix and unit.
    Number,
    /// The unit after a number: `tokens`, `gCO2e/kWh`.
    Unit,
    /// A string; its children are [`SyntaxKind::StringText`] and, for a wrong escape, errors.
    String,
    /// `callee(arguments)`.
    Call,
    /// `base[arguments]`.
    Index,
    /// `(…)` of a call or `[…]` of an index.
    Arguments,
    /// `name = expression` among arguments.
    NamedArgument,
    /// `base.name`.
    Access,
    /// `value |> function(…)`.
    Pipe,
    /// `-x`, `not x`.
    Unary,
    /// `a + b` and every other operator of two sides.
    Binary,
    /// `a..b`, with its `step` or `factor`.
    Interval,
    /// `[a, b]`.
    List,
    /// `(a, b)`.
    Tuple,
    /// `(a)`.
    Paren,
    /// `[e for x in xs if c]`, or the same without brackets as an argument.
    Comprehension,
    /// `for x in xs` of a comprehension.
    ForClause,
    /// `if c` of a comprehension.
    Filter,
    /// `if c then a else b`.
    If,

    /// A mistake: everything in it is to be left alone by later stages.
    Error,
}

impl SyntaxKind {
    /// Whether nodes of this kind carry no meaning: white space and comments (doc comments too).
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Whitespace | Self::Comment | Self::DocComment)
    }

    /// Whether this is a mistake: [`SyntaxKind::Error`] or [`SyntaxKind::Missing`].
    pub fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::Missing)
    }

    /// Whether a node of this kind is a value.
    pub fn is_expression(self) -> bool {
        matches!(
            self,
            Self::Number
                | Self::String
                | Self::Name
                | Self::True
                | Self::False
                | Self::Rest
                | Self::Call
                | Self::Index
                | Self::Access
                | Self::Pipe
                | Self::Unary
                | Self::Binary
                | Self::Interval
                | Self::List
                | Self::Tuple
                | Self::Paren
                | Self::Comprehension
                | Self::If
        )
    }
}
