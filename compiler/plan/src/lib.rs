//! The plan of a study: plain data, the contract between the compiler and the runtime.
//!
//! Nothing in this crate reads a file, looks at a clock or knows the language's syntax. What a study means stands here:
//! exact amounts and shares, corpora, mixtures, models and their programs, recipes and schedules, cells, laws, the
//! keys by which results are found again, and what all of it costs.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod answer;
pub mod carried_out;
mod chain;
pub mod claim;
pub mod column;
pub mod corpus;
pub mod cost;
pub mod exact;
pub mod executor;
pub mod expression;
pub mod figure;
pub mod grid;
pub mod hardware;
pub mod key;
pub mod law;
pub mod loss_scale;
pub mod mixture;
pub mod model;
pub mod number;
pub mod observations;
pub mod problem;
pub mod program;
pub mod random;
pub mod recipe;
pub mod settled;
pub mod study;
pub mod table;
pub mod training;
pub mod unit;
