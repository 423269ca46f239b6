use gen_lsp_types as lsp;

use crate::state::{Refused, State};

pub(super) fn selection(
    state: &mut State,
    params: lsp::SelectionRangeParams,
) -> Result<Option<Vec<lsp::SelectionRange>>, Refused> {
    let document = state.document(&params.text_document.uri)?;
    let (text, encoding) = (document.text(), state.client.encoding);
    let around = |position: lsp::Position| {
        let offset = document.lines.offset(text, position, encoding);
        let ranges = synx_compiler::ide::selection(&document.parse, offset);
        let empty = lsp::SelectionRange { range: lsp::Range { start: position, end: position }, parent: None };
        let mut around: Option<lsp::SelectionRange> = None;
        for range in ranges.iter().rev() {
            let range = document.lines.range(text, range, encoding);
            around = Some(lsp::SelectionRange { range, parent: around.map(Box::new) });
        }
        around.unwrap_or(empty)
    };
    Ok(Some(params.positions.into_iter().map(around).collect()))
}
