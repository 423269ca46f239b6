use gen_lsp_types as lsp;

use crate::state::{Refused, State};

pub(super) fn formatting(
    state: &mut State,
    params: lsp::DocumentFormattingParams,
) -> Result<Option<Vec<lsp::TextEdit>>, Refused> {
    let _ = (state, params);
    Ok(None)
}
