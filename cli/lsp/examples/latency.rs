//! How long an edit of a large study takes until its findings are there: `cargo run --release -p synx-lsp --example latency`.
//!
//! The study has a thousand lines, about three hundred declarations and three imports; edits are those of typing, one letter at a
//! time, at places all over it. Each round trip is measured from sending the edit to receiving the findings.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use synx_compiler::{Host, Unread};
use synx_lsp::{Encoding, Lines};
use synx_plan::corpus::{Corpus, CorpusFacts};

const ROUNDS: usize = 600;

struct Door;

impl Host for Door {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        let name = path.strip_suffix(".synx").ok_or(Unread::NotFound)?;
        Ok(library(name).into_bytes())
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        Ok(vec![pattern.to_owned()])
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        corpora.iter().map(|_| None).collect()
    }
}

/// A file that is imported: corpora and models.
fn library(name: &str) -> String {
    let mut text = String::from("synx 1\n");
    for i in 0..20 {
        let _ = writeln!(
            text,
            "corpus {name}_{i} = world(register = web, documents = {}k, seed = {i}, heldout = 5%)",
            i + 1
        );
    }
    text
}

/// A study of about a thousand lines and three hundred declarations.
fn study() -> String {
    let mut text = String::from("synx 1\n\n/// A large study.\nstudy large {\n    seed = 17\n}\n\n");
    for file in ["alpha", "beta", "gamma"] {
        let names: Vec<String> = (0..20).map(|i| format!("{file}_{i}")).collect();
        let _ = writeln!(text, "from \"{file}.synx\" import {}", names.join(", "));
    }
    let source = |i: usize| format!("{}_{}", ["alpha", "beta", "gamma"][i % 3], i / 3 % 20);
    for i in 0..70 {
        let _ = writeln!(
            text,
            "\n// Source {i}, told again.\ncorpus told_{i} = {} |> rephrase(style = textbook, generator = builtin)",
            source(i)
        );
    }
    for i in 0..70 {
        let _ = writeln!(text, "\nmixture mix_{i}(share) = share * told_{i} + rest * {}", source(i + 1));
    }
    for i in 0..40 {
        let _ = writeln!(text, "\nlet rate_{i} = {i}e-4 + 1e-3\nlet budget_{i} = 16Ki * {}", i + 1);
    }
    for i in 0..20 {
        let _ = writeln!(
            text,
            "\nmodel model_{i}(width) {{\n    context = 64\n    blocks  = [attention(heads = width / 16), swiglu(ratio = 2)] * {}\n}}",
            i % 4 + 1
        );
        let _ = writeln!(
            text,
            "\nrecipe recipe_{i}(scale = 1) {{\n    optimizer = adamw(lr = rate_{i} * scale)\n    schedule  = wsd(warmup = 2Ki tokens, decay = 20%)\n    batch     = 256 tokens\n}}"
        );
    }
    text.push_str("\nevaluation held { domains = [alpha_0.heldout, beta_0.heldout]; weights = [50%, 50%] }\n");
    for i in 0..20 {
        let _ = writeln!(
            text,
            "\n/// Arm {i}.\ngrid arm_{i} {{\n    axis share  = [0, 1/3, 1]\n    axis width  = [32, 64]\n    axis tokens = budget_{i} * 1..budget_{i} * 4 factor 2\n    data     = mix_{i}(share)\n    model    = model_{i}(width)\n    recipe   = recipe_{i}(scale = 32 / width)\n    evaluate = held\n}}"
        );
        let _ = writeln!(
            text,
            "\nlaw law_{i} {{\n    over = arm_{i}\n    by   = [share, width]\n    free E in 0.., B in 0.., beta in 0..2\n    loss ~ E + B / tokens^beta\n}}"
        );
    }
    text
}

struct Editor {
    connection: Connection,
    version: i32,
}

impl Editor {
    fn notify(&self, method: &str, params: Value) {
        let message = Notification { method: method.to_owned(), params };
        self.connection.sender.send(Message::Notification(message)).unwrap();
    }

