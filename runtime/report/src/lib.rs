//! Rendered results of a study: files that another person reads without this tool.
//!
//! `spec/results.md` is the reference of every file and column.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod csv;
mod folder;
mod plan;
mod plot;
mod results;

pub use folder::{FILES, write};
pub use plan::{PlanDocument, plan_json};
pub use plot::{AxisTitle, Panel, Plot, Series};
pub use results::{
    CellResult, CellStatus, CurvePoint, DomainResult, LawFit, LawGroup, LawOutcome, LawParameter, LawResult,
    ResultColumn, StudyResults,
};
