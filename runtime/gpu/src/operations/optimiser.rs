//! What follows the backward pass: the norm of all gradients, and the update of every parameter.

use synx_plan::program::TensorId;
use synx_shaders::{Set, Variant, kernel};

use super::{ELEMENTWISE, Operations};
use crate::buffers::{Buffers, whole};

impl Operations<'_> {
    /// What follows the backward pass: norm, clip and update of every parameter.
    pub fn optimiser(&mut self, loss: TensorId) {
        let Buffers { host, statuses, partial_sums, readings, weights, .. } = self.buffers;
        let controls = host.window(&host.controls);
        let total: usize = self.buffers.blocks.iter().map(|(_, count)| count).sum();
        let numbers = self.layout.parameters.iter().map(|place| place.slot).sum::<usize>() as f64;
        let mut begin = 0;
        for (page, (table, count)) in self.buffers.blocks.iter().enumerate() {
            let variant = Variant::new(kernel("reduce_norm"), self.ways.set, &[]);
            let groups = if self.ways.set == Set::Tiled { *count } else { count.div_ceil(variant.workgroup as usize) };
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
            Variant::new(kernel("finish"), self.ways.set, &[]),
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
                Variant::new(kernel("adamw"), self.ways.set, &[]),
                &[("blocks", *count as u32)],
                windows,
                *count,
                2.0 * ELEMENTWISE * numbers,
            );
        }
    }
}
