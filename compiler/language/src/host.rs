//! What the compiler asks of the world.

use std::rc::Rc;

use synx_grammar::Parse;
use synx_plan::corpus::{Corpus, CorpusFacts};
use synx_plan::observations::Header;

/// The one door to the world: everything that the compiler knows besides the study's text comes through here.
pub trait Host {
    /// The bytes of a file, its path relative to the study's folder. Whether a file outside that folder may be read is the
    /// host's to say, links included.
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread>;

    /// The tree of the text of a file that is imported. A host that is asked again and again may keep it while the text stays the same.
    fn parse(&self, _path: &str, text: &str) -> Rc<Parse> {
        Rc::new(synx_grammar::parse(text))
    }

    /// The first bytes of a file, at most so many: for tables whose rows only a run reads.
    fn read_start(&self, path: &str, most: usize) -> Result<Vec<u8>, Unread> {
        let mut bytes = self.read(path)?;
        bytes.truncate(most);
        Ok(bytes)
    }

    /// What a parquet file says of its rows; `None` where this host cannot read such files: its columns are then known to a run alone.
    fn parquet_header(&self, _path: &str) -> Option<Result<Header, Unread>> {
        None
    }

    /// The files that a path or a glob of the study names, sorted; none where nothing matches. The error is what is wrong
    /// with the pattern itself.
    fn matches(&self, pattern: &str) -> Result<Vec<String>, String>;

    /// What is known of each corpus from its last scan, in the order asked; `None` where it has not been scanned.
    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>>;

    /// Bytes of this machine's memory, of which a lint warns; `None` where nothing is to be said of it.
    fn memory(&self) -> Option<u64> {
        None
    }

    /// Whether nobody waits for the outcome any more: the compiler then stops early, and what it gives is worth nothing.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    NotFound,
    /// It lies outside the study's folder, which nobody allowed.
    Outside,
    /// What the system says.
    Failed(String),
}

/// How a study is to be compiled.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--set name=value`, in the order given; a later one of the same name wins.
    pub set: Vec<(String, String)>,
    /// How many cells a study may have.
    pub max_cells: u64,
    /// `--deny`: lints that are errors.
    pub deny: Vec<Deny>,
    /// An expression that is asked about, read as if it stood in the study's file.
    pub ask: Option<String>,
}

/// Which lints are errors, unless they are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deny {
    /// All.
    Warnings,
    /// One, by its code.
    Code(String),
}

impl Deny {
    /// `warnings`, or the code of a lint; the error is what to say of anything else.
    pub fn parse(text: &str) -> Result<Deny, String> {
        let code = text.trim().to_ascii_uppercase();
        if code == "WARNINGS" {
            return Ok(Deny::Warnings);
        }
        if crate::allow::is_lint(&code) {
            return Ok(Deny::Code(code));
        }
        Err(match crate::diagnostic::code(&code) {
            Some(_) => format!("{code} is an error already"),
            None => format!("there is no lint {text}; give `warnings`, or a code as in W0301"),
        })
    }
}

impl Default for Options {
    fn default() -> Options {
        Options { set: Vec::new(), max_cells: 1_000_000, deny: Vec::new(), ask: None }
    }
}
