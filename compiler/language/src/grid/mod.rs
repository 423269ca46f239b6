//! Grids: axes to cells.

mod cell;
mod count;
mod expand;
pub(crate) mod scope;

pub(crate) use expand::Expanded;
