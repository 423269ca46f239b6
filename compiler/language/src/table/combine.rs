//! Tables beside and below each other: `join`, `union`.

use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument, Expression};
use synx_plan::grid::ColumnValue;
use synx_plan::table::Source;
use synx_plan::unit::Unit;

use super::columns::{Column, Kind, Table};
use super::known::Rows;
use super::pipeline::like;
use crate::compiler::Compiler;
use crate::late::Bounds;
use crate::scope::Scope;
use crate::suggest::listed;
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    pub(super) fn join(
        &mut self,
        table: &Rc<Table>,
        rest: &[Argument<'t>],
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let Some([other, on]) = self.needed("join", ["other", "on"], rest, span) else { return Value::Error };
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
        let made = like(table, rows, columns, keys).of_law(None);
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

    pub(super) fn union(
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
