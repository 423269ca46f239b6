//! Operations that one dispatch carries out: each against the twins of its operations at odd shapes, and whole programs against themselves with a dispatch for
//! every operation, bit for bit.

use synx_cpu::twin;
use synx_gpu::{GpuExecutor, Set};
use synx_plan::exact::Exact;
use synx_plan::executor::{SlotState, Wave};
use synx_plan::model::{Block, Model};
use synx_plan::program::op::{
    Add, Attention, AttentionGrad, Gated, GatedGrad, Gelu, GeluGrad, HeadGradient, HeadLoss, Linear, LinearGradInput,
    LinearGradWeight, RmsNorm, Rotary, rotary_table,
};
use synx_plan::program::{Op, Program, TensorId, lower};
use synx_plan::recipe::Precision;

use crate::bench::{Case, close, devices, fill, numbers, run, same_bits, twin};
use crate::steps::{batch, control};

/// Runs a test in all sets with several numbers of slots.
fn everywhere(test: impl Fn(&mut GpuExecutor, usize, &str)) {
    let mut devices = devices();
    for executor in &mut devices.executors {
        for slots in [1, 3, 8] {
            let what = format!("{:?}, {slots} slots", executor.set());
            test(executor, slots, &what);
        }
    }
}

/// (tokens, inner, columns), columns divisible by four where a gate takes them.
const SHAPES: [(usize, usize, usize); 5] = [(17, 65, 33), (64, 64, 64), (70, 20, 132), (5, 1030, 12), (3, 6, 1028)];

/// A norm's twin: rows and their scales.
fn norm(executor: &GpuExecutor, x: &[f32], gain: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (mut normed, mut scale) = (vec![0.0; x.len()], vec![0.0; x.len() / gain.len()]);
    twin!(executor, rms_norm(x, gain, &mut normed, &mut scale, 1e-5));
    (normed, scale)
}

/// A product's twin behind its norm's: rows after the norm, their scales, and the product.
fn norm_linear(
    executor: &GpuExecutor,
    x: &[f32],
    gain: &[f32],
    weight: &[f32],
    columns: usize,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let inner = gain.len();
    let (normed, scale) = norm(executor, x, gain);
    let mut out = vec![0.0; x.len() / inner * columns];
    twin!(executor, linear(&normed, weight, &mut out, inner, columns));
    (normed, scale, out)
}

#[test]
fn a_product_and_a_residual_sum_are_their_twins_to_the_last_bit() {
    everywhere(|executor, slots, what| {
        for (tokens, inner, columns) in SHAPES {
            let mut case = Case::new(1, tokens, 2);
            let [x, added, residual, out] = [inner, columns, columns, columns].map(|columns| case.activation(columns));
            let (weight, _) = case.parameter(inner, columns);
            case.push(Op::Linear(Linear { x, weight, out: added }));
            case.push(Op::Add(Add { a: residual, b: added, out }));
            let mut wave = case.wave(executor, slots);
            assert_eq!(wave.dispatches_per_step(), 1);
            let (xs, residuals) = (fill(&mut wave, x, case.size(x)), fill(&mut wave, residual, case.size(out)));
            let weights = fill(&mut wave, weight, inner * columns);
            run(&mut wave, &case.batch(slots));
            for slot in 0..slots {
                let (mut product, mut want) = (vec![0.0; tokens * columns], vec![0.0; tokens * columns]);
                twin!(executor, linear(&xs[slot], &weights[slot], &mut product, inner, columns));
                twin::add(&residuals[slot], &product, &mut want);
                same_bits(&wave.read_tensor(slot, out).unwrap(), &want, what);
            }
        }
    });
}

