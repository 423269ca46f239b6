//! Telling the client what the checks found.

use std::collections::BTreeMap;

use gen_lsp_types as lsp;
use lsp_server::{Connection, Message, Notification};

use crate::diagnostics::{diagnostic, shown_at};
use crate::state::{Refused, State};

/// What the client was last told about each file.
#[derive(Default)]
pub(crate) struct Published {
    /// By URI: the version of the text, and the findings.
    files: BTreeMap<String, (Option<i32>, Vec<lsp::Diagnostic>)>,
}

/// Checks every open text whose check is not at hand, and tells the client what is new. Where somebody types in the meantime, nothing
/// is told: the next text is about to be checked.
pub(crate) fn publish(state: &mut State, connection: &Connection) -> Result<(), Refused> {
    let mut files: BTreeMap<String, (lsp::Uri, Option<i32>, Vec<lsp::Diagnostic>)> = BTreeMap::new();
    for path in state.open_paths() {
        if let (Some(uri), Some(document)) = (state.uris.get(&path), state.documents.get(&path)) {
            files.insert(uri.to_string(), (uri.clone(), Some(document.version), Vec::new()));
        }
    }
    for path in state.open_paths() {
        let analysis = state.analysis_at(&path)?;
        for finding in analysis.diagnostics() {
            let (file, _) = shown_at(&analysis, finding);
            let Some(text) = analysis.sources().get(file).map(|file| file.text.clone()) else { continue };
            let Some(uri) = state.uri(file, &text) else { continue };
            let Some(shown) = diagnostic(state, &analysis, finding) else { continue };
            let (_, _, findings) = files.entry(uri.to_string()).or_insert_with(|| (uri, None, Vec::new()));
            // What several studies find in a file that they import is one finding.
            if !findings.contains(&shown) {
                findings.push(shown);
            }
        }
    }
    let gone: Vec<String> = state.published.files.keys().filter(|uri| !files.contains_key(*uri)).cloned().collect();
    for uri in gone {
        state.published.files.remove(&uri);
        if let Ok(uri) = lsp::Uri::parse(&uri) {
            send(connection, lsp::PublishDiagnosticsParams { uri, version: None, diagnostics: Vec::new() });
        }
    }
    for (name, (uri, version, diagnostics)) in files {
        let now = (version, diagnostics);
        if state.published.files.get(&name) != Some(&now) {
            let (version, diagnostics) = now.clone();
            state.published.files.insert(name, now);
            send(connection, lsp::PublishDiagnosticsParams { uri, version, diagnostics });
        }
    }
    Ok(())
}

fn send(connection: &Connection, params: lsp::PublishDiagnosticsParams) {
    let notification = Notification::new("textDocument/publishDiagnostics".to_owned(), params);
    // A client that has gone away needs no findings.
    let _ = connection.sender.send(Message::Notification(notification));
}
