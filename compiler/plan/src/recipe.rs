//! Recipes: batch, optimiser, and the learning rate at every step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::executor::StepControl;

/// How a cell is trained.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Recipe {
    /// Tokens per optimiser step.
    pub batch: u64,
    pub optimizer: AdamW,
    pub schedule: RateSchedule,
    /// Largest norm of the whole gradient; `None` for no clipping.
    pub clip: Option<Exact>,
    #[serde(default, skip_serializing_if = "Precision::is_f32")]
    pub precision: Precision,
}

/// What the factors of linear layers' and the head's products are rounded to during training; everything else is in f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    #[default]
    F32,
    Bf16,
    F16,
}

impl Precision {
    /// As the language writes it.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
            Precision::F16 => "f16",
        }
    }

    // As serde asks for it.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) fn is_f32(&self) -> bool {
        *self == Precision::F32
    }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019); decay does not touch the gains of norms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct AdamW {
    /// The peak learning rate.
    pub rate: Exact,
    pub beta1: Exact,
    pub beta2: Exact,
    pub epsilon: Exact,
    pub weight_decay: Exact,
}

/// The learning rate over a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RateSchedule {
    /// Warm-up, stable, linear decay to `last` times the peak (Hu et al. 2024).
    Wsd { warmup: Length, decay: Length, last: Exact },
    /// Warm-up, then half a cosine down to `last` times the peak.
    Cosine { warmup: Length, last: Exact },
    /// Warm-up, then the peak to the end.
    Constant { warmup: Length },
}

/// A stretch of a run: in tokens, the same in every budget, or a share of the budget.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    Tokens(u64),
    Share(Exact),
}

impl Length {
    /// Whole steps of a run of `steps` steps: rounded up, at most all of them.
    pub fn steps(&self, batch: u64, steps: u64) -> u64 {
        match self {
            Length::Tokens(tokens) => tokens.div_ceil(batch).min(steps),
            Length::Share(share) => share.mul(&Exact::from(steps)).ceil().to_u64().unwrap_or(steps).min(steps),
        }
    }
}

/// A stretch of steps with one formula for the rate. Equal formulas with equal starts give equal rates at every step, whatever their ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Piece {
    pub start: u64,
    /// First step after the piece.
    pub end: u64,
    pub shape: Shape,
}

/// The rate as a multiple of the peak, from the number `i` of a step within its piece (from zero).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// `(i + 1) / length`.
    Warmup { length: u64 },
    /// One.
    Stable,
    /// `last + (1 - last) * (1 - (i + 1) / (length + 1))`.
    Linear { length: u64, last: Exact },
    /// `last + (1 - last) * (1 + cos(π (i + 1) / (length + 1))) / 2`.
    Cosine { length: u64, last: Exact },
}

impl Shape {
    fn factor(&self, i: u64) -> f64 {
        match self {
            Shape::Warmup { length } => (i + 1) as f64 / *length as f64,
            Shape::Stable => 1.0,
            Shape::Linear { length, last } => {
                let last = last.to_f64();
                last + (1.0 - last) * (1.0 - (i + 1) as f64 / (length + 1) as f64)
            }
            Shape::Cosine { length, last } => {
                let last = last.to_f64();
                let turn = std::f64::consts::PI * (i + 1) as f64 / (length + 1) as f64;
                last + (1.0 - last) * 0.5 * (1.0 + libm::cos(turn))
            }
        }
    }
}

impl Recipe {
    /// The pieces of a run of `steps` steps, in order, without gaps, none empty.
    pub fn pieces(&self, steps: u64) -> Vec<Piece> {
        let (warmup, decay) = match &self.schedule {
            RateSchedule::Wsd { warmup, decay, .. } => (warmup, Some(decay)),
            RateSchedule::Cosine { warmup, .. } | RateSchedule::Constant { warmup } => (warmup, None),
        };
        let warm = warmup.steps(self.batch, steps);
        let rest = steps - warm;
        // The formula keeps the length that was asked for: a run that ends within its warm-up is a prefix of longer ones.
        let asked = match warmup {
            Length::Tokens(tokens) => tokens.div_ceil(self.batch),
            Length::Share(_) => warm,
        };
        let mut pieces = vec![Piece { start: 0, end: warm, shape: Shape::Warmup { length: asked } }];
        match &self.schedule {
            RateSchedule::Constant { .. } => pieces.push(Piece { start: warm, end: steps, shape: Shape::Stable }),
            RateSchedule::Cosine { last, .. } => {
                let shape = Shape::Cosine { length: rest, last: last.clone() };
                pieces.push(Piece { start: warm, end: steps, shape });
            }
            RateSchedule::Wsd { last, .. } => {
                let falling = decay.map_or(0, |d| d.steps(self.batch, steps)).min(rest);
                let turn = steps - falling;
                pieces.push(Piece { start: warm, end: turn, shape: Shape::Stable });
                let shape = Shape::Linear { length: falling, last: last.clone() };
                pieces.push(Piece { start: turn, end: steps, shape });
            }
        }
        pieces.retain(|piece| piece.start < piece.end);
        pieces
    }

