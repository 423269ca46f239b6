//! The wave: slots that step from event to event, with joins, leaves and forks between.

use synx_plan::executor::{SlotState, StepControl, StepReading, Wave};
use synx_plan::problem::Problem;

use crate::batches::{Batches, Stretch};
use crate::breadth::evaluated_alone;
use crate::evaluate;
use crate::event::{Event, LiveSlot};
use crate::ledger::{Finished, Ledger, Snapshot};
use crate::queue::Queue;
use crate::work::{Options, Outcome, Work, diverges};

/// Seconds between two looks at losses, the clock and the wish to stop. Arbitrary: often enough to feel alive, seldom enough to keep a device busy.
const GLANCE: f64 = 0.25;

/// Steps between two looks at most.
const STEPS_AT_ONCE: u64 = 64;

/// Trains and evaluates everything in `work` in an empty wave of its program. What was finished, checkpointed or evaluated before `ledger` failed stays; bits
/// depend on nothing but the work.
pub fn train(
    wave: Box<dyn Wave>,
    work: &Work,
    ledger: &mut dyn Ledger,
    options: &Options,
    watch: &mut dyn FnMut(Event),
) -> Result<Outcome, Problem> {
    let queue = Queue::new(work.segments, &work.train, ledger)?;
    let pending: Vec<Pending> =
        evaluated_alone(&work.train, &work.evaluate).map(|segment| Pending { segment, weights: None }).collect();
    if queue.len() == 0 && pending.is_empty() {
        return Ok(Outcome::Done);
    }
    let slots = wave.slots();
    watch(Event::Wave { slots, segments: queue.len(), steps: queue.steps_waiting() });
    let started = (options.clock)();
    let mut driver = Driver {
        work,
        options,
        wave,
        live: vec![None; slots],
        queue,
        pending,
        steps_done: 0,
        step_seconds: 0.0,
        own_seconds: 0.0,
        at_once: 1,
        last_checkpoint: started,
    };
    driver.run(ledger, watch)
}

struct Driver<'w, 'a> {
    work: &'w Work<'a>,
    options: &'w Options<'w>,
    wave: Box<dyn Wave>,
    live: Vec<Option<Live>>,
    queue: Queue<'a>,
    pending: Vec<Pending>,
    /// Steps of all slots in this call, and the seconds spent on them.
    steps_done: u64,
    step_seconds: f64,
    /// Of those, what this wave had of the device.
    own_seconds: f64,
    /// Steps until the next look.
    at_once: u64,
    last_checkpoint: f64,
}

/// A segment in a slot.
#[derive(Clone)]
struct Live {
    segment: usize,
    /// The next step.
    step: u64,
    curve: Vec<StepReading>,
    seconds: f64,
}

/// A finished segment that waits for its evaluation.
struct Pending {
    segment: usize,
    /// `None` where they are kept from before.
    weights: Option<Vec<f32>>,
}

impl Driver<'_, '_> {
    fn run(&mut self, ledger: &mut dyn Ledger, watch: &mut dyn FnMut(Event)) -> Result<Outcome, Problem> {
        loop {
            if self.is_interrupted() {
                self.checkpoint(ledger, watch)?;
                return Ok(Outcome::Interrupted);
            }
            self.join_what_is_ready(ledger, watch)?;
            let idle = self.live.iter().all(Option::is_none);
            if self.pending.len() >= self.wave.slots() || (idle && !self.pending.is_empty()) {
                self.evaluate(ledger, watch)?;
            } else if idle {
                return Ok(Outcome::Done);
            } else {
                self.leg(ledger, watch)?;
                self.settle(ledger, watch)?;
            }
        }
    }

    fn is_interrupted(&self) -> bool {
        (self.options.interrupt)()
    }

