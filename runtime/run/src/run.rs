//! A run: everything that the plan asks for and the store does not have, then results.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use synx_plan::executor::{Executor, NumericsClass};
use synx_plan::problem::Problem;
use synx_plan::recipe::Precision;
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_report::StudyResults;
use synx_store::{Store, Writer};

use crate::answers::{self, Sources};
use crate::carrier::{Carried, Carrier, Todo};
use crate::corpora::Corpora;
use crate::device::{self, DeviceChoice};
use crate::holdings::{Holdings, classes, devices};
use crate::progress::{Event, Progress};
use crate::rates::Rates;
use crate::results;
use crate::stages::{Reading, Stages};

/// What stays in the store of a finished cell, beside its records and results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    None,
    /// Final weights.
    #[default]
    Weights,
    /// Weights and moments at every end and fork: later budgets go on from there.
    All,
}

/// How a plan is carried out; nothing here changes a result, but for the device's class.
pub struct RunOptions<'a> {
    /// The folder that the study's file is in: its store lies there, and paths of corpora start there.
    pub folder: PathBuf,
    /// Where results are written.
    pub out: PathBuf,
    pub device: DeviceChoice,
    /// Threads of the CPU; one a core where it is not said.
    pub threads: Option<usize>,
    /// Whether cells share what they can.
    pub share: bool,
    pub keep: Keep,
    /// Whether corpora may lie outside the study's folder.
    pub allow_outside: bool,
    /// Slots of a wave at most; the device may hold fewer.
    pub slots: usize,
    /// Seconds between checkpoints of what is on its way.
    pub checkpoint_every: f64,
    /// Where what models reach on this machine is kept, for estimates; nowhere where it is none.
    pub rates: Option<PathBuf>,
    /// Set from outside to stop soon: everything on its way is kept, and what is finished is written.
    pub interrupt: &'a AtomicBool,
}

