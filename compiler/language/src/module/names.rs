//! What can be named where.

use std::collections::HashSet;

use synx_grammar::view::{ItemKind, Name};

use super::load::{Loaded, Target};
use crate::compiler::Compiler;
use crate::value::Span;

/// What a name of a file stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    /// Its number among the items.
    pub item: usize,
    /// Where it is imported; none for a declaration of the file itself.
    pub import: Option<Span>,
    /// Whether the file names it.
    pub used: bool,
}

impl<'t> Compiler<'t> {
    /// The item that a word of a file stands for: of the file's own names, else of the standard library.
    pub(crate) fn named(&mut self, word: &str, file: u32) -> Option<usize> {
        let module = self.module_of(file);
        match self.modules[module].names.get(word) {
            // Claims, figures and tables are no values: under their names a function is still the function.
            Some(named) if self.is_only_shown(named.item) && crate::signature::signature(word).is_some() => None,
            Some(named) => Some(named.item),
            None => self.std_item(word),
        }
    }

    fn is_only_shown(&self, item: usize) -> bool {
        matches!(self.items[item].kind, ItemKind::Claim | ItemKind::Figure | ItemKind::Table)
    }

    /// The item that a name stands for where it is written.
    pub(crate) fn item_named(&mut self, name: Name<'t>) -> Option<usize> {
        let file = self.span(name.node()).file;
        self.named(name.text(), file)
    }

    /// Marks what a word of a file stands for as used; false where there is no item of that name.
    pub(crate) fn mark(&mut self, word: &str, file: u32) -> bool {
        let Some(item) = self.named(word, file) else { return false };
        if !std::mem::replace(&mut self.items[item].used, true) {
            self.newly_used.push(item);
        }
        let module = self.module_of(file);
        if let Some(named) = self.modules[module].names.get_mut(word) {
            named.used = true;
        }
        true
    }

    /// The names of a file, in the order of its text: for suggestions.
    pub(crate) fn names_in(&self, file: u32) -> impl Iterator<Item = (&'t str, usize)> {
        self.modules[self.module_of(file)].names.iter().map(|(name, named)| (*name, named.item))
    }

    /// Makes known in every file what it imports, and reports what cannot be. The declarations of all files are known already.
    pub(crate) fn import(&mut self, files: &'t [Loaded<'t>]) {
        let mut passed_on: Vec<(usize, &'t str)> = Vec::new();
        for (module, file) in files.iter().enumerate() {
            for (import, target) in file.parse.file().imports().zip(&file.targets) {
                let Target::File(from) = target else {
                    self.not_read(import, target);
                    continue;
                };
                for name in import.names() {
                    let span = self.span(name.node());
                    let (item, through) = match exported(self, files, *from, name.text()) {
                        Exported::Item(item, through) => (item, through),
                        Exported::Nothing => {
                            self.not_exported(name, &files[*from], *from);
                            continue;
                        }
                        Exported::Unread => {
                            self.broken_words.insert(name.text());
                            continue;
                        }
                    };
                    let declared = self.name_span(item);
                    self.note_name(name, crate::ide::Target::Declared(declared));
                    if let Some(known) = self.modules[module].names.get(name.text()).copied() {
                        self.imported_twice(name, known);
                        continue;
                    }
                    let named = Named { item, import: Some(span), used: false };
                    self.modules[module].names.insert(name.text(), named);
                    passed_on.extend(through.into_iter().map(|module| (module, name.text())));
                    if module == 0 && crate::signature::is_carried_out(self.items[item].kind) {
                        // Importing what is carried out is using it.
                        self.mark(name.text(), span.file);
                    }
                }
            }
        }
        for (module, word) in passed_on {
            if let Some(named) = self.modules[module].names.get_mut(word) {
                named.used = true;
            }
        }
        self.import_cycles(files);
    }
}

/// What a file has under a name.
enum Exported {
    /// An item, and the files that only pass it on.
    Item(usize, Vec<usize>),
    Nothing,
    /// It comes from a file that was not read, or leads around in a circle: both are reported where they are.
    Unread,
}

fn exported(compiler: &Compiler<'_>, files: &[Loaded<'_>], file: usize, word: &str) -> Exported {
    let mut seen = HashSet::new();
    let mut through = Vec::new();
    let mut here = file;
    while seen.insert(here) {
        let own = compiler.modules[here].names.get(word).filter(|named| named.import.is_none());
        if let Some(named) = own {
            return Exported::Item(named.item, through);
        }
        let mut imports = files[here].parse.file().imports().zip(&files[here].targets);
        match imports.find(|(import, _)| import.names().any(|name| name.text() == word)) {
            Some((_, Target::File(next))) => {
                through.push(here);
                here = *next;
            }
            Some(_) => return Exported::Unread,
            None if here == file => return Exported::Nothing,
            // Where it is passed on from says that it is missing.
            None => return Exported::Unread,
        }
    }
    Exported::Unread
}
