//! A program's forward pass in f64, straight from the definitions in `synx_plan::program::op`: what gradients are compared with.

use synx_plan::program::{Op, Program, Rows};

/// The weighted sum of the rows' losses, times `scale`.
pub(super) fn loss(
    program: &Program,
    parameters: &[f64],
    inputs: &[u32],
    targets: &[u32],
    weights: &[f32],
    scale: f64,
) -> f64 {
    let rows = inputs.len();
    let mut tensors: Vec<Vec<f64>> = program
        .tensors
        .iter()
        .map(|t| match t.rows {
            Rows::Tokens => vec![0.0; rows * t.columns],
            Rows::Fixed(_) => Vec::new(),
        })
        .collect();
    for p in &program.parameters {
        tensors[p.tensor.0] = parameters[p.offset..p.offset + program.size(p.tensor)].to_vec();
    }
    let columns = |t: synx_plan::program::TensorId| program.tensor(t).columns;
    for op in &program.forward {
        match op {
            Op::Gather(op) => {
                let c = columns(op.out);
                for (r, token) in inputs.iter().enumerate() {
                    for i in 0..c {
                        tensors[op.out.0][r * c + i] = tensors[op.table.0][*token as usize * c + i];
                    }
                }
            }
            Op::RmsNorm(op) => {
                let c = columns(op.x);
                for r in 0..rows {
                    let x = tensors[op.x.0][r * c..][..c].to_vec();
                    let mean = x.iter().map(|x| x * x).sum::<f64>() / c as f64;
                    let scale = 1.0 / (mean + f64::from(op.epsilon)).sqrt();
                    for i in 0..c {
                        tensors[op.out.0][r * c + i] = x[i] * scale * tensors[op.gain.0][i];
                    }
                }
            }
            Op::Linear(op) => {
                let (i_count, o_count) = (columns(op.x), columns(op.out));
                let mut out = vec![0.0; rows * o_count];
                for r in 0..rows {
                    for i in 0..i_count {
                        let x = tensors[op.x.0][r * i_count + i];
                        for o in 0..o_count {
                            out[r * o_count + o] += x * tensors[op.weight.0][i * o_count + o];
                        }
                    }
                }
                tensors[op.out.0] = out;
            }
            Op::Rotary(op) => {
                let (c, half) = (columns(op.x), op.head_dim / 2);
                for r in 0..rows {
                    for h in 0..op.heads {
                        for i in 0..half {
                            let position = (r % program.context) as f64;
                            let angle = position * op.base.powf(-2.0 * i as f64 / op.head_dim as f64);
                            let at = r * c + h * op.head_dim + i;
                            let (a, b) = (tensors[op.x.0][at], tensors[op.x.0][at + half]);
                            tensors[op.x.0][at] = a * angle.cos() - b * angle.sin();
                            tensors[op.x.0][at + half] = b * angle.cos() + a * angle.sin();
                        }
                    }
                }
            }
            Op::Attention(op) => {
                let (c, d) = (columns(op.qkv), op.head_dim);
                let qkv = &tensors[op.qkv.0];
                let mut out = vec![0.0; rows * op.heads * d];
                for r in 0..rows {
                    let first = r / program.context * program.context;
                    for h in 0..op.heads {
                        let key = (op.heads + h / (op.heads / op.kv_heads)) * d;
                        let value = key + op.kv_heads * d;
                        let scores: Vec<f64> = (first..=r)
                            .map(|s| {
                                (0..d).map(|i| qkv[r * c + h * d + i] * qkv[s * c + key + i]).sum::<f64>()
                                    / (d as f64).sqrt()
                            })
                            .collect();
                        let total: f64 = scores.iter().map(|z| z.exp()).sum();
                        for (s, z) in (first..=r).zip(&scores) {
                            for i in 0..d {
                                out[(r * op.heads + h) * d + i] += z.exp() / total * qkv[s * c + value + i];
                            }
                        }
                    }
                }
                tensors[op.out.0] = out;
            }
            Op::Gated(op) => {
                let c = columns(op.out);
                for r in 0..rows {
                    for i in 0..c {
                        let (gate, up) = (tensors[op.x.0][r * 2 * c + i], tensors[op.x.0][r * 2 * c + c + i]);
                        tensors[op.out.0][r * c + i] = gate / (1.0 + (-gate).exp()) * up;
                    }
                }
            }
            Op::Gelu(op) => {
                tensors[op.out.0] = tensors[op.x.0]
                    .iter()
                    .map(|x| {
                        0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
                    })
                    .collect();
            }
            Op::Add(op) => {
                tensors[op.out.0] = tensors[op.a.0].iter().zip(&tensors[op.b.0]).map(|(a, b)| a + b).collect();
            }
            Op::HeadLoss(op) => {
                let c = columns(op.x);
                let mut sum = 0.0;
                for r in 0..rows {
                    let x = &tensors[op.x.0][r * c..][..c];
                    let logits: Vec<f64> = tensors[op.weight.0]
                        .chunks_exact(c)
                        .map(|w| w.iter().zip(x).map(|(w, x)| w * x).sum())
                        .collect();
                    let total: f64 = logits.iter().map(|z| z.exp()).sum();
                    sum += (total.ln() - logits[targets[r] as usize]) * f64::from(weights[r]);
                }
                return sum * scale;
            }
            _ => unreachable!("{} is no forward operation", op.name()),
        }
    }
    unreachable!("a program's forward pass ends with its loss")
}
