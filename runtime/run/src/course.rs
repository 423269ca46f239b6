//! One wave's way: what it trains and evaluates, made ready, and how it is carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use synx_corpus::Stream;
use synx_plan::cost::TrainedRate;
use synx_plan::executor::{Load, NumericsClass, Wave};
use synx_plan::key::Key;
use synx_plan::model::Model;
use synx_plan::problem::Problem;
use synx_plan::program::Program;
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_store::Writer;
use synx_train::{BatchSource, Breadth, DomainRows, Outcome, Work, train};

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
    pub progress: Mutex<&'a mut dyn Progress>,
    /// All waves that there are.
    pub waves: usize,
    /// How many waves train now.
    pub running: AtomicUsize,
    /// Set where one of them came to a problem: the others stop, with checkpoints.
    pub failed: AtomicBool,
}

impl Common<'_> {
    /// Whether to stop soon.
    pub fn stops(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.options.interrupt.load(Ordering::Relaxed)
    }

    /// Keeps the first problem, and lets all waves stop.
    pub fn fail(&self, first: &mut Option<Problem>, found: Problem) {
        self.failed.store(true, Ordering::Relaxed);
        first.get_or_insert(found);
    }

    pub fn tell(&self, event: Event) {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).tell(event);
    }
}

/// Those who watch, as long as other waves tell them things too.
impl Progress for &Common<'_> {
    fn tell(&mut self, event: Event) {
        Common::tell(self, event);
    }
}

/// What a wave is to do.
pub(crate) struct Course {
    pub program: Program,
    pub model: Model,
    pub breadth: Breadth,
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
        Load { program: &self.program, live: self.breadth.live }
    }

    /// Trains and evaluates all of it in an empty wave, beside others or alone. `number` counts waves from one; `begun` is called once it has been told of.
    pub fn train(
        &self,
        common: &Common,
        wave: Box<dyn Wave>,
        number: usize,
        begun: &dyn Fn(),
    ) -> Result<Trained, Problem> {
        let Common { plan, training, options, .. } = *common;
        let program = &self.program;
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
        let teller = Teller { common, course: self, wave: number };
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
            checkpoint_every: options.checkpoint_every,
            interrupt: &|| common.stops(),
            clock: &|| started.elapsed().as_secs_f64(),
            share: &|| 1.0 / common.running.load(Ordering::Relaxed).max(1) as f64,
        };
        let (mut steps, mut seconds) = (0, 0.0);
        let outcome = train(wave, &work, &mut ledger, &how, &mut |event| {
            let begins = matches!(event, synx_train::Event::Wave { .. });
            if let synx_train::Event::Stepped { done, own_seconds, .. } = event {
                (steps, seconds) = (done, own_seconds);
            }
            teller.tell(event);
            if begins {
                begun();
            }
        });
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
    course: &'a Course,
    wave: usize,
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
        let (cells, domain) = (self.ends(segment), self.course.names[domain].clone());
        self.common.tell(Event::Evaluated { wave: self.wave, cells, domain, loss });
    }

    fn tell(&self, event: synx_train::Event) {
        use synx_train::Event as Training;
        let wave = self.wave;
        let told = match event {
            Training::Wave { slots, segments, steps } => {
                let Course { model, evaluate, .. } = self.course;
                let model = format!("width {}, {} blocks", model.width, model.blocks.len());
                let evaluations = evaluate.values().map(Vec::len).sum();
                Event::Wave { wave, waves: self.common.waves, model, slots, segments, steps, evaluations }
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
