//! Products of linear layers and the head, with what is done around them.

use super::{PRODUCT_SHAPE, bind};
use crate::kernel::Access::{Read, ReadWrite};
use crate::kernel::{Binding, Kernel};

/// A product of `linear.wgsl`, with what is done around it.
const fn product(
    name: &'static str,
    fixed: &'static [&'static str],
    shape: &'static [&'static [&'static str]],
    bindings: &'static [Binding],
) -> Kernel {
    Kernel {
        name,
        text: include_str!("../../wgsl/linear.wgsl"),
        pieces: &["math", "lane", "activation", "factor", "tile", "product", "products"],
        workgroup: [8, 128],
        summed: 0,
        tiled: true,
        fixed,
        options: &["WHOLE", "CHUNKS"],
        shape,
        bindings,
    }
}

/// What a norm before a product adds to its shape.
const NORM_SHAPE: &[&str] = &["gain_slot", "normed_slot", "scale_slot", "epsilon"];

/// Of `norm_linear_gated`, `norm_linear_gelu`.
const NORM_ACTIVATED_SHAPE: &[&[&str]] = &[PRODUCT_SHAPE, &["out_slot"], NORM_SHAPE, &["hidden4", "activated_slot"]];

/// Of `linear`, `logits`.
const LINEAR_BINDINGS: &[Binding] = &[bind("x", ReadWrite), bind("weight", Read), bind("out", ReadWrite)];

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
const NORM_ACTIVATED_BINDINGS: &[Binding] = &[
    bind("x", ReadWrite),
    bind("weight", Read),
    bind("out", ReadWrite),
    bind("gain", Read),
    bind("normed", ReadWrite),
    bind("scale", ReadWrite),
    bind("activated", ReadWrite),
];

pub(super) static PRODUCTS: &[Kernel] = &[
    product("linear", &["PRODUCT"], &[PRODUCT_SHAPE, &["out_slot"]], LINEAR_BINDINGS),
    product(
        "linear_add",
        &["PRODUCT", "ADD"],
        &[PRODUCT_SHAPE, &["out_slot", "residual_slot"]],
        &[bind("x", ReadWrite), bind("weight", Read), bind("out", ReadWrite), bind("residual", ReadWrite)],
    ),
    product("norm_linear", &["PRODUCT", "NORM"], &[PRODUCT_SHAPE, &["out_slot"], NORM_SHAPE], NORM_LINEAR_BINDINGS),
    product(
        "norm_linear_gated",
        &["PRODUCT", "NORM", "ACTIVATED", "GATED", "VECTOR"],
        NORM_ACTIVATED_SHAPE,
        NORM_ACTIVATED_BINDINGS,
    ),
    product(
        "norm_linear_gelu",
        &["PRODUCT", "NORM", "ACTIVATED", "VECTOR"],
        NORM_ACTIVATED_SHAPE,
        NORM_ACTIVATED_BINDINGS,
    ),
    product("logits", &["PRODUCT", "TRANSPOSED"], &[PRODUCT_SHAPE, &["out_slot"]], LINEAR_BINDINGS),
    product(
        "norm_logits",
        &["PRODUCT", "TRANSPOSED", "NORM"],
        &[PRODUCT_SHAPE, &["out_slot"], NORM_SHAPE],
        NORM_LINEAR_BINDINGS,
    ),
];
