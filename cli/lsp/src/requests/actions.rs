use gen_lsp_types as lsp;
use synx_compiler::ide::ActionKind;

use super::names::workspace_edit;
use crate::diagnostics::diagnostic;
use crate::state::{Refused, State};

pub(super) fn actions(
    state: &mut State,
    params: lsp::CodeActionParams,
) -> Result<Option<Vec<lsp::CodeActionResponse>>, Refused> {
    let uri = &params.text_document.uri;
    let analysis = state.analysis(uri)?;
    let document = state.document(uri)?;
    let bytes = document.lines.bytes(document.text(), params.range, state.client.encoding);
    let mut found: Vec<lsp::CodeActionResponse> = Vec::new();
    for action in analysis.actions(bytes) {
        let kind = match action.kind {
            ActionKind::Fix => lsp::CodeActionKind::QuickFix,
            ActionKind::Rewrite => lsp::CodeActionKind::RefactorRewrite,
            ActionKind::Extract => lsp::CodeActionKind::RefactorExtract,
        };
        // A client may ask for `refactor` and mean all of its kinds.
        let name = String::from(kind.clone());
        let asked = |only: &lsp::CodeActionKind| {
            let only = String::from(only.clone());
            name == only || name.starts_with(&format!("{only}."))
        };
        if params.context.only.as_ref().is_some_and(|only| !only.iter().any(asked)) {
            continue;
        }
        let finding = action.finding.and_then(|number| analysis.diagnostics().get(number));
        let cured = finding.and_then(|finding| diagnostic(state, &analysis, finding));
        let edit = workspace_edit(state, std::iter::once(&*analysis), &action.edits)?;
        found.push(
            lsp::CodeAction {
                title: action.title,
                kind: Some(kind),
                is_preferred: cured.is_some().then_some(true).filter(|_| found.is_empty()),
                diagnostics: cured.map(|cured| vec![cured]),
                edit: Some(edit),
                ..Default::default()
            }
            .into(),
        );
    }
    Ok(Some(found))
}