    /// Waits for the findings of the newest version; how many there are.
    fn findings(&self) -> usize {
        loop {
            if let Message::Notification(told) = self.connection.receiver.recv().unwrap()
                && told.method == "textDocument/publishDiagnostics"
                && told.params["version"] == self.version
            {
                return told.params["diagnostics"].as_array().unwrap().len();
            }
        }
    }

    fn request(&self, id: i32, method: &str, params: Value) -> Duration {
        let begin = Instant::now();
        let request = Request { id: RequestId::from(id), method: method.to_owned(), params };
        self.connection.sender.send(Message::Request(request)).unwrap();
        loop {
            if let Message::Response(response) = self.connection.receiver.recv().unwrap()
                && response.id == RequestId::from(id)
            {
                return begin.elapsed();
            }
        }
    }
}

fn main() {
    let mut text = study();
    let parse = synx_grammar::parse(&text);
    println!("{} lines, {} declarations, {} bytes", text.lines().count(), parse.file().items().count(), text.len());
    let (server, client) = Connection::memory();
    let server = std::thread::spawn(move || {
        let hosts = |_: &Path| -> Box<dyn Host> { Box::new(Door) };
        synx_lsp::serve(&server, Box::new(hosts), synx_plan::cost::DeviceProfile::nominal_cpu(2))
    });
    let mut editor = Editor { connection: client, version: 1 };
    editor.request(0, "initialize", json!({ "capabilities": {} }));
    editor.notify("initialized", json!({}));
    let uri = "file:///large.synx";
    let document = json!({ "uri": uri, "languageId": "synx", "version": 1, "text": text });
    let begin = Instant::now();
    editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
    let findings = editor.findings();
    println!("opened: {:.2} ms, {findings} findings", ms(begin.elapsed()));
    // A letter is typed within a name or a number, and taken out again.
    let places: Vec<usize> = text.match_indices(|c: char| c.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let at = places[round * 7919 % places.len()];
        for (bytes, new) in [(at..at, "x"), (at..at + 1, "")] {
            let range = serde_json::to_value(Lines::new(&text).range(&text, &bytes, Encoding::Utf16)).unwrap();
            text.replace_range(bytes, new);
            editor.version += 1;
            let document = json!({ "uri": uri, "version": editor.version });
            let change = json!({ "textDocument": document, "contentChanges": [{ "range": range, "text": new }] });
            let begin = Instant::now();
            editor.notify("textDocument/didChange", change);
            editor.findings();
            times.push(begin.elapsed());
        }
    }
    show("edit to findings", &mut times);
    let whole = json!({ "textDocument": { "uri": uri } });
    let end = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 2000, "character": 0 } });
    let ranged = json!({ "textDocument": { "uri": uri }, "range": end });
    let line = text.lines().position(|line| line.contains("data     = mix_10")).unwrap();
    let at = json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": 17 } });
    let asked = [
        ("textDocument/semanticTokens/full", &whole),
        ("textDocument/inlayHint", &ranged),
        ("textDocument/documentSymbol", &whole),
        ("textDocument/hover", &at),
        ("textDocument/completion", &at),
        ("textDocument/definition", &at),
        (
            "textDocument/references",
            &json!({ "textDocument": { "uri": uri }, "position": at["position"], "context": { "includeDeclaration": true } }),
        ),
    ];
    for (i, (method, params)) in (1..).zip(asked) {
        let mut times: Vec<Duration> = (0..50).map(|n| editor.request(i * 1000 + n, method, params.clone())).collect();
        show(method, &mut times);
    }
    editor.request(99_999, "shutdown", Value::Null);
    editor.notify("exit", json!(null));
    drop(editor);
    server.join().unwrap().unwrap();
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn show(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |part: f64| ms(times[((times.len() - 1) as f64 * part) as usize]);
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms", at(0.5), at(0.99), at(1.0));
}
