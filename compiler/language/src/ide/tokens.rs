//! The meaning of every word, for highlighting that knows more than its spelling.

use std::ops::Range;

use synx_grammar::view::ItemKind;
use synx_grammar::{Node, SyntaxKind};

use super::analysis::Analysis;
use super::record::Target;

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Keyword,
    /// The kind of a declaration: `grid`.
    Kind,
    Function,
    /// A declaration of the file, by what it declares: corpora, mixtures, models and so on.
    Declaration,
    Parameter,
    /// An axis, a `let` of a block, what a formula fits.
    Variable,
    /// A field of a block, a column of the results.
    Property,
    /// A word out of a closed choice.
    Word,
    Number,
    Unit,
    Text,
    Comment,
    Operator,
}

/// A word with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub range: Range<usize>,
    pub kind: TokenKind,
    /// Whether it declares what it names.
    pub declaration: bool,
    /// Whether the language has it, not the study.
    pub builtin: bool,
    pub documentation: bool,
}

impl Analysis {
    /// The words within a range of the study's own text, in order and without overlap; none of them goes over a line's end.
    pub fn tokens(&self, within: Range<usize>) -> Vec<Token> {
        let mut tokens = Vec::new();
        for leaf in self.root().leaves() {
            let range = leaf.range();
            if range.end <= within.start || range.start >= within.end || range.is_empty() {
                continue;
            }
            let Some(token) = self.token(leaf) else { continue };
            // A text in quotes may go over several lines.
            let mut start = range.start;
            for line in leaf.text().split_inclusive('\n') {
                let length = line.trim_end_matches(['\n', '\r']).len();
                if length > 0 {
                    tokens.push(Token { range: start..start + length, ..token.clone() });
                }
                start += line.len();
            }
        }
        tokens
    }

    fn token(&self, leaf: Node<'_>) -> Option<Token> {
        let plain =
            |kind| Token { range: leaf.range(), kind, declaration: false, builtin: false, documentation: false };
        Some(match leaf.kind() {
            SyntaxKind::Keyword | SyntaxKind::True | SyntaxKind::False | SyntaxKind::Rest => plain(TokenKind::Keyword),
            SyntaxKind::Digits | SyntaxKind::Suffix => plain(TokenKind::Number),
            SyntaxKind::StringText => plain(TokenKind::Text),
            SyntaxKind::Comment => plain(TokenKind::Comment),
            SyntaxKind::DocComment => Token { documentation: true, ..plain(TokenKind::Comment) },
            SyntaxKind::Operator | SyntaxKind::Tilde => plain(TokenKind::Operator),
            SyntaxKind::Name => self.name_token(leaf)?,
            _ => return None,
        })
    }

    fn name_token(&self, name: Node<'_>) -> Option<Token> {
        let token =
            |kind| Token { range: name.range(), kind, declaration: false, builtin: false, documentation: false };
        let builtin = |kind| Token { builtin: true, ..token(kind) };
        Some(match self.target(name)? {
            Target::Declared(span) => {
                let kind = match self.declared(span) {
                    Some(declared) if matches!(declared.kind, ItemKind::Let | ItemKind::Param) => TokenKind::Variable,
                    Some(_) => TokenKind::Declaration,
                    None if self.parent_kind(span) == Some(SyntaxKind::Parameter) => TokenKind::Parameter,
                    None => TokenKind::Variable,
                };
                Token { declaration: span == self.span(name), ..token(kind) }
            }
            Target::Field(..) | Target::Column(_) | Target::Member(_) => builtin(TokenKind::Property),
            Target::Function(_) => builtin(TokenKind::Function),
            Target::Argument(..) => builtin(TokenKind::Parameter),
            Target::Kind(_) => builtin(TokenKind::Kind),
            Target::Word | Target::Lint => builtin(TokenKind::Word),
            Target::Unit => builtin(TokenKind::Unit),
        })
    }

    /// What the name at a place of the study's own file stands in.
    fn parent_kind(&self, name: crate::value::Span) -> Option<SyntaxKind> {
        if name.file != 0 {
            return None;
        }
        self.parse.tree.at(name.start as usize).parent().map(Node::kind)
    }
}
