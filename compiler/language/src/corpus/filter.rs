//! `web |> filter(tokens >= 100)`: the documents for which a condition holds.

use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument, Expression};
use synx_plan::corpus::{Content, CorpusId};
use synx_plan::unit::{Count, Unit};

use crate::compiler::Compiler;
use crate::late::Bounds;
use crate::scope::Scope;
use crate::table::{Column, Rows, Table};
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// The documents of a corpus for which a condition over them holds; what is held out stays.
    pub(crate) fn filter_documents(
        &mut self,
        (of, name): (CorpusId, &Rc<str>),
        arguments: &[Argument<'t>],
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let Some(matched) = self.match_arguments("filter", &["condition"], arguments, false, span) else {
            return Value::Error;
        };
        let Some(condition) = matched[0].and_then(|at| arguments[at].value()) else {
            self.missing_argument("filter", "condition", span);
            return Value::Error;
        };
        let documents = Rc::new(self.documents(of, name));
        let at = self.span(condition.node());
        let inside = Scope::of_columns(scope, &documents);
        match self.evaluate(condition, &inside) {
            Value::Error => Value::Error,
            Value::Bool(true) => Value::Corpus(of, Rc::clone(name)),
            Value::Bool(false) => {
                let finding = self
                    .finding("E0614", at, format!("no document of `{name}` is left"), "holds for none")
                    .help("loosen the condition");
                self.report(finding)
            }
            other => {
                let Some(condition_of) = self.late_truth(&other, at, "a condition over the documents") else {
                    return Value::Error;
                };
                if !condition_of.answers().is_empty() {
                    let finding = self
                        .finding(
                            "E0612",
                            at,
                            "which documents stay must be known before anything runs",
                            "a run settles it",
                        )
                        .help("compare with a known number; a trained model scores documents with `score(by = …)`");
                    return self.report(finding);
                }
                let shown = one_line(condition);
                self.chosen(
                    of,
                    Content::Filter { of, condition: condition_of },
                    format!("filter({name}, {shown})"),
                    span,
                )
            }
        }
    }

    /// What is known of a document, as columns.
    fn documents(&self, of: CorpusId, name: &str) -> Table {
        let positive = |unit: Unit| Column::number(unit, Bounds::at_least_zero());
        let mut columns = IndexMap::from([
            ("tokens".to_owned(), positive(Unit::counted(Count::Tokens))),
            ("bytes".to_owned(), positive(Unit::BYTE)),
        ]);
        if self.is_scored(of) {
            columns.insert("score".to_owned(), Column::number(Unit::PLAIN, Bounds::default()));
        }
        let anchor = &self.corpora.get(self.corpora.anchor(of)).corpus.content;
        let fields = matches!(anchor, Content::Files(files) if files.text.is_some());
        Table::new(format!("a document of `{name}`"), columns, Rows::Unknown).of_documents(fields)
    }
}

/// The text of an expression on one line, for names.
fn one_line(expression: Expression<'_>) -> String {
    expression.text().split_whitespace().collect::<Vec<_>>().join(" ")
}
