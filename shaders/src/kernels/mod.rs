//! The table of kernels: sizes, conditions and bindings of each file, products and attention in files of their own. A test holds it against the WGSL.

mod attention;
mod gradients;
mod products;

use crate::kernel::Access::{Read, ReadWrite};
use crate::kernel::{Access, Binding, Kernel};

const fn bind(name: &'static str, access: Access) -> Binding {
    Binding { name, access }
}

/// Members of `product_shape.wgsl`.
const PRODUCT_SHAPE: &[&str] =
    &["rows", "inner", "inner4", "columns4", "column_blocks", "blocks", "left_slot", "left_begin", "weight_slot"];

/// Members of `weight_gradient_shape.wgsl`.
const WEIGHT_GRADIENT_SHAPE: &[&str] = &[
    "tokens",
    "inputs",
    "inputs4",
    "outputs",
    "outputs4",
    "weight_column_blocks",
    "weight_blocks",
    "accumulate_weight",
    "x_slot",
    "dout_slot",
    "dout_begin",
    "dweight_slot",
];

/// A shared piece by its name.
pub(crate) fn piece(name: &str) -> Option<&'static str> {
    Some(match name {
        "activation" => include_str!("../../wgsl/shared/activation.wgsl"),
        "attention_grad_key_value" => include_str!("../../wgsl/shared/attention_grad_key_value.wgsl"),
        "attention_grad_query" => include_str!("../../wgsl/shared/attention_grad_query.wgsl"),
        "block" => include_str!("../../wgsl/shared/block.wgsl"),
        "control" => include_str!("../../wgsl/shared/control.wgsl"),
        "cooperative" => include_str!("../../wgsl/shared/cooperative.wgsl"),
        "cooperative_store" => include_str!("../../wgsl/shared/cooperative_store.wgsl"),
        "cooperative_sums" => include_str!("../../wgsl/shared/cooperative_sums.wgsl"),
        "entry" => include_str!("../../wgsl/shared/entry.wgsl"),
        "factor" => include_str!("../../wgsl/shared/factor.wgsl"),
        "keys_that_pass" => include_str!("../../wgsl/shared/keys_that_pass.wgsl"),
        "lane" => include_str!("../../wgsl/shared/lane.wgsl"),
        "lanes" => include_str!("../../wgsl/shared/lanes.wgsl"),
        "math" => include_str!("../../wgsl/shared/math.wgsl"),
        "product" => include_str!("../../wgsl/shared/product.wgsl"),
        "product_cooperative" => include_str!("../../wgsl/shared/product_cooperative.wgsl"),
        "product_shape" => include_str!("../../wgsl/shared/product_shape.wgsl"),
        "products" => include_str!("../../wgsl/shared/products.wgsl"),
        "query_of_lane" => include_str!("../../wgsl/shared/query_of_lane.wgsl"),
        "tile" => include_str!("../../wgsl/shared/tile.wgsl"),
        "tile_multiply" => include_str!("../../wgsl/shared/tile_multiply.wgsl"),
        "turn" => include_str!("../../wgsl/shared/turn.wgsl"),
        "weight_gradient" => include_str!("../../wgsl/shared/weight_gradient.wgsl"),
        "weight_gradient_cooperative" => include_str!("../../wgsl/shared/weight_gradient_cooperative.wgsl"),
        "weight_gradient_shape" => include_str!("../../wgsl/shared/weight_gradient_shape.wgsl"),
        _ => return None,
    })
}

/// A kernel by its name.
///
/// # Panics
/// Where there is none: names are written in the code, and the tests run them all.
pub fn kernel(name: &str) -> &'static Kernel {
    all().find(|kernel| kernel.name == name).unwrap_or_else(|| panic!("no kernel {name}"))
}

/// All kernels.
pub fn all() -> impl Iterator<Item = &'static Kernel> {
    [STEPS, products::PRODUCTS, gradients::GRADIENTS, attention::ATTENTION].into_iter().flatten()
}

/// A kernel with an invocation a number and nothing beside: what each of those below has unless it says otherwise.
const PLAIN: Kernel = Kernel {
    name: "",
    text: "",
    pieces: &[],
    workgroup: [64, 64],
    summed: 0,
    tiled: false,
    fixed: &[],
    options: &[],
    shape: &[],
    bindings: &[],
};

