//! The standard library: files of the language itself, part of the binary.
//!
//! A name of it is seen everywhere unless the file has one of its own. A file is parsed when a name of it is first needed,
//! once in a process.

use std::sync::OnceLock;

use serde::Serialize;
use synx_grammar::Parse;
use synx_grammar::view::{Item, ItemKind};

use crate::compiler::Compiler;
use crate::module::Module;

/// A file of the library.
pub(crate) struct LibraryFile {
    /// As diagnostics call it: a path that no file of a user has.
    pub path: &'static str,
    pub source: &'static str,
    /// What it declares, in its order.
    pub names: &'static [&'static str],
    parse: &'static OnceLock<Parse>,
}

macro_rules! library {
    ($($file:literal: $($name:ident)*;)*) => {
        /// The files in the order in which they are listed, with their names: what is needed is found without parsing.
        static LIBRARY: &[LibraryFile] = &[$(LibraryFile {
            path: concat!("std:", $file, ".synx"),
            source: include_str!(concat!("std/", $file, ".synx")),
            names: &[$(stringify!($name)),*],
            parse: {
                static PARSE: OnceLock<Parse> = OnceLock::new();
                &PARSE
            },
        }),*];
    };
}

library! {
    "answers": speedup gap;
    "models": llama gpt tiny small medium;
    "recipes": standard cosine_decay;
    "hardware": t4 v100 a100 l4 rtx3090 rtx4090 h100 h200 mi300x;
    "laws": power_law chinchilla kaplan data_constrained over_training downstream_error mixing bimix autoscale
        additive_mixture joint_mixture isoflop farseer rectified;
}

/// Whether a path is that of a file of the library.
pub(crate) fn is_path(path: &str) -> bool {
    LIBRARY.iter().any(|file| file.path == path)
}

/// What a file of that name declares.
pub(crate) fn names_of(file: &str) -> Vec<&'static str> {
    let of = LIBRARY.iter().find(|known| known.path == format!("std:{file}.synx"));
    of.map_or_else(Vec::new, |known| known.names.to_vec())
}

/// All files, in the order in which they are listed.
pub(crate) fn library() -> &'static [LibraryFile] {
    LIBRARY
}

/// The names of what the library declares in a form that fits a place: to be called, or a value as it stands; of these kinds, or of any.
pub(crate) fn offered(kinds: &[ItemKind], called: bool) -> Vec<&'static str> {
    let items = LIBRARY.iter().flat_map(|file| file.parse().file().items());
    let fits = |item: &Item<'_>| {
        let kind = item.kind().is_some_and(|kind| kinds.is_empty() || kinds.contains(&kind));
        kind && item.parameters_node().is_some() == called
    };
    items.filter(fits).filter_map(|item| item.name().map(synx_grammar::view::Name::text)).collect()
}

/// The file that declares a name.
fn declaring(name: &str) -> Option<&'static LibraryFile> {
    LIBRARY.iter().find(|file| file.names.contains(&name))
}

/// What the standard library declares, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LibraryItem {
    pub name: &'static str,
    pub kind: &'static str,
    /// The file: `models`.
    pub file: &'static str,
    /// Its first line as it is called: `model llama(width, depth, context = 256)`.
    pub signature: String,
    pub docs: String,
    pub source: &'static str,
}

/// Everything that the standard library declares, in its order.
pub fn library_items() -> Vec<LibraryItem> {
    let items = LIBRARY.iter().flat_map(|file| file.parse().file().items().map(move |item| (file, item)));
    items
        .filter_map(|(file, item)| {
            let parameters: Vec<&str> = item.parameters().map(synx_grammar::view::Parameter::text).collect();
            // A default that is aligned in the file is not in a line.
            let parameters: Vec<String> =
                parameters.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            let (kind, name) = (item.kind()?.word(), item.name()?.text());
            let call = if parameters.is_empty() { String::new() } else { format!("({})", parameters.join(", ")) };
            let stem = file.path.strip_prefix("std:").unwrap_or(file.path);
            Some(LibraryItem {
                name,
                kind,
                file: stem.strip_suffix(".synx").unwrap_or(stem),
                signature: format!("{kind} {name}{call}"),
                docs: item.docs().unwrap_or_default(),
                source: &file.source[item.kind_word().range().start..item.range().end],
            })
        })
        .collect()
}

impl LibraryFile {
    pub(crate) fn parse(&self) -> &'static Parse {
        self.parse.get_or_init(|| synx_grammar::parse(self.source))
    }
}

impl Compiler<'_> {
    /// Whether a file is one of the library.
    pub(crate) fn is_of_library(&self, file: u32) -> bool {
        self.modules[self.module_of(file)].library.is_some()
    }

    /// The files of the library that were needed.
    pub(crate) fn library_files(&self) -> impl Iterator<Item = &'static LibraryFile> {
        let needed = self.modules.iter().filter_map(|module| module.library);
        needed.filter_map(|path| LIBRARY.iter().find(|file| file.path == path))
    }

    /// The item of the library with that name.
    pub(crate) fn std_item(&mut self, name: &str) -> Option<usize> {
        let file = declaring(name)?;
        let known = self.modules.iter().position(|module| module.library == Some(file.path));
        let module = if let Some(module) = known {
            module
        } else {
            let mut module = Module::new("");
            module.library = Some(file.path);
            self.modules.push(module);
            let number = self.modules.len() - 1;
            let parse = file.parse();
            self.add_file(file.path, &parse.tree, number);
            self.collect(parse);
            number
        };
        self.modules[module].names.get(name).map(|named| named.item)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_index_holds_what_the_files_declare() {
        for file in library() {
            let parse = file.parse();
            assert!(parse.errors.is_empty(), "{}: {:?}", file.path, parse.errors);
            let declared: Vec<&str> = parse
                .file()
                .items()
                .filter_map(synx_grammar::view::Item::name)
                .map(synx_grammar::view::Name::text)
                .collect();
            assert_eq!(declared, file.names, "{}", file.path);
        }
    }

    #[test]
    fn every_declaration_of_the_library_is_documented() {
        for file in library() {
            for item in file.parse().file().items() {
                assert!(item.docs().is_some(), "{}: {}", file.path, item.text());
            }
        }
    }

    #[test]
    fn a_name_stands_once_and_is_no_word_of_the_language() {
        let mut seen = BTreeSet::new();
        for name in library().iter().flat_map(|file| file.names) {
            assert!(seen.insert(name), "{name} stands twice");
            assert!(crate::signature::signature(name).is_none(), "{name} is a function");
            assert!(!crate::signature::WORDS.contains(name), "{name} is a word");
        }
    }
}
