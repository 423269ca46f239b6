//! Ten steps against PyTorch, and the bits of a tiny run.

use serde_json::Value;
use synx_plan::executor::Executor;
use synx_plan::program::lower;

use super::*;
use crate::CpuExecutor;

/// `tests/golden/pytorch_step.py` has the same formulas.
fn mix(seed: u64, index: u64) -> u64 {
    let z = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(index.wrapping_add(1).wrapping_mul(0xd1b5_4a32_d192_ed03));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn uniform(seed: u64, index: u64) -> f64 {
    (mix(seed, index) >> 11) as f64 / (1u64 << 53) as f64
}

fn parameters(program: &Program) -> Vec<f32> {
    let mut values = Vec::new();
    for (p, parameter) in program.parameters.iter().enumerate() {
        let base = if parameter.decay { 0.0 } else { 1.0 };
        let draw = |i: usize| (base + 0.2 * (uniform(1000 + p as u64, i as u64) - 0.5)) as f32;
        values.extend((0..program.size(parameter.tensor)).map(draw));
    }
    values
}

fn pytorch_batch(program: &Program, step: u64) -> Batch {
    let row = program.context + 1;
    let token = |i: usize| (mix(step, i as u64) % program.vocabulary as u64) as u32;
    let cut = |shift: usize| {
        (0..program.rows).flat_map(|r| (0..program.context).map(move |t| r * row + t + shift)).map(token).collect()
    };
    Batch { inputs: cut(0), targets: cut(1), weights: Vec::new() }
}

/// Compares each tensor's norm and sixteen numbers, to a part of the largest of them.
fn compare(program: &Program, values: &[f32], golden: &Value, tolerance: f64, what: &str) {
    for parameter in &program.parameters {
        let name = &program.tensor(parameter.tensor).name;
        let values = &values[parameter.offset..][..program.size(parameter.tensor)];
        let norm = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        let want_norm = golden[name]["norm"].as_f64().unwrap();
        assert!((norm / want_norm - 1.0).abs() < tolerance, "{what} {name}: norm {norm}, not {want_norm}");
        let samples = golden[name]["values"].as_array().unwrap();
        let largest = samples.iter().map(|v| v.as_f64().unwrap().abs()).fold(0.0, f64::max);
        for (j, want) in samples.iter().enumerate() {
            let got = f64::from(values[7919 * j % values.len()]);
            let want = want.as_f64().unwrap();
            assert!((got - want).abs() < tolerance * largest, "{what} {name} sample {j}: {got}, not {want}");
        }
    }
}

#[test]
fn losses_gradients_and_ten_steps_are_those_of_pytorch() {
    let golden: Value = serde_json::from_str(include_str!("../../../../../tests/golden/pytorch_step.json")).unwrap();
    for golden in golden["models"].as_array().unwrap() {
        let program = lower(&small(golden["tied"].as_bool().unwrap()), 4);
        let mut executor = CpuExecutor::new(Some(2)).unwrap();
        let mut wave = executor.prepare(&program, 1).unwrap();
        let start = SlotState::initial(parameters(&program));

        wave.join(0, &start).unwrap();
        let probe = StepControl { beta1: 0.0, clip: f32::INFINITY, ..control(&program, 0) };
        wave.step(&pytorch_batch(&program, 0), &[Some(probe)]).unwrap();
        compare(&program, &wave.leave(0).unwrap().first_moment, &golden["gradients"], 2e-5, "gradient of");

        wave.drain().unwrap();
        wave.join(0, &start).unwrap();
        for step in 0..10 {
            wave.step(&pytorch_batch(&program, step), &[Some(control(&program, step))]).unwrap();
        }
        for (step, reading) in wave.drain().unwrap().iter().enumerate() {
            let reading = reading[0].unwrap();
            let loss = golden["losses"][step].as_f64().unwrap();
            let norm = golden["gradient_norms"][step].as_f64().unwrap();
            assert!((f64::from(reading.loss) / loss - 1.0).abs() < 2e-6, "step {step}: {reading:?}, not {loss}");
            assert!(
                (f64::from(reading.gradient_norm) / norm - 1.0).abs() < 2e-5,
                "step {step}: {reading:?}, not {norm}"
            );
        }
        compare(&program, &wave.leave(0).unwrap().parameters, &golden["parameters"], 1e-4, "after ten steps");
    }
}

/// Whoever changes this hash changes every result that was ever computed: the versions of the operations concerned go up with it.
const TINY_RUN: &str = "982cbea965b1a5055d9c77758e8e22206866def3780be0ab8406b01c59ba2fea";

#[test]
fn the_bits_of_a_tiny_run_never_change() {
    let program = lower(&small(false), 12);
    for instructions in crate::Instructions::available() {
        let mut executor = CpuExecutor::with_instructions(Some(2), instructions).unwrap();
        let mut wave = executor.prepare(&program, 1).unwrap();
        wave.join(0, &start(&program, 0)).unwrap();
        for step in 0..5 {
            wave.step(&batch(&program, &[0], step), &[Some(control(&program, step))]).unwrap();
        }
        let state = wave.leave(0).unwrap();
        let hash = blake3::hash(bytemuck::cast_slice(&state.parameters));
        assert_eq!(hash.to_hex().as_str(), TINY_RUN, "{instructions}");
    }
}
