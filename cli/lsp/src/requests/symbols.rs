use gen_lsp_types as lsp;
use synx_compiler::ide::{Symbol, SymbolKind, symbols};
use synx_grammar::view::ItemKind;

use crate::position::{Encoding, Lines};
use crate::state::{Refused, State};

/// How many symbols of a workspace are listed. Arbitrary: nobody reads more.
const MAX_SYMBOLS: usize = 500;

pub(super) fn document(
    state: &mut State,
    params: lsp::DocumentSymbolParams,
) -> Result<Option<lsp::DocumentSymbolResponse>, Refused> {
    let document = state.document(&params.text_document.uri)?;
    let (text, lines, encoding) = (document.text(), &document.lines, state.client.encoding);
    let outline = symbols(&document.parse);
    let outline: Vec<lsp::DocumentSymbol> = outline.iter().map(|it| symbol(it, text, lines, encoding)).collect();
    Ok(Some(outline.into()))
}

fn symbol(it: &Symbol, text: &str, lines: &Lines, encoding: Encoding) -> lsp::DocumentSymbol {
    let children: Vec<_> = it.children.iter().map(|child| symbol(child, text, lines, encoding)).collect();
    let detail = match it.kind {
        SymbolKind::Item(kind) => Some(kind.word().to_owned()),
        _ => None,
    };
    let (range, name) = (lines.range(text, &it.range, encoding), lines.range(text, &it.name_range, encoding));
    let children = (!children.is_empty()).then_some(children);
    lsp::DocumentSymbol::new(it.name.clone(), detail, kind(it.kind), None, None, range, name, children)
}

pub(super) fn workspace(
    state: &mut State,
    params: lsp::WorkspaceSymbolParams,
) -> Result<Option<lsp::WorkspaceSymbolResponse>, Refused> {
    let wanted = params.query.to_lowercase();
    let mut paths = state.studies();
    paths.extend(state.open_paths());
    paths.sort();
    paths.dedup();
    let mut found: Vec<lsp::WorkspaceSymbol> = Vec::new();
    for path in paths {
        let Some(text) = state.text(&path) else { continue };
        if !text.to_lowercase().contains(&wanted) {
            continue;
        }
        let Some(uri) = state.uri(&crate::place::compiler_path(&path), &text) else { continue };
        let lines = Lines::new(&text);
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
        for it in symbols(&synx_grammar::parse(&text)) {
            if !it.name.to_lowercase().contains(&wanted) || found.len() >= MAX_SYMBOLS {
                continue;
            }
            let range = lines.range(&text, &it.name_range, state.client.encoding);
            found.push(lsp::WorkspaceSymbol {
                location: lsp::Location { uri: uri.clone(), range }.into(),
                data: None,
                base_symbol_information: lsp::BaseSymbolInformation {
                    name: it.name,
                    kind: kind(it.kind),
                    tags: None,
                    container_name: file.clone(),
                },
            });
        }
    }
    Ok(Some(found.into()))
}

fn kind(kind: SymbolKind) -> lsp::SymbolKind {
    use lsp::SymbolKind as K;
    match kind {
        SymbolKind::Item(ItemKind::Study) => K::Module,
        SymbolKind::Item(ItemKind::Grid | ItemKind::Table | ItemKind::Observations) => K::Array,
        SymbolKind::Item(ItemKind::Law | ItemKind::Claim) => K::Function,
        SymbolKind::Item(ItemKind::Let | ItemKind::Param) => K::Constant,
        SymbolKind::Item(_) => K::Class,
        SymbolKind::Parameter | SymbolKind::Axis | SymbolKind::Let | SymbolKind::Free => K::Variable,
        SymbolKind::Field => K::Property,
    }
}
