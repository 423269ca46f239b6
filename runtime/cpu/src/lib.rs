//! Training on the CPU: kernels, each with the scalar twin that defines it, and the executor that runs programs with them.
//!
//! The bits of a result depend on the program and its inputs alone: not on the instruction set, the number of threads, the number of
//! slots in a wave or a slot's place in it. `kernels` says how each operation keeps that, `executor` how a step does.

#![cfg_attr(test, allow(clippy::unwrap_used))]
// Kernels are compiled for an instruction set by inlining them into a function that has it enabled; what is not inlined is not.
#![allow(clippy::inline_always)]

mod ceilings;
mod executor;
mod instructions;
pub mod kernels;
pub mod math;
mod product;
mod simd;
#[cfg(test)]
mod testing;
pub mod twin;

pub use executor::{CpuExecutor, memory};
pub use instructions::Instructions;
