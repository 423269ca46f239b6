use gen_lsp_types as lsp;

use crate::state::{Refused, State};

/// The text in the one style, as an edit of what differs.
pub(super) fn formatting(
    state: &mut State,
    params: lsp::DocumentFormattingParams,
) -> Result<Option<Vec<lsp::TextEdit>>, Refused> {
    let document = state.document(&params.text_document.uri)?;
    let (old, new) = (document.text(), synx_compiler::format(&document.parse));
    if new == old {
        return Ok(None);
    }
    // The cursor stays where nothing changes: only the lines between the first and the last that differ are replaced.
    let same = |a: &mut dyn Iterator<Item = &str>, b: &mut dyn Iterator<Item = &str>| -> usize {
        a.zip(b).take_while(|(a, b)| a == b).map(|(line, _)| line.len()).sum()
    };
    let start = same(&mut old.split_inclusive('\n'), &mut new.split_inclusive('\n'));
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = same(&mut old_rest.split_inclusive('\n').rev(), &mut new_rest.split_inclusive('\n').rev());
    let range = document.lines.range(old, &(start..old.len() - end), state.client.encoding);
    Ok(Some(vec![lsp::TextEdit { range, new_text: new_rest[..new_rest.len() - end].to_owned() }]))
}
