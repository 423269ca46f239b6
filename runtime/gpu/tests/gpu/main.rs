//! The executor on whatever Vulkan adapter there is, in both sets of kernels: kernel by kernel against the CPU's scalar twins, whole steps against the CPU
//! executor, and what waves promise. One process, one test at a time on the device.

#![allow(clippy::unwrap_used)]
// A slot's number picks from several lists at once.
#![allow(clippy::needless_range_loop)]

mod adapters;
mod bench;
mod fused;
mod kernels;
mod precision;
mod steps;
mod waves;
mod ways;
