//! Replicas that step together.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rayon::ThreadPool;
use rayon::prelude::*;
use synx_plan::executor::{Batch, KernelTime, SlotState, StepControl, StepReading, Wave, Work};
use synx_plan::loss_scale::LossScale;
use synx_plan::problem::Problem;
use synx_plan::program::Op;
use synx_plan::recipe::Precision;

use super::buffer::Buffer;
use super::memory::Need;
use super::pass::{Gradient, Pass};
use super::prepared::{Packed, Prepared};
use crate::kernels::adamw::{Update, adamw};
use crate::kernels::head_loss::HeadTargets;
use crate::kernels::reduce_norm::{self, BLOCK, reduce_norm};

pub(super) struct CpuWave {
    pool: Arc<ThreadPool>,
    prepared: Prepared,
    slots: Vec<Slot>,
    /// Working space of the slots that are stepped at once.
    desks: Vec<Desk>,
    /// Activations and working space, one for each thread.
    spaces: Vec<Mutex<Buffer>>,
    readings: Vec<Vec<Option<StepReading>>>,
}

#[derive(Default)]
struct Slot {
    replica: Option<Replica>,
    /// Set when a loss or norm was not finite: no updates until a state joins.
    diverged: bool,
}

struct Replica {
    step: u64,
    parameters: Buffer,
    first_moment: Buffer,
    second_moment: Buffer,
    loss_scale: LossScale,
}

/// What stepping one slot needs beside its replica.
struct Desk {
    packed: Packed,
    shards: Vec<Shard>,
    /// The sum of the shards' gradients.
    gradient: Buffer,
    /// Sums of squares of its blocks.
    squares: Vec<f32>,
}

struct Shard {
    gradient: Buffer,
    /// Sum of row loss times row weight.
    loss: f64,
}

impl CpuWave {
    pub fn new(pool: Arc<ThreadPool>, prepared: Prepared, slots: usize) -> CpuWave {
        let threads = pool.current_num_threads();
        let shards = prepared.partition.shards.len();
        let together = Need::of(&prepared, threads).together(slots);
        let parameters = prepared.program.parameter_count();
        let shard = || Shard { gradient: Buffer::new(parameters), loss: 0.0 };
        let desk = || Desk {
            packed: prepared.packed(),
            shards: (0..shards).map(|_| shard()).collect(),
            gradient: Buffer::new(parameters),
            squares: vec![0.0; parameters.div_ceil(BLOCK)],
        };
        CpuWave {
            slots: (0..slots).map(|_| Slot::default()).collect(),
            desks: (0..together).map(|_| desk()).collect(),
            spaces: (0..threads).map(|_| Mutex::new(Buffer::new(prepared.space))).collect(),
            readings: Vec::new(),
            pool,
            prepared,
        }
    }

    fn replica(&self, slot: usize) -> Result<&Replica, Problem> {
        let replica = self.slots.get(slot).and_then(|slot| slot.replica.as_ref());
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
        let replica = Replica {
            step: state.step,
            parameters: Buffer::from_slice(&state.parameters),
            first_moment: Buffer::from_slice(&state.first_moment),
            second_moment: Buffer::from_slice(&state.second_moment),
            loss_scale: state.loss_scale,
        };
        self.slots[slot] = Slot { replica: Some(replica), diverged: false };
        Ok(())
    }

    fn leave(&mut self, slot: usize) -> Result<SlotState, Problem> {
        let state = self.read(slot)?;
        self.slots[slot] = Slot::default();
        Ok(state)
    }

    /// A copy of a slot that diverged takes no updates either.
    fn fork(&mut self, from: usize, to: usize) -> Result<(), Problem> {
        self.check_slot(to)?;
        let Replica { step, parameters, first_moment, second_moment, loss_scale } = self.replica(from)?;
        let replica = Replica {
            step: *step,
            parameters: Buffer::from_slice(parameters),
            first_moment: Buffer::from_slice(first_moment),
            second_moment: Buffer::from_slice(second_moment),
            loss_scale: *loss_scale,
        };
        self.slots[to] = Slot { replica: Some(replica), diverged: self.slots[from].diverged };
        Ok(())
    }

    fn read(&mut self, slot: usize) -> Result<SlotState, Problem> {
        let replica = self.replica(slot)?;
        Ok(SlotState {
            step: replica.step,
            parameters: replica.parameters.to_vec(),
            first_moment: replica.first_moment.to_vec(),
            second_moment: replica.second_moment.to_vec(),
            loss_scale: replica.loss_scale,
        })
    }

