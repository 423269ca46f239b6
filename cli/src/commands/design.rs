//! `synx design FILE`: which of the runs that are not made yet would teach the study's laws most.

use std::fmt::Write;

use clap::Args;
use serde_json::{Value, json};
use synx_run::{Advice, GroupAdvice};

use crate::arguments::{StudyArguments, TableFormat};
use crate::outcome::Outcome;
use crate::render::number::plural;
use crate::render::{self, print};
use crate::study::Planned;

/// Say which cells without a result would teach the laws most
#[derive(Debug, Args)]
#[command(
    after_help = "Candidates are the cells of the study that have no result yet: add larger budgets or models to an axis, and ask before you run.\n\
    A D-optimal choice: the cells that make the determinant of what is known of the parameters largest, at what the finished cells fit.\n\n\
    Examples:\n  synx design study.synx\n  synx design study.synx --points 4 --format json"
)]
pub struct DesignArguments {
    #[command(flatten)]
    study: StudyArguments,

    /// How many cells of each group are chosen
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    points: u16,

    /// Look for cells that were trained with --no-share
    #[arg(long)]
    no_share: bool,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

pub fn design(arguments: &DesignArguments) -> Outcome {
    let Planned { study, plan, sources } = match Planned::open(&arguments.study) {
        Ok(planned) => planned,
        Err(outcome) => return outcome,
    };
    let points = usize::from(arguments.points);
    match synx_run::design(&plan, &study.folder, !arguments.no_share, study.allow_outside, points) {
        Ok(advice) => {
            match arguments.format {
                TableFormat::Table => print(&text(&advice)),
                TableFormat::Json => print(&format!("{:#}\n", document(&advice))),
            }
            Outcome::Done
        }
        Err(problem) => render::show_problem_in(&problem, &sources),
    }
}

fn text(advice: &[Advice]) -> String {
    let mut text = String::new();
    for Advice { law, groups } in advice {
        let _ = writeln!(text, "law {law}");
        for group in groups {
            let name = if group.group.is_empty() { "all rows" } else { &group.group };
            let _ = writeln!(text, "  {name}: {}", said(group));
            for next in &group.next {
                let _ = writeln!(text, "    {next}");
            }
        }
        text.push('\n');
    }
    text
}

/// What is known of a group, and what its next runs are worth.
fn said(group: &GroupAdvice) -> String {
    if let Some(why) = &group.why_not {
        return format!("no advice: {why}");
    }
    if group.candidates == 0 {
        return format!("all of its {} have results", plural(group.known, "row"));
    }
    let worth = match group.narrower {
        Some(times) => format!("parameters {times:.2} times as sure with"),
        None => "not all parameters are told yet; most is told by".to_owned(),
    };
    format!("{} with a result, {} without; {worth}", plural(group.known, "row"), group.candidates)
}

fn document(advice: &[Advice]) -> Value {
    let group = |group: &GroupAdvice| {
        json!({
            "group": group.group,
            "known": group.known,
            "candidates": group.candidates,
            "next": group.next,
            "narrower": group.narrower,
            "why_not": group.why_not,
        })
    };
    let law =
        |advice: &Advice| json!({ "law": advice.law, "groups": advice.groups.iter().map(group).collect::<Vec<_>>() });
    advice.iter().map(law).collect()
}
