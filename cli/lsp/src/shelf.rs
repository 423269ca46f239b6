//! Texts of the language itself, as files that any editor can open: the standard library and the pages of the diagnostics.
//!
//! They stand in a folder of this process that goes when it ends.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gen_lsp_types as lsp;

/// The files that were asked for so far.
#[derive(Default)]
pub(crate) struct Shelf {
    folder: Option<tempfile::TempDir>,
    known: BTreeMap<String, lsp::Uri>,
}

impl Shelf {
    /// The page of a diagnostic.
    pub(crate) fn page(&mut self, code: &str) -> Option<lsp::Uri> {
        let page = synx_compiler::diagnostic::code(code)?.page;
        self.put(&format!("{code}.md"), page)
    }

    /// A file of the standard library, which the compiler calls `std:models.synx`.
    pub(crate) fn library(&mut self, path: &str, text: &str) -> Option<lsp::Uri> {
        self.put(path.strip_prefix("std:")?, text)
    }

    /// The file of that name, written when it is first asked for; none where it cannot be written.
    fn put(&mut self, name: &str, text: &str) -> Option<lsp::Uri> {
        if let Some(known) = self.known.get(name) {
            return Some(known.clone());
        }
        if self.folder.is_none() {
            self.folder = tempfile::Builder::new().prefix("synx-").tempdir().ok();
        }
        let path: PathBuf = self.folder.as_ref()?.path().join(name);
        std::fs::write(&path, text).ok()?;
        let uri = lsp::Uri::from_file_path(&path).ok()?;
        self.known.insert(name.to_owned(), uri.clone());
        Some(uri)
    }
}
