//! Steps that wait to be carried out, and which model goes when.

use std::sync::{Mutex, PoisonError};

use rayon::{ScopeFifo, ThreadPool};
use synx_plan::executor::{Batch, StepControl, StepReading};

use super::buffer::Buffer;
use super::prepared::Prepared;
use super::step::{Desk, Part, Replica, step};

/// Tokens that may wait, of all slots and steps: a MiB of inputs and targets.
const TOKENS: usize = 1 << 17;

/// Steps in the order in which they were asked for.
#[derive(Default)]
pub(super) struct Queue {
    steps: Vec<Waiting>,
    /// Batches whose steps were carried out: their memory is used again.
    spare: Vec<Batch>,
}

struct Waiting {
    batch: Batch,
    controls: Vec<Option<StepControl>>,
}

/// What steps gave, per step and slot; `None` for a slot that rested.
pub(super) type Readings = Vec<Vec<Option<StepReading>>>;

impl Queue {
    pub fn push(&mut self, batch: &Batch, controls: &[Option<StepControl>]) {
        let mut own = self.spare.pop().unwrap_or_default();
        own.inputs.clone_from(&batch.inputs);
        own.targets.clone_from(&batch.targets);
        own.weights.clone_from(&batch.weights);
        self.steps.push(Waiting { batch: own, controls: controls.to_vec() });
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether so much waits that it should be carried out.
    pub fn is_full(&self) -> bool {
        self.steps.iter().map(|step| step.batch.inputs.len()).sum::<usize>() >= TOKENS
    }

    /// Carries out what waits, on the threads of a pool, beside what other waves have there. A model goes through its steps in order and waits for no other:
    /// the one that has come least far is next, and as many go at once as there are desks. So threads have work also where models are fewer than they, or
    /// no multiple of them.
    pub fn carry_out(
        &mut self,
        pool: &ThreadPool,
        prepared: &Prepared,
        replicas: &mut [Option<Replica>],
        desks: &mut [Desk],
        spaces: &[Mutex<Buffer>],
    ) -> Readings {
        let steps = std::mem::take(&mut self.steps);
        let readings: Readings = steps.iter().map(|step| vec![None; step.controls.len()]).collect();
        let walks = replicas.iter_mut().enumerate();
        let walks =
            walks.filter_map(|(slot, replica)| Walk { slot, replica: replica.as_mut()?, next: 0 }.go_to_next(&steps));
        let walks = Walks { idle: Mutex::new(walks.collect()), readings: Mutex::new(readings) };
        // In place: a thread of the pool that waited here could come to carry out a whole piece of another wave before it saw that this one is through.
        pool.in_place_scope_fifo(|scope| {
            for desk in desks {
                let place = Place { prepared, steps: &steps, spaces, desk };
                scope.spawn_fifo(|scope| walks.go_on(scope, place));
            }
        });
        let readings = walks.readings.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.spare.extend(steps.into_iter().map(|step| step.batch));
        readings
    }
}

/// A model on its way through the steps that it takes part in.
struct Walk<'a> {
    slot: usize,
    replica: &'a mut Replica,
    /// The step that comes next.
    next: usize,
}

impl Walk<'_> {
    /// To the next step that it takes part in; nothing where there is none.
    fn go_to_next(mut self, steps: &[Waiting]) -> Option<Self> {
        self.next += steps[self.next..].iter().position(|step| step.controls[self.slot].is_some())?;
        Some(self)
    }
}

/// Where a step is carried out.
struct Place<'a> {
    prepared: &'a Prepared,
    steps: &'a [Waiting],
    spaces: &'a [Mutex<Buffer>],
    desk: &'a mut Desk,
}

/// The models between their steps, and what the steps gave.
struct Walks<'a> {
    idle: Mutex<Vec<Walk<'a>>>,
    readings: Mutex<Readings>,
}

impl<'a> Walks<'a> {
    /// Takes the model that has come least far one step further, and comes again behind what waits on this thread; ends where every model is under way or done.
    fn go_on<'s>(&'s self, scope: &ScopeFifo<'s>, place: Place<'s>) {
        let Some(mut walk) = self.take() else { return };
        let Waiting { batch, controls } = &place.steps[walk.next];
        if let Some(control) = controls[walk.slot] {
            let part = Part { batch, slot: walk.slot, control };
            let reading = step(place.prepared, walk.replica, part, place.desk, place.spaces);
            let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
            readings[walk.next][walk.slot] = Some(reading);
        }
        walk.next += 1;
        if let Some(walk) = walk.go_to_next(place.steps) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(walk);
        }
        scope.spawn_fifo(move |scope| self.go_on(scope, place));
    }

    fn take(&self) -> Option<Walk<'a>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, _) = idle.iter().enumerate().min_by_key(|(_, walk)| (walk.next, walk.slot))?;
        Some(idle.swap_remove(first))
    }
}
