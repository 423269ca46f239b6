//! The columns of what is a table: of grids, laws and what `|>` makes of them.

use synx_grammar::Node;
use synx_grammar::view::{Argument, Body, Call, Entry, Expression, Index, Item, ItemKind, Pipe};
use synx_plan::column::{RESULT_COLUMNS, ResultColumn};

use super::analysis::{Analysis, ancestors};
use super::record::Target;
use crate::value::Span;

/// How many names and pipes are followed from a table to where it comes from. Arbitrary.
const MAX_STEPS: usize = 32;

/// A column that a place may name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub name: String,
    /// Where it is declared: an axis, a `let`, a free parameter.
    pub declared: Option<Span>,
    /// The result column that every cell has.
    pub result: Option<&'static ResultColumn>,
}

impl Column {
    pub(super) fn target(&self) -> Option<Target> {
        self.declared.map(Target::Declared).or_else(|| self.result.map(|column| Target::Column(column.name)))
    }
}

impl Analysis {
    /// The columns that a table has; empty for what is no table.
    pub(super) fn columns(&self, table: Expression<'_>) -> Vec<Column> {
        let mut columns = Vec::new();
        self.collect_columns(table, &mut columns, MAX_STEPS);
        columns
    }

    /// The columns of the table that a place speaks of: what the law around it is fitted over, what is piped into the function
    /// around it, what the call around it takes first.
    pub(super) fn columns_around(&self, node: Node<'_>) -> Vec<Column> {
        for around in ancestors(node).skip(1) {
            if let Some(call) = Call::cast(around) {
                if let Some(pipe) = around.parent().and_then(Pipe::cast)
                    && let Some(input) = pipe.input()
                    && pipe.function().is_some_and(|function| function.node() == around)
                {
                    let columns = self.columns(input);
                    if !columns.is_empty() {
                        return columns;
                    }
                }
                if let Some(Argument::Positional(first)) = call.arguments().next()
                    && !first.range().contains(&node.range().start)
                {
                    let columns = self.columns(first);
                    if !columns.is_empty() {
                        return columns;
                    }
                }
            }
            if let Some(index) = Index::cast(around)
                && let Some(base) = index.base()
                && !base.range().contains(&node.range().start)
            {
                return self.columns(base);
            }
            if let Some(item) = Item::cast(around) {
                return over(item).map(|over| self.columns(over)).unwrap_or_default();
            }
        }
        Vec::new()
    }

    fn collect_columns(&self, table: Expression<'_>, columns: &mut Vec<Column>, steps: usize) {
        let Some(steps) = steps.checked_sub(1) else { return };
        match table.without_parens() {
            Expression::Name(_) => {
                let Some(item) = self.named_item(table) else { return };
                match (item.kind(), item.body()) {
                    (Some(ItemKind::Grid), _) => self.grid_columns(item, columns),
                    (Some(ItemKind::Law), _) => {
                        self.declared_columns(item, columns);
                        if let Some(over) = over(item) {
                            self.collect_columns(over, columns, steps);
                        }
                    }
                    (_, Body::Expression(value)) => self.collect_columns(value, columns, steps),
                    _ => {}
                }
            }
            Expression::Pipe(pipe) => {
                if let Some(Expression::Call(call)) = pipe.function()
                    && is_called(call, "derive")
                {
                    columns.extend(call.arguments().filter_map(|argument| match argument {
                        Argument::Named(name, _) => Some(self.new_column(name.text(), Some(self.span(name.node())))),
                        Argument::Positional(_) => None,
                    }));
                }
                if let Some(input) = pipe.input() {
                    self.collect_columns(input, columns, steps);
                }
            }
            Expression::Call(call) => {
                if is_called(call, "points") {
                    columns.extend(call.arguments().filter_map(|argument| match argument {
                        Argument::Named(name, _) => Some(self.new_column(name.text(), Some(self.span(name.node())))),
                        Argument::Positional(_) => None,
                    }));
                }
                if let Some(Argument::Positional(first)) = call.arguments().next() {
                    self.collect_columns(first, columns, steps);
                }
            }
            Expression::Index(index) => {
                if let Some(base) = index.base() {
                    self.collect_columns(base, columns, steps);
                }
            }
            _ => {}
        }
    }

    fn grid_columns(&self, grid: Item<'_>, columns: &mut Vec<Column>) {
        self.declared_columns(grid, columns);
        for result in &RESULT_COLUMNS {
            if !columns.iter().any(|column| column.name == result.name) {
                columns.push(Column { name: result.name.to_owned(), declared: None, result: Some(result) });
            }
        }
    }

    /// The axes, `let`s and free parameters of an item's block.
    fn declared_columns(&self, item: Item<'_>, columns: &mut Vec<Column>) {
        let Body::Block(block) = item.body() else { return };
        for entry in block.entries() {
            let names: Vec<_> = match entry {
                Entry::Axis(axis) => axis.pattern().into_iter().flat_map(synx_grammar::view::Pattern::names).collect(),
                Entry::Let(entry) => entry.name().into_iter().collect(),
                Entry::Free(free) => free.names().filter_map(synx_grammar::view::FreeName::name).collect(),
                _ => continue,
            };
            columns.extend(names.iter().map(|name| self.new_column(name.text(), Some(self.span(name.node())))));
        }
    }

    #[allow(clippy::unused_self, reason = "beside its kin")]
    fn new_column(&self, name: &str, declared: Option<Span>) -> Column {
        Column { name: name.to_owned(), declared, result: synx_plan::column::result_column(name) }
    }
}

fn is_called(call: Call<'_>, name: &str) -> bool {
    matches!(call.callee(), Some(Expression::Name(callee)) if callee.text() == name)
}

/// What a law, a figure or a table is about.
pub(super) fn over(item: Item<'_>) -> Option<Expression<'_>> {
    let Body::Block(block) = item.body() else { return None };
    block.entries().find_map(|entry| match entry {
        Entry::Field(field) if field.name().is_some_and(|name| name.text() == "over") => field.value(),
        _ => None,
    })
}
