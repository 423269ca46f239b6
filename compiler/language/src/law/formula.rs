//! The expressions of a law to plain formulas over columns and free parameters.

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument, Binary, BinaryOperator as Op, Call, Expression, Name, UnaryOperator};
use synx_plan::expression::{Binary as Plain, Expression as Lowered, Function, Unary};

use super::{Names, Text};
use crate::compiler::Compiler;
use crate::signature::foreign_function;
use crate::suggest::{listed, nearest};
use crate::table::Kind;
use crate::value::Value;

impl<'t> Compiler<'t> {
    /// An expression of a law; nothing where it has mistakes.
    pub(super) fn lower(&mut self, expression: Expression<'t>, names: &Names<'_, 't>) -> Option<Lowered> {
        let span = self.span(expression.node());
        if !self.enter(span) {
            return None;
        }
        let lowered = match expression {
            Expression::Number(_) => {
                let scope = Rc::clone(&self.file_scope);
                match self.evaluate(expression, &scope) {
                    Value::Number(amount) => Some(Lowered::Number(amount.value)),
                    _ => None,
                }
            }
            Expression::Name(name) => self.lower_name(name, names),
            Expression::Access(_) => self.lower_column(expression, names),
            Expression::Index(index) => self.lower_index(index, names),
            Expression::Unary(unary) => {
                let operator = match unary.operator() {
                    UnaryOperator::Negate => Unary::Negate,
                    UnaryOperator::Not => Unary::Not,
                };
                unary.operand().and_then(|operand| self.lower(operand, names)).map(|o| Lowered::unary(operator, o))
            }
            Expression::Binary(_) => self.lower_chain(expression, names),
            Expression::Paren(paren) => paren.inner().and_then(|inner| self.lower(inner, names)),
            Expression::Call(call) => self.lower_call(call, names),
            Expression::If(choice) => {
                let condition = choice.condition().and_then(|c| self.lower(c, names));
                let then = choice.then().and_then(|then| self.lower(then, names));
                let otherwise = choice.otherwise().and_then(|otherwise| self.lower(otherwise, names));
                match (condition, then, otherwise) {
                    (Some(condition), Some(then), Some(otherwise)) => Some(Lowered::choice(condition, then, otherwise)),
                    _ => None,
                }
            }
            Expression::Bool(_, value) => Some(Lowered::number(u64::from(value))),
            Expression::Bad(_) => None,
            _ => self.not_in_formula(expression),
        };
        self.leave();
        lowered
    }

    pub(super) fn not_in_formula(&mut self, expression: Expression<'t>) -> Option<Lowered> {
        let span = self.span(expression.node());
        let finding = self
            .finding("E0608", span, "a law's formula is made of numbers, columns and free parameters", "none of these")
            .help("compare texts in a `let` column of the grid, and use the column here");
        self.report(finding);
        None
    }

    /// A chain of operators that groups to the left, in a loop.
    fn lower_chain(&mut self, expression: Expression<'t>, names: &Names<'_, 't>) -> Option<Lowered> {
        let mut spine: Vec<Binary<'t>> = Vec::new();
        let mut first = expression;
        while let Expression::Binary(binary) = first {
            spine.push(binary);
            first = binary.left()?;
        }
        let mut left = self.lower(first, names);
        for binary in spine.into_iter().rev() {
            let right = binary.right()?;
            let operator = match binary.operator() {
                Op::Add => Plain::Add,
                Op::Subtract => Plain::Subtract,
                Op::Multiply => Plain::Multiply,
                Op::Divide => Plain::Divide,
                Op::Power => Plain::Power,
                Op::Equal => Plain::Equal,
                Op::NotEqual => Plain::NotEqual,
                Op::Less => Plain::Less,
                Op::LessEqual => Plain::LessOrEqual,
                Op::Greater => Plain::Greater,
                Op::GreaterEqual => Plain::GreaterOrEqual,
                Op::And => Plain::And,
                Op::Or => Plain::Or,
                Op::In => {
                    left = self.lower_within(left, right, names);
                    continue;
                }
            };
            let right = self.lower(right, names);
            left = left.zip(right).map(|(left, right)| Lowered::binary(operator, left, right));
        }
        left
    }

