//! What is wrong in a file's syntax, in the words of its author.

use std::ops::Range;

/// What sort of mistake it is. Each has a code, under which `spec/diagnostics/` explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SyntaxErrorKind {
    /// Something had to stand here and does not: `=`, a value, a name, `then`.
    Expected,
    /// Text where nothing of its sort can stand.
    Unexpected,
    /// A bracket, block or string that is never closed.
    Unclosed,
    /// A closing bracket that nothing opens.
    Unopened,
    /// A form of another language: `:` for `=`, `#` comments, `&&`.
    Habit,
    /// A character that is not part of the language: smart quotes, full-width digits.
    Character,
    /// A number or a string that is not well formed.
    Literal,
    /// Comparisons in a row: `a < b < c`.
    ChainedComparison,
    /// Left-overs of a version control merge.
    MergeMarker,
    /// Nested too deeply, too long, too many mistakes.
    Limit,
}

impl SyntaxErrorKind {
    /// The diagnostic's code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expected => "E0001",
            Self::Unexpected => "E0002",
            Self::Unclosed => "E0003",
            Self::Unopened => "E0004",
            Self::Habit => "E0005",
            Self::Character => "E0006",
            Self::Literal => "E0007",
            Self::ChainedComparison => "E0008",
            Self::MergeMarker => "E0009",
            Self::Limit => "E0010",
        }
    }
}

/// A replacement that cures a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The bytes to be replaced; empty for an insertion.
    pub range: Range<usize>,
    /// What is to stand there.
    pub text: String,
}

/// One mistake in a file's syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What sort of mistake.
    pub kind: SyntaxErrorKind,
    /// The bytes that it is about; empty where something is missing.
    pub range: Range<usize>,
    /// What is wrong, one line without a full stop: "expected `=` after `code`".
    pub message: String,
    /// What to do about it, where more can be said.
    pub help: Option<String>,
    /// Another place that is involved and what it is: the bracket that was opened.
    pub related: Option<(Range<usize>, String)>,
    /// A replacement that cures it, where there is just one that is likely.
    pub fix: Option<Fix>,
}
