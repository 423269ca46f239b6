//! The server, as an editor meets it: over a connection in memory.
#![allow(clippy::unwrap_used)]

mod conversation;
mod edits;
mod features;
mod files;
mod positions;
mod support;
mod walk;
