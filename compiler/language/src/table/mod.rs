//! Tables: everything that is measured, with the columns, units and rows that are known before anything runs.

mod answers;
mod columns;
mod combine;
mod correlation;
mod demand;
mod design;
mod gather;
mod grows;
mod index;
mod known;
mod minimize;
mod observations;
mod pass_at;
mod pipeline;
mod points;
mod scope;
mod top;

pub(crate) use columns::{Column, Kind, Table};
pub(crate) use demand::Demanded;
pub(crate) use known::Rows;
