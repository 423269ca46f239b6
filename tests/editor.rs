//! The packaged editor extension's server, as the editor starts it: over its standard streams, with edits as somebody types
//! them, in a text with characters that are one, two and four bytes long.
#![allow(clippy::needless_pass_by_value)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{root, synx};

const TEXT: &str = "synx 1

/// 語料: how much of 🌍 is told again? 🚀
study words { seed = 17 }

corpus web  = world(register = web, documents = 20k, heldout = 2%)      // 网络 🕸️
corpus wiki = web |> rephrase(style = encyclopedic, generator = builtin)
let labels = [\"語🌍🌍\", web]
mixture blend(r) = r * wiki + rest * web
";

/// A server as the extension's manifest says how to start it.
struct Server {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    requests: u64,
}

impl Server {
    fn start(folder: &Path) -> Server {
        let manifest = fs::read_to_string(root().join("editors/vscode/package.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let settings = &manifest["contributes"]["configuration"]["properties"];
        assert_eq!(settings["synx.server.path"]["default"], "synx", "the command under test");
        let arguments: Vec<&str> = settings["synx.server.arguments"]["default"]
            .as_array()
            .unwrap()
            .iter()
            .map(|argument| argument.as_str().unwrap())
            .collect();
        let mut child = Command::new(env!("CARGO_BIN_EXE_synx"))
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Server { child, to, from, requests: 0 }
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.to.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the server has gone away");
            match line.trim_end() {
                "" => break,
                header => {
                    if let Some(value) = header.strip_prefix("Content-Length: ") {
                        length = value.parse().unwrap();
                    }
                }
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    /// The answer to a request; what the server says or asks in the meantime is passed over.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(json!({ "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    /// What is found in the text of this version.
    fn findings(&mut self, version: i64) -> Vec<Value> {
        loop {
            let message = self.receive();
            let params = &message["params"];
            if message["method"] == "textDocument/publishDiagnostics" && params["version"] == version {
                return params["diagnostics"].as_array().unwrap().clone();
            }
        }
    }
}

/// Line and column in UTF-16 code units, from 0, of a place in a text.
fn position(text: &str, at: usize) -> Value {
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}

/// Code and place of everything that `synx check` finds in a text, the places as the protocol counts them.
fn checked(folder: &Path, text: &str) -> Vec<(String, Value)> {
    fs::write(folder.join("fresh.synx"), text).unwrap();
    let ran = synx(folder, ["check", "fresh.synx", "--format", "json"]);
    assert!(ran.code <= 1, "{}", ran.text());
    let place = |end: &Value| {
        let line = end["line"].as_u64().unwrap() - 1;
        let columns = usize::try_from(end["column"].as_u64().unwrap()).unwrap() - 1;
        let before: String =
            text.lines().nth(usize::try_from(line).unwrap()).unwrap_or("").chars().take(columns).collect();
        json!({ "line": line, "character": before.encode_utf16().count() })
    };
    let finding = |finding: &Value| {
        let range = json!({ "start": place(&finding["start"]), "end": place(&finding["end"]) });
        (finding["code"].as_str().unwrap().to_owned(), range)
    };
    ran.json().as_array().unwrap().iter().map(finding).collect()
}

#[test]
fn the_extension_s_server_follows_edits_as_a_fresh_check_would() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("study.synx");
    fs::write(&path, TEXT).unwrap();
    let uri = format!("file://{}", path.display());
    let mut server = Server::start(folder.path());
    let offered = server.ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    assert_eq!(offered["capabilities"]["positionEncoding"], "utf-16");
    server.tell("initialized", json!({}));
    server.tell(
        "textDocument/didOpen",
        json!({ "textDocument": { "uri": uri, "languageId": "synx", "version": 1, "text": TEXT } }),
    );
    assert_eq!(server.findings(1), Vec::<Value>::new(), "the text is clean");

    // Each edit: what stands there, what is written in its place.
    let edits = [
        ("\"語🌍🌍\", web]", "\"語🌍🌍\", wbe]"),
        ("r * wiki + rest", "r * wiki + 70% * wiki + rest"),
        ("🚀\n", "🚀🚀\n"),
        ("\"語🌍🌍\", wbe]", "\"語\", wbe, 語]"),
        ("{ seed = 17 }", "{ seed: 17 }"),
        ("{ seed: 17 }", "{ seed = 17 }"),
        ("\"語\", wbe, 語]", "\"🚀\", web]"),
        (" + 70% * wiki", ""),
    ];
    let mut text = TEXT.to_owned();
    let mut seen = 0;
    for (version, (from, to)) in (2i64..).zip(edits) {
        let at = text.find(from).unwrap_or_else(|| panic!("{from}"));
        let range = json!({ "start": position(&text, at), "end": position(&text, at + from.len()) });
        text.replace_range(at..at + from.len(), to);
        server.tell(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": version },
                "contentChanges": [{ "range": range, "text": to }],
            }),
        );
        let told = server.findings(version);
        let told: Vec<(String, Value)> =
            told.iter().map(|told| (told["code"].as_str().unwrap().to_owned(), told["range"].clone())).collect();
        assert_eq!(told, checked(folder.path(), &text), "after `{to}`");
        seen += told.len();
    }
    assert!(seen >= 5, "{seen} findings");

    let at = position(&text, text.find("\"🚀\", web").unwrap() + "\"🚀\", ".len());
    let here = json!({ "textDocument": { "uri": uri }, "position": at });
    let hover = server.ask("textDocument/hover", here.clone()).to_string();
    assert!(hover.contains("corpus") && hover.contains("web"), "{hover}");
    let definition = server.ask("textDocument/definition", here).to_string();
    assert!(definition.contains("\"line\":5"), "{definition}");

    server.ask("shutdown", Value::Null);
    server.tell("exit", Value::Null);
    assert!(server.child.wait().unwrap().success());
}
