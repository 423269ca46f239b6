//! What an editor shows, on studies with a cursor: `$0` is where it stands.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod definition;
mod hints;
mod hover;
mod outline;
mod references;
mod support;
mod tokens;