#[test]
fn a_norm_a_product_and_a_gate_are_their_twins() {
    everywhere(|executor, slots, what| {
        for (tokens, inner, columns) in SHAPES {
            for gate in ["none", "swiglu", "gelu"] {
                if gate == "swiglu" && columns % 8 != 0 {
                    continue;
                }
                let mut case = Case::new(1, tokens, 2);
                let [x, normed, out] = [inner, inner, columns].map(|columns| case.activation(columns));
                let (scale, activated) = (case.activation(1), case.activation(columns));
                let half = case.activation(columns / 2);
                let (gain, _) = case.parameter(1, inner);
                let (weight, _) = case.parameter(inner, columns);
                case.push(Op::RmsNorm(RmsNorm { x, gain, out: normed, scale, epsilon: 1e-5 }));
                case.push(Op::Linear(Linear { x: normed, weight, out }));
                match gate {
                    "swiglu" => case.push(Op::Gated(Gated { x: out, out: half })),
                    "gelu" => case.push(Op::Gelu(Gelu { x: out, out: activated })),
                    _ => {}
                }
                let mut wave = case.wave(executor, slots);
                assert_eq!(wave.dispatches_per_step(), 1);
                let xs = fill(&mut wave, x, tokens * inner);
                let gains = fill(&mut wave, gain, inner);
                let weights = fill(&mut wave, weight, inner * columns);
                run(&mut wave, &case.batch(slots));
                for slot in 0..slots {
                    let what = format!("{what}, {tokens} x {inner} x {columns}, {gate}, slot {slot}");
                    let (want_normed, want_scale, want) =
                        norm_linear(executor, &xs[slot], &gains[slot], &weights[slot], columns);
                    close(&wave.read_tensor(slot, normed).unwrap(), &want_normed, 1e-6, &what);
                    close(&wave.read_tensor(slot, scale).unwrap(), &want_scale, 1e-6, &what);
                    close(&wave.read_tensor(slot, out).unwrap(), &want, 3e-6, &what);
                    let got = wave.read_tensor(slot, out).unwrap();
                    if gate == "swiglu" {
                        let mut want = vec![0.0; tokens * columns / 2];
                        twin!(executor, gated(&got, &mut want, columns / 2));
                        close(&wave.read_tensor(slot, half).unwrap(), &want, 1e-6, &what);
                    } else if gate == "gelu" {
                        let mut want = vec![0.0; tokens * columns];
                        twin!(executor, gelu(&got, &mut want));
                        close(&wave.read_tensor(slot, activated).unwrap(), &want, 1e-6, &what);
                    }
                }
            }
        }
    });
}

#[test]
fn both_gradients_of_a_linear_layer_and_the_gate_before_it_are_their_twins() {
    everywhere(|executor, slots, what| {
        for (tokens, columns, inner) in SHAPES {
            for (gate, accumulate) in [("none", false), ("none", true), ("swiglu", false), ("gelu", false)] {
                if gate == "swiglu" && inner % 4 != 0 {
                    continue;
                }
                let mut case = Case::new(1, tokens, 2);
                let [x, dout, dx] = [inner, columns, inner].map(|columns| case.activation(columns));
                let width = if gate == "swiglu" { 2 * inner } else { inner };
                let [before, dbefore] = [0; 2].map(|_| case.activation(width));
                let (weight, dweight) = case.parameter(inner, columns);
                case.push(Op::LinearGradWeight(LinearGradWeight { x, dout, dweight }));
                case.push(Op::LinearGradInput(LinearGradInput { dout, weight, dx, accumulate }));
                match gate {
                    "swiglu" => case.push(Op::GatedGrad(GatedGrad { x: before, dout: dx, dx: dbefore })),
                    "gelu" => case.push(Op::GeluGrad(GeluGrad { x: before, dout: dx, dx: dbefore })),
                    _ => {}
                }
                // What is read by the first of two dispatches and written by the second stays alive to the end, so that nothing shares its memory.
                let last = if gate == "none" { dx } else { dbefore };
                for kept in [x, last] {
                    let spare = case.activation(case.program.tensor(kept).columns);
                    case.push(Op::Add(Add { a: kept, b: kept, out: spare }));
                }
                let mut wave = case.wave(executor, slots);
                assert_eq!(wave.dispatches_per_step(), if executor.set() == Set::Tiled { 3 } else { 4 });
                let (xs, douts) = (fill(&mut wave, x, tokens * inner), fill(&mut wave, dout, tokens * columns));
                // Before a gate the input's gradient has no place in memory.
                let zeros = || vec![vec![0.0; tokens * inner]; slots];
                let mut dxs = if gate == "none" { fill(&mut wave, dx, tokens * inner) } else { zeros() };
                let befores = if gate == "none" { Vec::new() } else { fill(&mut wave, before, tokens * width) };
                let weights = fill(&mut wave, weight, inner * columns);
                run(&mut wave, &case.batch(slots));
                for (slot, want_dx) in dxs.iter_mut().enumerate() {
                    let what = format!("{what}, {tokens} x {inner} x {columns}, {gate}, slot {slot}");
                    let mut want = vec![0.0; inner * columns];
                    let dout = &douts[slot];
                    twin!(executor, linear_grad_weight(&xs[slot], dout, &mut want, inner, columns, false));
                    same_bits(&wave.read_tensor(slot, dweight).unwrap(), &want, &what);
                    twin!(executor, linear_grad_input(dout, &weights[slot], want_dx, inner, columns, accumulate));
                    let mut want = vec![0.0; tokens * width];
                    match gate {
                        "swiglu" => twin!(executor, gated_grad(&befores[slot], want_dx, &mut want, inner)),
                        "gelu" => twin!(executor, gelu_grad(&befores[slot], want_dx, &mut want)),
                        // Where several chunks are added to what is there, the chunks come together first.
                        _ if accumulate && columns > 512 => {
                            close(&wave.read_tensor(slot, dx).unwrap(), want_dx, 1e-6, &what);
                        }
                        _ => same_bits(&wave.read_tensor(slot, dx).unwrap(), want_dx, &what),
                    }
                    if gate != "none" {
                        close(&wave.read_tensor(slot, dbefore).unwrap(), &want, 1e-6, &what);
                    }
                }
            }
        }
    });
}

