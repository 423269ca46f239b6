//! Requests: what is asked, in the protocol's words, to the feature that knows, and back.

mod actions;
mod completion;
mod edits;
mod folding;
mod hints;
mod hover;
mod lens;
mod links;
mod names;
mod selection;
mod signature_help;
mod symbols;
mod tokens;

use gen_lsp_types as lsp;
use lsp::LspRequestMethod as Method;
use serde_json::Value;

use crate::state::{Refused, State};

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unanswered {
    UnknownMethod,
    /// They are not what the protocol says.
    WrongParameters(String),
    Refused(Refused),
}

/// The answer to a request.
pub(crate) fn answer(state: &mut State, request: lsp_server::Request) -> Result<Value, Unanswered> {
    let lsp_server::Request { method, params, .. } = request;
    match Method::from(method.as_str()) {
        Method::TextDocumentHover => with::<lsp::HoverRequest>(state, params, hover::hover),
        Method::TextDocumentCompletion => with::<lsp::CompletionRequest>(state, params, completion::completion),
        Method::TextDocumentSignatureHelp => {
            with::<lsp::SignatureHelpRequest>(state, params, signature_help::signature_help)
        }
        Method::TextDocumentDefinition => with::<lsp::DefinitionRequest>(state, params, names::definition),
        Method::TextDocumentReferences => with::<lsp::ReferencesRequest>(state, params, names::references),
        Method::TextDocumentDocumentHighlight => {
            with::<lsp::DocumentHighlightRequest>(state, params, names::highlights)
        }
        Method::TextDocumentPrepareRename => with::<lsp::PrepareRenameRequest>(state, params, names::prepare_rename),
        Method::TextDocumentRename => with::<lsp::RenameRequest>(state, params, names::rename),
        Method::TextDocumentDocumentSymbol => with::<lsp::DocumentSymbolRequest>(state, params, symbols::document),
        Method::WorkspaceSymbol => with::<lsp::WorkspaceSymbolRequest>(state, params, symbols::workspace),
        Method::TextDocumentFoldingRange => with::<lsp::FoldingRangeRequest>(state, params, folding::folding),
        Method::TextDocumentSelectionRange => with::<lsp::SelectionRangeRequest>(state, params, selection::selection),
        Method::TextDocumentSemanticTokensFull => with::<lsp::SemanticTokensRequest>(state, params, tokens::full),
        Method::TextDocumentSemanticTokensRange => {
            with::<lsp::SemanticTokensRangeRequest>(state, params, tokens::range)
        }
        Method::TextDocumentInlayHint => with::<lsp::InlayHintRequest>(state, params, hints::hints),
        Method::TextDocumentCodeAction => with::<lsp::CodeActionRequest>(state, params, actions::actions),
        Method::TextDocumentCodeLens => with::<lsp::CodeLensRequest>(state, params, lens::lenses),
        Method::TextDocumentDocumentLink => with::<lsp::DocumentLinkRequest>(state, params, links::links),
        Method::TextDocumentFormatting => with::<lsp::DocumentFormattingRequest>(state, params, edits::formatting),
        _ => Err(Unanswered::UnknownMethod),
    }
}

/// Reads a request's parameters, has it answered and writes the answer.
fn with<R: lsp::Request>(
    state: &mut State,
    params: Value,
    answer: impl FnOnce(&mut State, R::Params) -> Result<R::Result, Refused>,
) -> Result<Value, Unanswered> {
    let wrong = |error: serde_json::Error| Unanswered::WrongParameters(error.to_string());
    let params = serde_json::from_value(params).map_err(wrong)?;
    let answer = answer(state, params).map_err(Unanswered::Refused)?;
    serde_json::to_value(answer).map_err(wrong)
}

/// The check of the text that a request is about, and the byte that it is about.
fn at(
    state: &mut State,
    params: &lsp::TextDocumentPositionParams,
) -> Result<(std::rc::Rc<synx_compiler::ide::Analysis>, usize), Refused> {
    let uri = &params.text_document.uri;
    let encoding = state.client.encoding;
    let document = state.document(uri)?;
    let offset = document.lines.offset(document.text(), params.position, encoding);
    Ok((state.analysis(uri)?, offset))
}

/// Markdown for the client.
fn markdown(value: String) -> lsp::MarkupContent {
    lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value }
}
