//! From a program's operations to calls of kernels.

use std::ops::Range;

use synx_plan::program::op::{
    Add, Attention, AttentionGrad, Gated, GatedGrad, Gather, GatherGrad, Gelu, GeluGrad, HeadLoss, Linear,
    LinearGradInput, LinearGradWeight, RmsNorm, RmsNormGrad, Rotary,
};
use synx_plan::program::{Op, Program, TensorId};
use synx_shaders::{LargestHead, Set, Variant, kernel};

use crate::buffers::{Buffers, whole, window};
use crate::device::Window;
use crate::fusion::{Fusion, Step, Then, ThenGrad};
use crate::layout::{Layout, Place};
use crate::tape::Call;

/// Rough floating-point operations of an elementwise number, for pacing.
const ELEMENTWISE: f64 = 10.0;

/// Makes the calls of operations, in order.
#[derive(Debug)]
pub struct Operations<'a> {
    program: &'a Program,
    layout: &'a Layout,
    buffers: &'a Buffers,
    set: Set,
    fusion: Fusion,
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
    pub fn new(
        program: &'a Program,
        layout: &'a Layout,
        buffers: &'a Buffers,
        set: Set,
        fusion: Fusion,
    ) -> Operations<'a> {
        Operations { program, layout, buffers, set, fusion, calls: Vec::new() }
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

    /// What follows the backward pass: norm, clip and update of every parameter.
    pub fn optimiser(&mut self, loss: TensorId) {
        let Buffers { host, statuses, partial_sums, readings, weights, .. } = self.buffers;
        let controls = host.window(&host.controls);
        let total: usize = self.buffers.blocks.iter().map(|(_, count)| count).sum();
        let numbers = self.layout.parameters.iter().map(|place| place.slot).sum::<usize>() as f64;
        let mut begin = 0;
        for (page, (table, count)) in self.buffers.blocks.iter().enumerate() {
            let variant = Variant::new(kernel("reduce_norm"), self.set, &[]);
            let groups = if self.set == Set::Tiled { *count } else { count.div_ceil(variant.workgroup as usize) };
            self.call(
                variant,
                &[("blocks", *count as u32), ("partial_slot", total as u32), ("partial_begin", begin as u32)],
                vec![whole(table), whole(&self.buffers.gradients[page]), whole(partial_sums)],
                groups,
                2.0 * numbers,
            );
            begin += count;
        }
        let tokens = self.program.tokens();
        self.call(
            Variant::new(kernel("finish"), self.set, &[]),
            &[("partials", total as u32), ("tokens", tokens as u32), ("wave", self.layout.slots as u32)],
            vec![
                whole(partial_sums),
                self.view(loss).window,
                whole(weights),
                controls.clone(),
                whole(statuses),
                whole(readings),
            ],
            1,
            (total + tokens) as f64,
        );
        for (page, (table, count)) in self.buffers.blocks.iter().enumerate() {
            let Buffers { parameters, gradients, first_moments, second_moments, .. } = self.buffers;
            let arenas = [parameters, gradients, first_moments, second_moments];
            let mut windows = vec![whole(table), controls.clone(), whole(statuses)];
            windows.extend(arenas.map(|arena| whole(&arena[page])));
            self.call(
                Variant::new(kernel("adamw"), self.set, &[]),
                &[("blocks", *count as u32)],
                windows,
                *count,
                2.0 * ELEMENTWISE * numbers,
            );
        }
    }

    fn gather(&mut self, op: &Gather) {
        let [table, out] = [op.table, op.out].map(|id| self.view(id));
        let shape = [
            ("rows", self.rows()),
            ("columns4", out.stride4()),
            ("table_slot", table.slot4()),
            ("out_slot", out.slot4()),
        ];
        let host = &self.buffers.host;
        let windows = vec![host.window(&host.inputs), table.window, out.window];
        self.elementwise("gather", &[], &shape, windows, out.place.slot / 4);
    }

    fn gather_grad(&mut self, op: &GatherGrad) {
        let [dout, dtable] = [op.dout, op.dtable].map(|id| self.view(id));
        let shape = [
            ("rows", self.rows()),
            ("vocabulary", self.program.vocabulary as u32),
            ("columns", dout.columns() as u32),
            ("columns4", dout.stride4()),
            ("accumulate", u32::from(op.accumulate)),
            ("dout_slot", dout.slot4()),
            ("dtable_slot", dtable.slot4()),
        ];
        let count = self.program.vocabulary * dout.place.stride / 4;
        let whole_rows = dout.columns().is_multiple_of(4);
        let host = &self.buffers.host;
        let windows = vec![host.window(&host.starts), host.window(&host.order), dout.window, dtable.window];
        self.elementwise("gather_grad", &[whole_rows], &shape, windows, count);
    }

    fn rms_norm(&mut self, op: &RmsNorm) {
        let [x, gain, out, scale] = [op.x, op.gain, op.out, op.scale].map(|id| self.view(id));
        let shape = [
            ("rows", self.rows()),
            ("columns", x.columns() as u32),
            ("columns4", x.stride4()),
            ("x_slot", x.slot4()),
            ("gain_slot", gain.slot4()),
            ("out_slot", out.slot4()),
            ("scale_slot", scale.slot()),
            ("epsilon", op.epsilon.to_bits()),
        ];
        let numbers = x.place.slot;
        let whole_rows = x.columns().is_multiple_of(4);
        self.by_rows(
            "rms_norm",
            &[whole_rows],
            &shape,
            vec![x.window, gain.window, out.window, scale.window],
            self.program.tokens(),
            ELEMENTWISE * numbers as f64,
        );
    }

    fn rms_norm_grad(&mut self, op: &RmsNormGrad) {
        let [x, gain, scale, dout, dx, dgain] =
            [op.x, op.gain, op.scale, op.dout, op.dx, op.dgain].map(|id| self.view(id));
        let columns = x.columns();
        // Fours of columns, and rows, that a workgroup takes.
        let (across, down) = if self.set == Set::Tiled { (16, 4) } else { (8, 8) };
        let gain_blocks = (x.place.stride / 4).div_ceil(across);
        let blocks = gain_blocks + self.program.tokens().div_ceil(down);
        let shape = [
            ("rows", self.rows()),
            ("columns", columns as u32),
            ("columns4", x.stride4()),
            ("gain_blocks", gain_blocks as u32),
            ("blocks", blocks as u32),
            ("accumulate", u32::from(op.accumulate)),
            ("x_slot", x.slot4()),
            ("gain_slot", gain.slot4()),
            ("scale_slot", scale.slot()),
            ("dout_slot", dout.slot4()),
            ("dx_slot", dx.slot4()),
            ("dgain_slot", dgain.slot4()),
        ];
        let variant = Variant::new(kernel("rms_norm_grad"), self.set, &[columns.is_multiple_of(4)]);
        let numbers = x.place.slot as f64;
        let windows = [x, gain, scale, dout, dx, dgain].map(|view| view.window).to_vec();
        self.call(variant, &shape, windows, blocks, 2.0 * ELEMENTWISE * numbers);
    }

    /// `out = x · weight` with the norm before it and what comes after it.
    fn linear(&mut self, norm: Option<&RmsNorm>, op: &Linear, then: Option<Then>) {
        // A product that goes into a sum is not stored by itself.
        let stored = if let Some(Then::Add(add)) = then { add.out } else { op.out };
        let [x, weight, out] = [norm.map_or(op.x, |norm| norm.x), op.weight, stored].map(|id| self.view(id));
        let norm = norm.map(|norm| self.norm(norm));
        let product = Product::new(self.set, &x, 0, &weight, &out, self.program.tokens());
        let (name, product) = match then {
            None if norm.is_some() => ("norm_linear", product),
            None => ("linear", product),
            Some(Then::Add(add)) => {
                let residual = self.view(if add.a == op.out { add.b } else { add.a });
                ("linear_add", product.and(&[("residual_slot", residual.slot4())], residual.window))
            }
            Some(Then::Gated(gated)) => {
                // Half of a workgroup's columns gate: as many workgroups as without.
                ("norm_linear_gated", product.activated(&self.view(gated.out)))
            }
            Some(Then::Gelu(gelu)) => ("norm_linear_gelu", product.activated(&self.view(gelu.out))),
        };
        self.product(name, product, norm);
    }

    /// What a product takes of the norm before it: members of its shape and windows.
    fn norm(&self, op: &RmsNorm) -> Norm {
        let [gain, normed, scale] = [op.gain, op.out, op.scale].map(|id| self.view(id));
        Norm {
            shape: [
                ("gain_slot", gain.slot4()),
                ("normed_slot", normed.slot4()),
                ("scale_slot", scale.slot()),
                ("epsilon", op.epsilon.to_bits()),
            ],
            windows: [gain, normed, scale].map(|view| view.window),
        }
    }

    /// A kernel of `linear.wgsl`. What the norm binds stands before what comes after the product.
    fn product(&mut self, name: &'static str, product: Product, norm: Option<Norm>) {
        let Product { mut shape, mut windows, blocks, rows, inner, columns, extra_shape, extra_windows } = product;
        shape.extend([("column_blocks", blocks.across), ("blocks", blocks.count as u32)]);
        if let Some(norm) = norm {
            shape.extend(norm.shape);
            windows.extend(norm.windows);
        }
        shape.extend(extra_shape);
        windows.extend(extra_windows);
        let variant = Variant::new(kernel(name), self.set, &product_options(inner));
        self.call(variant, &shape, windows, blocks.count, flops(rows, inner, columns));
    }

    fn linear_grad_weight(&mut self, op: &LinearGradWeight) {
        let [x, dout, dweight] = [op.x, op.dout, op.dweight].map(|id| self.view(id));
        self.weight_gradient(&x, &dout, &dweight, 0..self.program.tokens());
    }

    /// `dweight (+)= xᵀ · dout[rows]`, where rows that begin later are added to those before.
    fn weight_gradient(&mut self, x: &View, dout: &View, dweight: &View, rows: Range<usize>) {
        let weight = WeightGradient::new(self.set, x, dout, dweight, rows);
        let variant = Variant::new(kernel("linear_grad_weight"), self.set, &[weight.whole]);
        let windows = [x, dout, dweight].map(|view| view.window.clone()).to_vec();
        self.call(variant, &weight.shape, windows, weight.blocks, weight.work);
    }

    /// The gradient of a linear layer's input with the gate that made it, and beside it that of its weight.
    fn linear_grad(&mut self, weight_op: Option<&LinearGradWeight>, input: &LinearGradInput, then: Option<ThenGrad>) {
        let [dout, weight] = [input.dout, input.weight].map(|id| self.view(id));
        let (rows, inner, columns) = (self.program.tokens(), dout.columns(), self.program.tensor(input.dx).columns);
        let blocks = Blocks::new(self.set, rows, columns.div_ceil(4));
        // Before a gate the input's gradient is not stored by itself.
        let (to, gate) = match then {
            None => (self.view(input.dx), None),
            Some(ThenGrad::Gated(op)) => (self.view(op.dx), Some(self.view(op.x))),
            Some(ThenGrad::Gelu(op)) => (self.view(op.dx), Some(self.view(op.x))),
        };
        let name = match (weight_op, then) {
            (None, None) => "linear_grad_input",
            (None, Some(ThenGrad::Gated(_))) => "linear_grad_input_gated",
            (None, Some(ThenGrad::Gelu(_))) => "linear_grad_input_gelu",
            (Some(_), None) => "linear_grad",
            (Some(_), Some(ThenGrad::Gated(_))) => "linear_grad_gated",
            (Some(_), Some(ThenGrad::Gelu(_))) => "linear_grad_gelu",
        };
        let mut shape = input_shape(&blocks, &dout, &weight, columns.div_ceil(4), rows);
        shape.extend([("accumulate", u32::from(input.accumulate)), ("dx_slot", to.slot4())]);
        let mut options = product_options(inner).to_vec();
        let mut count = blocks.count;
        let mut work = flops(rows, inner, columns);
        let mut windows = [&dout, &weight, &to].map(|view| view.window.clone()).to_vec();
        if let Some(op) = weight_op {
            let [x, dweight] = [op.x, op.dweight].map(|id| self.view(id));
            let weight = WeightGradient::new(self.set, &x, &dout, &dweight, 0..rows);
            windows.extend([x, dweight].map(|view| view.window));
            weight.beside(&mut shape, &mut options, &mut count, &mut work);
        }
        if let Some(gate) = gate {
            shape.push(("gate_slot", gate.slot4()));
            windows.push(gate.window);
        }
        self.call(Variant::new(kernel(name), self.set, &options), &shape, windows, count, work);
    }

    fn rotary(&mut self, op: &Rotary) {
        let x = self.view(op.x);
        let half = op.head_dim / 2;
        let vector = half.is_multiple_of(4);
        let half = if vector { half / 4 } else { half };
        let (stride, slot) = x.lanes(vector);
        let shape = [
            ("rows", self.rows()),
            ("context", self.program.context as u32),
            ("heads", op.heads as u32),
            ("half", half as u32),
            ("stride", stride),
            ("x_slot", slot),
            ("turn", if op.inverse { -1.0f32 } else { 1.0 }.to_bits()),
        ];
        let windows = vec![self.angles(op), x.window];
        self.elementwise("rotary", &[vector], &shape, windows, self.program.tokens() * op.heads * half);
    }

    /// Attention, which turns queries and keys as it reads them where a rotation is given.
    fn attention(&mut self, rotary: Option<&Rotary>, op: &Attention) {
        let [qkv, out, log_sum] = [op.qkv, op.out, op.log_sum].map(|id| self.view(id));
        let heads = Heads::new(op.heads, op.kv_heads, op.head_dim);
        let name = if rotary.is_some() { "attention_rotary" } else { "attention" };
        let variant = Variant::attention(kernel(name), self.set, op.head_dim as u32);
        let (stride, qkv_slot) = qkv.lanes(heads.vector);
        let (out_stride, out_slot) = out.lanes(heads.vector);
        let context = self.program.context;
        let query_blocks = context.div_ceil(variant.workgroup as usize);
        let blocks = self.program.rows * op.heads * query_blocks;
        let shape = [
            ("sequences", self.program.rows as u32),
            ("context", context as u32),
            ("heads", op.heads as u32),
            ("group", heads.group),
            ("keys", heads.keys),
            ("values", heads.values),
            ("query_blocks", query_blocks as u32),
            ("blocks", blocks as u32),
            ("stride", stride),
            ("out_stride", out_stride),
            ("log_sum_stride", log_sum.place.stride as u32),
            ("qkv_slot", qkv_slot),
            ("out_slot", out_slot),
            ("log_sum_slot", log_sum.slot()),
            ("scale", heads.scale),
        ];
        let operations = self.pairs() * (4 * op.heads * (op.head_dim + 8)) as f64;
        let mut windows = vec![qkv.window, out.window, log_sum.window];
        windows.extend(rotary.map(|rotary| self.angles(rotary)));
        self.call(variant, &shape, windows, blocks, operations);
    }

    /// The gradient of attention, which is turned back before it is stored where a rotation is given.
    fn attention_grad(&mut self, rotary: Option<&Rotary>, op: &AttentionGrad) {
        let [qkv, out, log_sum, dout, dqkv] = [op.qkv, op.out, op.log_sum, op.dout, op.dqkv].map(|id| self.view(id));
        let heads = Heads::new(op.heads, op.kv_heads, op.head_dim);
        let head_dim = op.head_dim as u32;
        let beside = self.fusion == Fusion::All && head_dim <= LargestHead::BESIDE;
        let variant =
            |name: [&str; 2]| Variant::attention(kernel(name[usize::from(rotary.is_some())]), self.set, head_dim);
        let queries = variant(["attention_grad_query", "attention_grad_query_rotary"]);
        let keys = variant(["attention_grad_key_value", "attention_grad_key_value_rotary"]);
        let (stride, qkv_slot) = qkv.lanes(heads.vector);
        let (out_stride, out_slot) = out.lanes(heads.vector);
        let (_, dout_slot) = dout.lanes(heads.vector);
        let (_, dqkv_slot) = dqkv.lanes(heads.vector);
        let context = self.program.context;
        // Both kernels have workgroups of one size.
        let blocks_of_sequence = context.div_ceil(queries.workgroup as usize);
        let query_blocks = self.program.rows * op.heads * blocks_of_sequence;
        let key_blocks = self.program.rows * op.kv_heads * blocks_of_sequence;
        let shape = [
            ("context", context as u32),
            ("heads", op.heads as u32),
            ("kv_heads", op.kv_heads as u32),
            ("group", heads.group),
            ("keys", heads.keys),
            ("values", heads.values),
            ("query_blocks", blocks_of_sequence as u32),
            ("key_blocks", blocks_of_sequence as u32),
            ("all_query_blocks", query_blocks as u32),
            ("all_key_blocks", key_blocks as u32),
            ("stride", stride),
            ("out_stride", out_stride),
            ("log_sum_stride", log_sum.place.stride as u32),
            ("qkv_slot", qkv_slot),
            ("out_slot", out_slot),
            ("dout_slot", dout_slot),
            ("log_sum_slot", log_sum.slot()),
            ("delta_slot", (self.program.tokens() * op.heads) as u32),
            ("dqkv_slot", dqkv_slot),
            ("scale", heads.scale),
        ];
        let work = self.pairs() * (2 * op.heads * (op.head_dim + 8)) as f64;
        let common = [qkv, log_sum, dout, dqkv].map(|view| view.window);
        let angles = rotary.map(|rotary| self.angles(rotary));
        let with = |more: &[&Window]| -> Vec<Window> {
            common.iter().chain(more.iter().copied()).chain(angles.as_ref()).cloned().collect()
        };
        if beside {
            let both = variant(["attention_grad", "attention_grad_rotary"]);
            self.call(both, &shape, with(&[&out.window]), key_blocks + query_blocks, 7.0 * work);
            return;
        }
        let delta = whole(&self.buffers.delta);
        self.call(queries, &shape, with(&[&delta, &out.window]), query_blocks, 3.0 * work);
        self.call(keys, &shape, with(&[&delta]), key_blocks, 4.0 * work);
    }

    /// The angles of a rotation.
    fn angles(&self, op: &Rotary) -> Window {
        whole(&self.buffers.angles[&(op.head_dim, op.base.to_bits())])
    }

    fn gated(&mut self, op: &Gated) {
        let [x, out] = [op.x, op.out].map(|id| self.view(id));
        let vector = out.columns().is_multiple_of(4);
        let columns = if vector { out.columns() / 4 } else { out.columns() };
        let (x_stride, x_slot) = x.lanes(vector);
        let (out_stride, out_slot) = out.lanes(vector);
        let shape = [
            ("rows", self.rows()),
            ("columns", columns as u32),
            ("x_stride", x_stride),
            ("out_stride", out_stride),
            ("x_slot", x_slot),
            ("out_slot", out_slot),
        ];
        let count = self.program.tokens() * columns;
        self.elementwise("gated", &[vector], &shape, vec![x.window, out.window], count);
    }

    fn gated_grad(&mut self, op: &GatedGrad) {
        let [x, dout, dx] = [op.x, op.dout, op.dx].map(|id| self.view(id));
        let vector = dout.columns().is_multiple_of(4);
        let columns = if vector { dout.columns() / 4 } else { dout.columns() };
        let (x_stride, x_slot) = x.lanes(vector);
        let (dout_stride, dout_slot) = dout.lanes(vector);
        let (_, dx_slot) = dx.lanes(vector);
        let shape = [
            ("rows", self.rows()),
            ("columns", columns as u32),
            ("x_stride", x_stride),
            ("dout_stride", dout_stride),
            ("x_slot", x_slot),
            ("dout_slot", dout_slot),
            ("dx_slot", dx_slot),
        ];
        let count = self.program.tokens() * columns;
        self.elementwise("gated_grad", &[vector], &shape, vec![x.window, dout.window, dx.window], count);
    }

    fn gelu(&mut self, op: &Gelu) {
        let [x, out] = [op.x, op.out].map(|id| self.view(id));
        let count4 = x.slot4();
        let shape = [("count4", count4), ("x_slot", count4), ("out_slot", out.slot4())];
        self.elementwise("gelu", &[], &shape, vec![x.window, out.window], count4 as usize);
    }

    fn gelu_grad(&mut self, op: &GeluGrad) {
        let [x, dout, dx] = [op.x, op.dout, op.dx].map(|id| self.view(id));
        let count4 = x.slot4();
        let shape = [("count4", count4), ("x_slot", count4), ("dout_slot", dout.slot4()), ("dx_slot", dx.slot4())];
        self.elementwise("gelu_grad", &[], &shape, vec![x.window, dout.window, dx.window], count4 as usize);
    }

    fn add(&mut self, op: &Add) {
        let [a, b, out] = [op.a, op.b, op.out].map(|id| self.view(id));
        let count4 = out.slot4();
        let shape = [("count4", count4), ("a_slot", a.slot4()), ("b_slot", b.slot4()), ("out_slot", count4)];
        self.elementwise("add", &[], &shape, vec![a.window, b.window, out.window], count4 as usize);
    }

    /// The head in pieces of rows: logits, loss and their gradient in place, and the two products with that.
    fn head_loss(&mut self, norm: Option<&RmsNorm>, op: &HeadLoss, training: bool) {
        let [x, weight, loss] = [op.x, op.weight, op.loss].map(|id| self.view(id));
        let gradient = op.gradient.as_ref().filter(|_| training);
        let gradient = gradient.map(|to| (self.view(to.dx), self.view(to.dweight)));
        let vocabulary = self.program.vocabulary;
        let stride = vocabulary.next_multiple_of(4);
        let most = self.layout.head_rows;
        let slot = most * stride;
        let place = Place { rows: most, columns: vocabulary, stride, slot, page: 0, offset: 0 };
        let logits = View { window: whole(&self.buffers.logits), place };
        let tokens = self.program.tokens();
        for begin in (0..tokens).step_by(most) {
            let rows = most.min(tokens - begin);
            let (name, from) = norm.map_or(("logits", x.clone()), |norm| ("norm_logits", self.view(norm.x)));
            let product = Product::new(self.set, &from, begin, &weight, &logits, rows);
            self.product(name, product, norm.map(|norm| self.norm(norm)));
            let shape = [
                ("rows", rows as u32),
                ("row_begin", begin as u32),
                ("vocabulary", vocabulary as u32),
                ("vocabulary4", logits.stride4()),
                ("tokens", tokens as u32),
                ("logits_slot", logits.slot4()),
            ];
            let Buffers { host, weights, .. } = self.buffers;
            let windows = vec![
                logits.window.clone(),
                host.window(&host.targets),
                whole(weights),
                host.window(&host.controls),
                loss.window.clone(),
            ];
            let options = [vocabulary.is_multiple_of(4), gradient.is_some()];
            let operations = 3.0 * ELEMENTWISE * (rows * stride) as f64;
            self.by_rows("head_loss", &options, &shape, windows, rows, operations);
            if let Some((dx, dweight)) = &gradient {
                self.head_grad(&x, &weight, &logits, dx, dweight, begin..begin + rows);
            }
        }
    }

    /// Both gradients of the head from the logits' of some rows.
    fn head_grad(&mut self, x: &View, weight: &View, logits: &View, dx: &View, dweight: &View, rows: Range<usize>) {
        let inner = logits.columns();
        let blocks = Blocks::new(self.set, rows.len(), dx.place.stride / 4);
        let mut shape = input_shape(&blocks, logits, weight, dx.place.stride / 4, rows.len());
        shape.extend([("out_slot", dx.slot4()), ("out_begin", dx.stride4() * rows.start as u32)]);
        let mut options = product_options(inner).to_vec();
        let mut count = blocks.count;
        let mut work = flops(rows.len(), inner, dx.columns());
        let mut windows = [logits, weight, dx].map(|view| view.window.clone()).to_vec();
        let beside = self.fusion == Fusion::All;
        if beside {
            let weight = WeightGradient::new(self.set, logits, x, dweight, rows.clone());
            windows.extend([x, dweight].map(|view| view.window.clone()));
            weight.beside(&mut shape, &mut options, &mut count, &mut work);
        }
        let name = if beside { "head_grad" } else { "head_grad_input" };
        self.call(Variant::new(kernel(name), self.set, &options), &shape, windows, count, work);
        if !beside {
            self.weight_gradient(logits, x, dweight, rows);
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
        let variant = Variant::new(kernel(name), self.set, options);
        let groups = if self.set == Set::Tiled { rows } else { rows.div_ceil(variant.workgroup as usize) };
        self.call(variant, shape, windows, groups, operations);
    }

    /// A kernel with an invocation for each of `count` lanes.
    fn elementwise(&mut self, name: &str, options: &[bool], shape: &[(&str, u32)], windows: Vec<Window>, count: usize) {
        let variant = Variant::new(kernel(name), self.set, options);
        let groups = count.div_ceil(variant.workgroup as usize);
        self.call(variant, shape, windows, groups, 4.0 * ELEMENTWISE * count as f64);
    }

    fn call(
        &mut self,
        variant: Variant,
        shape: &[(&str, u32)],
        windows: Vec<Window>,
        workgroups: usize,
        operations: f64,
    ) {
        let shape = variant.kernel.shape(shape);
        self.calls.push(Call { variant, shape, windows, workgroups: workgroups as u64, operations });
    }

    /// Token rows of a slot.
    fn rows(&self) -> u32 {
        self.program.tokens() as u32
    }

    /// Pairs of query and key that attention looks at, over a slot's sequences.
    fn pairs(&self) -> f64 {
        let context = self.program.context as f64;
        self.program.rows as f64 * context * (context + 1.0) / 2.0
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

/// How a product is cut into workgroups.
struct Blocks {
    across: u32,
    count: usize,
}

impl Blocks {
    /// For an output of `rows` rows and `columns4` fours of columns.
    fn new(set: Set, rows: usize, columns4: usize) -> Blocks {
        let (down, across) = match set {
            Set::Direct => (8, 16),
            Set::Subgroup => (16, 8),
            Set::Tiled => (64, 16),
        };
        let across = columns4.div_ceil(across);
        Blocks { across: across as u32, count: across * rows.div_ceil(down) }
    }
}

/// A product of some rows, while what is done around it is put together.
struct Product {
    shape: Vec<(&'static str, u32)>,
    windows: Vec<Window>,
    blocks: Blocks,
    rows: usize,
    inner: usize,
    columns: usize,
    /// Of what comes after the product.
    extra_shape: Vec<(&'static str, u32)>,
    extra_windows: Vec<Window>,
}

impl Product {
    /// `out[..rows] = x[x_begin..][..rows] · weight`, or `weightᵀ`.
    fn new(set: Set, x: &View, x_begin: usize, weight: &View, out: &View, rows: usize) -> Product {
        let shape = vec![
            ("rows", rows as u32),
            ("inner", x.columns() as u32),
            ("inner4", x.stride4()),
            ("columns4", out.stride4()),
            ("left_slot", x.slot4()),
            ("left_begin", x.stride4() * x_begin as u32),
            ("weight_slot", weight.slot4()),
            ("out_slot", out.slot4()),
        ];
        Product {
            shape,
            windows: [x, weight, out].map(|view| view.window.clone()).to_vec(),
            blocks: Blocks::new(set, rows, out.place.stride / 4),
            rows,
            inner: x.columns(),
            columns: out.columns(),
            extra_shape: Vec::new(),
            extra_windows: Vec::new(),
        }
    }

    fn and(mut self, shape: &[(&'static str, u32)], window: Window) -> Product {
        self.extra_shape.extend(shape);
        self.extra_windows.push(window);
        self
    }

    fn activated(self, hidden: &View) -> Product {
        let shape = [("hidden4", hidden.stride4()), ("activated_slot", hidden.slot4())];
        self.and(&shape, hidden.window.clone())
    }
}

/// What a product takes of the norm before it.
struct Norm {
    shape: [(&'static str, u32); 4],
    windows: [Window; 3],
}

/// Whether the inner dimension is made of whole fours, and whether it has several chunks.
fn product_options(inner: usize) -> [bool; 2] {
    [inner.is_multiple_of(4), inner > 512]
}

/// Members of a gradient's shape for `dx[..rows] = dout[..rows] · weightᵀ`, or `weight`; dx has so many fours of columns.
fn input_shape(blocks: &Blocks, dout: &View, weight: &View, columns4: usize, rows: usize) -> Vec<(&'static str, u32)> {
    vec![
        ("rows", rows as u32),
        ("inner", dout.columns() as u32),
        ("inner4", dout.stride4()),
        ("columns4", columns4 as u32),
        ("column_blocks", blocks.across),
        ("blocks", blocks.count as u32),
        ("left_slot", dout.slot4()),
        ("left_begin", 0),
        ("weight_slot", weight.slot4()),
    ]
}

/// `dweight = xᵀ · dout[rows]`, or `dweight += …` for rows that do not begin at the first.
struct WeightGradient {
    shape: Vec<(&'static str, u32)>,
    blocks: usize,
    /// Whether there is no padding.
    whole: bool,
    work: f64,
}

impl WeightGradient {
    fn new(set: Set, x: &View, dout: &View, dweight: &View, rows: Range<usize>) -> WeightGradient {
        let blocks = Blocks::new(set, x.place.stride, dout.place.stride / 4);
        let shape = vec![
            ("tokens", rows.len() as u32),
            ("inputs", x.columns() as u32),
            ("inputs4", x.stride4()),
            ("outputs", dout.columns() as u32),
            ("outputs4", dout.stride4()),
            ("weight_column_blocks", blocks.across),
            ("weight_blocks", blocks.count as u32),
            ("accumulate_weight", u32::from(rows.start > 0)),
            ("x_slot", x.slot4()),
            ("dout_slot", dout.slot4()),
            ("dout_begin", dout.stride4() * rows.start as u32),
            ("dweight_slot", dweight.slot4()),
        ];
        let whole = x.columns().is_multiple_of(4) && dout.columns().is_multiple_of(4);
        let work = flops(rows.len(), x.columns(), dout.columns());
        WeightGradient { shape, blocks: blocks.count, whole, work }
    }

    /// Puts this beside another product of the same dispatch.
    fn beside(
        self,
        shape: &mut Vec<(&'static str, u32)>,
        options: &mut Vec<bool>,
        workgroups: &mut usize,
        work: &mut f64,
    ) {
        shape.extend(self.shape);
        options.push(self.whole);
        *workgroups += self.blocks;
        *work += self.work;
    }
}

/// The heads of an attention operation, in lanes.
struct Heads {
    vector: bool,
    group: u32,
    keys: u32,
    values: u32,
    /// 1 / sqrt(head_dim), the bits.
    scale: u32,
}

impl Heads {
    fn new(heads: usize, kv_heads: usize, head_dim: usize) -> Heads {
        let vector = head_dim.is_multiple_of(4);
        let lanes = if vector { head_dim / 4 } else { head_dim };
        Heads {
            vector,
            group: (heads / kv_heads) as u32,
            keys: (heads * lanes) as u32,
            values: ((heads + kv_heads) * lanes) as u32,
            scale: ((1.0 / (head_dim as f64).sqrt()) as f32).to_bits(),
        }
    }
}

fn flops(rows: usize, inner: usize, columns: usize) -> f64 {
    2.0 * rows as f64 * inner as f64 * columns as f64
}