    /// Done when it returns. A slot that has diverged is not run again: its readings are not-a-number.
    fn step(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<(), Problem> {
        self.check_batch(batch, controls)?;
        let stopped = |slot: &Slot| slot.diverged.then_some(StepReading { loss: f32::NAN, gradient_norm: f32::NAN });
        let mut readings: Vec<Option<StepReading>> =
            self.slots.iter().zip(controls).map(|(slot, control)| control.and_then(|_| stopped(slot))).collect();
        let CpuWave { pool, prepared, slots, desks, spaces, .. } = self;
        let mut running: Vec<Running> = slots
            .iter_mut()
            .zip(controls)
            .zip(&mut readings)
            .enumerate()
            .filter_map(|(number, ((slot, control), reading))| {
                let Slot { replica, diverged } = slot;
                let control = control.filter(|_| !*diverged)?;
                Some(Running { number, replica: replica.as_mut()?, diverged, control, reading })
            })
            .collect();
        pool.install(|| {
            for running in running.chunks_mut(desks.len()) {
                step_together(prepared, running, desks, spaces, batch);
            }
        });
        self.readings.push(readings);
        Ok(())
    }

    fn drain(&mut self) -> Result<Vec<Vec<Option<StepReading>>>, Problem> {
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
        let mut losses = vec![0.0; self.slots.len() * inputs.len()];
        if inputs.is_empty() {
            return Ok(losses);
        }
        let CpuWave { pool, prepared, slots, desks, spaces, .. } = self;
        let mut running: Vec<(&Replica, &mut [f32])> = slots
            .iter()
            .zip(losses.chunks_exact_mut(inputs.len()))
            .filter_map(|(slot, losses)| Some((slot.replica.as_ref()?, losses)))
            .collect();
        pool.install(|| {
            for running in running.chunks_mut(desks.len()) {
                desks.par_iter_mut().zip(running).for_each(|(desk, (replica, losses))| {
                    pack(prepared, replica, &mut desk.packed, false);
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

/// A slot that takes part in a step.
struct Running<'a> {
    number: usize,
    replica: &'a mut Replica,
    diverged: &'a mut bool,
    control: StepControl,
    reading: &'a mut Option<StepReading>,
}

impl Running<'_> {
    /// What the gradient is multiplied by while it is taken.
    fn scale(&self, prepared: &Prepared) -> f32 {
        self.replica.loss_scale.of(prepared.program.precision)
    }

    /// The next step's scale where a gradient overflowed for this one's; `None` where the slot has diverged.
    fn after_overflow(&self, prepared: &Prepared, loss: f32) -> Option<LossScale> {
        let scaled = prepared.program.precision == Precision::F16 && loss.is_finite();
        if scaled { self.replica.loss_scale.after_overflow() } else { None }
    }
}

/// One step of at most as many slots as there are desks.
fn step_together(
    prepared: &Prepared,
    running: &mut [Running],
    desks: &mut [Desk],
    spaces: &[Mutex<Buffer>],
    batch: &Batch,
) {
    desks.par_iter_mut().zip(&*running).for_each(|(desk, running)| {
        pack(prepared, running.replica, &mut desk.packed, true);
        let packed = &desk.packed;
        desk.shards.par_iter_mut().with_max_len(1).enumerate().for_each(|(i, shard)| {
            with_space(spaces, |space| run_shard(prepared, running, packed, space, batch, i, shard, |_, _| {}));
        });
    });
    desks.par_iter_mut().zip(running).for_each(|(desk, running)| {
        let norm = reduce(prepared, desk) / running.scale(prepared);
        finish(prepared, running, desk, norm);
    });
}

/// What a step comes to: an update, one that is left out because the gradient overflowed for its scale, or a slot that stops.
fn finish(prepared: &Prepared, running: &mut Running, desk: &Desk, norm: f32) {
    let loss = desk.shards.iter().map(|shard| shard.loss).sum::<f64>() * f64::from(running.control.loss_scale);
    let loss = loss as f32;
    let gradient_norm = if loss.is_finite() && norm.is_finite() {
        update(prepared, running, &desk.gradient, norm);
        norm
    } else if let Some(fallen) = running.after_overflow(prepared, loss) {
        running.replica.loss_scale = fallen;
        running.replica.step += 1;
        f32::INFINITY
    } else {
        *running.diverged = true;
        f32::NAN
    };
    *running.reading = Some(StepReading { loss, gradient_norm });
}

/// Adds the shards' gradients; the norm of their sum.
fn reduce(prepared: &Prepared, desk: &mut Desk) -> f32 {
    let Desk { shards, gradient, squares, .. } = desk;
    let mut parts: [&[f32]; reduce_norm::SHARDS] = [&[]; reduce_norm::SHARDS];
    for (part, shard) in parts.iter_mut().zip(&*shards) {
        *part = &shard.gradient;
    }
    let parts = &parts[..shards.len()];
    gradient.par_chunks_mut(BLOCK).zip(&mut *squares).enumerate().for_each(|(i, (gradient, squares))| {
        *squares = reduce_norm(prepared.instructions, parts, i * BLOCK, gradient);
    });
    squares.iter().map(|s| f64::from(*s)).sum::<f64>().sqrt() as f32
}

/// Moves a slot's weights and moments by one step of the optimiser.
fn update(prepared: &Prepared, running: &mut Running, gradient: &Buffer, norm: f32) {
    let scale = running.scale(prepared);
    let update = Update::new(&running.control, norm, scale);
    let Replica { step, parameters, first_moment, second_moment, loss_scale } = &mut *running.replica;
    *step += 1;
    if prepared.program.precision == Precision::F16 {
        *loss_scale = loss_scale.after_update();
    }
    let moments = first_moment.par_chunks_mut(BLOCK).zip(second_moment.par_chunks_mut(BLOCK));
    let blocks = parameters.par_chunks_mut(BLOCK).zip(moments).zip(gradient.par_chunks(BLOCK));
    blocks.enumerate().for_each(|(i, ((parameters, (first, second)), gradient))| {
        let block = i * BLOCK..i * BLOCK + parameters.len();
        for (range, decay) in &prepared.decays {
            let (from, to) = (range.start.max(block.start), range.end.min(block.end));
            if from < to {
                let part = from - block.start..to - block.start;
                adamw(
                    prepared.instructions,
                    &mut parameters[part.clone()],
                    &mut first[part.clone()],
                    &mut second[part.clone()],
                    &gradient[part],
                    &update,
                    *decay,
                );
            }
        }
    });
}

/// Where a step's time goes: a step of the first slot as `step_together` does it, its parts one after the other, in the order in which they first come. Says
/// nothing of threads where the pool has one.
pub(super) fn profile(wave: &mut CpuWave, batch: &Batch, control: StepControl) -> Result<Vec<KernelTime>, Problem> {
    wave.check_batch(batch, &[Some(control)])?;
    let CpuWave { pool, prepared, slots, desks, spaces, .. } = wave;
    let (Some(Slot { replica: Some(replica), diverged }), Some(desk)) = (slots.first_mut(), desks.first_mut()) else {
        return Err(wrong("slot 0 is empty"));
    };
    let mut reading = None;
    let mut running = Running { number: 0, replica, diverged, control, reading: &mut reading };
    let mut times = Vec::new();
    let mut last = Instant::now();
    let mut done = |kernel: &'static str, work: Work| {
        KernelTime::add(&mut times, kernel, last.elapsed().as_secs_f64(), work);
        last = Instant::now();
    };
    let program = &prepared.program;
    let parameters = 4 * program.parameter_count();
    pool.install(|| {
        pack(prepared, running.replica, &mut desk.packed, true);
        let packed_bytes: usize = desk.packed.iter().map(|packed| 4 * packed.len()).sum();
        done("pack", Work::bytes(2 * packed_bytes));
        let packed = &desk.packed;
        for (i, shard) in desk.shards.iter_mut().enumerate() {
            with_space(spaces, |space| {
                run_shard(prepared, &running, packed, space, batch, i, shard, |op, rows| {
                    done(op.name(), Work::of(op, program, rows));
                });
            });
        }
        let norm = reduce(prepared, desk) / running.scale(prepared);
        done("reduce_norm", Work::bytes((desk.shards.len() + 1) * parameters));
        finish(prepared, &mut running, desk, norm);
        done("adamw", Work::bytes(7 * parameters));
    });
    Ok(times)
}

/// Packs a slot's weights: those of the forward pass, and in `training` those of the backward pass.
fn pack(prepared: &Prepared, replica: &Replica, packed: &mut Packed, training: bool) {
    packed.par_iter_mut().zip(&prepared.packings).with_max_len(1).for_each(|(to, packing)| {
        if training || packing.forward {
            prepared.pack(packing, &replica.parameters, to);
        }
    });
}

/// Runs a shard of a step: its gradient and the sum of its losses. `done` is told each operation of each piece, and the piece's token rows.
fn run_shard(
    prepared: &Prepared,
    running: &Running,
    packed: &Packed,
    space: &mut [f32],
    batch: &Batch,
    number: usize,
    shard: &mut Shard,
    mut done: impl FnMut(&Op, usize),
) {
    let context = prepared.program.context;
    let first = running.number * prepared.program.rows;
    let loss_scale = running.control.loss_scale * running.scale(prepared);
    let sequences = prepared.partition.shards[number].clone();
    shard.loss = 0.0;
    let mut begun = false;
    for start in sequences.clone().step_by(prepared.partition.piece) {
        let end = sequences.end.min(start + prepared.partition.piece);
        let tokens = (first + start) * context..(first + end) * context;
        let weights = if batch.weights.is_empty() { &[] } else { &batch.weights[tokens.clone()] };
        let mut pass = Pass {
            prepared,
            places: &prepared.training,
            parameters: &running.replica.parameters,
            packed,
            space,
            inputs: &batch.inputs[tokens.clone()],
            head: HeadTargets { targets: &batch.targets[tokens], weights, loss_scale },
        };
        let rows = pass.inputs.len();
        let losses = pass.train(Gradient { values: &mut shard.gradient, begun }, |op| done(op, rows));
        begun = true;
        for (i, loss) in losses.iter().enumerate() {
            let weight = weights.get(i).copied().unwrap_or(1.0);
            shard.loss += f64::from(*loss) * f64::from(weight);
        }
    }
}

/// Lends the thread's working space. Nothing inside may wait for other tasks: they could come to run on this thread and want the space too.
fn with_space<T>(spaces: &[Mutex<Buffer>], work: impl FnOnce(&mut [f32]) -> T) -> T {
    let thread = rayon::current_thread_index().unwrap_or(0);
    let mut space = spaces[thread].lock().unwrap_or_else(PoisonError::into_inner);
    work(&mut space)
}
