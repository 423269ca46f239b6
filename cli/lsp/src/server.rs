//! The conversation: one thread takes messages in, one works them off.
//!
//! The first never works, so that a request can be taken back and an edit noticed while a check goes on; the second handles messages
//! strictly in their order, and checks the open texts when no message is left, so that many edits in a row are one check.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use synx_plan::cost::DeviceProfile;

use crate::capabilities::{Client, offered};
use crate::hosts::Hosts;
use crate::place::path_of;
use crate::publish::publish;
use crate::requests;
use crate::state::{Refused, State};

/// Bytes of the stack of the thread that works: what the deepest texts need that the compiler takes.
const STACK: usize = 256 << 20;

/// How many requests that were taken back are remembered. Arbitrary; those that had been answered are never asked for.
const MAX_TAKEN_BACK: usize = 4096;

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client said that it was over.
    Politely,
    /// It went away without a word.
    Suddenly,
}

/// Talks over standard input and output until the client ends it. The error is what went wrong with the conversation itself.
pub fn serve_stdio(hosts: Box<dyn Hosts>, device: DeviceProfile) -> Result<Ended, String> {
    let (connection, threads) = Connection::stdio();
    let ended = serve(&connection, hosts, device);
    // The threads of the transport end when nobody holds its channels any more.
    drop(connection);
    match ended {
        Ok(Ended::Politely) => threads.join().map(|()| Ended::Politely).map_err(|error| error.to_string()),
        other => other,
    }
}

/// What the two threads share.
#[derive(Default)]
struct Shared {
    /// Requests that the client took back.
    taken_back: Mutex<BTreeSet<String>>,
    /// How many messages that change texts have come in, and how many of them have been carried out.
    edits_in: AtomicU64,
    edits_done: AtomicU64,
    /// The request that is being worked on; empty for checks.
    at_work: Mutex<String>,
    /// Whether the conversation is over.
    over: AtomicBool,
}

impl Shared {
    /// Whether nobody waits any more for what is being worked on: a request that was taken back, a check of a text that an edit on its
    /// way will change. An answer about a text is of use even if the text has changed since.
    fn stopped(&self) -> bool {
        if self.over.load(Ordering::Acquire) {
            return true;
        }
        let request = locked(&self.at_work);
        if request.is_empty() {
            return self.edits_in.load(Ordering::Acquire) != self.edits_done.load(Ordering::Acquire);
        }
        locked(&self.taken_back).contains(&*request)
    }

    fn take_back(&self, id: String) {
        let mut taken_back = locked(&self.taken_back);
        // Many of them were answered before.
        if taken_back.len() >= MAX_TAKEN_BACK {
            taken_back.clear();
        }
        taken_back.insert(id);
    }
}

/// A lock that is held over no call that could fail cannot be broken.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Talks over a connection until the client ends it; times are estimates for `device`. The error is what went wrong with the conversation itself.
pub fn serve(connection: &Connection, hosts: Box<dyn Hosts>, device: DeviceProfile) -> Result<Ended, String> {
    let (id, params) = connection.initialize_start().map_err(|error| error.to_string())?;
    let client = Client::of(&params);
    let info = json!({ "name": "synx", "version": env!("CARGO_PKG_VERSION") });
    let greeting = json!({ "capabilities": offered(client), "serverInfo": info });
    connection.initialize_finish(id, greeting).map_err(|error| error.to_string())?;
    let folders = folders(&params);
    let shared = Arc::new(Shared::default());
    let (jobs, inbox) = channel();
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().name("synx-lsp".to_owned()).stack_size(STACK);
        let known = Arc::clone(&shared);
        let started = worker.spawn_scoped(scope, move || {
            let watched = Arc::clone(&known);
            let state = State::new(client, folders, hosts, device, Box::new(move || watched.stopped()));
            Worker { connection, state, shared: known, ended: false }.work(&inbox);
        });
        started.map_err(|error| error.to_string())?;
        let ended = take_in(connection, jobs, &shared);
        shared.over.store(true, Ordering::Release);
        Ok(ended)
    })
}

