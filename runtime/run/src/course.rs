//! One wave's way: what it trains and evaluates, made ready, and how it is carried out.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use synx_corpus::Stream;
use synx_plan::cost::TrainedRate;
use synx_plan::executor::{Executor, Load, NumericsClass};
use synx_plan::key::Key;
use synx_plan::model::Model;
use synx_plan::problem::Problem;
use synx_plan::program::Program;
use synx_plan::study::Plan;
use synx_plan::training::{Segment, Training};
use synx_store::Writer;
use synx_train::{BatchSource, DomainRows, Outcome, Work, train, wave};

use crate::corpora::Rows;
use crate::ledger::StoreLedger;
use crate::progress::{Event, LiveCell, Progress};
use crate::run::RunOptions;

/// What all waves share, side by side or one after the other.
pub(crate) struct Common<'a> {
    pub plan: &'a Plan,
    pub training: &'a Training,
    pub options: &'a RunOptions<'a>,
    pub writer: &'a Writer,
    pub class: &'a NumericsClass,
    /// For each segment, the cells that end at its end.
    pub ends: &'a [Vec<(usize, usize)>],
    pub executor: Mutex<&'a mut dyn Executor>,
    pub watch: Mutex<Watch<'a>>,
    /// How many waves train now.
    pub running: AtomicUsize,
    /// Set where one of them came to a problem: the others stop, with checkpoints.
    pub failed: AtomicBool,
}

/// Who watches all waves.
pub(crate) struct Watch<'a> {
    pub progress: &'a mut dyn Progress,
    /// Waves that have begun, and all that there are.
    pub begun: usize,
    pub waves: usize,
}

impl<'a> Common<'a> {
    pub fn executor(&self) -> MutexGuard<'_, &'a mut dyn Executor> {
        self.executor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to stop soon.
    pub fn stops(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.options.interrupt.load(Ordering::Relaxed)
    }

    /// Keeps the first problem, and lets all waves stop.
    pub fn fail(&self, first: &mut Option<Problem>, found: Problem) {
        self.failed.store(true, Ordering::Relaxed);
        first.get_or_insert(found);
    }

    fn watch(&self) -> MutexGuard<'_, Watch<'a>> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: Event) {
        self.watch().progress.tell(event);
    }

    /// Tells of the next wave; its number, counted from one.
    fn begin(&self, model: &Model, slots: usize, segments: usize, steps: u64) -> usize {
        let mut watch = self.watch();
        watch.begun += 1;
        let (wave, waves) = (watch.begun, watch.waves);
        let model = format!("width {}, {} blocks", model.width, model.blocks.len());
        watch.progress.tell(Event::Wave { wave, waves, model, slots, segments, steps });
        wave
    }
}

/// Those who watch, as long as other waves tell them things too.
impl Progress for &Common<'_> {
    fn tell(&mut self, event: Event) {
        Common::tell(self, event);
    }
}

/// How many slots a wave has, and how many of them are live on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Length {
    slots: usize,
    live: f64,
}

impl Length {
    /// Of segments to train and ends to evaluate, with at most so many slots.
    pub fn of(train: &BTreeSet<usize>, evaluated: usize, segments: &[Segment], slots: usize) -> Length {
        let parents: BTreeSet<usize> = train.iter().filter_map(|&segment| segments[segment].parent).collect();
        let widest = train.iter().filter(|segment| !parents.contains(segment)).count();
        let slots = widest.max(evaluated).clamp(1, slots.max(1));
        // Parents come before their children.
        let mut behind: BTreeMap<usize, u64> = BTreeMap::new();
        for &segment in train {
            let before = segments[segment].parent.and_then(|parent| behind.get(&parent)).copied().unwrap_or(0);
            behind.insert(segment, before + segments[segment].end - segments[segment].start);
        }
        let steps: u64 = train.iter().map(|&segment| segments[segment].end - segments[segment].start).sum();
        let longest = behind.values().copied().max().unwrap_or(0);
        let live = if longest > 0 { steps as f64 / longest as f64 } else { slots as f64 };
        Length { slots, live: live.min(slots as f64) }
    }
}

/// What a wave is to do.
pub(crate) struct Course {
    pub program: Program,
    pub model: Model,
    pub length: Length,
    pub train: BTreeSet<usize>,
    /// For each segment whose end is evaluated, the places of its domains.
    pub evaluate: BTreeMap<usize, Vec<usize>>,
    pub domains: Vec<Rows>,
    /// Of each domain: its key, and bytes of text that the predicted tokens stand for.
    pub domain_keys: Vec<(Key, u64)>,
    pub names: Vec<String>,
    pub batches: Batches,
}

/// What a wave came to.
#[derive(Clone, Copy)]
pub(crate) struct Trained {
    pub interrupted: bool,
    pub steps: u64,
    pub evaluations: usize,
    /// What it reached, and in how many seconds of steps.
    pub rate: Option<(TrainedRate, f64)>,
}

