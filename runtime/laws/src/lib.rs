//! Fitting laws to tables of runs: formulas with free parameters, robust losses, many starts, hold-out, bootstrap.
//!
//! A formula is compiled to a tape over columns (`tape`), whose values and derivatives are computed for blocks of rows at a time (`sweep`); an
//! objective sums the losses of residuals (`objective`, `evaluate`) in coordinates that respect bounds (`space`). Fits start where the linear part of a model is
//! already solved for (`starts`), go down by Newton's method (`minimise`), and say what the data do not tell (`identify`) and how sure the rest is
//! (`bootstrap`). `fit` puts it together; nothing here reads a file or knows a study.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bootstrap;
mod criteria;
#[cfg(test)]
mod derivatives;
mod descend;
mod elementary;
mod evaluate;
mod fit;
mod identify;
mod joint;
mod judge;
#[cfg(test)]
mod known;
#[cfg(test)]
mod library;
mod minimise;
mod normal;
mod objective;
#[cfg(test)]
mod planted;
mod prepared;
mod profile;
mod result;
mod sample;
mod space;
mod starts;
#[cfg(test)]
mod statistics;
mod sweep;
mod table;
mod tape;
#[cfg(test)]
mod testing;
mod trees;
#[cfg(test)]
mod unusable;

pub use fit::{DEFAULT_STARTS, Options, fit};
pub use judge::{kendall, spearman};
pub use result::{
    Beside, Criteria, Draw, GroupFit, GrownTrees, Interval, LawResult, Minimum, ParameterEstimate, Prediction,
    Resampling, Simple, SkippedGroup, Starts, TestError, Unit,
};
pub use sample::Sample;
pub use table::{Column, Table};
pub use trees::Forest;
