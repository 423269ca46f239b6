//! Training in f16: products of factors that are rounded as the CPU rounds them, by the adapter's own matrices where it has them, and the scale of losses.

use synx_cpu::{CpuExecutor, twin};
use synx_gpu::{GpuExecutor, Set};
use synx_plan::executor::{Executor, SlotState, StepControl, StepReading, Wave};
use synx_plan::loss_scale::LossScale;
use synx_plan::program::op::{Linear, LinearGradInput, LinearGradWeight};
use synx_plan::program::{Op, Program};
use synx_plan::recipe::Precision;

use crate::bench::{Case, close, devices, fill, numbers, run, same_bits, twin};
use crate::steps::{batch, control, model, program_of};

/// (tokens, inner, columns): odd ones, ones that fill tiles, and ones of several tiles in each dimension.
const SHAPES: [(usize, usize, usize); 7] =
    [(17, 65, 33), (64, 64, 64), (1, 1, 1), (70, 20, 130), (5, 1030, 9), (1030, 12, 10), (3, 6, 1027)];

fn rounded(values: &[f32]) -> Vec<f32> {
    values.iter().map(|value| twin::f16(*value)).collect()
}

/// Whether this executor's products are the adapter's own.
fn has_matrices(executor: &GpuExecutor) -> bool {
    executor.set() == Set::Tiled && executor.adapter().matrices.is_some()
}

/// What a product in f16 must be: to the last bit, or where the adapter adds in an order of its own within what sums in f32 come to.
fn is_product(executor: &GpuExecutor, got: &[f32], want: &[f32], terms: usize, what: &str) {
    if has_matrices(executor) {
        close(got, want, 1e-6 * (terms as f32).sqrt(), what);
    } else {
        same_bits(got, want, what);
    }
}

#[test]
fn products_in_f16_are_those_of_rounded_factors() {
    let mut devices = devices();
    for executor in &mut devices.executors {
        for (tokens, inner, columns) in SHAPES {
            let what = format!("{:?}, {tokens} x {inner} x {columns}", executor.set());
            let product = |executor: &mut GpuExecutor, which: usize| {
                let mut case = Case::new(1, tokens, 2);
                case.program.precision = Precision::F16;
                let [x, y] = [inner, columns].map(|columns| case.activation(columns));
                let (weight, dweight) = case.parameter(inner, columns);
                let (op, into) = match which {
                    0 => (Op::Linear(Linear { x, weight, out: y }), y),
                    1 => (Op::LinearGradInput(LinearGradInput { dout: y, weight, dx: x, accumulate: false }), x),
                    _ => (Op::LinearGradWeight(LinearGradWeight { x, dout: y, dweight }), dweight),
                };
                case.push(op);
                let mut wave = case.wave(executor, 2);
                let [xs, ys] = [(x, inner), (y, columns)].map(|(id, columns)| fill(&mut wave, id, tokens * columns));
                let weights = fill(&mut wave, weight, inner * columns);
                run(&mut wave, &case.batch(2));
                for slot in 0..2 {
                    let [x, y, weight] = [&xs[slot], &ys[slot], &weights[slot]].map(|values| rounded(values));
                    let mut want = vec![0.0; case.size(into)];
                    match which {
                        0 => twin!(executor, linear(&x, &weight, &mut want, inner, columns)),
                        1 => twin!(executor, linear_grad_input(&y, &weight, &mut want, inner, columns, false)),
                        _ => twin!(executor, linear_grad_weight(&x, &y, &mut want, inner, columns, false)),
                    }
                    let got = wave.read_tensor(slot, into).unwrap();
                    is_product(executor, &got, &want, [inner, columns, tokens][which], &format!("{what}, {which}"));
                }
            };
            (0..3).for_each(|which| product(executor, which));
        }
    }
}

