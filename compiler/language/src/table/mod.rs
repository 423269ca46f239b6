//! Tables: everything that is measured, with the columns, units and rows that are known before anything runs.

mod columns;
mod demand;
mod known;

pub(crate) use columns::{Kind, Table};
pub(crate) use demand::Demanded;
