//! The WGSL kernels: `wgsl/<operation>.wgsl`, one file a kernel, with the pieces that several share in `wgsl/shared/`; their variants and what they bind,
//! as plain data. Nothing here knows wgpu.
//!
//! A kernel's file is a template with a handful of directives ([`template`]); a [`Variant`] fixes its constants and gives WGSL. There are three sets of variants:
//! [`Set::Tiled`] for GPUs (workgroups share tiles and sums), [`Set::Direct`] for software adapters (eight lanes, nothing shared) and [`Set::Subgroup`] for those
//! of them with subgroups of eight. Within [`Set::Tiled`] products have tiles of two sizes ([`Tile`]), and sums over neighbouring invocations go by subgroups where
//! these are all of one size, with the same bits. All give every element of a product as the
//! same chain of operations, but for products in f16 by cooperative matrices ([`Factors::Matrices`]), whose order within a chunk is the adapter's.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod kernel;
mod kernels;
mod template;
#[cfg(test)]
mod tests;
mod variant;

pub use kernel::{Access, Binding, Kernel};
pub use kernels::{all, kernel};
pub use variant::{Cooperative, Factors, LargestHead, Set, Tile, Variant};