    /// `x in a..b` as two comparisons.
    fn lower_within(&mut self, left: Option<Lowered>, right: Expression<'t>, names: &Names<'_, 't>) -> Option<Lowered> {
        let Expression::Interval(interval) = right.without_parens() else { return self.not_in_formula(right) };
        let left = left?;
        let mut both: Option<Lowered> = None;
        for (end, operator) in [(interval.start(), Plain::GreaterOrEqual), (interval.end(), Plain::LessOrEqual)] {
            if let Some(end) = end {
                let end = self.lower(end, names)?;
                let test = Lowered::binary(operator, left.clone(), end);
                both = Some(match both {
                    Some(both) => Lowered::binary(Plain::And, both, test),
                    None => test,
                });
            }
        }
        both
    }

    fn lower_name(&mut self, name: Name<'t>, names: &Names<'_, 't>) -> Option<Lowered> {
        let word = name.text();
        if names.lets.contains_key(word) {
            return Some(Lowered::Bound(word.to_owned()));
        }
        if let Some(free) = names.free.get(word) {
            if free.family.is_none() {
                return Some(Lowered::parameter(word));
            }
            let span = self.span(name.node());
            let declared = self.label(free.at, "declared here");
            let finding = self
                .finding("E0632", span, format!("`{word}` is a family of parameters"), "which one is meant?")
                .label(declared)
                .help(format!("name one, `{word}[…]`, or add them up: `sum({word}[s] * share[s] for s in …)`"));
            self.report(finding);
            return None;
        }
        if let Some(given) = names.text.given.get(word) {
            // What a call gave is said in the call's own words: none of this text's.
            let plain = Text::of(names.text.block);
            let names = Names {
                table: names.table,
                text: &plain,
                free: IndexMap::new(),
                lets: IndexMap::new(),
                scope: RefCell::new(Rc::clone(&self.file_scope)),
                insert: None,
            };
            return self.lower(*given, &names);
        }
        if names.table.has(word) || (!names.table.is_open() && names.table.column(word).is_some()) {
            return self.lower_column(Expression::Name(name), names);
        }
        let scope = Rc::clone(&names.scope.borrow());
        if scope.is_local(word) || self.is_settable(name) {
            return match self.lookup(name, &scope) {
                Value::Number(amount) => Some(Lowered::Number(amount.value)),
                Value::Error => None,
                other => {
                    let span = self.span(name.node());
                    let finding = self.finding(
                        "E0608",
                        span,
                        format!("`{word}` is {}, not a number", other.describe()),
                        "not a number",
                    );
                    self.report(finding);
                    None
                }
            };
        }
        if names.table.is_open() {
            return None;
        }
        self.undeclared(name, names);
        None
    }

    /// A name in a formula that is no column, no `let`, no free parameter.
    fn undeclared(&mut self, name: Name<'t>, names: &Names<'_, 't>) {
        let word = name.text();
        let span = self.span(name.node());
        let known = names.table.names().chain(names.free.keys().copied()).chain(names.lets.keys().copied());
        let headline = if names.insert.is_some() {
            format!("`{word}` is neither a column nor a free parameter")
        } else {
            format!("there is no column `{word}`")
        };
        let mut finding = self.finding("E0601", span, headline, "not declared");
        let near = nearest(word, known).map(str::to_owned);
        finding.help = Some(match (&near, names.insert) {
            (Some(near), None) => format!("did you mean `{near}`?"),
            (None, None) => format!("the columns are {}", listed(names.table.names().take(30))),
            (Some(near), _) => format!("did you mean `{near}`? What is fitted is declared: `free {word}`"),
            (None, _) => format!("what is fitted is declared: add `free {word}`"),
        });
        if let Some(near) = near {
            let edit = self.edit(span, near.as_str());
            finding = finding.fix(format!("write `{near}`"), vec![edit]);
        }
        if let Some(insert) = names.insert {
            let edit = self.edit(insert, format!("free {word}; "));
            finding = finding.fix(format!("declare `{word}` as free"), vec![edit]);
        }
        self.report(finding);
    }

    /// `tokens`, `params.total`, `loss[wiki]`.
    pub(super) fn lower_column(&mut self, expression: Expression<'t>, names: &Names<'_, 't>) -> Option<Lowered> {
        let text: String = expression.text().chars().filter(|c| !c.is_whitespace()).collect();
        self.lower_named(&text, expression, names)
    }

