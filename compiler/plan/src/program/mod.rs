//! Model programs: a model lowered to operations at kernel meaning, forward, backward and optimiser.
//!
//! Every tensor is a row-major matrix per replica; activations have one row per token of the replica's batch
//! (`Rows::Tokens`), sequence after sequence, so an executor may run any whole number of sequences at a time.

mod lower;
pub mod op;
mod reverse;
mod schedule;
#[cfg(test)]
mod tests;

pub use lower::lower;
pub use op::Op;
pub use reverse::Reverse;
pub use schedule::{Schedule, schedule, schedule_in_steps};

use serde::{Deserialize, Serialize};

use crate::random::Stream;
use crate::recipe::Precision;

/// A tensor's place in its program's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TensorId(pub usize);

/// How many rows a tensor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// One row per token of the batch.
    Tokens,
    Fixed(usize),
}

/// What a tensor is for. All tensors are f32 and have a copy per replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Trained; listed in `Program::parameters`.
    Parameter,
    /// The gradient of a parameter, summed over the batch.
    Gradient,
    /// Lives within a step.
    Activation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tensor {
    /// Readable and unique: `blocks.0.attention.qkv`.
    pub name: String,
    pub rows: Rows,
    pub columns: usize,
    pub role: Role,
}

/// How a parameter starts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    Normal { std: f64 },
    Ones,
}

/// A trained tensor. Its flat place in a slot's state is `offset..offset + rows * columns`, parameters in order, without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    pub tensor: TensorId,
    pub gradient: TensorId,
    pub offset: usize,
    pub init: Init,
    /// Whether weight decay applies: matrices, not the gains of norms.
    pub decay: bool,
}

/// A model's whole training step as operations in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    pub tensors: Vec<Tensor>,
    pub parameters: Vec<Parameter>,
    /// Ends with the one `Op::HeadLoss`, which in training also starts the backward pass.
    pub forward: Vec<Op>,
    pub backward: Vec<Op>,
    /// Tokens per sequence.
    pub context: usize,
    pub vocabulary: usize,
    /// Sequences per step and replica.
    pub rows: usize,
    /// What the factors of linear layers' and the head's products are rounded to; everything else is in f32.
    #[serde(default, skip_serializing_if = "Precision::is_f32")]
    pub precision: Precision,
}

impl Program {
    /// The same program with another precision of products.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Program {
        Program { precision, ..self }
    }

    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0]
    }

    /// Tokens per step and replica.
    pub fn tokens(&self) -> usize {
        self.rows * self.context
    }

    /// How many numbers a replica's parameters are.
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(|p| self.size(p.tensor)).sum()
    }

    /// How many numbers a tensor is, per replica.
    pub fn size(&self, id: TensorId) -> usize {
        let tensor = self.tensor(id);
        let rows = match tensor.rows {
            Rows::Tokens => self.tokens(),
            Rows::Fixed(n) => n,
        };
        rows * tensor.columns
    }

    /// Floating-point operations of one training step of one replica by the exact convention.
    pub fn flops_exact(&self) -> u64 {
        self.forward.iter().chain(&self.backward).map(|op| op.flops(self)).sum()
    }

    /// The first weights of a replica: `[parameter_count]`, each parameter keyed by (study seed, replicate, its name).
    pub fn initial_parameters(&self, seed: u64, replicate: u64) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.parameter_count());
        for parameter in &self.parameters {
            let name = &self.tensor(parameter.tensor).name;
            let size = self.size(parameter.tensor) as u64;
            match parameter.init {
                Init::Ones => values.extend((0..size).map(|_| 1.0)),
                Init::Normal { std } => {
                    let stream = Stream::new("initialisation/1", &(seed, replicate, name));
                    values.extend((0..size).map(|i| (std * stream.normal(i)) as f32));
                }
            }
        }
        values
    }
}