    /// Whether budgets can share their beginning: not where the rate at some step before the decay depends on the budget.
    pub fn shares_prefixes(&self) -> bool {
        match &self.schedule {
            RateSchedule::Wsd { warmup, .. } | RateSchedule::Constant { warmup } => matches!(warmup, Length::Tokens(_)),
            RateSchedule::Cosine { .. } => false,
        }
    }

    /// What a slot does at `step` (from zero) within `piece`, for batches of `rows_weight` summed row weights.
    pub fn control(&self, piece: &Piece, step: u64, rows_weight: f64) -> StepControl {
        debug_assert!((piece.start..piece.end).contains(&step));
        let [beta1, beta2] = [&self.optimizer.beta1, &self.optimizer.beta2].map(Exact::to_f64);
        let correction = |beta: f64| (1.0 - libm::pow(beta, (step + 1) as f64)) as f32;
        StepControl {
            rate: (self.optimizer.rate.to_f64() * piece.shape.factor(step - piece.start)) as f32,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            correction1: correction(beta1),
            correction2: correction(beta2),
            epsilon: self.optimizer.epsilon.to_f64() as f32,
            weight_decay: self.optimizer.weight_decay.to_f64() as f32,
            clip: self.clip.as_ref().map_or(f32::INFINITY, |clip| clip.to_f64() as f32),
            loss_scale: (1.0 / rows_weight) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(schedule: RateSchedule) -> Recipe {
        let decimal = |t: &str| Exact::from_decimal(t).unwrap();
        Recipe {
            batch: 1024,
            optimizer: AdamW {
                rate: decimal("3e-3"),
                beta1: decimal("0.9"),
                beta2: decimal("0.95"),
                epsilon: decimal("1e-8"),
                weight_decay: decimal("0.1"),
            },
            schedule,
            clip: Some(Exact::one()),
            precision: Precision::F32,
        }
    }

    fn rates(recipe: &Recipe, steps: u64) -> Vec<f32> {
        let pieces = recipe.pieces(steps);
        pieces.iter().flat_map(|p| (p.start..p.end).map(|s| recipe.control(p, s, 1.0).rate)).collect()
    }

    #[test]
    fn budgets_share_their_stable_phase() {
        let fifth = Length::Share(Exact::ratio(1, 5).unwrap());
        let wsd = recipe(RateSchedule::Wsd { warmup: Length::Tokens(10_000), decay: fifth, last: Exact::zero() });
        let (short, long) = (rates(&wsd, 50), rates(&wsd, 100));
        assert_eq!((short.len(), long.len()), (50, 100));
        assert_eq!(short[..40], long[..40]);
        assert!(short[40] < long[40]);
        assert!(short[49] > 0.0 && short[49] < short[40]);
        assert!(wsd.shares_prefixes());
    }

    #[test]
    fn a_run_shorter_than_its_warm_up_is_a_prefix() {
        let fifth = Length::Share(Exact::ratio(1, 5).unwrap());
        let wsd = recipe(RateSchedule::Wsd { warmup: Length::Tokens(20_480), decay: fifth, last: Exact::zero() });
        assert_eq!(rates(&wsd, 10), rates(&wsd, 100)[..10]);
    }

    #[test]
    fn a_cosine_cannot_share() {
        let cosine = recipe(RateSchedule::Cosine { warmup: Length::Tokens(0), last: Exact::zero() });
        assert!(!cosine.shares_prefixes());
        let rates = rates(&cosine, 99);
        assert!((rates[49] - 1.5e-3).abs() < 1e-7);
    }
}
