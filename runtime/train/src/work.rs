//! What is to be trained, and where its tokens come from.

use std::collections::{BTreeMap, BTreeSet};

use synx_plan::executor::StepReading;
use synx_plan::program::Program;
use synx_plan::recipe::Recipe;
use synx_plan::training::Segment;

/// The tokens of training steps.
pub trait BatchSource: Sync {
    /// Fills the batch of one step of a segment; `inputs` and `targets` are `[rows, context]`. A pure function of its arguments.
    fn fill(&self, segment: usize, step: u64, inputs: &mut [u32], targets: &mut [u32]);
}

/// The rows of an evaluation domain.
pub trait DomainRows {
    fn rows(&self) -> usize;

    /// Fills rows from `first` on; all three are `[any, context]`. A padded target weighs 0, every other 1.
    fn fill(&self, first: usize, inputs: &mut [u32], targets: &mut [u32], weights: &mut [f32]);
}

/// The segments of one program that are to be trained and evaluated.
pub struct Work<'a> {
    pub program: &'a Program,
    /// All segments of the study: parents before their children.
    pub segments: &'a [Segment],
    /// The segments to train; all of this program. What they start from and is not kept is trained as well.
    pub train: BTreeSet<usize>,
    /// For each segment whose end is evaluated, the places of its domains in `domains`.
    pub evaluate: BTreeMap<usize, Vec<usize>>,
    pub domains: &'a [&'a dyn DomainRows],
    pub source: &'a dyn BatchSource,
    pub recipe: &'a dyn Fn(usize) -> &'a Recipe,
    /// The first weights of a segment's chain.
    pub initial: &'a dyn Fn(usize) -> Vec<f32>,
}

/// How training goes about its work; nothing here changes bits.
pub struct Options<'a> {
    /// Seconds between checkpoints of what is on its way.
    pub checkpoint_every: f64,
    /// Whether to stop soon, with a checkpoint.
    pub interrupt: &'a dyn Fn() -> bool,
    /// Seconds since some moment.
    pub clock: &'a dyn Fn() -> f64,
    /// The part of the device that this wave has now, up to 1: others train beside it.
    pub share: &'a dyn Fn() -> f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is trained and evaluated, or has diverged.
    Done,
    Interrupted,
}

/// A loss of this many times the uniform distribution's is taken as divergence although it is finite. Arbitrary: e^-45 for the
/// right byte, which no step of a run that comes to anything is near.
const HOPELESS: f64 = 8.0;

/// Whether a step's reading ends its run: its slot has stopped, or the loss is beyond all sense.
pub fn diverges(reading: &StepReading, vocabulary: usize) -> bool {
    let uniform = (vocabulary.max(2) as f64).ln();
    reading.is_stop() || f64::from(reading.loss) > HOPELESS * uniform
}
