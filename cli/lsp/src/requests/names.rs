//! Names: where they are declared, where they stand, and other ones for them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gen_lsp_types as lsp;
use synx_compiler::Edit;
use synx_compiler::ide::{Analysis, FileRange};

use super::at;
use crate::hosts::normal;
use crate::place::{compiler_path, folder_of, path_of};
use crate::position::Lines;
use crate::state::{Refused, State};

pub(super) fn definition(
    state: &mut State,
    params: lsp::DefinitionParams,
) -> Result<Option<lsp::DefinitionResponse>, Refused> {
    let position = &params.text_document_position_params;
    let (analysis, offset) = at(state, position)?;
    let Some(found) = analysis.definition(offset) else { return Ok(None) };
    let Some(name) = state.location(&analysis, &found.name.file, &found.name.range) else { return Ok(None) };
    if !state.client.links {
        return Ok(Some(lsp::Definition::from(name).into()));
    }
    let Some(whole) = state.location(&analysis, &found.whole.file, &found.whole.range) else { return Ok(None) };
    let document = state.document(&position.text_document.uri)?;
    let link = lsp::LocationLink {
        origin_selection_range: Some(document.lines.range(document.text(), &found.from, state.client.encoding)),
        target_uri: name.uri,
        target_range: whole.range,
        target_selection_range: name.range,
    };
    Ok(Some(vec![link].into()))
}

pub(super) fn references(
    state: &mut State,
    params: lsp::ReferenceParams,
) -> Result<Option<Vec<lsp::Location>>, Refused> {
    let (analysis, offset) = at(state, &params.text_document_position_params)?;
    let Some(declaration) = analysis.declaration(offset) else { return Ok(None) };
    let own = path_of(&params.text_document_position_params.text_document.uri);
    let mut found: BTreeMap<(String, usize), lsp::Location> = BTreeMap::new();
    for (_, analysis) in naming(state, &own, &analysis, &declaration)? {
        for reference in analysis.references(&declaration) {
            if reference.declaration && !params.context.include_declaration {
                continue;
            }
            let place = reference.place;
            if let Some(location) = state.location(&analysis, &place.file, &place.range) {
                found.insert((place.file, place.range.start), location);
            }
        }
    }
    Ok(Some(found.into_values().collect()))
}

pub(super) fn highlights(
    state: &mut State,
    params: lsp::DocumentHighlightParams,
) -> Result<Option<Vec<lsp::DocumentHighlight>>, Refused> {
    let (analysis, offset) = at(state, &params.text_document_position_params)?;
    let Some(declaration) = analysis.declaration(offset) else { return Ok(None) };
    let document = state.document(&params.text_document_position_params.text_document.uri)?;
    let own = analysis.references(&declaration).into_iter().filter(|there| there.place.file == analysis.path());
    let highlight = |reference: synx_compiler::ide::Reference| lsp::DocumentHighlight {
        range: document.lines.range(document.text(), &reference.place.range, state.client.encoding),
        kind: Some(if reference.declaration {
            lsp::DocumentHighlightKind::Write
        } else {
            lsp::DocumentHighlightKind::Read
        }),
    };
    Ok(Some(own.map(highlight).collect()))
}

pub(super) fn prepare_rename(
    state: &mut State,
    params: lsp::PrepareRenameParams,
) -> Result<Option<lsp::PrepareRenameResult>, Refused> {
    let (analysis, offset) = at(state, &params.text_document_position_params)?;
    let range = analysis.renamable(offset).map_err(Refused::Failed)?;
    let document = state.document(&params.text_document_position_params.text_document.uri)?;
    Ok(Some(document.lines.range(document.text(), &range, state.client.encoding).into()))
}

