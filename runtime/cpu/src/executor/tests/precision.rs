//! Training in bf16 and f16: near f32, and as sure of its bits.

use synx_plan::executor::{Executor, StepReading};
use synx_plan::loss_scale::LossScale;
use synx_plan::program::lower;
use synx_plan::recipe::Precision;

use super::*;
use crate::{CpuExecutor, Instructions};

const ROUNDED: [Precision; 2] = [Precision::Bf16, Precision::F16];

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

/// A gradient's distance from that in f32, as a part of it, parameter by parameter. `loss_scale` is what the losses of the step are scaled by.
fn distances(program: &Program, precision: Precision, scale: LossScale, loss_scale: f32) -> Vec<(String, f64)> {
    let gradient = |precision| {
        let program = program.clone().with_precision(precision);
        let mut executor = CpuExecutor::new(Some(2)).unwrap();
        let mut wave = executor.prepare(&program, 1).unwrap();
        wave.join(0, &SlotState { loss_scale: scale, ..start(&program, 0) }).unwrap();
        let probe = StepControl { beta1: 0.0, clip: f32::INFINITY, loss_scale, ..control(&program, 0) };
        wave.step(&batch(&program, &[0], 0), &[Some(probe)]).unwrap();
        wave.leave(0).unwrap().first_moment
    };
    let (exact, rounded) = (gradient(Precision::F32), gradient(precision));
    let distance = |parameter: &synx_plan::program::Parameter| {
        let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
        let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        let whole = norm(&mut exact[range.clone()].iter().copied());
        let mut off = exact[range.clone()].iter().zip(&rounded[range]).map(|(a, b)| a - b);
        (program.tensor(parameter.tensor).name.clone(), norm(&mut off) / whole)
    };
    program.parameters.iter().map(distance).collect()
}

/// bf16 keeps eight bits of a factor, f16 eleven: two factors are off by at most 2^-8 or 2^-11 of their product, and a gradient's terms differ in sign.
#[test]
fn a_rounded_gradient_is_near_that_in_f32() {
    for tied in [false, true] {
        let program = lower(&small(tied), 12);
        let loss_scale = control(&program, 0).loss_scale;
        // Not less either: then nothing would have been rounded.
        for (precision, near) in [(Precision::Bf16, 1e-5..0.02), (Precision::F16, 1e-6..0.0025)] {
            for (name, off) in distances(&program, precision, LossScale::default(), loss_scale) {
                assert!(near.contains(&off), "{name} in {}: off by {off:e}", precision.name());
            }
        }
    }
}

#[test]
fn small_gradients_in_f16_need_their_scale() {
    let program = lower(&small(false), 12);
    let loss_scale = 1e-5 * control(&program, 0).loss_scale;
    let farthest = |exponent| {
        let distances = distances(&program, Precision::F16, LossScale { exponent, steps: 0 }, loss_scale);
        distances.into_iter().map(|(_, off)| off).fold(0.0, f64::max)
    };
    assert!(farthest(LossScale::MOST) < 0.0025, "{:e}", farthest(LossScale::MOST));
    assert!(farthest(0) > 0.1, "{:e}", farthest(0));
}

/// Losses that count so much that their gradients are beyond f16.
#[test]
fn a_gradient_that_overflows_is_left_out_and_its_scale_falls() {
    let program = lower(&small(false), 12).with_precision(Precision::F16);
    let mut wave = CpuExecutor::new(Some(2)).unwrap().prepare(&program, 2).unwrap();
    let first = start(&program, 0);
    let other = SlotState { loss_scale: LossScale { exponent: 1, steps: 5 }, ..start(&program, 1) };
    wave.join(0, &first).unwrap();
    wave.join(1, &other).unwrap();
    let heavy = StepControl { loss_scale: 100.0, clip: 1.0, ..control(&program, 0) };
    let mut fell = 0;
    for step in 0..30 {
        let before = wave.read(0).unwrap();
        wave.step(&batch(&program, &[0, 1], step), &[Some(heavy), Some(control(&program, step))]).unwrap();
        let readings = wave.drain().unwrap().remove(0);
        let (heavy, light) = (readings[0].unwrap(), readings[1].unwrap());
        assert!(light.gradient_norm.is_finite(), "the slot beside it goes on");
        assert!(!heavy.is_stop() && heavy.loss.is_finite());
        let after = wave.read(0).unwrap();
        assert_eq!(after.step, before.step + 1);
        if heavy.gradient_norm == f32::INFINITY {
            fell += 1;
            let LossScale { exponent, .. } = before.loss_scale;
            let fallen = LossScale { exponent: exponent - 1, steps: 0 };
            assert_eq!(after, SlotState { step: after.step, loss_scale: fallen, ..before });
        } else {
            assert_ne!(after.parameters, before.parameters);
            assert_eq!(after.loss_scale.steps, before.loss_scale.steps + 1);
        }
    }
    assert!((3..16).contains(&fell), "{fell} steps were left out");
    let other = wave.read(1).unwrap().loss_scale;
    assert_eq!(other, LossScale { exponent: 1, steps: 35 });
}

