//! Training in bf16: near f32, and as sure of its bits.

use synx_plan::executor::{Executor, StepReading};
use synx_plan::program::lower;
use synx_plan::recipe::Precision;

use super::*;
use crate::{CpuExecutor, Instructions};

/// A state after steps of a replica, and what they read.
fn trained(program: &Program, executor: &mut CpuExecutor, steps: u64) -> (SlotState, Vec<StepReading>) {
    let mut wave = executor.prepare(program, 1).unwrap();
    wave.join(0, &start(program, 0)).unwrap();
    for step in 0..steps {
        wave.step(&batch(program, &[0], step % 4), &[Some(control(program, step))]).unwrap();
    }
    let readings = wave.drain().unwrap().into_iter().map(|slots| slots[0].unwrap()).collect();
    (wave.leave(0).unwrap(), readings)
}

/// bf16 keeps eight bits of a factor: two factors are off by at most 2^-8 of their product, and a gradient's terms differ in sign.
#[test]
fn a_gradient_in_bf16_is_within_two_percent_of_that_in_f32() {
    for tied in [false, true] {
        let program = lower(&small(tied), 12);
        let gradient = |precision| {
            let program = program.clone().with_precision(precision);
            let mut executor = CpuExecutor::new(Some(2)).unwrap();
            let mut wave = executor.prepare(&program, 1).unwrap();
            wave.join(0, &start(&program, 0)).unwrap();
            let probe = StepControl { beta1: 0.0, clip: f32::INFINITY, ..control(&program, 0) };
            wave.step(&batch(&program, &[0], 0), &[Some(probe)]).unwrap();
            wave.leave(0).unwrap().first_moment
        };
        let (exact, rounded) = (gradient(Precision::F32), gradient(Precision::Bf16));
        for parameter in &program.parameters {
            let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
            let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
            let whole = norm(&mut exact[range.clone()].iter().copied());
            let mut off = exact[range.clone()].iter().zip(&rounded[range]).map(|(a, b)| a - b);
            let off = norm(&mut off) / whole;
            let name = &program.tensor(parameter.tensor).name;
            // Not less either: then nothing would have been rounded.
            assert!((1e-5..0.02).contains(&off), "{name}: off by {off:e}");
        }
    }
}

/// Tokens half of which follow from the one before.
fn chained(program: &Program, step: u64) -> Batch {
    let stream = Stream::new("precision test tokens/1", &step);
    let (vocabulary, row) = (program.vocabulary as u64, program.context + 1);
    let mut tokens = vec![0; program.rows * row];
    for i in 1..tokens.len() {
        let drawn = stream.below(2 * i as u64, vocabulary);
        let follows = (3 * u64::from(tokens[i - 1]) + 7) % vocabulary;
        tokens[i] = if stream.below(2 * i as u64 + 1, 2) == 0 { drawn } else { follows } as u32;
    }
    let cut = |shift: usize| tokens.chunks(row).flat_map(|row| row[shift..][..program.context].to_vec()).collect();
    Batch { inputs: cut(0), targets: cut(1), weights: Vec::new() }
}

#[test]
fn a_run_in_bf16_learns_what_one_in_f32_learns() {
    let program = lower(&small(false), 12);
    let losses = |precision| {
        let program = program.clone().with_precision(precision);
        let mut wave = CpuExecutor::new(Some(2)).unwrap().prepare(&program, 1).unwrap();
        wave.join(0, &start(&program, 0)).unwrap();
        for step in 0..200 {
            wave.step(&chained(&program, step), &[Some(control(&program, step))]).unwrap();
        }
        let readings = wave.drain().unwrap().into_iter().map(|slots| f64::from(slots[0].unwrap().loss));
        readings.collect::<Vec<f64>>()
    };
    let (exact, rounded) = (losses(Precision::F32), losses(Precision::Bf16));
    assert!(exact[199] < 0.85 * exact[0], "{} to {}", exact[0], exact[199]);
    for (step, (exact, rounded)) in exact.iter().zip(&rounded).enumerate() {
        assert!((rounded / exact - 1.0).abs() < 5e-3, "step {step}: {rounded}, in f32 {exact}");
    }
    assert_ne!(exact, rounded);
}

#[test]
fn instruction_sets_and_thread_counts_agree_in_bf16() {
    let program = lower(&small(true), 20).with_precision(Precision::Bf16);
    let want = trained(&program, &mut CpuExecutor::with_instructions(Some(1), Instructions::SCALAR).unwrap(), 8);
    for instructions in Instructions::available() {
        for threads in [1, 3] {
            let mut executor = CpuExecutor::with_instructions(Some(threads), instructions).unwrap();
            assert!(trained(&program, &mut executor, 8) == want, "{instructions}, {threads} threads");
        }
    }
}

#[test]
fn a_slot_of_a_wave_in_bf16_is_what_it_is_alone() {
    let program = lower(&small(false), 6).with_precision(Precision::Bf16);
    let mut executor = CpuExecutor::new(Some(2)).unwrap();
    let (want, _) = trained(&program, &mut executor, 3);
    let mut wave = executor.prepare(&program, 3).unwrap();
    for slot in 0..3 {
        wave.join(slot, &start(&program, 2 - slot as u64)).unwrap();
    }
    for step in 0..3 {
        wave.step(&batch(&program, &[2, 1, 0], step), &[Some(control(&program, step)); 3]).unwrap();
    }
    assert!(wave.leave(2).unwrap() == want);
}

#[test]
fn evaluation_in_bf16_gives_the_losses_of_training() {
    let program = lower(&small(false), 6).with_precision(Precision::Bf16);
    let mut wave = CpuExecutor::new(Some(2)).unwrap().prepare(&program, 1).unwrap();
    wave.join(0, &start(&program, 0)).unwrap();
    let batch = batch(&program, &[0], 0);
    let losses = wave.evaluate(&batch.inputs, &batch.targets).unwrap();
    wave.step(&batch, &[Some(control(&program, 0))]).unwrap();
    let reading = wave.drain().unwrap()[0][0].unwrap();
    let mean = losses.iter().map(|loss| f64::from(*loss)).sum::<f64>() / losses.len() as f64;
    assert!((f64::from(reading.loss) / mean - 1.0).abs() < 1e-6, "{reading:?}, {mean}");
}

#[test]
fn f16_is_refused() {
    let program = lower(&small(false), 6).with_precision(Precision::F16);
    let mut executor = CpuExecutor::new(Some(1)).unwrap();
    assert_eq!(executor.fit(&program, 1).unwrap_err().code, "E0965");
    assert_eq!(executor.prepare(&program, 1).err().unwrap().code, "E0965");
}

/// As `golden::TINY_RUN`: whoever changes it raises the version of products in bf16.
const TINY_RUN: &str = "a089a468379d4c5aedbba00ed6ef7acd2d2a53a7e7febce2fa408d47e5a041c5";

#[test]
fn the_bits_of_a_tiny_run_in_bf16_never_change() {
    let program = lower(&small(false), 12).with_precision(Precision::Bf16);
    for instructions in Instructions::available() {
        let mut executor = CpuExecutor::with_instructions(Some(2), instructions).unwrap();
        let (state, _) = trained(&program, &mut executor, 5);
        let hash = blake3::hash(bytemuck::cast_slice(&state.parameters));
        assert_eq!(hash.to_hex().as_str(), TINY_RUN, "{instructions}");
    }
}
