//! Declarations, parameters and axes that nothing names.

use std::collections::HashSet;

use synx_grammar::Node;
use synx_grammar::view::{Block, Body, Entry, Item, ItemKind, Name, Parameter, Pattern};

use crate::compiler::Compiler;
use crate::diagnostic::Diagnostic;
use crate::grid::scope::free_names;
use crate::signature::{fields, is_carried_out};

impl<'t> Compiler<'t> {
    /// What nothing names in the study's file. What another file declares and nobody needs here is there for other studies.
    /// Without a grid nothing can be used yet, and beside errors it would only say what their cure makes wrong.
    pub(crate) fn lint_unused(&mut self) {
        let errors = self.diagnostics.iter().any(Diagnostic::is_error);
        if errors || !self.items.iter().any(|slot| slot.kind == ItemKind::Grid && slot.reached) {
            return;
        }
        for item in 0..self.items.len() {
            let slot = &self.items[item];
            let (declaration, kind, name) = (slot.item, slot.kind, slot.name);
            if slot.file != 0 {
                continue;
            }
            // A plan says what it would cost on every machine that is declared.
            let for_itself = is_carried_out(kind) || matches!(kind, ItemKind::Study | ItemKind::Hardware);
            if !slot.used && !for_itself {
                let headline = format!("{} `{name}` is not used", kind.word());
                let finding = self
                    .finding("W0101", self.name_span(item), headline, "nothing names it")
                    .help("use it or take it out; `allow W0101 because \"…\"` in the study keeps it");
                self.report(finding);
                // Nor is anything in it.
                continue;
            }
            self.unused_parameters(declaration, kind, name);
            if let (ItemKind::Grid, Body::Block(block)) = (kind, declaration.body()) {
                self.unused_axes(block, name);
            }
        }
    }

    /// Parameters, and `let`s of a block that is no table, that change nothing.
    fn unused_parameters(&mut self, item: Item<'t>, kind: ItemKind, of: &str) {
        let mut named: HashSet<&str> =
            item.parameters().filter_map(Parameter::default).flat_map(|d| names(d.node())).collect();
        let mut lets: Vec<Name<'t>> = Vec::new();
        match item.body() {
            Body::Expression(value) => named.extend(names(value.node())),
            Body::Block(block) => {
                named.extend(block.entries().flat_map(|entry| names(entry.node())));
                // A parameter named like a field sets it.
                named.extend(fields(kind).iter().map(|field| field.name));
                if kind != ItemKind::Grid {
                    lets.extend(
                        block
                            .entries()
                            .filter_map(|entry| if let Entry::Let(entry) = entry { entry.name() } else { None }),
                    );
                }
            }
            Body::Missing => return,
        }
        let parameters = item.parameters().filter_map(|parameter| Some(("parameter", parameter.name()?)));
        let lets = lets.into_iter().map(|name| ("`let`", name));
        for (what, name) in parameters.chain(lets).collect::<Vec<_>>() {
            if named.contains(name.text()) {
                continue;
            }
            let headline = format!("{what} `{}` of `{of}` is not used", name.text());
            let finding = self
                .finding("W0104", self.span(name.node()), headline, "nothing names it")
                .help("use it or take it out: as it is, it changes nothing");
            self.report(finding);
        }
    }

    /// Axes that are no field and that nothing in the grid names: their cells are the same runs.
    fn unused_axes(&mut self, block: Block<'t>, of: &str) {
        let named: HashSet<&str> = block.entries().flat_map(|entry| names(entry.node())).collect();
        let field = |name: &str| fields(ItemKind::Grid).iter().any(|field| field.name == name);
        for entry in block.entries() {
            let Entry::Axis(axis) = entry else { continue };
            let bound: Vec<Name<'t>> = axis.pattern().into_iter().flat_map(Pattern::names).collect();
            let Some(first) = bound.first() else { continue };
            if bound.iter().any(|name| field(name.text()) || named.contains(name.text())) {
                continue;
            }
            let headline = format!("axis `{}` of `{of}` changes no run", first.text());
            let finding = self
                .finding("W0105", self.span(first.node()), headline, "no field of the grid depends on it")
                .help("name it in a field, or take it out: its cells differ in nothing but this column");
            self.report(finding);
        }
    }
}

/// The names that an expression or an entry looks up: not those that an entry declares.
fn names(node: Node<'_>) -> impl Iterator<Item = &str> {
    let declared = match Entry::cast(node) {
        Some(Entry::Field(field)) => field.name(),
        Some(Entry::Let(entry)) => entry.name(),
        _ => None,
    };
    let own = declared.map(Name::node);
    // What an entry itself is called does not count, unless its value names it, too.
    let mut first = own.map(synx_grammar::Node::text);
    free_names(node).filter(move |name| first.take_if(|own| own == name).is_none())
}
