//! A program made ready: its shards and pieces, where its tensors lie, its packed weights and rotary tables.

use std::ops::Range;

use synx_plan::program::op::rotary_table;
use synx_plan::program::{Op, Program, Role, Schedule, TensorId, schedule};
use synx_plan::recipe::Precision;

use super::buffer::Buffer;
use crate::Instructions;
use crate::kernels::attention::{self, Heads};
use crate::kernels::{head_loss, reduce_norm};
use crate::product::{Factors, Layout, Right, factors_len, pack_as};

/// How a step's sequences are split: a function of shapes alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partition {
    /// The sequences of each shard. Each shard has a gradient of its own.
    pub shards: Vec<Range<usize>>,
    /// Sequences that a task takes through the program at once; a shard's gradient is summed over its pieces in ascending order.
    pub piece: usize,
}

/// Tokens that a shard has at least, where there are as many: fewer make the sum over shards cost more than it gives.
const SHARD_TOKENS: usize = 256;

/// Tokens that a piece has at most, where sequences are as short: for a small model so few that activations stay in a core's own cache, for a large one more, so that
/// its gradients are walked through less often. Measured.
fn piece_tokens(parameters: usize) -> usize {
    if parameters < 1 << 20 { 128 } else { 256 }
}

/// Numbers that the gradients of all shards may be before there are fewer than the most shards: 256 MiB.
const GRADIENT_NUMBERS: usize = 1 << 26;

impl Partition {
    pub fn of(program: &Program) -> Partition {
        let parameters = program.parameter_count();
        let affordable = (GRADIENT_NUMBERS / parameters.max(1)).max(4);
        let worthwhile = program.tokens().div_ceil(SHARD_TOKENS);
        let shards = worthwhile.min(affordable).min(reduce_norm::SHARDS).min(program.rows).max(1);
        let at = |shard: usize| program.rows * shard / shards;
        Partition {
            shards: (0..shards).map(|shard| at(shard)..at(shard + 1)).collect(),
            piece: (piece_tokens(parameters) / program.context.max(1)).clamp(1, program.rows.max(1)),
        }
    }
}

/// Numbers that kernels need beside the activations of a piece of so many token rows.
fn work_len(program: &Program, factors: Factors, rows: usize) -> usize {
    let linear = |x: TensorId, out: TensorId| {
        let (inner, columns) = (program.tensor(x).columns, program.tensor(out).columns);
        let forward = factors_len(factors, rows, inner, columns, false);
        let by_input = factors_len(factors, rows, columns, inner, false);
        forward.max(by_input).max(factors_len(factors, inner, rows, columns, true))
    };
    let of = |op: &Op| match op {
        Op::Attention(op) => attention::work_len(heads(program, op.heads, op.kv_heads, op.head_dim)),
        Op::RmsNorm(op) => program.tensor(op.x).columns,
        Op::Linear(op) => linear(op.x, op.out),
        Op::HeadLoss(op) => head_loss::work_len(factors, program.tensor(op.x).columns, program.vocabulary),
        _ => 0,
    };
    program.forward.iter().map(of).max().unwrap_or(0)
}

pub(super) fn heads(program: &Program, heads: usize, kv_heads: usize, head_dim: usize) -> Heads {
    Heads { context: program.context, heads, kv_heads, head_dim }
}

/// Where a tensor's numbers are.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// From this many columns of the activations on.
    Activation { offset: usize, columns: usize },
    /// In the parameters, or at the same place in their gradient.
    Parameter(Range<usize>),
    /// Not touched by the pass.
    Nowhere,
}

/// One weight as a right factor.
#[derive(Debug, Clone)]
pub(super) struct Packing {
    pub weight: TensorId,
    /// Where the weight is among the parameters.
    from: Range<usize>,
    /// Element (k, n) of the factor is at `k * row + n * column`.
    row: usize,
    column: usize,
    /// How long its inner dimension is.
    inner: usize,
    layout: Layout,
    /// Whether the forward pass needs it.
    pub forward: bool,
}

impl Packing {
    /// Numbers that the packed weight takes.
    pub fn len(&self) -> usize {
        self.layout.len()
    }
}

/// The packed weights of one slot, in the order of `Prepared::packings`.
pub(super) type Packed = Vec<Buffer>;

#[derive(Debug)]
pub(super) struct Prepared {
    pub program: Program,
    pub instructions: Instructions,
    /// What the factors of linear layers and the head are rounded to.
    pub factors: Factors,
    pub partition: Partition,
    /// Per tensor, for a training step and for evaluation.
    pub training: Vec<Place>,
    pub evaluation: Vec<Place>,
    /// Numbers of a thread's activations; its working space follows.
    pub activations: usize,
    pub space: usize,
    pub packings: Vec<Packing>,
    /// Per head dimension and base, cosines and sines.
    rotary: Vec<(usize, f64, Vec<f32>, Vec<f32>)>,
    /// Ranges of the parameters with their decay, without gaps.
    pub decays: Vec<(Range<usize>, bool)>,
}

