//! Norms of rows and their gradients.

use synx_plan::program::op::{RmsNorm, RmsNormGrad};
use synx_shaders::{Set, Variant, kernel};

use super::{ELEMENTWISE, Operations};

impl Operations<'_> {
    pub(super) fn rms_norm(&mut self, op: &RmsNorm) {
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

    pub(super) fn rms_norm_grad(&mut self, op: &RmsNormGrad) {
        let [x, gain, scale, dout, dx, dgain] =
            [op.x, op.gain, op.scale, op.dout, op.dx, op.dgain].map(|id| self.view(id));
        let columns = x.columns();
        // Fours of columns, and rows, that a workgroup takes.
        let (across, down) = if self.ways.set == Set::Tiled { (4, 4) } else { (8, 8) };
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
        let variant = Variant::new(kernel("rms_norm_grad"), self.ways.set, &[columns.is_multiple_of(4)]);
        let numbers = x.place.slot as f64;
        let windows = [x, gain, scale, dout, dx, dgain].map(|view| view.window).to_vec();
        self.call(variant, &shape, windows, blocks, 2.0 * ELEMENTWISE * numbers);
    }
}
