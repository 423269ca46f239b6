//! A file and its items.

use super::{Assert, Block, Expression, Name, Number, Text, docs, expression_after, view};
use crate::{Node, SyntaxKind};

view! {
    /// The whole file.
    File = File
}

/// A part of a file, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    /// `synx 1`.
    Edition(Edition<'t>),
    /// `from "common.synx" import web`.
    Import(Import<'t>),
    /// Any other declaration.
    Item(Item<'t>),
    /// `assert condition because "…"`.
    Assert(Assert<'t>),
}

impl<'t> File<'t> {
    /// The file of a tree.
    pub fn of(tree: &'t crate::Tree) -> Self {
        Self(tree.root())
    }

    /// The edition line, if the file has one. It stands before all else; a second one is a syntax error.
    pub fn edition(self) -> Option<Edition<'t>> {
        self.0.children().find_map(Edition::cast)
    }

    /// Edition, imports and items in the order of the text; mistakes are left out.
    pub fn parts(self) -> impl Iterator<Item = Part<'t>> {
        self.0.children().filter_map(|node| {
            Edition::cast(node)
                .map(Part::Edition)
                .or_else(|| Import::cast(node).map(Part::Import))
                .or_else(|| Item::cast(node).map(Part::Item))
                .or_else(|| Assert::cast(node).map(Part::Assert))
        })
    }

    /// The declarations in the order of the text.
    pub fn items(self) -> impl Iterator<Item = Item<'t>> {
        self.0.children().filter_map(Item::cast)
    }

    /// The imports in the order of the text.
    pub fn imports(self) -> impl Iterator<Item = Import<'t>> {
        self.0.children().filter_map(Import::cast)
    }
}

view! {
    /// `synx 1`.
    Edition = Edition
}

impl<'t> Edition<'t> {
    /// The edition's number.
    pub fn number(self) -> Option<Number<'t>> {
        self.0.children().find_map(Number::cast)
    }
}

view! {
    /// `from "common.synx" import web, llama`.
    Import = Import
}

impl<'t> Import<'t> {
    /// The file that is imported from.
    pub fn path(self) -> Option<Text<'t>> {
        self.0.children().find_map(Text::cast)
    }

    /// The names that are imported.
    pub fn names(self) -> impl Iterator<Item = Name<'t>> {
        self.0.children().filter_map(Name::cast)
    }
}

/// The kinds of items that the language knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemKind {
    /// `study`
    Study,
    /// `param`
    Param,
    /// `let`
    Let,
    /// `corpus`
    Corpus,
    /// `corpora`
    Corpora,
    /// `generator`
    Generator,
    /// `tokenizer`
    Tokenizer,
    /// `evaluation`
    Evaluation,
    /// `mixture`
    Mixture,
    /// `model`
    Model,
    /// `recipe`
    Recipe,
    /// `grid`
    Grid,
    /// `law`
    Law,
    /// `claim`
    Claim,
    /// `figure`
    Figure,
    /// `table`
    Table,
    /// `observations`
    Observations,
    /// `hardware`
    Hardware,
}

impl ItemKind {
    /// All kinds.
    pub const ALL: [Self; 18] = [
        Self::Study,
        Self::Param,
        Self::Let,
        Self::Corpus,
        Self::Corpora,
        Self::Generator,
        Self::Tokenizer,
        Self::Evaluation,
        Self::Mixture,
        Self::Model,
        Self::Recipe,
        Self::Grid,
        Self::Law,
        Self::Claim,
        Self::Figure,
        Self::Table,
        Self::Observations,
        Self::Hardware,
    ];

    /// The kind's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Study => "study",
            Self::Param => "param",
            Self::Let => "let",
            Self::Corpus => "corpus",
            Self::Corpora => "corpora",
            Self::Generator => "generator",
            Self::Tokenizer => "tokenizer",
            Self::Evaluation => "evaluation",
            Self::Mixture => "mixture",
            Self::Model => "model",
            Self::Recipe => "recipe",
            Self::Grid => "grid",
            Self::Law => "law",
            Self::Claim => "claim",
            Self::Figure => "figure",
            Self::Table => "table",
            Self::Observations => "observations",
            Self::Hardware => "hardware",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

view! {
    /// `kind name(params) = expression` or `kind name(params) { entries }`.
    Item = Item
}

/// What an item is declared to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'t> {
    /// `= expression`.
    Expression(Expression<'t>),
    /// `{ entries }`.
    Block(Block<'t>),
    /// Neither: a syntax error was reported.
    Missing,
}

impl<'t> Item<'t> {
    /// The first word, as a leaf: of kind [`SyntaxKind::Name`], or [`SyntaxKind::Keyword`] for `let`. It may be a
    /// word that names no kind: then [`Item::kind`] is none, and no syntax error was reported.
    pub fn kind_word(self) -> Node<'t> {
        self.0.children().find(|child| matches!(child.kind(), SyntaxKind::Name | SyntaxKind::Keyword)).unwrap_or(self.0)
    }

    /// The kind that the first word names.
    pub fn kind(self) -> Option<ItemKind> {
        ItemKind::from_word(self.kind_word().text())
    }

    /// The declared name; none where it is missing, which was reported.
    pub fn name(self) -> Option<Name<'t>> {
        let word = self.kind_word();
        self.0.children().skip_while(|child| *child != word).skip(1).find_map(Name::cast)
    }

    /// The parentheses with the parameters, if there are any.
    pub fn parameters_node(self) -> Option<Node<'t>> {
        self.0.child(SyntaxKind::Parameters)
    }

    /// The parameters in their order.
    pub fn parameters(self) -> impl Iterator<Item = Parameter<'t>> {
        self.parameters_node().into_iter().flat_map(Node::children).filter_map(Parameter::cast)
    }

    /// What it is declared to be.
    pub fn body(self) -> Body<'t> {
        if let Some(block) = self.0.children().find_map(Block::cast) {
            return Body::Block(block);
        }
        match expression_after(self.0, SyntaxKind::Equals) {
            Some(value) => Body::Expression(value),
            None => Body::Missing,
        }
    }

    /// Its `///` comments: the lines without their marks, joined by line ends.
    pub fn docs(self) -> Option<String> {
        docs(self.0)
    }
}

view! {
    /// `width` or `depth = 4` among an item's parameters.
    Parameter = Parameter
}

impl<'t> Parameter<'t> {
    /// The parameter's name.
    pub fn name(self) -> Option<Name<'t>> {
        self.0.children().find_map(Name::cast)
    }

    /// Its default.
    pub fn default(self) -> Option<Expression<'t>> {
        expression_after(self.0, SyntaxKind::Equals)
    }
}
