//! `synx.lock`: what a results folder was made from, and the hashes of its files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use synx_plan::corpus::CorpusFacts;
use synx_plan::key::Key;
use synx_plan::study::Plan;

use crate::StudyResults;

/// Version of the lock's form, written into every lock.
pub const LOCK_VERSION: u32 = 1;

/// What `synx.lock` holds. Two runs of a study whose corpora and cells have equal keys and whose class is equal have the same results to
/// the last bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lock {
    /// Of this form.
    pub version: u32,
    /// The version of synx that wrote it.
    pub synx: String,
    pub study: String,
    /// The class of the device's results in f32, `cpu-f32/1`; those in another precision are of its class in that: `cpu-bf16/1`.
    pub class: String,
    /// In the order of the plan.
    pub corpora: Vec<LockedCorpus>,
    /// In the order of the results.
    pub cells: Vec<LockedCell>,
    /// All other files that were written with it, in the order in which people look at them.
    pub files: Vec<LockedFile>,
}

/// A corpus as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LockedCorpus {
    pub name: String,
    /// Null while its sources have not been scanned.
    pub key: Option<Key>,
    /// What the scan found.
    pub facts: Option<CorpusFacts>,
}

/// A cell and the state at the end of its training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockedCell {
    /// As in `results.csv`.
    pub cell: String,
    /// Null while an answer settles what the cell is.
    pub key: Option<Key>,
    /// `ok`, `diverged`, `missing` or `unsettled`.
    pub status: String,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockedFile {
    pub name: String,
    /// BLAKE3 of its bytes, 64 hexadecimal digits, as `b3sum` prints it.
    pub blake3: String,
}

impl Lock {
    pub(crate) fn of<'a>(
        results: &StudyResults,
        plan: &Plan,
        files: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Lock {
        let corpora = plan.corpora.iter().zip(plan.corpus_keys()).zip(&plan.facts);
        let corpus = |((corpus, key), facts): ((&synx_plan::corpus::Corpus, Option<Key>), &Option<CorpusFacts>)| {
            LockedCorpus { name: corpus.name.clone(), key, facts: facts.clone() }
        };
        let cells = results.cells.iter().map(|cell| LockedCell {
            cell: cell.cell.clone(),
            key: cell.key,
            status: cell.status.word().to_owned(),
        });
        let file = |(name, bytes): (&str, &[u8])| LockedFile {
            name: name.to_owned(),
            blake3: blake3::hash(bytes).to_hex().to_string(),
        };
        Lock {
            version: LOCK_VERSION,
            synx: env!("CARGO_PKG_VERSION").to_owned(),
            study: results.study.clone(),
            class: results.class.clone(),
            corpora: corpora.map(corpus).collect(),
            cells: cells.collect(),
            files: files.map(file).collect(),
        }
    }

    pub(crate) fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a lock is plain data that always serialises");
        text + "\n"
    }
}
