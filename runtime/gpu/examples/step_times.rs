//! Where a training step's time goes on an adapter: `cargo run --release -p synx-gpu --example step_times -- llvmpipe xs 1`; with `tiled` behind it
//! the kernels that graphics cards take.

use std::time::Instant;

use synx_gpu::{GpuExecutor, Selector, Set};
use synx_plan::exact::Exact;
use synx_plan::executor::{Batch, SlotState, StepControl, Wave};
use synx_plan::model::{Block, Model};
use synx_plan::program::lower;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("llvmpipe", String::as_str);
    let (width, layers, heads) = match arguments.get(1).map(String::as_str) {
        Some("s") => (128, 4, 4),
        Some("m") => (256, 6, 8),
        Some("l") => (512, 8, 8),
        _ => (64, 2, 2),
    };
    let slots: usize = arguments.get(2).map_or(Ok(1), |slots| slots.parse())?;
    let hidden = (width * 8 / 3u64).next_multiple_of(32);
    let attention = Block::Attention { heads, kv_heads: heads, head_dim: width / heads };
    let blocks = (0..layers).flat_map(|_| [attention.clone(), Block::Swiglu { hidden }]).collect();
    let exact = |text| Exact::from_decimal(text).ok_or("a number");
    let model = Model {
        width,
        context: 128,
        vocabulary: 256,
        blocks,
        tied: false,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: exact("1e-5")?,
        init_std: exact("0.02")?,
    };
    let program = lower(&model, 16);
    let selector = if name == "real" { Selector::RealGpu } else { Selector::Named(name.to_owned()) };
    let mut executor = match arguments.get(3).map(String::as_str) {
        Some("tiled") => GpuExecutor::open_with(&selector, Set::Tiled)?,
        _ => GpuExecutor::open(&selector)?,
    };
    let start = Instant::now();
    let mut wave = executor.wave(&program, slots)?;
    let prepared = start.elapsed();
    let single = executor.wave_one_by_one(&program, slots)?.dispatches_per_step();
    println!(
        "{}, {:?} kernels: prepared in {:.2} s; {} dispatches a step, {single} with one for each operation",
        executor.adapter(),
        executor.set(),
        prepared.as_secs_f64(),
        wave.dispatches_per_step()
    );
    for slot in 0..slots {
        wave.join(slot, &SlotState::initial(program.initial_parameters(1, slot as u64)))?;
    }
    let count = slots * program.tokens();
    let tokens = |shift: usize| (0..count).map(|i| ((i + shift) * 7919 % 251) as u32).collect();
    let batch = Batch { inputs: tokens(0), targets: tokens(1), weights: Vec::new() };
    let control = StepControl {
        rate: 1e-3,
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
    let work = program.flops_exact() as f64 * slots as f64 / 1e9;
    wave.step(&batch, &controls)?;
    wave.drain()?;
    for _ in 0..3 {
        let steps = 5;
        let start = Instant::now();
        for _ in 0..steps {
            wave.step(&batch, &controls)?;
        }
        wave.drain()?;
        let seconds = start.elapsed().as_secs_f64() / f64::from(steps);
        println!("{:.1} ms a step, {:.2} GFLOP/s", seconds * 1e3, work / seconds);
    }
    for time in wave.profile(&batch, &controls)? {
        println!("{:32} {:3} x {:8.3} ms", time.kernel, time.dispatches, time.seconds * 1e3 / time.dispatches as f64);
    }
    Ok(())
}
