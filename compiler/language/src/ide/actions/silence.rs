//! A lint that is meant so.

use synx_grammar::SyntaxKind;
use synx_grammar::view::{Item, ItemKind};

use super::{Action, ActionKind};
use crate::diagnostic::Diagnostic;
use crate::ide::analysis::{Analysis, ancestors};

/// What stands for the reason until the author writes it.
const REASON: &str = "say why";

impl Analysis {
    /// Writes `allow CODE because "…"` into the block of the declaration that a lint is about, else into the study's.
    pub(super) fn silence(&self, number: usize, finding: &Diagnostic) -> Option<Action> {
        if finding.is_error() {
            return None;
        }
        let label = finding.labels.first().filter(|label| label.file == self.path())?;
        let allow = format!("allow {} because \"{REASON}\"", finding.code);
        let around = self.leaf_at(label.range.start).and_then(|leaf| ancestors(leaf).find_map(Item::cast));
        let study = self.parse.file().items().find(|item| item.kind() == Some(ItemKind::Study));
        let mut blocks = [around, study].into_iter().flatten();
        let open = blocks.find_map(|item| item.node().child(SyntaxKind::Block)?.child(SyntaxKind::LeftBrace));
        let edit = if let Some(open) = open {
            let end = open.range().end;
            let rest = &self.source()[end..];
            let line = rest.lines().next().unwrap_or_default();
            let text = if line.trim().is_empty() || line.trim_start().starts_with("//") {
                format!("\n{}    {allow}", self.indent(open))
            } else if line.trim_start().starts_with('}') {
                format!(" {allow} ")
            } else {
                format!(" {allow};")
            };
            // A comment behind the brace stays in its line.
            let at = end
                + if line.trim().is_empty() {
                    0
                } else if text.starts_with('\n') {
                    line.len()
                } else {
                    0
                };
            self.edit(at..at, text)
        } else {
            let edition = self.parse.file().edition()?.range().end;
            let name = self.plan.as_ref().map_or("study", |plan| plan.study.name.as_str());
            let name = if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') { name } else { "study" };
            let line = self.source()[edition..].lines().next().unwrap_or_default().len();
            self.edit(edition + line..edition + line, format!("\n\nstudy {name} {{\n    {allow}\n}}"))
        };
        Some(Action {
            title: format!("Allow {} here, with a reason", finding.code),
            kind: ActionKind::Fix,
            finding: Some(number),
            edits: vec![edit],
        })
    }
}
