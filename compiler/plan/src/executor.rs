//! What an executor is: the one way in which training, evaluation and benchmarks run programs, on any device.
//!
//! A wave is a set of slots of one program, each a replica with its own weights, moments and controls; one call steps them all.
//! Slots join, leave and fork; nothing that happens in one can touch another, and a slot's bits do not depend on its number, on the wave's size
//! or on what the other slots do.

use crate::loss_scale::LossScale;
use crate::problem::Problem;
use crate::program::{Op, Program, Rows, TensorId};
use crate::recipe::Precision;

/// Identifies whose bits these are: results of different classes are never mixed within a chain. `cpu-f32/1`, `vulkan-f32 10005:0 llvmpipe 22.3.6`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericsClass(pub String);

impl NumericsClass {
    /// The class of what a device of this class, which is of f32, computes in another precision: `cpu-bf16/1` of `cpu-f32/1`.
    #[must_use]
    pub fn at(&self, precision: Precision) -> NumericsClass {
        NumericsClass(self.0.replacen("-f32", &format!("-{}", precision.name()), 1))
    }

    /// The class of the same device in f32, whatever precision this one is of.
    #[must_use]
    pub fn of_device(&self) -> NumericsClass {
        let other = [Precision::Bf16, Precision::F16].map(|precision| format!("-{}", precision.name()));
        let named = other.iter().find(|name| self.0.contains(name.as_str()));
        NumericsClass(named.map_or_else(|| self.0.clone(), |name| self.0.replacen(name, "-f32", 1)))
    }
}

/// What a wave asks of a device.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    pub program: &'a Program,
    /// Slots that are live at a time, on average.
    pub live: f64,
}

/// A device that programs run on.
pub trait Executor {
    /// The class of results in f32; [`NumericsClass::at`] gives that of another precision.
    fn class(&self) -> NumericsClass;

    /// The precisions of products that it computes in.
    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32]
    }

    /// A problem where it does not compute in a precision.
    fn check_precision(&self, precision: Precision) -> Result<(), Problem> {
        if self.precisions().contains(&precision) {
            return Ok(());
        }
        let known: Vec<&str> = self.precisions().iter().map(|known| known.name()).collect();
        Err(Problem::new("E0965", format!("{} does not compute in {}", self.name(), precision.name()))
            .note(format!("it computes in {}", known.join(" and ")))
            .help(format!("train with `precision = f32`, or in {} with `--device cpu`", precision.name())))
    }

    /// What people call the device: `cpu (2 threads, avx512)`, the adapter's name.
    fn name(&self) -> String;

    /// How many slots of this program fit the device's limits and what waves leave of its memory at once, at most `wanted`. A problem that names the sizes
    /// where not even one does.
    fn fit(&self, program: &Program, wanted: usize) -> Result<usize, Problem>;

    /// Bytes of the device's memory that a wave of so many slots of this program takes at most, but for what is small beside it. A problem where one of its
    /// tensors is beyond a limit.
    fn bytes(&self, program: &Program, slots: usize) -> Result<u64, Problem>;

    /// Whether these waves leave so much of the device idle that another should train beside them. A device that gains nothing from waves side by side is
    /// not idle with one.
    fn is_idle_beside(&self, running: &[Load]) -> bool {
        running.is_empty()
    }

    /// Makes a wave of `slots` empty slots.
    fn prepare(&mut self, program: &Program, slots: usize) -> Result<Box<dyn Wave>, Problem>;
}

/// Replicas of one program that step together.
pub trait Wave: Send {
    fn slots(&self) -> usize;

    /// Puts a state into a slot.
    fn join(&mut self, slot: usize, state: &SlotState) -> Result<(), Problem>;

    /// Takes a slot's state out; the slot is empty afterwards.
    fn leave(&mut self, slot: usize) -> Result<SlotState, Problem>;

    /// Copies weights, moments and step counter of one slot into another.
    fn fork(&mut self, from: usize, to: usize) -> Result<(), Problem>;

    /// A slot's state, left where it is.
    fn read(&mut self, slot: usize) -> Result<SlotState, Problem>;

    /// One optimiser step of every slot whose control is there. `batch` has `slots` replicas; `controls[slot]` is `None` for a slot that rests.
    ///
    /// A slot whose loss or gradient norm is not finite takes no update, then or later (its weights stay those before that step), until a state joins it. In f16
    /// a gradient that overflows is an update left out, as long as its scale can fall ([`LossScale`]): the step counts, the slot goes on.
    /// Steps may be queued: readings come from `drain`.
    fn step(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<(), Problem>;

    /// What the steps since the last call gave, in order: per step, per slot; `None` for a slot that rested.
    fn drain(&mut self) -> Result<Vec<Vec<Option<StepReading>>>, Problem>;

    /// The loss of every target of `rows` sequences under every slot's weights, nats: `[slots, rows * context]`. The rows are the same for all slots; any
    /// number of them is taken (an executor runs them in pieces). Empty slots give zeros.
    fn evaluate(&mut self, inputs: &[u32], targets: &[u32]) -> Result<Vec<f32>, Problem>;
}

/// A replica's whole state between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotState {
    /// Optimiser steps taken.
    pub step: u64,
    /// `[parameter_count]`, in the order of `Program::parameters`.
    pub parameters: Vec<f32>,
    /// First moments, likewise.
    pub first_moment: Vec<f32>,
    /// Second moments, likewise.
    pub second_moment: Vec<f32>,
    /// Of the next step's gradient, in f16.
    pub loss_scale: LossScale,
}

