//! Tables of values: rows that were measured, read from files or made of other tables, as laws, claims, figures and answers take them.
//!
//! A `Table` has named columns of numbers, text or truth values, in which a value may be missing. `evaluate` gives the value of an expression in a
//! row; `carry_out` makes what a plan declares of other tables (`pipeline`); `read` takes files in; `Table::for_laws` hands over to fits.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod column;
mod evaluate;
mod laws;
mod pipeline;
mod read;
mod shown;
mod table;

pub use column::{Column, Texts, Value, Values};
pub use evaluate::evaluate;
pub use pipeline::carry_out;
pub use read::{Limits, PARQUET_THREAD, Read, observations, parquet_header, read, read_path};
pub use shown::shown;
pub use table::{Standing, Table};
