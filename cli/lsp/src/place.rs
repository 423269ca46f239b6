//! Files as the compiler names them, as paths and as the protocol's URIs.

use std::path::{Path, PathBuf};

use gen_lsp_types as lsp;

use crate::hosts::normal;

/// The path of a document. A text that has never been saved has a name in no folder.
pub(crate) fn path_of(uri: &lsp::Uri) -> PathBuf {
    if let Ok(path) = uri.to_file_path() {
        normal(&path)
    } else {
        let name: String = uri.path().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        PathBuf::from(format!("{name}.synx"))
    }
}

/// The path as the compiler is given it: with `/` between folders on every system.
pub(crate) fn compiler_path(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

/// The folder that a study's paths are relative to.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
