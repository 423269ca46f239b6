//! Where a wave's tensors lie: a pure function of program, slots and limits.
//!
//! Every tensor is `[K, rows, stride]` of f32, the slots one after another. Rows are padded to a stride of a multiple of four numbers, so that kernels load four
//! at a time; parameters also to a multiple of four rows. The padding of parameters, gradients and moments is zero and stays so; that of activations is
//! undefined and never used.

use std::collections::BTreeSet;

use synx_plan::problem::Problem;
use synx_plan::program::{Op, Program, Role, Rows, TensorId, schedule_in_steps};

use crate::adapter::AdapterLimits;
use crate::fusion::Steps;
use crate::problems;

/// Windows of buffers start at multiples of this many bytes, which every driver takes.
const ALIGNMENT: u64 = 256;

/// The head's rows come in pieces of multiples of this: chunks of its weight's gradient, which must not be cut.
pub const HEAD_ROWS: usize = 512;

/// The head's logits take at most this, unless one chunk of rows takes more. Arbitrary: larger gains nothing.
const LOGITS_BYTES: u64 = 128 << 20;

/// Numbers of a block of `reduce_norm` and `adamw`.
pub const BLOCK: usize = 1024;

/// Where a tensor lies in its arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Rows and columns that mean something.
    pub rows: usize,
    pub columns: usize,
    /// Numbers from row to row.
    pub stride: usize,
    /// Numbers from slot to slot.
    pub slot: usize,
    /// The arena's buffer.
    pub page: usize,
    /// Where slot 0 starts, bytes.
    pub offset: u64,
}

/// Where everything of a wave lies, and how large its buffers are.
#[derive(Debug, Clone)]
pub struct Layout {
    pub slots: usize,
    /// Of each parameter, in the program's order; its gradient and moments lie likewise in their own arenas.
    pub parameters: Vec<Place>,
    /// Buffers of each of the four arenas, bytes.
    pub pages: Vec<u64>,
    /// Of each tensor that is an activation of the training pass.
    pub activations: Vec<Option<Place>>,
    pub activation_bytes: u64,
    /// Rows of the head that are computed at a time, and what their logits take.
    pub head_rows: usize,
    pub logits_bytes: u64,
    /// What attention's backward pass keeps of each query.
    pub delta_bytes: u64,
}

impl Layout {
    /// For a program that runs in these steps. A problem where a tensor or a buffer is larger than the device grants.
    pub fn new(program: &Program, steps: &Steps, slots: usize, limits: &AdapterLimits) -> Result<Layout, Problem> {
        let window = |what: &str, bytes: u64| {
            if bytes <= limits.binding {
                return Ok(());
            }
            let what = format!("{what} for {slots} {}", if slots == 1 { "model" } else { "models" });
            Err(problems::does_not_fit(&what, bytes, "one binding", limits.binding))
        };
        let page_limit = limits.binding.min(limits.buffer);
        let mut parameters = Vec::with_capacity(program.parameters.len());
        let mut pages = vec![0u64];
        for parameter in &program.parameters {
            let tensor = program.tensor(parameter.tensor);
            let rows = fixed_rows(tensor.rows);
            let stride = tensor.columns.next_multiple_of(4);
            let slot = rows.next_multiple_of(4) * stride;
            let bytes = bytes(slot, slots);
            window(&format!("the parameter `{}` [{rows}, {}]", tensor.name, tensor.columns), bytes)?;
            let page = pages.len() - 1;
            let page = if pages[page] + bytes > page_limit {
                pages.push(0);
                page + 1
            } else {
                page
            };
            parameters.push(Place { rows, columns: tensor.columns, stride, slot, page, offset: pages[page] });
            pages[page] += bytes.next_multiple_of(ALIGNMENT);
        }

        let tokens = program.tokens();
        let scalars = scalars(program);
        let numbers = steps.numbers();
        let plan = schedule_in_steps(program, true, &|op| numbers[op], &steps.unstored());
        // Offsets of the plan are multiples of 16 columns: with a multiple of four rows they are multiples of 256 bytes.
        let rows = (tokens * slots).next_multiple_of(4);
        let mut activations = vec![None; program.tensors.len()];
        for (id, tensor) in program.tensors.iter().enumerate() {
            let Some(column) = plan.offset(TensorId(id)).filter(|_| tensor.role == Role::Activation) else { continue };
            let columns = tensor.columns;
            let stride = if scalars.contains(&TensorId(id)) { columns } else { columns.next_multiple_of(4) };
            window(&format!("the activation `{}` [{tokens}, {columns}]", tensor.name), bytes(tokens * stride, slots))?;
            let offset = bytes(column, rows);
            activations[id] = Some(Place { rows: tokens, columns, stride, slot: tokens * stride, page: 0, offset });
        }
        let activation_bytes = bytes(plan.columns, rows).max(ALIGNMENT);
        if activation_bytes > limits.buffer {
            let what = format!("the arena of activations for {slots} models");
            return Err(problems::does_not_fit(&what, activation_bytes, "one buffer", limits.buffer));
        }

        let (head_rows, logits_bytes) = head(program, slots, limits, &window)?;
        let heads = |op: &Op| if let Op::AttentionGrad(op) = op { op.heads } else { 0 };
        let heads = program.forward.iter().chain(&program.backward).map(heads).max().unwrap_or(0);
        let delta_bytes = bytes(tokens * heads, slots).max(ALIGNMENT);
        window("what attention keeps of each query", delta_bytes)?;
        Ok(Layout { slots, parameters, pages, activations, activation_bytes, head_rows, logits_bytes, delta_bytes })
    }

