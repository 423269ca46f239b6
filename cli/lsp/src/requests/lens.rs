use gen_lsp_types as lsp;
use synx_compiler::ide::{LensKind, lenses as found};

use crate::state::{Refused, State};

pub(super) fn lenses(state: &mut State, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>, Refused> {
    let uri = &params.text_document.uri;
    let document = state.document(uri)?;
    let lens = |lens: synx_compiler::ide::Lens| {
        // The client's side carries these out: they need a terminal.
        let (title, command) = match lens.kind {
            LensKind::Plan => ("plan", "synx.plan"),
            LensKind::Run => ("run", "synx.run"),
        };
        lsp::CodeLens {
            range: document.lines.range(document.text(), &lens.range, state.client.encoding),
            command: Some(lsp::Command {
                title: title.to_owned(),
                tooltip: None,
                command: command.to_owned(),
                arguments: Some(vec![serde_json::Value::String(uri.to_string())]),
            }),
            data: None,
        }
    };
    Ok(Some(found(&document.parse).into_iter().map(lens).collect()))
}
