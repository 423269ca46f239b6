//! Whether an opened device computes: a small product, a head and their gradients against the host's, and the gradients of a small model against
//! differences of its own losses, once; and whether subgroups and large tiles give the bits that they should.

use std::sync::Arc;

use synx_plan::exact::Exact;
use synx_plan::executor::{Batch, SlotState, StepControl, Wave};
use synx_plan::model::{Block, Model};
use synx_plan::problem::Problem;
use synx_plan::program::op::{HeadGradient, HeadLoss, Linear};
use synx_plan::program::{Init, Op, Parameter, Program, Role, Rows, Tensor, TensorId, lower};
use synx_plan::recipe::Precision;
use synx_shaders::{Set, Tile};

use crate::device::Device;
use crate::problems;
use crate::wave::GpuWave;
use crate::ways::{Tiles, Ways};

const TOKENS: usize = 9;
const WIDTH: usize = 21;
const COLUMNS: usize = 10;
const VOCABULARY: usize = 7;

/// A control that changes nothing and takes gradients as moments.
const STILL: StepControl = StepControl {
    rate: 0.0,
    beta1: 0.0,
    beta2: 0.0,
    correction1: 1.0,
    correction2: 1.0,
    epsilon: 1.0,
    weight_decay: 0.0,
    clip: f32::INFINITY,
    loss_scale: 1.0,
};

/// E0952 where the device computes something else than it should.
pub fn f32(device: &Arc<Device>) -> Result<(), Problem> {
    product_and_head(device)?;
    gradients(device)?;
    same_bits_in_other_ways(device)
}

/// Steps a small model with what this device takes for speed, and without: the same numbers are added in the same order, so every bit is the same. Wide enough that
/// every lane of a sum has something to add, and that products take several large tiles.
fn same_bits_in_other_ways(device: &Arc<Device>) -> Result<(), Problem> {
    let plain = Ways { shuffles: None, tiles: Tiles::All(Tile::Small), ..device.ways };
    let tiles = if device.ways.tiles == Tiles::ByShape { Tiles::All(Tile::Large) } else { device.ways.tiles };
    let fast = Ways { tiles, ..device.ways };
    if device.ways.set != Set::Tiled || (fast.shuffles, fast.tiles) == (plain.shuffles, plain.tiles) {
        return Ok(());
    }
    let program = wide_model();
    let tokens = program.tokens() as u32;
    let batch = Batch {
        inputs: (0..tokens).map(|i| i * 7919 % program.vocabulary as u32).collect(),
        targets: (0..tokens).map(|i| i * 104_729 % program.vocabulary as u32).collect(),
        weights: Vec::new(),
    };
    let bits_of = |ways| -> Result<Vec<u32>, Problem> {
        let mut wave = GpuWave::new(Arc::clone(device), &program, 1, ways)?;
        wave.join(0, &SlotState::initial(program.initial_parameters(0, 0)))?;
        wave.step(&batch, &[Some(StepControl { loss_scale: 1.0 / tokens as f32, ..STILL })])?;
        let readings = wave.drain()?.into_iter().flatten().flatten();
        let mut bits: Vec<u32> = readings.flat_map(|r| [r.loss.to_bits(), r.gradient_norm.to_bits()]).collect();
        bits.extend(wave.read(0)?.first_moment.iter().map(|g| g.to_bits()));
        Ok(bits)
    };
    let (got, want) = (bits_of(fast)?, bits_of(plain)?);
    let other = got.iter().zip(&want).filter(|(got, want)| got != want).count();
    if other == 0 {
        return Ok(());
    }
    let shuffles = fast.shuffles.map(|lanes| format!("sums by subgroups of {lanes} lanes"));
    let large = (fast.tiles != plain.tiles).then(|| "large tiles".to_owned());
    let taken: Vec<String> = shuffles.into_iter().chain(large).collect();
    let what = format!("{other} of {} numbers differ with {}", want.len(), taken.join(" and "));
    Err(problems::self_check_failed(&device.adapter, &what))
}

