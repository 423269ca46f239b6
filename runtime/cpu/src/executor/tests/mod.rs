//! What a step must give, and what must not change it.

mod golden;
mod gradients;
mod precision;
mod reference;
mod waves;

use synx_plan::exact::Exact;
use synx_plan::executor::{Batch, SlotState, StepControl};
use synx_plan::model::{Block, Model};
use synx_plan::program::Program;
use synx_plan::random::Stream;

fn model(width: u64, context: u64, vocabulary: u64, blocks: Vec<Block>, tied: bool) -> Model {
    Model {
        width,
        context,
        vocabulary,
        blocks,
        tied,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: Exact::from_decimal("1e-5").unwrap(),
        init_std: Exact::from_decimal("0.05").unwrap(),
    }
}

/// Width 32, two layers, context 32, vocabulary 97: grouped queries, SwiGLU and GELU.
fn small(tied: bool) -> Model {
    let attention = Block::Attention { heads: 4, kv_heads: 2, head_dim: 8 };
    let blocks = vec![attention.clone(), Block::Swiglu { hidden: 96 }, attention, Block::Gelu { hidden: 64 }];
    model(32, 32, 97, blocks, tied)
}

fn control(program: &Program, step: u64) -> StepControl {
    let step = step as i32 + 1;
    StepControl {
        rate: 2e-3,
        beta1: 0.9,
        beta2: 0.95,
        correction1: (1.0 - 0.9f64.powi(step)) as f32,
        correction2: (1.0 - 0.95f64.powi(step)) as f32,
        epsilon: 1e-8,
        weight_decay: 0.1,
        clip: 0.5,
        loss_scale: (1.0 / program.tokens() as f64) as f32,
    }
}

/// Tokens of one replica's step, a function of the replica and the step.
fn tokens(program: &Program, replica: u64, step: u64) -> (Vec<u32>, Vec<u32>) {
    let stream = Stream::new("executor test tokens/1", &(replica, step));
    let draw = |i: usize| stream.below(i as u64, program.vocabulary as u64) as u32;
    ((0..program.tokens()).map(draw).collect(), (1..=program.tokens()).map(draw).collect())
}

/// The step of several replicas, one a slot.
fn batch(program: &Program, replicas: &[u64], step: u64) -> Batch {
    batch_of(program, &replicas.iter().map(|replica| (*replica, step)).collect::<Vec<_>>())
}

/// Each slot its own replica's step.
fn batch_of(program: &Program, steps: &[(u64, u64)]) -> Batch {
    let mut batch = Batch::default();
    for (replica, step) in steps {
        let (inputs, targets) = tokens(program, *replica, *step);
        batch.inputs.extend(inputs);
        batch.targets.extend(targets);
    }
    batch
}

fn start(program: &Program, replica: u64) -> SlotState {
    SlotState::initial(program.initial_parameters(7, replica))
}