    fn join_what_is_ready(&mut self, ledger: &mut dyn Ledger, watch: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        while let Some(slot) = self.live.iter().position(Option::is_none) {
            let Some(segment) = self.queue.take() else { break };
            let Some((live, state)) = self.start_of(segment, ledger)? else {
                self.queue.rebuild(segment, ledger)?;
                continue;
            };
            self.wave.join(slot, &state)?;
            watch(Event::Joined { segment, slot, step: live.step });
            self.live[slot] = Some(live);
        }
        Ok(())
    }

    /// Where a segment starts: at its checkpoint, at the fresh initialisation or at the end of the one before. `None` where that is not there.
    fn start_of(&self, segment: usize, ledger: &mut dyn Ledger) -> Result<Option<(Live, SlotState)>, Problem> {
        let declared = &self.work.segments[segment];
        let count = self.work.program.parameter_count();
        let fits = |state: &SlotState| {
            let sizes = [&state.parameters, &state.first_moment, &state.second_moment].map(Vec::len);
            sizes == [count; 3]
        };
        if ledger.has_snapshot(segment)?
            && let Some(Snapshot { start, state, seconds, curve }) = ledger.snapshot(segment)?
        {
            // The plan may cut its chain elsewhere than it was cut then; the steps before this segment's start are on record with those before it.
            let within = start <= declared.start && (declared.start..declared.end).contains(&state.step);
            if within && fits(&state) && curve.len() as u64 == state.step - start {
                let curve = curve[(declared.start - start) as usize..].to_vec();
                return Ok(Some((Live { segment, step: state.step, curve, seconds }, state)));
            }
        }
        let state = match declared.parent {
            None => Some(SlotState::initial((self.work.initial)(segment))),
            Some(parent) => ledger.state(parent)?.filter(|state| state.step == declared.start && fits(state)),
        };
        let live = Live { segment, step: declared.start, curve: Vec::new(), seconds: 0.0 };
        Ok(state.map(|state| (live, state)))
    }

    /// Steps all live slots to the next end of one of them, or to a divergence or the wish to stop.
    fn leg(&mut self, ledger: &mut dyn Ledger, watch: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        let segments = self.work.segments;
        let left = |live: &Live| segments[live.segment].end - live.step;
        let steps = self.live.iter().flatten().map(left).min().unwrap_or(0);
        let slots = self.live.iter().map(|l| l.as_ref().map(|live| (live.segment, live.step))).collect();
        let work = self.work;
        std::thread::scope(|scope| {
            let batches = Batches::start(scope, work.source, work.program, Stretch { slots, steps });
            let mut taken = 0;
            while taken < steps && !self.is_interrupted() {
                let now = self.at_once.min(steps - taken);
                let before = (self.options.clock)();
                for _ in 0..now {
                    let Some(batch) = batches.next() else { break };
                    let controls = self.controls();
                    self.wave.step(&batch, &controls)?;
                    batches.recycle(batch);
                    self.live.iter_mut().flatten().for_each(|live| live.step += 1);
                }
                let readings = self.wave.drain()?;
                taken += now;
                self.account((self.options.clock)() - before, now, &readings, watch);
                if self.live.iter().flatten().any(|live| self.has_diverged(live)) {
                    break;
                }
                let due = (self.options.clock)() - self.last_checkpoint >= self.options.checkpoint_every;
                if due && taken < steps {
                    self.checkpoint(ledger, watch)?;
                }
            }
            Ok(())
        })
    }

    fn controls(&self) -> Vec<Option<StepControl>> {
        let weight = self.work.program.tokens() as f64;
        let control = |live: &Live| {
            let pieces = &self.work.segments[live.segment].pieces;
            let piece = pieces.iter().find(|piece| piece.end > live.step)?;
            Some((self.work.recipe)(live.segment).control(piece, live.step, weight))
        };
        self.live.iter().map(|live| live.as_ref().and_then(control)).collect()
    }

