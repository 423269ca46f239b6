//! Names that are not known where they stand, and known elsewhere: columns of the study's tables.

use synx_grammar::view::{Body, Entry, ItemKind, Name};
use synx_plan::column::result_column;

use crate::compiler::Compiler;
use crate::suggest::listed;

impl Compiler<'_> {
    /// How a name is asked for that is a column of some table of the study: a result, an axis or a `let` of a grid, a parameter of a law.
    pub(crate) fn asked_of_a_table(&self, word: &str, file: u32) -> Option<String> {
        let mut tables: Vec<(ItemKind, &str, Vec<&str>)> = Vec::new();
        for (name, item) in self.names_in(file) {
            let slot = &self.items[item];
            // Only of these few is the body looked for.
            if !matches!(slot.kind, ItemKind::Grid | ItemKind::Law) {
                continue;
            }
            let Body::Block(block) = slot.item.body() else { continue };
            let (mut has, mut keys) = (slot.kind == ItemKind::Grid && result_column(word).is_some(), Vec::new());
            for entry in block.entries() {
                match entry {
                    Entry::Axis(axis) => {
                        keys.extend(
                            axis.pattern().into_iter().flat_map(synx_grammar::view::Pattern::names).map(Name::text),
                        );
                    }
                    Entry::Let(entry) if slot.kind == ItemKind::Grid => {
                        has |= entry.name().is_some_and(|name| name.text() == word);
                    }
                    Entry::Free(free) => {
                        has |=
                            free.names().filter_map(synx_grammar::view::FreeName::name).any(|name| name.text() == word);
                    }
                    Entry::Field(field) if field.name().is_some_and(|name| name.text() == "by") => {
                        let by =
                            field.value().into_iter().flat_map(|value| crate::grid::scope::free_names(value.node()));
                        keys.extend(by);
                    }
                    _ => {}
                }
            }
            if has || (slot.kind == ItemKind::Grid && keys.contains(&word)) {
                tables.push((slot.kind, name, keys));
            }
        }
        let (kind, name, keys) = tables.first()?;
        let pins = keys.iter().map(|key| format!("{key} = …")).collect::<Vec<_>>().join(", ");
        let row = if keys.is_empty() { format!("`{name}.{word}`") } else { format!("`{name}[{pins}].{word}`") };
        let names = || listed(tables.iter().map(|(_, name, _)| *name));
        Some(match (kind, tables.len()) {
            (ItemKind::Law, 1) => format!("the law `{name}` fits `{word}`: ask for it with {row}"),
            (_, 1) => format!("the grid `{name}` has a column `{word}`; of one row it is {row}"),
            _ => format!("{} have a column `{word}`; of one row it is {row}", names()),
        })
    }
}
