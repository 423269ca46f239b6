//! The operations, one file each: its operands and shapes, its rule for the backward pass, its floating-point operations.
//!
//! `R` is the number of token rows. A kernel's meaning is fixed by its version (`linear/1`): whoever changes the bits that an
//! operation gives bumps it, and with it every key that depends on it.

mod add;
mod attention;
mod gated;
mod gather;
mod gelu;
mod head_loss;
mod linear;
mod rms_norm;
mod rotary;

pub use add::Add;
pub use attention::{Attention, AttentionGrad};
pub use gated::{Gated, GatedGrad};
pub use gather::{Gather, GatherGrad};
pub use gelu::{Gelu, GeluGrad};
pub use head_loss::{HeadGradient, HeadLoss};
pub use linear::{Linear, LinearGradInput, LinearGradWeight};
pub use rms_norm::{RmsNorm, RmsNormGrad};
pub use rotary::{Rotary, rotary_table};

use serde::{Deserialize, Serialize};

use super::{Program, Reverse, TensorId};

/// One operation of a program. Norm of the gradient and optimiser are not in the list: they follow every step, over all parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "op")]
pub enum Op {
    Gather(Gather),
    GatherGrad(GatherGrad),
    RmsNorm(RmsNorm),
    RmsNormGrad(RmsNormGrad),
    Linear(Linear),
    LinearGradInput(LinearGradInput),
    LinearGradWeight(LinearGradWeight),
    Rotary(Rotary),
    Attention(Attention),
    AttentionGrad(AttentionGrad),
    Gated(Gated),
    GatedGrad(GatedGrad),
    Gelu(Gelu),
    GeluGrad(GeluGrad),
    Add(Add),
    HeadLoss(HeadLoss),
}

/// The versions of all operations, part of every key that training depends on: name and version of each kernel's meaning.
pub const VERSIONS: &[&str] = &[
    "adamw/1",
    "add/1",
    "attention/1",
    "gated/1",
    "gather/1",
    "gelu/1",
    "head_loss/1",
    "linear/1",
    "reduce_norm/1",
    "rms_norm/1",
    "rotary/1",
];

/// Of products whose factors are rounded to bf16: raised when their bits change.
pub const BF16_VERSION: &str = "bf16/1";

/// Of products whose factors are rounded to f16, and of the scale of their gradients, likewise.
pub const F16_VERSION: &str = "f16/1";

impl Op {
    /// The kernel's name; files of shaders and CPU kernels bear it.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Gather(_) => "gather",
            Op::GatherGrad(_) => "gather_grad",
            Op::RmsNorm(_) => "rms_norm",
            Op::RmsNormGrad(_) => "rms_norm_grad",
            Op::Linear(_) => "linear",
            Op::LinearGradInput(_) => "linear_grad_input",
            Op::LinearGradWeight(_) => "linear_grad_weight",
            Op::Rotary(_) => "rotary",
            Op::Attention(_) => "attention",
            Op::AttentionGrad(_) => "attention_grad",
            Op::Gated(_) => "gated",
            Op::GatedGrad(_) => "gated_grad",
            Op::Gelu(_) => "gelu",
            Op::GeluGrad(_) => "gelu_grad",
            Op::Add(_) => "add",
            Op::HeadLoss(_) => "head_loss",
        }
    }

    /// Adds what the backward pass does for this forward operation; the reverse rule of the operation's file.
    pub(super) fn reverse(&self, to: &mut Reverse) {
        match self {
            Op::Gather(op) => op.reverse(to),
            Op::RmsNorm(op) => op.reverse(to),
            Op::Linear(op) => op.reverse(to),
            Op::Rotary(op) => op.reverse(to),
            Op::Attention(op) => op.reverse(to),
            Op::Gated(op) => op.reverse(to),
            Op::Gelu(op) => op.reverse(to),
            Op::Add(op) => op.reverse(to),
            Op::HeadLoss(op) => op.reverse(to),
            Op::GatherGrad(_)
            | Op::RmsNormGrad(_)
            | Op::LinearGradInput(_)
            | Op::LinearGradWeight(_)
            | Op::AttentionGrad(_)
            | Op::GatedGrad(_)
            | Op::GeluGrad(_) => unreachable!("only forward operations are reversed"),
        }
    }

    /// Floating-point operations by the exact convention: products and causal attention; elementwise work counts as none.
    pub fn flops(&self, program: &Program) -> u64 {
        match self {
            Op::Linear(op) => op.flops(program),
            Op::LinearGradInput(op) => op.flops(program),
            Op::LinearGradWeight(op) => op.flops(program),
            Op::Attention(op) => op.flops(program),
            Op::AttentionGrad(op) => op.flops(program),
            Op::HeadLoss(op) => op.flops(program),
            _ => 0,
        }
    }

    /// Tensors read, in the operation's order. What is read and written (`accumulate`, in place) is in both lists.
    pub fn reads(&self) -> Vec<TensorId> {
        match self {
            Op::Gather(op) => vec![op.table],
            Op::GatherGrad(op) => with_accumulated(vec![op.dout], op.dtable, op.accumulate),
            Op::RmsNorm(op) => vec![op.x, op.gain],
            Op::RmsNormGrad(op) => with_accumulated(vec![op.x, op.gain, op.scale, op.dout], op.dx, op.accumulate),
            Op::Linear(op) => vec![op.x, op.weight],
            Op::LinearGradInput(op) => with_accumulated(vec![op.dout, op.weight], op.dx, op.accumulate),
            Op::LinearGradWeight(op) => vec![op.x, op.dout],
            Op::Rotary(op) => vec![op.x],
            Op::Attention(op) => vec![op.qkv],
            Op::AttentionGrad(op) => vec![op.qkv, op.out, op.log_sum, op.dout],
            Op::Gated(op) => vec![op.x],
            Op::GatedGrad(op) => vec![op.x, op.dout],
            Op::Gelu(op) => vec![op.x],
            Op::GeluGrad(op) => vec![op.x, op.dout],
            Op::Add(op) => vec![op.a, op.b],
            Op::HeadLoss(op) => vec![op.x, op.weight],
        }
    }

    /// Tensors written, in the operation's order.
    pub fn writes(&self) -> Vec<TensorId> {
        match self {
            Op::Gather(op) => vec![op.out],
            Op::GatherGrad(op) => vec![op.dtable],
            Op::RmsNorm(op) => vec![op.out, op.scale],
            Op::RmsNormGrad(op) => vec![op.dx, op.dgain],
            Op::Linear(op) => vec![op.out],
            Op::LinearGradInput(op) => vec![op.dx],
            Op::LinearGradWeight(op) => vec![op.dweight],
            Op::Rotary(op) => vec![op.x],
            Op::Attention(op) => vec![op.out, op.log_sum],
            Op::AttentionGrad(op) => vec![op.dqkv],
            Op::Gated(op) => vec![op.out],
            Op::GatedGrad(op) => vec![op.dx],
            Op::Gelu(op) => vec![op.out],
            Op::GeluGrad(op) => vec![op.dx],
            Op::Add(op) => vec![op.out],
            Op::HeadLoss(op) => {
                let mut written = vec![op.loss];
                if let Some(gradient) = &op.gradient {
                    written.extend([gradient.dx, gradient.dweight]);
                }
                written
            }
        }
    }
}

fn with_accumulated(mut reads: Vec<TensorId>, written: TensorId, accumulate: bool) -> Vec<TensorId> {
    if accumulate {
        reads.push(written);
    }
    reads
}
