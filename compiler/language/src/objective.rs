//! What a run is trained for besides the next token of all text.

use std::rc::Rc;

use synx_plan::grid::{Mask, Objective, Reward};
use synx_plan::unit::Unit;

use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::Value;

/// Most answers to one prompt.
const MAX_ROLLOUTS: u64 = 1024;

impl Compiler<'_> {
    /// `supervised(mask = prompt)`.
    pub(crate) fn supervised(&mut self, arguments: &Arguments) -> Value {
        let mask = match arguments.required("mask").0 {
            Value::Text(word) if &*word == "none" => Mask::None,
            _ => Mask::Prompt,
        };
        Value::Objective(Rc::new(Objective::Supervised { mask }))
    }

    /// `grpo(reward = exact_answer, rollouts = 8)`.
    pub(crate) fn grpo(&mut self, arguments: &Arguments) -> Value {
        let reward = match arguments.required("reward").0 {
            Value::Text(word) if &*word == "numeric_answer" => Reward::NumericAnswer,
            _ => Reward::ExactAnswer,
        };
        let (rollouts, at) = arguments.required("rollouts");
        match self.whole(&rollouts, at, Unit::PLAIN, "`rollouts`", (2, MAX_ROLLOUTS)) {
            Some(rollouts) => Value::Objective(Rc::new(Objective::Grpo { reward, rollouts })),
            None => Value::Error,
        }
    }
}