#[test]
fn a_norm_and_the_head_are_their_twins() {
    everywhere(|executor, slots, what| {
        // The last shape takes several pieces of 512 rows.
        for (tokens, columns, vocabulary) in [(17, 33, 65), (64, 64, 256), (1030, 4, 4100)] {
            if vocabulary == 4100 && slots != 8 {
                continue;
            }
            let mut case = Case::new(1, tokens, vocabulary);
            let [x, normed, dnormed] = [0; 3].map(|_| case.activation(columns));
            let [scale, loss] = [0; 2].map(|_| case.activation(1));
            let (gain, _) = case.parameter(1, columns);
            let (weight, dweight) = case.parameter(vocabulary, columns);
            let gradient = Some(HeadGradient { dx: dnormed, dweight });
            case.push(Op::RmsNorm(RmsNorm { x, gain, out: normed, scale, epsilon: 1e-5 }));
            case.push(Op::HeadLoss(HeadLoss { x: normed, weight, loss, gradient }));
            let mut wave = case.wave(executor, slots);
            let xs = fill(&mut wave, x, tokens * columns);
            let gains = fill(&mut wave, gain, columns);
            let weights = fill(&mut wave, weight, vocabulary * columns);
            let mut batch = case.batch(slots);
            batch.weights = vec![1.0; slots * tokens];
            run(&mut wave, &batch);
            for slot in 0..slots {
                let rows = slot * tokens..(slot + 1) * tokens;
                let head = twin::HeadTargets {
                    targets: &batch.targets[rows.clone()],
                    weights: &batch.weights[rows],
                    loss_scale: 1.0,
                };
                let (want_normed, want_scale) = norm(executor, &xs[slot], &gains[slot]);
                let (mut want, mut want_dx) = (vec![0.0; tokens], vec![0.0; tokens * columns]);
                let mut want_dweight = vec![0.0; vocabulary * columns];
                let (x, weight) = (&want_normed, &weights[slot]);
                twin!(
                    executor,
                    head_loss_grad(x, weight, head, &mut want, &mut want_dx, &mut want_dweight, columns, false)
                );
                let what = format!("{what}, {tokens} rows over {vocabulary}, slot {slot}");
                close(&wave.read_tensor(slot, normed).unwrap(), &want_normed, 1e-6, &what);
                close(&wave.read_tensor(slot, scale).unwrap(), &want_scale, 1e-6, &what);
                close(&wave.read_tensor(slot, loss).unwrap(), &want, 4e-6, &what);
                close(&wave.read_tensor(slot, dnormed).unwrap(), &want_dx, 2e-5, &what);
                close(&wave.read_tensor(slot, dweight).unwrap(), &want_dweight, 2e-5, &what);
            }
        }
    });
}