impl Prepared {
    pub fn new(program: &Program, instructions: Instructions) -> Prepared {
        let partition = Partition::of(program);
        let (training, evaluation) = (schedule(program, true), schedule(program, false));
        let factors = match program.precision {
            Precision::F32 => Factors::F32,
            Precision::Bf16 => Factors::Bf16,
            Precision::F16 => Factors::F16,
        };
        let rows = partition.piece * program.context;
        let activations = training.columns.max(evaluation.columns) * rows;
        let mut prepared = Prepared {
            training: places(program, &training),
            evaluation: places(program, &evaluation),
            activations,
            space: activations + work_len(program, factors, rows),
            packings: Vec::new(),
            rotary: Vec::new(),
            decays: Vec::new(),
            program: program.clone(),
            instructions,
            factors,
            partition,
        };
        for op in &program.forward {
            match op {
                // `x · weight`, and `dout · weightᵀ` for the gradient.
                Op::Linear(op) => {
                    prepared.packs(op.weight, false, true);
                    prepared.packs(op.weight, true, false);
                }
                // `x · weightᵀ`, and `g · weight` for the gradient.
                Op::HeadLoss(op) => {
                    prepared.packs(op.weight, true, true);
                    prepared.packs(op.weight, false, false);
                }
                Op::Rotary(op) => prepared.turns(op.head_dim, op.base),
                _ => {}
            }
        }
        for parameter in &program.parameters {
            let end = parameter.offset + program.size(parameter.tensor);
            match prepared.decays.last_mut() {
                Some((range, decay)) if *decay == parameter.decay => range.end = end,
                _ => prepared.decays.push((parameter.offset..end, parameter.decay)),
            }
        }
        prepared
    }

    fn packs(&mut self, weight: TensorId, transposed: bool, forward: bool) {
        let Place::Parameter(from) = self.training[weight.0].clone() else { return };
        let columns = self.program.tensor(weight).columns;
        let rows = from.len() / columns.max(1);
        let (inner, outer) = if transposed { (columns, rows) } else { (rows, columns) };
        let (row, column) = if transposed { (1, columns) } else { (columns, 1) };
        let steps = self.factors.steps(inner);
        self.packings.push(Packing { weight, from, row, column, inner, layout: Layout::new(steps, outer), forward });
    }

    fn turns(&mut self, head_dim: usize, base: f64) {
        if !self.rotary.iter().any(|(d, b, ..)| (*d, *b) == (head_dim, base)) {
            let (cosines, sines) = rotary_table(self.program.context, head_dim, base);
            self.rotary.push((head_dim, base, cosines, sines));
        }
    }

    /// The angles' cosines and sines of a rotary operation of the program.
    pub fn rotary(&self, head_dim: usize, base: f64) -> (&[f32], &[f32]) {
        let table = self.rotary.iter().find(|(d, b, ..)| (*d, *b) == (head_dim, base));
        let (_, _, cosines, sines) = table.expect("every rotary operation of the program has its table");
        (cosines, sines)
    }

    /// Room for the packed weights of a slot.
    pub fn packed(&self) -> Packed {
        self.packings.iter().map(|packing| Buffer::new(packing.len())).collect()
    }

    /// Packs one weight.
    pub fn pack(&self, packing: &Packing, parameters: &[f32], to: &mut [f32]) {
        let Packing { from, row, column, inner, layout, .. } = packing;
        let weight = &parameters[from.clone()];
        pack_as(self.instructions, self.factors, weight, *row, *column, *inner, *layout, to);
    }

    /// A packed weight as a right factor: as it stands in the forward pass, or for the gradient.
    pub fn right<'a>(&self, packed: &'a Packed, weight: TensorId, forward: bool) -> Right<'a> {
        let place = self.packings.iter().position(|p| p.weight == weight && p.forward == forward);
        let place = place.expect("every weight that is multiplied with is packed");
        Right::Packed { values: &packed[place], layout: self.packings[place].layout }
    }
}

fn places(program: &Program, schedule: &Schedule) -> Vec<Place> {
    let mut places: Vec<Place> = (0..program.tensors.len())
        .map(|t| {
            let tensor = &program.tensors[t];
            match (tensor.role, schedule.offset(TensorId(t))) {
                (Role::Activation, Some(offset)) => Place::Activation { offset, columns: tensor.columns },
                _ => Place::Nowhere,
            }
        })
        .collect();
    for parameter in &program.parameters {
        let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
        places[parameter.tensor.0] = Place::Parameter(range.clone());
        places[parameter.gradient.0] = Place::Parameter(range);
    }
    places
}
