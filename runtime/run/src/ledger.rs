//! The store as training sees it.

use std::collections::BTreeMap;

use synx_plan::executor::{NumericsClass, SlotState};
use synx_plan::key::Key;
use synx_plan::problem::Problem;
use synx_plan::training::Training;
use synx_store::{Checkpoint, EvaluationRecord, SegmentRecord, Writer};
use synx_train::{Finished, Ledger, LossSum, Snapshot};

use crate::run::Keep;

/// Where training keeps states, records and results.
pub(crate) struct StoreLedger<'a> {
    pub writer: &'a Writer,
    pub class: &'a NumericsClass,
    pub training: &'a Training,
    pub keep: Keep,
    /// Whether some cell ends at a segment's end.
    pub is_end: &'a [bool],
    /// Evaluations that each segment's end still waits for.
    pub waiting: BTreeMap<usize, usize>,
    /// Of the domains of the work: key, and bytes of text that the predicted tokens stand for.
    pub domains: &'a [(Key, u64)],
    /// Told every result: segment, domain, mean loss.
    pub evaluated: &'a mut dyn FnMut(usize, usize, Option<f64>),
}

impl StoreLedger<'_> {
    fn key(&self, segment: usize) -> &Key {
        &self.training.segments[segment].key
    }

    fn waits(&self, segment: usize) -> bool {
        self.waiting.get(&segment).is_some_and(|&count| count > 0)
    }
}

impl Ledger for StoreLedger<'_> {
    fn has_state(&mut self, segment: usize) -> Result<bool, Problem> {
        self.writer.has_state(self.key(segment), self.class)
    }

    fn state(&mut self, segment: usize) -> Result<Option<SlotState>, Problem> {
        self.writer.state(self.key(segment), self.class)
    }

    fn weights(&mut self, segment: usize) -> Result<Option<Vec<f32>>, Problem> {
        self.writer.weights(self.key(segment), self.class)
    }

    fn has_snapshot(&mut self, segment: usize) -> Result<bool, Problem> {
        self.writer.has_checkpoint(self.key(segment), self.class)
    }

    fn snapshot(&mut self, segment: usize) -> Result<Option<Snapshot>, Problem> {
        let found = self.writer.checkpoint(self.key(segment), self.class)?;
        Ok(found.map(|Checkpoint { start, state, seconds, curve }| Snapshot { start, state, seconds, curve }))
    }

    fn save_snapshot(&mut self, segment: usize, snapshot: &Snapshot) -> Result<(), Problem> {
        let Snapshot { start, state, seconds, curve } = snapshot.clone();
        self.writer.save_checkpoint(self.key(segment), self.class, &Checkpoint { start, state, seconds, curve })
    }

    fn finish(
        &mut self,
        segment: usize,
        finished: &Finished,
        state: Option<&SlotState>,
        forks: bool,
    ) -> Result<(), Problem> {
        let (key, class) = (self.key(segment), self.class);
        if let Some(state) = state {
            if forks || self.keep == Keep::All {
                self.writer.save_state(key, class, state)?;
            }
            let is_kept = self.is_end[segment] && self.keep != Keep::None;
            if is_kept || self.keep == Keep::All || self.waits(segment) {
                self.writer.save_weights(key, class, state.step, &state.parameters)?;
            }
        }
        let declared = &self.training.segments[segment];
        let record = SegmentRecord {
            parent: declared.parent.map(|parent| *self.key(parent)),
            start: declared.start,
            end: declared.end,
            diverged: finished.diverged,
            seconds: finished.seconds,
            curve: finished.curve.clone(),
        };
        self.writer.save_segment(key, class, &record)?;
        self.writer.remove_checkpoint(key, class)
    }

    fn release(&mut self, segment: usize) -> Result<(), Problem> {
        match self.keep {
            Keep::All => Ok(()),
            Keep::None | Keep::Weights => self.writer.remove_state(self.key(segment), self.class),
        }
    }

    fn evaluated(&mut self, segment: usize, domain: usize, losses: Option<LossSum>) -> Result<(), Problem> {
        let (key, class) = (*self.key(segment), self.class);
        let (domain_key, bytes) = &self.domains[domain];
        match losses {
            Some(LossSum { loss, tokens }) => {
                let record = EvaluationRecord { loss, tokens, bytes: *bytes };
                self.writer.save_evaluation(&key, class, domain_key, &record)?;
            }
            // The last update broke it, which no step's loss could show any more.
            None => {
                if let Some(record) = self.writer.segment(&key, class)? {
                    let record = SegmentRecord { diverged: Some(record.end), ..record };
                    self.writer.save_segment(&key, class, &record)?;
                }
            }
        }
        (self.evaluated)(segment, domain, losses.map(|l| l.loss / l.tokens as f64));
        if let Some(count) = self.waiting.get_mut(&segment) {
            *count = count.saturating_sub(1);
        }
        if self.keep == Keep::None && !self.waits(segment) {
            self.writer.remove_weights(&key, class)?;
        }
        Ok(())
    }
}
