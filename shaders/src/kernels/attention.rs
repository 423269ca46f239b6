//! Attention, its gradients, and the rotary positions before it.

use super::bind;
use crate::kernel::Access::{Read, ReadWrite};
use crate::kernel::{Binding, Kernel};

/// One of the kernels of attention and its gradients.
const fn attending(
    name: &'static str,
    text: &'static str,
    pieces: &'static [&'static str],
    fixed: &'static [&'static str],
    shape: &'static [&'static [&'static str]],
    bindings: &'static [Binding],
) -> Kernel {
    Kernel {
        name,
        text,
        pieces,
        workgroup: [8, 64],
        summed: 0,
        tiled: true,
        fixed,
        options: &["VECTOR"],
        shape,
        bindings,
    }
}

/// Of `attention`, `attention_rotary`.
const ATTENTION_SHAPE: &[&[&str]] = &[&[
    "sequences",
    "context",
    "heads",
    "group",
    "keys",
    "values",
    "query_blocks",
    "blocks",
    "stride",
    "out_stride",
    "log_sum_stride",
    "qkv_slot",
    "out_slot",
    "log_sum_slot",
    "scale",
]];

/// Of `attention_grad_query`, `attention_grad_query_rotary`, `attention_grad_key_value`, `attention_grad_key_value_rotary`, `attention_grad`, `attention_grad_rotary`.
const ATTENTION_GRADIENT_SHAPE: &[&[&str]] = &[&[
    "context",
    "heads",
    "kv_heads",
    "group",
    "keys",
    "values",
    "query_blocks",
    "key_blocks",
    "all_query_blocks",
    "all_key_blocks",
    "stride",
    "out_stride",
    "log_sum_stride",
    "qkv_slot",
    "out_slot",
    "dout_slot",
    "log_sum_slot",
    "delta_slot",
    "dqkv_slot",
    "scale",
]];

pub(super) static ATTENTION: &[Kernel] = &[
    Kernel {
        name: "rotary",
        text: include_str!("../../wgsl/rotary.wgsl"),
        pieces: &["math", "lane"],
        workgroup: [64, 64],
        summed: 0,
        tiled: false,
        fixed: &[],
        options: &["VECTOR"],
        shape: &[&["rows", "context", "heads", "half", "stride", "x_slot", "turn"]],
        bindings: &[bind("angles", Read), bind("x", ReadWrite)],
    },
    attending(
        "attention",
        include_str!("../../wgsl/attention.wgsl"),
        &["math", "lane", "turn"],
        &[],
        ATTENTION_SHAPE,
        &[bind("qkv", ReadWrite), bind("out", ReadWrite), bind("log_sum", ReadWrite)],
    ),
    attending(
        "attention_rotary",
        include_str!("../../wgsl/attention.wgsl"),
        &["math", "lane", "turn"],
        &["ROTARY"],
        ATTENTION_SHAPE,
        &[bind("qkv", ReadWrite), bind("out", ReadWrite), bind("log_sum", ReadWrite), bind("angles", Read)],
    ),
    attending(
        "attention_grad_query",
        include_str!("../../wgsl/attention_grad.wgsl"),
        &["math", "lane", "turn", "attention_grad_query", "attention_grad_key_value"],
        &["QUERY"],
        ATTENTION_GRADIENT_SHAPE,
        &[
            bind("qkv", ReadWrite),
            bind("log_sum", ReadWrite),
            bind("dout", ReadWrite),
            bind("dqkv", ReadWrite),
            bind("delta", ReadWrite),
            bind("out", ReadWrite),
        ],
    ),
    attending(
        "attention_grad_query_rotary",
        include_str!("../../wgsl/attention_grad.wgsl"),
        &["math", "lane", "turn", "attention_grad_query", "attention_grad_key_value"],
        &["QUERY", "ROTARY"],
        ATTENTION_GRADIENT_SHAPE,
        &[
            bind("qkv", ReadWrite),
            bind("log_sum", ReadWrite),
            bind("dout", ReadWrite),
            bind("dqkv", ReadWrite),
            bind("delta", ReadWrite),
            bind("out", ReadWrite),
            bind("angles", Read),
        ],
    ),
    attending(
        "attention_grad_key_value",
        include_str!("../../wgsl/attention_grad.wgsl"),
        &["math", "lane", "turn", "attention_grad_query", "attention_grad_key_value"],
        &["KEY_VALUE"],
        ATTENTION_GRADIENT_SHAPE,
        &[
            bind("qkv", ReadWrite),
            bind("log_sum", ReadWrite),
            bind("dout", ReadWrite),
            bind("dqkv", ReadWrite),
            bind("delta", ReadWrite),
        ],
    ),
    attending(
        "attention_grad_key_value_rotary",
        include_str!("../../wgsl/attention_grad.wgsl"),
        &["math", "lane", "turn", "attention_grad_query", "attention_grad_key_value"],
        &["KEY_VALUE", "ROTARY"],
        ATTENTION_GRADIENT_SHAPE,
        &[
            bind("qkv", ReadWrite),
            bind("log_sum", ReadWrite),
            bind("dout", ReadWrite),
            bind("dqkv", ReadWrite),
            bind("delta", ReadWrite),
            bind("angles", Read),
        ],
    ),
    attending(
        "attention_grad",
        include_str!("../../wgsl/attention_grad.wgsl"),
        &["math", "lane", "turn", "attention_grad_query", "attention_grad_key_value"],
        &["QUERY", "KEY_VALUE", "BESIDE"],
        ATTENTION_GRADIENT_SHAPE,
        &[
            bind("qkv", ReadWrite),
            bind("log_sum", ReadWrite),
            bind("dout", ReadWrite),
            bind("dqkv", ReadWrite),
            bind("out", ReadWrite),
        ],
    ),
    attending(
        "attention_grad_rotary",
        include_str!("../../wgsl/attention_grad.wgsl"),
        &["math", "lane", "turn", "attention_grad_query", "attention_grad_key_value"],
        &["QUERY", "KEY_VALUE", "BESIDE", "ROTARY"],
        ATTENTION_GRADIENT_SHAPE,
        &[
            bind("qkv", ReadWrite),
            bind("log_sum", ReadWrite),
            bind("dout", ReadWrite),
            bind("dqkv", ReadWrite),
            bind("out", ReadWrite),
            bind("angles", Read),
        ],
    ),
];
