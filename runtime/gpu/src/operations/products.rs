//! Products of linear layers and their gradients, with what is done around them.

use std::ops::Range;

use synx_plan::program::op::{Linear, LinearGradInput, LinearGradWeight, RmsNorm};
use synx_shaders::{Variant, kernel};

use super::shapes::{Blocks, Norm, Product, WeightGradient, flops, input_shape, product_options};
use super::{Operations, View};
use crate::fusion::{Then, ThenGrad};

impl Operations<'_> {
    /// `out = x · weight` with the norm before it and what comes after it.
    pub(super) fn linear(&mut self, norm: Option<&RmsNorm>, op: &Linear, then: Option<Then>) {
        // A product that goes into a sum is not stored by itself.
        let stored = if let Some(Then::Add(add)) = then { add.out } else { op.out };
        let [x, weight, out] = [norm.map_or(op.x, |norm| norm.x), op.weight, stored].map(|id| self.view(id));
        let norm = norm.map(|norm| self.norm(norm));
        let rows = self.program.tokens();
        let tile = self.tile(&[(rows, out.columns())]);
        let product = Product::new(self.ways.set, tile, &x, 0, &weight, &out, rows);
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
    pub(super) fn norm(&self, op: &RmsNorm) -> Norm {
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
    pub(super) fn product(&mut self, name: &'static str, product: Product, norm: Option<Norm>) {
        let Product { tile, mut shape, mut windows, blocks, rows, inner, columns, extra_shape, extra_windows } =
            product;
        shape.extend([("column_blocks", blocks.across), ("blocks", blocks.count as u32)]);
        if let Some(norm) = norm {
            shape.extend(norm.shape);
            windows.extend(norm.windows);
        }
        shape.extend(extra_shape);
        windows.extend(extra_windows);
        let variant = Variant::new(kernel(name), self.ways.set, &product_options(inner)).with_tile(tile);
        self.call(variant, &shape, windows, blocks.count, flops(rows, inner, columns));
    }

    pub(super) fn linear_grad_weight(&mut self, op: &LinearGradWeight) {
        let [x, dout, dweight] = [op.x, op.dout, op.dweight].map(|id| self.view(id));
        self.weight_gradient(&x, &dout, &dweight, 0..self.program.tokens());
    }

    /// `dweight (+)= xᵀ · dout[rows]`, where rows that begin later are added to those before.
    pub(super) fn weight_gradient(&mut self, x: &View, dout: &View, dweight: &View, rows: Range<usize>) {
        let tile = self.tile(&[(x.columns(), dout.columns())]);
        let weight = WeightGradient::new(self.ways.set, tile, x, dout, dweight, rows);
        let variant = Variant::new(kernel("linear_grad_weight"), self.ways.set, &[weight.whole]).with_tile(tile);
        let windows = [x, dout, dweight].map(|view| view.window.clone()).to_vec();
        self.call(variant, &weight.shape, windows, weight.blocks, weight.work);
    }

    /// The gradient of a linear layer's input with the gate that made it, and beside it that of its weight.
    pub(super) fn linear_grad(
        &mut self,
        weight_op: Option<&LinearGradWeight>,
        input: &LinearGradInput,
        then: Option<ThenGrad>,
    ) {
        let [dout, weight] = [input.dout, input.weight].map(|id| self.view(id));
        let (rows, inner, columns) = (self.program.tokens(), dout.columns(), self.program.tensor(input.dx).columns);
        let weight_outputs = weight_op.map(|_| (columns, inner));
        let outputs: Vec<(usize, usize)> = std::iter::once((rows, columns)).chain(weight_outputs).collect();
        let tile = self.tile(&outputs);
        let blocks = Blocks::new(self.ways.set, tile, rows, columns.div_ceil(4));
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
            let weight = WeightGradient::new(self.ways.set, tile, &x, &dout, &dweight, 0..rows);
            windows.extend([x, dweight].map(|view| view.window));
            weight.beside(&mut shape, &mut options, &mut count, &mut work);
        }
        if let Some(gate) = gate {
            shape.push(("gate_slot", gate.slot4()));
            windows.push(gate.window);
        }
        let variant = Variant::new(kernel(name), self.ways.set, &options).with_tile(tile);
        self.call(variant, &shape, windows, count, work);
    }
}
