//! An editor for tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use synx_compiler::{Host, Unread};
use synx_lsp::{Encoding, Ended, Lines};
use synx_plan::corpus::{Corpus, CorpusFacts, PartFacts};

/// The folder that all studies of the tests stand in; nothing in it is on disk unless a test says so.
pub const FOLDER: &str = "/studies";

/// What is on disk: texts by path. Every corpus has a hundred million tokens.
#[derive(Clone, Default)]
pub struct Disk {
    files: Arc<Mutex<BTreeMap<PathBuf, String>>>,
}

pub struct Door {
    folder: PathBuf,
    disk: Disk,
}

impl Host for Door {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        assert!(!path.contains("panic"), "the host was asked for {path}");
        if path.starts_with("..") {
            return Err(Unread::Outside);
        }
        let files = self.disk.files.lock().unwrap();
        let text = files.get(&self.folder.join(path)).ok_or(Unread::NotFound)?;
        Ok(text.clone().into_bytes())
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        Ok(if pattern.contains('*') { Vec::new() } else { vec![pattern.to_owned()] })
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        let part = |tokens| PartFacts { documents: tokens / 100, tokens, bytes: tokens };
        let facts = CorpusFacts { bytes_hash: None, training: part(100_000_000), heldout: part(2_000_000) };
        corpora.iter().map(|_| Some(facts.clone())).collect()
    }
}

impl Disk {
    pub fn write(&self, path: impl AsRef<Path>, text: &str) {
        self.files.lock().unwrap().insert(Path::new(FOLDER).join(path), text.to_owned());
    }

    pub fn door(&self, study: &Path) -> Box<dyn Host> {
        Box::new(Door { folder: study.parent().unwrap().to_owned(), disk: self.clone() })
    }
}

/// An editor that talks to a server of its own.
pub struct Editor {
    connection: Connection,
    server: Option<JoinHandle<Result<Ended, String>>>,
    next: i32,
    /// What the server last said of each file.
    pub findings: BTreeMap<String, Value>,
    pub messages: Vec<String>,
    pub encoding: Encoding,
    version: i32,
}

impl Editor {
    pub fn new() -> Editor {
        Editor::with(&Disk::default(), &["utf-8"], None)
    }

