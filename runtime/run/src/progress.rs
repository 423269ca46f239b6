//! What a run tells those who watch: plain data; how it is shown is theirs.

use std::path::PathBuf;

use synx_plan::corpus::CorpusFacts;
use synx_plan::problem::Problem;

/// Takes what happens, as it happens.
pub trait Progress: Send {
    fn tell(&mut self, event: Event);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn tell(&mut self, _: Event) {}
}

impl<F: FnMut(Event) + Send> Progress for F {
    fn tell(&mut self, event: Event) {
        self(event);
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A corpus is looked at: files are read, documents of the built-in world written.
    Scanning { corpus: String },
    /// `again` where its source has not changed since the last scan.
    Scanned { corpus: String, facts: CorpusFacts, again: bool },
    /// The tokens of a corpus are made.
    Building { corpus: String },
    /// Something that does not stop the run: a damaged entry that is made again.
    Warning(Problem),
    /// What the run computes on, and the numerics classes of its results, one for each precision that cells train in.
    Device { name: String, classes: Vec<String> },
    /// The study has results of another device, in these classes, which stay there: this one trains afresh.
    OtherDevice { classes: Vec<String>, cells: usize },
    /// What there is to do at this stage: cells, those with a result already, segments of training left and their steps.
    Start {
        cells: usize,
        done: usize,
        /// Cells that wait for results of others.
        waiting: usize,
        segments: usize,
        steps: u64,
        evaluations: usize,
    },
    /// A wave is made for one model. Several may train side by side.
    Wave { wave: usize, waves: usize, model: String, slots: usize, segments: usize, steps: u64, evaluations: usize },
    /// Some steps of a wave were taken.
    Stepped {
        wave: usize,
        live: Vec<LiveCell>,
        /// Steps of all slots in this wave so far, and altogether.
        done: u64,
        total: u64,
        tokens_per_second: f64,
        /// Seconds until this wave ends.
        seconds_left: f64,
    },
    /// A wave is through, or was stopped.
    WaveEnded { wave: usize },
    /// Everything on its way is kept up to here.
    Checkpointed,
    /// The training of these cells is through.
    Trained { cells: Vec<String> },
    /// These cells are given up at an optimiser step (counted from one); the others go on.
    Diverged { cells: Vec<String>, step: u64 },
    /// These cells were evaluated on a domain, nats per token; `None` where it is not finite.
    Evaluated { wave: usize, cells: Vec<String>, domain: String, loss: Option<f64> },
    /// Results have settled what cells wait for: a mixture by its shares, values by themselves.
    Settled { what: String, value: String },
    /// What cells wait for has no value: they are not trained.
    WithoutValue { what: String, why: String },
    /// A law was fitted to so many of its groups.
    Law { law: String, fitted: usize, groups: usize },
    /// Files of results.
    Written { files: Vec<PathBuf> },
}

/// A slot of a wave.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveCell {
    /// A cell that goes through here, by name.
    pub cell: String,
    /// How many more cells share what is trained here.
    pub shared_with: usize,
    /// Steps taken, and the step at which this stretch ends.
    pub step: u64,
    pub end: u64,
    /// Training loss of the last step, nats per token.
    pub loss: f32,
}
