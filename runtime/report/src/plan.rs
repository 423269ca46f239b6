//! `plan.json`: the plan with its cost and what is trained, in one document.

use schemars::JsonSchema;
use serde::Serialize;
use synx_plan::cost::Cost;
use synx_plan::study::Plan;
use synx_plan::training::Training;

/// What `plan.json` holds and `synx plan --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanDocument<'a> {
    /// Everything that the study says, with defaults filled in; its `version` is the form's.
    pub plan: &'a Plan,
    pub cost: &'a Cost,
    /// Segments, and the end of each cell that has a key.
    pub training: &'a Training,
}

/// The document of `plan` as JSON text.
pub fn plan_json(plan: &Plan, share: bool) -> String {
    let cost = Cost::new(plan, share);
    let training = Training::new(plan, share);
    let document = PlanDocument { plan, cost: &cost, training: &training };
    let mut text = serde_json::to_string_pretty(&document).expect("a plan is plain data that always serialises");
    text.push('\n');
    text
}
