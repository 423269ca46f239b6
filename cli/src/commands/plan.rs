//! `synx plan FILE`: what a study means and costs, before it runs.

use clap::Args;
use synx_plan::cost::Cost;
use synx_plan::study::Plan;
use synx_run::Rates;

use crate::arguments::{FindingFormat, StudyArguments};
use crate::outcome::Outcome;
use crate::render;
use crate::render::findings::Findings;
use crate::render::print;
use crate::study::Study;

/// Show what a study trains and costs, before it runs
#[derive(Debug, Args)]
#[command(after_help = "Scans the corpora, trains nothing.\n\n\
    Examples:\n  synx plan study.synx\n  synx plan study.synx --set lr=1e-3 --format json > plan.json\n  synx plan study.synx --program")]
pub struct PlanArguments {
    #[command(flatten)]
    study: StudyArguments,

    /// How findings are printed, on standard error; with json the plan is JSON too, with all of it
    #[arg(long, value_enum, default_value_t = FindingFormat::Human)]
    format: FindingFormat,

    /// Print the operations of every model instead
    #[arg(long)]
    program: bool,

    /// Count every cell as trained by itself
    #[arg(long)]
    no_share: bool,
}

pub fn plan(arguments: &PlanArguments) -> Outcome {
    let mut findings = Findings::new(arguments.format);
    let compiled = match Study::open(&arguments.study.file, &arguments.study.settings) {
        Ok(study) => match study.compile_scanned(false, &mut findings) {
            Ok(compiled) => compiled,
            Err(outcome) => return outcome,
        },
        Err(finding) => return findings.unread(&finding),
    };
    let Some(plan) = &compiled.plan else { return Outcome::Failed };
    let share = !arguments.no_share;
    if arguments.program {
        print(&programs(plan, arguments.format));
        return Outcome::Done;
    }
    if arguments.format == FindingFormat::Json {
        print(&synx_run::plan_json(plan, share));
    } else {
        print(&format!("{}\n", synx_compiler::filled_in(&compiled).trim_end()));
        print("\n");
        let device = Rates::of_this_machine().profile();
        print(&render::plan::plan(plan, &Cost::new(plan, share), &device));
    }
    Outcome::Done
}

/// The programs of all models, each with every batch and precision that it is trained with.
fn programs(plan: &Plan, format: FindingFormat) -> String {
    let models = Cost::new(plan, true).models;
    let (models, without): (Vec<_>, Vec<_>) =
        models.into_iter().partition(|model| !plan.models[model.model].has_experts());
    let rows = |model: &synx_plan::cost::ModelCost| (model.batch / model.context) as usize;
    if format == FindingFormat::Json {
        let lower = |m: &synx_plan::cost::ModelCost| {
            synx_plan::program::lower(&plan.models[m.model], rows(m)).with_precision(m.precision)
        };
        let lowered: Vec<_> = models.iter().map(lower).collect();
        serde_json::to_string_pretty(&lowered).expect("programs are plain data that always serialise") + "\n"
    } else {
        let text: Vec<String> =
            models.iter().map(|m| render::program::program(&plan.models[m.model], rows(m), m.precision)).collect();
        let without = without.iter().map(|model| {
            format!("width {}, {} blocks: this version has no program for experts\n", model.width, model.blocks)
        });
        text.into_iter().chain(without).collect::<Vec<_>>().join("\n")
    }
}
