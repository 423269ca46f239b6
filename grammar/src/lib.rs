//! The syntax of synx: from source text to a lossless tree.
//!
//! [`parse`] takes any text at all and gives a [`Tree`] whose leaves, joined, are that text, byte for byte, and a list
//! of mistakes in the words of the author. It cannot fail: a mistake is a node of its own ([`SyntaxKind::Error`], or
//! [`SyntaxKind::Missing`] where something is left out), and reading goes on at the end of the entry, the block or the
//! item that it stands in.
//!
//! Other crates read the tree through the typed views in [`view`], beginning with [`Parse::file`].
#![cfg_attr(test, allow(clippy::unwrap_used))]

// pest is built without `std`: its look at the remaining stack at every call halves its speed, and how deep it can go is
// bounded before it is asked. What its derive then writes names `alloc`.
extern crate alloc;

mod build;
mod error;
mod habits;
mod kind;
mod limits;
mod lines;
mod parse;
mod reuse;
mod strict;
mod tree;
pub mod view;

pub use build::{CONTEXTUAL, RESERVED, SUFFIXES, is_reserved};
pub use error::{Fix, SyntaxError, SyntaxErrorKind};
pub use kind::SyntaxKind;
pub use lines::{LineIndex, Position};
pub use parse::{Parse, parse};
pub use tree::{Children, Descendants, Node, NodeId, Tree};