impl Course {
    pub fn load(&self) -> Load<'_> {
        Load { program: &self.program, slots: self.length.slots, live: self.length.live }
    }

    /// Trains and evaluates all of it, beside other waves or alone.
    pub fn train(&self, common: &Common) -> Result<Trained, Problem> {
        let Common { plan, training, options, .. } = *common;
        let (program, model) = (&self.program, &self.model);
        let cell = |segment: usize| {
            let (g, c) = training.segments[segment].example;
            &plan.grids[g].cells[c]
        };
        let domains: Vec<&dyn DomainRows> = self.domains.iter().map(|rows| rows as &dyn DomainRows).collect();
        let work = Work {
            program,
            segments: &training.segments,
            train: self.train.clone(),
            evaluate: self.evaluate.clone(),
            domains: &domains,
            source: &self.batches,
            recipe: &|segment| plan.recipe(cell(segment)),
            initial: &|segment| program.initial_parameters(plan.study.seed, u64::from(cell(segment).replicate)),
        };
        let teller = Teller { common, names: &self.names, wave: Cell::new(0), model };
        let mut evaluations = 0;
        let is_end: Vec<bool> = common.ends.iter().map(|cells| !cells.is_empty()).collect();
        let mut ledger = StoreLedger {
            writer: common.writer,
            class: &common.class.at(program.precision),
            training,
            keep: options.keep,
            is_end: &is_end,
            waiting: work.evaluate.iter().map(|(&segment, domains)| (segment, domains.len())).collect(),
            domains: &self.domain_keys,
            evaluated: &mut |segment, domain, loss| {
                evaluations += 1;
                teller.evaluated(segment, domain, loss);
            },
        };
        let started = Instant::now();
        let how = synx_train::Options {
            slots: options.slots,
            checkpoint_every: options.checkpoint_every,
            interrupt: &|| common.stops(),
            clock: &|| started.elapsed().as_secs_f64(),
            share: &|| 1.0 / common.running.load(Ordering::Relaxed).max(1) as f64,
        };
        let (mut steps, mut seconds) = (0, 0.0);
        let make = |wanted| wave(&mut **common.executor(), program, wanted);
        let outcome = train(make, &work, &mut ledger, &how, &mut |event| {
            if let synx_train::Event::Stepped { done, own_seconds, .. } = event {
                (steps, seconds) = (done, own_seconds);
            }
            teller.tell(event);
        });
        common.tell(Event::WaveEnded { wave: teller.wave.get() });
        let interrupted = outcome? == Outcome::Interrupted;
        let rate = (seconds > 0.0).then(|| {
            let flops_per_step = self.model.flops_exact_per_sequence() as f64 * program.rows as f64;
            let flops_per_second = flops_per_step * steps as f64 / seconds;
            (TrainedRate { precision: program.precision, flops_per_step, flops_per_second }, seconds)
        });
        Ok(Trained { interrupted, steps, evaluations, rate })
    }
}

/// The batches of segments.
pub(crate) struct Batches {
    pub streams: Vec<Stream>,
    /// For each segment, the place of its stream.
    pub of: BTreeMap<usize, usize>,
    /// Sequences a step.
    pub rows: u64,
}

impl BatchSource for Batches {
    fn fill(&self, segment: usize, step: u64, inputs: &mut [u32], targets: &mut [u32]) {
        self.streams[self.of[&segment]].fill(step * self.rows..(step + 1) * self.rows, inputs, targets);
    }
}

/// Turns what training tells of segments into what people know: cells.
struct Teller<'a, 'c> {
    common: &'a Common<'c>,
    /// Of the domains of the work.
    names: &'a [String],
    /// The wave's number, once it has begun.
    wave: Cell<usize>,
    model: &'a Model,
}

impl Teller<'_, '_> {
    fn name(&self, (g, c): (usize, usize)) -> String {
        let grid = &self.common.plan.grids[g];
        grid.cell_name(&grid.cells[c].values)
    }

    /// The cells that end at a segment's end.
    fn ends(&self, segment: usize) -> Vec<String> {
        self.common.ends[segment].iter().map(|&cell| self.name(cell)).collect()
    }

    fn evaluated(&self, segment: usize, domain: usize, loss: Option<f64>) {
        let (cells, domain) = (self.ends(segment), self.names[domain].clone());
        self.common.tell(Event::Evaluated { wave: self.wave.get(), cells, domain, loss });
    }

    fn tell(&self, event: synx_train::Event) {
        use synx_train::Event as Training;
        let wave = self.wave.get();
        let told = match event {
            Training::Wave { slots, segments, steps } => {
                self.wave.set(self.common.begin(self.model, slots, segments, steps));
                return;
            }
            Training::Stepped { live, done, total, tokens_per_second, own_seconds: _, seconds_left } => {
                let cell = |slot: &synx_train::LiveSlot| {
                    let segment = &self.common.training.segments[slot.segment];
                    LiveCell {
                        cell: self.name(segment.example),
                        shared_with: segment.cells - 1,
                        step: slot.step,
                        end: segment.end,
                        loss: slot.loss,
                    }
                };
                let live = live.iter().map(cell).collect();
                Event::Stepped { wave, live, done, total, tokens_per_second, seconds_left }
            }
            Training::Checkpointed { .. } => Event::Checkpointed,
            Training::Finished { segment } => match self.ends(segment) {
                cells if cells.is_empty() => return,
                cells => Event::Trained { cells },
            },
            Training::Diverged { segment, step } => match self.ends(segment) {
                cells if cells.is_empty() => return,
                cells => Event::Diverged { cells, step: step + 1 },
            },
            Training::Joined { .. } | Training::Evaluated { .. } => return,
        };
        self.common.tell(told);
    }
}
