//! The scalar twins of all kernels under the names of their operations: the definition of every result, to the last bit.
//!
//! All of them are plain functions over row-major slices. The number of rows follows from the slices' lengths; shapes stand in each
//! function's documentation. `A` says how a multiply-add rounds: [`Fused`] is what the executor computes on every instruction set,
//! [`MulThenAdd`] what a device without a fused multiply-add does, [`Bf16`] and [`F16`] what linear layers and the head of a model in bf16 and f16 give.

pub use crate::kernels::adamw::{Update, twin as adamw};
pub use crate::kernels::add::twin as add;
pub use crate::kernels::attention::{Heads, twin as attention, twin_grad as attention_grad};
pub use crate::kernels::gated::{twin as gated, twin_grad as gated_grad};
pub use crate::kernels::gather::{twin as gather, twin_grad as gather_grad};
pub use crate::kernels::gelu::{twin as gelu, twin_grad as gelu_grad};
pub use crate::kernels::head_loss::{HeadTargets, twin as head_loss, twin_grad as head_loss_grad};
pub use crate::kernels::linear::{
    twin as linear, twin_grad_input as linear_grad_input, twin_grad_weight as linear_grad_weight,
};
pub use crate::kernels::reduce_norm::twin as reduce_norm;
pub use crate::kernels::rms_norm::{twin as rms_norm, twin_grad as rms_norm_grad};
pub use crate::kernels::rotary::twin as rotary;
pub use crate::math::{Arithmetic, Bf16, F16, Fused, MulThenAdd, f16};
