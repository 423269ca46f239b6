//! Models: what a `model` declaration comes to once its expressions have values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::key::Key;

/// A decoder-only transformer as a list of residual blocks. Everything here is meaning: it is keyed as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// Width of the residual stream.
    pub width: u64,
    /// Tokens per sequence.
    pub context: u64,
    /// Symbols of the tokenizer.
    pub vocabulary: u64,
    pub blocks: Vec<Block>,
    /// Whether the output head is the token table.
    pub tied: bool,
    /// Base of the rotary embedding's frequencies.
    pub rotary_base: Exact,
    /// Added to the mean square in RMSNorm.
    pub norm_epsilon: Exact,
    /// Standard deviation of the initial weights; projections back into the residual stream are scaled by 1 / sqrt(blocks).
    pub init_std: Exact,
}

/// One residual block: `x + block(rms_norm(x))`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Causal attention with rotary positions; `kv_heads` divides `heads` (grouped queries).
    Attention { heads: u64, kv_heads: u64, head_dim: u64 },
    /// `(silu(x·gate) ∘ (x·up))·down`.
    Swiglu { hidden: u64 },
    /// `gelu(x·up)·down`, tanh form.
    Gelu { hidden: u64 },
    /// A router `x·choice` over `count` gated feed-forward blocks of inner width `hidden`, of which a token goes through the `active` it
    /// ranks highest, weighted by their share of the softmax (Shazeer et al. 2017).
    Experts { count: u64, active: u64, hidden: u64 },
}

/// How parameters are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterCount {
    /// Without the token table and the output head (Kaplan et al. 2020).
    #[default]
    NonEmbedding,
    /// Everything that is trained; a tied head counts once.
    Total,
}

impl Model {
    pub fn key(&self) -> Key {
        Key::of("model/1", self)
    }

    /// Everything that is trained.
    pub fn parameters_total(&self) -> u64 {
        let blocks: u64 = self.blocks.iter().map(|b| b.parameters(self.width) + self.width).sum();
        blocks + self.width + self.parameters_embedding()
    }

    /// Those of all that a token goes through: fewer than the total where there are experts.
    pub fn parameters_active(&self) -> u64 {
        self.parameters_met(ParameterCount::Total)
    }

    /// Those of a count that a token goes through.
    pub fn parameters_met(&self, count: ParameterCount) -> u64 {
        let idle: u64 = self.blocks.iter().map(|b| b.parameters(self.width) - b.parameters_active(self.width)).sum();
        self.parameters(count) - idle
    }

    pub fn has_experts(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Experts { .. }))
    }

    /// The token table and, where it is its own matrix, the output head.
    pub fn parameters_embedding(&self) -> u64 {
        self.width * self.vocabulary * if self.tied { 1 } else { 2 }
    }

    pub fn parameters(&self, count: ParameterCount) -> u64 {
        match count {
            ParameterCount::NonEmbedding => self.parameters_total() - self.parameters_embedding(),
            ParameterCount::Total => self.parameters_total(),
        }
    }

    /// Floating-point operations of products and causal attention for one sequence, forward and backward: see `op/`'s files for each.
    pub fn flops_exact_per_sequence(&self) -> u64 {
        let (t, d) = (self.context, self.width);
        let mut forward = 2 * t * d * self.vocabulary;
        for block in &self.blocks {
            forward += match block {
                Block::Attention { heads, kv_heads, head_dim } => {
                    2 * t * d * (heads + 2 * kv_heads) * head_dim
                        + 2 * t * (t + 1) * heads * head_dim
                        + 2 * t * heads * head_dim * d
                }
                Block::Swiglu { hidden } => 2 * t * d * 2 * hidden + 2 * t * hidden * d,
                Block::Gelu { hidden } => 2 * t * d * hidden + 2 * t * hidden * d,
                Block::Experts { count, active, hidden } => 2 * t * d * count + active * 6 * t * d * hidden,
            };
        }
        3 * forward
    }
}

impl Block {
    /// Weights of the block, without its norm.
    pub fn parameters(&self, width: u64) -> u64 {
        match self {
            Block::Attention { heads, kv_heads, head_dim } => {
                width * (heads + 2 * kv_heads) * head_dim + heads * head_dim * width
            }
            Block::Swiglu { hidden } => 3 * width * hidden,
            Block::Gelu { hidden } => 2 * width * hidden,
            Block::Experts { count, hidden, .. } => width * count + count * 3 * width * hidden,
        }
    }

    /// Those of the weights that a token is multiplied with.
    pub fn parameters_active(&self, width: u64) -> u64 {
        match self {
            Block::Experts { count, active, hidden } => width * count + active * 3 * width * hidden,
            dense => dense.parameters(width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_through_its_active_experts_only() {
        let model = |blocks: Vec<Block>| Model {
            width: 64,
            context: 32,
            vocabulary: 256,
            blocks,
            tied: false,
            rotary_base: Exact::from(10_000u64),
            norm_epsilon: Exact::from_decimal("1e-5").unwrap(),
            init_std: Exact::from_decimal("0.02").unwrap(),
        };
        let sparse = model(vec![Block::Experts { count: 8, active: 2, hidden: 96 }]);
        let dense = model(vec![Block::Swiglu { hidden: 192 }]);
        let router = 64 * 8;
        // Six of the eight experts are idle for any one token: three matrices of 64 × 96 each.
        assert_eq!(sparse.parameters_total(), dense.parameters_total() + router + 6 * 3 * 64 * 96);
        assert_eq!(sparse.parameters_active(), dense.parameters_total() + router);
        let per_sequence = |model: &Model| model.flops_exact_per_sequence();
        assert_eq!(per_sequence(&sparse), per_sequence(&dense) + 6 * 32 * router);
    }
}
