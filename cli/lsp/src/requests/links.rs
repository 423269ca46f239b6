use gen_lsp_types as lsp;
use synx_compiler::ide::LinkTarget;

use crate::state::{Refused, State};

pub(super) fn links(
    state: &mut State,
    params: lsp::DocumentLinkParams,
) -> Result<Option<Vec<lsp::DocumentLink>>, Refused> {
    let uri = &params.text_document.uri;
    let analysis = state.analysis(uri)?;
    let mut found = Vec::new();
    for link in analysis.links() {
        let (target, tooltip) = match link.target {
            LinkTarget::File(file) => (state.uri(&file, ""), "Open the file".to_owned()),
            LinkTarget::Page(code) => (state.shelf.page(code), format!("Open the page of {code}")),
        };
        let document = state.document(uri)?;
        let range = document.lines.range(document.text(), &link.range, state.client.encoding);
        found.push(lsp::DocumentLink { range, target, tooltip: Some(tooltip), data: None });
    }
    Ok(Some(found))
}
