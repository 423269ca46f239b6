//! Rendered results of a study: files that another person reads without this tool.
//!
//! `spec/results.md` is the reference of every file and column.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod csv;
mod folder;
mod lock;
mod plan;
mod plot;
mod results;
mod shown;

pub use folder::{FILES, write};
pub use lock::{LOCK_VERSION, Lock, LockedCell, LockedCorpus, LockedFile};
pub use plan::{PlanDocument, plan_json};
pub use plot::{AxisTitle, Panel, Plot, Series};
pub use results::{
    AnswerResult, AnswerStatus, CellResult, CellStatus, ClaimResult, ComparisonResult, CurvePoint, DomainResult,
    FigureResult, LawFit, LawGroup, LawModel, LawOutcome, LawParameter, LawResult, LawTest, PredictionResult,
    ResultColumn, StudyResults, TablePanel, TableResult,
};
