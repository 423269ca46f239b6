//! Each kernel against its scalar twin, at odd shapes, in waves of 1, 3 and 8, in both sets of variants. Products, gathers and sums of two: to the last bit.
//! What has exponentials, roots or sums in another order: within a few units in the last place of what is added up.

use synx_cpu::twin;
use synx_gpu::GpuExecutor;
use synx_plan::program::Op;
use synx_plan::program::op::{
    Add, Attention, AttentionGrad, Gated, GatedGrad, Gather, GatherGrad, Gelu, GeluGrad, HeadGradient, HeadLoss,
    Linear, LinearGradInput, LinearGradWeight, RmsNorm, RmsNormGrad, Rotary, rotary_table,
};

use crate::bench::{Case, close, devices, fill, run, same_bits, twin};

/// Runs a test in both sets with several numbers of slots.
fn everywhere(test: impl Fn(&mut GpuExecutor, usize, &str)) {
    let mut devices = devices();
    for executor in &mut devices.executors {
        for slots in [1, 3, 8] {
            let what = format!("{:?}, {slots} slots", executor.set());
            test(executor, slots, &what);
        }
    }
}

/// Shapes of a product: (tokens, inner, columns). Odd ones, ones that fill tiles, and ones beyond a chunk of 512 in each dimension.
const PRODUCTS: [(usize, usize, usize); 8] =
    [(17, 65, 33), (64, 64, 64), (1, 1, 1), (70, 20, 130), (5, 1030, 9), (9, 512, 70), (1030, 12, 10), (3, 6, 1027)];

#[test]
fn linear_equals_its_twin_to_the_last_bit() {
    everywhere(|executor, slots, what| {
        for (tokens, inner, columns) in PRODUCTS {
            let mut case = Case::new(1, tokens, 2);
            let (x, out) = (case.activation(inner), case.activation(columns));
            let (weight, _) = case.parameter(inner, columns);
            case.push(Op::Linear(Linear { x, weight, out }));
            let mut wave = case.wave(executor, slots);
            let xs = fill(&mut wave, x, tokens * inner);
            let weights = fill(&mut wave, weight, inner * columns);
            run(&mut wave, &case.batch(slots));
            for slot in 0..slots {
                let mut want = vec![0.0; tokens * columns];
                twin!(executor, linear(&xs[slot], &weights[slot], &mut want, inner, columns));
                let got = wave.read_tensor(slot, out).unwrap();
                same_bits(&got, &want, &format!("{what}, {tokens} x {inner} x {columns}, slot {slot}"));
            }
        }
    });
}

#[test]
fn the_gradient_of_a_linear_layers_input_equals_its_twin_to_the_last_bit() {
    everywhere(|executor, slots, what| {
        for (tokens, inner, columns) in PRODUCTS {
            for accumulate in [false, true] {
                let mut case = Case::new(1, tokens, 2);
                let (dout, dx) = (case.activation(columns), case.activation(inner));
                let (weight, _) = case.parameter(inner, columns);
                case.push(Op::LinearGradInput(LinearGradInput { dout, weight, dx, accumulate }));
                let mut wave = case.wave(executor, slots);
                let douts = fill(&mut wave, dout, tokens * columns);
                let mut wants = fill(&mut wave, dx, tokens * inner);
                let weights = fill(&mut wave, weight, inner * columns);
                run(&mut wave, &case.batch(slots));
                for (slot, want) in wants.iter_mut().enumerate() {
                    let (dout, weight) = (&douts[slot], &weights[slot]);
                    twin!(executor, linear_grad_input(dout, weight, want, inner, columns, accumulate));
                    let got = wave.read_tensor(slot, dx).unwrap();
                    // Where several chunks are added to what is there, the chunks come together first.
                    if accumulate && columns > 512 {
                        close(&got, want, 1e-6, what);
                    } else {
                        same_bits(&got, want, &format!("{what}, {tokens} x {inner} x {columns}, slot {slot}"));
                    }
                }
            }
        }
    });
}