/// Runs `x · weight` and a head over the result in the second of two slots.
fn product_and_head(device: &Arc<Device>) -> Result<(), Problem> {
    let mut wave = GpuWave::new(Arc::clone(device), &program(), 2, device.ways)?;
    let [x, out, dhead, loss] = [0, 2, 4, 5].map(TensorId);
    // Values that are exact in f32, so that only the device can err.
    let value = |i: usize, scale: f32| ((i * 7919 % 97) as f32 - 48.0) / scale;
    let xs: Vec<f32> = (0..TOKENS * WIDTH).map(|i| value(i, 64.0)).collect();
    let weights: Vec<f32> = (0..WIDTH * COLUMNS).map(|i| value(i + 13, 128.0)).collect();
    let heads: Vec<f32> = (0..VOCABULARY * COLUMNS).map(|i| value(i + 31, 64.0)).collect();
    let targets: Vec<u32> = (0..TOKENS).map(|i| (i % VOCABULARY) as u32).collect();
    wave.join(1, &SlotState::initial([weights.as_slice(), heads.as_slice()].concat()))?;
    wave.write_tensor(1, x, &xs)?;
    let none = vec![0; 2 * TOKENS];
    let targets_of_both = [targets.as_slice(), targets.as_slice()].concat();
    let batch = Batch { inputs: none, targets: targets_of_both, weights: Vec::new() };
    let control = StepControl { loss_scale: 1.0 / TOKENS as f32, ..STILL };
    wave.step(&batch, &[None, Some(control)])?;
    let readings = wave.drain()?;

    let close = |got: f32, expected: f64| (f64::from(got) - expected).abs() <= 1e-4 * expected.abs().max(1.0);
    let wrong = |what: String| Err(problems::self_check_failed(&device.adapter, &what));
    let dot = |a: &dyn Fn(usize) -> f32, b: &dyn Fn(usize) -> f32, count: usize| -> f64 {
        (0..count).map(|i| f64::from(a(i)) * f64::from(b(i))).sum()
    };
    let outs = wave.read_tensor(1, out)?;
    let losses = wave.read_tensor(1, loss)?;
    let mut mean = 0.0;
    let mut dheads = vec![0.0f64; VOCABULARY * COLUMNS];
    for row in 0..TOKENS {
        for column in 0..COLUMNS {
            let expected = dot(&|i| xs[row * WIDTH + i], &|i| weights[i * COLUMNS + column], WIDTH);
            let got = outs[row * COLUMNS + column];
            if !close(got, expected) {
                return wrong(format!("{got} where a product is {expected}"));
            }
        }
        let logit = |v: usize| dot(&|i| outs[row * COLUMNS + i], &|i| heads[v * COLUMNS + i], COLUMNS);
        let total: f64 = (0..VOCABULARY).map(|v| logit(v).exp()).sum();
        let target = targets[row] as usize;
        let expected = total.ln() - logit(target);
        if !close(losses[row], expected) {
            return wrong(format!("{} where a row's loss is {expected}", losses[row]));
        }
        mean += expected / TOKENS as f64;
        for v in 0..VOCABULARY {
            let hit = if v == target { 1.0 } else { 0.0 };
            let g = (logit(v).exp() / total - hit) / TOKENS as f64;
            for column in 0..COLUMNS {
                dheads[v * COLUMNS + column] += g * f64::from(outs[row * COLUMNS + column]);
            }
        }
    }
    let norm = dheads.iter().map(|g| g * g).sum::<f64>().sqrt();
    let [None, Some(reading)] = readings[0][..] else { return wrong("readings of the wrong slots".to_owned()) };
    if !close(reading.loss, mean) || !close(reading.gradient_norm, norm) {
        return wrong(format!("{reading:?} where the mean loss is {mean} and the gradient's norm {norm}"));
    }
    let got = wave.read_tensor(1, dhead)?;
    match got.iter().zip(&dheads).find(|(got, expected)| !close(**got, **expected)) {
        Some((got, expected)) => wrong(format!("{got} where a gradient is {expected}")),
        None => Ok(()),
    }
}

