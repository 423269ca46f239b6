//! The open texts and what their checks found.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gen_lsp_types as lsp;
use synx_compiler::Options;
use synx_compiler::ide::Analysis;
use synx_plan::cost::DeviceProfile;

use crate::capabilities::Client;
use crate::document::Document;
use crate::hosts::{Hosts, Overlay};
use crate::place::{compiler_path, folder_of, path_of};
use crate::shelf::Shelf;

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nobody waits for it any more.
    Stopped,
    /// The text is not open.
    NotOpen,
    /// It cannot be done; for the user.
    Failed(String),
}

/// What the server knows.
pub(crate) struct State {
    pub client: Client,
    pub folders: Vec<PathBuf>,
    /// By path.
    pub documents: BTreeMap<PathBuf, Document>,
    /// The name that the client has for an open text.
    pub uris: BTreeMap<PathBuf, lsp::Uri>,
    analyses: BTreeMap<PathBuf, Rc<Analysis>>,
    /// The trees of imports that are not open.
    trees: RefCell<BTreeMap<PathBuf, Rc<synx_grammar::Parse>>>,
    /// The studies of the workspace, where the client tells of new ones.
    studies: Option<Vec<PathBuf>>,
    pub shelf: Shelf,
    pub published: crate::publish::Published,
    hosts: Box<dyn Hosts>,
    device: DeviceProfile,
    /// Whether nobody waits any more for what is being worked on.
    stop: Box<dyn Fn() -> bool>,
}

impl State {
    pub(crate) fn new(
        client: Client,
        folders: Vec<PathBuf>,
        hosts: Box<dyn Hosts>,
        device: DeviceProfile,
        stop: Box<dyn Fn() -> bool>,
    ) -> State {
        State {
            client,
            folders,
            documents: BTreeMap::new(),
            uris: BTreeMap::new(),
            analyses: BTreeMap::new(),
            trees: RefCell::default(),
            studies: None,
            shelf: Shelf::default(),
            published: crate::publish::Published::default(),
            hosts,
            device,
            stop,
        }
    }

    pub(crate) fn open(&mut self, uri: lsp::Uri, version: i32, text: &str) {
        let path = path_of(&uri);
        self.uris.insert(path.clone(), uri);
        self.documents.insert(path.clone(), Document::new(version, text));
        self.changed(&path);
    }

    pub(crate) fn change(&mut self, params: lsp::DidChangeTextDocumentParams) {
        let path = path_of(&params.text_document.text_document_identifier.uri);
        let encoding = self.client.encoding;
        if let Some(document) = self.documents.get_mut(&path) {
            document.change(params.text_document.version, params.content_changes, encoding);
            self.changed(&path);
        }
    }

    pub(crate) fn close(&mut self, uri: &lsp::Uri) {
        let path = path_of(uri);
        self.documents.remove(&path);
        self.uris.remove(&path);
        self.changed(&path);
    }

    /// Forgets what was made with the text at a path: its own check and those of studies that read other files.
    pub(crate) fn changed(&mut self, path: &Path) {
        self.analyses.remove(path);
        self.analyses.retain(|_, analysis| analysis.parse().file().imports().next().is_none());
    }

    /// Forgets all checks: files beside the studies have changed.
    pub(crate) fn forget(&mut self) {
        self.analyses.clear();
        self.trees.borrow_mut().clear();
        self.studies = None;
    }

    /// The studies of the workspace's folders, open or not.
    pub(crate) fn studies(&mut self) -> Vec<PathBuf> {
        if let Some(known) = &self.studies {
            return known.clone();
        }
        let found = crate::workspace::studies(&self.folders);
        self.studies = self.client.watches.then(|| found.clone());
        found
    }

    pub(crate) fn document(&self, uri: &lsp::Uri) -> Result<&Document, Refused> {
        self.documents.get(&path_of(uri)).ok_or(Refused::NotOpen)
    }

    /// The check of an open text, made now if it is not at hand.
    pub(crate) fn analysis(&mut self, uri: &lsp::Uri) -> Result<Rc<Analysis>, Refused> {
        self.analysis_at(&path_of(uri))
    }

    pub(crate) fn analysis_at(&mut self, path: &Path) -> Result<Rc<Analysis>, Refused> {
        if let Some(known) = self.analyses.get(path) {
            return Ok(Rc::clone(known));
        }
        let parse = Rc::clone(&self.documents.get(path).ok_or(Refused::NotOpen)?.parse);
        let analysis = Rc::new(self.check(path, parse, &BTreeMap::new())?);
        self.analyses.insert(path.to_owned(), Rc::clone(&analysis));
        Ok(analysis)
    }

    /// Checks a text as the study at a path, with some texts tried out in the place of their files.
    pub(crate) fn check(
        &self,
        path: &Path,
        parse: Rc<synx_grammar::Parse>,
        tried: &BTreeMap<PathBuf, String>,
    ) -> Result<Analysis, Refused> {
        let overlay = Overlay {
            disk: self.hosts.host(path),
            folder: folder_of(path),
            open: &self.documents,
            tried,
            trees: &self.trees,
            stop: &*self.stop,
        };
        let analysis = Analysis::new(&compiler_path(path), parse, &overlay, &Options::default(), self.device.clone());
        analysis.ok_or(Refused::Stopped)
    }

    /// The text at a path: the open one, else the file's.
    pub(crate) fn text(&self, path: &Path) -> Option<String> {
        match self.documents.get(path) {
            Some(document) => Some(document.text().to_owned()),
            None => std::fs::read_to_string(path).ok(),
        }
    }

    /// The paths of the open texts.
    pub(crate) fn open_paths(&self) -> Vec<PathBuf> {
        self.documents.keys().cloned().collect()
    }

    /// The URI of a file as the compiler names it, whose text is `text`.
    pub(crate) fn uri(&mut self, file: &str, text: &str) -> Option<lsp::Uri> {
        if file.starts_with("std:") {
            return self.shelf.library(file, text);
        }
        let path = crate::hosts::normal(Path::new(file));
        match self.uris.get(&path) {
            Some(uri) => Some(uri.clone()),
            None => lsp::Uri::from_file_path(&path).ok(),
        }
    }

    /// The location of a place in a file of an analysis.
    pub(crate) fn location(
        &mut self,
        analysis: &Analysis,
        file: &str,
        bytes: &std::ops::Range<usize>,
    ) -> Option<lsp::Location> {
        let text = &analysis.sources().get(file)?.text;
        // The lines of an open text are known.
        let open = self.documents.get(&crate::hosts::normal(Path::new(file))).filter(|open| open.text() == text);
        let range = match open {
            Some(open) => open.lines.range(text, bytes, self.client.encoding),
            None => crate::position::Lines::new(text).range(text, bytes, self.client.encoding),
        };
        Some(lsp::Location { uri: self.uri(file, text)?, range })
    }
}
