//! Answers: what a run or a fit settles. Each has its sort, unit and bounds before anything runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::corpus::CorpusId;
use crate::exact::Exact;
use crate::expression::Expression;
use crate::grid::ColumnValue;
use crate::mixture::{Dirichlet, Mixture, Simplex};
use crate::problem::Origin;
use crate::table::TableId;

/// An answer, by its place in the plan's list. What it needs stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AnswerId(pub usize);

/// Something that a run or a fit settles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    pub question: Question,
    pub sort: Sort,
    /// The `let` that it is declared by, where it is all of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is asked for. Not part of a key.
    pub origin: Option<Origin>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The value of a column in the only row of a table.
    Value { table: TableId, column: String },
    /// A function of tables and laws, by its name in the language.
    Call { function: String, arguments: Vec<(String, Argument)> },
    /// What comes of other answers.
    Expression(Expression),
}

/// What an answer is asked with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Argument {
    /// A number or a truth value, which may depend on other answers; in `over` a table's columns may stand in it.
    Expression(Expression),
    /// A text, a word, the name of a declared thing.
    Value(ColumnValue),
    /// A column of the table that the question is about.
    Column(String),
    Columns(Vec<String>),
    /// A table, or the only row of one.
    Table(TableId),
    /// A law, by its place in the plan's list; what is asked is asked of the group that a row of its table names.
    Law(usize),
    /// A number from here to there.
    Interval(Option<Expression>, Option<Expression>),
    Answer(AnswerId),
    Mixture(u32),
    /// Candidates that are written out.
    Mixtures(Vec<u32>),
    /// Candidates that are drawn when the question is answered.
    Drawn(Dirichlet),
    /// Candidates in equal steps, likewise made then.
    Steps(Simplex),
    /// All shares of these corpora, of which the best are found by their slopes.
    Shares(Vec<CorpusId>),
    List(Vec<Argument>),
    /// Names with what each is set to.
    Named(Vec<(String, Argument)>),
}

/// What an answer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// A number with its unit, as results print it, and the bounds that are known, ends included.
    Number {
        unit: String,
        low: Option<Exact>,
        high: Option<Exact>,
    },
    Truth,
    /// A mixture of some of these corpora.
    Mixture(Vec<CorpusId>),
    /// One of these values.
    OneOf(Vec<ColumnValue>),
}

impl Argument {
    /// The mixtures that it stands for, one after the other; `known` is the plan's list. Nothing where it stands for none.
    pub fn candidates<'a>(&'a self, known: &'a [Mixture]) -> Box<dyn Iterator<Item = Mixture> + 'a> {
        match self {
            Argument::Mixture(one) => Box::new(known.get(*one as usize).cloned().into_iter()),
            Argument::Mixtures(several) => {
                Box::new(several.iter().filter_map(|mixture| known.get(*mixture as usize).cloned()))
            }
            Argument::Drawn(draws) => Box::new((0..draws.points).map(|point| draws.mixture(point))),
            Argument::Steps(simplex) => Box::new(simplex.iter()),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The same with corpora of other numbers.
    #[must_use]
    pub fn renumbered(self, number: impl Fn(CorpusId) -> CorpusId) -> Argument {
        match self {
            Argument::Drawn(draws) => Argument::Drawn(draws.renumbered(number)),
            Argument::Steps(simplex) => Argument::Steps(simplex.renumbered(number)),
            Argument::Shares(corpora) => Argument::Shares(corpora.into_iter().map(number).collect()),
            other => other,
        }
    }
}
