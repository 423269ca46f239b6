//! How findings are shown: for people, for lists, for programs, for code scanners and for GitHub's pages.
//!
//! Everything is made from the compiler's one [`synx_compiler::Diagnostic`]; each form has one renderer. A report is a text:
//! where it goes is the command's to say.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod excerpt;
mod github;
mod human;
mod report;
mod sarif;

pub use human::{Style, human};
pub use report::{Checked, Format, report, report_of};
