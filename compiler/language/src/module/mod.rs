//! The files of a study: it, what it imports, and what these import.
//!
//! Each file has its own names. Only the study's file is compiled as a whole: of the others, what the study reaches
//! through its imports becomes part of it.

mod check;
mod load;
mod names;

pub(crate) use load::{Loaded, load};
pub(crate) use names::Named;

use crate::map::IndexMap;

use crate::compiler::Compiler;
use crate::value::Span;

/// A file with its names.
pub(crate) struct Module<'t> {
    /// What can be named in it: its own declarations and what it imports.
    pub names: IndexMap<&'t str, Named>,
    /// The folder that paths in it are relative to, itself relative to the study's; empty for the study's own.
    pub folder: String,
    /// The path of the file of the standard library that it is.
    pub library: Option<&'static str>,
}

impl Module<'_> {
    pub(crate) fn new(folder: impl Into<String>) -> Self {
        Module { names: IndexMap::default(), folder: folder.into(), library: None }
    }
}

impl<'t> Compiler<'t> {
    /// Another file of the study; files have the numbers of their modules.
    pub(crate) fn add_module(&mut self, file: &'t Loaded<'t>) {
        self.modules.push(Module::new(folder(&file.path)));
        self.add_file(&file.shown, &file.parse.tree, self.modules.len() - 1);
    }

    /// A path or a pattern as the study's folder sees it: paths are relative to the file that they are written in.
    pub(crate) fn path_from(&self, span: Span, path: &str) -> String {
        let folder = &self.modules[self.module_of(span.file)].folder;
        if folder.is_empty() { path.to_owned() } else { joined(folder, path) }
    }
}

/// A path in `folder` without the detours in it; absolute paths stay what they are.
pub(crate) fn joined(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') || folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    let root = if whole.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    format!("{root}{}", parts.join("/"))
}

/// The folder that a path lies in; empty where the path names none.
pub(crate) fn folder(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(at) => &path[..at],
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_detours() {
        for (folder, path, whole) in [
            ("", "common.synx", "common.synx"),
            ("", "./common.synx", "common.synx"),
            ("lib", "models.synx", "lib/models.synx"),
            ("lib", "../common.synx", "common.synx"),
            ("", "../common.synx", "../common.synx"),
            ("..", "../common.synx", "../../common.synx"),
            ("lib", "/else/common.synx", "/else/common.synx"),
            ("/a/b", "../c.synx", "/a/c.synx"),
            ("", "a//b/./../c.synx", "a/c.synx"),
        ] {
            assert_eq!(joined(folder, path), whole, "{folder} {path}");
        }
    }

    #[test]
    fn a_folder_is_what_stands_before_the_last_slash() {
        assert_eq!(folder("study.synx"), "");
        assert_eq!(folder("a/b/study.synx"), "a/b");
        assert_eq!(folder("/study.synx"), "/");
    }
}
