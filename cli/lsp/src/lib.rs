//! The language server: editors on one side, the same check as `synx check` on the other.
//!
//! What is shown is made in [`synx_compiler::ide`], in plain data about byte ranges; this crate speaks the protocol: it keeps the
//! open texts, turns places into lines and columns, and answers. It knows nothing of runs and devices, so it builds and is tested
//! without them; the door to the files beside a study comes in through [`Hosts`].
// A handler takes the parameters that the protocol hands it, all in one shape.
#![allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod capabilities;
mod diagnostics;
mod document;
mod hosts;
mod place;
mod position;
mod publish;
mod requests;
mod server;
mod shelf;
mod state;
mod workspace;

pub use hosts::Hosts;
pub use position::{Encoding, Lines};
pub use server::{Ended, serve, serve_stdio};
