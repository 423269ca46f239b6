//! Which operations one dispatch carries out: a pure function of the program and the set of kernels, never of slots, timings or the device's load.
//!
//! Only neighbours in the program's order come together, and each does what its own kernel would have done with its own rounding: a fused step has the bits of
//! its operations one by one. What is only handed from one to the other is not kept.

use synx_plan::program::op::{
    Add, Attention, AttentionGrad, Gated, GatedGrad, Gelu, GeluGrad, HeadLoss, Linear, LinearGradInput,
    LinearGradWeight, RmsNorm, Rotary,
};
use synx_plan::program::{Op, Program, TensorId};
use synx_shaders::{LargestHead, Set, Variant};

/// How much is done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fusion {
    /// Each operation by itself.
    Off,
    /// What one operation hands to the next stays in registers: a norm, the product after it, and what follows that.
    Chains,
    /// And positions are turned where attention reads queries and keys. The direct kernels read a key too often for that.
    Turned,
    /// And what does not depend on each other stands side by side: both gradients of a product, and of attention.
    All,
}

impl Fusion {
    /// What suits a set of kernels. Software adapters run both sides of a branch: there, side by side costs more than a dispatch does.
    pub fn of(set: Set) -> Fusion {
        match set {
            Set::Direct => Fusion::Chains,
            Set::Subgroup => Fusion::Turned,
            Set::Tiled => Fusion::All,
        }
    }
}

/// What is done at once.
#[derive(Debug)]
pub enum Step<'a> {
    One(&'a Op),
    /// A product with what stands before and after it.
    Linear {
        norm: Option<&'a RmsNorm>,
        linear: &'a Linear,
        then: Option<Then<'a>>,
    },
    /// The gradient of a linear layer's input with the gate before it, and beside it that of its weight.
    LinearGrad {
        weight: Option<&'a LinearGradWeight>,
        input: &'a LinearGradInput,
        then: Option<ThenGrad<'a>>,
    },
    /// Attention over queries and keys that are turned by their positions as they are read.
    Attention {
        rotary: &'a Rotary,
        attention: &'a Attention,
    },
    /// Its gradient, turned back.
    AttentionGrad {
        rotary: &'a Rotary,
        grad: &'a AttentionGrad,
    },
    /// The head behind the last norm: still several dispatches.
    Head {
        norm: &'a RmsNorm,
        head: &'a HeadLoss,
    },
}

/// What is done with a product before it is stored.
#[derive(Debug, Clone, Copy)]
pub enum Then<'a> {
    Add(&'a Add),
    Gated(&'a Gated),
    Gelu(&'a Gelu),
}

/// What is done with an input's gradient before it is stored.
#[derive(Debug, Clone, Copy)]
pub enum ThenGrad<'a> {
    Gated(&'a GatedGrad),
    Gelu(&'a GeluGrad),
}

/// The steps of a program: forward, then backward, each with the number of its operations.
#[derive(Debug)]
pub struct Steps<'a> {
    pub forward: Vec<(usize, Step<'a>)>,
    pub backward: Vec<(usize, Step<'a>)>,
}

impl Steps<'_> {
    pub fn new(program: &Program, fusion: Fusion) -> Steps<'_> {
        Steps { forward: pass(program, &program.forward, fusion), backward: pass(program, &program.backward, fusion) }
    }

    /// The number of the step that each operation belongs to, forward and backward.
    pub fn numbers(&self) -> Vec<usize> {
        let counts = self.forward.iter().chain(&self.backward).map(|(count, _)| *count);
        counts.enumerate().flat_map(|(step, count)| std::iter::repeat_n(step, count)).collect()
    }

    /// Tensors that are only handed on within a step and have no place in memory.
    pub fn unstored(&self) -> Vec<TensorId> {
        let unstored = |(_, step): &(usize, Step)| match step {
            Step::Linear { linear, then: Some(Then::Add(_)), .. } => Some(linear.out),
            Step::LinearGrad { input, then: Some(_), .. } => Some(input.dx),
            _ => None,
        };
        self.forward.iter().chain(&self.backward).filter_map(unstored).collect()
    }
}

fn pass<'a>(program: &Program, mut ops: &'a [Op], fusion: Fusion) -> Vec<(usize, Step<'a>)> {
    let mut steps = Vec::new();
    while let Some(first) = ops.first() {
        let (count, step) = step(program, ops, fusion).unwrap_or((1, Step::One(first)));
        steps.push((count, step));
        ops = &ops[count..];
    }
    steps
}

/// The first operations as one step, the longest that there is, and how many they are.
fn step<'a>(program: &Program, ops: &'a [Op], fusion: Fusion) -> Option<(usize, Step<'a>)> {
    if fusion == Fusion::Off {
        return None;
    }
    match ops {
        [Op::RmsNorm(norm), Op::Linear(linear), rest @ ..] if linear.x == norm.out => {
            let then = activation(program, linear, rest);
            Some((2 + usize::from(then.is_some()), Step::Linear { norm: Some(norm), linear, then }))
        }
        [Op::RmsNorm(norm), Op::HeadLoss(head), ..] if head.x == norm.out => Some((2, Step::Head { norm, head })),
        [Op::Linear(linear), Op::Add(add), ..]
            if (add.a == linear.out) != (add.b == linear.out) && readers(program, linear.out) == 1 =>
        {
            Some((2, Step::Linear { norm: None, linear, then: Some(Then::Add(add)) }))
        }
        [Op::LinearGradWeight(weight), Op::LinearGradInput(input), rest @ ..]
            if fusion == Fusion::All && weight.dout == input.dout && input.dx != weight.x =>
        {
            let then = activation_grad(program, input, rest);
            Some((2 + usize::from(then.is_some()), Step::LinearGrad { weight: Some(weight), input, then }))
        }
        [Op::Rotary(rotary), Op::Attention(attention), ..]
            if fusion >= Fusion::Turned && turned(program, attention.qkv) == Some(rotary) =>
        {
            Some((2, Step::Attention { rotary, attention }))
        }
        [Op::AttentionGrad(grad), Op::Rotary(rotary), ..]
            if fusion >= Fusion::Turned && turned(program, grad.qkv).is_some() =>
        {
            Some((2, Step::AttentionGrad { rotary, grad }))
        }
        [Op::LinearGradInput(input), rest @ ..] => {
            let then = activation_grad(program, input, rest);
            Some((1 + usize::from(then.is_some()), Step::LinearGrad { weight: None, input, then }))
        }
        _ => None,
    }
}

