//! Late values: what a run or a fit settles, with its sort, unit and bounds known at check time.

mod bounds;

pub(crate) use bounds::Bounds;
