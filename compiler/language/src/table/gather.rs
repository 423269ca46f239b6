//! `gather([before, on_web], name = metric, value = measured)`: columns one below the other, so that one law may be fitted to each.

use std::rc::Rc;

use synx_grammar::view::{Argument, Expression};
use synx_plan::table::Source;

use super::columns::{Column, Kind, Table};
use super::known::Rows;
use super::pipeline::like;
use crate::compiler::Compiler;
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    pub(super) fn gather(&mut self, table: &Rc<Table>, rest: &[Argument<'t>], span: Span) -> Value {
        let Some([columns, name, value]) = self.needed("gather", ["columns", "name", "value"], rest, span) else {
            return Value::Error;
        };
        let (Some(name), Some(value)) = (self.new_column(table, name), self.new_column(table, value)) else {
            return Value::Error;
        };
        let several: Vec<Expression<'t>> = match columns.without_parens() {
            Expression::List(list) => list.elements().collect(),
            one => vec![one],
        };
        let mut gathered: Vec<String> = Vec::new();
        let mut all: Option<Column> = None;
        for expression in several {
            let at = self.span(expression.node());
            let Some(column) = self.measure(table, "gather", expression) else { return Value::Error };
            if gathered.contains(&column) {
                let finding = self.finding("E0102", at, format!("`{column}` is there twice"), "named again");
                return self.report(finding);
            }
            let Some(one) = table.get(&column).cloned() else { return Value::Error };
            all = Some(match all {
                None => one,
                Some(all) => {
                    let Some(unit) = all.unit.unify(one.unit) else {
                        let headline = "columns of different units have no common column".to_owned();
                        let label = format!("{} and {}", all.unit, one.unit);
                        let finding = self.finding("E0202", at, headline, label).help("derive them in one unit first");
                        return self.report(finding);
                    };
                    Column::number(unit, all.bounds.union(&one.bounds))
                }
            });
            gathered.push(column);
        }
        let (Some(column), Some(of)) = (all, table.id) else {
            let at = self.span(columns.node());
            let finding = self.finding("E0610", at, "there are no columns to gather", "an empty list");
            return self.report(finding.help("name some: `gather([before, on_web], name = metric, value = measured)`"));
        };
        let mut made = table.columns().clone();
        made.insert(name.clone(), Column { kind: Kind::Text, ..Column::text() });
        made.insert(value.clone(), column);
        let keys: Vec<String> = table.keys().map(str::to_owned).chain([name.clone()]).collect();
        let source = Source::Gather { of, columns: gathered.clone(), name: name.clone(), value: value.clone() };
        let rows = Rows::Gathered { of: Rc::clone(table), columns: gathered, name, value };
        let made = like(table, rows, made, keys).of_law(None);
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, source, origin))
    }

    /// A name that no column has yet.
    fn new_column(&mut self, table: &Table, given: Expression<'t>) -> Option<String> {
        let at = self.span(given.node());
        let name = match given.without_parens() {
            Expression::Name(name) => name.text().to_owned(),
            Expression::Text(text) => text.value(),
            _ => {
                let finding = self.finding("E0610", at, "a new column has a name", "not a name");
                self.report(finding.help("write a word: `name = metric`"));
                return None;
            }
        };
        if !table.is_open() && table.column(&name).is_some() {
            let headline = format!("{} has a column `{name}` already", table.name);
            let finding = self.finding("E0610", at, headline, "not a new name").help("give it another name");
            self.report(finding);
            return None;
        }
        Some(name)
    }
}
