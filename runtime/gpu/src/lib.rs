//! The wgpu executor: programs on any GPU that has a Vulkan driver, and on a software one.
//!
//! [`adapters`] lists what is there, [`GpuExecutor::open`] takes one; from there on it is [`synx_plan::executor`]. Kernels are `synx-shaders`' WGSL.
//!
//! Invariants. A slot's bits do not depend on the wave's size, the slot's number or other slots: every tensor is `[K, …]`, K reaches a shader only as the
//! dispatch's extent and as a distance between slots, and which shader runs follows from adapter, limits and the program's shapes. Nothing is added
//! atomically. How many dispatches go into one submission follows from timings, and has no influence on bits. There is no panic in a device's errors: they come
//! back as problems.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod adapter;
mod batch;
mod buffers;
mod ceilings;
mod device;
mod executor;
mod fusion;
mod layout;
mod operations;
mod pacer;
mod pipelines;
mod problems;
mod self_check;
mod split;
mod tape;
mod wave;
mod ways;

pub use adapter::{AdapterInfo, AdapterKind, AdapterLimits, Selector, adapters};
pub use executor::GpuExecutor;
pub use synx_shaders::{Set, Tile};
pub use wave::GpuWave;
pub use ways::Choice;
