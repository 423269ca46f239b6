//! Gradients against central differences of a reference in f64.

use synx_plan::executor::{Executor, StepControl};
use synx_plan::model::Block;
use synx_plan::program::lower;

use super::*;
use crate::CpuExecutor;
use crate::testing::numbers;

/// The gradient of one step, as the first moment under `beta1 = 0` shows it.
fn gradient(program: &Program, state: &SlotState, batch: &Batch, scale: f32) -> (f32, Vec<f32>) {
    let mut executor = CpuExecutor::new(Some(2)).unwrap();
    let mut wave = executor.prepare(program, 1).unwrap();
    wave.join(0, state).unwrap();
    let control = StepControl {
        rate: 0.0,
        beta1: 0.0,
        beta2: 0.0,
        correction1: 1.0,
        correction2: 1.0,
        epsilon: 1.0,
        weight_decay: 0.0,
        clip: f32::INFINITY,
        loss_scale: scale,
    };
    wave.step(batch, &[Some(control)]).unwrap();
    let reading = wave.drain().unwrap()[0][0].unwrap();
    let after = wave.leave(0).unwrap();
    assert_eq!(after.parameters, state.parameters, "a rate of zero moves nothing");
    (reading.loss, after.first_moment)
}

fn check(blocks: Vec<Block>, tied: bool) {
    let program = lower(&model(16, 7, 19, blocks, tied), 3);
    let parameters: Vec<f32> = numbers(1, program.parameter_count()).iter().map(|x| 0.3 * x).collect();
    let state = SlotState::initial(parameters.clone());
    let mut batch = batch(&program, &[0], 0);
    batch.weights = (0..program.tokens()).map(|r| [1.0, 0.0, 0.5, 2.0][r % 4]).collect();
    let scale = 1.0 / batch.weights.iter().sum::<f32>();
    let (loss, gradient) = gradient(&program, &state, &batch, scale);
    let mut exact: Vec<f64> = parameters.iter().copied().map(f64::from).collect();
    let reference = |parameters: &[f64]| {
        reference::loss(&program, parameters, &batch.inputs, &batch.targets, &batch.weights, f64::from(scale))
    };
    assert!((f64::from(loss) - reference(&exact)).abs() < 2e-6, "loss {loss}, not {}", reference(&exact));
    let step = 1e-4;
    for parameter in &program.parameters {
        let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
        let largest = gradient[range.clone()].iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(largest > 1e-4, "{} has a gradient", program.tensor(parameter.tensor).name);
        for i in range {
            let before = exact[i];
            exact[i] = before + step;
            let above = reference(&exact);
            exact[i] = before - step;
            let below = reference(&exact);
            exact[i] = before;
            let want = (above - below) / (2.0 * step);
            let off = (f64::from(gradient[i]) - want).abs();
            let name = &program.tensor(parameter.tensor).name;
            assert!(
                off < 1e-5 * f64::from(largest) + 1e-7,
                "d.{name}[{}] is {}, not {want}",
                i - parameter.offset,
                gradient[i]
            );
        }
    }
}

#[test]
fn every_parameter_of_grouped_attention_and_swiglu_has_its_central_difference() {
    for tied in [false, true] {
        check(vec![Block::Attention { heads: 4, kv_heads: 2, head_dim: 4 }, Block::Swiglu { hidden: 24 }], tied);
    }
}

#[test]
fn every_parameter_of_attention_and_gelu_has_its_central_difference() {
    for tied in [false, true] {
        check(vec![Block::Attention { heads: 2, kv_heads: 2, head_dim: 6 }, Block::Gelu { hidden: 20 }], tied);
    }
}

#[test]
fn every_parameter_has_its_central_difference_where_a_step_has_several_shards_and_pieces() {
    // 40 sequences of 32 tokens: five shards of two pieces of four sequences.
    let program = lower(&model(8, 32, 11, vec![Block::Attention { heads: 2, kv_heads: 1, head_dim: 4 }], false), 40);
    let parameters: Vec<f32> = numbers(2, program.parameter_count()).iter().map(|x| 0.3 * x).collect();
    let batch = batch(&program, &[0], 0);
    let scale = 1.0 / program.tokens() as f32;
    let (_, gradient) = gradient(&program, &SlotState::initial(parameters.clone()), &batch, scale);
    let ones = vec![1.0; program.tokens()];
    let direction = numbers(3, program.parameter_count());
    let along = |t: f64| {
        let moved: Vec<f64> =
            parameters.iter().zip(&direction).map(|(p, d)| f64::from(*p) + t * f64::from(*d)).collect();
        reference::loss(&program, &moved, &batch.inputs, &batch.targets, &ones, f64::from(scale))
    };
    let want = (along(1e-5) - along(-1e-5)) / 2e-5;
    let got: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * f64::from(*d)).sum();
    assert!((got - want).abs() < 1e-5 * want.abs().max(0.1), "{got}, not {want}");
}
