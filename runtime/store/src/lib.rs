//! The store of a study: plain files by key, written so that a crash between any two operations leaves every finished entry whole.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod entry;
mod files;
mod record;
mod store;
#[cfg(test)]
mod tests;

pub use files::{Files, LockGuard, SystemFiles};
pub use record::{Checkpoint, EvaluationRecord, Holder, ScanRecord, SegmentRecord};
pub use store::{CorpusTokens, FOLDER, Store, Writer, utc};