/// The head's rows come in as many pieces as memory asks for, of whole chunks: a weight's gradient must not depend on it.
#[test]
fn a_weights_gradient_in_f16_is_the_sum_of_its_chunks() {
    let mut devices = devices();
    let (inner, columns) = (20, 24);
    for executor in &mut devices.executors {
        let mut gradient = |xs: &[f32], douts: &[f32]| {
            let mut case = Case::new(1, xs.len() / inner, 2);
            case.program.precision = Precision::F16;
            let [x, dout] = [inner, columns].map(|columns| case.activation(columns));
            let (_, dweight) = case.parameter(inner, columns);
            case.push(Op::LinearGradWeight(LinearGradWeight { x, dout, dweight }));
            let mut wave = case.wave(executor, 1);
            wave.write_tensor(0, x, xs).unwrap();
            wave.write_tensor(0, dout, douts).unwrap();
            run(&mut wave, &case.batch(1));
            wave.read_tensor(0, dweight).unwrap()
        };
        let (x, dout) = (numbers(1, 700 * inner), numbers(2, 700 * columns));
        let ((x_first, x_rest), (dout_first, dout_rest)) = (x.split_at(512 * inner), dout.split_at(512 * columns));
        let (first, rest) = (gradient(x_first, dout_first), gradient(x_rest, dout_rest));
        let want: Vec<f32> = first.iter().zip(&rest).map(|(first, rest)| first + rest).collect();
        let whole = gradient(&x, &dout);
        same_bits(&whole, &want, &format!("{:?}", executor.set()));
    }
}

fn start(program: &Program, replicate: u64) -> SlotState {
    SlotState::initial(program.initial_parameters(1, replicate).iter().map(|p| p * 2.0).collect())
}

/// Readings and state after steps of a model alone.
fn trained(wave: &mut dyn Wave, program: &Program, steps: u64) -> (Vec<StepReading>, SlotState) {
    wave.join(0, &start(program, 0)).unwrap();
    for step in 1..=steps {
        wave.step(&batch(program, step, &[7]), &[Some(control(program, step, 3e-3))]).unwrap();
    }
    let readings = wave.drain().unwrap().iter().map(|slots| slots[0].unwrap()).collect();
    (readings, wave.leave(0).unwrap())
}

#[test]
fn a_run_in_f16_follows_the_cpus() {
    let mut devices = devices();
    for tied in [false, true] {
        let program = program_of(&model(97, tied)).with_precision(Precision::F16);
        let (want, want_state) =
            trained(&mut *CpuExecutor::new(Some(1)).unwrap().prepare(&program, 1).unwrap(), &program, 40);
        assert!(want[39].loss < 0.9 * want[0].loss, "the CPU learns: {want:?}");
        for executor in &mut devices.executors {
            let (got, state) = trained(&mut executor.wave(&program, 1).unwrap(), &program, 40);
            for (step, (got, want)) in got.iter().zip(&want).enumerate() {
                let off = (got.loss / want.loss - 1.0).abs();
                assert!(off < 2e-3, "step {step}: {}, not {}, {:?}", got.loss, want.loss, executor.set());
            }
            assert_eq!((state.step, state.loss_scale), (40, want_state.loss_scale));
        }
    }
}

#[test]
fn a_gradient_in_f16_is_near_the_cpus() {
    let mut devices = devices();
    for tied in [false, true] {
        let program = program_of(&model(97, tied)).with_precision(Precision::F16);
        let gradient = |wave: &mut dyn Wave| {
            wave.join(0, &start(&program, 0)).unwrap();
            let still = StepControl { beta1: 0.0, clip: f32::INFINITY, ..control(&program, 1, 0.0) };
            wave.step(&batch(&program, 1, &[3]), &[Some(still)]).unwrap();
            wave.leave(0).unwrap().first_moment
        };
        let want = gradient(&mut *CpuExecutor::new(Some(1)).unwrap().prepare(&program, 1).unwrap());
        for executor in &mut devices.executors {
            let got = gradient(&mut executor.wave(&program, 1).unwrap());
            for parameter in &program.parameters {
                let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
                let norm =
                    |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
                let whole = norm(&mut want[range.clone()].iter().copied());
                let off = norm(&mut want[range.clone()].iter().zip(&got[range]).map(|(a, b)| a - b)) / whole;
                // A factor that lies between two numbers of f16 may be rounded to the other one.
                let name = &program.tensor(parameter.tensor).name;
                assert!(off < 1e-3, "{name}, {:?}: off by {off:e}", executor.set());
            }
        }
    }
}