/// E0952 where gradients with factors rounded to f16 are not near those in f32, which have been checked.
pub fn f16(device: &Arc<Device>) -> Result<(), Problem> {
    f16_of(device, &model(), 0.4)?;
    // Every matrix of a tile, and several tiles.
    f16_of(device, &wide_model(), 0.05)
}

/// Of one model, whose parameters are so much smaller than fresh ones.
fn f16_of(device: &Arc<Device>, program: &Program, smaller: f32) -> Result<(), Problem> {
    let gradient = |precision| -> Result<Vec<f32>, Problem> {
        let program = program.clone().with_precision(precision);
        let mut wave = GpuWave::new(Arc::clone(device), &program, 2, device.ways)?;
        let (parameters, batch, control) = probe(&program, smaller);
        wave.join(1, &SlotState::initial(parameters))?;
        wave.step(&batch, &[None, Some(control)])?;
        Ok(wave.read(1)?.first_moment)
    };
    let (exact, rounded) = (gradient(Precision::F32)?, gradient(Precision::F16)?);
    for parameter in &program.parameters {
        let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
        let length = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        let whole = length(&mut exact[range.clone()].iter().copied());
        let mut off = exact[range.clone()].iter().zip(&rounded[range]).map(|(exact, rounded)| exact - rounded);
        let off = length(&mut off);
        // A gradient that is NaN is not near anything.
        let near = off <= NEAR_IN_F16 * whole;
        if !near {
            let name = &program.tensor(parameter.tensor).name;
            let what = format!("in f16 the gradient of `{name}`, {whole} long, is off by {off}");
            return Err(problems::self_check_failed(&device.adapter, &what));
        }
    }
    Ok(())
}

/// How far gradients in f16 may be from those in f32, as a part of them. A factor is off by at most 2^-12 of itself; on the CPU gradients of small models are
/// off by less than 2.5e-3.
const NEAR_IN_F16: f64 = 0.01;

/// Steps a model of one layer in the second of two slots: the length of each parameter's gradient is the slope of the loss along it. Every kernel of a step takes
/// part in either, and one that a driver got wrong does not agree with the others.
fn gradients(device: &Arc<Device>) -> Result<(), Problem> {
    let program = model();
    let mut wave = GpuWave::new(Arc::clone(device), &program, 2, device.ways)?;
    // Smaller than fresh ones, so that the loss is no steeper than that of a model in training.
    let (parameters, batch, control) = probe(&program, 0.4);
    wave.join(1, &SlotState::initial(parameters.clone()))?;
    wave.step(&batch, &[None, Some(control)])?;
    let gradient = wave.read(1)?.first_moment;
    let tokens = program.tokens();
    let mut loss = |parameters: Vec<f32>| -> Result<f64, Problem> {
        wave.join(1, &SlotState::initial(parameters))?;
        let losses = wave.evaluate(&batch.inputs[tokens..], &batch.targets[tokens..])?;
        Ok(losses[tokens..].iter().map(|loss| f64::from(*loss)).sum::<f64>() / tokens as f64)
    };
    for parameter in &program.parameters {
        let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
        let length = gradient[range.clone()].iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let mut at = |step: f64| {
            let mut moved = parameters.clone();
            let along = moved[range.clone()].iter_mut().zip(&gradient[range.clone()]);
            along.for_each(|(p, g)| *p += (step * f64::from(*g) / length) as f32);
            loss(moved)
        };
        let slope = (at(STRIDE)? - at(-STRIDE)?) / (2.0 * STRIDE);
        // A gradient that is NaN is not close to anything.
        let close = (slope - length).abs() <= 0.005 * slope.abs().max(length);
        if !close {
            let name = &program.tensor(parameter.tensor).name;
            let what = format!("the gradient of `{name}` is {length} long where the loss rises by {slope}");
            return Err(problems::self_check_failed(&device.adapter, &what));
        }
    }
    Ok(())
}

