//! What makes tables of tables: `filter derive mean best join union`. Their arguments see the columns as names.

use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument, Expression};
use synx_plan::grid::ColumnValue;
use synx_plan::table::{End, Source};
use synx_plan::unit::Unit;

use super::columns::{Column, Kind, Table};
use super::known::Rows;
use crate::compiler::Compiler;
use crate::late::{Bounds, Late, LateNumber};
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
            "column" | "columns" => return self.named_columns(name, arguments, span, scope),
            "filter" | "derive" | "mean" | "best" | "join" | "top" => {}
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
        let made = self.like(table, rows, table.columns().clone(), table.keys().map(str::to_owned).collect());
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

    /// A table that is made of another, and is called as it is.
    fn like(&self, table: &Rc<Table>, rows: Rows, columns: IndexMap<String, Column>, keys: Vec<String>) -> Table {
        Table::new(Rc::clone(&table.name), columns, rows)
            .short(Rc::clone(&table.short))
            .keyed(keys)
            .with_results(table.has_results())
            .of_law(table.law)
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
        let made = self.like(table, rows, columns, keys);
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
    fn over(&mut self, table: &Rc<Table>, function: &str, over: Expression<'t>) -> Option<Vec<(String, Span)>> {
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
        let made = self.like(table, rows, columns, keys);
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, Source::Mean { of, over }, origin))
    }

    fn is_same_within(&self, table: &Rc<Table>, name: &str, groups: Option<&[Vec<u32>]>) -> bool {
        let (Some(groups), Some(values)) = (groups, self.known(table, name)) else { return false };
        let same = |group: &Vec<u32>| group.windows(2).all(|pair| values[pair[0] as usize] == values[pair[1] as usize]);
        groups.iter().all(same)
    }

    fn best(&mut self, table: &Rc<Table>, rest: &[Argument<'t>], span: Span) -> Value {
        let Some(raw) = self.raw("best", &["by", "over"], rest, span) else { return Value::Error };
        let (Some(by), Some(over)) = (raw[0], raw[1]) else {
            let missing: Vec<&str> =
                ["by", "over"].into_iter().zip(&raw).filter(|(_, at)| at.is_none()).map(|(name, _)| name).collect();
            self.missing_arguments("best", &missing, span);
            return Value::Error;
        };
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
        let made = self.like(table, rows, table.columns().clone(), keys);
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
                let finding = self.finding("E0610", at, format!("`{by}` holds no numbers"), "nothing is smallest");
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

    fn join(&mut self, table: &Rc<Table>, rest: &[Argument<'t>], span: Span, scope: &Rc<Scope<'t>>) -> Value {
        let Some(raw) = self.raw("join", &["other", "on"], rest, span) else { return Value::Error };
        let (Some(other), Some(on)) = (raw[0], raw[1]) else {
            let missing: Vec<&str> =
                ["other", "on"].into_iter().zip(&raw).filter(|(_, at)| at.is_none()).map(|(name, _)| name).collect();
            self.missing_arguments("join", &missing, span);
            return Value::Error;
        };
        let other_at = self.span(other.node());
        let value = self.evaluate(other, scope);
        if value.is_error() {
            return Value::Error;
        }
        let Some(right) = self.as_table(&value, other_at) else {
            return if value.is_table() {
                Value::Error
            } else {
                self.expected(other_at, "a table to join with", &value)
            };
        };
        let Some(on) = self.join_columns(table, &right, on) else { return Value::Error };
        let mut columns = table.columns().clone();
        let mut renamed = IndexMap::new();
        for (name, column) in right.columns() {
            if on.contains(name) {
                continue;
            }
            let called = if columns.contains_key(name) { format!("{}.{name}", right.short) } else { name.clone() };
            renamed.insert(called.clone(), name.clone());
            columns.insert(called, column.clone());
        }
        let mut keys: Vec<String> = table.keys().map(str::to_owned).collect();
        for key in right.keys().filter(|key| !on.iter().any(|o| o == key)) {
            let called = renamed.iter().find(|(_, theirs)| *theirs == key).map(|(called, _)| called.clone());
            keys.extend(called);
        }
        let rows = self.paired(table, &right, &on);
        if rows.as_ref().is_some_and(Vec::is_empty) {
            let finding = self
                .finding(
                    "E0614",
                    span,
                    "no two rows belong together",
                    format!("none agree in {}", listed(on.iter().map(String::as_str))),
                )
                .label(self.label(other_at, format!("{} rows here", right.count().unwrap_or_default())));
            return self.report(finding);
        }
        let rows = match rows {
            Some(rows) => {
                Rows::Pairs { left: Rc::clone(table), right: Rc::clone(&right), rows: Rc::new(rows), renamed }
            }
            None => Rows::Unknown,
        };
        let (Some(left), Some(of)) = (table.id, right.id) else { return Value::Error };
        let made = self.like(table, rows, columns, keys).of_law(None);
        let origin = Some(self.origin(span));
        let source = Source::Join { left, right: of, on, prefix: right.short.to_string() };
        Value::Table(self.add_table(made, source, origin))
    }

    fn join_columns(&mut self, left: &Rc<Table>, right: &Rc<Table>, on: Expression<'t>) -> Option<Vec<String>> {
        let named: Vec<Expression<'t>> = match on.without_parens() {
            Expression::List(list) => list.elements().collect(),
            Expression::Tuple(tuple) => tuple.elements().collect(),
            one => vec![one],
        };
        let mut columns: Vec<String> = Vec::new();
        for expression in named {
            let at = self.span(expression.node());
            let name: String = match expression.without_parens() {
                Expression::Text(text) => text.value(),
                other => other.text().chars().filter(|c| !c.is_whitespace()).collect(),
            };
            for table in [left, right] {
                if table.column(&name).is_none() {
                    self.unknown_column(table, &name, at);
                    return None;
                }
            }
            let (a, b) = (left.get(&name)?.clone(), right.get(&name)?.clone());
            let clash = a.kind != b.kind || (a.kind == Kind::Number && a.unit.unify(b.unit).is_none());
            if clash {
                let sort = |column: &Column| match column.kind {
                    Kind::Number if column.unit == Unit::PLAIN => "plain numbers".to_owned(),
                    Kind::Number => format!("numbers in {}", column.unit),
                    _ => "text".to_owned(),
                };
                let finding = self
                    .finding("E0614", at, format!("`{name}` is not the same in both tables"), "rows cannot agree in it")
                    .note(format!("{} in {}, {} in {}", sort(&a), left.name, sort(&b), right.name));
                self.report(finding);
                return None;
            }
            columns.push(name);
        }
        Some(columns)
    }

    /// The pairs of rows that agree in some columns, in the order of the left table; none where a run settles one of these.
    fn paired(&mut self, left: &Rc<Table>, right: &Rc<Table>, on: &[String]) -> Option<Vec<(u32, u32)>> {
        let ours = self.grouped(left, on)?;
        let theirs = self.grouped(right, on)?;
        let values = |table: &Rc<Table>, group: &[u32]| -> Option<Vec<ColumnValue>> {
            on.iter().map(|name| Some(self.known(table, name)?[*group.first()? as usize].clone())).collect()
        };
        let mut places: IndexMap<Vec<ColumnValue>, &[u32]> = IndexMap::new();
        for group in &theirs {
            places.insert(values(right, group)?, group);
        }
        let mut pairs = Vec::new();
        for group in &ours {
            let Some(matching) = places.get(&values(left, group)?) else { continue };
            for row in group {
                pairs.extend(matching.iter().map(|other| (*row, *other)));
                if pairs.len() > 1_000_000 {
                    return None;
                }
            }
        }
        pairs.sort_unstable();
        Some(pairs)
    }

    fn union(
        &mut self,
        arguments: &[Argument<'t>],
        piped: Option<(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let mut tables: Vec<(Rc<Table>, Span)> = Vec::new();
        let mut given: Vec<(Value, Span)> = piped.into_iter().collect();
        for argument in arguments {
            match argument {
                Argument::Positional(value) => {
                    let at = self.span(value.node());
                    given.push((self.evaluate(*value, scope), at));
                }
                Argument::Named(name, _) => {
                    let at = self.span(name.node());
                    let headline = format!("`union` takes no `{}`", name.text());
                    let finding = self.finding("E0103", at, headline, "no such argument");
                    return self.report(finding.help("it takes tables: `union(a, b)`"));
                }
            }
        }
        for (value, at) in given {
            match self.as_table(&value, at) {
                Some(table) => tables.push((table, at)),
                None if value.is_error() || value.is_table() => return Value::Error,
                None => return self.expected(at, "a table for `union`", &value),
            }
        }
        let [(first, _), (_, second_at), ..] = &tables[..] else {
            let finding = self
                .finding("E0106", span, "`union` puts at least two tables together", "too few")
                .help("write `union(a, b)`");
            return self.report(finding);
        };
        let mut columns = first.columns().clone();
        for (table, at) in &tables[1..] {
            for (name, column) in &mut columns {
                let Some(theirs) = table.get(name) else { continue };
                if column.kind == Kind::Number
                    && theirs.kind == Kind::Number
                    && column.unit.unify(theirs.unit).is_none()
                {
                    let headline = format!("`{name}` has different units in the two tables");
                    let finding = self.finding("E0202", *at, headline, format!("{} and {}", column.unit, theirs.unit));
                    return self.report(finding);
                }
                column.bounds = column.bounds.union(&theirs.bounds);
                if theirs.kind == Kind::Undefined {
                    column.kind = Kind::Undefined;
                }
            }
            columns.retain(|name, column| table.get(name).is_some_and(|theirs| theirs.kind == column.kind));
        }
        let keys: Vec<String> = first
            .keys()
            .filter(|key| tables.iter().all(|(t, _)| t.keys().any(|k| k == *key)))
            .map(str::to_owned)
            .collect();
        if columns.is_empty() {
            let finding =
                self.finding("E0614", *second_at, "the tables have no column in common", "nothing to put below");
            return self.report(finding);
        }
        for (column, bounds) in columns.values_mut().map(|column| (column.kind, &mut column.bounds)) {
            if column != Kind::Number {
                *bounds = Bounds::default();
            }
        }
        let ids: Option<Vec<_>> = tables.iter().map(|(table, _)| table.id).collect();
        let Some(ids) = ids else { return Value::Error };
        let results = tables.iter().all(|(table, _)| table.has_results());
        let names: Vec<&str> = tables.iter().map(|(table, _)| &*table.short).collect();
        let name = format!("the union of {}", listed(names.iter().copied()));
        let short = names.join("+");
        let rows = Rows::All(tables.iter().map(|(table, _)| Rc::clone(table)).collect());
        let made = Table::new(name, columns, rows).short(short).keyed(keys).with_results(results);
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, Source::Union(ids), origin))
    }
}