    /// Writes readings and time down, and says how far it is.
    fn account(
        &mut self,
        seconds: f64,
        steps: u64,
        readings: &[Vec<Option<StepReading>>],
        watch: &mut dyn FnMut(Event),
    ) {
        let alive = self.live.iter().flatten().count().max(1);
        for step in readings {
            for (live, reading) in self.live.iter_mut().zip(step) {
                if let (Some(live), Some(reading)) = (live, reading) {
                    live.curve.push(*reading);
                }
            }
        }
        let own_seconds = seconds * (self.options.share)();
        for live in self.live.iter_mut().flatten() {
            live.seconds += own_seconds / alive as f64;
        }
        self.steps_done += steps * alive as u64;
        self.step_seconds += seconds;
        self.own_seconds += own_seconds;
        let per_step = seconds / steps.max(1) as f64;
        self.at_once = if per_step > 0.0 { (GLANCE / per_step) as u64 } else { STEPS_AT_ONCE }.clamp(1, STEPS_AT_ONCE);
        let segments = self.work.segments;
        let ahead: u64 = self.live.iter().flatten().map(|live| segments[live.segment].end - live.step).sum();
        let ahead = ahead + self.queue.steps_waiting();
        let rate = if self.step_seconds > 0.0 { self.steps_done as f64 / self.step_seconds } else { 0.0 };
        let slot = |live: &Live| LiveSlot {
            segment: live.segment,
            step: live.step,
            loss: live.curve.last().map_or(f32::NAN, |reading| reading.loss),
        };
        watch(Event::Stepped {
            live: self.live.iter().flatten().map(slot).collect(),
            done: self.steps_done,
            total: self.steps_done + ahead,
            tokens_per_second: rate * self.work.program.tokens() as f64,
            own_seconds: self.own_seconds,
            seconds_left: if rate > 0.0 { ahead as f64 / rate } else { f64::INFINITY },
        });
    }

    fn has_diverged(&self, live: &Live) -> bool {
        self.divergence(live).is_some()
    }

    /// The place in a slot's curve of the step that diverged. Looks at all of it: a slot may run on for some steps before anyone looks.
    fn divergence(&self, live: &Live) -> Option<usize> {
        // What was looked at before and was well is at most a glance long ago.
        let unseen = live.curve.len().saturating_sub(STEPS_AT_ONCE as usize);
        let found = live.curve[unseen..].iter().position(|r| diverges(r, self.work.program.vocabulary));
        found.map(|at| unseen + at)
    }

    /// Takes out what diverged and what is at its end, and lets what starts there go on.
    fn settle(&mut self, ledger: &mut dyn Ledger, watch: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        for slot in 0..self.live.len() {
            let Some(live) = &self.live[slot] else { continue };
            let declared = &self.work.segments[live.segment];
            if let Some(at) = self.divergence(live) {
                let Some(mut live) = self.live[slot].take() else { continue };
                live.curve.truncate(at);
                self.wave.leave(slot)?;
                let step = declared.start + at as u64;
                let finished = Finished { diverged: Some(step), seconds: live.seconds, curve: live.curve };
                ledger.finish(live.segment, &finished, None, false)?;
                let (unneeded, behind) = self.queue.give_up(live.segment);
                unneeded.map_or(Ok(()), |before| ledger.release(before))?;
                for segment in std::iter::once(live.segment).chain(behind) {
                    watch(Event::Diverged { segment, step });
                }
            } else if live.step == declared.end
                && let Some(live) = self.live[slot].take()
            {
                self.end(slot, live, ledger, watch)?;
            }
        }
        Ok(())
    }

