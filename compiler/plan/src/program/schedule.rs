//! The static memory plan: where each activation lies in one arena, so that a step allocates nothing.

use serde::{Deserialize, Serialize};

use super::{Op, Program, Role, TensorId};

/// Columns are laid out in multiples of this many numbers, so that every activation of any number of rows starts on a 64-byte boundary
/// (256 bytes from four rows on).
pub const COLUMN_ALIGNMENT: usize = 16;

/// Where activations lie. Offsets count columns: with R rows, tensor `t` starts at number `offset(t) * R` of its replica's arena.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    offsets: Vec<Option<usize>>,
    /// Columns of the whole arena.
    pub columns: usize,
}

impl Schedule {
    /// The offset of an activation in columns; `None` for parameters and their gradients, which have arenas of their own, and for tensors
    /// that the pass does not touch.
    pub fn offset(&self, tensor: TensorId) -> Option<usize> {
        self.offsets[tensor.0]
    }
}

/// Lays out the activations of a pass over `program`: of forward and backward where `training`, of the forward alone otherwise.
///
/// Two activations may lie on each other when the last use of one is before the first of the other; largest first, each at the lowest place that is free
/// during its life: a pure function of the program.
pub fn schedule(program: &Program, training: bool) -> Schedule {
    schedule_in_steps(program, training, &|op| op, &[])
}

/// As `schedule`, for an executor that does several operations at once: `step_of` gives the step of an operation, by its place in forward and
/// backward pass, in ascending order. What one step touches is alive during all of it. What is only handed on within a step
/// may be `unstored`: it has no place.
pub fn schedule_in_steps(
    program: &Program,
    training: bool,
    step_of: &dyn Fn(usize) -> usize,
    unstored: &[TensorId],
) -> Schedule {
    let backward: &[_] = if training { &program.backward } else { &[] };
    let mut lives: Vec<Option<(usize, usize)>> = vec![None; program.tensors.len()];
    for (place, op) in program.forward.iter().chain(backward).enumerate() {
        let step = step_of(place);
        for tensor in op.reads().into_iter().chain(op.writes()) {
            let life = lives[tensor.0].get_or_insert((step, step));
            life.1 = step;
        }
    }
    // The loss is read after the step.
    let end = program.forward.len() + backward.len();
    for op in &program.forward {
        if let Op::HeadLoss(head) = op
            && let Some(life) = &mut lives[head.loss.0]
        {
            life.1 = end;
        }
    }
    for tensor in unstored {
        lives[tensor.0] = None;
    }
    let mut order: Vec<usize> =
        (0..lives.len()).filter(|&t| program.tensors[t].role == Role::Activation && lives[t].is_some()).collect();
    let size = |t: usize| program.tensors[t].columns.next_multiple_of(COLUMN_ALIGNMENT);
    order.sort_by_key(|&t| (std::cmp::Reverse(size(t)), t));
    let mut offsets = vec![None; lives.len()];
    let mut placed: Vec<(usize, usize, (usize, usize))> = Vec::new();
    let mut columns = 0;
    for t in order {
        let Some(life) = lives[t] else { continue };
        let mut at = 0;
        // `placed` is sorted by offset: step over everything in the way that is alive at the same time.
        for &(start, end, other) in &placed {
            let together = life.0 <= other.1 && other.0 <= life.1;
            if together && start < at + size(t) && at < end {
                at = end;
            }
        }
        offsets[t] = Some(at);
        columns = columns.max(at + size(t));
        let index = placed.partition_point(|p| p.0 < at);
        placed.insert(index, (at, at + size(t), life));
    }
    Schedule { offsets, columns }
}
