//! From a program's operations to calls of kernels: here which steps become which calls, beside it a file for each family of operations.

mod attention;
mod elementwise;
mod head;
mod norms;
mod optimiser;
mod products;
mod shapes;

use synx_plan::program::{Op, Program, TensorId};
use synx_shaders::{Factors, Set, Tile, Variant, kernel};

use crate::buffers::{Buffers, window};
use crate::device::Window;
use crate::fusion::Step;
use crate::layout::{Layout, Place};
use crate::tape::Call;
use crate::ways::{Outputs, Ways};

/// Rough floating-point operations of an elementwise number, for pacing.
const ELEMENTWISE: f64 = 10.0;

/// Makes the calls of operations, in order.
#[derive(Debug)]
pub struct Operations<'a> {
    program: &'a Program,
    layout: &'a Layout,
    buffers: &'a Buffers,
    ways: Ways,
    /// What factors of products are rounded to, and what multiplies them.
    factors: Factors,
    calls: Vec<Call>,
}

/// A tensor of all slots: where it is and how it lies.
#[derive(Debug, Clone)]
struct View {
    window: Window,
    place: Place,
}

impl View {
    fn stride4(&self) -> u32 {
        (self.place.stride / 4) as u32
    }

    fn slot4(&self) -> u32 {
        (self.place.slot / 4) as u32
    }

    fn slot(&self) -> u32 {
        self.place.slot as u32
    }

    /// Stride and slot in lanes.
    fn lanes(&self, vector: bool) -> (u32, u32) {
        if vector { (self.stride4(), self.slot4()) } else { (self.place.stride as u32, self.slot()) }
    }

    fn columns(&self) -> usize {
        self.place.columns
    }
}

impl<'a> Operations<'a> {
    pub fn new(program: &'a Program, layout: &'a Layout, buffers: &'a Buffers, ways: Ways) -> Operations<'a> {
        let (ways, factors) = ways.in_precision(program.precision);
        Operations { program, layout, buffers, ways, factors, calls: Vec::new() }
    }

    pub fn into_calls(self) -> Vec<Call> {
        self.calls
    }

    /// One step. With `training` the head makes its gradients in the same pass.
    pub fn step(&mut self, step: &Step, training: bool) {
        match step {
            Step::One(op) => self.operation(op, training),
            Step::Linear { norm, linear, then } => self.linear(*norm, linear, *then),
            Step::LinearGrad { weight, input, then } => self.linear_grad(*weight, input, *then),
            Step::Attention { rotary, attention } => self.attention(Some(rotary), attention),
            Step::AttentionGrad { rotary, grad } => self.attention_grad(Some(rotary), grad),
            Step::Head { norm, head } => self.head_loss(Some(norm), head, training),
        }
    }

    fn operation(&mut self, op: &Op, training: bool) {
        match op {
            Op::Gather(op) => self.gather(op),
            Op::GatherGrad(op) => self.gather_grad(op),
            Op::RmsNorm(op) => self.rms_norm(op),
            Op::RmsNormGrad(op) => self.rms_norm_grad(op),
            Op::Linear(op) => self.linear(None, op, None),
            Op::LinearGradInput(op) => self.linear_grad(None, op, None),
            Op::LinearGradWeight(op) => self.linear_grad_weight(op),
            Op::Rotary(op) => self.rotary(op),
            Op::Attention(op) => self.attention(None, op),
            Op::AttentionGrad(op) => self.attention_grad(None, op),
            Op::Gated(op) => self.gated(op),
            Op::GatedGrad(op) => self.gated_grad(op),
            Op::Gelu(op) => self.gelu(op),
            Op::GeluGrad(op) => self.gelu_grad(op),
            Op::Add(op) => self.add(op),
            Op::HeadLoss(op) => self.head_loss(None, op, training),
        }
    }

    /// A kernel with an invocation (direct) or a workgroup (tiled) a row.
    fn by_rows(
        &mut self,
        name: &str,
        options: &[bool],
        shape: &[(&str, u32)],
        windows: Vec<Window>,
        rows: usize,
        operations: f64,
    ) {
        let variant = Variant::new(kernel(name), self.ways.set, options);
        let groups = if self.ways.set == Set::Tiled { rows } else { rows.div_ceil(variant.workgroup as usize) };
        self.call(variant, shape, windows, groups, operations);
    }

    fn call(
        &mut self,
        variant: Variant,
        shape: &[(&str, u32)],
        windows: Vec<Window>,
        workgroups: usize,
        operations: f64,
    ) {
        let variant = self.ways.of(variant);
        let shape = variant.kernel.shape(shape);
        let variant = variant.with_factors(self.factors);
        self.calls.push(Call { variant, shape, windows, workgroups: workgroups as u64, operations });
    }

    /// The tiles of a dispatch that makes these outputs, `[rows, columns]` each, in every slot.
    fn tile(&self, outputs: Outputs) -> Tile {
        self.ways.tile(outputs, self.layout.slots)
    }

    /// Token rows of a slot.
    fn rows(&self) -> u32 {
        self.program.tokens() as u32
    }

    fn view(&self, id: TensorId) -> View {
        let slots = self.layout.slots;
        let parameters = &self.program.parameters;
        if let Some(i) = parameters.iter().position(|parameter| parameter.tensor == id) {
            let place = self.layout.parameters[i];
            return View { window: window(&self.buffers.parameters, &place, slots), place };
        }
        if let Some(i) = parameters.iter().position(|parameter| parameter.gradient == id) {
            let place = self.layout.parameters[i];
            return View { window: window(&self.buffers.gradients, &place, slots), place };
        }
        let place = self.layout.activations[id.0].expect("an operation's activations are in the plan of its program");
        View { window: window(std::slice::from_ref(&self.buffers.activations), &place, slots), place }
    }
}
