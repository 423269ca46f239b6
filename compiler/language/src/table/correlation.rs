//! Rank correlations of two columns of a table, and how far two mixtures are apart.

use std::rc::Rc;

use synx_grammar::view::{Argument as Given, Expression};
use synx_plan::answer::{Argument, Question};
use synx_plan::exact::Exact;
use synx_plan::unit::Unit;

use super::columns::Kind;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::late::Bounds;
use crate::scope::Scope;
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// The rank correlation of two columns: `spearman(table, kl, loss)`, `spearman(law.predicted, law.observed)`.
    pub(super) fn correlation(
        &mut self,
        function: &'static str,
        arguments: &[Given<'t>],
        piped: Option<(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let Some(matched) = self.match_arguments(function, &["of", "x", "y"], arguments, piped.is_some(), span) else {
            return Value::Error;
        };
        let given: Vec<Option<Expression<'t>>> =
            matched.iter().map(|at| at.and_then(|at| arguments[at].value())).collect();
        let (first, at) = match (piped, given[0]) {
            (Some(piped), _) => piped,
            (None, Some(first)) => {
                let at = self.span(first.node());
                (self.evaluate(first, scope), at)
            }
            (None, None) => {
                self.missing_argument(function, "of", span);
                return Value::Error;
            }
        };
        let (table, columns) = match (&first, given[1], given[2]) {
            (Value::Error, ..) => return Value::Error,
            (Value::Column(table, left), Some(other), None) => {
                let other_at = self.span(other.node());
                match self.evaluate(other, scope) {
                    Value::Column(right_table, right) if right_table.id == table.id => {
                        (Rc::clone(table), vec![(left.to_string(), at), (right.to_string(), other_at)])
                    }
                    Value::Column(right_table, _) => {
                        let finding = self
                            .finding(
                                "E0616",
                                other_at,
                                "the two columns are of different tables",
                                "rows do not belong together",
                            )
                            .note(format!("one is of {}, the other of {}", table.name, right_table.name))
                            .help("join them first: `a |> join(b, on = …)`, and name both columns");
                        return self.report(finding);
                    }
                    other => return self.expected(other_at, "a column of a table", &other),
                }
            }
            (table, Some(x), Some(y)) if table.is_table() => {
                let Some(table) = self.as_table(table, at) else { return Value::Error };
                let name =
                    |value: Expression<'t>| value.text().chars().filter(|c| !c.is_whitespace()).collect::<String>();
                let (x_at, y_at) = (self.span(x.node()), self.span(y.node()));
                (table, vec![(name(x), x_at), (name(y), y_at)])
            }
            (table, ..) if table.is_table() => {
                let missing: Vec<&str> = ["x", "y"]
                    .into_iter()
                    .zip(&given[1..])
                    .filter(|(_, at)| at.is_none())
                    .map(|(name, _)| name)
                    .collect();
                self.missing_arguments(function, &missing, span);
                return Value::Error;
            }
            (other, ..) => return self.expected(at, "a table, or a column of one,", other),
        };
        let mut names = Vec::new();
        for (name, at) in columns {
            let Some(column) = table.column(&name) else { return self.unknown_column(&table, &name, at) };
            match table.kind(&column) {
                Kind::Number | Kind::Truth => names.push(column),
                Kind::Undefined => return self.undefined_column(&table, &column, at),
                Kind::Text => {
                    let finding = self
                        .finding("E0616", at, format!("`{column}` holds text, which has no rank"), "no numbers")
                        .help("correlate columns of numbers");
                    return self.report(finding);
                }
            }
        }
        if let Some(rows) = table.count().filter(|rows| *rows < 3) {
            let headline = format!("{rows} rows have no rank correlation to speak of");
            let finding =
                self.finding("E0616", at, headline, "too few rows").help("correlate over at least three rows");
            return self.report(finding);
        }
        let Some(id) = table.id else { return Value::Error };
        let arguments = vec![("of".to_owned(), Argument::Table(id)), ("columns".to_owned(), Argument::Columns(names))];
        let question = Question::Call { function: function.to_owned(), arguments };
        let bounds = Bounds::between(Exact::one().neg(), Exact::one());
        self.ask_number(question, Unit::PLAIN, bounds, span)
    }

    /// The divergence of the symbols of one text from those of another, in nats: not negative, settled once both are counted.
    pub(crate) fn unigram_kl(&mut self, arguments: &Arguments) -> Value {
        let mut sides = Vec::new();
        for name in ["of", "against"] {
            let (value, at) = arguments.required(name);
            let Some(mixture) = self.mixture(&value, at) else { return Value::Error };
            let place = self.lists.mixture(&mixture.it) as u32;
            sides.push((name.to_owned(), Argument::Mixture(place)));
        }
        let question = Question::Call { function: "unigram_kl".to_owned(), arguments: sides };
        self.ask_number(question, Unit::PLAIN, Bounds::at_least_zero(), arguments.span)
    }
}
