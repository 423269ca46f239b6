//! From a model to its program.

use super::op::{Add, Attention, Gated, Gather, Gelu, HeadLoss, Linear, RmsNorm, Rotary};
use super::{Init, Op, Parameter, Program, Role, Rows, Tensor, TensorId, reverse};
use crate::model::{Block, Model};
use crate::recipe::Precision;

/// The training program of `model` for `rows` sequences a step.
///
/// The model's numbers have been checked by the compiler: widths, heads and hidden sizes are positive and fit memory, `kv_heads` divides `heads`,
/// head dimensions are even. A run refuses models with experts before it comes here, and nobody else asks for their program.
pub fn lower(model: &Model, rows: usize) -> Program {
    let mut lowering = Lowering {
        tensors: Vec::new(),
        parameters: Vec::new(),
        forward: Vec::new(),
        std: model.init_std.to_f64(),
        residual_std: model.init_std.to_f64() / libm::sqrt(model.blocks.len().max(1) as f64),
        epsilon: model.norm_epsilon.to_f64() as f32,
        width: model.width as usize,
        rotary_base: model.rotary_base.to_f64(),
    };
    let vocabulary = model.vocabulary as usize;
    let normal = Init::Normal { std: lowering.std };
    let table = lowering.parameter("embedding", vocabulary, lowering.width, normal, true);
    let mut x = lowering.activation("embedded", lowering.width);
    lowering.forward.push(Op::Gather(Gather { table, out: x }));
    for (i, block) in model.blocks.iter().enumerate() {
        x = lowering.block(i, block, x);
    }
    let x = lowering.norm("final", x);
    let weight = if model.tied {
        table
    } else {
        lowering.parameter("head", vocabulary, lowering.width, Init::Normal { std: lowering.std }, true)
    };
    let loss = lowering.activation("loss", 1);
    lowering.forward.push(Op::HeadLoss(HeadLoss { x, weight, loss, gradient: None }));

    let Lowering { mut tensors, parameters, mut forward, .. } = lowering;
    let reversed = reverse::reverse(&mut tensors, &forward);
    if let Some(Op::HeadLoss(head)) = forward.last_mut() {
        head.gradient = Some(reversed.head);
    }
    let mut offset = 0;
    let parameters = parameters
        .into_iter()
        .map(|(tensor, init, decay)| {
            let Tensor { rows, columns, .. } = &tensors[tensor.0];
            let Rows::Fixed(rows) = rows else { unreachable!("parameters have fixed rows") };
            let gradient = reversed.gradients[tensor.0].expect("every parameter leads to the loss");
            let parameter = Parameter { tensor, gradient, offset, init, decay };
            offset += rows * columns;
            parameter
        })
        .collect();
    let context = model.context as usize;
    let backward = reversed.backward;
    Program { tensors, parameters, forward, backward, context, vocabulary, rows, precision: Precision::F32 }
}

struct Lowering {
    tensors: Vec<Tensor>,
    parameters: Vec<(TensorId, Init, bool)>,
    forward: Vec<Op>,
    std: f64,
    residual_std: f64,
    epsilon: f32,
    width: usize,
    rotary_base: f64,
}

impl Lowering {
    /// `x + block(rms_norm(x))`.
    fn block(&mut self, index: usize, block: &Block, x: TensorId) -> TensorId {
        let normed = self.norm(&format!("blocks.{index}"), x);
        let width = self.width;
        let added = match block {
            Block::Attention { heads, kv_heads, head_dim } => {
                let name = format!("blocks.{index}.attention");
                let [heads, kv_heads, head_dim] = [heads, kv_heads, head_dim].map(|n| *n as usize);
                let qkv = self.linear(&format!("{name}.qkv"), normed, (heads + 2 * kv_heads) * head_dim, self.std);
                self.forward.push(Op::Rotary(Rotary {
                    x: qkv,
                    heads: heads + kv_heads,
                    head_dim,
                    base: self.rotary_base,
                    inverse: false,
                }));
                let out = self.activation(&format!("{name}.mixed"), heads * head_dim);
                let log_sum = self.activation(&format!("{name}.log_sum"), heads);
                self.forward.push(Op::Attention(Attention { qkv, out, log_sum, heads, kv_heads, head_dim }));
                self.linear(&format!("{name}.out"), out, width, self.residual_std)
            }
            Block::Swiglu { hidden } => {
                let name = format!("blocks.{index}.swiglu");
                let hidden = *hidden as usize;
                let gate_up = self.linear(&format!("{name}.gate_up"), normed, 2 * hidden, self.std);
                let out = self.activation(&format!("{name}.gated"), hidden);
                self.forward.push(Op::Gated(Gated { x: gate_up, out }));
                self.linear(&format!("{name}.down"), out, width, self.residual_std)
            }
            Block::Gelu { hidden } => {
                let name = format!("blocks.{index}.gelu");
                let up = self.linear(&format!("{name}.up"), normed, *hidden as usize, self.std);
                let out = self.activation(&format!("{name}.activated"), *hidden as usize);
                self.forward.push(Op::Gelu(Gelu { x: up, out }));
                self.linear(&format!("{name}.down"), out, width, self.residual_std)
            }
            Block::Experts { .. } => unreachable!("a model with experts has no program"),
        };
        let out = self.activation(&format!("blocks.{index}.residual"), width);
        self.forward.push(Op::Add(Add { a: x, b: added, out }));
        out
    }

    fn norm(&mut self, name: &str, x: TensorId) -> TensorId {
        let gain = self.parameter(&format!("{name}.norm"), 1, self.width, Init::Ones, false);
        let out = self.activation(&format!("{name}.normed"), self.width);
        let scale = self.activation(&format!("{name}.norm_scale"), 1);
        self.forward.push(Op::RmsNorm(RmsNorm { x, gain, out, scale, epsilon: self.epsilon }));
        out
    }

    /// `x · weight`, where the weight is the parameter `name`.
    fn linear(&mut self, name: &str, x: TensorId, columns: usize, std: f64) -> TensorId {
        let inner = self.tensors[x.0].columns;
        let weight = self.parameter(name, inner, columns, Init::Normal { std }, true);
        let out = self.activation(&format!("{name}.out"), columns);
        self.forward.push(Op::Linear(Linear { x, weight, out }));
        out
    }

    fn parameter(&mut self, name: &str, rows: usize, columns: usize, init: Init, decay: bool) -> TensorId {
        let id = self.add(Tensor { name: name.to_owned(), rows: Rows::Fixed(rows), columns, role: Role::Parameter });
        self.parameters.push((id, init, decay));
        id
    }

    fn activation(&mut self, name: &str, columns: usize) -> TensorId {
        self.add(Tensor { name: name.to_owned(), rows: Rows::Tokens, columns, role: Role::Activation })
    }

    fn add(&mut self, tensor: Tensor) -> TensorId {
        self.tensors.push(tensor);
        TensorId(self.tensors.len() - 1)
    }
}
