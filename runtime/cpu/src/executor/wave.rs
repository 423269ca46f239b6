//! Replicas that step together.

use std::sync::{Arc, Mutex};

use rayon::ThreadPool;
use rayon::prelude::*;
use synx_plan::executor::{Batch, KernelTime, SlotState, StepControl, Wave};
use synx_plan::problem::Problem;

use super::buffer::Buffer;
use super::memory::{Grant, Need};
use super::pass::Pass;
use super::prepared::Prepared;
use super::queue::{Queue, Readings};
use super::step::{self, Desk, Part, Replica, pack, with_space};
use crate::kernels::head_loss::HeadTargets;

pub(super) struct CpuWave {
    pool: Arc<ThreadPool>,
    prepared: Prepared,
    slots: Vec<Option<Replica>>,
    /// Working space of the slots that are stepped at once.
    desks: Vec<Desk>,
    /// Activations and working space, one for each thread.
    spaces: Vec<Mutex<Buffer>>,
    queue: Queue,
    /// What steps gave since the last look.
    readings: Readings,
    /// Of the machine's memory, as long as the wave is there.
    _grant: Grant,
}

impl CpuWave {
    pub fn new(pool: Arc<ThreadPool>, prepared: Prepared, slots: usize, grant: Grant) -> CpuWave {
        let threads = pool.current_num_threads();
        let together = Need::of(&prepared, threads).together(slots);
        CpuWave {
            slots: (0..slots).map(|_| None).collect(),
            desks: (0..together).map(|_| Desk::new(&prepared)).collect(),
            spaces: (0..threads).map(|_| Mutex::new(Buffer::new(prepared.space))).collect(),
            queue: Queue::default(),
            readings: Vec::new(),
            _grant: grant,
            pool,
            prepared,
        }
    }

    /// Carries out the steps that wait.
    fn catch_up(&mut self) {
        let CpuWave { pool, prepared, slots, desks, spaces, queue, readings, .. } = self;
        if !queue.is_empty() {
            readings.extend(queue.carry_out(pool, prepared, slots, desks, spaces));
        }
    }

    fn replica(&self, slot: usize) -> Result<&Replica, Problem> {
        let replica = self.slots.get(slot).and_then(Option::as_ref);
        replica.ok_or_else(|| wrong(&format!("slot {slot} is empty")))
    }

    fn check_slot(&self, slot: usize) -> Result<(), Problem> {
        let slots = self.slots.len();
        if slot < slots { Ok(()) } else { Err(wrong(&format!("there is no slot {slot} in a wave of {slots}"))) }
    }

    fn check_tokens(&self, what: &str, tokens: &[u32]) -> Result<(), Problem> {
        let vocabulary = self.prepared.program.vocabulary;
        match tokens.iter().find(|token| **token as usize >= vocabulary) {
            Some(token) => Err(wrong(&format!("the {what} hold token {token}, the vocabulary has {vocabulary}"))),
            None => Ok(()),
        }
    }

    fn check_batch(&self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<(), Problem> {
        let slots = self.slots.len();
        if controls.len() != slots {
            return Err(wrong(&format!("{} controls for {slots} slots", controls.len())));
        }
        let tokens = slots * self.prepared.program.tokens();
        let weights = batch.weights.len();
        for (what, len) in [("inputs", batch.inputs.len()), ("targets", batch.targets.len())] {
            if len != tokens {
                return Err(wrong(&format!("{len} {what} for a step of {tokens} tokens")));
            }
        }
        if weights != 0 && weights != tokens {
            return Err(wrong(&format!("{weights} row weights for a step of {tokens} tokens")));
        }
        for (slot, _) in controls.iter().enumerate().filter(|(_, control)| control.is_some()) {
            self.replica(slot)?;
        }
        self.check_tokens("inputs", &batch.inputs)?;
        self.check_tokens("targets", &batch.targets)
    }
}

/// A call that does not agree with the wave: a mistake of the program that runs waves, not of the user.
fn wrong(what: &str) -> Problem {
    Problem::new("E0957", format!("the CPU executor was given what does not fit its wave: {what}"))
        .note("this is a mistake in synx itself")
        .help("please report this with the study")
}

impl Wave for CpuWave {
    fn slots(&self) -> usize {
        self.slots.len()
    }