    pub(super) fn lower_named(
        &mut self,
        name: &str,
        expression: Expression<'t>,
        names: &Names<'_, 't>,
    ) -> Option<Lowered> {
        let span = self.span(expression.node());
        let Some(column) = names.table.column(name) else {
            let mut finding = self.finding("E0601", span, format!("there is no column `{name}`"), "no such column");
            finding = match nearest(name, names.table.names()) {
                Some(near) => {
                    let edit = self.edit(span, near);
                    finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
                }
                None => finding.help(format!("the columns are {}", listed(names.table.names().take(30)))),
            };
            self.report(finding);
            return None;
        };
        match names.table.kind(&column) {
            Kind::Number | Kind::Truth => Some(Lowered::Column(column)),
            Kind::Text => {
                let finding = self
                    .finding("E0608", span, format!("column `{column}` holds text"), "not a number")
                    .help("fit each of its values by itself: name it in `by`");
                self.report(finding);
                None
            }
            Kind::Undefined => {
                let domains: Vec<&str> = names.table.names().filter(|known| known.starts_with("loss[")).collect();
                let finding = self
                    .finding(
                        "E0605",
                        span,
                        format!("`{column}` has no meaning: several domains have no weights"),
                        "which domain?",
                    )
                    .help(format!("give the evaluation `weights`, or name one domain: {}", listed(domains)));
                self.report(finding);
                None
            }
        }
    }

    fn lower_call(&mut self, call: Call<'t>, names: &Names<'_, 't>) -> Option<Lowered> {
        let span = self.span(call.node());
        let Some(Expression::Name(callee)) = call.callee() else {
            return self.not_in_formula(Expression::Call(call));
        };
        let word = callee.text();
        let arguments: Vec<Argument<'t>> = call.arguments().collect();
        if word == "column" {
            return if let Some(Expression::Text(text)) = arguments.first().and_then(|argument| argument.value()) {
                let name = text.value();
                self.lower_named(&name, Expression::Call(call), names)
            } else {
                self.missing_argument("column", "name", span);
                None
            };
        }
        if word == "pass_at" {
            let scope = Rc::clone(&self.file_scope);
            let column = self.pass_at_column(names.table, &arguments, span, &scope)?;
            return Some(Lowered::Column(column));
        }
        if word == "sum" {
            if let [argument] = arguments[..]
                && let Some(Expression::Comprehension(comprehension)) = argument.value()
            {
                return self.lower_sum(comprehension, names);
            }
            let finding = self
                .finding("E0106", span, "`sum` adds up what is said for each of a list", "what is added?")
                .help("write `sum(t[s] * share[s] for s in pile)`");
            self.report(finding);
            return None;
        }
        if word == "boosted_trees" {
            let finding = self
                .finding("E0635", span, "trees stand alone on the right of `~`", "within a formula")
                .help("write `loss ~ boosted_trees(share, rate = 1e-2, rounds = 1000)`");
            self.report(finding);
            return None;
        }
        let Some(function) = Function::named(word) else {
            let at = self.span(callee.node());
            let mut finding =
                self.finding("E0101", at, format!("there is no function `{word}` in formulas"), "not known");
            let foreign = foreign_function(word).filter(|foreign| foreign.ours.is_some());
            finding = match (foreign, nearest(word, Function::names())) {
                (Some(foreign), _) => self.brought_along(finding, at, &foreign),
                (None, Some(near)) => {
                    let edit = self.edit(at, near);
                    finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
                }
                (None, None) => finding.help(format!("functions are {}", listed(Function::names()))),
            };
            self.report(finding);
            return None;
        };
        let mut lowered = Vec::new();
        if function.argument_names().is_empty() {
            for argument in &arguments {
                lowered.push(self.lower(argument.value()?, names)?);
            }
        } else {
            let matched = self.match_arguments(word, function.argument_names(), &arguments, false, span)?;
            let count = matched.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            for (name, at) in function.argument_names().iter().zip(&matched).take(count) {
                if let Some(value) = at.and_then(|at| arguments[at].value()) {
                    lowered.push(self.lower(value, names)?);
                } else {
                    self.missing_argument(word, name, span);
                    return None;
                }
            }
        }
        if !function.arity().allows(lowered.len()) {
            let finding = self.finding(
                "E0106",
                span,
                format!("`{word}` takes {}, not {}", function.arity(), lowered.len()),
                function.signature(),
            );
            self.report(finding);
            return None;
        }
        Some(Lowered::call(function, lowered))
    }
}