fn activation<'a>(program: &Program, linear: &Linear, rest: &'a [Op]) -> Option<Then<'a>> {
    match rest.first()? {
        // The kernel takes columns by fours.
        Op::Gated(gated) if gated.x == linear.out && program.tensor(gated.out).columns.is_multiple_of(4) => {
            Some(Then::Gated(gated))
        }
        Op::Gelu(gelu) if gelu.x == linear.out => Some(Then::Gelu(gelu)),
        _ => None,
    }
}

fn activation_grad<'a>(program: &Program, input: &LinearGradInput, rest: &'a [Op]) -> Option<ThenGrad<'a>> {
    let then = match rest.first()? {
        Op::GatedGrad(gated) if gated.dout == input.dx && program.tensor(gated.dout).columns.is_multiple_of(4) => {
            ThenGrad::Gated(gated)
        }
        Op::GeluGrad(gelu) if gelu.dout == input.dx => ThenGrad::Gelu(gelu),
        _ => return None,
    };
    (!input.accumulate && readers(program, input.dx) == 1).then_some(then)
}

/// The rotation of these queries and keys, where attention can do it as it reads them and nothing else needs them turned: only the attention right after it
/// reads them, and its gradient, which is turned back right after.
fn turned(program: &Program, qkv: TensorId) -> Option<&Rotary> {
    let passes = [&program.forward, &program.backward];
    let pairs = || passes.into_iter().flat_map(|ops| ops.windows(2));
    let rotary = pairs().find_map(|pair| match pair {
        [Op::Rotary(rotary), Op::Attention(attention)] if rotary.x == qkv && attention.qkv == qkv => {
            let same = (rotary.heads, rotary.head_dim) == (attention.heads + attention.kv_heads, attention.head_dim);
            let head_dim = attention.head_dim as u32;
            let fits = Variant::turns(head_dim) && head_dim <= LargestHead::TILED;
            (same && fits && !rotary.inverse).then_some(rotary)
        }
        _ => None,
    })?;
    let turned_back = |pair: &[Op]| match pair {
        [Op::AttentionGrad(grad), Op::Rotary(back)] => {
            grad.qkv == qkv && *back == Rotary { x: grad.dqkv, inverse: true, ..rotary.clone() }
        }
        _ => false,
    };
    // The rotation, attention, and the gradients that are turned back.
    let known = 2 + pairs().filter(|pair| turned_back(pair)).count();
    (readers(program, qkv) == known).then_some(rotary)
}

/// How many operations read a tensor.
fn readers(program: &Program, tensor: TensorId) -> usize {
    program.forward.iter().chain(&program.backward).filter(|op| op.reads().contains(&tensor)).count()
}
