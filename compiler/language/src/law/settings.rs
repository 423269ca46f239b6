//! The fields of a law: groups, method, test; and what stands in place of a formula.

use std::rc::Rc;

use synx_grammar::view::{Argument, Call, Expression};
use synx_plan::exact::Exact;
use synx_plan::law::{HoldOut, MOST_TREES, Method, Trees};
use synx_plan::unit::Unit;

use super::{Names, Text};
use crate::compiler::Compiler;
use crate::suggest::{listed, nearest};
use crate::table::Table;
use crate::value::Span;

/// The name in `column("metric/x")`.
fn called_column(call: Call<'_>) -> Option<String> {
    match (call.callee()?, call.arguments().next()?.value()?) {
        (Expression::Name(name), Expression::Text(text)) if name.text() == "column" => Some(text.value()),
        _ => None,
    }
}

impl<'t> Compiler<'t> {
    pub(super) fn by(&mut self, text: &Text<'t>, table: &Table) -> Option<Vec<String>> {
        let Some(value) = text.field("by") else { return Some(Vec::new()) };
        let columns: Vec<Expression<'t>> = match value.without_parens() {
            Expression::List(list) => list.elements().collect(),
            Expression::Tuple(tuple) => tuple.elements().collect(),
            one => vec![one],
        };
        let mut by: Vec<String> = Vec::new();
        for column in columns {
            let name = self.column(text.meant(column), table)?;
            if by.contains(&name) {
                let at = self.span(column.node());
                let finding = self.finding("E0102", at, format!("`{name}` is there twice"), "named again");
                self.report(finding);
                return None;
            }
            by.push(name);
        }
        Some(by)
    }

    /// The column that an expression names; reported where it names none.
    pub(super) fn column(&mut self, expression: Expression<'t>, table: &Table) -> Option<String> {
        let at = self.span(expression.node());
        let name = match expression.without_parens() {
            Expression::Name(_) | Expression::Access(_) | Expression::Index(_) => {
                expression.text().chars().filter(|c| !c.is_whitespace()).collect()
            }
            Expression::Text(text) => text.value(),
            Expression::Call(call) if called_column(call).is_some() => called_column(call)?,
            Expression::Bad(_) => return None,
            _ => {
                let finding = self.finding("E0601", at, "expected the name of a column", "not a column");
                self.report(finding);
                return None;
            }
        };
        if let Some(known) = table.column(&name) {
            return Some(known);
        }
        let mut finding = self.finding("E0601", at, format!("there is no column `{name}`"), "no such column");
        finding = match nearest(&name, table.names()) {
            Some(near) => {
                let edit = self.edit(at, near);
                finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
            }
            None => finding.help(format!("the columns are {}", listed(table.names().take(20)))),
        };
        self.report(finding);
        None
    }

    pub(super) fn method(&mut self, text: &Text<'t>) -> Option<Method> {
        let Some(value) = text.field("method") else { return Some(Method::default()) };
        let at = self.span(value.node());
        let (word, arguments): (&str, Vec<Argument<'t>>) = match value.without_parens() {
            Expression::Name(name) => (name.text(), Vec::new()),
            Expression::Call(call) => match call.callee() {
                Some(Expression::Name(name)) => (name.text(), call.arguments().collect()),
                _ => ("", Vec::new()),
            },
            Expression::Bad(_) => return None,
            _ => ("", Vec::new()),
        };
        let parameters: &[&str] = match word {
            "huber" => &["delta"],
            "quantile" => &["level"],
            _ => &[],
        };
        let method = match word {
            "huber" => Method::default(),
            "log_least_squares" => Method::LogSquares,
            "least_squares" => Method::Squares,
            "quantile" => Method::Quantile { level: Exact::ratio(1, 2)? },
            _ => {
                let methods = crate::signature::METHODS;
                let mut finding = self
                    .finding("E0112", at, "this is no method of fitting", "not a method")
                    .help(format!("methods are {}", listed(methods.iter().copied())));
                if let Some(near) = nearest(word, methods.iter().copied()) {
                    finding = finding.help(format!("did you mean `{near}`?"));
                }
                self.report(finding);
                return None;
            }
        };
        let matched = self.match_arguments(word, parameters, &arguments, false, at)?;
        let Some(value) = matched.first().copied().flatten().and_then(|at| arguments[at].value()) else {
            return Some(method);
        };
        let at = self.span(value.node());
        let scope = Rc::clone(&self.file_scope);
        let number = self.evaluate(text.meant(value), &scope);
        if let Method::Quantile { .. } = method {
            let fits = |level: &Exact| level.is_positive() && *level < Exact::one();
            let level = self.plain(&number, at, "`level`", "more than 0 % and less than 100 %", fits)?;
            return Some(Method::Quantile { level });
        }
        let fits = |delta: &Exact| delta.is_positive() && *delta <= Exact::from(1000u64);
        let delta = self.plain(&number, at, "`delta`", "more than 0 and at most 1000", fits)?;
        Some(Method::Huber { delta })
    }

    #[allow(clippy::option_option, reason = "the outer one is a mistake, the inner one a law without a test")]
    pub(super) fn test(&mut self, text: &Text<'t>, table: &Rc<Table>) -> Option<Option<HoldOut>> {
        let Some(value) = text.field("test") else { return Some(None) };
        let at = self.span(value.node());
        if let Expression::Name(name) = value.without_parens()
            && name.text() == "none"
        {
            return Some(None);
        }
        if let Expression::Call(call) = value.without_parens()
            && let Some(Expression::Name(callee)) = call.callee()
        {
            let arguments: Vec<Argument<'t>> = call.arguments().collect();
            match callee.text() {
                "largest" => {
                    let matched = self.match_arguments("largest", &["column"], &arguments, false, at)?;
                    let Some(column) = matched[0].and_then(|at| arguments[at].value()) else {
                        self.missing_argument("largest", "column", at);
                        return None;
                    };
                    return self.column(text.meant(column), table).map(|column| Some(HoldOut::Largest(column)));
                }
                "leave_out" => return self.leave_out(&arguments, at, text, table).map(Some),
                "each" => return self.each(&arguments, at, text, table).map(Some),
                _ => {}
            }
        }
        match value.without_parens() {
            Expression::Binary(_) | Expression::Unary(_) | Expression::Name(_) => {
                self.left_out_where(value, text, table).map(Some)
            }
            Expression::Bad(_) => None,
            _ => {
                let finding = self
                    .finding("E0112", at, "this is no way of holding out a test", "not known")
                    .help("write a condition, such as `test = tokens >= 64M`; or `largest(tokens)`, `each(width)`, `leave_out(256)`, `leave_out(25%, times = 100)`");
                self.report(finding);
                None
            }
        }
    }

    /// `test = tokens >= 64M`: the rows for which it holds.
    fn left_out_where(&mut self, condition: Expression<'t>, text: &Text<'t>, table: &Rc<Table>) -> Option<HoldOut> {
        let at = self.span(condition.node());
        let scope = self.scope_of(text);
        let holds = self.row_condition(table, condition, &scope)?;
        if !holds.answers().is_empty() {
            let finding = self
                .finding(
                    "E0612",
                    at,
                    "which rows are held out must be known before anything runs",
                    "what a run settles",
                )
                .help("write a condition over the columns of the rows, such as `tokens >= 64M`");
            self.report(finding);
            return None;
        }
        let truths = self.known_truths(table, &holds);
        let which = truths.as_ref().and_then(|truths| {
            let held_out = truths.iter().filter(|holds| **holds).count();
            if held_out == 0 { Some("no") } else { (held_out == truths.len()).then_some("every") }
        });
        if let Some(which) = which {
            let finding = self
                .finding(
                    "E0634",
                    at,
                    format!("{which} row of {} is held out", table.name),
                    format!("holds for {which} row"),
                )
                .help("write a condition that holds for some of the rows: these are predicted by a fit to the others");
            self.report(finding);
            return None;
        }
        Some(HoldOut::Where(holds))
    }

    /// `each(width)`: the rows of each of its values in turn.
    fn each(&mut self, arguments: &[Argument<'t>], at: Span, text: &Text<'t>, table: &Rc<Table>) -> Option<HoldOut> {
        let matched = self.match_arguments("each", &["column"], arguments, false, at)?;
        let Some(given) = matched[0].and_then(|at| arguments[at].value()) else {
            self.missing_argument("each", "column", at);
            return None;
        };
        let given = text.meant(given);
        let column = self.column(given, table)?;
        let values = self.known(table, &column);
        if values.is_some_and(|values| values.windows(2).all(|pair| pair[0] == pair[1])) {
            let at = self.span(given.node());
            let finding = self
                .finding("E0634", at, format!("`{column}` has one value: without it no row is left"), "one value")
                .help("leave out the values of a column that has several");
            self.report(finding);
            return None;
        }
        Some(HoldOut::Each(column))
    }

    /// `leave_out(256)`: so many rows; `leave_out(25%, times = 100)`: such a part, again and again.
    fn leave_out(&mut self, arguments: &[Argument<'t>], at: Span, text: &Text<'t>, table: &Table) -> Option<HoldOut> {
        let matched = self.match_arguments("leave_out", &["rows", "times"], arguments, false, at)?;
        let Some(rows) = matched[0].and_then(|at| arguments[at].value()) else {
            self.missing_argument("leave_out", "rows", at);
            return None;
        };
        let scope = Rc::clone(&self.file_scope);
        let place = self.span(rows.node());
        let value = self.evaluate(text.meant(rows), &scope);
        let times = match matched[1].and_then(|at| arguments[at].value()) {
            None => 1,
            Some(times) => {
                let at = self.span(times.node());
                let value = self.evaluate(text.meant(times), &scope);
                self.whole(&value, at, Unit::PLAIN, "`times`", (1, 1_000_000))?
            }
        };
        let known = table.count();
        let most = known.map_or_else(String::new, |rows| format!(" up to {rows}"));
        let what = format!("a part between 0 % and 100 %, or a number of rows{most}");
        let fits = |n: &Exact| {
            n.is_positive() && (*n < Exact::one() || n.is_integer() && known.is_none_or(|k| *n < Exact::from(k)))
        };
        let number = self.plain(&value, place, "what is left out", &what, fits)?;
        if number == Exact::one() && rows.text().ends_with('%') {
            self.not_in_range(place, "what is left out", &number, &what);
            return None;
        }
        Some(if number < Exact::one() {
            HoldOut::Share { part: number, times }
        } else if times == 1 {
            HoldOut::Rows(number.to_u64()?)
        } else {
            let finding = self
                .finding("E0634", place, "rows are left out once", "a number of rows")
                .help("to leave rows out again and again, say which part: `leave_out(25%, times = 100)`");
            self.report(finding);
            return None;
        })
    }

    /// `boosted_trees(share, rate = 1e-2, rounds = 1000)`: columns, of which `share` means all of its kind.
    pub(super) fn trees(&mut self, call: Call<'t>, names: &Names<'_, 't>) -> Option<Trees> {
        let span = self.span(call.node());
        let (mut rate, mut rounds) = (Exact::ratio(1, 100)?, 1000);
        let mut columns: Vec<String> = Vec::new();
        let scope = Rc::clone(&self.file_scope);
        for argument in call.arguments() {
            let value = argument.value()?;
            let at = self.span(value.node());
            match argument {
                Argument::Named(name, _) => {
                    let number = self.evaluate(names.text.meant(value), &scope);
                    match name.text() {
                        "rate" => {
                            let fits = |rate: &Exact| rate.is_positive() && *rate <= Exact::one();
                            rate = self.plain(&number, at, "`rate`", "more than 0 and at most 1", fits)?;
                        }
                        "rounds" => rounds = self.whole(&number, at, Unit::PLAIN, "`rounds`", (1, 1_000_000))?,
                        _ => {
                            let at = self.span(name.node());
                            let finding = self
                                .finding(
                                    "E0103",
                                    at,
                                    format!("`boosted_trees` has no argument `{}`", name.text()),
                                    "not known",
                                )
                                .help("it takes columns, `rate` and `rounds`");
                            self.report(finding);
                            return None;
                        }
                    }
                }
                Argument::Positional(value) => {
                    let value = names.text.meant(value);
                    let family = match value.without_parens() {
                        Expression::Name(name) => format!("{}[", name.text()),
                        _ => String::from("["),
                    };
                    let members: Vec<String> =
                        names.table.names().filter(|column| column.starts_with(&family)).map(str::to_owned).collect();
                    if members.is_empty() {
                        let named = self.column(value, names.table)?;
                        // Text has no places to split at.
                        self.lower_named(&named, value, names)?;
                        columns.push(named);
                    } else {
                        columns.extend(members);
                    }
                }
            }
        }
        let wrong = if columns.is_empty() {
            Some(("trees need columns to split on", "name columns: `boosted_trees(share, rate = 1e-2, rounds = 1000)`"))
        } else if !names.free.is_empty() {
            Some(("trees have no free parameters", "take `free` out, or write a formula"))
        } else {
            None
        };
        if let Some((headline, help)) = wrong {
            let finding = self.finding("E0635", span, headline, "trees instead of a formula").help(help);
            self.report(finding);
            return None;
        }
        Some(Trees { columns, rate, rounds })
    }

    /// Whether trees can be grown by what else the law says; reported where they cannot.
    pub(super) fn trees_fit(
        &mut self,
        trees: &Trees,
        method: &Method,
        bootstrap: u64,
        text: &Text<'t>,
        at: Span,
    ) -> bool {
        let kept = trees.kept(bootstrap);
        let (field, headline, help) = if let Method::Quantile { .. } = method {
            ("method", "trees are grown by least squares".to_owned(), "take `method` out, or write a formula")
        } else if kept > MOST_TREES {
            let headline = format!("{kept} trees would be kept, more than {MOST_TREES}");
            ("bootstrap", headline, "take fewer `rounds` at a larger `rate`, or fewer draws")
        } else {
            return true;
        };
        let at = text.field(field).map_or(at, |value| self.span(value.node()));
        let finding = self.finding("E0635", at, headline, "not of trees").help(help);
        self.report(finding);
        false
    }
}
