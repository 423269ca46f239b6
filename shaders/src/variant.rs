//! A kernel with its constants fixed.

use crate::kernel::Kernel;
use crate::kernels::piece;
use crate::template::expand;

/// The ways in which kernels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Set {
    /// Eight lanes, nothing shared: for software adapters, which run a workgroup on one core's vector registers.
    Direct,
    /// As `Direct` where subgroups are exactly eight lanes: what all lanes need is read once, a part by each lane, and handed round. On llvmpipe a load that is
    /// the same for all lanes costs as much as eight loads, and handing round next to nothing.
    Subgroup,
    /// Tiles and sums in workgroup memory: for GPUs.
    Tiled,
}

/// The largest head dimension whose keys and values fit a tile: a set's variants exist up to it.
#[derive(Debug, Clone, Copy)]
pub struct LargestHead;

impl LargestHead {
    /// With 16 KiB of workgroup memory, the least that is granted anywhere. Beyond it attention takes the direct variant.
    pub const TILED: u32 = 512;

    /// Where both gradients of attention stand side by side, which takes a little more of that memory.
    pub const BESIDE: u32 = 256;
}

/// One shader: a kernel and the values of its constants. Equal variants give equal text.
#[derive(Debug, Clone)]
pub struct Variant {
    pub kernel: &'static Kernel,
    pub set: Set,
    /// Invocations of a workgroup.
    pub workgroup: u32,
    constants: Vec<(&'static str, u32)>,
}

impl Variant {
    /// `options` are the kernel's conditions in the order of `Kernel::options`.
    pub fn new(kernel: &'static Kernel, set: Set, options: &[bool]) -> Variant {
        debug_assert_eq!(kernel.options.len(), options.len(), "{}", kernel.name);
        let workgroup = kernel.workgroup[usize::from(set == Set::Tiled)];
        let tiled = u32::from(set == Set::Tiled && kernel.tiled);
        let mut constants = vec![("TILED", tiled), ("WORKGROUP", workgroup), ("SUMMED", kernel.summed)];
        constants.push(("SUBGROUP", u32::from(set == Set::Subgroup)));
        constants.extend(kernel.fixed.iter().map(|name| (*name, 1)));
        constants.extend(kernel.options.iter().zip(options).map(|(name, on)| (*name, u32::from(*on))));
        Variant { kernel, set, workgroup, constants }
    }

    /// A variant of one of the attention kernels for a head dimension. `VECTOR` is on where it divides by four.
    pub fn attention(kernel: &'static Kernel, set: Set, head_dim: u32) -> Variant {
        let set = if head_dim > LargestHead::TILED { Set::Direct } else { set };
        let vector = head_dim.is_multiple_of(4);
        let mut variant = Variant::new(kernel, set, &[vector]);
        // Two tiles of `keys` rows in 16 KiB, and a number of each row where gradients stand side by side.
        let beside = kernel.fixed.contains(&"BESIDE");
        let bytes = if beside { 16_384 - 4 * 32 } else { 16_384 };
        let keys = (bytes / (8 * head_dim.max(1)) / 4 * 4).clamp(4, 32);
        variant.constants.push(("KEYS", keys));
        let lanes = if vector { head_dim / 4 } else { head_dim };
        variant.constants.push(("LANES", lanes));
        // Halves of a head lie apart by whole lanes where positions are turned: see `turns`.
        variant.constants.push(("HALF", lanes / 2));
        variant
    }

    /// Whether the kernels of attention can turn heads of this dimension by their positions: its halves are whole lanes.
    pub fn turns(head_dim: u32) -> bool {
        if head_dim.is_multiple_of(4) { head_dim.is_multiple_of(8) } else { head_dim.is_multiple_of(2) }
    }

    /// What tells this shader from every other.
    pub fn key(&self) -> String {
        let mut key = self.kernel.name.to_owned();
        for (name, value) in &self.constants {
            key.extend([" ", name, "=", &value.to_string()]);
        }
        key
    }

    /// The shader as WGSL, with the entry point `main`.
    pub fn source(&self) -> String {
        let mut text = String::new();
        for name in ["entry"].iter().chain(self.kernel.pieces) {
            text.push_str("#include ");
            text.push_str(name);
            text.push('\n');
        }
        text.push_str(self.kernel.text);
        expand(&text, &self.constants, &piece)
    }
}