#[test]
fn the_gradient_of_a_linear_layers_weight_equals_its_twin_to_the_last_bit() {
    everywhere(|executor, slots, what| {
        for (tokens, inner, columns) in PRODUCTS {
            let mut case = Case::new(1, tokens, 2);
            let (x, dout) = (case.activation(inner), case.activation(columns));
            let (_, dweight) = case.parameter(inner, columns);
            case.push(Op::LinearGradWeight(LinearGradWeight { x, dout, dweight }));
            let mut wave = case.wave(executor, slots);
            let xs = fill(&mut wave, x, tokens * inner);
            let douts = fill(&mut wave, dout, tokens * columns);
            run(&mut wave, &case.batch(slots));
            for slot in 0..slots {
                let mut want = vec![0.0; inner * columns];
                twin!(executor, linear_grad_weight(&xs[slot], &douts[slot], &mut want, inner, columns, false));
                let got = wave.read_tensor(slot, dweight).unwrap();
                same_bits(&got, &want, &format!("{what}, {tokens} x {inner} x {columns}, slot {slot}"));
            }
        }
    });
}

#[test]
fn rows_of_the_token_table_equal_their_twin_to_the_last_bit() {
    everywhere(|executor, slots, what| {
        for columns in [64, 33] {
            let (rows, context, vocabulary) = (3, 17, 29);
            let mut case = Case::new(rows, context, vocabulary);
            let out = case.activation(columns);
            let (table, _) = case.parameter(vocabulary, columns);
            case.push(Op::Gather(Gather { table, out }));
            let mut wave = case.wave(executor, slots);
            let tables = fill(&mut wave, table, vocabulary * columns);
            let batch = case.batch(slots);
            run(&mut wave, &batch);
            for slot in 0..slots {
                let tokens = &batch.inputs[slot * rows * context..][..rows * context];
                let mut want = vec![0.0; rows * context * columns];
                twin::gather(&tables[slot], tokens, &mut want, columns);
                same_bits(&wave.read_tensor(slot, out).unwrap(), &want, what);
            }
        }
    });
}

#[test]
fn the_gradient_of_the_token_table_equals_its_twin_to_the_last_bit() {
    everywhere(|executor, slots, what| {
        for (columns, accumulate) in [(64, false), (64, true), (33, false), (33, true)] {
            let (rows, context, vocabulary) = (3, 17, 29);
            let mut case = Case::new(rows, context, vocabulary);
            let dout = case.activation(columns);
            let (_, dtable) = case.parameter(vocabulary, columns);
            case.push(Op::GatherGrad(GatherGrad { dout, dtable, accumulate }));
            let mut wave = case.wave(executor, slots);
            let douts = fill(&mut wave, dout, rows * context * columns);
            let mut wants = fill(&mut wave, dtable, vocabulary * columns);
            let batch = case.batch(slots);
            run(&mut wave, &batch);
            for (slot, want) in wants.iter_mut().enumerate() {
                let tokens = &batch.inputs[slot * rows * context..][..rows * context];
                twin::gather_grad(tokens, &douts[slot], want, columns, accumulate);
                same_bits(&wave.read_tensor(slot, dtable).unwrap(), want, what);
            }
        }
    });
}

#[test]
fn sums_of_two_equal_their_twin_to_the_last_bit() {
    everywhere(|executor, slots, what| {
        let mut case = Case::new(1, 17, 2);
        let [a, b, out] = [0; 3].map(|_| case.activation(33));
        case.push(Op::Add(Add { a, b, out }));
        let mut wave = case.wave(executor, slots);
        let (xs, ys) = (fill(&mut wave, a, 17 * 33), fill(&mut wave, b, 17 * 33));
        run(&mut wave, &case.batch(slots));
        for slot in 0..slots {
            let mut want = vec![0.0; 17 * 33];
            twin::add(&xs[slot], &ys[slot], &mut want);
            same_bits(&wave.read_tensor(slot, out).unwrap(), &want, what);
        }
    });
}

