//! Several files: imports through open texts, names across files, definitions in the library.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Disk, Editor, short, uri, uri_of};

const COMMON: &str = "synx 1\ncorpus web = world(register = web, documents = 4k, heldout = 5%)\n";
const STUDY: &str = "synx 1\nfrom \"common.synx\" import web\nlet a = web\n";

fn disk() -> Disk {
    let disk = Disk::default();
    disk.write("common.synx", COMMON);
    disk
}

#[test]
fn imports_are_seen_through_open_texts() {
    let mut editor = Editor::with(&disk(), &["utf-8"], None);
    editor.open("a.synx", STUDY);
    assert!(editor.checked("a.synx").is_empty());
    let mut common = COMMON.to_owned();
    editor.open("common.synx", &common);
    let at = common.find("web =").unwrap();
    editor.edit("common.synx", &mut common, at..at + 3, "pages");
    assert_eq!(short(&editor.found("a.synx", 1)), ["1:26 E0116"]);
    editor.close("common.synx");
    // The file on disk is as it was.
    editor.found("a.synx", 0);
    editor.end();
}

#[test]
fn findings_in_an_imported_file_are_shown_there() {
    let disk = disk();
    disk.write("common.synx", &COMMON.replace("4k", "nothing"));
    let mut editor = Editor::with(&disk, &["utf-8"], None);
    editor.open("a.synx", STUDY);
    assert_eq!(short(&editor.found("common.synx", 1)), ["1:47 E0101"]);
    editor.end();
}

#[test]
fn changed_files_are_read_again() {
    let disk = disk();
    let mut editor = Editor::with(&disk, &["utf-8"], None);
    editor.open("a.synx", STUDY);
    assert!(editor.checked("a.synx").is_empty());
    disk.write("common.synx", "synx 1\n");
    editor.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri("common.synx"), "type": 2 }] }));
    assert_eq!(short(&editor.found("a.synx", 1)), ["1:26 E0116"]);
    editor.end();
}

#[test]
fn definitions_lead_into_other_files_and_the_library() {
    let mut editor = Editor::with(&disk(), &["utf-8"], None);
    let text = format!("{STUDY}let m = llama(32, 2)\n");
    editor.open("a.synx", &text);
    let at = editor.at("a.synx", &text, text.find("= web").unwrap() + 2);
    let found = editor.request("textDocument/definition", at);
    assert_eq!(found["uri"], uri("common.synx"));
    assert_eq!(found["range"]["start"], json!({ "line": 1, "character": 7 }));
    let at = editor.at("a.synx", &text, text.find("llama").unwrap());
    let found = editor.request("textDocument/definition", at);
    let path = found["uri"].as_str().unwrap().strip_prefix("file://").unwrap().to_owned();
    let line = found["range"]["start"]["line"].as_u64().unwrap() as usize;
    let library = fs::read_to_string(&path).unwrap();
    assert!(library.lines().nth(line).unwrap().contains("model llama"), "{path}");
    editor.end();
    assert!(!std::path::Path::new(&path).exists(), "it goes with the server");
}

/// A workspace on disk: what the server looks through for names.
fn workspace() -> (tempfile::TempDir, Disk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::default();
    let files = [
        ("common.synx", COMMON),
        ("a.synx", STUDY),
        ("b.synx", "synx 1\nfrom \"common.synx\" import web\nmixture m = web\n"),
        ("other.synx", "synx 1\ncorpus web = world(register = web, documents = 1)\nlet b = web\n"),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
        disk.write(folder.path().join(name), text);
    }
    (folder, disk)
}

#[test]
fn names_are_found_and_changed_across_files() {
    let (folder, disk) = workspace();
    let mut editor = Editor::with(&disk, &["utf-8"], Some(folder.path()));
    let path = |name: &str| uri_of(&folder.path().join(name));
    let document = json!({ "uri": path("a.synx"), "languageId": "synx", "version": 1, "text": STUDY });
    editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
    let position = json!({ "line": 2, "character": 9 });
    let at = json!({ "textDocument": { "uri": path("a.synx") }, "position": position });
    let mut params = at.clone();
    params["context"] = json!({ "includeDeclaration": true });
    let found = editor.request("textDocument/references", params);
    let places: Vec<String> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|place| {
            let file = place["uri"].as_str().unwrap().rsplit('/').next().unwrap();
            format!("{file} {}", place["range"]["start"]["line"])
        })
        .collect();
    assert_eq!(places, ["a.synx 1", "a.synx 2", "b.synx 1", "b.synx 2", "common.synx 1"]);
    let mut params = at.clone();
    params["newName"] = json!("pages");
    let edit = editor.request("textDocument/rename", params);
    let counts = |name: &str| edit["changes"][path(name)].as_array().map_or(0, Vec::len);
    assert_eq!([counts("a.synx"), counts("b.synx"), counts("common.synx"), counts("other.synx")], [2, 2, 1, 0]);
    let mut params = at;
    params["newName"] = json!("m");
    let refused = editor.refused("textDocument/rename", params);
    assert_eq!(refused.0, -32803, "`m` is taken in b.synx: {}", refused.1);
    let symbols: Value = editor.request("workspace/symbol", json!({ "query": "WEB" }));
    assert_eq!(symbols.as_array().unwrap().len(), 2, "{symbols}");
    editor.end();
}
