//! What an editor shows, on studies with a cursor: `$0` is where it stands.
#![allow(clippy::unwrap_used)]

mod actions;
#[path = "../common/mod.rs"]
mod common;
mod completion;
mod definition;
mod hints;
mod hover;
mod outline;
mod references;
mod rename;
mod signature_help;
mod support;
mod tokens;
