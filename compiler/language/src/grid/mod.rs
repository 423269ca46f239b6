//! Grids: axes to cells.

mod cell;
mod choice;
mod circle;
mod columns;
mod count;
mod expand;
mod far_off;
mod fits;
mod lay_out;
mod of_table;
pub(crate) mod scope;
mod select;

pub(crate) use expand::Expanded;
pub(crate) use lay_out::LaidOut;