    /// An editor that knows some position encodings and has a folder open.
    pub fn with(disk: &Disk, encodings: &[&str], folder: Option<&Path>) -> Editor {
        let (server, client) = Connection::memory();
        let disk = disk.clone();
        let hosts = move |path: &Path| disk.door(path);
        let device = synx_plan::cost::DeviceProfile::nominal_cpu(2);
        let server = std::thread::spawn(move || synx_lsp::serve(&server, Box::new(hosts), device));
        let mut editor = Editor {
            connection: client,
            server: Some(server),
            next: 0,
            findings: BTreeMap::new(),
            messages: Vec::new(),
            encoding: Encoding::Utf16,
            version: 0,
        };
        let folders = folder.map(|folder| json!([{ "uri": uri_of(folder), "name": "studies" }]));
        let general = if encodings.is_empty() { json!({}) } else { json!({ "positionEncodings": encodings }) };
        let greeting = editor.request(
            "initialize",
            json!({ "processId": null, "rootUri": null, "workspaceFolders": folders,
                    "capabilities": { "general": general,
                        "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } } }),
        );
        if greeting["capabilities"]["positionEncoding"] == "utf-8" {
            editor.encoding = Encoding::Utf8;
        }
        editor.notify("initialized", json!({}));
        editor
    }

    pub fn send(&mut self, method: &str, params: Value) -> RequestId {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request { id: id.clone(), method: method.to_owned(), params };
        self.connection.sender.send(Message::Request(request)).unwrap();
        id
    }

    pub fn notify(&self, method: &str, params: Value) {
        let notification = Notification { method: method.to_owned(), params };
        self.connection.sender.send(Message::Notification(notification)).unwrap();
    }

    /// The answer to a request: its result, or the error's code and words.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, (i32, String)> {
        let id = self.send(method, params);
        self.answer(&id)
    }

    /// The result of a request that has one.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// The code and words of a request that has no answer.
    pub fn refused(&mut self, method: &str, params: Value) -> (i32, String) {
        self.ask(method, params).unwrap_err()
    }

    /// Takes messages in until the answer to a request comes.
    pub fn answer(&mut self, id: &RequestId) -> Result<Value, (i32, String)> {
        loop {
            match self.receive() {
                Message::Response(response) if response.id == *id => {
                    return response.response_result.map_err(|error| (error.code, error.message));
                }
                _ => {}
            }
        }
    }

    pub fn receive(&mut self) -> Message {
        let message = self.connection.receiver.recv().unwrap();
        if let Message::Notification(notification) = &message {
            let params = &notification.params;
            match notification.method.as_str() {
                "textDocument/publishDiagnostics" => {
                    self.findings.insert(params["uri"].as_str().unwrap().to_owned(), params.clone());
                }
                "window/logMessage" => self.messages.push(params["message"].as_str().unwrap().to_owned()),
                other => panic!("{other}"),
            }
        }
        message
    }

    pub fn open(&mut self, name: &str, text: &str) {
        self.version += 1;
        let document = json!({ "uri": uri(name), "languageId": "synx", "version": self.version, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn close(&mut self, name: &str) {
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(name) } }));
    }

    /// Replaces some bytes of a text, which the caller keeps.
    pub fn edit(&mut self, name: &str, text: &mut String, bytes: std::ops::Range<usize>, new: &str) {
        let range = serde_json::to_value(Lines::new(text).range(text, &bytes, self.encoding)).unwrap();
        text.replace_range(bytes, new);
        self.change(name, json!([{ "range": range, "text": new }]));
    }

    #[allow(clippy::needless_pass_by_value)]
    pub fn change(&mut self, name: &str, changes: Value) {
        self.version += 1;
        let document = json!({ "uri": uri(name), "version": self.version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// What the server says of a file once it has taken in everything so far: it is told last that the newest version was checked.
    pub fn checked(&mut self, name: &str) -> Vec<Value> {
        let wanted = self.version;
        while self.findings.get(&uri(name)).is_none_or(|known| known["version"] != wanted) {
            self.receive();
        }
        self.findings[&uri(name)]["diagnostics"].as_array().unwrap().clone()
    }

    /// Takes messages in until the server says this many findings of a file.
    pub fn found(&mut self, name: &str, count: usize) -> Vec<Value> {
        let number = |known: &Value| known["diagnostics"].as_array().map_or(0, Vec::len);
        while self.findings.get(&uri(name)).is_none_or(|known| number(known) != count) {
            self.receive();
        }
        self.findings[&uri(name)]["diagnostics"].as_array().unwrap().clone()
    }

    /// The place of some bytes as the parameters of a request.
    pub fn at(&self, name: &str, text: &str, offset: usize) -> Value {
        let position = serde_json::to_value(Lines::new(text).position(text, offset, self.encoding)).unwrap();
        json!({ "textDocument": { "uri": uri(name) }, "position": position })
    }

    /// Ends the conversation; the server must end too.
    pub fn end(mut self) -> Ended {
        self.request("shutdown", Value::Null);
        self.end_without_shutdown()
    }

    pub fn end_without_shutdown(mut self) -> Ended {
        self.notify("exit", Value::Null);
        self.server.take().unwrap().join().unwrap().unwrap()
    }
}

pub fn uri(name: &str) -> String {
    uri_of(&Path::new(FOLDER).join(name))
}

pub fn uri_of(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// The findings as lines: `3:5 E0101`, from 0 as the protocol counts.
pub fn short(findings: &[Value]) -> Vec<String> {
    let one = |finding: &Value| {
        let start = &finding["range"]["start"];
        format!("{}:{} {}", start["line"], start["character"], finding["code"].as_str().unwrap())
    };
    findings.iter().map(one).collect()
}

pub const STUDY: &str = include_str!("../../../../compiler/language/tests/studies/tour.synx");
