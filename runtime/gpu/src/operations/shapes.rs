//! How the uniforms of products are laid out, and how their work is cut into workgroups.

use std::ops::Range;

use synx_shaders::{Set, Tile};

use super::View;
use crate::device::Window;

/// How a product is cut into workgroups.
pub struct Blocks {
    pub across: u32,
    pub count: usize,
}

impl Blocks {
    /// For an output of `rows` rows and `columns4` fours of columns.
    pub fn new(set: Set, tile: Tile, rows: usize, columns4: usize) -> Blocks {
        let (down, across) = match set {
            Set::Direct => (8, 16),
            Set::Subgroup => (16, 8),
            Set::Tiled => (tile.side(), tile.side() / 4),
        };
        let across = columns4.div_ceil(across);
        Blocks { across: across as u32, count: across * rows.div_ceil(down) }
    }
}

/// A product of some rows, while what is done around it is put together.
pub struct Product {
    pub tile: Tile,
    pub shape: Vec<(&'static str, u32)>,
    pub windows: Vec<Window>,
    pub blocks: Blocks,
    pub rows: usize,
    pub inner: usize,
    pub columns: usize,
    /// Of what comes after the product.
    pub extra_shape: Vec<(&'static str, u32)>,
    pub extra_windows: Vec<Window>,
}

impl Product {
    /// `out[..rows] = x[x_begin..][..rows] · weight`, or `weightᵀ`.
    pub fn new(set: Set, tile: Tile, x: &View, x_begin: usize, weight: &View, out: &View, rows: usize) -> Product {
        let shape = vec![
            ("rows", rows as u32),
            ("inner", x.columns() as u32),
            ("inner4", x.stride4()),
            ("columns4", out.stride4()),
            ("left_slot", x.slot4()),
            ("left_begin", x.stride4() * x_begin as u32),
            ("weight_slot", weight.slot4()),
            ("out_slot", out.slot4()),
        ];
        Product {
            tile,
            shape,
            windows: [x, weight, out].map(|view| view.window.clone()).to_vec(),
            blocks: Blocks::new(set, tile, rows, out.place.stride / 4),
            rows,
            inner: x.columns(),
            columns: out.columns(),
            extra_shape: Vec::new(),
            extra_windows: Vec::new(),
        }
    }

    pub fn and(mut self, shape: &[(&'static str, u32)], window: Window) -> Product {
        self.extra_shape.extend(shape);
        self.extra_windows.push(window);
        self
    }

    pub fn activated(self, hidden: &View) -> Product {
        let shape = [("hidden4", hidden.stride4()), ("activated_slot", hidden.slot4())];
        self.and(&shape, hidden.window.clone())
    }
}

/// What a product takes of the norm before it.
pub struct Norm {
    pub shape: [(&'static str, u32); 4],
    pub windows: [Window; 3],
}

/// Whether the inner dimension is made of whole fours, and whether it has several chunks.
pub fn product_options(inner: usize) -> [bool; 2] {
    [inner.is_multiple_of(4), inner > 512]
}

/// Members of a gradient's shape for `dx[..rows] = dout[..rows] · weightᵀ`, or `weight`; dx has so many fours of columns.
pub fn input_shape(
    blocks: &Blocks,
    dout: &View,
    weight: &View,
    columns4: usize,
    rows: usize,
) -> Vec<(&'static str, u32)> {
    vec![
        ("rows", rows as u32),
        ("inner", dout.columns() as u32),
        ("inner4", dout.stride4()),
        ("columns4", columns4 as u32),
        ("column_blocks", blocks.across),
        ("blocks", blocks.count as u32),
        ("left_slot", dout.slot4()),
        ("left_begin", 0),
        ("weight_slot", weight.slot4()),
    ]
}

/// `dweight = xᵀ · dout[rows]`, or `dweight += …` for rows that do not begin at the first.
pub struct WeightGradient {
    pub shape: Vec<(&'static str, u32)>,
    pub blocks: usize,
    /// Whether there is no padding.
    pub whole: bool,
    pub work: f64,
}

impl WeightGradient {
    pub fn new(set: Set, tile: Tile, x: &View, dout: &View, dweight: &View, rows: Range<usize>) -> WeightGradient {
        let blocks = Blocks::new(set, tile, x.place.stride, dout.place.stride / 4);
        let shape = vec![
            ("tokens", rows.len() as u32),
            ("inputs", x.columns() as u32),
            ("inputs4", x.stride4()),
            ("outputs", dout.columns() as u32),
            ("outputs4", dout.stride4()),
            ("weight_column_blocks", blocks.across),
            ("weight_blocks", blocks.count as u32),
            ("accumulate_weight", u32::from(rows.start > 0)),
            ("x_slot", x.slot4()),
            ("dout_slot", dout.slot4()),
            ("dout_begin", dout.stride4() * rows.start as u32),
            ("dweight_slot", dweight.slot4()),
        ];
        let whole = x.columns().is_multiple_of(4) && dout.columns().is_multiple_of(4);
        let work = flops(rows.len(), x.columns(), dout.columns());
        WeightGradient { shape, blocks: blocks.count, whole, work }
    }

    /// Puts this beside another product of the same dispatch.
    pub fn beside(
        self,
        shape: &mut Vec<(&'static str, u32)>,
        options: &mut Vec<bool>,
        workgroups: &mut usize,
        work: &mut f64,
    ) {
        shape.extend(self.shape);
        options.push(self.whole);
        *workgroups += self.blocks;
        *work += self.work;
    }
}

pub fn flops(rows: usize, inner: usize, columns: usize) -> f64 {
    2.0 * rows as f64 * inner as f64 * columns as f64
}