    /// What the wave takes on the device, but for small buffers.
    pub fn total_bytes(&self) -> u64 {
        4 * self.pages.iter().sum::<u64>() + self.activation_bytes + self.logits_bytes + self.delta_bytes
    }
}

/// How many rows the head computes at a time, and the bytes of their logits.
fn head(
    program: &Program,
    slots: usize,
    limits: &AdapterLimits,
    window: &dyn Fn(&str, u64) -> Result<(), Problem>,
) -> Result<(usize, u64), Problem> {
    let is_head = |op: &&Op| matches!(op, Op::HeadLoss(_));
    if program.forward.iter().find(is_head).is_none() {
        return Ok((HEAD_ROWS, ALIGNMENT));
    }
    let columns = program.vocabulary.next_multiple_of(4);
    let tokens = program.tokens();
    let least = tokens.min(HEAD_ROWS);
    window(&format!("{least} rows of logits over {} tokens", program.vocabulary), bytes(least * columns, slots))?;
    let budget = limits.binding.min(LOGITS_BYTES) / bytes(columns, slots);
    let rows = (budget as usize / HEAD_ROWS * HEAD_ROWS).max(HEAD_ROWS).min(tokens.max(1));
    Ok((rows, bytes(rows * columns, slots)))
}

/// Activations that kernels read number by number: their rows are not padded.
fn scalars(program: &Program) -> BTreeSet<TensorId> {
    let mut scalars = BTreeSet::new();
    for op in program.forward.iter().chain(&program.backward) {
        match op {
            Op::RmsNorm(op) => scalars.insert(op.scale),
            Op::RmsNormGrad(op) => scalars.insert(op.scale),
            Op::Attention(op) => scalars.insert(op.log_sum),
            Op::AttentionGrad(op) => scalars.insert(op.log_sum),
            Op::HeadLoss(op) => scalars.insert(op.loss),
            _ => false,
        };
    }
    scalars
}

fn fixed_rows(rows: Rows) -> usize {
    match rows {
        Rows::Fixed(rows) => rows,
        Rows::Tokens => unreachable!("parameters have a fixed number of rows"),
    }
}

fn bytes(numbers: usize, slots: usize) -> u64 {
    4 * numbers as u64 * slots as u64
}

impl Place {
    /// The values `[rows, columns]` with the padding of a slot.
    pub fn pad(&self, values: &[f32], padding: f32) -> Vec<f32> {
        let mut padded = vec![padding; self.slot];
        for (to, from) in padded.chunks_mut(self.stride).zip(values.chunks(self.columns)) {
            to[..self.columns].copy_from_slice(from);
        }
        padded
    }

    /// The values of a slot without its padding.
    pub fn unpad(&self, padded: &[f32], values: &mut Vec<f32>) {
        for row in padded.chunks(self.stride).take(self.rows) {
            values.extend_from_slice(&row[..self.columns]);
        }
    }

    /// Bytes from slot to slot.
    pub fn slot_bytes(&self) -> u64 {
        4 * self.slot as u64
    }
}

