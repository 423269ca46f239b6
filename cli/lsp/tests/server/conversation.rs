//! How the server behaves, whatever it is asked.

use serde_json::{Value, json};
use synx_lsp::{Encoding, Ended};

use crate::support::{Disk, Editor, STUDY, short, uri};

#[test]
fn encodings_are_agreed_on() {
    for (known, agreed) in [
        (&["utf-16", "utf-8"][..], Encoding::Utf8),
        (&["utf-16"], Encoding::Utf16),
        (&[], Encoding::Utf16),
        (&["utf-32"], Encoding::Utf16),
    ] {
        let editor = Editor::with(&Disk::default(), known, None);
        assert_eq!(editor.encoding, agreed, "{known:?}");
        assert_eq!(editor.end(), Ended::Politely);
    }
}

#[test]
fn findings_come_after_opening_and_go_after_closing() {
    let mut editor = Editor::new();
    editor.open("a.synx", "synx 1\nlet a = nothing\n");
    let found = editor.checked("a.synx");
    assert_eq!(short(&found), ["1:8 E0101"]);
    assert!(found[0]["codeDescription"]["href"].as_str().unwrap().ends_with("/E0101.md"));
    assert!(found[0]["message"].as_str().unwrap().starts_with("nothing here is called `nothing`"));
    editor.close("a.synx");
    editor.found("a.synx", 0);
    editor.end();
}

#[test]
fn many_edits_in_a_row_are_checked_as_one() {
    let mut editor = Editor::new();
    let mut text = STUDY.to_owned();
    editor.open("a.synx", &text);
    editor.checked("a.synx");
    let mut told = 0;
    for i in 0..200 {
        let end = text.len();
        editor.edit("a.synx", &mut text, end..end, &format!("let a{i} = nothing\n"));
    }
    let before = editor.findings[&uri("a.synx")]["version"].as_i64().unwrap();
    let found = editor.checked("a.synx");
    told += usize::from(before < 201);
    assert_eq!(told, 1);
    assert!(found.len() >= 199, "{}", found.len());
    editor.end();
}

#[test]
fn a_request_that_is_taken_back_is_not_answered() {
    let mut editor = Editor::new();
    editor.open("a.synx", STUDY);
    let params = json!({ "textDocument": { "uri": uri("a.synx") } });
    let first = editor.send("textDocument/documentSymbol", params.clone());
    let asked: Vec<_> = (0..50).map(|_| editor.send("textDocument/documentSymbol", params.clone())).collect();
    for id in &asked {
        editor.notify("$/cancelRequest", json!({ "id": id }));
    }
    assert!(editor.answer(&first).is_ok());
    for id in asked {
        // Those that were answered before the word came have their answer.
        if let Err((code, _)) = editor.answer(&id) {
            assert_eq!(code, -32800);
        }
    }
    editor.end();
}

#[test]
fn a_long_check_stops_when_the_text_changes() {
    // 900,000 cells take seconds; what is typed next must not wait for them.
    let grid = STUDY.replace("axis replicate = 1..3 step 1", "axis replicate = 1..75000 step 1");
    let mut editor = Editor::new();
    let mut text = grid;
    editor.open("a.synx", &text);
    let at = text.find("75000").unwrap();
    editor.edit("a.synx", &mut text, at..at + 5, "3");
    assert_eq!(editor.checked("a.synx"), Vec::<Value>::new());
    editor.end();
}

#[test]
fn a_mistake_in_synx_does_not_end_the_server() {
    let mut editor = Editor::new();
    editor.open("a.synx", "synx 1\nfrom \"panic.synx\" import x\nlet a = x\n");
    let refused = editor.refused(
        "textDocument/inlayHint",
        json!({
            "textDocument": { "uri": uri("a.synx") },
            "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } },
        }),
    );
    assert_eq!(refused.0, -32603);
    assert!(
        editor.messages.iter().any(|message| message.contains("This is a mistake in synx")),
        "{:?}",
        editor.messages
    );
    editor.change("a.synx", json!([{ "text": "synx 1\nlet a = nothing\n" }]));
    assert_eq!(short(&editor.checked("a.synx")), ["1:8 E0101"]);
    editor.end();
}

#[test]
fn what_is_not_known_is_refused() {
    let mut editor = Editor::new();
    assert_eq!(editor.refused("synx/unknown", json!({})).0, -32601);
    assert_eq!(editor.refused("textDocument/hover", json!({ "nonsense": 1 })).0, -32602);
    let closed = json!({ "textDocument": { "uri": uri("no.synx") }, "position": { "line": 0, "character": 0 } });
    assert_eq!(editor.refused("textDocument/hover", closed).0, -32602);
    editor.notify("synx/unknown", json!({}));
    editor.notify("textDocument/didChange", json!({ "nonsense": 1 }));
    editor.open("a.synx", "synx 1\n");
    assert!(editor.checked("a.synx").is_empty());
    editor.end();
}

#[test]
fn after_the_shutdown_nothing_is_answered() {
    let mut editor = Editor::new();
    editor.request("shutdown", Value::Null);
    assert_eq!(editor.refused("workspace/symbol", json!({ "query": "" })).0, -32600);
    assert_eq!(editor.end_without_shutdown(), Ended::Politely);
    let editor = Editor::new();
    assert_eq!(editor.end_without_shutdown(), Ended::Suddenly);
}

#[test]
fn hostile_texts_do_not_hang_it() {
    let mut editor = Editor::new();
    let texts = [
        "[".repeat(1_000_000),
        "let a = \n".repeat(100_000),
        "🎈".repeat(500_000),
        "x".repeat(9 << 20),
        String::from("\r").repeat(200_000),
    ];
    for text in texts {
        editor.open("a.synx", &text);
        editor.checked("a.synx");
        let at = editor.at("a.synx", &text, text.len() / 2);
        for method in
            ["textDocument/hover", "textDocument/completion", "textDocument/definition", "textDocument/signatureHelp"]
        {
            editor.request(method, at.clone());
        }
        let whole = json!({ "textDocument": { "uri": uri("a.synx") } });
        for method in ["textDocument/foldingRange", "textDocument/semanticTokens/full", "textDocument/documentSymbol"] {
            editor.request(method, whole.clone());
        }
    }
    editor.end();
}

#[test]
fn a_text_that_was_never_saved_is_checked_too() {
    let mut editor = Editor::new();
    let document =
        json!({ "uri": "untitled:Untitled-1", "languageId": "synx", "version": 7, "text": "synx 1\nlet a = b\n" });
    editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
    let symbols =
        editor.request("textDocument/documentSymbol", json!({ "textDocument": { "uri": "untitled:Untitled-1" } }));
    assert_eq!(symbols[0]["name"], "a");
    while !editor.findings.contains_key("untitled:Untitled-1") {
        editor.receive();
    }
    assert_eq!(editor.findings["untitled:Untitled-1"]["diagnostics"][0]["code"], "E0101");
    editor.end();
}
