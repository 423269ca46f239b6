//! One step of one model.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rayon::prelude::*;
use synx_plan::executor::{Batch, KernelTime, StepControl, StepReading, Work};
use synx_plan::loss_scale::LossScale;
use synx_plan::program::Op;
use synx_plan::recipe::Precision;

use super::buffer::Buffer;
use super::pass::{Gradient, Pass};
use super::prepared::{Packed, Prepared};
use crate::kernels::adamw::{Update, adamw};
use crate::kernels::head_loss::HeadTargets;
use crate::kernels::reduce_norm::{self, BLOCK, reduce_norm};

/// A model in a slot.
#[derive(Clone)]
pub(super) struct Replica {
    pub step: u64,
    pub parameters: Buffer,
    pub first_moment: Buffer,
    pub second_moment: Buffer,
    pub loss_scale: LossScale,
    /// Set when a loss or norm was not finite: it takes no updates any more.
    pub diverged: bool,
}

impl Replica {
    /// What the gradient is multiplied by while it is taken.
    fn scale(&self, prepared: &Prepared) -> f32 {
        self.loss_scale.of(prepared.program.precision)
    }

    /// The next step's scale where a gradient overflowed for this one's; `None` where the model has diverged.
    fn after_overflow(&self, prepared: &Prepared, loss: f32) -> Option<LossScale> {
        let scaled = prepared.program.precision == Precision::F16 && loss.is_finite();
        if scaled { self.loss_scale.after_overflow() } else { None }
    }
}

/// What stepping a model needs beside it.
pub(super) struct Desk {
    pub packed: Packed,
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

impl Desk {
    pub fn new(prepared: &Prepared) -> Desk {
        let parameters = prepared.program.parameter_count();
        let shard = |_| Shard { gradient: Buffer::new(parameters), loss: 0.0 };
        Desk {
            packed: prepared.packed(),
            shards: (0..prepared.partition.shards.len()).map(shard).collect(),
            gradient: Buffer::new(parameters),
            squares: vec![0.0; parameters.div_ceil(BLOCK)],
        }
    }
}

/// A slot's part in a step of its wave.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub batch: &'a Batch,
    pub slot: usize,
    pub control: StepControl,
}

/// Takes a model one step further. One that has diverged stays as it is: its reading is not-a-number.
pub(super) fn step(
    prepared: &Prepared,
    replica: &mut Replica,
    part: Part,
    desk: &mut Desk,
    spaces: &[Mutex<Buffer>],
) -> StepReading {
    if replica.diverged {
        return StepReading { loss: f32::NAN, gradient_norm: f32::NAN };
    }
    pack(prepared, &replica.parameters, &mut desk.packed, true);
    let (packed, model) = (&desk.packed, &*replica);
    desk.shards.par_iter_mut().with_max_len(1).enumerate().for_each(|(i, shard)| {
        with_space(spaces, |space| run_shard(prepared, model, part, packed, space, i, shard, |_, _| {}));
    });
    let norm = reduce(prepared, desk) / replica.scale(prepared);
    finish(prepared, replica, &part.control, desk, norm)
}

/// Packs weights: those of the forward pass, and in `training` those of the backward pass.
pub(super) fn pack(prepared: &Prepared, parameters: &[f32], packed: &mut Packed, training: bool) {
    packed.par_iter_mut().zip(&prepared.packings).with_max_len(1).for_each(|(to, packing)| {
        if training || packing.forward {
            prepared.pack(packing, parameters, to);
        }
    });
}

/// Runs a shard of a step: its gradient and the sum of its losses. `done` is told each operation of each piece, and the piece's token rows.
fn run_shard(
    prepared: &Prepared,
    replica: &Replica,
    Part { batch, slot, control }: Part,
    packed: &Packed,
    space: &mut [f32],
    number: usize,
    shard: &mut Shard,
    mut done: impl FnMut(&Op, usize),
) {
    let context = prepared.program.context;
    let first = slot * prepared.program.rows;
    let loss_scale = control.loss_scale * replica.scale(prepared);
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
            parameters: &replica.parameters,
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

/// What a step comes to: an update, one that is left out because the gradient overflowed for its scale, or a model that stops.
fn finish(prepared: &Prepared, replica: &mut Replica, control: &StepControl, desk: &Desk, norm: f32) -> StepReading {
    let loss = desk.shards.iter().map(|shard| shard.loss).sum::<f64>() * f64::from(control.loss_scale);
    let loss = loss as f32;
    let gradient_norm = if loss.is_finite() && norm.is_finite() {
        update(prepared, replica, control, &desk.gradient, norm);
        norm
    } else if let Some(fallen) = replica.after_overflow(prepared, loss) {
        replica.loss_scale = fallen;
        replica.step += 1;
        f32::INFINITY
    } else {
        replica.diverged = true;
        f32::NAN
    };
    StepReading { loss, gradient_norm }
}

/// Moves weights and moments by one step of the optimiser.
fn update(prepared: &Prepared, replica: &mut Replica, control: &StepControl, gradient: &Buffer, norm: f32) {
    let update = Update::new(control, norm, replica.scale(prepared));
    let Replica { step, parameters, first_moment, second_moment, loss_scale, .. } = replica;
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

/// Where a step's time goes: a step as [`step`] does it, its parts one after the other, in the order in which they first come. Says nothing of threads where
/// there are several.
pub(super) fn profile(
    prepared: &Prepared,
    replica: &mut Replica,
    part: Part,
    desk: &mut Desk,
    spaces: &[Mutex<Buffer>],
) -> Vec<KernelTime> {
    let mut times = Vec::new();
    let mut last = Instant::now();
    let mut done = |kernel: &'static str, work: Work| {
        KernelTime::add(&mut times, kernel, last.elapsed().as_secs_f64(), work);
        last = Instant::now();
    };
    let program = &prepared.program;
    let parameters = 4 * program.parameter_count();
    pack(prepared, &replica.parameters, &mut desk.packed, true);
    let packed_bytes: usize = desk.packed.iter().map(|packed| 4 * packed.len()).sum();
    done("pack", Work::bytes(2 * packed_bytes));
    let packed = &desk.packed;
    for (i, shard) in desk.shards.iter_mut().enumerate() {
        with_space(spaces, |space| {
            run_shard(prepared, replica, part, packed, space, i, shard, |op, rows| {
                done(op.name(), Work::of(op, program, rows));
            });
        });
    }
    let norm = reduce(prepared, desk) / replica.scale(prepared);
    done("reduce_norm", Work::bytes((desk.shards.len() + 1) * parameters));
    finish(prepared, replica, &part.control, desk, norm);
    done("adamw", Work::bytes(7 * parameters));
    times
}

/// Lends the thread's working space. Nothing inside may wait for other tasks: they could come to run on this thread and want the space too.
pub(super) fn with_space<T>(spaces: &[Mutex<Buffer>], work: impl FnOnce(&mut [f32]) -> T) -> T {
    let thread = rayon::current_thread_index().unwrap_or(0);
    let mut space = spaces[thread].lock().unwrap_or_else(PoisonError::into_inner);
    work(&mut space)
}
