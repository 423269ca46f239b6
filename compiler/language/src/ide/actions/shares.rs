//! Shares of a mixture.

use synx_grammar::Node;
use synx_grammar::view::Expression;
use synx_plan::exact::Exact;

use super::{Action, ActionKind};
use crate::ide::analysis::Analysis;
use crate::value::{Value, Weight};

impl Analysis {
    /// Writes `rest` for the last share of a sum that has none, where the others leave something.
    pub(super) fn complete_with_rest(&self, node: Node<'_>) -> Option<Action> {
        let expression = Expression::cast(node)?;
        let Some(Value::Shares(terms)) = self.seen(node)?.values.first() else { return None };
        let (last, others) = terms.split_last()?;
        if others.is_empty() || terms.iter().any(|term| matches!(term.weight, Weight::Rest(_) | Weight::Unscanned)) {
            return None;
        }
        let given = others.iter().fold(Exact::zero(), |sum, term| match &term.weight {
            Weight::Share(share) => sum.add(share),
            Weight::Rest(_) | Weight::Unscanned => sum,
        });
        let share = last.share.filter(|share| share.file == 0 && node.range().contains(&(share.start as usize)))?;
        if given >= Exact::one() || !matches!(expression, Expression::Binary(_)) {
            return None;
        }
        Some(Action {
            title: format!("Complete the shares with `rest * {}`", last.name),
            kind: ActionKind::Rewrite,
            finding: None,
            edits: vec![self.edit(share.range(), "rest")],
        })
    }
}
