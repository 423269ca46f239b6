use gen_lsp_types as lsp;
use synx_compiler::ide::CompletionKind;

use super::{at, markdown};
use crate::place::{folder_of, path_of};
use crate::state::{Refused, State};

pub(super) fn completion(
    state: &mut State,
    params: lsp::CompletionParams,
) -> Result<Option<lsp::CompletionResponse>, Refused> {
    let (analysis, offset) = at(state, &params.text_document_position_params)?;
    let uri = &params.text_document_position_params.text_document.uri;
    let document = state.document(uri)?;
    let own = path_of(uri);
    let folder = folder_of(&own);
    let files = || {
        let there = crate::workspace::studies(std::slice::from_ref(&folder));
        let others = there.iter().filter(|path| **path != own).filter_map(|path| path.strip_prefix(&folder).ok());
        others.map(crate::place::compiler_path).collect()
    };
    let found = analysis.completion(offset, &files);
    let range = document.lines.range(document.text(), &found.replace, state.client.encoding);
    let items = found.items.into_iter().map(|item| {
        let snippet = state.client.snippets && item.insert.contains("$0");
        let new_text = if snippet { item.insert } else { item.insert.replace("$0", "") };
        lsp::CompletionItem {
            kind: Some(kind(item.kind)),
            detail: (!item.detail.is_empty()).then_some(item.detail),
            documentation: (!item.documentation.is_empty()).then(|| markdown(item.documentation).into()),
            sort_text: Some(format!("{}{}", item.rank, item.label)),
            insert_text_format: snippet.then_some(lsp::InsertTextFormat::Snippet),
            text_edit: Some(lsp::TextEdit { range, new_text }.into()),
            label: item.label,
            ..Default::default()
        }
    });
    Ok(Some(items.collect::<Vec<lsp::CompletionItem>>().into()))
}

fn kind(kind: CompletionKind) -> lsp::CompletionItemKind {
    use lsp::CompletionItemKind as K;
    match kind {
        CompletionKind::Keyword => K::Keyword,
        CompletionKind::Declaration => K::Class,
        CompletionKind::Function => K::Function,
        CompletionKind::Field => K::Field,
        CompletionKind::Variable => K::Variable,
        CompletionKind::Column | CompletionKind::Argument => K::Property,
        CompletionKind::Word => K::EnumMember,
        CompletionKind::Unit => K::Unit,
        CompletionKind::File => K::File,
        CompletionKind::Lint => K::Constant,
    }
}
