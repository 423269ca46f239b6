//! Corpora of a study, from files, the built-in world or a random process to tokens and batches.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod evaluation;
mod interleave;
mod stream;
mod tokens;

pub use evaluation::EvaluationRows;
pub use interleave::Interleaving;
pub use stream::{Sequence, SourceView, Stream, chunks};
pub use tokens::{END_OF_DOCUMENT, Tokens, VOCABULARY};
