//! A wave's buffers: few and large.

use std::collections::BTreeMap;
use std::ops::Range;

use synx_plan::problem::Problem;
use synx_plan::program::op::rotary_table;
use synx_plan::program::{Op, Program};
use wgpu::BufferUsages;

use crate::device::{Device, Window};
use crate::layout::{BLOCK, Layout, Place};

/// Steps whose readings wait on the device. A longer queue is read back in between.
pub const READINGS: usize = 256;

/// Words of `Control` and of `Status` in the kernels.
pub const CONTROL_WORDS: usize = 12;
pub const STATUS_WORDS: usize = 4;

#[derive(Debug)]
pub struct Buffers {
    /// The four arenas, each with a buffer a page.
    pub parameters: Vec<wgpu::Buffer>,
    pub gradients: Vec<wgpu::Buffer>,
    pub first_moments: Vec<wgpu::Buffer>,
    pub second_moments: Vec<wgpu::Buffer>,
    pub activations: wgpu::Buffer,
    pub logits: wgpu::Buffer,
    pub delta: wgpu::Buffer,
    /// What the host writes for a step, in one piece.
    pub host: Host,
    /// `[slots, tokens]` row weights.
    pub weights: wgpu::Buffer,
    /// The slots that step, by number.
    pub slots: wgpu::Buffer,
    /// `[slots]` of `Status`.
    pub statuses: wgpu::Buffer,
    /// The table of blocks of each page, and how many it has.
    pub blocks: Vec<(wgpu::Buffer, usize)>,
    /// `[slots, blocks of all pages]`.
    pub partial_sums: wgpu::Buffer,
    /// `[READINGS, slots]` of (loss, norm).
    pub readings: wgpu::Buffer,
    /// Cosines and sines by head dimension and base (its bits).
    pub angles: BTreeMap<(usize, u64), wgpu::Buffer>,
}

/// What the host writes for each step: one buffer, so that it is one write. Words.
#[derive(Debug)]
pub struct Host {
    pub buffer: wgpu::Buffer,
    /// `[slots]` of `Control`.
    pub controls: Range<usize>,
    /// `[slots, tokens]`: input tokens, and behind them the targets.
    pub inputs: Range<usize>,
    pub targets: Range<usize>,
    /// Rows grouped by token: `[slots, vocabulary + 1]`, `[slots, tokens]`.
    pub starts: Range<usize>,
    pub order: Range<usize>,
}

impl Host {
    fn new(device: &Device, program: &Program, slots: usize) -> Result<Host, Problem> {
        // Windows start at multiples of 256 bytes, which every driver takes.
        const ALIGNMENT: usize = 64;
        let mut end = 0usize;
        let mut next = |words: usize| {
            let begin = end.next_multiple_of(ALIGNMENT);
            end = begin + words;
            begin..end
        };
        let tokens = program.tokens() * slots;
        let [controls, inputs, targets] = [CONTROL_WORDS * slots, tokens, tokens].map(&mut next);
        let [starts, order] = [(program.vocabulary + 1) * slots, tokens].map(&mut next);
        let buffer = device.buffer("what the host writes for a step", 4 * end as u64, BufferUsages::STORAGE)?;
        Ok(Host { buffer, controls, inputs, targets, starts, order })
    }

    /// Words of the whole buffer.
    pub fn words(&self) -> usize {
        self.order.end
    }

    pub fn window(&self, words: &Range<usize>) -> Window {
        let [offset, size] = [words.start, words.len()].map(|words| 4 * words as u64);
        Window { buffer: self.buffer.clone(), offset, size }
    }
}

impl Buffers {
    pub fn new(device: &Device, program: &Program, layout: &Layout) -> Result<Buffers, Problem> {
        let storage = |what: &str, bytes: u64| device.buffer(what, bytes, BufferUsages::STORAGE);
        let words = |what: &str, words: usize| storage(what, 4 * words as u64);
        let arena = |what: &str| layout.pages.iter().map(|&size| storage(what, size)).collect::<Result<Vec<_>, _>>();
        let slots = layout.slots;
        let tokens = program.tokens() * slots;

        let tables = blocks(program, layout);
        let total: usize = tables.iter().map(|table| table.len() / 4).sum();
        let mut blocks = Vec::with_capacity(tables.len());
        for table in tables {
            let buffer = words("the table of blocks", table.len())?;
            device.write(&buffer, 0, bytemuck::cast_slice(&table));
            blocks.push((buffer, table.len() / 4));
        }

        let mut angles = BTreeMap::new();
        for op in program.forward.iter().chain(&program.backward) {
            let Op::Rotary(op) = op else { continue };
            let key = (op.head_dim, op.base.to_bits());
            if angles.contains_key(&key) {
                continue;
            }
            let (mut table, sines) = rotary_table(program.context, op.head_dim, op.base);
            table.extend(sines);
            let buffer = words("rotary angles", table.len())?;
            device.write(&buffer, 0, bytemuck::cast_slice(&table));
            angles.insert(key, buffer);
        }

        Ok(Buffers {
            parameters: arena("parameters")?,
            gradients: arena("gradients")?,
            first_moments: arena("first moments")?,
            second_moments: arena("second moments")?,
            activations: storage("activations", layout.activation_bytes)?,
            logits: storage("logits", layout.logits_bytes)?,
            delta: storage("what attention keeps of each query", layout.delta_bytes)?,
            host: Host::new(device, program, slots)?,
            weights: words("row weights", tokens)?,
            slots: words("slots", slots)?,
            statuses: words("statuses", STATUS_WORDS * slots)?,
            blocks,
            partial_sums: words("sums of squares", total * slots)?,
            readings: words("readings", 2 * READINGS * slots)?,
            angles,
        })
    }
}

/// The table of blocks of each page: place of slot 0, distance between slots and length, in fours, and whether weights decay.
fn blocks(program: &Program, layout: &Layout) -> Vec<Vec<u32>> {
    let mut tables = vec![Vec::new(); layout.pages.len()];
    for (parameter, place) in program.parameters.iter().zip(&layout.parameters) {
        for start in (0..place.slot).step_by(BLOCK) {
            let count = BLOCK.min(place.slot - start);
            let begin = place.offset as usize / 4 + start;
            let row = [begin / 4, place.slot / 4, count / 4, usize::from(parameter.decay)];
            tables[place.page].extend(row.map(|word| word as u32));
        }
    }
    tables
}

/// All of a buffer.
pub fn whole(buffer: &wgpu::Buffer) -> Window {
    Window { buffer: buffer.clone(), offset: 0, size: buffer.size() }
}

/// A tensor of all slots in its arena.
pub fn window(arena: &[wgpu::Buffer], place: &Place, slots: usize) -> Window {
    Window { buffer: arena[place.page].clone(), offset: place.offset, size: place.slot_bytes() * slots as u64 }
}

/// A tensor of one slot in its arena.
pub fn slot_window(arena: &[wgpu::Buffer], place: &Place, slot: usize) -> Window {
    let size = place.slot_bytes();
    Window { buffer: arena[place.page].clone(), offset: place.offset + size * slot as u64, size }
}
