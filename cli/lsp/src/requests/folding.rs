use gen_lsp_types as lsp;
use synx_compiler::ide::{FoldKind, folds};

use crate::state::{Refused, State};

pub(super) fn folding(
    state: &mut State,
    params: lsp::FoldingRangeParams,
) -> Result<Option<Vec<lsp::FoldingRange>>, Refused> {
    let document = state.document(&params.text_document.uri)?;
    let line = |offset| document.lines.position(document.text(), offset, state.client.encoding).line;
    let mut found: Vec<lsp::FoldingRange> = Vec::new();
    for fold in folds(&document.parse) {
        let start = line(fold.range.start);
        let text = &document.text()[fold.range.clone()];
        // A closing bracket in a line of its own stays in sight.
        let closes = text.trim_end().rsplit('\n').next().is_some_and(|last| last.trim().len() == 1);
        let end = line(fold.range.start + text.trim_end().len());
        let end = if fold.kind == FoldKind::Region && closes { end.saturating_sub(1) } else { end };
        if end > start && found.last().is_none_or(|last| (last.start_line, last.end_line) != (start, end)) {
            found.push(lsp::FoldingRange {
                start_line: start,
                end_line: end,
                kind: match fold.kind {
                    FoldKind::Region => None,
                    FoldKind::Comment => Some(lsp::FoldingRangeKind::Comment),
                    FoldKind::Imports => Some(lsp::FoldingRangeKind::Imports),
                },
                ..Default::default()
            });
        }
    }
    Ok(Some(found))
}
