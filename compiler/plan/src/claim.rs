//! Claims: what a study says about its results, to be decided by them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::expression::Expression;
use crate::problem::Origin;

/// A statement that holds, fails or stays undecided once everything has run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    pub name: String,
    /// The documentation comment: the claim in words.
    pub documentation: Option<String>,
    /// A truth value over the plan's answers.
    pub condition: Expression,
    pub origin: Option<Origin>,
}
