//! What training finds from before and leaves behind.

use synx_plan::executor::{SlotState, StepReading};
use synx_plan::problem::Problem;

/// Keeps states, records and results of segments; in a run, the store.
pub trait Ledger {
    /// Whether the state at a segment's end is kept; may be wrong where it is damaged, which `state` then finds.
    fn has_state(&mut self, segment: usize) -> Result<bool, Problem>;

    /// The state at a segment's end.
    fn state(&mut self, segment: usize) -> Result<Option<SlotState>, Problem>;

    /// The weights at a segment's end.
    fn weights(&mut self, segment: usize) -> Result<Option<Vec<f32>>, Problem>;

    fn has_snapshot(&mut self, segment: usize) -> Result<bool, Problem>;

    fn snapshot(&mut self, segment: usize) -> Result<Option<Snapshot>, Problem>;

    fn save_snapshot(&mut self, segment: usize, snapshot: &Snapshot) -> Result<(), Problem>;

    /// A segment is through: commits its record last. `state` is the one at its end, `None` where it diverged; `forks` says that other segments
    /// start from it.
    fn finish(
        &mut self,
        segment: usize,
        finished: &Finished,
        state: Option<&SlotState>,
        forks: bool,
    ) -> Result<(), Problem>;

    /// Nothing starts from a segment's end any more.
    fn release(&mut self, segment: usize) -> Result<(), Problem>;

    /// The losses of a segment's end on a domain; `None` where they are not finite.
    fn evaluated(&mut self, segment: usize, domain: usize, losses: Option<LossSum>) -> Result<(), Problem>;
}

/// What a segment came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The optimiser step, from zero, that diverged.
    pub diverged: Option<u64>,
    /// Its part of its waves' time.
    pub seconds: f64,
    /// From the segment's start on, up to its end or to before the step that diverged.
    pub curve: Vec<StepReading>,
}

/// A segment on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The step that `curve` begins at.
    pub start: u64,
    pub state: SlotState,
    pub seconds: f64,
    /// From `start` up to `state.step`.
    pub curve: Vec<StepReading>,
}

/// Losses over a domain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossSum {
    /// Nats over all predicted tokens, summed in f64 from first to last.
    pub loss: f64,
    pub tokens: u64,
}