#[test]
fn a_gradient_that_overflows_whatever_its_scale_is_a_divergence() {
    let program = lower(&small(false), 12).with_precision(Precision::F16);
    let mut wave = CpuExecutor::new(Some(2)).unwrap().prepare(&program, 1).unwrap();
    let last = SlotState { loss_scale: LossScale { exponent: 0, steps: 0 }, ..start(&program, 0) };
    wave.join(0, &last).unwrap();
    let heavy = StepControl { loss_scale: 1e8, ..control(&program, 0) };
    for step in 0..2 {
        wave.step(&batch(&program, &[0], step), &[Some(heavy)]).unwrap();
        assert!(wave.drain().unwrap()[0][0].unwrap().is_stop());
        assert_eq!(wave.read(0).unwrap(), last);
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
fn a_rounded_run_learns_what_one_in_f32_learns() {
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
    let exact = losses(Precision::F32);
    assert!(exact[199] < 0.85 * exact[0], "{} to {}", exact[0], exact[199]);
    for (precision, most) in [(Precision::Bf16, 5e-3), (Precision::F16, 1e-3)] {
        let rounded = losses(precision);
        for (step, (exact, rounded)) in exact.iter().zip(&rounded).enumerate() {
            assert!((rounded / exact - 1.0).abs() < most, "step {step}: {rounded}, in f32 {exact}");
        }
        assert_ne!(exact, rounded);
    }
}

#[test]
fn instruction_sets_and_thread_counts_agree_on_rounded_factors() {
    for precision in ROUNDED {
        let program = lower(&small(true), 20).with_precision(precision);
        let want = trained(&program, &mut CpuExecutor::with_instructions(Some(1), Instructions::SCALAR).unwrap(), 8);
        for instructions in Instructions::available() {
            for threads in [1, 3] {
                let mut executor = CpuExecutor::with_instructions(Some(threads), instructions).unwrap();
                assert!(trained(&program, &mut executor, 8) == want, "{instructions}, {threads} threads");
            }
        }
    }
}

#[test]
fn a_slot_of_a_wave_with_rounded_factors_is_what_it_is_alone() {
    for precision in ROUNDED {
        let program = lower(&small(false), 6).with_precision(precision);
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
}

#[test]
fn evaluation_with_rounded_factors_gives_the_losses_of_training() {
    for precision in ROUNDED {
        evaluation_gives_the_losses_of_training(&lower(&small(false), 6).with_precision(precision));
    }
}

fn evaluation_gives_the_losses_of_training(program: &Program) {
    let mut wave = CpuExecutor::new(Some(2)).unwrap().prepare(program, 1).unwrap();
    wave.join(0, &start(program, 0)).unwrap();
    let batch = batch(program, &[0], 0);
    let losses = wave.evaluate(&batch.inputs, &batch.targets).unwrap();
    wave.step(&batch, &[Some(control(program, 0))]).unwrap();
    let reading = wave.drain().unwrap()[0][0].unwrap();
    let mean = losses.iter().map(|loss| f64::from(*loss)).sum::<f64>() / losses.len() as f64;
    assert!((f64::from(reading.loss) / mean - 1.0).abs() < 1e-6, "{reading:?}, {mean}");
}

/// As `golden::TINY_RUN`: whoever changes one raises the version of products in that precision.
const TINY_RUN_BF16: &str = "a089a468379d4c5aedbba00ed6ef7acd2d2a53a7e7febce2fa408d47e5a041c5";
const TINY_RUN_F16: &str = "8a28cb1071980f14b590272e9c35ae4abd385abbf2edf6f3534d874027e91388";

#[test]
fn the_bits_of_a_tiny_run_with_rounded_factors_never_change() {
    for (precision, want) in ROUNDED.into_iter().zip([TINY_RUN_BF16, TINY_RUN_F16]) {
        let program = lower(&small(false), 12).with_precision(precision);
        for instructions in Instructions::available() {
            let mut executor = CpuExecutor::with_instructions(Some(2), instructions).unwrap();
            let (state, _) = trained(&program, &mut executor, 5);
            let hash = blake3::hash(bytemuck::cast_slice(&state.parameters));
            assert_eq!(hash.to_hex().as_str(), want, "{instructions}");
        }
    }
}
