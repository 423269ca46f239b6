//! `synx run FILE`: the whole way from a study to its results.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use synx_compiler::{Compiled, Diagnostic, Sources};
use synx_plan::claim::Verdict;
use synx_run::{DeviceChoice, Keep, Rates, RunOptions};

use crate::arguments::{DeviceArguments, FindingFormat, StudyArguments};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::render::findings::Findings;
use crate::render::progress::Shown;
use crate::render::{self, print};
use crate::study::Study;

/// Train, evaluate and fit a study, and write its results
#[derive(Debug, Args)]
#[command(
    after_help = "What is finished never runs again: an interrupted run goes on where it was, and a changed study trains only what is new.\n\
    Ctrl-C once finishes cleanly, twice stops at once.\n\n\
    Examples:\n  synx run examples/quickstart.synx\n  synx run study.synx --set lr=1e-3 --out results/low_rate\n  synx run study.synx --device gpu:nvidia"
)]
pub struct RunArguments {
    #[command(flatten)]
    study: StudyArguments,

    /// Where results are written [default: results/STUDY beside the study]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    device: DeviceArguments,

    /// Train every cell by itself, without shared beginnings
    #[arg(long)]
    no_share: bool,

    /// Which weights stay in the store once a cell is finished
    #[arg(long, value_enum, default_value_t = KeepArgument::Weights)]
    keep: KeepArgument,

    /// Exit with 1 where a claim fails or stays undecided
    #[arg(long)]
    require_claims: bool,

    /// How findings are printed, on standard error; json and sarif put nothing else there
    #[arg(long, value_enum, default_value_t = FindingFormat::Human)]
    format: FindingFormat,
}

/// What stays in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KeepArgument {
    /// No weights, results only
    None,
    /// The weights of every finished cell
    Weights,
    /// Also the optimizer's state, to branch from later
    All,
}

pub fn run(arguments: &RunArguments) -> Outcome {
    let mut findings = Findings::new(arguments.format);
    let device: DeviceChoice = match arguments.device.device.parse() {
        Ok(device) => device,
        Err(problem) => {
            findings.problem(&problem, &Sources::new());
            return Outcome::Usage;
        }
    };
    let study = match Study::open(&arguments.study.file, &arguments.study.settings) {
        Ok(study) => study,
        Err(finding) => return findings.unread(&finding),
    };
    if let Some(refused) = not_carried_out(&study.compile(), &mut findings) {
        return refused;
    }
    let stop = interrupt::watch();
    let compiled = match study.compile_scanned(true, &mut findings) {
        Ok(compiled) => compiled,
        Err(outcome) => return outcome,
    };
    let Some(plan) = &compiled.plan else { return Outcome::Failed };
    let out = arguments.out.clone().unwrap_or_else(|| study.folder.join("results").join(&plan.study.name));
    let options = RunOptions {
        device,
        threads: arguments.device.threads.map(|threads| threads as usize),
        share: !arguments.no_share,
        keep: match arguments.keep {
            KeepArgument::None => Keep::None,
            KeepArgument::Weights => Keep::Weights,
            KeepArgument::All => Keep::All,
        },
        allow_outside: study.allow_outside,
        rates: Rates::file(),
        ..RunOptions::new(&study.folder, &out, &stop)
    };
    let mut progress = Shown::run(compiled.sources.clone(), &mut findings);
    let ran = synx_run::run(plan, &options, &mut progress);
    drop(progress);
    match ran {
        Ok(summary) => {
            let names: Vec<String> = summary
                .files
                .iter()
                .map(|path| path.strip_prefix(&out).unwrap_or(path).display().to_string())
                .collect();
            print(&format!("\n{}", render::results::results(&summary.results)));
            print(&format!("results in {}: {}\n", out.display(), names.join(", ")));
            if summary.interrupted {
                if !findings.alone() {
                    eprintln!("stopped before the end; the same command goes on from here");
                }
                return Outcome::Interrupted;
            }
            if !summary.unsettled.is_empty() {
                let unsettled: Vec<Diagnostic> = summary.unsettled.iter().map(Diagnostic::from_problem).collect();
                findings.show(&unsettled, &compiled.sources);
                return Outcome::Failed;
            }
            let open = summary.results.claims.iter().filter(|claim| claim.verdict != Verdict::Holds).count();
            if arguments.require_claims && open > 0 {
                if !findings.alone() {
                    eprintln!("{} of {} claims do not hold", open, summary.results.claims.len());
                }
                return Outcome::Failed;
            }
            Outcome::Done
        }
        Err(problem) => findings.problem(&problem, &compiled.sources),
    }
}

/// What is said, before anything is scanned, where a run would have to leave something out.
fn not_carried_out(compiled: &Compiled, findings: &mut Findings) -> Option<Outcome> {
    let refused = compiled.plan.as_ref()?.not_carried_out();
    let refused: Vec<Diagnostic> = refused.iter().map(|it| Diagnostic::from_problem(&it.problem())).collect();
    if refused.is_empty() {
        return None;
    }
    findings.show(&refused, &compiled.sources);
    Some(Outcome::Failed)
}