/// (sequences, context, heads, key heads, head dimension), with halves of heads in whole lanes.
const ATTENTIONS: [(usize, usize, usize, usize, usize); 5] =
    [(2, 33, 4, 2, 8), (2, 17, 3, 3, 6), (1, 70, 2, 1, 32), (1, 130, 1, 1, 128), (1, 12, 2, 2, 2)];

#[test]
fn positions_turned_as_attention_reads_are_the_twins() {
    everywhere(|executor, slots, what| {
        for (rows, context, heads, kv_heads, head_dim) in ATTENTIONS {
            let mut case = Case::new(rows, context, 2);
            let columns = (heads + 2 * kv_heads) * head_dim;
            let [qkv, dqkv] = [0; 2].map(|_| case.activation(columns));
            let [out, dout] = [0; 2].map(|_| case.activation(heads * head_dim));
            let log_sum = case.activation(heads);
            let rotary = Rotary { x: qkv, heads: heads + kv_heads, head_dim, base: 10_000.0, inverse: false };
            case.push(Op::Rotary(rotary.clone()));
            case.push(Op::Attention(Attention { qkv, out, log_sum, heads, kv_heads, head_dim }));
            case.push(Op::AttentionGrad(AttentionGrad { qkv, out, log_sum, dout, dqkv, heads, kv_heads, head_dim }));
            case.push(Op::Rotary(Rotary { x: dqkv, inverse: true, ..rotary }));
            let mut wave = case.wave(executor, slots);
            let dispatches = match executor.set() {
                Set::Direct => 5,
                Set::Subgroup => 3,
                Set::Tiled => 2,
            };
            assert_eq!(wave.dispatches_per_step(), dispatches);
            let mut qkvs = fill(&mut wave, qkv, case.size(qkv));
            let douts = fill(&mut wave, dout, case.size(dout));
            run(&mut wave, &case.batch(slots));
            let mut single = case.wave_one_by_one(executor, slots);
            fill(&mut single, qkv, case.size(qkv));
            fill(&mut single, dout, case.size(dout));
            run(&mut single, &case.batch(slots));
            for tensor in [out, log_sum, dqkv] {
                let (got, want) = (wave.read_tensor(0, tensor).unwrap(), single.read_tensor(0, tensor).unwrap());
                same_bits(
                    &got,
                    &want,
                    &format!("{what}, {rows} x {context} x {heads} x {head_dim}, tensor {}", tensor.0),
                );
            }
            let shape = twin::Heads { context, heads, kv_heads, head_dim };
            let (cosines, sines) = rotary_table(context, head_dim, 10_000.0);
            for (slot, qkv) in qkvs.iter_mut().enumerate() {
                let what = format!("{what}, {shape:?}, slot {slot}");
                let turning = heads + kv_heads;
                twin!(executor, rotary(qkv, &cosines, &sines, columns, turning, head_dim, false));
                let mut want = vec![0.0; case.size(out)];
                let mut want_log_sum = vec![0.0; case.size(log_sum)];
                twin!(executor, attention(qkv, &mut want, &mut want_log_sum, shape));
                close(&wave.read_tensor(slot, out).unwrap(), &want, 5e-6, &what);
                close(&wave.read_tensor(slot, log_sum).unwrap(), &want_log_sum, 3e-6, &what);
                let mut want_dqkv = vec![0.0; case.size(dqkv)];
                twin!(executor, attention_grad(qkv, &want, &want_log_sum, &douts[slot], &mut want_dqkv, shape));
                twin!(executor, rotary(&mut want_dqkv, &cosines, &sines, columns, turning, head_dim, true));
                close(&wave.read_tensor(slot, dqkv).unwrap(), &want_dqkv, 2e-5, &what);
            }
        }
    });
}

#[test]
fn a_step_has_as_many_dispatches_as_its_layers_ask_for() {
    let mut devices = devices();
    for executor in &mut devices.executors {
        for layers in [1, 3] {
            let layer = [Block::Attention { heads: 2, kv_heads: 2, head_dim: 8 }, Block::Swiglu { hidden: 32 }];
            let blocks = std::iter::repeat_n(layer, layers).flatten().collect();
            let model = Model { blocks, ..crate::steps::model(97, false) };
            let program = lower(&model, 1);
            let want = match executor.set() {
                Set::Direct => 19 * layers + 10,
                Set::Subgroup => 17 * layers + 10,
                Set::Tiled => 12 * layers + 9,
            };
            for slots in [1, 8] {
                let (got, set) = (executor.wave(&program, slots).unwrap().dispatches_per_step(), executor.set());
                assert_eq!(got, want, "{layers} layers, {slots} slots, {set:?}");
            }
        }
    }
}

