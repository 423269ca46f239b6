//! Answers: what is asked of tables and fitted laws, each with an interval from draws that belong together, and the claims that they decide.
//!
//! `settle` carries out tables, laws and answers of a plan in the order of what they need (`order`), once for the data as they are and once for each draw
//! (`settled`; `varying` says what differs); `ask` holds the functions of the language, `claim` decides claims, `describe` says what was asked. Below them is mathematics that knows no plan: where a
//! curve reaches a value (`solve`), the best shares of a run (`simplex`), which runs would teach most (`design`), what fitted rows
//! tell (`identify`), values with their draws (`drawn`).
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod ask;
mod claim;
mod describe;
mod design;
mod drawn;
mod given;
mod identify;
mod law;
mod minimize;
mod order;
mod settled;
mod shown;
mod simplex;
mod solve;
#[cfg(test)]
mod tests;
mod varying;

pub use claim::{Compared, Decided};
pub use describe::{answer_text, expression_text, shares_text, table_text};
pub use design::{Design, d_optimal};
pub use drawn::{Drawn, quantile};
pub use given::Given;
pub use law::{Fitted, Group, labels, rows_of};
pub use order::{answers_in, reads};
pub use settled::{Answered, Beside, BestMixture, Settled, SettledLaw, Unsettled, Value, estimates, settle};
pub use shown::Shown;
pub use simplex::{Best, Limits, minimise};
pub use solve::{Axis, Lowest, Reached, lowest, solve};
pub use varying::Draws;
