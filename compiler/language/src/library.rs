//! The standard library: files of the language itself, part of the binary.
//!
//! A name of it is seen everywhere unless the file has one of its own. A file is parsed when a name of it is first needed,
//! once in a process.

use std::sync::OnceLock;

use synx_grammar::Parse;

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
    "models": llama gpt tiny small medium;
    "recipes": standard cosine_decay;
    "laws": power_law chinchilla kaplan data_constrained over_training downstream_error mixing bimix autoscale
        additive_mixture joint_mixture isoflop farseer rectified;
}

/// All files.
pub(crate) fn library() -> &'static [LibraryFile] {
    LIBRARY
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

/// The file that declares a name.
fn declaring(name: &str) -> Option<&'static LibraryFile> {
    LIBRARY.iter().find(|file| file.names.contains(&name))
}

impl LibraryFile {
    pub(crate) fn parse(&self) -> &Parse {
        self.parse.get_or_init(|| synx_grammar::parse(self.source))
    }
}

impl<'t> Compiler<'t> {
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
        let module = match known {
            Some(module) => module,
            None => {
                let mut module = Module::new("");
                module.library = Some(file.path);
                self.modules.push(module);
                let number = self.modules.len() - 1;
                let parse = file.parse();
                self.add_file(file.path, &parse.tree, number);
                self.collect(parse);
                number
            }
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
            let declared: Vec<&str> =
                parse.file().items().filter_map(|item| item.name()).map(synx_grammar::view::Name::text).collect();
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
            assert!(!crate::signature::LATER.contains(name), "{name} is for later");
        }
    }
}
