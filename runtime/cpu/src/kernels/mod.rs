//! The kernels, one file an operation. Each file has the scalar twin that defines the operation's result to the last bit and,
//! beside it, the kernel that the executor runs.
//!
//! Orders that all of them keep: an element of a product is a chain of multiply-adds (`math::chain`), a sum along a row is split into sixteen lanes
//! (`math::dot`), a sum over rows goes through them in ascending order.

pub mod adamw;
pub mod add;
pub mod attention;
pub mod gated;
pub mod gather;
pub mod gelu;
pub mod head_loss;
pub mod linear;
pub mod reduce_norm;
pub mod rms_norm;
pub mod rotary;
mod softmax;
