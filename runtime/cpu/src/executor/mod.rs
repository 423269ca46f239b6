//! The executor: programs on the cores of this machine.
//!
//! A step is split into tasks by slot and by *shard*: a part of the batch's sequences whose extent follows from shapes alone. A task runs the whole forward and
//! backward pass over its sequences, piece by piece, into a gradient of its own. Then the shards' gradients are added in a fixed tree, the norm is taken over
//! fixed blocks, and the optimiser runs over the same blocks. Threads only decide who runs which task, so neither their number nor the size of a wave nor a
//! slot's place changes a bit.

mod buffer;
mod memory;
mod pass;
mod prepared;
mod queue;
mod step;
#[cfg(test)]
mod tests;
mod wave;

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use synx_plan::executor::{Batch, Ceilings, Executor, KernelTime, Load, NumericsClass, SlotState, StepControl, Wave};
use synx_plan::problem::Problem;
use synx_plan::program::Program;
use synx_plan::recipe::Precision;

use crate::Instructions;
use crate::ceilings;
pub use memory::all as memory;
use memory::{Need, Purse};
use prepared::{Partition, Prepared};
use wave::CpuWave;

/// The CPU as a device.
#[derive(Debug)]
pub struct CpuExecutor {
    pool: Arc<ThreadPool>,
    threads: usize,
    instructions: Instructions,
    memory: Purse,
}

impl CpuExecutor {
    /// An executor with this many threads, or one a core. A problem where the system refuses to start them.
    pub fn new(threads: Option<usize>) -> Result<CpuExecutor, Problem> {
        CpuExecutor::with_instructions(threads, Instructions::detect())
    }

    /// As `new`, with another instruction set than the fastest: for comparing them.
    pub fn with_instructions(threads: Option<usize>, instructions: Instructions) -> Result<CpuExecutor, Problem> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or_else(cores);
        if threads == 0 || threads > MAX_THREADS {
            let headline = format!("{threads} threads cannot be used");
            return Err(Problem::new("E0959", headline).help(format!("give a number from 1 to {MAX_THREADS}")));
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("synx-cpu-{i}"))
            .stack_size(STACK)
            .build()
            .map_err(|e| Problem::new("E0959", format!("could not start {threads} threads")).note(e.to_string()))?;
        Ok(CpuExecutor { pool: Arc::new(pool), threads, instructions, memory: Purse::default() })
    }

    /// Limits the memory that waves are planned for, in bytes, instead of what the system says is free.
    #[must_use]
    pub fn with_memory(mut self, bytes: u64) -> CpuExecutor {
        self.memory = Purse::limited(bytes);
        self
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The instruction set that kernels run with.
    pub fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// Where a step's time goes on one thread, in the order of the step: a step of a program from fresh weights, after one that is not counted.
    pub fn profile(&self, program: &Program, batch: &Batch, control: StepControl) -> Result<Vec<KernelTime>, Problem> {
        let single =
            CpuExecutor { memory: self.memory.clone(), ..CpuExecutor::with_instructions(Some(1), self.instructions)? };
        let mut wave = single.wave(program, 1)?;
        wave.join(0, &SlotState::initial(program.initial_parameters(0, 0)))?;
        wave::profile(&mut wave, batch, control)?;
        wave::profile(&mut wave, batch, control)
    }

    /// What one thread gives at most.
    pub fn ceilings(&self) -> Ceilings {
        ceilings::ceilings(self.instructions)
    }

    fn need(&self, program: &Program) -> Need {
        Need::of(&Prepared::new(program, self.instructions), self.threads)
    }

    fn wave(&self, program: &Program, slots: usize) -> Result<CpuWave, Problem> {
        let fitting = self.fit(program, slots)?;
        let need = self.need(program);
        if fitting < slots {
            return Err(need.problem(self.memory.left(), slots));
        }
        let prepared = Prepared::new(program, self.instructions);
        Ok(CpuWave::new(Arc::clone(&self.pool), prepared, slots, self.memory.give(need.peak(slots))))
    }
}

/// Bytes of a thread's stack. One that waits for parts of a step may begin another model's, and so on: as many at most as there are desks, of some kilobytes each.
const STACK: usize = 16 << 20;

/// More threads than any machine gains from.
const MAX_THREADS: usize = 1024;

impl Executor for CpuExecutor {
    /// One class for every machine, thread count and instruction set: they all give the same bits.
    fn class(&self) -> NumericsClass {
        NumericsClass("cpu-f32/1".to_owned())
    }

    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32, Precision::Bf16, Precision::F16]
    }

    fn name(&self) -> String {
        let plural = if self.threads == 1 { "" } else { "s" };
        format!("cpu ({} thread{plural}, {})", self.threads, self.instructions)
    }

    fn fit(&self, program: &Program, wanted: usize) -> Result<usize, Problem> {
        self.check_precision(program.precision)?;
        self.need(program).fit(self.memory.left(), wanted)
    }

    fn bytes(&self, program: &Program, slots: usize) -> Result<u64, Problem> {
        Ok(self.need(program).peak(slots))
    }

    /// By the shards of what is live: a thread takes one at a time.
    fn is_idle_beside(&self, running: &[Load]) -> bool {
        let shards = |load: &Load| load.live * Partition::of(load.program).shards.len() as f64;
        running.iter().map(shards).sum::<f64>() < self.threads as f64
    }

    fn prepare(&mut self, program: &Program, slots: usize) -> Result<Box<dyn Wave>, Problem> {
        Ok(Box::new(self.wave(program, slots)?))
    }
}
