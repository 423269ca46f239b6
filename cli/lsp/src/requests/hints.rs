use gen_lsp_types as lsp;

use super::markdown;
use crate::state::{Refused, State};

pub(super) fn hints(state: &mut State, params: lsp::InlayHintParams) -> Result<Option<Vec<lsp::InlayHint>>, Refused> {
    let uri = &params.text_document.uri;
    let analysis = state.analysis(uri)?;
    let (document, encoding) = (state.document(uri)?, state.client.encoding);
    let bytes = document.lines.bytes(document.text(), params.range, encoding);
    let hint = |hint: synx_compiler::ide::Hint| lsp::InlayHint {
        position: document.lines.position(document.text(), hint.offset, encoding),
        label: hint.text.into(),
        kind: None,
        text_edits: None,
        tooltip: (!hint.tooltip.is_empty()).then(|| markdown(hint.tooltip).into()),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    };
    Ok(Some(analysis.hints(bytes).into_iter().map(hint).collect()))
}
