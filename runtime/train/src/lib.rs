//! Training: carries the segments of one program out in waves.
//!
//! A wave's slots step together from event to event: a segment ends, forks into its children, or a new one joins. Which segments share a wave, and in which
//! slots, changes nothing in their bits; only time.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod batches;
mod breadth;
mod driver;
mod evaluate;
mod event;
mod ledger;
mod queue;
#[cfg(test)]
mod tests;
mod work;

pub use breadth::Breadth;
pub use driver::train;
pub use event::{Event, LiveSlot};
pub use ledger::{Finished, Ledger, LossSum, Snapshot};
pub use work::{BatchSource, DomainRows, Options, Outcome, Work, diverges};
