//! How a device computes where it could in several ways: a pure function of adapter, features and limits, or the caller's choice.
//!
//! The set of kernels belongs to the numerics class. Everything else here gives the same bits.

use synx_plan::recipe::Precision;
use synx_shaders::{Cooperative, Factors, Set, Tile, Variant};

use crate::adapter::AdapterLimits;
use crate::fusion::Fusion;

/// What a caller takes instead of what suits the adapter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choice {
    /// The kernels. Others than the adapter's own are a numerics class of their own.
    pub set: Option<Set>,
    /// Whether sums over neighbouring invocations go by subgroups.
    pub shuffles: Option<bool>,
    /// The tiles of all products, whatever their shapes.
    pub tile: Option<Tile>,
}

impl From<Set> for Choice {
    fn from(set: Set) -> Choice {
        Choice { set: Some(set), ..Choice::default() }
    }
}

/// How a wave's programs are carried out.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    pub set: Set,
    pub fusion: Fusion,
    /// Lanes of a subgroup, where sums over neighbours go by subgroups.
    pub shuffles: Option<u32>,
    pub tiles: Tiles,
    /// Matrices of f16 that the adapter multiplies by itself.
    pub matrices: Option<Cooperative>,
}

/// Which tiles products have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tiles {
    All(Tile),
    /// Large ones where they fill a card.
    ByShape,
}

/// Large tiles are taken where there are at least as many of them: two for each of the 132 processors of the largest cards of today. With fewer, small tiles keep more
/// processors busy.
const ENOUGH_TILES: usize = 2 * 132;

/// The outputs of one dispatch, each `[rows, columns]`, while its tiles are chosen.
pub type Outputs<'a> = &'a [(usize, usize)];

impl Ways {
    pub fn new(
        set: Set,
        subgroup: Option<u32>,
        matrices: Option<Cooperative>,
        limits: &AdapterLimits,
        choice: Choice,
    ) -> Ways {
        let tiles = match choice.tile {
            Some(tile) => Tiles::All(tile),
            None if Ways::has_room_for_large_tiles(limits) => Tiles::ByShape,
            None => Tiles::All(Tile::Small),
        };
        let shuffles = subgroup.filter(|_| set == Set::Tiled && choice.shuffles != Some(false));
        Ways { set, fusion: Fusion::of(set), shuffles, tiles, matrices }
    }

    /// Whether an adapter can run them at all.
    pub fn has_room_for_large_tiles(limits: &AdapterLimits) -> bool {
        limits.workgroup_memory >= Tile::Large.memory() && limits.invocations >= 256
    }

    /// The tiles of a dispatch that makes these in each of so many slots.
    pub fn tile(&self, outputs: Outputs, slots: usize) -> Tile {
        let blocks = |tile: Tile| -> usize {
            let of = |&(rows, columns): &(usize, usize)| rows.div_ceil(tile.side()) * columns.div_ceil(tile.side());
            outputs.iter().map(of).sum()
        };
        let (small, large) = (blocks(Tile::Small), blocks(Tile::Large));
        match self.tiles {
            Tiles::All(tile) => tile,
            // A large tile is as much work as four small ones: large ones may be at most an eighth more work than small ones.
            Tiles::ByShape if large * slots >= ENOUGH_TILES && 8 * 4 * large <= 9 * small => Tile::Large,
            Tiles::ByShape => Tile::Small,
        }
    }

    /// The ways of a program of this precision, and how its products are multiplied. Matrices have tiles of their own, as large as small ones.
    pub fn in_precision(self, precision: Precision) -> (Ways, Factors) {
        match (precision, self.matrices) {
            (Precision::F16, Some(matrices)) => {
                (Ways { tiles: Tiles::All(Tile::Small), ..self }, Factors::Matrices(matrices))
            }
            (Precision::F16, None) => (self, Factors::F16),
            (Precision::F32 | Precision::Bf16, _) => (self, Factors::F32),
        }
    }

    /// A variant as this device runs it.
    pub fn of(&self, variant: Variant) -> Variant {
        match self.shuffles {
            Some(subgroup) => variant.with_shuffles(subgroup),
            None => variant,
        }
    }
}

/// The lanes of every subgroup, where sums can go by subgroups: all are of one size, which is a power of two from 4 to 64.
pub fn subgroup_of_one_size(least: u32, most: u32) -> Option<u32> {
    (least == most && least.is_power_of_two() && (4..=64).contains(&least)).then_some(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: AdapterLimits = AdapterLimits {
        binding: 1 << 30,
        buffer: 1 << 30,
        workgroup_memory: 32 << 10,
        invocations: 1024,
        storage_buffers: 8,
        workgroups: 65_535,
    };

    #[test]
    fn large_tiles_are_taken_where_they_fill_a_card_and_little_of_them_is_wasted() {
        let ways = Ways::new(Set::Tiled, Some(32), None, &LIMITS, Choice::default());
        // 16 x 4 large tiles a model.
        assert_eq!(ways.tile(&[(2048, 512)], 1), Tile::Small);
        assert_eq!(ways.tile(&[(2048, 512)], 4), Tile::Small);
        assert_eq!(ways.tile(&[(2048, 512)], 5), Tile::Large);
        // Half of the second column of tiles would be empty.
        assert_eq!(ways.tile(&[(2048, 192)], 64), Tile::Small);
        assert_eq!(ways.tile(&[(2048, 64)], 64), Tile::Small);
        assert_eq!(ways.tile(&[(2048, 64), (2048, 1024)], 64), Tile::Large);
    }

    #[test]
    fn limits_and_the_callers_choice_come_first() {
        let small = AdapterLimits { workgroup_memory: 16 << 10, ..LIMITS };
        assert_eq!(Ways::new(Set::Tiled, None, None, &small, Choice::default()).tile(&[(8192, 8192)], 8), Tile::Small);
        let choice = Choice { tile: Some(Tile::Large), shuffles: Some(false), ..Choice::default() };
        let ways = Ways::new(Set::Tiled, Some(32), None, &LIMITS, choice);
        assert_eq!((ways.tile(&[(1, 1)], 1), ways.shuffles), (Tile::Large, None));
        assert_eq!(Ways::new(Set::Direct, Some(32), None, &LIMITS, Choice::default()).shuffles, None);
    }

    #[test]
    fn subgroups_of_several_sizes_are_left_alone() {
        assert_eq!(subgroup_of_one_size(32, 32), Some(32));
        assert_eq!(subgroup_of_one_size(8, 32), None);
        assert_eq!(subgroup_of_one_size(128, 128), None);
        assert_eq!(subgroup_of_one_size(0, 0), None);
    }
}
