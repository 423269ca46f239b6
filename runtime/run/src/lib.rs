//! Carries a plan out: scans corpora, trains what is missing, evaluates, fits laws, writes results. The only crate that knows all the others.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answers;
mod bench;
mod carrier;
mod corpora;
mod course;
mod device;
mod facts;
mod holdings;
mod ledger;
mod progress;
mod rates;
mod results;
mod run;
mod side_by_side;
mod stages;
mod status;
#[cfg(test)]
mod tests;

pub use answers::{Advice, GroupAdvice, design};
pub use bench::{KernelTimings, StepRequest, StepTimings, bench_kernels, bench_step};
pub use device::{AdapterReport, DeviceChoice, Doctor, Probed, doctor};
pub use facts::{facts, scan};
pub use progress::{Event, LiveCell, Progress, Silent};
pub use rates::Rates;
pub use run::{Keep, RunOptions, Summary, run};
pub use status::{CellStanding, CellState, Status, status};

pub use synx_corpus::{expand, speed as data_speed};
pub use synx_cpu::memory;
pub use synx_laws as laws;
pub use synx_report as report;
pub use synx_report::plan_json;
pub use synx_store::{Holder, utc};
pub use synx_tables as tables;
