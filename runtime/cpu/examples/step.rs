//! Times training steps of the four sizes that PyTorch is measured at.
//!
//! `cargo run --release -p synx-cpu --example step -- [xs|s|m|l…] [threads=N] [slots=K] [steps=N] [vocabulary=V] [context=T] [rows=B] [instructions=NAME]`
//!
//! The timing goes through the executor trait alone, so it says the same of any device.

use std::time::Instant;

use synx_cpu::{CpuExecutor, Instructions};
use synx_plan::exact::Exact;
use synx_plan::executor::{Batch, Executor, SlotState, StepControl};
use synx_plan::model::{Block, Model};
use synx_plan::problem::Problem;
use synx_plan::program::lower;
use synx_plan::random::Stream;

/// Seconds of single steps of all slots.
struct Timings {
    median: f64,
    least: f64,
    most: f64,
    loss: f32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sizes = Vec::new();
    let (mut threads, mut instructions) = (None, Instructions::detect());
    let (mut slots, mut steps, mut vocabulary, mut context, mut rows) = (1, 20, 256, 128, 16);
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some(("threads", n)) => threads = Some(n.parse()?),
            Some(("slots", n)) => slots = n.parse()?,
            Some(("steps", n)) => steps = n.parse()?,
            Some(("vocabulary", n)) => vocabulary = n.parse()?,
            Some(("context", n)) => context = n.parse()?,
            Some(("rows", n)) => rows = n.parse()?,
            Some(("instructions", name)) => {
                instructions = Instructions::named(name).ok_or(format!("this machine has no {name}"))?;
            }
            Some((name, _)) => return Err(format!("there is no option `{name}`").into()),
            None => sizes.push(argument),
        }
    }
    if sizes.is_empty() {
        sizes = ["xs", "s"].map(str::to_owned).to_vec();
    }
    let mut executor = CpuExecutor::with_instructions(threads, instructions)?;
    for size in sizes {
        let (width, layers, heads) = match size.as_str() {
            "xs" => (64, 2, 2),
            "s" => (128, 4, 4),
            "m" => (256, 6, 8),
            "l" => (512, 8, 8),
            _ => return Err(format!("there is no size `{size}`").into()),
        };
        let model = llama(width, layers, heads, vocabulary, context);
        let t = bench_step(&mut executor, &model, rows, slots, steps)?;
        let flops = (model.flops_exact_per_sequence() * rows as u64 * slots as u64) as f64;
        println!(
            "{size} on {}: {slots} slot(s), {} parameters, ms per step: median {:.2}, least {:.2}, most {:.2}; {:.1} GFLOP/s exact, loss {:.4}",
            executor.name(),
            model.parameters_total(),
            1e3 * t.median,
            1e3 * t.least,
            1e3 * t.most,
            1e-9 * flops / t.median,
            t.loss
        );
    }
    Ok(())
}

/// A Llama-style model: attention and SwiGLU of width 8/3 rounded up to 32.
fn llama(width: u64, layers: usize, heads: u64, vocabulary: u64, context: u64) -> Model {
    let attention = Block::Attention { heads, kv_heads: heads, head_dim: width / heads };
    let swiglu = Block::Swiglu { hidden: (8 * width / 3).next_multiple_of(32) };
    Model {
        width,
        context,
        vocabulary,
        blocks: [attention, swiglu].iter().cycle().take(2 * layers).cloned().collect(),
        tied: false,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: Exact::ratio(1, 100_000).unwrap_or_else(Exact::zero),
        init_std: Exact::ratio(1, 50).unwrap_or_else(Exact::zero),
    }
}

/// Times `steps` steps of `slots` copies of the model, after three that warm up.
fn bench_step(
    executor: &mut dyn Executor,
    model: &Model,
    rows: usize,
    slots: usize,
    steps: usize,
) -> Result<Timings, Problem> {
    let program = lower(model, rows);
    let mut wave = executor.prepare(&program, slots)?;
    let state = SlotState::initial(program.initial_parameters(1, 0));
    for slot in 0..slots {
        wave.join(slot, &state)?;
    }
    let stream = Stream::new("bench tokens/1", &1);
    let tokens = slots * program.tokens();
    let draw = |i: usize| stream.below(i as u64, model.vocabulary) as u32;
    let batch = Batch {
        inputs: (0..tokens).map(draw).collect(),
        targets: (1..=tokens).map(draw).collect(),
        weights: Vec::new(),
    };
    let control = StepControl {
        rate: 3e-4,
        beta1: 0.9,
        beta2: 0.95,
        correction1: 1.0,
        correction2: 1.0,
        epsilon: 1e-8,
        weight_decay: 0.1,
        clip: 1.0,
        loss_scale: 1.0 / program.tokens() as f32,
    };
    let controls = vec![Some(control); slots];
    let mut loss = f32::NAN;
    let mut times = Vec::with_capacity(steps);
    for step in 0..steps + 3 {
        let start = Instant::now();
        wave.step(&batch, &controls)?;
        for reading in wave.drain()?.into_iter().flatten().flatten() {
            loss = reading.loss;
        }
        if step >= 3 {
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(f64::NAN);
    Ok(Timings { median: at(0.5), least: at(0.0), most: at(1.0), loss })
}
