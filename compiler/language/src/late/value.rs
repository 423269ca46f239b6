//! What a late value is, and the answers of the plan that settle it.

use std::rc::Rc;

use synx_plan::answer::{Answer, AnswerId, Question, Sort};
use synx_plan::corpus::CorpusId;
use synx_plan::expression::Expression;
use synx_plan::grid::ColumnValue;
use synx_plan::unit::{Amount, Unit};

use super::Bounds;
use crate::compiler::Compiler;
use crate::value::{Span, Value};

/// A value that a run or a fit settles.
#[derive(Debug, Clone)]
pub(crate) enum Late {
    Number(LateNumber),
    /// A truth value.
    Truth(Expression),
    /// The text of a column in the row at hand, with all that occur where that is known.
    Text {
        column: String,
        values: Option<Rc<Vec<ColumnValue>>>,
    },
    /// A field of the document at hand, whose name stands in quotes: a text or a number, as it is compared.
    Field {
        column: String,
    },
    /// One of these values.
    OneOf {
        answer: AnswerId,
        values: Rc<Vec<Value>>,
    },
    /// A mixture whose shares are columns of the row at hand: a candidate.
    Candidate {
        of: Rc<[CorpusId]>,
    },
    /// A mixture of some of these corpora.
    Mixture {
        answer: AnswerId,
        of: Rc<[CorpusId]>,
        name: Rc<str>,
    },
}

/// A number with its unit and the bounds that are known.
#[derive(Debug, Clone)]
pub(crate) struct LateNumber {
    /// Over answers, and over columns of the row at hand.
    pub value: Expression,
    pub unit: Unit,
    pub bounds: Bounds,
}

impl LateNumber {
    /// A number that is known after all.
    pub(crate) fn known(amount: &Amount) -> LateNumber {
        LateNumber {
            value: Expression::Number(amount.value.clone()),
            unit: amount.unit,
            bounds: Bounds::exactly(amount.value.clone()),
        }
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Late(Rc::new(Late::Number(self)))
    }
}

impl Late {
    /// What it is, for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Late::Number(number) => {
                let unit = if number.unit.is_plain() { String::new() } else { format!(" in {}", number.unit) };
                let bounds = number.bounds.to_string();
                let bounds = if bounds.is_empty() { bounds } else { format!(" ({bounds})") };
                format!("a number{unit} that a run settles{bounds}")
            }
            Late::Truth(_) => "a truth value that a run settles".to_owned(),
            Late::Field { column } => format!("the {column} of a document"),
            Late::Text { column, .. } => format!("the text in column `{column}`"),
            Late::OneOf { values, .. } => format!("one of {} values, which a run settles", values.len()),
            Late::Candidate { of } => format!("a candidate mixture of {} corpora", of.len()),
            Late::Mixture { of, .. } => format!("a mixture of up to {} corpora that a run settles", of.len()),
        }
    }

    /// As a column of a grid shows it.
    pub(crate) fn column(&self) -> (ColumnValue, String) {
        match self {
            Late::Number(LateNumber { value: Expression::Answer(answer), unit, .. }) => {
                (ColumnValue::Answer(*answer), unit.to_string())
            }
            Late::Truth(Expression::Answer(answer)) => (ColumnValue::Answer(*answer), String::new()),
            Late::Number(number) => (ColumnValue::Text(number.value.to_string()), number.unit.to_string()),
            Late::Truth(value) => (ColumnValue::Text(value.to_string()), String::new()),
            Late::Text { column, .. } | Late::Field { column } => (ColumnValue::Text(column.clone()), String::new()),
            Late::OneOf { answer, .. } => (ColumnValue::Answer(*answer), String::new()),
            Late::Candidate { .. } => (ColumnValue::Text("candidate".to_owned()), String::new()),
            Late::Mixture { name, .. } => (ColumnValue::Text(name.to_string()), String::new()),
        }
    }
}

impl Compiler<'_> {
    /// The answer to a question; the same question is asked once.
    pub(crate) fn ask(&mut self, question: Question, sort: Sort, span: Span) -> AnswerId {
        let next = self.answers.len();
        let key = serde_json::to_string(&question).unwrap_or_default();
        let place = *self.answer_places.entry(key).or_insert(next);
        if place == next {
            let origin = Some(self.origin(span));
            self.answers.push(Answer { question, sort, name: None, origin });
        }
        AnswerId(place)
    }

    /// A question whose answer is a number.
    pub(crate) fn ask_number(&mut self, question: Question, unit: Unit, bounds: Bounds, span: Span) -> Value {
        let sort = Sort::Number { unit: unit.to_string(), low: bounds.low.clone(), high: bounds.high.clone() };
        let value = Expression::Answer(self.ask(question, sort, span));
        LateNumber { value, unit, bounds }.into_value()
    }

    /// A value that is declared under a name: what is settled late is settled once, whoever reads it.
    pub(crate) fn named_late(&mut self, value: &Value, name: &Rc<str>, span: Span) -> Value {
        let Value::Late(late) = value else { return value.clone() };
        match &**late {
            Late::Number(number) if shared(&number.value) => {
                let question = Question::Expression(number.value.clone());
                self.ask_number(question, number.unit, number.bounds.clone(), span)
            }
            Late::Truth(truth) if shared(truth) => {
                let answer = self.ask(Question::Expression(truth.clone()), Sort::Truth, span);
                Value::Late(Rc::new(Late::Truth(Expression::Answer(answer))))
            }
            Late::Mixture { answer, of, .. } => {
                if let Some(answer) = self.answers.get_mut(answer.0) {
                    answer.name.get_or_insert_with(|| name.to_string());
                }
                let late = Late::Mixture { answer: *answer, of: Rc::clone(of), name: Rc::clone(name) };
                Value::Late(Rc::new(late))
            }
            _ => value.clone(),
        }
    }

    /// Reports that a value which only a run settles stands where it must be known before.
    pub(crate) fn too_late(&mut self, span: Span, wanted: &str, late: &Late) -> Value {
        let finding = self
            .finding("E0612", span, format!("{wanted} must be known before anything runs"), late.describe())
            .help("what a run settles may stand in claims, tables, figures and in the mixtures of later grids");
        self.report(finding)
    }
}

/// Whether an expression is worth an answer of its own: more than a leaf, and not about the row at hand.
fn shared(value: &Expression) -> bool {
    !matches!(value, Expression::Answer(_) | Expression::Number(_)) && value.columns().is_empty()
}