impl SlotState {
    /// The state before the first step.
    pub fn initial(parameters: Vec<f32>) -> SlotState {
        let zeros = vec![0.0; parameters.len()];
        SlotState {
            step: 0,
            first_moment: zeros.clone(),
            second_moment: zeros,
            parameters,
            loss_scale: LossScale::default(),
        }
    }
}

/// What a kernel took in one step, over all its dispatches.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelTime {
    /// An operation's name, or `pack`, `reduce_norm`, `adamw` and what else a step is made of.
    pub kernel: &'static str,
    pub dispatches: usize,
    pub seconds: f64,
    pub work: Work,
}

/// What a kernel has to do.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Floating-point operations of its products; of a kernel without any, none.
    pub flops: f64,
    /// Bytes of what it reads and writes, each counted once.
    pub bytes: f64,
}

impl Work {
    /// An operation's over some of its program's token rows.
    pub fn of(op: &Op, program: &Program, rows: usize) -> Work {
        let part = rows as f64 / program.tokens().max(1) as f64;
        let numbers = |id: &TensorId| match program.tensor(*id).rows {
            Rows::Tokens => part * program.size(*id) as f64,
            Rows::Fixed(_) => program.size(*id) as f64,
        };
        let bytes = op.reads().iter().chain(&op.writes()).map(|id| 4.0 * numbers(id)).sum();
        Work { flops: part * op.flops(program) as f64, bytes }
    }

    /// Of no products.
    pub fn bytes(bytes: usize) -> Work {
        Work { flops: 0.0, bytes: bytes as f64 }
    }
}

impl KernelTime {
    /// Adds a dispatch to those of its kernel.
    pub fn add(times: &mut Vec<KernelTime>, kernel: &'static str, seconds: f64, work: Work) {
        match times.iter_mut().find(|time| time.kernel == kernel) {
            Some(time) => {
                time.dispatches += 1;
                time.seconds += seconds;
                time.work.flops += work.flops;
                time.work.bytes += work.bytes;
            }
            None => times.push(KernelTime { kernel, dispatches: 1, seconds, work }),
        }
    }
}

/// What a device gives at most, measured with loops that do nothing else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceilings {
    /// Floating-point operations in f32 a second, a multiply-add being two.
    pub flops: f64,
    /// Bytes a second to and from memory that no cache holds, read and written.
    pub bytes: f64,
    /// Seconds that starting a kernel costs; none where kernels are functions.
    pub dispatch: Option<f64>,
}

/// The tokens of one step, for all slots.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// `[slots, rows, context]`, tokens below the program's vocabulary.
    pub inputs: Vec<u32>,
    /// `[slots, rows, context]`.
    pub targets: Vec<u32>,
    /// `[slots, rows, context]`, or empty where every row counts one.
    pub weights: Vec<f32>,
}

/// What one slot does in one step. All of it is computed on the host in f64 and rounded once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepControl {
    pub rate: f32,
    pub beta1: f32,
    pub beta2: f32,
    /// `1 - beta^step` for this step's number, counted from one.
    pub correction1: f32,
    pub correction2: f32,
    pub epsilon: f32,
    pub weight_decay: f32,
    /// The gradient is scaled by `min(1, clip / norm)`; infinite for none.
    pub clip: f32,
    /// One over the sum of the rows' weights.
    pub loss_scale: f32,
}

/// What one step gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReading {
    /// Mean loss over the step's rows, nats per token, before the update.
    pub loss: f32,
    /// Norm of the whole gradient before clipping; infinite where it overflowed in f16 and the update was left out, not-a-number where the slot stopped.
    pub gradient_norm: f32,
}

impl StepReading {
    /// Whether the slot has stopped: its loss is not finite, or its gradient is not and that is no overflow that a smaller scale would help.
    pub fn is_stop(&self) -> bool {
        !self.loss.is_finite() || self.gradient_norm.is_nan()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_names_its_precision_and_keeps_its_device() {
        for device in ["cpu-f32/1", "vulkan-f32 10005:0 llvmpipe 22.3.6"] {
            let class = NumericsClass(device.to_owned());
            assert_eq!(class.at(Precision::F32), class);
            assert_ne!(class.at(Precision::Bf16), class);
            assert_eq!(class.at(Precision::Bf16).of_device(), class);
            assert_eq!(class.of_device(), class);
        }
        assert_eq!(NumericsClass("cpu-f32/1".to_owned()).at(Precision::Bf16).0, "cpu-bf16/1");
    }
}
