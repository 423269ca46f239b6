//! The declarations of a text, as an outline.

use std::ops::Range;

use synx_grammar::Parse;
use synx_grammar::view::{Body, Entry, Item, ItemKind, Name};

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    Item(ItemKind),
    Parameter,
    Axis,
    Let,
    Field,
    Free,
}

/// A declaration, with those in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: SymbolKind,
    /// All of it.
    pub range: Range<usize>,
    /// Its name.
    pub name_range: Range<usize>,
    pub children: Vec<Symbol>,
}

/// The declarations of a text in their order. It needs no check: a text with mistakes has an outline too.
pub fn symbols(parse: &Parse) -> Vec<Symbol> {
    parse.file().items().filter_map(item).collect()
}

fn item(item: Item<'_>) -> Option<Symbol> {
    let mut children: Vec<Symbol> = item
        .parameters()
        .filter_map(|parameter| symbol(parameter.name()?, SymbolKind::Parameter, parameter.range()))
        .collect();
    if let Body::Block(block) = item.body() {
        for entry in block.entries() {
            let range = entry.range();
            match entry {
                Entry::Field(field) => {
                    children.extend(field.name().and_then(|name| symbol(name, SymbolKind::Field, range)));
                }
                Entry::Axis(axis) => {
                    let names = axis.pattern().into_iter().flat_map(synx_grammar::view::Pattern::names);
                    children.extend(names.filter_map(|name| symbol(name, SymbolKind::Axis, range.clone())));
                }
                Entry::Let(entry) => {
                    children.extend(entry.name().and_then(|name| symbol(name, SymbolKind::Let, range)));
                }
                Entry::Free(free) => {
                    let names = free.names().filter_map(|free| Some((free.name()?, free.range())));
                    children.extend(names.filter_map(|(name, range)| symbol(name, SymbolKind::Free, range)));
                }
                Entry::Where(_) | Entry::Formula(_) | Entry::Allow(_) | Entry::Assert(_) => {}
            }
        }
    }
    let name = item.name()?;
    let kind = SymbolKind::Item(item.kind()?);
    Some(Symbol { children, ..symbol(name, kind, item.range())? })
}

/// A symbol without children; none where its name was left out.
fn symbol(name: Name<'_>, kind: SymbolKind, range: Range<usize>) -> Option<Symbol> {
    let name_range = name.range();
    (!name_range.is_empty()).then(|| Symbol {
        name: name.text().to_owned(),
        kind,
        range,
        name_range,
        children: Vec::new(),
    })
}
