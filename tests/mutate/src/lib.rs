//! Texts that nobody would write: studies changed at random, for the tests of whatever reads text. The changes are blind, that is made
//! without looking at what they reach.

mod change;
mod pieces;
mod random;
mod trial;

pub use change::{Change, boundary, change};
pub use random::Random;
pub use trial::{Until, seed, try_changes};
