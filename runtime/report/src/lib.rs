//! Rendered results of a study: files that another person reads without this tool.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod results;

pub use results::{
    CellResult, CellStatus, CurvePoint, DomainResult, LawFit, LawGroup, LawOutcome, LawParameter, LawResult,
    ResultColumn, StudyResults,
};
