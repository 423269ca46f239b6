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

/// What becomes of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Fails,
    /// The draws do not tell, or nothing was drawn.
    Undecided,
}

impl Verdict {
    /// The word in `claims.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Fails => "fails",
            Verdict::Undecided => "undecided",
        }
    }
}
