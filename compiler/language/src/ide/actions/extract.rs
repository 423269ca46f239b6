//! Parts that get a place of their own: a list as an axis, a model as a declaration.

use synx_grammar::view::{Argument, Body, Call, Entry, Expression, Field, Item, ItemKind, Name};
use synx_grammar::{Node, SyntaxKind};

use super::{Action, ActionKind};
use crate::ide::analysis::{Analysis, ancestors};
use crate::signature::signature;

impl Analysis {
    /// Makes a list in a field of a grid an axis: the field's own, or one named like the parameter that the list is given to.
    pub(super) fn list_to_axis(&self, node: Node<'_>) -> Option<Action> {
        let list = Expression::cast(node).filter(|expression| matches!(expression, Expression::List(_)))?;
        let field = ancestors(node).find_map(Field::cast)?;
        let grid = self.item_around(node).filter(|item| item.kind() == Some(ItemKind::Grid))?;
        let field_name = field.name()?;
        let action = |title: String, edits| Some(Action { title, kind: ActionKind::Rewrite, finding: None, edits });
        let title = |name: &str| format!("Make `{name}` an axis");
        let fits = |field: &str| !matches!(field, "evaluate");
        if field.value().map(Expression::without_parens) == Some(list) {
            let start = field_name.range().start;
            let edits = vec![self.edit(start..start, "axis ")];
            return fits(field_name.text()).then(|| action(title(field_name.text()), edits)).flatten();
        }
        let name = self.parameter_of(list)?;
        if names(grid).iter().any(|known| known.text() == name) {
            return None;
        }
        let start = field.range().start;
        let line = self.source()[..start].rsplit('\n').next().unwrap_or_default();
        let separator = if line.trim().is_empty() { format!("\n{line}") } else { "; ".to_owned() };
        let axis = format!("axis {name} = {}{separator}", list.text());
        action(title(&name), vec![self.edit(start..start, axis), self.edit(list.range(), name)])
    }

    /// The parameter that an argument is given to.
    fn parameter_of(&self, value: Expression<'_>) -> Option<String> {
        let parent = value.node().parent()?;
        let (argument, call) = match parent.kind() {
            SyntaxKind::NamedArgument => (parent, Call::cast(parent.parent()?.parent()?)?),
            SyntaxKind::Arguments => (value.node(), Call::cast(parent.parent()?)?),
            _ => return None,
        };
        let position = call.arguments().position(|there| match there {
            Argument::Positional(value) => value.node() == argument,
            Argument::Named(name, _) => name.node().parent() == Some(argument),
        })?;
        if let Some(Argument::Named(name, _)) = call.arguments().nth(position) {
            return Some(name.text().to_owned());
        }
        let callee = call.callee()?;
        if let Some(item) = self.named_item(callee) {
            return Some(item.parameters().nth(position)?.name()?.text().to_owned());
        }
        Some(signature(callee.text())?.parameters.get(position)?.name.to_owned())
    }

    /// Gives the model of a grid a declaration; what it uses of the grid becomes its parameters.
    pub(super) fn extract_model(&self, node: Node<'_>) -> Option<Action> {
        let field = Field::cast(node).filter(|field| field.name().is_some_and(|name| name.text() == "model"))?;
        let value = field.value().filter(|value| !value.has_error())?;
        let grid = self.item_around(node).filter(|item| item.kind() == Some(ItemKind::Grid))?;
        if !matches!(value.without_parens(), Expression::Call(_) | Expression::If(_)) {
            return None;
        }
        let own = names(grid);
        let mut parameters: Vec<&str> = Vec::new();
        for name in crate::grid::scope::free_names(value.node()) {
            if own.iter().any(|known| known.text() == name) && !parameters.contains(&name) {
                parameters.push(name);
            }
        }
        let name = self.free_name(&format!("{}_model", grid.name()?.text()));
        let listed = if parameters.is_empty() { String::new() } else { format!("({})", parameters.join(", ")) };
        let start = grid.range().start;
        // Its documentation belongs to the grid.
        Some(Action {
            title: format!("Extract the model `{name}`"),
            kind: ActionKind::Extract,
            finding: None,
            edits: vec![
                self.edit(start..start, format!("model {name}{listed} = {}\n\n", value.text())),
                self.edit(value.range(), format!("{name}{listed}")),
            ],
        })
    }

    /// A name like this that no declaration has.
    fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.parse.file().items().any(|item| item.name().is_some_and(|n| n.text() == name));
        let mut name = wanted.to_owned();
        let mut number = 2;
        while taken(&name) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }
}

/// The names that a grid's block binds or sets.
fn names(grid: Item<'_>) -> Vec<Name<'_>> {
    let Body::Block(block) = grid.body() else { return Vec::new() };
    let names = block.entries().flat_map(|entry| match entry {
        Entry::Axis(axis) => axis.pattern().into_iter().flat_map(synx_grammar::view::Pattern::names).collect(),
        Entry::Let(entry) => entry.name().into_iter().collect(),
        Entry::Field(field) => field.name().into_iter().collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    names.collect()
}
