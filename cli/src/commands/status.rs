//! `synx status FILE`: how much of a study has a result.

use std::fmt::Write;

use clap::Args;
use serde_json::{Value, json};
use synx_compiler::{Diagnostic, Severity};
use synx_plan::problem::Problem;
use synx_run::{CellState, Status};

use crate::arguments::{StudyArguments, TableFormat};
use crate::outcome::Outcome;
use crate::render::number::{grouped, plural};
use crate::render::table::{Align, table};
use crate::render::{self, print};
use crate::study::Planned;

/// Cells without a result that are listed. Arbitrary: about a screen.
const CELLS_SHOWN: usize = 40;

/// Show how many cells have a result, and why others have none
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  synx status study.synx\n  synx status study.synx --format json")]
pub struct StatusArguments {
    #[command(flatten)]
    study: StudyArguments,

    /// Look for cells that were trained with --no-share
    #[arg(long)]
    no_share: bool,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

pub fn status(arguments: &StatusArguments) -> Outcome {
    let Planned { study, plan, sources } = match Planned::open(&arguments.study) {
        Ok(planned) => planned,
        Err(outcome) => return outcome,
    };
    match synx_run::status(&plan, &study.folder, !arguments.no_share, study.allow_outside) {
        Ok(status) => {
            let warnings: Vec<Diagnostic> = status.warnings.iter().map(warning).collect();
            render::show_all(&warnings, &sources);
            match arguments.format {
                TableFormat::Table => print(&text(&plan.study.name, &status)),
                TableFormat::Json => print(&format!("{:#}\n", document(&plan.study.name, &status))),
            }
            Outcome::Done
        }
        Err(problem) => render::show_problem_in(&problem, &sources),
    }
}

fn warning(problem: &Problem) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..Diagnostic::from_problem(problem) }
}

fn text(study: &str, status: &Status) -> String {
    let (done, diverged, missing) = status.counts();
    let mut text = format!("{study}: {done} of {} cells have a result", status.cells.len());
    if diverged > 0 {
        let _ = write!(text, ", {diverged} diverged");
    }
    if missing > 0 {
        let _ = write!(text, ", {missing} missing");
    }
    text.push('\n');
    for (class, cells) in &status.classes {
        let _ = writeln!(text, "class {class}: {} trained", plural(*cells, "cell"));
    }
    if let Some(holder) = &status.holder {
        let since = synx_run::utc(holder.since);
        let _ = writeln!(text, "process {} on {} runs it, since {since}", holder.process, holder.host);
    }
    let open: Vec<Vec<String>> = status
        .cells
        .iter()
        .filter_map(|cell| match &cell.state {
            CellState::Done => None,
            CellState::Diverged { step } => {
                Some(vec![cell.cell.clone(), format!("diverged at step {}", grouped(*step))])
            }
            CellState::Missing { why } => Some(vec![cell.cell.clone(), why.clone()]),
        })
        .collect();
    if !open.is_empty() {
        let more = open.len().saturating_sub(CELLS_SHOWN);
        text.push('\n');
        text.push_str(&table(&[("cell", Align::Left), ("why", Align::Left)], open.into_iter().take(CELLS_SHOWN)));
        if more > 0 {
            let _ = writeln!(text, "... and {}: `--format json` has all", plural(more, "more cell"));
        }
    }
    text
}

fn document(study: &str, status: &Status) -> Value {
    let (done, diverged, missing) = status.counts();
    let cell = |standing: &synx_run::CellStanding| {
        let (state, note) = match &standing.state {
            CellState::Done => ("done", Value::Null),
            CellState::Diverged { step } => ("diverged", json!(format!("at step {step}"))),
            CellState::Missing { why } => ("missing", json!(why)),
        };
        json!({ "cell": standing.cell, "grid": standing.grid, "state": state, "why": note })
    };
    json!({
        "study": study,
        "cells": status.cells.len(),
        "done": done,
        "diverged": diverged,
        "missing": missing,
        "class": status.class,
        "classes": status.classes.iter().map(|(class, cells)| json!({ "class": class, "trained": cells })).collect::<Vec<_>>(),
        "holder": status.holder.as_ref().map(|h| json!({ "process": h.process, "host": h.host, "since": synx_run::utc(h.since) })),
        "each": status.cells.iter().map(cell).collect::<Vec<_>>(),
    })
}
