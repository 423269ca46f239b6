//! Answers: what a run or a fit settles. Each has its sort, unit and bounds before anything runs.

use serde::{Deserialize, Serialize};

use crate::corpus::CorpusId;
use crate::exact::Exact;
use crate::expression::Expression;
use crate::grid::ColumnValue;
use crate::problem::Origin;
use crate::table::TableId;

/// An answer, by its place in the plan's list. What it needs stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnswerId(pub usize);

/// Something that a run or a fit settles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub question: Question,
    pub sort: Sort,
    /// Where it is asked for. Not part of a key.
    pub origin: Option<Origin>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Candidates that are known.
    Mixtures(Vec<u32>),
    List(Vec<Argument>),
    /// Names with what each is set to.
    Named(Vec<(String, Argument)>),
}

/// What an answer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