pub(super) fn rename(state: &mut State, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>, Refused> {
    let position = &params.text_document_position_params;
    let (analysis, offset) = at(state, position)?;
    analysis.renamable(offset).map_err(Refused::Failed)?;
    let Some(declaration) = analysis.declaration(offset) else {
        return Err(Refused::Failed("there is no name here".to_owned()));
    };
    let own = path_of(&position.text_document.uri);
    let studies = naming(state, &own, &analysis, &declaration)?;
    let mut edits: Vec<Edit> = Vec::new();
    for (_, analysis) in &studies {
        for edit in analysis.rename(&declaration, &params.new_name).map_err(Refused::Failed)? {
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    // Every study that is touched is checked with the edits: each name must mean what it meant.
    let mut after: BTreeMap<PathBuf, String> = BTreeMap::new();
    for file in edits.iter().map(|edit| edit.file.as_str()).collect::<std::collections::BTreeSet<_>>() {
        let text = studies.iter().find_map(|(_, analysis)| Some(analysis.sources().get(file)?.text.clone()));
        let fix = synx_compiler::Fix { title: String::new(), edits: edits.clone() };
        if let Some(text) = text {
            after.insert(normal(Path::new(file)), fix.apply(file, &text));
        }
    }
    for (path, before) in &studies {
        let text = after.get(path).cloned().unwrap_or_else(|| before.source().to_owned());
        let analysis = state.check(path, Rc::new(synx_grammar::parse(&text)), &after)?;
        before.keeps_meaning(&edits, &analysis).map_err(Refused::Failed)?;
    }
    workspace_edit(state, studies.iter().map(|(_, analysis)| &**analysis), &edits).map(Some)
}

/// The studies that may name a declaration: the one that was asked in, the declaration's own, and those of the workspace that import
/// its file. Each with its check.
fn naming(
    state: &mut State,
    own: &Path,
    analysis: &Rc<Analysis>,
    declaration: &FileRange,
) -> Result<Vec<(PathBuf, Rc<Analysis>)>, Refused> {
    let mut studies: Vec<(PathBuf, Rc<Analysis>)> = vec![(own.to_owned(), Rc::clone(analysis))];
    if analysis.is_local(declaration) {
        return Ok(studies);
    }
    let home = normal(Path::new(&declaration.file));
    let name = analysis.sources().get(&declaration.file).and_then(|file| file.text.get(declaration.range.clone()));
    let name = name.unwrap_or_default().to_owned();
    let mut paths =
        if state.folders.is_empty() { crate::workspace::studies(&[folder_of(own)]) } else { state.studies() };
    paths.extend(state.open_paths());
    paths.sort();
    paths.dedup();
    for path in paths.iter().filter(|path| **path != *own) {
        let Some(text) = state.text(path) else { continue };
        let mentions = text.contains(&name) && (*path == home || text.contains("import"));
        if !mentions {
            continue;
        }
        let analysis = if state.documents.contains_key(path) {
            state.analysis_at(path)?
        } else {
            Rc::new(state.check(path, Rc::new(synx_grammar::parse(&text)), &BTreeMap::new())?)
        };
        if analysis.sources().get(&declaration.file).is_some() || compiler_path(path) == declaration.file {
            studies.push((path.clone(), analysis));
        }
    }
    Ok(studies)
}

/// Edits of the files of some studies, as the client carries them out.
pub(super) fn workspace_edit<'a>(
    state: &mut State,
    studies: impl Iterator<Item = &'a Analysis> + Clone,
    edits: &[Edit],
) -> Result<lsp::WorkspaceEdit, Refused> {
    let mut changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = HashMap::new();
    for edit in edits {
        let text = studies.clone().find_map(|analysis| Some(analysis.sources().get(&edit.file)?.text.as_str()));
        let Some(text) = text else { continue };
        let Some(uri) = state.uri(&edit.file, text) else { continue };
        let range = Lines::new(text).range(text, &edit.range, state.client.encoding);
        changes.entry(uri).or_default().push(lsp::TextEdit { range, new_text: edit.text.clone() });
    }
    Ok(lsp::WorkspaceEdit { changes: Some(changes), ..Default::default() })
}
