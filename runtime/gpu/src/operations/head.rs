//! The head: logits, loss and gradients, in pieces of rows.

use std::ops::Range;

use synx_plan::program::op::{HeadLoss, RmsNorm};
use synx_shaders::{Variant, kernel};

use super::shapes::{Blocks, Product, WeightGradient, flops, input_shape, product_options};
use super::{ELEMENTWISE, Operations, View};
use crate::buffers::{Buffers, whole};
use crate::fusion::Fusion;
use crate::layout::Place;

impl Operations<'_> {
    /// The head in pieces of rows: logits, loss and their gradient in place, and the two products with that.
    pub(super) fn head_loss(&mut self, norm: Option<&RmsNorm>, op: &HeadLoss, training: bool) {
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
            let tile = self.tile(&[(rows, vocabulary)]);
            let product = Product::new(self.ways.set, tile, &from, begin, &weight, &logits, rows);
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
                whole(&self.buffers.statuses),
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
        let beside = self.ways.fusion == Fusion::All;
        let outputs = [(rows.len(), dx.columns()), (inner, dx.columns())];
        let tile = self.tile(if beside { &outputs } else { &outputs[..1] });
        let blocks = Blocks::new(self.ways.set, tile, rows.len(), dx.place.stride / 4);
        let mut shape = input_shape(&blocks, logits, weight, dx.place.stride / 4, rows.len());
        shape.extend([("out_slot", dx.slot4()), ("out_begin", dx.stride4() * rows.start as u32)]);
        let mut options = product_options(inner).to_vec();
        let mut count = blocks.count;
        let mut work = flops(rows.len(), inner, dx.columns());
        let mut windows = [logits, weight, dx].map(|view| view.window.clone()).to_vec();
        if beside {
            let weight = WeightGradient::new(self.ways.set, tile, logits, x, dweight, rows.clone());
            windows.extend([x, dweight].map(|view| view.window.clone()));
            weight.beside(&mut shape, &mut options, &mut count, &mut work);
        }
        let name = if beside { "head_grad" } else { "head_grad_input" };
        let variant = Variant::new(kernel(name), self.ways.set, &options).with_tile(tile);
        self.call(variant, &shape, windows, count, work);
        if !beside {
            self.weight_gradient(logits, x, dweight, rows);
        }
    }
}
