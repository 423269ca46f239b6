//! Corpora of a study, from files, the built-in world or a random process to tokens and batches.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod clean;
mod evaluation;
mod expand;
mod heldout;
mod interleave;
mod options;
mod process;
mod read;
mod stream;
mod tokens;

pub use evaluation::EvaluationRows;
pub use expand::expand;
pub use interleave::Interleaving;
pub use options::Options;
pub use process::{Machine, entropy_rate};
pub use stream::{Sequence, SourceView, Stream, chunks};
pub use tokens::{END_OF_DOCUMENT, Tokens, VOCABULARY};
