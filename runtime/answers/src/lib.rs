//! Answers: what is asked of tables and fitted laws, each with an interval from draws that belong together, and the claims that they decide.
//!
//! Pure mathematics first: where a curve reaches a value (`solve`), the best shares of a run (`simplex`), rank correlations (`rank`), which runs would
//! teach most (`design`), values with their draws (`drawn`).
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod design;
mod drawn;
mod rank;
mod simplex;
mod solve;

pub use design::{Design, d_optimal};
pub use drawn::{Drawn, quantile};
pub use rank::{kendall, spearman};
pub use simplex::{Best, Limits, minimise};
pub use solve::{Axis, Lowest, Reached, lowest, solve};
