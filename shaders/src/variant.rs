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

/// The tiles of products in the tiled set. An element is the same chain of operations in either, so the bits are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tile {
    /// 64 rows and columns by 128 invocations, 8 x 4 each, in 16 KiB of workgroup memory: runs everywhere.
    Small,
    /// 128 rows and columns by 256 invocations, 8 x 8 each, in 32 KiB: half as many reads of memory and of the tiles for a product.
    Large,
}

impl Tile {
    /// Rows, and columns, of a tile.
    pub fn side(self) -> usize {
        match self {
            Tile::Small => 64,
            Tile::Large => 128,
        }
    }

    /// What a product with these tiles takes of a workgroup's memory at most, bytes.
    pub fn memory(self) -> u32 {
        match self {
            Tile::Small => 16 << 10,
            Tile::Large => 32 << 10,
        }
    }

    fn constants(self) -> [(&'static str, u32); 4] {
        match self {
            Tile::Small => [("SIDE4", 16), ("PITCH", 17), ("EACH", 1), ("TWO", 0)],
            Tile::Large => [("SIDE4", 32), ("PITCH", 33), ("EACH", 2), ("TWO", 1)],
        }
    }
}

/// What the factors of products are rounded to, and what multiplies them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Factors {
    #[default]
    F32,
    /// Rounded to f16, multiplied and added in f32.
    F16,
    /// Of f16, by cooperative matrices in the tiled set; the other sets do as `F16`.
    Matrices(Cooperative),
}

/// Square matrices of f16 that the lanes of a subgroup hold together, with sums in f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooperative {
    /// Rows and columns: 8 or 16.
    pub matrix: u32,
    /// The most lanes that a subgroup has: a power of two from 8 to 128.
    pub subgroup: u32,
}

impl Cooperative {
    /// Bytes of workgroup memory that its kernels take at most.
    pub const MEMORY: u32 = 32_768;

    /// A workgroup's subgroups in a grid over its tile of 64 x 64, and the matrices of each.
    fn constants(self) -> [(&'static str, u32); 6] {
        let subgroups = 128 / self.subgroup;
        let across = 1 << (subgroups.trailing_zeros() / 2);
        let down = subgroups / across;
        let matrices = 64 / self.matrix;
        [
            ("COOPERATIVE", 1),
            ("MATRIX", self.matrix),
            ("SUBGROUPS", subgroups),
            ("SUBGROUPS_ACROSS", across),
            ("MATRIX_ROWS", matrices / down),
            ("MATRIX_COLUMNS", matrices / across),
        ]
    }
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
        let tile = if kernel.pieces.contains(&"tile") { &Tile::Small.constants()[..] } else { &[] };
        let mut constants = vec![("TILED", tiled), ("WORKGROUP", workgroup), ("SUMMED", kernel.summed)];
        constants.push(("SUBGROUP", u32::from(set == Set::Subgroup)));
        constants.extend(tile);
        constants.extend(kernel.fixed.iter().map(|name| (*name, 1)));
        constants.extend(kernel.options.iter().zip(options).map(|(name, on)| (*name, u32::from(*on))));
        Variant { kernel, set, workgroup, constants }
    }

    /// This with tiles of a size, where it has tiles.
    #[must_use]
    pub fn with_tile(mut self, tile: Tile) -> Variant {
        if self.set == Set::Tiled && self.kernel.pieces.contains(&"tile") {
            self.workgroup = 2 * tile.side() as u32;
            self.set("WORKGROUP", self.workgroup);
            tile.constants().into_iter().for_each(|(name, value)| self.set(name, value));
        }
        self
    }

    /// This with sums over neighbours by exchanges within subgroups, which are all of this many lanes, a power of two from 4 to 64. The same numbers are added in
    /// the same pairs as without: bits are the same. Kernels that have no such sums stay as they are.
    #[must_use]
    pub fn with_shuffles(mut self, subgroup: u32) -> Variant {
        debug_assert!(subgroup.is_power_of_two() && (4..=64).contains(&subgroup), "{subgroup}");
        if self.set != Set::Tiled {
            return self;
        }
        if self.kernel.pieces.contains(&"lanes") {
            let reach = subgroup.min(self.kernel.summed);
            let levels = (self.kernel.summed / reach).ilog2();
            let exchanges = [("REACH", reach), ("LEVELS", levels), ("EXCHANGES", reach.ilog2())];
            exchanges.into_iter().for_each(|(name, value)| self.set(name, value));
            self.set("SHUFFLES", subgroup);
        }
        // A row's sum before a product is one of sixteen lanes.
        if self.kernel.pieces.contains(&"product") && self.kernel.fixed.contains(&"NORM") && subgroup >= 16 {
            self.set("ROW_SHUFFLES", 1);
            self.set("SHUFFLES", subgroup);
        }
        self
    }

    /// Whether it calls on subgroups.
    pub fn uses_subgroups(&self) -> bool {
        self.set == Set::Subgroup || self.constants.iter().any(|(name, value)| *name == "SHUFFLES" && *value > 0)
    }

    fn set(&mut self, name: &'static str, value: u32) {
        match self.constants.iter_mut().find(|(constant, _)| *constant == name) {
            Some(constant) => constant.1 = value,
            None => self.constants.push((name, value)),
        }
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

    /// The same with factors of products that are rounded.
    #[must_use]
    pub fn with_factors(mut self, factors: Factors) -> Variant {
        if factors != Factors::F32 && self.kernel.rounds() {
            self.constants.push(("F16", 1));
        }
        if let Factors::Matrices(cooperative) = factors
            && self.set == Set::Tiled
            && self.kernel.multiplies()
        {
            self.constants.extend(cooperative.constants());
        }
        self
    }

    /// Whether it needs f16, subgroups and cooperative matrices of the device.
    pub fn is_cooperative(&self) -> bool {
        self.constants.contains(&("COOPERATIVE", 1))
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
        if self.is_cooperative() {
            text.push_str("enable f16;\nenable wgpu_cooperative_matrix;\n");
        }
        for name in ["entry"].iter().chain(self.kernel.pieces) {
            text.push_str("#include ");
            text.push_str(name);
            text.push('\n');
        }
        text.push_str(self.kernel.text);
        expand(&text, &self.constants, &piece)
    }
}