impl<'a> RunOptions<'a> {
    /// What the command line has where nothing else is said.
    pub fn new(folder: impl Into<PathBuf>, out: impl Into<PathBuf>, interrupt: &'a AtomicBool) -> RunOptions<'a> {
        RunOptions {
            folder: folder.into(),
            out: out.into(),
            device: DeviceChoice::Auto,
            threads: None,
            share: true,
            keep: Keep::default(),
            allow_outside: false,
            slots: 16,
            checkpoint_every: 60.0,
            rates: None,
            interrupt,
        }
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub results: StudyResults,
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// Whether it was stopped before everything was done.
    pub interrupted: bool,
    /// Steps of all slots that were trained in this call.
    pub steps: u64,
    /// Evaluations (state × domain) that were made in this call.
    pub evaluations: usize,
    /// Cells that could not be trained since what they train on has no value.
    pub unsettled: Vec<Problem>,
}

/// Carries a plan out, whose corpora have all been scanned (`scan`). What is finished is never done again, also when this call fails in between.
///
/// In stages: cells that train on what results settle wait, and are trained once it is settled.
pub fn run(plan: &Plan, options: &RunOptions, progress: &mut dyn Progress) -> Result<Summary, Problem> {
    let store = Store::open(&options.folder)?;
    let writer = store.write()?;
    let first = Training::new(plan, options.share);
    if plan.cells().any(|(g, c, cell)| first.ends[g][c].is_none() && plan.awaited(cell).is_empty()) {
        return Err(Problem::new("E0975", "a corpus of the study has not been scanned")
            .help("this is a mistake in synx: a run scans first"));
    }
    let known = classes(plan, &first, &store)?;
    let known_devices = devices(&known);
    let by_coverage: Vec<NumericsClass> = known_devices.iter().map(|(class, _)| class.clone()).collect();
    // Of all that cells may be, where a run chooses.
    let all = plan.cells().flat_map(|(_, _, cell)| cell.alternatives(&plan.choices));
    let precisions: BTreeSet<Precision> = all.map(|it| plan.recipes[it.recipe as usize].precision).collect();
    let precisions: Vec<Precision> = precisions.into_iter().collect();
    let mut executor = device::open(&options.device, options.threads, &by_coverage, &precisions)?;
    for precision in &precisions {
        executor.check_precision(*precision)?;
    }
    let class = executor.class();
    let classes = precisions.iter().map(|precision| class.at(*precision).0).collect();
    progress.tell(Event::Device { name: executor.name(), classes });
    if !by_coverage.contains(&class)
        && let Some((other, cells)) = known_devices.first()
    {
        let classes = known.iter().filter(|(known, _)| known.of_device() == *other).map(|(known, _)| known.0.clone());
        progress.tell(Event::OtherDevice { classes: classes.collect(), cells: *cells });
    }
    let corpora = Corpora::new(plan, &options.folder, options.allow_outside);
    let reading =
        Reading { folder: &options.folder, allow_outside: options.allow_outside, store: &store, writer: Some(&writer) };
    let mut run = Run { options, reading, writer: &writer, class, corpora, carried: Carried::default() };
    let mut stages = Stages::new(plan);
    let mut trained: Option<usize> = None;
    let cells = loop {
        // What has no value changes how cells stand, and leaves nothing to train.
        if trained != Some(stages.settled()) {
            run.train(&stages, &mut *executor, progress)?;
            trained = Some(stages.settled());
        }
        let cells = run.cells(&stages, executor.name())?;
        if run.carried.interrupted {
            break cells;
        }
        let told = stages.settle(&cells, run.sources())?;
        if told.is_empty() {
            break cells;
        }
        told.into_iter().for_each(|event| progress.tell(event));
    };
    if let Some(file) = options.rates.as_ref().filter(|_| !run.carried.rates.is_empty()) {
        let mut rates = Rates::read(file);
        run.carried.rates.iter().for_each(|(rate, seconds)| rates.trained(&executor.name(), *rate, *seconds));
        rates.write(file);
    }
    let results = answers::answer(&stages.plan, cells, run.sources(), progress)?;
    store.take_warnings().into_iter().for_each(|warning| progress.tell(Event::Warning(warning)));
    let files = synx_report::write(&options.out, &results, &stages.plan, options.share)?;
    progress.tell(Event::Written { files: files.clone() });
    let Carried { interrupted, steps, evaluations, .. } = run.carried;
    Ok(Summary { results, files, interrupted, steps, evaluations, unsettled: stages.problems() })
}

/// What all stages of a run share.
struct Run<'a> {
    options: &'a RunOptions<'a>,
    reading: Reading<'a>,
    writer: &'a Writer,
    class: NumericsClass,
    corpora: Corpora<'a>,
    carried: Carried,
}

impl<'a> Run<'a> {
    /// Trains and evaluates all cells that have keys by now.
    fn train(
        &mut self,
        stages: &Stages,
        executor: &mut dyn Executor,
        progress: &mut dyn Progress,
    ) -> Result<(), Problem> {
        let plan = &stages.plan;
        let training = Training::new(plan, self.options.share);
        let mut holdings = Holdings::new(plan, &training, self.reading.store, &self.class);
        let todo = Todo::new(&mut holdings, self.writer)?;
        let warnings = self.reading.store.take_warnings();
        warnings.into_iter().for_each(|warning| progress.tell(Event::Warning(warning)));
        let keyed = training.ends.iter().flatten().flatten().count();
        progress.tell(Event::Start {
            cells: plan.cells().count(),
            done: keyed - todo.cells,
            waiting: stages.waiting(),
            segments: todo.train.len(),
            steps: todo.train.iter().map(|&s| training.segments[s].end - training.segments[s].start).sum(),
            evaluations: todo.evaluate.values().map(std::collections::BTreeSet::len).sum(),
        });
        if todo.is_empty() {
            return Ok(());
        }
        let (writer, class) = (self.writer, &self.class);
        let mut carrier = Carrier::new(plan, &training, self.options, (writer, class), &mut self.corpora);
        carrier.carry_out(&todo, executor, progress, &mut self.carried).map_err(|problem| {
            problem.note("everything that was finished is kept: the same command goes on from there")
        })
    }

    /// How all cells stand.
    fn cells(&self, stages: &Stages, device: String) -> Result<StudyResults, Problem> {
        let training = Training::new(&stages.plan, self.options.share);
        let mut holdings = Holdings::new(&stages.plan, &training, self.reading.store, &self.class);
        results::results(&mut holdings, &self.class, device, &|cell| stages.status(cell))
    }

    fn sources(&mut self) -> Sources<'_, 'a> {
        self.reading.sources(&mut self.corpora)
    }
}
