//! What the client can do, and what the server offers.

use gen_lsp_types as lsp;
use serde_json::Value;

use crate::position::Encoding;

/// What of the client matters here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    pub encoding: Encoding,
    /// Whether completions may say where the cursor goes.
    pub snippets: bool,
    /// Whether the server may ask to be told of changed files.
    pub watches: bool,
    /// Whether definitions may be links with the whole declaration.
    pub links: bool,
}

impl Client {
    pub(crate) fn of(params: &Value) -> Client {
        let is = |path: &str| params.pointer(&format!("/capabilities/{path}")) == Some(&Value::Bool(true));
        let encodings = params.pointer("/capabilities/general/positionEncodings").and_then(Value::as_array);
        let utf8 = encodings.is_some_and(|encodings| encodings.iter().any(|encoding| encoding == "utf-8"));
        Client {
            encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            snippets: is("textDocument/completion/completionItem/snippetSupport"),
            watches: is("workspace/didChangeWatchedFiles/dynamicRegistration"),
            links: is("textDocument/definition/linkSupport"),
        }
    }
}

/// The kinds of words that highlighting knows, in the order of their numbers.
pub(crate) const TOKEN_TYPES: [&str; 13] = [
    "keyword",
    "type",
    "function",
    "class",
    "parameter",
    "variable",
    "property",
    "enumMember",
    "number",
    "unit",
    "string",
    "comment",
    "operator",
];

/// What a word may be besides, in the order of their bits.
pub(crate) const TOKEN_MODIFIERS: [&str; 3] = ["declaration", "defaultLibrary", "documentation"];

/// What the server offers, in the encoding that was agreed on.
pub(crate) fn offered(client: Client) -> lsp::ServerCapabilities {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    lsp::ServerCapabilities {
        position_encoding: Some(match client.encoding {
            Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
            Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(
            lsp::TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(lsp::TextDocumentSyncKind::Incremental),
                ..Default::default()
            }
            .into(),
        ),
        completion_provider: Some(lsp::CompletionOptions {
            trigger_characters: Some(words(&[".", "(", "\"", " "])),
            ..Default::default()
        }),
        hover_provider: Some(true.into()),
        signature_help_provider: Some(lsp::SignatureHelpOptions {
            trigger_characters: Some(words(&["(", ","])),
            ..Default::default()
        }),
        definition_provider: Some(true.into()),
        references_provider: Some(true.into()),
        document_highlight_provider: Some(true.into()),
        document_symbol_provider: Some(true.into()),
        workspace_symbol_provider: Some(true.into()),
        code_action_provider: Some(
            lsp::CodeActionOptions {
                code_action_kinds: Some(vec![
                    lsp::CodeActionKind::QuickFix,
                    lsp::CodeActionKind::RefactorRewrite,
                    lsp::CodeActionKind::RefactorExtract,
                ]),
                ..Default::default()
            }
            .into(),
        ),
        code_lens_provider: Some(lsp::CodeLensOptions::default()),
        document_link_provider: Some(lsp::DocumentLinkOptions::default()),
        document_formatting_provider: Some(true.into()),
        rename_provider: Some(lsp::RenameOptions { prepare_provider: Some(true), ..Default::default() }.into()),
        folding_range_provider: Some(true.into()),
        selection_range_provider: Some(true.into()),
        inlay_hint_provider: Some(true.into()),
        semantic_tokens_provider: Some(
            lsp::SemanticTokensOptions {
                legend: lsp::SemanticTokensLegend {
                    token_types: words(&TOKEN_TYPES),
                    token_modifiers: words(&TOKEN_MODIFIERS),
                },
                range: Some(true.into()),
                full: Some(true.into()),
                ..Default::default()
            }
            .into(),
        ),
        ..Default::default()
    }
}