/// Takes messages in until the client ends the conversation.
#[allow(clippy::needless_pass_by_value, reason = "the worker ends when nobody can send it a message")]
fn take_in(connection: &Connection, jobs: Sender<Message>, shared: &Shared) -> Ended {
    let mut said = false;
    for message in &connection.receiver {
        match &message {
            Message::Request(request) => said |= request.method == "shutdown",
            Message::Notification(notification) => match notification.method.as_str() {
                "exit" => return if said { Ended::Politely } else { Ended::Suddenly },
                "$/cancelRequest" => {
                    if let Some(id) = notification.params.get("id") {
                        shared.take_back(id.to_string());
                    }
                    continue;
                }
                method if changes_texts(method) => {
                    shared.edits_in.fetch_add(1, Ordering::AcqRel);
                }
                _ => {}
            },
            Message::Response(_) => {}
        }
        if jobs.send(message).is_err() {
            break;
        }
    }
    Ended::Suddenly
}

fn changes_texts(method: &str) -> bool {
    matches!(
        method,
        "textDocument/didOpen" | "textDocument/didChange" | "textDocument/didClose" | "workspace/didChangeWatchedFiles"
    )
}

struct Worker<'a> {
    connection: &'a Connection,
    state: State,
    shared: Arc<Shared>,
    /// Whether the client has said that it is over.
    ended: bool,
}

impl Worker<'_> {
    /// Works messages off until no more can come.
    fn work(mut self, inbox: &Receiver<Message>) {
        self.watch_files();
        let mut unchecked = false;
        loop {
            let message = if unchecked {
                match inbox.try_recv() {
                    Ok(message) => message,
                    Err(TryRecvError::Empty) => {
                        unchecked = self.check() == Err(Refused::Stopped);
                        if unchecked {
                            // An edit is on its way here.
                            match inbox.recv() {
                                Ok(message) => message,
                                Err(_) => return,
                            }
                        } else {
                            continue;
                        }
                    }
                    Err(TryRecvError::Disconnected) => return,
                }
            } else {
                match inbox.recv() {
                    Ok(message) => message,
                    Err(_) => return,
                }
            };
            match message {
                Message::Request(request) => self.request(request),
                Message::Notification(notification) => unchecked |= self.notification(notification),
                // The client's word on what it was asked: nothing depends on it.
                Message::Response(_) => {}
            }
        }
    }

    /// Checks the open texts and tells the client; whether it could be finished.
    fn check(&mut self) -> Result<(), Refused> {
        locked(&self.shared.at_work).clear();
        let connection = self.connection;
        match self.guarded("the check", |state| publish(state, connection)) {
            Some(Err(Refused::Stopped)) => Err(Refused::Stopped),
            _ => Ok(()),
        }
    }

    /// Carries out what a mistake in synx must not end the server with; none where there was one, which the client is told.
    fn guarded<T>(&mut self, what: &str, work: impl FnOnce(&mut State) -> T) -> Option<T> {
        let state = &mut self.state;
        match catch_unwind(AssertUnwindSafe(|| work(state))) {
            Ok(done) => Some(done),
            Err(panic) => {
                let said = panic.downcast_ref::<&str>().copied().map(str::to_owned);
                let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
                // What was half done is forgotten.
                self.state.forget();
                let message =
                    format!("internal error in {what}: {said}. This is a mistake in synx; the server goes on");
                let params = lsp::LogMessageParams { kind: lsp::MessageType::Error, message };
                self.send(Notification::new("window/logMessage".to_owned(), params).into());
                None
            }
        }
    }

    fn request(&mut self, request: Request) {
        let id = request.id.clone();
        let name = id_text(&id);
        if locked(&self.shared.taken_back).remove(&name) {
            return self.refuse(id, ErrorCode::RequestCanceled, "taken back".to_owned());
        }
        if self.ended {
            return self.refuse(id, ErrorCode::InvalidRequest, "the server is shutting down".to_owned());
        }
        if request.method == "shutdown" {
            self.ended = true;
            return self.send(Response::new_ok(id, Value::Null).into());
        }
        locked(&self.shared.at_work).clone_from(&name);
        let method = request.method.clone();
        let answer = self.guarded(&method, |state| requests::answer(state, request));
        locked(&self.shared.at_work).clear();
        locked(&self.shared.taken_back).remove(&name);
        match answer {
            Some(Ok(value)) => self.send(Response::new_ok(id, value).into()),
            Some(Err(requests::Unanswered::UnknownMethod)) => {
                self.refuse(id, ErrorCode::MethodNotFound, format!("`{method}` is not known"));
            }
            Some(Err(requests::Unanswered::WrongParameters(why))) => self.refuse(id, ErrorCode::InvalidParams, why),
            Some(Err(requests::Unanswered::Refused(refused))) => match refused {
                Refused::Stopped => self.refuse(id, ErrorCode::RequestCanceled, "taken back".to_owned()),
                Refused::NotOpen => self.refuse(id, ErrorCode::InvalidParams, "the document is not open".to_owned()),
                Refused::Failed(why) => self.refuse(id, ErrorCode::RequestFailed, why),
            },
            None => self.refuse(id, ErrorCode::InternalError, format!("internal error in {method}")),
        }
    }

    /// Takes a notification in; whether texts may have changed.
    fn notification(&mut self, notification: Notification) -> bool {
        let changes = changes_texts(&notification.method);
        let method = notification.method.clone();
        self.guarded(&method, |state| take(state, notification));
        if changes {
            self.shared.edits_done.fetch_add(1, Ordering::AcqRel);
        }
        changes
    }

    /// Asks to be told of changed files, where the client can.
    fn watch_files(&self) {
        if !self.state.client.watches {
            return;
        }
        // Studies, and the store beside them that says what the last scan found.
        let globs = ["**/*.synx", "**/.synx/**"].map(|glob| json!({ "globPattern": glob }));
        let options = json!({ "watchers": globs });
        let register = json!({ "registrations": [{
            "id": "synx-files", "method": "workspace/didChangeWatchedFiles", "registerOptions": options
        }] });
        let id = RequestId::from("synx-files".to_owned());
        self.send(Request::new(id, "client/registerCapability".to_owned(), register).into());
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, why: String) {
        self.send(Response::new_err(id, code as i32, why).into());
    }

    fn send(&self, message: Message) {
        // A client that has gone away needs no answer; the other thread notices.
        let _ = self.connection.sender.send(message);
    }
}