#[test]
fn the_norm_is_its_twin() {
    everywhere(|executor, slots, what| {
        for (tokens, columns) in [(17, 65), (64, 64), (3, 700)] {
            let mut case = Case::new(1, tokens, 2);
            let [x, out] = [0; 2].map(|_| case.activation(columns));
            let scale = case.activation(1);
            let (gain, _) = case.parameter(1, columns);
            case.push(Op::RmsNorm(RmsNorm { x, gain, out, scale, epsilon: 1e-5 }));
            let mut wave = case.wave(executor, slots);
            let xs = fill(&mut wave, x, tokens * columns);
            let gains = fill(&mut wave, gain, columns);
            run(&mut wave, &case.batch(slots));
            for slot in 0..slots {
                let (mut want, mut want_scale) = (vec![0.0; tokens * columns], vec![0.0; tokens]);
                twin!(executor, rms_norm(&xs[slot], &gains[slot], &mut want, &mut want_scale, 1e-5));
                close(&wave.read_tensor(slot, out).unwrap(), &want, 1e-6, what);
                close(&wave.read_tensor(slot, scale).unwrap(), &want_scale, 1e-6, what);
            }
        }
    });
}

#[test]
fn the_gradients_of_the_norm_are_their_twins() {
    everywhere(|executor, slots, what| {
        let shapes = [(17, 65, false), (64, 64, true), (1030, 20, false), (2100, 12, false), (3, 700, true)];
        for (tokens, columns, accumulate) in shapes {
            let mut case = Case::new(1, tokens, 2);
            let [x, dout, dx] = [0; 3].map(|_| case.activation(columns));
            let scale = case.activation(1);
            let (gain, dgain) = case.parameter(1, columns);
            case.push(Op::RmsNormGrad(RmsNormGrad { x, gain, scale, dout, dx, accumulate, dgain }));
            let mut wave = case.wave(executor, slots);
            let size = tokens * columns;
            let (xs, douts) = (fill(&mut wave, x, size), fill(&mut wave, dout, size));
            let scales = fill(&mut wave, scale, tokens);
            let mut wants = fill(&mut wave, dx, size);
            let gains = fill(&mut wave, gain, columns);
            run(&mut wave, &case.batch(slots));
            for (slot, want) in wants.iter_mut().enumerate() {
                let (x, gain, dout, scale) = (&xs[slot], &gains[slot], &douts[slot], &scales[slot]);
                let mut want_dgain = vec![0.0; columns];
                twin!(executor, rms_norm_grad(x, gain, scale, dout, want, accumulate, &mut want_dgain, false));
                close(&wave.read_tensor(slot, dx).unwrap(), want, 2e-6, what);
                close(&wave.read_tensor(slot, dgain).unwrap(), &want_dgain, 1e-5, what);
            }
        }
    });
}

#[test]
fn rotary_positions_are_their_twins_both_ways() {
    everywhere(|executor, slots, what| {
        for (head_dim, inverse) in [(16, false), (16, true), (6, false), (6, true)] {
            let (rows, context, heads) = (2, 17, 3);
            let columns = (heads + 1) * head_dim;
            let mut case = Case::new(rows, context, 2);
            let x = case.activation(columns);
            case.push(Op::Rotary(Rotary { x, heads, head_dim, base: 10_000.0, inverse }));
            let mut wave = case.wave(executor, slots);
            let mut wants = fill(&mut wave, x, case.size(x));
            run(&mut wave, &case.batch(slots));
            let (cosines, sines) = rotary_table(context, head_dim, 10_000.0);
            for (slot, want) in wants.iter_mut().enumerate() {
                twin!(executor, rotary(want, &cosines, &sines, columns, heads, head_dim, inverse));
                close(&wave.read_tensor(slot, x).unwrap(), want, 1e-6, what);
            }
        }
    });
}

/// Values far beyond what a step has, so that exponentials meet their ends.
const FAR: [f32; 6] = [80.0, -80.0, 100.0, -100.0, 0.0, -0.0];

#[test]
fn the_gate_and_its_gradient_are_their_twins() {
    everywhere(|executor, slots, what| {
        for (columns, backward) in [(32, false), (33, false), (32, true), (33, true)] {
            let tokens = 17;
            let mut case = Case::new(1, tokens, 2);
            let [x, dx] = [0; 2].map(|_| case.activation(2 * columns));
            let [out, dout] = [0; 2].map(|_| case.activation(columns));
            case.push(if backward { Op::GatedGrad(GatedGrad { x, dout, dx }) } else { Op::Gated(Gated { x, out }) });
            let mut wave = case.wave(executor, slots);
            let mut xs = fill(&mut wave, x, 2 * tokens * columns);
            for (slot, values) in xs.iter_mut().enumerate() {
                values[..FAR.len()].copy_from_slice(&FAR);
                wave.write_tensor(slot, x, values).unwrap();
            }
            let douts = if backward { fill(&mut wave, dout, tokens * columns) } else { Vec::new() };
            run(&mut wave, &case.batch(slots));
            for slot in 0..slots {
                let (mut want, mut want_dx) = (vec![0.0; tokens * columns], vec![0.0; 2 * tokens * columns]);
                if backward {
                    twin!(executor, gated_grad(&xs[slot], &douts[slot], &mut want_dx, columns));
                    close(&wave.read_tensor(slot, dx).unwrap(), &want_dx, 1e-6, what);
                } else {
                    twin!(executor, gated(&xs[slot], &mut want, columns));
                    close(&wave.read_tensor(slot, out).unwrap(), &want, 1e-6, what);
                }
            }
        }
    });
}

