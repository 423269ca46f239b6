//! What is worth a second look once everything has a value: a file a lint, or a family of them.
//!
//! A lint is a warning with a code of its own. `allow CODE because "…"` silences it, so it must be right where it speaks.

mod design;
mod domains;
mod epochs;
mod extrapolation;
mod law;
mod matrix;
mod memory;
mod plausible;
mod repetition;
mod sharing;
mod unused;

pub(crate) use law::Planned;
