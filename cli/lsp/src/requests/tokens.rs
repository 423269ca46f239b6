use std::ops::Range;

use gen_lsp_types as lsp;
use synx_compiler::ide::{Token, TokenKind};

use crate::position::Encoding;
use crate::state::{Refused, State};

pub(super) fn full(
    state: &mut State,
    params: lsp::SemanticTokensParams,
) -> Result<Option<lsp::SemanticTokens>, Refused> {
    let end = state.document(&params.text_document.uri)?.text().len();
    within(state, &params.text_document.uri, 0..end)
}

pub(super) fn range(
    state: &mut State,
    params: lsp::SemanticTokensRangeParams,
) -> Result<Option<lsp::SemanticTokens>, Refused> {
    let document = state.document(&params.text_document.uri)?;
    let bytes = document.lines.bytes(document.text(), params.range, state.client.encoding);
    within(state, &params.text_document.uri, bytes)
}

fn within(state: &mut State, uri: &lsp::Uri, bytes: Range<usize>) -> Result<Option<lsp::SemanticTokens>, Refused> {
    let analysis = state.analysis(uri)?;
    let encoding = state.client.encoding;
    let document = state.document(uri)?;
    let mut last = lsp::Position { line: 0, character: 0 };
    let mut data = Vec::new();
    for token in analysis.tokens(bytes) {
        let start = document.lines.position(document.text(), token.range.start, encoding);
        let text = &document.text()[token.range.clone()];
        let length = match encoding {
            Encoding::Utf8 => text.len(),
            Encoding::Utf16 => text.chars().map(char::len_utf16).sum(),
        };
        data.push(lsp::SemanticToken {
            delta_line: start.line - last.line,
            delta_start: if start.line == last.line { start.character - last.character } else { start.character },
            length: length as u32,
            token_type: kind(token.kind),
            token_modifiers_bitset: modifiers(&token),
        });
        last = start;
    }
    Ok(Some(lsp::SemanticTokens { result_id: None, data }))
}

/// The place of a kind in [`crate::capabilities::TOKEN_TYPES`].
fn kind(kind: TokenKind) -> u32 {
    match kind {
        TokenKind::Keyword => 0,
        TokenKind::Kind => 1,
        TokenKind::Function => 2,
        TokenKind::Declaration => 3,
        TokenKind::Parameter => 4,
        TokenKind::Variable => 5,
        TokenKind::Property => 6,
        TokenKind::Word => 7,
        TokenKind::Number => 8,
        TokenKind::Unit => 9,
        TokenKind::Text => 10,
        TokenKind::Comment => 11,
        TokenKind::Operator => 12,
    }
}

/// The bits of [`crate::capabilities::TOKEN_MODIFIERS`].
fn modifiers(token: &Token) -> u32 {
    u32::from(token.declaration) | u32::from(token.builtin) << 1 | u32::from(token.documentation) << 2
}
