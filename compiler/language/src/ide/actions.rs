//! What can be changed at a place: cures of findings, and turns that leave the meaning as it is.

mod extract;
mod shares;
mod silence;

use std::ops::Range;

use synx_grammar::Node;

use super::analysis::{Analysis, ancestors};
use crate::diagnostic::{Diagnostic, Edit};

/// What sort of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// Cures a finding.
    Fix,
    /// Writes the same in another way.
    Rewrite,
    /// Gives a part a declaration of its own.
    Extract,
}

/// A change that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub title: String,
    pub kind: ActionKind,
    /// The number of the finding that it cures, among [`Analysis::diagnostics`].
    pub finding: Option<usize>,
    pub edits: Vec<Edit>,
}

impl Analysis {
    /// What can be changed within `range` of the study's own text.
    pub fn actions(&self, range: Range<usize>) -> Vec<Action> {
        let mut actions = Vec::new();
        for (number, finding) in self.diagnostics().iter().enumerate() {
            if self.touches(finding, &range) {
                let fixes = finding.fixes.iter().map(|fix| Action {
                    title: capital(&fix.title),
                    kind: ActionKind::Fix,
                    finding: Some(number),
                    edits: fix.edits.clone(),
                });
                actions.extend(fixes);
                actions.extend(self.silence(number, finding));
            }
        }
        let Some(leaf) = self.leaf_at(range.start) else { return actions };
        actions.extend(ancestors(leaf).find_map(|node| self.complete_with_rest(node)));
        actions.extend(ancestors(leaf).find_map(|node| self.list_to_axis(node)));
        actions.extend(ancestors(leaf).find_map(|node| self.extract_model(node)));
        let fixed: Vec<Vec<Edit>> =
            actions.iter().filter(|action| action.finding.is_some()).map(|action| action.edits.clone()).collect();
        // What cures a finding is not offered again as a turn.
        actions.retain(|action| action.finding.is_some() || !fixed.contains(&action.edits));
        actions
    }

    /// Whether one of a finding's places touches a range.
    fn touches(&self, finding: &Diagnostic, range: &Range<usize>) -> bool {
        finding
            .labels
            .iter()
            .take(1)
            .any(|label| label.file == self.path() && label.range.start <= range.end && range.start <= label.range.end)
    }

    fn edit(&self, range: Range<usize>, text: impl Into<String>) -> Edit {
        Edit { file: self.path().to_owned(), range, text: text.into() }
    }

    /// The white space that the line of a node begins with.
    fn indent(&self, node: Node<'_>) -> &str {
        let before = &self.source()[..node.range().start];
        let line = before.rsplit('\n').next().unwrap_or_default();
        &line[..line.len() - line.trim_start().len()]
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