/// Models whose sizes are odd, whose gates cannot be taken by fours, whose norms and products take several chunks.
pub fn programs() -> Vec<(&'static str, Program)> {
    let model = |width, heads: u64, kv_heads, head_dim, mlp: Block, tied, context, rows| {
        let blocks = vec![Block::Attention { heads, kv_heads, head_dim }, mlp];
        let exact = |text| Exact::from_decimal(text).unwrap();
        let [norm_epsilon, init_std] = [exact("1e-5"), exact("0.1")];
        let rotary_base = Exact::from(10_000u64);
        lower(&Model { width, context, vocabulary: 97, blocks, tied, rotary_base, norm_epsilon, init_std }, rows)
    };
    vec![
        ("odd", model(33, 3, 1, 6, Block::Swiglu { hidden: 68 }, false, 17, 3)),
        ("no fours", model(30, 2, 1, 12, Block::Swiglu { hidden: 65 }, true, 17, 2)),
        ("gelu", model(32, 4, 2, 8, Block::Gelu { hidden: 67 }, false, 33, 2)),
        ("several large tiles", model(136, 2, 2, 16, Block::Swiglu { hidden: 140 }, false, 17, 10)),
        ("wide", model(520, 2, 2, 16, Block::Swiglu { hidden: 528 }, false, 16, 1)),
    ]
}

/// Bits of everything that a few steps leave: gradients, readings, states.
pub fn everything(wave: &mut synx_gpu::GpuWave, program: &Program) -> Vec<Vec<u32>> {
    let slots = wave.slots();
    let streams: Vec<u64> = (0..slots as u64).collect();
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<u32>>();
    let mut all = Vec::new();
    for slot in 0..slots {
        let noise = numbers(slot as u64, program.parameter_count());
        let mut state = SlotState::initial(program.initial_parameters(1, slot as u64));
        state.parameters.iter_mut().zip(noise).for_each(|(p, noise)| *p += 0.01 * noise);
        wave.join(slot, &state).unwrap();
    }
    for step in 1..=2 {
        let controls = vec![Some(control(program, step, 1e-2)); slots];
        let batch = batch(program, step, &streams);
        wave.run_passes(&batch, &controls).unwrap();
        for slot in 0..slots {
            let gradients: Vec<TensorId> = program.parameters.iter().map(|parameter| parameter.gradient).collect();
            all.extend(gradients.iter().map(|gradient| bits(&wave.read_tensor(slot, *gradient).unwrap())));
        }
        wave.step(&batch, &controls).unwrap();
    }
    let tokens = batch(program, 9, &[5]);
    all.push(bits(&wave.evaluate(&tokens.inputs, &tokens.targets).unwrap()));
    for slots in wave.drain().unwrap() {
        all.extend(slots.into_iter().flatten().map(|reading| bits(&[reading.loss, reading.gradient_norm])));
    }
    all.extend((0..slots).map(|slot| bits(&wave.read(slot).unwrap().parameters)));
    all
}

#[test]
fn fused_steps_have_the_bits_of_their_operations_one_by_one() {
    everywhere(|executor, slots, what| {
        let precisions = [Precision::F32, Precision::F16];
        let programs = programs()
            .into_iter()
            .flat_map(|(name, program)| precisions.map(|precision| (name, program.clone().with_precision(precision))));
        for (name, program) in programs {
            // How many there are is another test's matter.
            if slots != if name == "wide" { 1 } else { 3 } {
                continue;
            }
            let mut fused = executor.wave(&program, slots).unwrap();
            let mut single = executor.wave_one_by_one(&program, slots).unwrap();
            assert!(fused.dispatches_per_step() < single.dispatches_per_step());
            let (got, want) = (everything(&mut fused, &program), everything(&mut single, &program));
            let other: Vec<usize> = (0..want.len()).filter(|&i| got[i] != want[i]).collect();
            let precision = program.precision.name();
            assert!(other.is_empty(), "{name} in {precision}, {what}: {other:?} of what is compared");
        }
    });
}