/// What a model of a check starts from, and what the second of two slots steps over.
fn probe(program: &Program, smaller: f32) -> (Vec<f32>, Batch, StepControl) {
    let parameters = program.initial_parameters(0, 0).iter().map(|p| smaller * p).collect();
    let tokens = program.tokens();
    let token = |i: usize, shift: usize| ((i * 7919 + shift) % 31 * (i % 5 + 1) % program.vocabulary) as u32;
    let [inputs, targets] = [3, 11].map(|shift| (0..2 * tokens).map(|i| token(i, shift)).collect());
    // With no momentum and no rate the first moment after a step is the gradient.
    let control = StepControl { loss_scale: 1.0 / tokens as f32, ..STILL };
    (parameters, Batch { inputs, targets, weights: Vec::new() }, control)
}

/// How far along a gradient the loss is looked at: far enough that rounding does not show, near enough that the loss is still almost straight:
/// on lavapipe slope and length differ by less than 0.0003 of their size.
const STRIDE: f64 = 0.02;

/// A layer of attention and SwiGLU with all that a model has, in the variants of kernels that models of usual sizes take.
fn model() -> Program {
    let blocks = vec![Block::Attention { heads: 2, kv_heads: 1, head_dim: 8 }, Block::Swiglu { hidden: 32 }];
    let (norm_epsilon, init_std, rotary_base) = (Exact::zero(), Exact::one(), Exact::from(10_000u64));
    let model =
        Model { width: 16, context: 8, vocabulary: 28, blocks, tied: false, rotary_base, norm_epsilon, init_std };
    lower(&model, 3)
}

/// A layer of SwiGLU, none of whose sizes fills the kernels' tiles.
fn wide_model() -> Program {
    let blocks = vec![Block::Swiglu { hidden: 96 }];
    let (norm_epsilon, init_std, rotary_base) = (Exact::zero(), Exact::one(), Exact::from(10_000u64));
    let model =
        Model { width: 264, context: 20, vocabulary: 524, blocks, tied: false, rotary_base, norm_epsilon, init_std };
    lower(&model, 13)
}

/// A product and a head, the product's gradient left out.
fn program() -> Program {
    let tensor = |name: &str, rows, columns, role| Tensor { name: name.to_owned(), rows, columns, role };
    let fixed = Rows::Fixed;
    let tensors = vec![
        tensor("x", Rows::Tokens, WIDTH, Role::Activation),
        tensor("weight", fixed(WIDTH), COLUMNS, Role::Parameter),
        tensor("out", Rows::Tokens, COLUMNS, Role::Activation),
        tensor("head", fixed(VOCABULARY), COLUMNS, Role::Parameter),
        tensor("d.head", fixed(VOCABULARY), COLUMNS, Role::Gradient),
        tensor("loss", Rows::Tokens, 1, Role::Activation),
        tensor("d.weight", fixed(WIDTH), COLUMNS, Role::Gradient),
        tensor("d.out", Rows::Tokens, COLUMNS, Role::Activation),
    ];
    let [x, weight, out, head, dhead, loss, dweight, dout] = [0, 1, 2, 3, 4, 5, 6, 7].map(TensorId);
    let parameter = |tensor, gradient, offset| Parameter { tensor, gradient, offset, init: Init::Ones, decay: false };
    let gradient = Some(HeadGradient { dx: dout, dweight: dhead });
    Program {
        tensors,
        parameters: vec![parameter(weight, dweight, 0), parameter(head, dhead, WIDTH * COLUMNS)],
        forward: vec![
            Op::Linear(Linear { x, weight, out }),
            Op::HeadLoss(HeadLoss { x: out, weight: head, loss, gradient }),
        ],
        backward: Vec::new(),
        context: TOKENS,
        vocabulary: VOCABULARY,
        rows: 1,
        precision: Precision::F32,
    }
}