/// Takes a notification in.
fn take(state: &mut State, notification: Notification) {
    let Notification { method, params } = notification;
    match method.as_str() {
        "textDocument/didOpen" => {
            if let Ok(params) = serde_json::from_value::<lsp::DidOpenTextDocumentParams>(params) {
                let document = params.text_document;
                state.open(document.uri, document.version, &document.text);
            }
        }
        "textDocument/didChange" => {
            if let Ok(params) = serde_json::from_value::<lsp::DidChangeTextDocumentParams>(params) {
                state.change(params);
            }
        }
        "textDocument/didClose" => {
            if let Ok(params) = serde_json::from_value::<lsp::DidCloseTextDocumentParams>(params) {
                state.close(&params.text_document.uri);
            }
        }
        "workspace/didChangeWatchedFiles" => state.forget(),
        _ => {}
    }
}

/// A request's number or name as `$/cancelRequest` writes it.
fn id_text(id: &RequestId) -> String {
    serde_json::to_value(id).map(|value| value.to_string()).unwrap_or_default()
}

/// The workspace's folders.
fn folders(params: &Value) -> Vec<PathBuf> {
    let uri = |value: &Value| lsp::Uri::parse(value.as_str()?).ok().map(|uri| path_of(&uri));
    let folders = params.get("workspaceFolders").and_then(Value::as_array);
    match folders {
        Some(folders) => folders.iter().filter_map(|folder| uri(folder.get("uri")?)).collect(),
        None => params.get("rootUri").and_then(uri).into_iter().collect(),
    }
}
