use gen_lsp_types as lsp;

use super::{at, markdown};
use crate::state::{Refused, State};

pub(super) fn hover(state: &mut State, params: lsp::HoverParams) -> Result<Option<lsp::Hover>, Refused> {
    let (analysis, offset) = at(state, &params.text_document_position_params)?;
    let document = state.document(&params.text_document_position_params.text_document.uri)?;
    Ok(analysis.hover(offset).map(|hover| lsp::Hover {
        contents: markdown(hover.text).into(),
        range: Some(document.lines.range(document.text(), &hover.range, state.client.encoding)),
    }))
}