#[test]
fn gelu_and_its_gradient_are_their_twins() {
    everywhere(|executor, slots, what| {
        for (columns, backward) in [(32, false), (33, false), (32, true), (33, true)] {
            let size = 17 * columns;
            let mut case = Case::new(1, 17, 2);
            let [x, dout, out] = [0; 3].map(|_| case.activation(columns));
            let gradient = Op::GeluGrad(GeluGrad { x, dout, dx: out });
            case.push(if backward { gradient } else { Op::Gelu(Gelu { x, out }) });
            let mut wave = case.wave(executor, slots);
            let mut xs = fill(&mut wave, x, size);
            for (slot, values) in xs.iter_mut().enumerate() {
                values[..FAR.len()].copy_from_slice(&FAR);
                wave.write_tensor(slot, x, values).unwrap();
            }
            let douts = if backward { fill(&mut wave, dout, size) } else { Vec::new() };
            run(&mut wave, &case.batch(slots));
            for slot in 0..slots {
                let mut want = vec![0.0; size];
                if backward {
                    twin!(executor, gelu_grad(&xs[slot], &douts[slot], &mut want));
                } else {
                    twin!(executor, gelu(&xs[slot], &mut want));
                }
                close(&wave.read_tensor(slot, out).unwrap(), &want, 1e-6, what);
            }
        }
    });
}

/// (sequences, context, heads, key heads, head dimension): odd ones, one and several blocks of queries, tiles of keys that end in a block.
const ATTENTIONS: [(usize, usize, usize, usize, usize); 6] =
    [(2, 17, 4, 2, 8), (1, 1, 1, 1, 4), (1, 70, 2, 1, 32), (2, 33, 3, 3, 6), (1, 130, 1, 1, 128), (1, 12, 2, 2, 2)];

#[test]
fn attention_and_its_gradient_are_their_twins() {
    everywhere(|executor, slots, what| {
        for (rows, context, heads, kv_heads, head_dim) in ATTENTIONS {
            let mut case = Case::new(rows, context, 2);
            let columns = (heads + 2 * kv_heads) * head_dim;
            let [qkv, dqkv] = [0; 2].map(|_| case.activation(columns));
            let [out, dout] = [0; 2].map(|_| case.activation(heads * head_dim));
            let log_sum = case.activation(heads);
            case.push(Op::Attention(Attention { qkv, out, log_sum, heads, kv_heads, head_dim }));
            case.push(Op::AttentionGrad(AttentionGrad { qkv, out, log_sum, dout, dqkv, heads, kv_heads, head_dim }));
            let mut wave = case.wave(executor, slots);
            let qkvs = fill(&mut wave, qkv, case.size(qkv));
            let douts = fill(&mut wave, dout, case.size(dout));
            // What is written whole must not show what was there.
            for slot in 0..slots {
                wave.write_tensor(slot, dqkv, &vec![f32::NAN; case.size(dqkv)]).unwrap();
            }
            run(&mut wave, &case.batch(slots));
            let shape = twin::Heads { context, heads, kv_heads, head_dim };
            for slot in 0..slots {
                let what = format!("{what}, {shape:?}, slot {slot}");
                let mut want = vec![0.0; case.size(out)];
                let mut want_log_sum = vec![0.0; case.size(log_sum)];
                twin!(executor, attention(&qkvs[slot], &mut want, &mut want_log_sum, shape));
                close(&wave.read_tensor(slot, out).unwrap(), &want, 3e-6, &what);
                close(&wave.read_tensor(slot, log_sum).unwrap(), &want_log_sum, 3e-6, &what);
                let mut want_dqkv = vec![0.0; case.size(dqkv)];
                let (qkv, dout) = (&qkvs[slot], &douts[slot]);
                twin!(executor, attention_grad(qkv, &want, &want_log_sum, dout, &mut want_dqkv, shape));
                close(&wave.read_tensor(slot, dqkv).unwrap(), &want_dqkv, 2e-5, &what);
            }
        }
    });
}

