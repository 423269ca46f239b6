//! What makes tables of tables: `filter derive mean best join union`. Their arguments see the columns as names.

use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument, Expression};
use synx_plan::grid::ColumnValue;
use synx_plan::table::{End, Source};

use super::columns::{Column, Kind, Table};
use super::known::Rows;
use crate::compiler::Compiler;
use crate::late::{Late, LateNumber};
use crate::scope::Scope;
use crate::signature::Signature;
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// A function whose arguments see columns as names. `piped` is what stood before `|>`.
    pub(crate) fn over_rows(
        &mut self,
        signature: &'static Signature,
        arguments: &[Argument<'t>],
        piped: Option<(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let name = signature.name;
        match name {
            "union" => return self.union(arguments, piped, span, scope),
            "points" => return self.points(arguments, piped, span, scope),
            "column" | "columns" => return self.named_columns(name, arguments, span, scope),
            "pass_at" => return self.pass_at(arguments, span, scope),
            "filter" | "derive" | "mean" | "best" | "join" | "top" | "gather" | "d_optimal" | "grows"
            | "least_step" => {}
            _ => return self.answer(signature, arguments, piped, span, scope),
        }
        let (first, rest) = match (piped, arguments) {
            (Some(piped), rest) => (Some(piped), rest),
            (None, [Argument::Positional(first), rest @ ..]) => {
                let at = self.span(first.node());
                (Some((self.evaluate(*first, scope), at)), rest)
            }
            (None, _) => (None, arguments),
        };
        let Some((value, at)) = first else {
            self.missing_argument(name, "table", span);
            return Value::Error;
        };
        if value.is_error() {
            return Value::Error;
        }
        if let ("filter", Value::Corpus(id, corpus)) = (name, &value) {
            return self.filter_documents((*id, corpus), rest, span, scope);
        }
        let Some(table) = self.as_table(&value, at) else {
            if value.is_table() {
                return Value::Error;
            }
            return self.expected(at, &format!("a table for `{name}`"), &value);
        };
        match name {
            "filter" => self.filter(&table, rest, span, scope),
            "derive" => self.derive(&table, rest, span, scope),
            "mean" => self.mean(&table, rest, span),
            "best" => self.best(&table, rest, span),
            "top" => self.top(&table, rest, span, scope),
            "gather" => self.gather(&table, rest, span),
            "d_optimal" => self.d_optimal(&table, rest, span, scope),
            "grows" | "least_step" => self.steps_along(name, &table, rest, span),
            _ => self.join(&table, rest, span, scope),
        }
    }

    /// The expressions given for some parameters, not evaluated.
    pub(super) fn raw(
        &mut self,
        name: &str,
        parameters: &[&str],
        arguments: &[Argument<'t>],
        span: Span,
    ) -> Option<Vec<Option<Expression<'t>>>> {
        let matched = self.match_arguments(name, parameters, arguments, false, span)?;
        Some(matched.into_iter().map(|at| at.and_then(|at| arguments[at].value())).collect())
    }

    /// The expressions that are given for parameters that all need one; reported where one has none.
    pub(super) fn needed<const N: usize>(
        &mut self,
        name: &str,
        parameters: [&str; N],
        arguments: &[Argument<'t>],
        span: Span,
    ) -> Option<[Expression<'t>; N]> {
        let raw = self.raw(name, &parameters, arguments, span)?;
        let missing: Vec<&str> =
            parameters.into_iter().zip(&raw).filter(|(_, at)| at.is_none()).map(|(name, _)| name).collect();
        if !missing.is_empty() {
            self.missing_arguments(name, &missing, span);
            return None;
        }
        raw.into_iter().flatten().collect::<Vec<_>>().try_into().ok()
    }

    fn filter(&mut self, table: &Rc<Table>, rest: &[Argument<'t>], span: Span, scope: &Rc<Scope<'t>>) -> Value {
        let Some(raw) = self.raw("filter", &["condition"], rest, span) else { return Value::Error };
        let Some(condition) = raw[0] else {
            self.missing_argument("filter", "condition", span);
            return Value::Error;
        };
        let Some(lowered) = self.row_condition(table, condition, scope) else { return Value::Error };
        let rows = self.known_truths(table, &lowered).map(|truths| {
            let places = truths.iter().enumerate().filter(|(_, holds)| **holds).map(|(row, _)| row as u32);
            places.collect::<Vec<u32>>()
        });
        if rows.as_ref().is_some_and(Vec::is_empty) {
            let at = self.span(condition.node());
            let finding = self
                .finding("E0614", at, format!("no row of {} is left", table.name), "holds for none of its rows")
                .help(self.values_of(table, condition));
            return self.report(finding);
        }
        let Some(of) = table.id else { return Value::Error };
        let rows = rows.map_or(Rows::Unknown, |rows| Rows::some(table, rows));
        let made = like(table, rows, table.columns().clone(), table.keys().map(str::to_owned).collect());
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, Source::Filter { of, condition: lowered }, origin))
    }

    /// The values of the columns that a condition reads, for a message.
    fn values_of(&self, table: &Table, condition: Expression<'t>) -> String {
        let mut names: Vec<&str> = Vec::new();
        for name in crate::grid::scope::free_names(condition.node()) {
            if table.has(name) && !names.contains(&name) {
                names.push(name);
            }
        }
        let shown = |name: &&str| {
            let mut values: Vec<String> = Vec::new();
            for value in self.known(table, name)?.iter().map(ToString::to_string) {
                if !values.contains(&value) {
                    values.push(value);
                }
                if values.len() > 8 {
                    break;
                }
            }
            let more = if values.len() > 8 { " and more" } else { "" };
            Some(format!("`{name}` has {}{more}", listed(values.iter().take(8).map(String::as_str))))
        };
        names.iter().filter_map(shown).collect::<Vec<_>>().join("; ")
    }

    fn derive(&mut self, table: &Rc<Table>, rest: &[Argument<'t>], span: Span, scope: &Rc<Scope<'t>>) -> Value {
        let inside = Scope::of_columns(scope, table);
        let mut columns = table.columns().clone();
        let mut derived = IndexMap::new();
        for argument in rest {
            let (name, value) = match argument {
                Argument::Named(name, Some(value)) => (*name, *value),
                Argument::Named(..) => return Value::Error,
                Argument::Positional(value) => {
                    let at = self.span(value.node());
                    let finding = self
                        .finding("E0106", at, "a derived column has a name", "which column is this?")
                        .help("write `derive(name = …)`");
                    return self.report(finding);
                }
            };
            let at = self.span(value.node());
            let found = self.evaluate(value, &inside);
            let several = match &found {
                Value::Columns(several) => {
                    several.iter().map(|(part, value)| (format!("{}[{part}]", name.text()), value.clone())).collect()
                }
                _ => vec![(name.text().to_owned(), found)],
            };
            for (name, value) in several {
                let Some((column, expression)) = self.derived(&value, at) else { return Value::Error };
                columns.insert(name.clone(), column);
                derived.insert(name, expression);
            }
        }
        if derived.is_empty() {
            self.missing_argument("derive", "name", span);
            return Value::Error;
        }
        let Some(of) = table.id else { return Value::Error };
        let keys = table.keys().map(str::to_owned).collect();
        let source = Source::Derive { of, columns: derived.iter().map(|(n, e)| (n.clone(), e.clone())).collect() };
        let rows = Rows::Derived { of: Rc::clone(table), columns: derived };
        let made = like(table, rows, columns, keys);
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, source, origin))
    }

    /// A derived column and its expression.
    fn derived(&mut self, value: &Value, at: Span) -> Option<(Column, synx_plan::expression::Expression)> {
        match value {
            Value::Bool(_) => {
                let truth = self.late_truth(value, at, "a condition")?;
                Some((Column { kind: Kind::Truth, ..Column::text() }, truth))
            }
            Value::Late(late) if matches!(**late, Late::Truth(_)) => {
                let truth = self.late_truth(value, at, "a condition")?;
                Some((Column { kind: Kind::Truth, ..Column::text() }, truth))
            }
            other => {
                let LateNumber { value, unit, bounds } = self.late_number(other, at, "a derived column")?;
                Some((Column::number(unit, bounds), value))
            }
        }
    }

    /// The columns that `over` names, which must tell rows apart.
    pub(super) fn over(
        &mut self,
        table: &Rc<Table>,
        function: &str,
        over: Expression<'t>,
    ) -> Option<Vec<(String, Span)>> {
        let named: Vec<Expression<'t>> = match over.without_parens() {
            Expression::List(list) => list.elements().collect(),
            Expression::Tuple(tuple) => tuple.elements().collect(),
            one => vec![one],
        };
        let mut columns: Vec<(String, Span)> = Vec::new();
        for expression in named {
            let at = self.span(expression.node());
            let Expression::Name(name) = expression.without_parens() else {
                let finding = self
                    .finding("E0610", at, format!("`over` of `{function}` names columns"), "not the name of a column")
                    .help("write `over = replicate`, or several as `over = [lr, batch]`");
                self.report(finding);
                return None;
            };
            let word = name.text();
            if columns.iter().any(|(known, _)| known == word) {
                let finding = self.finding("E0102", at, format!("`{word}` is there twice"), "named again");
                self.report(finding);
                return None;
            }
            if !table.keys().any(|key| key == word) {
                if table.has(word) {
                    let finding = self
                        .finding("E0610", at, format!("`{word}` does not tell rows apart"), "a column, but no axis")
                        .help(format!("`over` takes axes; those of {} are {}", table.name, listed(table.keys())));
                    self.report(finding);
                } else {
                    let headline = format!("{} has no axis `{word}`", table.name);
                    let mut finding = self.finding("E0610", at, headline, "no such axis");
                    finding = match nearest(word, table.keys()) {
                        Some(near) => {
                            let edit = self.edit(at, near);
                            finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
                        }
                        None => finding.help(format!("its axes are {}", listed(table.keys()))),
                    };
                    self.report(finding);
                }
                return None;
            }
            columns.push((word.to_owned(), at));
        }
        Some(columns)
    }

    fn mean(&mut self, table: &Rc<Table>, rest: &[Argument<'t>], span: Span) -> Value {
        let Some(raw) = self.raw("mean", &["over"], rest, span) else { return Value::Error };
        let Some(over) = raw[0] else {
            self.missing_argument("mean", "over", span);
            return Value::Error;
        };
        let Some(over) = self.over(table, "mean", over) else { return Value::Error };
        let over: Vec<String> = over.into_iter().map(|(name, _)| name).collect();
        let keys: Vec<String> = table.keys().filter(|key| !over.iter().any(|o| o == key)).map(str::to_owned).collect();
        let groups = self.grouped(table, &keys);
        let mut columns = table.columns().clone();
        // Text has no mean: only what is the same in all rows of a group stays.
        columns.retain(|name, column| {
            !over.contains(name)
                && (keys.contains(name)
                    || column.kind == Kind::Number
                    || column.kind == Kind::Undefined
                    || self.is_same_within(table, name, groups.as_deref()))
        });
        let Some(of) = table.id else { return Value::Error };
        let rows = match groups {
            Some(groups) => Rows::Groups { of: Rc::clone(table), groups: Rc::new(groups), mean: true },
            None => Rows::Unknown,
        };
        let made = like(table, rows, columns, keys);
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, Source::Mean { of, over }, origin))
    }

    fn is_same_within(&self, table: &Rc<Table>, name: &str, groups: Option<&[Vec<u32>]>) -> bool {
        let (Some(groups), Some(values)) = (groups, self.known(table, name)) else { return false };
        let same = |group: &Vec<u32>| group.windows(2).all(|pair| values[pair[0] as usize] == values[pair[1] as usize]);
        groups.iter().all(same)
    }

    fn best(&mut self, table: &Rc<Table>, rest: &[Argument<'t>], span: Span) -> Value {
        let Some([by, over]) = self.needed("best", ["by", "over"], rest, span) else { return Value::Error };
        let Some(by) = self.measure(table, "best", by) else { return Value::Error };
        let Some(over) = self.over(table, "best", over) else { return Value::Error };
        self.lint_best(table, &over, span);
        let names: Vec<String> = over.into_iter().map(|(name, _)| name).collect();
        let keys: Vec<String> = table.keys().filter(|key| !names.iter().any(|o| o == key)).map(str::to_owned).collect();
        let ends = names.iter().filter_map(|name| self.ends(table, name)).collect();
        let rows = match self.grouped(table, &keys) {
            Some(groups) => Rows::Groups { of: Rc::clone(table), groups: Rc::new(groups), mean: false },
            None => Rows::Unknown,
        };
        let Some(of) = table.id else { return Value::Error };
        let made = like(table, rows, table.columns().clone(), keys);
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, Source::Best { of, by, over: names, ends }, origin))
    }

    /// The column of numbers whose smallest value is the best.
    pub(super) fn measure(&mut self, table: &Rc<Table>, function: &str, by: Expression<'t>) -> Option<String> {
        let at = self.span(by.node());
        let name: String = by.text().chars().filter(|c| !c.is_whitespace()).collect();
        let by = match (by.without_parens(), table.column(&name)) {
            (_, Some(column)) => column,
            (Expression::Name(_) | Expression::Access(_) | Expression::Index(_), None) => {
                self.unknown_column(table, &name, at);
                return None;
            }
            _ => {
                let headline = format!("`{function}` takes the column whose smallest value is the best");
                let finding = self.finding("E0610", at, headline, "not a column").help(
                    "write the name of a column: `loss`; another measure is derived first: `|> derive(name = …)`",
                );
                self.report(finding);
                return None;
            }
        };
        match table.kind(&by) {
            Kind::Number => Some(by),
            Kind::Undefined => {
                self.undefined_column(table, &by, at);
                None
            }
            Kind::Text | Kind::Truth => {
                let finding = self.finding("E0610", at, format!("`{by}` holds no numbers"), "no numbers");
                self.report(finding);
                None
            }
        }
    }

    /// The smallest and the largest value of an axis of numbers.
    fn ends(&self, table: &Rc<Table>, name: &str) -> Option<End> {
        let values = self.known(table, name)?;
        let numbers = || values.iter().filter_map(|v| if let ColumnValue::Number(n) = v { Some(n) } else { None });
        let (low, high) = (numbers().min()?.clone(), numbers().max()?.clone());
        Some(End { column: name.to_owned(), low, high })
    }

    /// Choosing the best of noisy rows, and of one.
    pub(super) fn lint_best(&mut self, table: &Rc<Table>, over: &[(String, Span)], span: Span) {
        let values = |compiler: &Self, name: &str| {
            let known = compiler.known(table, name)?;
            let mut distinct: Vec<&ColumnValue> = Vec::new();
            for value in known.iter() {
                if !distinct.contains(&value) {
                    distinct.push(value);
                }
                if distinct.len() > 1 {
                    break;
                }
            }
            Some(distinct.len())
        };
        if table.keys().any(|key| key == "replicate") && values(self, "replicate") != Some(1) {
            let finding = self
                .finding("W0610", span, "the best is chosen before replicates are averaged", "the luckiest run wins")
                .note("the smallest of several noisy losses is below the loss that it would have on average (the winner's curse)")
                .help("average first: `|> mean(over = replicate) |> best(…)`");
            self.report(finding);
        }
        for (name, at) in over {
            if values(self, name) == Some(1) {
                let finding = self
                    .finding("W0612", *at, format!("`{name}` has one value, so nothing is chosen"), "one value")
                    .help(format!("add values to the axis, or leave `{name}` out of `over`"));
                self.report(finding);
            }
        }
    }
}

/// A table that is made of another, and is called as it is.
pub(super) fn like(table: &Rc<Table>, rows: Rows, columns: IndexMap<String, Column>, keys: Vec<String>) -> Table {
    Table::new(Rc::clone(&table.name), columns, rows)
        .short(Rc::clone(&table.short))
        .keyed(keys)
        .with_results(table.has_results())
        .of_law(table.law)
}
