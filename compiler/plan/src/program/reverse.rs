//! The backward pass: each forward operation's reverse rule, last operation first.

use super::op::HeadGradient;
use super::{Op, Role, Rows, Tensor, TensorId};

/// The backward pass while it is made. A reverse rule asks for the gradients of its outputs and for places to write those of its inputs.
///
/// The gradients of several tensors may share one place (a residual sum's do); a place that is shared is never added to:
/// the sum then gets a place of its own.
#[derive(Debug)]
pub struct Reverse<'a> {
    tensors: &'a mut Vec<Tensor>,
    /// The gradient of each tensor so far.
    gradients: Vec<Option<TensorId>>,
    ops: Vec<Op>,
    head: Option<HeadGradient>,
    /// A part of the gradient of a tensor that waits to be added: (tensor, part so far).
    unsettled: Option<(TensorId, TensorId)>,
    kept: Option<TensorId>,
}

/// What reversing a forward pass gives.
pub(super) struct Reversed {
    pub backward: Vec<Op>,
    pub head: HeadGradient,
    pub gradients: Vec<Option<TensorId>>,
}

pub(super) fn reverse(tensors: &mut Vec<Tensor>, forward: &[Op]) -> Reversed {
    let gradients = vec![None; tensors.len()];
    let mut to = Reverse { tensors, gradients, ops: Vec::new(), head: None, unsettled: None, kept: None };
    for op in forward.iter().rev() {
        op.reverse(&mut to);
        debug_assert!(to.unsettled.is_none(), "{} left a gradient unsettled", op.name());
        // Nothing before this operation reads what it wrote: the output's claim on its gradient ends here.
        for written in op.writes() {
            if to.kept != Some(written) && to.tensors[written.0].role == Role::Activation {
                to.gradients[written.0] = None;
            }
        }
        to.kept = None;
    }
    let Reverse { gradients, ops, head, .. } = to;
    Reversed { backward: ops, head: head.expect("a program's forward pass ends with its loss"), gradients }
}

impl Reverse<'_> {
    pub fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// The gradient of an operation's output, complete by now.
    pub fn gradient(&self, output: TensorId) -> TensorId {
        self.gradients[output.0].expect("every activation of a program leads to its loss")
    }

    /// Where to write the gradient of an input that has this one use.
    pub fn fresh_gradient(&mut self, input: TensorId) -> TensorId {
        let gradient = self.new_place(input);
        self.gradients[input.0] = Some(gradient);
        gradient
    }

    /// Where to write the gradient of an input that may have other uses, and whether to add to what is there. Call `settle` after pushing the operation.
    pub fn input_gradient(&mut self, input: TensorId) -> (TensorId, bool) {
        match self.gradients[input.0] {
            None => (self.fresh_gradient(input), false),
            Some(there) if self.shared(there) => {
                let part = self.new_place(input);
                self.unsettled = Some((input, part));
                (part, false)
            }
            Some(there) => (there, true),
        }
    }

    /// Adds what `input_gradient` had to write beside a shared place.
    pub fn settle(&mut self, input: TensorId) {
        if let Some((tensor, part)) = self.unsettled.take() {
            debug_assert_eq!(tensor, input);
            self.sum(input, part);
        }
    }

    /// Where to write the gradient of a parameter, and whether to add to what is there (a second use).
    pub fn parameter_gradient(&mut self, parameter: TensorId) -> (TensorId, bool) {
        if let Some(there) = self.gradients[parameter.0] {
            return (there, true);
        }
        let Tensor { name, rows, columns, .. } = self.tensors[parameter.0].clone();
        let gradient = self.add(Tensor { name: format!("d.{name}"), rows, columns, role: Role::Gradient });
        self.gradients[parameter.0] = Some(gradient);
        (gradient, false)
    }

    /// Lets the gradient of `input` be `gradient`, without a copy where it has none yet.
    pub fn share(&mut self, input: TensorId, gradient: TensorId) {
        if self.gradients[input.0].is_none() {
            self.gradients[input.0] = Some(gradient);
        } else {
            self.sum(input, gradient);
        }
    }

    /// Says that an operation worked in place on `tensor`: its gradient goes on to the operation before.
    pub fn keep(&mut self, tensor: TensorId) {
        self.kept = Some(tensor);
    }

    pub fn head_gradient(&mut self, gradient: HeadGradient) {
        self.head = Some(gradient);
    }

    fn sum(&mut self, input: TensorId, part: TensorId) {
        let there = self.gradient(input);
        let out = self.new_place(input);
        self.push(Op::Add(super::op::Add { a: there, b: part, out }));
        self.gradients[input.0] = Some(out);
    }

    /// Whether more than one tensor's gradient stands at this place.
    fn shared(&self, place: TensorId) -> bool {
        self.gradients.iter().filter(|g| **g == Some(place)).count() > 1
    }

    fn new_place(&mut self, of: TensorId) -> TensorId {
        let name = format!("d{}.{}", self.tensors.len(), self.tensors[of.0].name);
        let columns = self.tensors[of.0].columns;
        self.add(Tensor { name, rows: Rows::Tokens, columns, role: Role::Activation })
    }

    fn add(&mut self, tensor: Tensor) -> TensorId {
        self.tensors.push(tensor);
        self.gradients.push(None);
        TensorId(self.tensors.len() - 1)
    }
}
