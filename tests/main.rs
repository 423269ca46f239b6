//! The whole program, as a user meets it: the built command on studies and files in temporary folders.
#![allow(clippy::unwrap_used)]

mod answers;
mod architecture;
mod bad_input;
mod begin;
mod best_mixture;
mod commands;
mod diagnostic_pages;
mod editor;
mod examples;
mod fit;
mod format;
mod formats;
mod hostile;
mod interrupted;
mod schema;
mod stages;
mod support;
mod whole_way;
