//! Tables: everything that is measured, with the columns, units and rows that are known before anything runs.

mod answers;
mod columns;
mod combine;
mod correlation;
mod demand;
mod index;
mod known;
mod minimize;
mod observations;
mod pipeline;
mod scope;
mod top;

pub(crate) use columns::{Kind, Table};
pub(crate) use demand::Demanded;