#[test]
fn attention_keeps_to_large_scores_and_to_the_past() {
    let mut devices = devices();
    for executor in &mut devices.executors {
        let (context, head_dim) = (70, 8);
        let mut case = Case::new(1, context, 2);
        let qkv = case.activation(3 * head_dim);
        let out = case.activation(head_dim);
        let log_sum = case.activation(1);
        case.push(Op::Attention(Attention { qkv, out, log_sum, heads: 1, kv_heads: 1, head_dim }));
        let mut wave = case.wave(executor, 1);
        let mut values: Vec<f32> = fill(&mut wave, qkv, case.size(qkv))[0].iter().map(|v| v * 40.0).collect();
        wave.write_tensor(0, qkv, &values).unwrap();
        run(&mut wave, &case.batch(1));
        let before = wave.read_tensor(0, out).unwrap();
        let shape = twin::Heads { context, heads: 1, kv_heads: 1, head_dim };
        let (mut want, mut want_log_sum) = (vec![0.0; context * head_dim], vec![0.0; context]);
        twin!(executor, attention(&values, &mut want, &mut want_log_sum, shape));
        close(&before, &want, 2e-4, "scores of some thousands");
        // The last token changes nothing before it.
        values[69 * 3 * head_dim..].fill(7.0);
        wave.write_tensor(0, qkv, &values).unwrap();
        run(&mut wave, &case.batch(1));
        let after = wave.read_tensor(0, out).unwrap();
        assert_eq!(before[..69 * head_dim], after[..69 * head_dim]);
    }
}

#[test]
fn the_head_and_its_gradients_are_their_twins() {
    everywhere(|executor, slots, what| {
        // The last shape takes several pieces of 512 rows.
        for (tokens, columns, vocabulary) in [(17, 33, 65), (64, 64, 256), (1030, 4, 4100)] {
            if vocabulary == 4100 && slots != 8 {
                continue;
            }
            let mut case = Case::new(1, tokens, vocabulary);
            let [x, dx] = [0; 2].map(|_| case.activation(columns));
            let loss = case.activation(1);
            let (weight, dweight) = case.parameter(vocabulary, columns);
            let gradient = Some(HeadGradient { dx, dweight });
            case.push(Op::HeadLoss(HeadLoss { x, weight, loss, gradient }));
            let mut wave = case.wave(executor, slots);
            let xs = fill(&mut wave, x, tokens * columns);
            let weights = fill(&mut wave, weight, vocabulary * columns);
            let mut batch = case.batch(slots);
            batch.weights = (0..slots * tokens).map(|i| [1.0, 0.0, 2.5][i % 3]).collect();
            run(&mut wave, &batch);
            for slot in 0..slots {
                let rows = slot * tokens..(slot + 1) * tokens;
                let head = twin::HeadTargets {
                    targets: &batch.targets[rows.clone()],
                    weights: &batch.weights[rows],
                    loss_scale: 1.0,
                };
                let (mut want, mut want_dx) = (vec![0.0; tokens], vec![0.0; tokens * columns]);
                let mut want_dweight = vec![0.0; vocabulary * columns];
                let (x, weight) = (&xs[slot], &weights[slot]);
                twin!(
                    executor,
                    head_loss_grad(x, weight, head, &mut want, &mut want_dx, &mut want_dweight, columns, false)
                );
                let what = format!("{what}, {tokens} rows over {vocabulary}, slot {slot}");
                close(&wave.read_tensor(slot, loss).unwrap(), &want, 2e-6, &what);
                close(&wave.read_tensor(slot, dx).unwrap(), &want_dx, 1e-5, &what);
                close(&wave.read_tensor(slot, dweight).unwrap(), &want_dweight, 1e-5, &what);
            }
        }
    });
}