#[test]
fn a_slot_of_a_wave_in_f16_is_what_it_is_alone() {
    let mut devices = devices();
    let program = program_of(&model(97, false)).with_precision(Precision::F16);
    for executor in &mut devices.executors {
        let (_, want) = trained(&mut executor.wave(&program, 1).unwrap(), &program, 3);
        let mut wave = executor.wave(&program, 3).unwrap();
        for slot in 0..3 {
            wave.join(slot, &start(&program, 2 - slot as u64)).unwrap();
        }
        for step in 1..=3 {
            let controls = [Some(control(&program, step, 3e-3)); 3];
            wave.step(&batch(&program, step, &[5, 6, 7]), &controls).unwrap();
        }
        assert!(wave.leave(2).unwrap() == want, "{:?}", executor.set());
    }
}

/// Losses that count so much that their gradients are beyond f16: beside a model that goes on, and in a copy.
#[test]
fn a_gradient_that_overflows_is_left_out_and_its_scale_falls() {
    let mut devices = devices();
    let program = program_of(&model(97, false)).with_precision(Precision::F16);
    let heavy = StepControl { loss_scale: 100.0, ..control(&program, 1, 1e-3) };
    for executor in &mut devices.executors {
        let mut wave = executor.wave(&program, 3).unwrap();
        wave.join(0, &start(&program, 0)).unwrap();
        wave.join(1, &SlotState { loss_scale: LossScale { exponent: 3, steps: 1995 }, ..start(&program, 1) }).unwrap();
        let mut left_out = 0;
        for step in 1..=20 {
            let before = wave.read(0).unwrap();
            let light = control(&program, step, 1e-3);
            wave.step(&batch(&program, step, &[1, 2, 0]), &[Some(heavy), Some(light), None]).unwrap();
            let readings = wave.drain().unwrap().remove(0);
            let (reading, beside) = (readings[0].unwrap(), readings[1].unwrap());
            assert!(!reading.is_stop() && beside.gradient_norm.is_finite(), "{reading:?} {beside:?}");
            let after = wave.read(0).unwrap();
            assert_eq!(after.step, step);
            if reading.gradient_norm == f32::INFINITY {
                left_out += 1;
                let loss_scale = LossScale { exponent: before.loss_scale.exponent - 1, steps: 0 };
                assert!(after == SlotState { step, loss_scale, ..before });
            } else {
                assert!(after.parameters != before.parameters);
                assert_eq!(after.loss_scale.steps, before.loss_scale.steps + 1);
            }
        }
        assert!((3..16).contains(&left_out), "{left_out} steps were left out");
        // Five steps to the two thousandth, then fifteen.
        assert_eq!(wave.read(1).unwrap().loss_scale, LossScale { exponent: 4, steps: 15 });
        let most = SlotState {
            loss_scale: LossScale { exponent: LossScale::MOST, steps: LossScale::DOUBLES_AFTER - 1 },
            ..start(&program, 1)
        };
        wave.join(1, &most).unwrap();
        // Losses that count so little that nothing overflows.
        let light = StepControl { loss_scale: 1e-9, ..control(&program, 1, 1e-3) };
        wave.step(&batch(&program, 1, &[1, 2, 0]), &[None, Some(light), None]).unwrap();
        assert_eq!(wave.read(1).unwrap().loss_scale, LossScale { exponent: LossScale::MOST, steps: 0 });
        wave.fork(0, 2).unwrap();
        assert!(wave.read(2).unwrap() == wave.read(0).unwrap());
    }
}

#[test]
fn a_gradient_that_overflows_whatever_its_scale_is_a_divergence() {
    let mut devices = devices();
    let program = program_of(&model(97, false)).with_precision(Precision::F16);
    let heavy = StepControl { loss_scale: 1e8, ..control(&program, 1, 1e-3) };
    for executor in &mut devices.executors {
        let mut wave = executor.wave(&program, 1).unwrap();
        let last = SlotState { loss_scale: LossScale { exponent: 0, steps: 0 }, ..start(&program, 0) };
        wave.join(0, &last).unwrap();
        for step in 1..=2 {
            wave.step(&batch(&program, step, &[1]), &[Some(heavy)]).unwrap();
            assert!(wave.drain().unwrap()[0][0].unwrap().is_stop());
            assert!(wave.read(0).unwrap() == last);
        }
    }
}
