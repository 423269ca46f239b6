//! Late values: what a run or a fit settles, with its sort, unit and bounds known at check time.

mod bounds;
mod operators;
mod value;

pub(crate) use bounds::Bounds;
pub(crate) use value::{Late, LateNumber};
