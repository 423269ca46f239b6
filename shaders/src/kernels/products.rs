//! Products of linear layers and the head, with what is done around them.

use super::bind;
use crate::kernel::Access::{Read, ReadWrite};
use crate::kernel::{Binding, Kernel};

/// A product of `linear.wgsl`, with what is done around it.
const fn product(
    name: &'static str,
    fixed: &'static [&'static str],
    shape: &'static [&'static str],
    bindings: &'static [Binding],
) -> Kernel {
    Kernel {
        name,
        text: include_str!("../../wgsl/linear.wgsl"),
        pieces: &["workgroup", "math", "lane", "activation", "tile", "product"],
        workgroup: [8, 128],
        tiled: true,
        fixed,
        options: &["WHOLE", "CHUNKS"],
        shape,
        bindings,
    }
}

/// Of `linear`, `logits`.
const LINEAR_SHAPE: &[&str] = &[
    "rows",
    "inner",
    "inner4",
    "columns4",
    "column_blocks",
    "blocks",
    "left_slot",
    "left_begin",
    "weight_slot",
    "out_slot",
];

/// Of `norm_linear`, `norm_logits`.
const NORM_LINEAR_SHAPE: &[&str] = &[
    "rows",
    "inner",
    "inner4",
    "columns4",
    "column_blocks",
    "blocks",
    "left_slot",
    "left_begin",
    "weight_slot",
    "out_slot",
    "gain_slot",
    "normed_slot",
    "scale_slot",
    "epsilon",
];

/// Of `norm_linear`, `norm_logits`.
const NORM_LINEAR_BINDINGS: &[Binding] = &[
    bind("x", ReadWrite),
    bind("weight", Read),
    bind("out", ReadWrite),
    bind("gain", Read),
    bind("normed", ReadWrite),
    bind("scale", ReadWrite),
];

/// Of `norm_linear_gated`, `norm_linear_gelu`.
const NORM_LINEAR_GATED_SHAPE: &[&str] = &[
    "rows",
    "inner",
    "inner4",
    "columns4",
    "column_blocks",
    "blocks",
    "left_slot",
    "left_begin",
    "weight_slot",
    "out_slot",
    "gain_slot",
    "normed_slot",
    "scale_slot",
    "epsilon",
    "hidden4",
    "activated_slot",
];

/// Of `norm_linear_gated`, `norm_linear_gelu`.
const NORM_LINEAR_GATED_BINDINGS: &[Binding] = &[
    bind("x", ReadWrite),
    bind("weight", Read),
    bind("out", ReadWrite),
    bind("gain", Read),
    bind("normed", ReadWrite),
    bind("scale", ReadWrite),
    bind("activated", ReadWrite),
];

pub(super) static PRODUCTS: &[Kernel] = &[
    product("linear", &[], LINEAR_SHAPE, &[bind("x", ReadWrite), bind("weight", Read), bind("out", ReadWrite)]),
    product(
        "linear_add",
        &["ADD"],
        &[
            "rows",
            "inner",
            "inner4",
            "columns4",
            "column_blocks",
            "blocks",
            "left_slot",
            "left_begin",
            "weight_slot",
            "out_slot",
            "residual_slot",
        ],
        &[bind("x", ReadWrite), bind("weight", Read), bind("out", ReadWrite), bind("residual", ReadWrite)],
    ),
    product("norm_linear", &["NORM"], NORM_LINEAR_SHAPE, NORM_LINEAR_BINDINGS),
    product(
        "norm_linear_gated",
        &["NORM", "ACTIVATED", "GATED", "VECTOR"],
        NORM_LINEAR_GATED_SHAPE,
        NORM_LINEAR_GATED_BINDINGS,
    ),
    product("norm_linear_gelu", &["NORM", "ACTIVATED", "VECTOR"], NORM_LINEAR_GATED_SHAPE, NORM_LINEAR_GATED_BINDINGS),
    product(
        "logits",
        &["TRANSPOSED"],
        LINEAR_SHAPE,
        &[bind("x", ReadWrite), bind("weight", Read), bind("out", ReadWrite)],
    ),
    product("norm_logits", &["TRANSPOSED", "NORM"], NORM_LINEAR_SHAPE, NORM_LINEAR_BINDINGS),
];
