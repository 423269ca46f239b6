//! Operations that work number by number: the token table, gates, sums and positions.

use synx_plan::program::op::{Add, Gated, GatedGrad, Gather, GatherGrad, Gelu, GeluGrad, Rotary};
use synx_shaders::{Variant, kernel};

use super::{ELEMENTWISE, Operations};
use crate::device::Window;

impl Operations<'_> {
    pub(super) fn gather(&mut self, op: &Gather) {
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

    pub(super) fn gather_grad(&mut self, op: &GatherGrad) {
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

    pub(super) fn rotary(&mut self, op: &Rotary) {
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

    pub(super) fn gated(&mut self, op: &Gated) {
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

    pub(super) fn gated_grad(&mut self, op: &GatedGrad) {
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

    pub(super) fn gelu(&mut self, op: &Gelu) {
        let [x, out] = [op.x, op.out].map(|id| self.view(id));
        let count4 = x.slot4();
        let shape = [("count4", count4), ("x_slot", count4), ("out_slot", out.slot4())];
        self.elementwise("gelu", &[], &shape, vec![x.window, out.window], count4 as usize);
    }

    pub(super) fn gelu_grad(&mut self, op: &GeluGrad) {
        let [x, dout, dx] = [op.x, op.dout, op.dx].map(|id| self.view(id));
        let count4 = x.slot4();
        let shape = [("count4", count4), ("x_slot", count4), ("dout_slot", dout.slot4()), ("dx_slot", dx.slot4())];
        self.elementwise("gelu_grad", &[], &shape, vec![x.window, dout.window, dx.window], count4 as usize);
    }

    pub(super) fn add(&mut self, op: &Add) {
        let [a, b, out] = [op.a, op.b, op.out].map(|id| self.view(id));
        let count4 = out.slot4();
        let shape = [("count4", count4), ("a_slot", a.slot4()), ("b_slot", b.slot4()), ("out_slot", count4)];
        self.elementwise("add", &[], &shape, vec![a.window, b.window, out.window], count4 as usize);
    }

    /// A kernel with an invocation for each of `count` lanes.
    fn elementwise(&mut self, name: &str, options: &[bool], shape: &[(&str, u32)], windows: Vec<Window>, count: usize) {
        let variant = Variant::new(kernel(name), self.ways.set, options);
        let groups = count.div_ceil(variant.workgroup as usize);
        self.call(variant, shape, windows, groups, 4.0 * ELEMENTWISE * count as f64);
    }
}