/// Those that stand for themselves: what works row by row, tables of tokens, the loss and the optimiser.
static STEPS: &[Kernel] = &[
    Kernel {
        name: "gather",
        text: include_str!("../../wgsl/gather.wgsl"),
        shape: &[&["rows", "columns4", "table_slot", "out_slot"]],
        bindings: &[bind("tokens", Read), bind("table", Read), bind("out", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "gather_grad",
        text: include_str!("../../wgsl/gather_grad.wgsl"),
        workgroup: [8, 64],
        options: &["WHOLE"],
        shape: &[&["rows", "vocabulary", "columns", "columns4", "accumulate", "dout_slot", "dtable_slot"]],
        bindings: &[bind("starts", Read), bind("order", Read), bind("dout", ReadWrite), bind("dtable", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "rms_norm",
        text: include_str!("../../wgsl/rms_norm.wgsl"),
        pieces: &["lanes"],
        workgroup: [8, 64],
        summed: 64,
        tiled: true,
        options: &["WHOLE"],
        shape: &[&["rows", "columns", "columns4", "x_slot", "gain_slot", "out_slot", "scale_slot", "epsilon"]],
        bindings: &[bind("x", ReadWrite), bind("gain", Read), bind("out", ReadWrite), bind("scale", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "rms_norm_grad",
        text: include_str!("../../wgsl/rms_norm_grad.wgsl"),
        pieces: &["lanes"],
        workgroup: [8, 256],
        summed: 64,
        tiled: true,
        options: &["WHOLE"],
        shape: &[&[
            "rows",
            "columns",
            "columns4",
            "gain_blocks",
            "blocks",
            "accumulate",
            "x_slot",
            "gain_slot",
            "scale_slot",
            "dout_slot",
            "dx_slot",
            "dgain_slot",
        ]],
        bindings: &[
            bind("x", ReadWrite),
            bind("gain", Read),
            bind("scale", ReadWrite),
            bind("dout", ReadWrite),
            bind("dx", ReadWrite),
            bind("dgain", ReadWrite),
        ],
        ..PLAIN
    },
    Kernel {
        name: "gated",
        text: include_str!("../../wgsl/gated.wgsl"),
        pieces: &["math", "lane", "activation"],
        options: &["VECTOR"],
        shape: &[&["rows", "columns", "x_stride", "out_stride", "x_slot", "out_slot"]],
        bindings: &[bind("x", ReadWrite), bind("out", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "gated_grad",
        text: include_str!("../../wgsl/gated_grad.wgsl"),
        pieces: &["math", "lane", "activation"],
        options: &["VECTOR"],
        shape: &[&["rows", "columns", "x_stride", "dout_stride", "x_slot", "dout_slot", "dx_slot"]],
        bindings: &[bind("x", ReadWrite), bind("dout", ReadWrite), bind("dx", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "gelu",
        text: include_str!("../../wgsl/gelu.wgsl"),
        pieces: &["math", "lane", "activation"],
        fixed: &["VECTOR"],
        shape: &[&["count4", "x_slot", "out_slot"]],
        bindings: &[bind("x", ReadWrite), bind("out", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "gelu_grad",
        text: include_str!("../../wgsl/gelu_grad.wgsl"),
        pieces: &["math", "lane", "activation"],
        fixed: &["VECTOR"],
        shape: &[&["count4", "x_slot", "dout_slot", "dx_slot"]],
        bindings: &[bind("x", ReadWrite), bind("dout", ReadWrite), bind("dx", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "add",
        text: include_str!("../../wgsl/add.wgsl"),
        shape: &[&["count4", "a_slot", "b_slot", "out_slot"]],
        bindings: &[bind("a", ReadWrite), bind("b", ReadWrite), bind("out", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "head_loss",
        text: include_str!("../../wgsl/head_loss.wgsl"),
        pieces: &["math", "control", "lanes"],
        workgroup: [8, 128],
        summed: 128,
        tiled: true,
        options: &["WHOLE", "GRADIENT"],
        shape: &[&["rows", "row_begin", "vocabulary", "vocabulary4", "tokens", "logits_slot"]],
        bindings: &[
            bind("logits", ReadWrite),
            bind("targets", Read),
            bind("weights", Read),
            bind("controls", Read),
            bind("loss", ReadWrite),
            bind("statuses", Read),
        ],
        ..PLAIN
    },
    Kernel {
        name: "reduce_norm",
        text: include_str!("../../wgsl/reduce_norm.wgsl"),
        pieces: &["block", "lanes"],
        workgroup: [8, 64],
        summed: 64,
        tiled: true,
        shape: &[&["blocks", "partial_slot", "partial_begin"]],
        bindings: &[bind("blocks", Read), bind("gradient", ReadWrite), bind("partial_sums", ReadWrite)],
        ..PLAIN
    },
    Kernel {
        name: "finish",
        text: include_str!("../../wgsl/finish.wgsl"),
        pieces: &["math", "control", "lanes"],
        workgroup: [1, 256],
        summed: 256,
        tiled: true,
        shape: &[&["partials", "tokens", "wave"]],
        bindings: &[
            bind("partial_sums", ReadWrite),
            bind("loss", ReadWrite),
            bind("weights", Read),
            bind("controls", Read),
            bind("statuses", ReadWrite),
            bind("readings", ReadWrite),
        ],
        ..PLAIN
    },
    Kernel {
        name: "adamw",
        text: include_str!("../../wgsl/adamw.wgsl"),
        pieces: &["block", "control"],
        shape: &[&["blocks"]],
        bindings: &[
            bind("blocks", Read),
            bind("controls", Read),
            bind("statuses", Read),
            bind("parameters", ReadWrite),
            bind("gradient", ReadWrite),
            bind("first_moment", ReadWrite),
            bind("second_moment", ReadWrite),
        ],
        ..PLAIN
    },
    Kernel {
        name: "multiply_adds",
        text: include_str!("../../wgsl/multiply_adds.wgsl"),
        workgroup: [8, 64],
        shape: &[&["rounds", "factor", "addend"]],
        bindings: &[bind("out", ReadWrite)],
        ..PLAIN
    },
];
