//! Every feature over the wire: what the compiler's own tests say in bytes, said in the protocol's words.

use serde_json::{Value, json};

use crate::support::{Disk, Editor, STUDY, uri};

/// A study with emoji and CJK text before what is asked about, so that bytes, characters and code units differ.
fn opened(encodings: &[&str]) -> (Editor, String) {
    let mut editor = Editor::with(&Disk::default(), encodings, None);
    let text = STUDY.replace("// anchored", "// 🎈 混合: anchored");
    editor.open("a.synx", &text);
    assert!(editor.checked("a.synx").is_empty());
    (editor, text)
}

fn whole(name: &str) -> Value {
    json!({ "textDocument": { "uri": uri(name) } })
}

#[test]
fn hover_definition_and_highlights_in_both_encodings() {
    for encodings in [&["utf-8"][..], &["utf-16"]] {
        let (mut editor, text) = opened(encodings);
        let at = editor.at("a.synx", &text, text.find("grid data_arm").unwrap() + 6);
        let hover = editor.request("textDocument/hover", at.clone());
        assert!(hover["contents"]["value"].as_str().unwrap().contains("cells, "), "{hover}");
        let definition = editor.at("a.synx", &text, text.find("over = data_arm").unwrap() + 9);
        assert_eq!(editor.request("textDocument/definition", definition)["range"], hover["range"]);
        let highlights = editor.request("textDocument/documentHighlight", at);
        assert_eq!(highlights.as_array().unwrap().len(), 2);
        editor.end();
    }
}

#[test]
fn completion_replaces_the_word_and_places_the_cursor() {
    let (mut editor, mut text) = opened(&["utf-16"]);
    let end = text.len();
    editor.edit("a.synx", &mut text, end..end, "recipe r { optim }");
    let at = editor.at("a.synx", &text, text.len() - 2);
    let items = editor.request("textDocument/completion", at);
    let optimizer = items.as_array().unwrap().iter().find(|item| item["label"] == "optimizer").unwrap();
    assert_eq!(optimizer["textEdit"]["newText"], "optimizer = $0");
    assert_eq!(optimizer["insertTextFormat"], 2);
    let range = &optimizer["textEdit"]["range"];
    let columns = range["end"]["character"].as_u64().unwrap() - range["start"]["character"].as_u64().unwrap();
    assert_eq!(columns, 5);
    editor.end();
}

#[test]
fn signature_help_names_the_parameter() {
    let (mut editor, text) = opened(&["utf-8"]);
    let at = editor.at("a.synx", &text, text.find("weight_decay = 0.1").unwrap() + 15);
    let help = editor.request("textDocument/signatureHelp", at);
    assert_eq!(help["signatures"][0]["parameters"][2]["label"], "weight_decay = 0.1");
    assert_eq!(help["activeParameter"], 2);
    editor.end();
}

#[test]
fn tokens_add_up_to_the_text() {
    for encodings in [&["utf-8"][..], &["utf-16"]] {
        let (mut editor, text) = opened(encodings);
        let data = editor.request("textDocument/semanticTokens/full", whole("a.synx"))["data"].clone();
        let numbers: Vec<u32> = data.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as u32).collect();
        let lines: Vec<&str> = text.split('\n').collect();
        let (mut line, mut column) = (0, 0);
        let mut words = Vec::new();
        for token in numbers.chunks(5) {
            if token[0] > 0 {
                column = 0;
            }
            line += token[0] as usize;
            column += token[1] as usize;
            let word: String = if let ["utf-8"] = encodings {
                lines[line][column..column + token[2] as usize].to_owned()
            } else {
                let units: Vec<u16> = lines[line].encode_utf16().collect();
                String::from_utf16(&units[column..column + token[2] as usize]).unwrap()
            };
            words.push(word);
        }
        for word in ["grid", "data_arm", "rephrase", "// 🎈 混合: anchored", "tokens", "0.95"] {
            assert!(words.iter().any(|there| there == word), "{word} in {words:?}");
        }
        editor.end();
    }
}

