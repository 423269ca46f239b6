//! One task's way through a program: forward, and backward in training, over a piece of sequences.

use std::ops::Range;

use synx_plan::program::{Op, TensorId};

use super::prepared::{Packed, Place, Prepared, heads};
use crate::kernels::head_loss::{HeadGradients, HeadTargets};
use crate::kernels::{add, attention, gated, gather, gelu, head_loss, rms_norm, rotary};
use crate::product::{Product, Right, multiply_as};

/// What a pass reads, and the activations it writes.
pub(super) struct Pass<'a> {
    pub prepared: &'a Prepared,
    pub places: &'a [Place],
    pub parameters: &'a [f32],
    pub packed: &'a Packed,
    /// Activations and, after them, working space.
    pub space: &'a mut [f32],
    /// Input tokens of the piece.
    pub inputs: &'a [u32],
    pub head: HeadTargets<'a>,
}

/// The gradient that a pass adds to.
pub(super) struct Gradient<'a> {
    pub values: &'a mut [f32],
    /// Whether the gradient has parts of other pieces already: the first piece writes it whole.
    pub begun: bool,
}

const APART: &str = "activations that are alive together lie apart, by the schedule";

impl Pass<'_> {
    /// The rows' losses under the parameters.
    pub fn evaluate(&mut self) -> &[f32] {
        for op in &self.prepared.program.forward {
            self.forward(op, None);
        }
        self.losses()
    }

    /// The rows' losses, and the gradient of their weighted sum. `done` is told each operation once it is carried out.
    pub fn train(&mut self, mut gradient: Gradient, mut done: impl FnMut(&Op)) -> &[f32] {
        let prepared = self.prepared;
        for op in &prepared.program.forward {
            self.forward(op, Some(&mut gradient));
            done(op);
        }
        for op in &prepared.program.backward {
            self.backward(op, &mut gradient);
            done(op);
        }
        self.losses()
    }

    fn losses(&self) -> &[f32] {
        let Some(Op::HeadLoss(head)) = self.prepared.program.forward.last() else {
            unreachable!("a program's forward pass ends with its loss")
        };
        &self.space[self.range(head.loss)]
    }

    /// Where an activation lies.
    fn range(&self, tensor: TensorId) -> Range<usize> {
        let Place::Activation { offset, columns } = &self.places[tensor.0] else {
            unreachable!("the pass touches this activation")
        };
        let rows = self.inputs.len();
        offset * rows..(offset + columns) * rows
    }

    /// Where a parameter, or its gradient, lies.
    fn parameter(&self, tensor: TensorId) -> Range<usize> {
        let Place::Parameter(range) = &self.places[tensor.0] else {
            unreachable!("this tensor is a parameter or its gradient")
        };
        range.clone()
    }

    /// Activations, all different, and working space after them.
    fn several<const N: usize>(&mut self, tensors: [TensorId; N]) -> ([&mut [f32]; N], &mut [f32]) {
        let ranges = tensors.map(|tensor| self.range(tensor));
        let (activations, work) = self.space.split_at_mut(self.prepared.activations);
        (activations.get_disjoint_mut(ranges).expect(APART), work)
    }

    fn columns(&self, tensor: TensorId) -> usize {
        self.prepared.program.tensor(tensor).columns
    }

    fn forward(&mut self, op: &Op, gradient: Option<&mut Gradient>) {
        let prepared = self.prepared;
        let instructions = prepared.instructions;
        let parameters = self.parameters;
        match op {
            Op::Gather(op) => {
                let table = &parameters[self.parameter(op.table)];
                let (columns, inputs) = (self.columns(op.table), self.inputs);
                let ([out], _) = self.several([op.out]);
                gather::twin(table, inputs, out, columns);
            }
            Op::RmsNorm(op) => {
                let gain = &parameters[self.parameter(op.gain)];
                let ([x, out, scale], _) = self.several([op.x, op.out, op.scale]);
                rms_norm::rms_norm(instructions, x, gain, out, scale, op.epsilon);
            }
            Op::Linear(op) => {
                let (inner, columns, rows) = (self.columns(op.x), self.columns(op.out), self.inputs.len());
                let right = prepared.right(self.packed, op.weight, true);
                let ([x, out], work) = self.several([op.x, op.out]);
                let product = Product {
                    left: x,
                    left_row: inner,
                    left_step: 1,
                    right,
                    rows,
                    inner,
                    columns,
                    out,
                    out_row: columns,
                    accumulate: false,
                };
                multiply_as(instructions, prepared.factors, product, work);
            }
            Op::Rotary(op) => self.rotary(op),
            Op::Attention(op) => {
                let shape = heads(&prepared.program, op.heads, op.kv_heads, op.head_dim);
                let ([qkv, out, log_sum], work) = self.several([op.qkv, op.out, op.log_sum]);
                attention::attention(instructions, qkv, out, log_sum, shape, work);
            }
            Op::Gated(op) => {
                let columns = self.columns(op.out);
                let ([x, out], _) = self.several([op.x, op.out]);
                gated::gated(instructions, x, out, columns);
            }
            Op::Gelu(op) => {
                let ([x, out], _) = self.several([op.x, op.out]);
                gelu::gelu(instructions, x, out);
            }
            Op::Add(op) => self.add(op),
            Op::HeadLoss(op) => self.head_loss(op, gradient),
            _ => unreachable!("{} is no forward operation", op.name()),
        }
    }

    fn head_loss(&mut self, op: &synx_plan::program::op::HeadLoss, gradient: Option<&mut Gradient>) {
        let (prepared, head) = (self.prepared, self.head);
        let (columns, vocabulary) = (self.columns(op.x), prepared.program.vocabulary);
        let transposed = prepared.right(self.packed, op.weight, true);
        let kernel = head_loss::head_loss;
        if let (Some(places), Some(gradient)) = (&op.gradient, gradient) {
            let weight = prepared.right(self.packed, op.weight, false);
            let dweight = &mut gradient.values[self.parameter(places.dweight)];
            let accumulate = gradient.begun;
            let ([x, loss, dx], work) = self.several([op.x, op.loss, places.dx]);
            let gradients = Some(HeadGradients { weight, dx, dweight, accumulate });
            kernel(
                prepared.instructions,
                prepared.factors,
                x,
                transposed,
                head,
                loss,
                gradients,
                columns,
                vocabulary,
                work,
            );
        } else {
            let ([x, loss], work) = self.several([op.x, op.loss]);
            kernel(prepared.instructions, prepared.factors, x, transposed, head, loss, None, columns, vocabulary, work);
        }
    }

    fn backward(&mut self, op: &Op, gradient: &mut Gradient) {
        let prepared = self.prepared;
        let instructions = prepared.instructions;
        let parameters = self.parameters;
        let rows = self.inputs.len();
        match op {
            Op::GatherGrad(op) => {
                let (columns, inputs, range) = (self.columns(op.dtable), self.inputs, self.parameter(op.dtable));
                let accumulate = op.accumulate || gradient.begun;
                let ([dout], _) = self.several([op.dout]);
                gather::gather_grad(instructions, inputs, dout, &mut gradient.values[range], columns, accumulate);
            }
            Op::RmsNormGrad(op) => {
                let gain = &parameters[self.parameter(op.gain)];
                let dgain = &mut gradient.values[self.parameter(op.dgain)];
                let begun = gradient.begun;
                let ([x, scale, dout, dx], sums) = self.several([op.x, op.scale, op.dout, op.dx]);
                rms_norm::rms_norm_grad(instructions, x, gain, scale, dout, dx, op.accumulate, dgain, begun, sums);
            }
            Op::LinearGradInput(op) => {
                let (inner, columns) = (self.columns(op.dout), self.columns(op.dx));
                let right = prepared.right(self.packed, op.weight, false);
                let ([dout, dx], work) = self.several([op.dout, op.dx]);
                let product = Product {
                    left: dout,
                    left_row: inner,
                    left_step: 1,
                    right,
                    rows,
                    inner,
                    columns,
                    out: dx,
                    out_row: columns,
                    accumulate: op.accumulate,
                };
                multiply_as(instructions, prepared.factors, product, work);
            }
            Op::LinearGradWeight(op) => {
                let (width, columns) = (self.columns(op.x), self.columns(op.dout));
                let range = self.parameter(op.dweight);
                let ([x, dout], work) = self.several([op.x, op.dout]);
                let product = Product {
                    left: x,
                    left_row: 1,
                    left_step: width,
                    right: Right::Rows { values: dout, stride: columns },
                    rows: width,
                    inner: rows,
                    columns,
                    out: &mut gradient.values[range],
                    out_row: columns,
                    accumulate: gradient.begun,
                };
                multiply_as(instructions, prepared.factors, product, work);
            }
            Op::Rotary(op) => self.rotary(op),
            Op::AttentionGrad(op) => {
                let shape = heads(&prepared.program, op.heads, op.kv_heads, op.head_dim);
                let tensors = [op.qkv, op.out, op.log_sum, op.dout, op.dqkv];
                let ([qkv, out, log_sum, dout, dqkv], work) = self.several(tensors);
                attention::attention_grad(instructions, qkv, out, log_sum, dout, dqkv, shape, work);
            }
            Op::GatedGrad(op) => {
                let columns = self.columns(op.dout);
                let ([x, dout, dx], _) = self.several([op.x, op.dout, op.dx]);
                gated::gated_grad(instructions, x, dout, dx, columns);
            }
            Op::GeluGrad(op) => {
                let ([x, dout, dx], _) = self.several([op.x, op.dout, op.dx]);
                gelu::gelu_grad(instructions, x, dout, dx);
            }
            Op::Add(op) => self.add(op),
            _ => unreachable!("{} is no operation of the backward pass", op.name()),
        }
    }

    fn rotary(&mut self, op: &synx_plan::program::op::Rotary) {
        let prepared = self.prepared;
        let columns = self.columns(op.x);
        let (cosines, sines) = prepared.rotary(op.head_dim, op.base);
        let ([x], _) = self.several([op.x]);
        rotary::rotary(prepared.instructions, x, cosines, sines, columns, op.heads, op.head_dim, op.inverse);
    }

    fn add(&mut self, op: &synx_plan::program::op::Add) {
        let instructions = self.prepared.instructions;
        let ([a, b, out], _) = self.several([op.a, op.b, op.out]);
        add::add(instructions, a, b, out);
    }
}
