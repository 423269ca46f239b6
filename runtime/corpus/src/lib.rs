//! Corpora of a study: from files, the built-in world or a random process to tokens, batches and evaluation rows.
//!
//! [`Sources`] turns the plan's corpora into facts ([`scan`]) and tokens ([`build`]); a [`BuiltCorpus`] is what the store keeps.
//! A [`Stream`] gives the batches of a run at any position, [`EvaluationRows`] the rows of a domain. Everything is a function of
//! declarations and bytes: never of names, places, time, threads or what was done before.
//!
//! Text is used as it is (no normalisation, `\r\n` is kept), but for a byte order mark at the start of a file. A document
//! without any text is no document. Memory is bounded by [`Options`].
//!
//! # Problems
//!
//! | code | what is wrong |
//! | --- | --- |
//! | E0910 | a file that is named is not there, or is a folder |
//! | E0911 | a glob matches no file |
//! | E0912 | a pattern or a link leaves the study's folder |
//! | E0913 | a file's name says no format that can be read |
//! | E0914 | a file's first bytes disagree with its name |
//! | E0915 | a compressed file is damaged |
//! | E0916 | text is not UTF-8 (byte offset and line) |
//! | E0917 | a line is too long |
//! | E0918 | a line of a jsonl file is not JSON, or not an object (line and column) |
//! | E0919 | a line has no text field (the fields it has) |
//! | E0920 | a text field holds no string |
//! | E0921 | `text` or `split` is missing, or has no use for the format |
//! | E0922 | a corpus is empty |
//! | E0923 | the files hold more text than is allowed |
//! | E0924 | more tokens or documents than memory is meant to hold |
//! | E0925 | something is held out of a single document |
//! | E0926 | files changed while they were read |
//! | E0927 | the built-in generator is asked to rephrase text that is not of the built-in world |
//! | E0928 | a process is out of range |
//! | E0929 | a corpus is smaller than a sequence, or than its part of a batch |
//! | E0930 | shares do not sum to one, or have too many digits |
//! | E0932 | a pattern is not a glob |
//! | E0933 | the plan's corpora do not stand in order |
//! | E0934 | there is nothing to evaluate on |
//! | E0935 | there is nothing to write about |

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod built;
mod clean;
mod evaluation;
mod expand;
mod heldout;
mod interleave;
mod options;
mod process;
mod read;
mod sources;
pub mod speed;
mod stream;
mod tokens;
mod world;

pub use built::BuiltCorpus;
pub use evaluation::EvaluationRows;
pub use expand::expand;
pub use interleave::Interleaving;
pub use options::Options;
pub use process::{Machine, entropy_rate};
pub use sources::{Sources, build, scan};
pub use stream::{Sequence, SourceView, Stream, chunk_count};
pub use tokens::{END_OF_DOCUMENT, Tokens, VOCABULARY};