#[test]
fn hints_lenses_folds_and_outline() {
    let (mut editor, text) = opened(&["utf-8"]);
    let mut params = whole("a.synx");
    params["range"] = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 999, "character": 0 } });
    let hints = editor.request("textDocument/inlayHint", params);
    assert!(hints[0]["label"].as_str().unwrap().contains(" cells, "), "{hints}");
    let lenses = editor.request("textDocument/codeLens", whole("a.synx"));
    assert_eq!(lenses[0]["command"]["command"], "synx.plan");
    assert_eq!(lenses[1]["command"]["arguments"][0], uri("a.synx"));
    let folds = editor.request("textDocument/foldingRange", whole("a.synx"));
    assert!(folds.as_array().unwrap().len() >= 6, "{folds}");
    let symbols = editor.request("textDocument/documentSymbol", whole("a.synx"));
    assert_eq!(symbols.as_array().unwrap().len(), text.lines().filter(|line| is_item(line)).count());
    let mut params = whole("a.synx");
    params["positions"] = json!([{ "line": 3, "character": 8 }]);
    let mut selection = editor.request("textDocument/selectionRange", params)[0].clone();
    let mut depth = 0;
    while selection.is_object() {
        selection = selection["parent"].clone();
        depth += 1;
    }
    assert!(depth >= 3);
    editor.end();
}

fn is_item(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    matches!(word, "study" | "corpus" | "evaluation" | "mixture" | "model" | "recipe" | "grid" | "law")
}

#[test]
fn fixes_cure_what_they_belong_to() {
    let (mut editor, mut text) = opened(&["utf-16"]);
    let at = text.find("over = data_arm").unwrap();
    editor.edit("a.synx", &mut text, at + 7..at + 15, "data_arn");
    let found = editor.checked("a.synx");
    assert_eq!(found.len(), 1, "{found:?}");
    let mut params = whole("a.synx");
    params["range"] = found[0]["range"].clone();
    params["context"] = json!({ "diagnostics": found });
    let actions = editor.request("textDocument/codeAction", params.clone());
    let fix = &actions[0];
    assert_eq!(fix["title"], "Write `data_arm`");
    assert_eq!(fix["kind"], "quickfix");
    assert_eq!(fix["diagnostics"][0], found[0]);
    let edits = fix["edit"]["changes"][uri("a.synx")].as_array().unwrap();
    let changes: Vec<Value> =
        edits.iter().map(|edit| json!({ "range": edit["range"], "text": edit["newText"] })).collect();
    editor.change("a.synx", json!(changes));
    assert!(editor.checked("a.synx").is_empty());
    params["context"]["only"] = json!(["refactor"]);
    let refactors = editor.request("textDocument/codeAction", params);
    assert!(
        refactors.as_array().unwrap().iter().all(|action| action["kind"].as_str().unwrap().starts_with("refactor"))
    );
    editor.end();
}

#[test]
fn lints_link_to_their_pages() {
    let mut editor = Editor::new();
    editor.open("a.synx", "synx 1\nstudy s {\n    allow W0301 because \"why not\"\n}\n");
    let links = editor.request("textDocument/documentLink", whole("a.synx"));
    let page = links[0]["target"].as_str().unwrap().strip_prefix("file://").unwrap();
    assert!(std::fs::read_to_string(page).unwrap().starts_with("# W0301"));
    editor.end();
}

#[test]
fn formatting_replaces_what_differs_alone() {
    for encodings in [&["utf-8"][..], &["utf-16"]] {
        let mut editor = Editor::with(&Disk::default(), encodings, None);
        let text = "synx 1\n\n// 🎈 混合\nlet a=1\n\n// 混合\nlet b = 2\n";
        editor.open("a.synx", text);
        let params =
            json!({ "textDocument": { "uri": uri("a.synx") }, "options": { "tabSize": 4, "insertSpaces": true } });
        let edits = editor.request("textDocument/formatting", params.clone());
        assert_eq!(edits[0]["newText"], "let a = 1\n");
        editor.change("a.synx", json!([{ "range": edits[0]["range"], "text": edits[0]["newText"] }]));
        assert_eq!(editor.request("textDocument/formatting", params), Value::Null);
        editor.end();
    }
}
