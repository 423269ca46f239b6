//! The doors to the world: one for each study, seen through the open texts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use synx_compiler::{Host, Unread};
use synx_grammar::Parse;
use synx_plan::corpus::{Corpus, CorpusFacts};
use synx_plan::observations::Header;

use crate::document::Document;

/// Makes the door to the files beside a study and to what is known of its corpora. It must never read data.
pub trait Hosts: Send {
    /// The door for the study at `path`, which need not exist yet.
    fn host(&self, path: &Path) -> Box<dyn Host>;
}

impl<F: Fn(&Path) -> Box<dyn Host> + Send> Hosts for F {
    fn host(&self, path: &Path) -> Box<dyn Host> {
        self(path)
    }
}

/// A study's door with open texts in the place of the files on disk.
pub(crate) struct Overlay<'a> {
    pub disk: Box<dyn Host>,
    /// The study's folder.
    pub folder: PathBuf,
    pub open: &'a BTreeMap<PathBuf, Document>,
    /// Texts that are tried out: those of files after a change that has not been made.
    pub tried: &'a BTreeMap<PathBuf, String>,
    /// The trees of imports that are not open, as they were read last.
    pub trees: &'a RefCell<BTreeMap<PathBuf, Rc<Parse>>>,
    pub stop: &'a dyn Fn() -> bool,
}

impl Host for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        let there = normal(&self.folder.join(path));
        let open = self.tried.get(&there).map(String::as_str);
        let Some(open) = open.or_else(|| self.open.get(&there).map(Document::text)) else {
            return self.disk.read(path);
        };
        // Whether it may be read is the disk's to say; a text that has never been saved is not there.
        match self.disk.read(path) {
            Err(Unread::Outside) => Err(Unread::Outside),
            Err(Unread::NotFound) if !there.starts_with(normal(&self.folder)) => Err(Unread::Outside),
            _ => Ok(open.as_bytes().to_vec()),
        }
    }

    fn read_start(&self, path: &str, most: usize) -> Result<Vec<u8>, Unread> {
        let there = normal(&self.folder.join(path));
        if self.tried.contains_key(&there) || self.open.contains_key(&there) {
            let mut bytes = self.read(path)?;
            bytes.truncate(most);
            return Ok(bytes);
        }
        // What is not open may be larger than any study.
        self.disk.read_start(path, most)
    }

    fn memory(&self) -> Option<u64> {
        self.disk.memory()
    }

    fn parquet_header(&self, path: &str) -> Option<Result<Header, Unread>> {
        self.disk.parquet_header(path)
    }

    fn parse(&self, path: &str, text: &str) -> Rc<Parse> {
        let there = normal(&self.folder.join(path));
        if let Some(open) = self.open.get(&there).filter(|open| open.text() == text) {
            return Rc::clone(&open.parse);
        }
        let mut trees = self.trees.borrow_mut();
        if let Some(known) = trees.get(&there).filter(|known| known.tree.source() == text) {
            return Rc::clone(known);
        }
        let parse = Rc::new(synx_grammar::parse(text));
        trees.insert(there, Rc::clone(&parse));
        parse
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        self.disk.matches(pattern)
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        self.disk.facts(corpora)
    }

    fn cancelled(&self) -> bool {
        (self.stop)()
    }
}

/// A path without `.` and `..`, as far as its text tells.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
