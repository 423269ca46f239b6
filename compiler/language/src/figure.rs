//! Figures and tables of the report: which columns of which table they show.

use std::rc::Rc;

use synx_grammar::view::{Block, Body, Entry, Expression};
use synx_plan::figure::{Figure, ReportTable};

use crate::compiler::Compiler;
use crate::table::{Kind, Table};
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// The figure that an item declares; nothing where it has mistakes.
    pub(crate) fn figure(&mut self, item: usize) -> Option<Figure> {
        let (block, table, span) = self.shown_table(item)?;
        let x = self.shown_number(block, "x", &table);
        let y = self.shown_number(block, "y", &table);
        let series = self.optional_column(block, "series", &table);
        let panel = self.optional_column(block, "panel", &table);
        let overlay = match field(block, "overlay") {
            None => Some(None),
            Some(value) => self.overlay(value, &table).map(Some),
        };
        let declaration = self.items[item].item;
        Some(Figure {
            name: self.items[item].name.to_owned(),
            documentation: declaration.docs(),
            over: table.id?,
            x: x?,
            y: y?,
            series: series?,
            panel: panel?,
            overlay: overlay?,
            origin: Some(self.origin(span)),
        })
    }

    /// The table of the report that an item declares; nothing where it has mistakes.
    pub(crate) fn report_table(&mut self, item: usize) -> Option<ReportTable> {
        let (block, table, span) = self.shown_table(item)?;
        let mut column = |name: &str| field(block, name).and_then(|value| self.shown_column(value, &table));
        let (rows, columns, cell) = (column("rows"), column("columns"), column("cell"));
        let panel = self.optional_column(block, "panel", &table);
        let declaration = self.items[item].item;
        Some(ReportTable {
            name: self.items[item].name.to_owned(),
            documentation: declaration.docs(),
            over: table.id?,
            rows: rows?,
            columns: columns?,
            cell: cell?,
            panel: panel?,
            origin: Some(self.origin(span)),
        })
    }

    fn shown_table(&mut self, item: usize) -> Option<(Block<'t>, Rc<Table>, Span)> {
        let declaration = self.items[item].item;
        let (Some(name), Body::Block(block)) = (declaration.name(), declaration.body()) else { return None };
        let span = self.span(name.node());
        let over = field(block, "over")?;
        let at = self.span(over.node());
        let scope = Rc::clone(&self.file_scope);
        let value = self.evaluate(over, &scope);
        let table = self.as_table(&value, at);
        if table.is_none() && !value.is_error() && !value.is_table() {
            self.expected(at, "a table", &value);
        }
        Some((block, table?, span))
    }

    /// The column that a field names.
    fn shown_column(&mut self, value: Expression<'t>, table: &Rc<Table>) -> Option<String> {
        let at = self.span(value.node());
        let name: String = match value.without_parens() {
            Expression::Name(_) | Expression::Access(_) | Expression::Index(_) => {
                value.text().chars().filter(|c| !c.is_whitespace()).collect()
            }
            Expression::Text(text) => text.value(),
            Expression::Bad(_) => return None,
            _ => {
                let finding = self
                    .finding("E0618", at, "this field names a column", "not the name of a column")
                    .help("compute it first: `over = table |> derive(name = …)`, and name it here");
                self.report(finding);
                return None;
            }
        };
        let Some(column) = table.column(&name) else {
            self.unknown_column(table, &name, at);
            return None;
        };
        if table.kind(&column) == Kind::Undefined {
            self.undefined_column(table, &column, at);
            return None;
        }
        Some(column)
    }

    fn shown_number(&mut self, block: Block<'t>, name: &str, table: &Rc<Table>) -> Option<String> {
        let value = field(block, name)?;
        let column = self.shown_column(value, table)?;
        if table.kind(&column) == Kind::Number {
            return Some(column);
        }
        let at = self.span(value.node());
        let finding = self
            .finding("E0618", at, format!("`{name}` of a figure is a number, `{column}` holds text"), "holds text")
            .help("text tells lines and panels apart: `series` and `panel` take it");
        self.report(finding);
        None
    }

    #[allow(clippy::option_option, reason = "the outer one is a mistake, the inner one a field that is not set")]
    fn optional_column(&mut self, block: Block<'t>, name: &str, table: &Rc<Table>) -> Option<Option<String>> {
        match field(block, name) {
            None => Some(None),
            Some(value) => self.shown_column(value, table).map(Some),
        }
    }

    /// The law of an overlay, by its item: what it reads must be in the table that is drawn.
    fn overlay(&mut self, value: Expression<'t>, table: &Rc<Table>) -> Option<usize> {
        let at = self.span(value.node());
        let scope = Rc::clone(&self.file_scope);
        let found = self.evaluate(value, &scope);
        let Value::Law(item) = found else {
            self.expected(at, "a law", &found);
            return None;
        };
        let law = self.fitted(item, at)?;
        let (_, model) = law.formula.inlined();
        let read = model.columns().into_iter().chain(law.formula.by.iter().map(String::as_str));
        for column in read {
            if table.column(column).is_none() {
                let headline = format!("the law `{}` reads `{column}`, which {} does not have", law.name, table.name);
                let finding = self
                    .finding("E0618", at, headline, "its curve cannot be drawn here")
                    .help("draw a table that has the column, or another law");
                self.report(finding);
                return None;
            }
        }
        Some(item)
    }
}

/// A field's value in a block.
fn field<'t>(block: Block<'t>, name: &str) -> Option<Expression<'t>> {
    block.entries().find_map(|entry| match entry {
        Entry::Field(field) if field.name().is_some_and(|n| n.text() == name) => field.value(),
        _ => None,
    })
}
