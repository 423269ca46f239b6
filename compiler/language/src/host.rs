//! What the compiler asks of the world.

use std::io;

use synx_plan::corpus::{Corpus, CorpusFacts};

/// The one door to the world: everything that the compiler knows besides the study's text comes through here.
pub trait Host {
    /// The bytes of a file, its path as the study writes it, relative to the study's folder.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// The files that a path or a glob of the study names, sorted; none where nothing matches. The error is what is wrong
    /// with the pattern itself.
    fn matches(&self, pattern: &str) -> Result<Vec<String>, String>;

    /// What is known of each corpus from its last scan, in the order asked; `None` where it has not been scanned.
    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>>;
}

/// How a study is to be compiled.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--set name=value`, in the order given; a later one of the same name wins.
    pub set: Vec<(String, String)>,
    /// How many cells a study may have.
    pub max_cells: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { set: Vec::new(), max_cells: 1_000_000 }
    }
}