#[cfg(test)]
mod tests {
    use synx_plan::exact::Exact;
    use synx_plan::model::{Block, Model};
    use synx_plan::program::lower;

    use super::*;
    use crate::fusion::Fusion;

    fn program(vocabulary: u64, rows: usize) -> Program {
        let blocks = vec![Block::Attention { heads: 2, kv_heads: 1, head_dim: 6 }, Block::Swiglu { hidden: 33 }];
        let exact = |text| Exact::from_decimal(text).unwrap();
        let [norm_epsilon, init_std] = [exact("1e-5"), exact("0.02")];
        let rotary_base = Exact::from(10_000u64);
        lower(
            &Model { width: 18, context: 5, vocabulary, blocks, tied: false, rotary_base, norm_epsilon, init_std },
            rows,
        )
    }

    fn limits(binding: u64) -> AdapterLimits {
        let buffer = 1 << 30;
        AdapterLimits { binding, buffer, workgroup_memory: 0, invocations: 0, storage_buffers: 8, workgroups: 65_535 }
    }

    fn layout_of(program: &Program, slots: usize, limits: &AdapterLimits) -> Result<Layout, Problem> {
        Layout::new(program, &Steps::new(program, Fusion::All), slots, limits)
    }

    #[test]
    fn windows_are_aligned_and_do_not_overlap() {
        for slots in [1, 3, 8] {
            let layout = layout_of(&program(97, 3), slots, &limits(64 << 10)).unwrap();
            assert!(layout.pages.len() > 1 || slots < 8);
            let mut ends = vec![0; layout.pages.len()];
            for place in &layout.parameters {
                assert_eq!(place.offset % ALIGNMENT, 0);
                assert_eq!(place.stride % 4, 0);
                assert!(place.offset >= ends[place.page]);
                ends[place.page] = place.offset + place.slot_bytes() * slots as u64;
                assert!(ends[place.page] <= layout.pages[place.page]);
            }
            for place in layout.activations.iter().flatten() {
                assert_eq!(place.offset % ALIGNMENT, 0);
                assert!(place.offset + place.slot_bytes() * slots as u64 <= layout.activation_bytes);
            }
        }
    }

    #[test]
    fn a_tensor_beyond_a_binding_is_refused_with_its_name_and_both_sizes() {
        let problem = layout_of(&program(1 << 20, 3), 2, &limits(128 << 20)).unwrap_err();
        assert_eq!(problem.code, "E0953");
        assert_eq!(
            problem.headline,
            "the parameter `embedding` [1048576, 18] for 2 models is 160 MiB; the device grants 128 MiB for one binding"
        );
    }

    #[test]
    fn fused_steps_take_no_more_memory_than_operations_one_by_one() {
        for program in [program(97, 3), program(256, 8)] {
            let bytes = |fusion| {
                let layout = Layout::new(&program, &Steps::new(&program, fusion), 3, &limits(128 << 20)).unwrap();
                layout.activation_bytes
            };
            for fusion in [Fusion::Chains, Fusion::Turned, Fusion::All] {
                assert!(bytes(fusion) <= bytes(Fusion::Off), "{fusion:?}");
            }
        }
    }

    #[test]
    fn the_heads_rows_come_in_whole_chunks() {
        let rows = |vocabulary, tokens: usize, slots| {
            layout_of(&program(vocabulary, tokens / 5), slots, &limits(128 << 20)).unwrap().head_rows
        };
        assert_eq!(rows(97, 20, 3), 20);
        assert_eq!(rows(256, 20_000, 1), 20_000);
        assert_eq!(rows(4096, 20_000, 1), 8192);
        assert_eq!(rows(50_432, 20_000, 1), 512);
        assert_eq!(rows(4096, 20_000, 8), 1024);
        assert!(layout_of(&program(50_432, 4000), 2, &limits(128 << 20)).is_err());
    }

    #[test]
    fn padding_comes_off_again() {
        let place = Place { rows: 2, columns: 3, stride: 4, slot: 16, page: 0, offset: 0 };
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let padded = place.pad(&values, 0.0);
        assert_eq!(padded, [1., 2., 3., 0., 4., 5., 6., 0., 0., 0., 0., 0., 0., 0., 0., 0.]);
        let mut back = Vec::new();
        place.unpad(&padded, &mut back);
        assert_eq!(back, values);
    }
}