    /// A segment is at its end: its record is committed, one child goes on in its slot, others fork into free slots.
    fn end(
        &mut self,
        slot: usize,
        live: Live,
        ledger: &mut dyn Ledger,
        watch: &mut dyn FnMut(Event),
    ) -> Result<(), Problem> {
        let segment = live.segment;
        let children = self.queue.children(segment);
        let state = if children.is_empty() { self.wave.leave(slot)? } else { self.wave.read(slot)? };
        let finished = Finished { diverged: None, seconds: live.seconds, curve: live.curve };
        ledger.finish(segment, &finished, Some(&state), !children.is_empty())?;
        watch(Event::Finished { segment });
        if self.work.evaluate.get(&segment).is_some_and(|domains| !domains.is_empty()) {
            self.pending.push(Pending { segment, weights: Some(state.parameters) });
        }
        let unneeded = self.queue.done(segment);
        unneeded.map_or(Ok(()), |before| ledger.release(before))?;
        // A child with a checkpoint of its own starts there, as any segment does.
        let mut fresh = Vec::new();
        for child in children.iter().copied() {
            if !ledger.has_snapshot(child)? {
                fresh.push(child);
            }
        }
        let mut here = !children.is_empty();
        if here && fresh.is_empty() {
            self.wave.leave(slot)?;
        }
        while let Some(free) = if here { Some(slot) } else { self.live.iter().position(Option::is_none) } {
            let Some(child) = self.queue.take_of(&fresh) else { break };
            if !here {
                self.wave.fork(slot, free)?;
            }
            here = false;
            let step = self.work.segments[child].start;
            watch(Event::Joined { segment: child, slot: free, step });
            self.live[free] = Some(Live { segment: child, step, curve: Vec::new(), seconds: 0.0 });
        }
        Ok(())
    }

    /// Keeps everything that is on its way.
    fn checkpoint(&mut self, ledger: &mut dyn Ledger, watch: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        let mut segments = 0;
        for slot in 0..self.live.len() {
            let Some(live) = &self.live[slot] else { continue };
            let start = self.work.segments[live.segment].start;
            // Diverged ones are given up by those who look next; nothing of them is worth keeping.
            if live.step == start || self.has_diverged(live) {
                continue;
            }
            let state = self.wave.read(slot)?;
            let snapshot = Snapshot { start, state, seconds: live.seconds, curve: live.curve.clone() };
            ledger.save_snapshot(live.segment, &snapshot)?;
            segments += 1;
        }
        self.last_checkpoint = (self.options.clock)();
        if segments > 0 {
            watch(Event::Checkpointed { segments });
        }
        Ok(())
    }

    /// Evaluates finished segments, as many as there are slots; what is on its way steps aside so that no work is done for nothing.
    fn evaluate(&mut self, ledger: &mut dyn Ledger, watch: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        let Some(first) = self.pending.first() else { return Ok(()) };
        let domains = self.work.evaluate[&first.segment].clone();
        let mut taken = Vec::new();
        let mut at = 0;
        while at < self.pending.len() && taken.len() < self.wave.slots() {
            if self.work.evaluate[&self.pending[at].segment] == domains {
                let mut pending = self.pending.remove(at);
                if pending.weights.is_none() {
                    pending.weights = ledger.weights(pending.segment)?;
                }
                let usable = pending.weights.take_if(|w| w.len() == self.work.program.parameter_count());
                match usable {
                    Some(weights) => taken.push((pending.segment, weights)),
                    None => self.queue.again(pending.segment, ledger)?,
                }
            } else {
                at += 1;
            }
        }
        if taken.is_empty() {
            return Ok(());
        }
        let mut aside: Vec<Option<SlotState>> = Vec::with_capacity(self.live.len());
        for slot in 0..self.live.len() {
            aside.push(if self.live[slot].is_some() { Some(self.wave.leave(slot)?) } else { None });
        }
        let mut segments = Vec::new();
        for (slot, (segment, weights)) in taken.into_iter().enumerate() {
            self.wave.join(slot, &SlotState::initial(weights))?;
            segments.push(segment);
        }
        for domain in domains {
            let rows = self.work.domains[domain];
            let losses = evaluate::losses(&mut *self.wave, self.work.program, rows, self.options.interrupt)?;
            let Some(losses) = losses else { break };
            for (&segment, losses) in segments.iter().zip(losses) {
                ledger.evaluated(segment, domain, losses)?;
                watch(Event::Evaluated { segment, domain });
            }
        }
        for slot in 0..segments.len() {
            self.wave.leave(slot)?;
        }
        for (slot, state) in aside.into_iter().enumerate() {
            if let Some(state) = state {
                self.wave.join(slot, &state)?;
            }
        }
        Ok(())
    }
}