    fn join(&mut self, slot: usize, state: &SlotState) -> Result<(), Problem> {
        self.check_slot(slot)?;
        let expected = self.prepared.program.parameter_count();
        for values in [&state.parameters, &state.first_moment, &state.second_moment] {
            if values.len() != expected {
                return Err(wrong(&format!("a state of {} numbers for {expected} parameters", values.len())));
            }
        }
        self.catch_up();
        self.slots[slot] = Some(Replica {
            step: state.step,
            parameters: Buffer::from_slice(&state.parameters),
            first_moment: Buffer::from_slice(&state.first_moment),
            second_moment: Buffer::from_slice(&state.second_moment),
            loss_scale: state.loss_scale,
            diverged: false,
        });
        Ok(())
    }

    fn leave(&mut self, slot: usize) -> Result<SlotState, Problem> {
        let state = self.read(slot)?;
        self.slots[slot] = None;
        Ok(state)
    }

    /// A copy of a slot that diverged takes no updates either.
    fn fork(&mut self, from: usize, to: usize) -> Result<(), Problem> {
        self.check_slot(to)?;
        self.catch_up();
        self.slots[to] = Some(self.replica(from)?.clone());
        Ok(())
    }

    fn read(&mut self, slot: usize) -> Result<SlotState, Problem> {
        self.catch_up();
        let replica = self.replica(slot)?;
        Ok(SlotState {
            step: replica.step,
            parameters: replica.parameters.to_vec(),
            first_moment: replica.first_moment.to_vec(),
            second_moment: replica.second_moment.to_vec(),
            loss_scale: replica.loss_scale,
        })
    }

    /// The step waits until anything is asked of the wave, or until many wait.
    fn step(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<(), Problem> {
        self.check_batch(batch, controls)?;
        self.queue.push(batch, controls);
        if self.queue.is_full() {
            self.catch_up();
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<Readings, Problem> {
        self.catch_up();
        Ok(std::mem::take(&mut self.readings))
    }

    fn evaluate(&mut self, inputs: &[u32], targets: &[u32]) -> Result<Vec<f32>, Problem> {
        let context = self.prepared.program.context;
        if inputs.len() != targets.len() || !inputs.len().is_multiple_of(context) {
            return Err(wrong(&format!(
                "{} inputs and {} targets for sequences of {context} tokens",
                inputs.len(),
                targets.len()
            )));
        }
        self.check_tokens("inputs", inputs)?;
        self.check_tokens("targets", targets)?;
        self.catch_up();
        let mut losses = vec![0.0; self.slots.len() * inputs.len()];
        if inputs.is_empty() {
            return Ok(losses);
        }
        let CpuWave { pool, prepared, slots, desks, spaces, .. } = self;
        let mut running: Vec<(&Replica, &mut [f32])> = slots
            .iter()
            .zip(losses.chunks_exact_mut(inputs.len()))
            .filter_map(|(slot, losses)| Some((slot.as_ref()?, losses)))
            .collect();
        pool.install(|| {
            for running in running.chunks_mut(desks.len()) {
                desks.par_iter_mut().zip(running).for_each(|(desk, (replica, losses))| {
                    pack(prepared, &replica.parameters, &mut desk.packed, false);
                    let piece = prepared.partition.piece * context;
                    let packed = &desk.packed;
                    losses.par_chunks_mut(piece).with_max_len(1).enumerate().for_each(|(i, losses)| {
                        let rows = i * piece..i * piece + losses.len();
                        let targets = &targets[rows.clone()];
                        with_space(spaces, |space| {
                            let mut pass = Pass {
                                prepared,
                                places: &prepared.evaluation,
                                parameters: &replica.parameters,
                                packed,
                                space,
                                inputs: &inputs[rows],
                                head: HeadTargets { targets, weights: &[], loss_scale: 0.0 },
                            };
                            losses.copy_from_slice(pass.evaluate());
                        });
                    });
                });
            }
        });
        Ok(losses)
    }
}

/// Where the time of a step of the first slot goes.
pub(super) fn profile(wave: &mut CpuWave, batch: &Batch, control: StepControl) -> Result<Vec<KernelTime>, Problem> {
    wave.check_batch(batch, &[Some(control)])?;
    wave.catch_up();
    let CpuWave { pool, prepared, slots, desks, spaces, .. } = wave;
    let (Some(Some(replica)), Some(desk)) = (slots.first_mut(), desks.first_mut()) else {
        return Err(wrong("slot 0 is empty"));
    };
    let part = Part { batch, slot: 0, control };
    Ok(pool.install(|| step::profile(prepared, replica, part, desk, spaces)))
}
