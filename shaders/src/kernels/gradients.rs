//! The gradients of linear layers and the head.

use super::{PRODUCT_SHAPE, WEIGHT_GRADIENT_SHAPE, bind};
use crate::kernel::Access::{Read, ReadWrite};
use crate::kernel::{Binding, Kernel};

/// A kernel of a linear layer's or the head's gradients.
const fn gradient(
    name: &'static str,
    text: &'static str,
    fixed: &'static [&'static str],
    options: &'static [&'static str],
    shape: &'static [&'static [&'static str]],
    bindings: &'static [Binding],
) -> Kernel {
    let pieces = &["math", "lane", "activation", "factor", "tile", "weight_gradient", "product", "products"];
    Kernel { name, text, pieces, workgroup: [8, 128], summed: 0, tiled: true, fixed, options, shape, bindings }
}

const LINEAR_GRAD: &str = include_str!("../../wgsl/linear_grad.wgsl");
const HEAD_GRAD: &str = include_str!("../../wgsl/head_grad.wgsl");

/// Options of a product alone, and of one with the gradient of the weight.
const PRODUCT: &[&str] = &["WHOLE", "CHUNKS"];
const PRODUCT_AND_WEIGHT: &[&str] = &["WHOLE", "CHUNKS", "WHOLE_WEIGHT"];

/// What all of `linear_grad.wgsl` have of their own.
const INPUT_SHAPE: &[&str] = &["accumulate", "dx_slot"];

/// Of `linear_grad_input_gated`, `linear_grad_input_gelu`.
const INPUT_GATED_SHAPE: &[&[&str]] = &[PRODUCT_SHAPE, INPUT_SHAPE, &["gate_slot"]];
const INPUT_GATED_BINDINGS: &[Binding] =
    &[bind("dout", ReadWrite), bind("weight", Read), bind("dx", ReadWrite), bind("before_gate", ReadWrite)];

/// Of `linear_grad_gated`, `linear_grad_gelu`.
const GATED_SHAPE: &[&[&str]] = &[PRODUCT_SHAPE, INPUT_SHAPE, WEIGHT_GRADIENT_SHAPE, &["gate_slot"]];
const GATED_BINDINGS: &[Binding] = &[
    bind("dout", ReadWrite),
    bind("weight", Read),
    bind("dx", ReadWrite),
    bind("x", ReadWrite),
    bind("dweight", ReadWrite),
    bind("before_gate", ReadWrite),
];

pub(super) static GRADIENTS: &[Kernel] = &[
    gradient(
        "linear_grad_input",
        LINEAR_GRAD,
        &["PRODUCT", "TRANSPOSED", "VECTOR"],
        PRODUCT,
        &[PRODUCT_SHAPE, INPUT_SHAPE],
        &[bind("dout", ReadWrite), bind("weight", Read), bind("dx", ReadWrite)],
    ),
    gradient(
        "linear_grad_input_gated",
        LINEAR_GRAD,
        &["PRODUCT", "TRANSPOSED", "VECTOR", "ACTIVATED", "GATE"],
        PRODUCT,
        INPUT_GATED_SHAPE,
        INPUT_GATED_BINDINGS,
    ),
    gradient(
        "linear_grad_input_gelu",
        LINEAR_GRAD,
        &["PRODUCT", "TRANSPOSED", "VECTOR", "ACTIVATED"],
        PRODUCT,
        INPUT_GATED_SHAPE,
        INPUT_GATED_BINDINGS,
    ),
    gradient(
        "linear_grad",
        LINEAR_GRAD,
        &["PRODUCT", "TRANSPOSED", "VECTOR", "WEIGHT"],
        PRODUCT_AND_WEIGHT,
        &[PRODUCT_SHAPE, INPUT_SHAPE, WEIGHT_GRADIENT_SHAPE],
        &[
            bind("dout", ReadWrite),
            bind("weight", Read),
            bind("dx", ReadWrite),
            bind("x", ReadWrite),
            bind("dweight", ReadWrite),
        ],
    ),
    gradient(
        "linear_grad_gated",
        LINEAR_GRAD,
        &["PRODUCT", "TRANSPOSED", "VECTOR", "WEIGHT", "ACTIVATED", "GATE"],
        PRODUCT_AND_WEIGHT,
        GATED_SHAPE,
        GATED_BINDINGS,
    ),
    gradient(
        "linear_grad_gelu",
        LINEAR_GRAD,
        &["PRODUCT", "TRANSPOSED", "VECTOR", "WEIGHT", "ACTIVATED"],
        PRODUCT_AND_WEIGHT,
        GATED_SHAPE,
        GATED_BINDINGS,
    ),
    gradient(
        "head_grad_input",
        HEAD_GRAD,
        &["PRODUCT", "VECTOR"],
        PRODUCT,
        &[PRODUCT_SHAPE, &["out_slot", "out_begin"]],
        &[bind("x", ReadWrite), bind("weight", Read), bind("out", ReadWrite)],
    ),
    gradient(
        "head_grad",
        HEAD_GRAD,
        &["PRODUCT", "VECTOR", "WEIGHT"],
        PRODUCT_AND_WEIGHT,
        &[PRODUCT_SHAPE, &["out_slot", "out_begin"], WEIGHT_GRADIENT_SHAPE],
        &[
            bind("x", ReadWrite),
            bind("weight", Read),
            bind("out", ReadWrite),
            bind("dout", ReadWrite),
            bind("dweight", ReadWrite),
        ],
    ),
    Kernel {
        name: "linear_grad_weight",
        text: include_str!("../../wgsl/linear_grad_weight.wgsl"),
        pieces: &["factor", "tile", "weight_gradient", "products"],
        workgroup: [8, 128],
        summed: 0,
        tiled: true,
        fixed: &["WEIGHT"],
        options: &["WHOLE_WEIGHT"],
        shape: &[WEIGHT_GRADIENT_SHAPE],
        bindings: &[bind("x", ReadWrite), bind("dout", ReadWrite), bind("dweight", ReadWrite)],
    },
];
