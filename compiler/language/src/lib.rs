//! The compiler of synx: from a study's text to its plan.
//!
//! [`compile`] reads a study, evaluates everything that does not wait for a run with exact numbers, units and shares, and
//! lowers it to a [`synx_plan::study::Plan`]. All mistakes of a file come out of one run as [`Diagnostic`]s, each at its
//! place, with what to do about it.
//!
//! The crate is pure: files, globs and the facts of the last scan come in through [`Host`] and nowhere else.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod allow;
mod assertion;
mod block;
mod call;
mod causes;
mod claim;
mod compile;
mod compiler;
mod corpus;
pub mod diagnostic;
mod evaluate;
mod evaluation;
mod explain;
mod figure;
mod fill;
mod format;
mod formula;
mod frame;
mod function;
mod generator;
mod grid;
mod hardware;
mod host;
pub mod ide;
mod item;
mod late;
mod law;
mod library;
mod lint;
mod list;
mod lower;
mod map;
mod meant;
mod mixture;
mod model;
mod module;
mod number;
mod objective;
mod operator;
mod recipe;
mod resolve;
mod sample;
mod scope;
mod signature;
mod source;
mod study;
mod suggest;
mod table;
mod tokenizer;
mod value;

pub use compile::{Compiled, compile, filled_in};
pub use diagnostic::{Diagnostic, Edit, Fix, Label, Severity};
pub use explain::{Answer, Cells, Explained, Fact, Origin, Part, explain};
pub use format::{Formatted, format, format_text};
pub use formula::{FormulaRequest, NamedColumn, Rejected, condition, formula, library_laws};
pub use host::{Deny, Host, Options, Unread};
pub use library::{LibraryItem, library_items};
pub use source::{Place, SourceFile, Sources};
pub use synx_grammar::is_reserved;
