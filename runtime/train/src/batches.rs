//! Batches made ahead on a thread of their own, so that the device never waits for tokens.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use synx_plan::executor::Batch;
use synx_plan::program::Program;

use crate::work::BatchSource;

/// Tokens of batches that may wait, of all slots: a MiB of inputs and targets. At least one batch is in use and one ready.
const TOKENS: usize = 1 << 17;

/// A stretch of steps of some slots; for each slot the segment and its first step.
pub(crate) struct Stretch {
    pub slots: Vec<Option<(usize, u64)>>,
    pub steps: u64,
}

/// The batches of a stretch, in order. Dropping it ends the thread.
pub(crate) struct Batches {
    made: Receiver<Batch>,
    used: SyncSender<Batch>,
}

impl Batches {
    pub(crate) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        source: &'scope dyn BatchSource,
        program: &Program,
        stretch: Stretch,
    ) -> Batches {
        let tokens = program.tokens();
        let ahead = (TOKENS / (stretch.slots.len() * tokens).max(1)).max(2);
        let (give, made) = sync_channel(ahead - 1);
        let (used, back) = sync_channel(ahead + 1);
        scope.spawn(move || {
            for i in 0..stretch.steps {
                let mut batch: Batch = back.try_recv().unwrap_or_default();
                // Slots that rest keep zeros: the same ones rest in all of a stretch.
                batch.inputs.resize(stretch.slots.len() * tokens, 0);
                batch.targets.resize(stretch.slots.len() * tokens, 0);
                let slots = batch.inputs.chunks_exact_mut(tokens).zip(batch.targets.chunks_exact_mut(tokens));
                for (slot, (inputs, targets)) in stretch.slots.iter().zip(slots) {
                    if let Some((segment, first)) = slot {
                        source.fill(*segment, first + i, inputs, targets);
                    }
                }
                if give.send(batch).is_err() {
                    return;
                }
            }
        });
        Batches { made, used }
    }

    /// The next batch; `None` after the last.
    pub(crate) fn next(&self) -> Option<Batch> {
        self.made.recv().ok()
    }

    /// Gives a batch's memory back.
    pub(crate) fn recycle(&self, batch: Batch) {
        let _ = self.used.try_send(batch);
    }
}
