//! The executor on whatever Vulkan adapter there is, in both sets of kernels: kernel by kernel against the CPU's scalar twins, whole steps against the CPU
//! executor, and what waves promise. One process, one test at a time on the device.

mod adapters;
mod bench;
mod kernels;
mod steps;
mod waves;
