//! A language client over the real program's standard input and output.
//!
//! Every wait has a limit, and a session ends only when every message was read.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Home, incident_lsp};

/// No answer may take longer: a debug build on a busy machine has far less to do.
const LIMIT: Duration = Duration::from_secs(60);

/// A session with a server of its own.
pub(crate) struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Messages that came while another one was waited for.
    unread: VecDeque<Value>,
    next_id: i64,
    _home: Home,
}

impl Client {
    /// Starts a server and says nothing to it yet.
    pub(crate) fn start() -> Self {
        let home = Home::new();
        Self::start_in(home)
    }

    /// Starts a server with these folders for the user's.
    pub(crate) fn start_in(home: Home) -> Self {
        Self::start_under(home, |_| {})
    }

    /// Starts a server in circumstances of the test's: another folder, another environment.
    pub(crate) fn start_under(home: Home, circumstances: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(incident_lsp());
        circumstances(&mut command);
        let mut child = command
            .arg("serve")
            .env("INCIDENT_LSP_STATE_DIR", home.state())
            .env("INCIDENT_LSP_CACHE_DIR", home.path().join("cache"))
            .env("INCIDENT_LSP_CONFIG_DIR", home.path().join("config"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            while let Some(message) = read_message(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, messages, unread: VecDeque::new(), next_id: 1, _home: home }
    }

    /// Starts a session on a workspace, with nothing but the protocol's minimum offered.
    pub(crate) fn on(root: &Path) -> Self {
        Self::with(root, json!({}), json!(null))
    }

    /// Starts a session on a workspace with these client capabilities and options.
    pub(crate) fn with(root: &Path, capabilities: Value, options: Value) -> Self {
        let mut client = Self::start();
        client.initialize(json!({
            "processId": null,
            "capabilities": capabilities,
            "initializationOptions": options,
            "workspaceFolders": [{ "uri": uri(root), "name": "workspace" }],
        }));
        client
    }

    /// Shakes hands; returns what the server offers.
    pub(crate) fn initialize(&mut self, params: Value) -> Value {
        let offered = self.request("initialize", params);
        self.notify("initialized", json!({}));
        offered
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.write(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and does not wait; returns its id.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Waits for the answer to a request: its result, or its error.
    pub(crate) fn answer(&mut self, id: i64) -> Result<Value, Value> {
        let is_answer = |message: &Value| message["id"] == id && message.get("method").is_none();
        let mut answer = self.wait_for(&format!("the answer to request {id}"), is_answer);
        match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer["result"].take()),
        }
    }

    /// Waits for an error that belongs to no request, since its message was not understood.
    pub(crate) fn nameless_error(&mut self) -> Value {
        let is_it = |message: &Value| message.get("id") == Some(&Value::Null);
        self.wait_for("an error without an id", is_it)["error"].take()
    }

    /// Sends a request and returns its result.
    #[track_caller]
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Runs a command with one argument and returns its result.
    #[track_caller]
    pub(crate) fn command(&mut self, command: &str, argument: Value) -> Value {
        let params = json!({ "command": command, "arguments": [argument] });
        self.request("workspace/executeCommand", params)
    }

    /// Waits for a notification, or a request of the server's, and returns all of it.
    pub(crate) fn message(&mut self, method: &str) -> Value {
        self.wait_for(method, |message| message["method"] == method)
    }

    /// Waits for diagnostics of a file and returns the last ones that have come.
    pub(crate) fn diagnostics(&mut self, path: &Path) -> Value {
        let uri = uri(path);
        let is_ours = |message: &Value| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri.as_str()
        };
        let mut last = self.wait_for(&format!("diagnostics of {uri}"), is_ours);
        while let Some(at) = self.unread.iter().position(is_ours) {
            last = self.unread.remove(at).unwrap();
        }
        last["params"].take()
    }

    /// Drops diagnostics that have come: the test is about something else.
    pub(crate) fn skip_diagnostics(&mut self) {
        self.settle();
        self.unread.retain(|message| message["method"] != "textDocument/publishDiagnostics");
    }

    /// Drops messages to the person that have come: the test is about something else.
    pub(crate) fn skip_messages(&mut self) {
        self.settle();
        self.unread.retain(|message| message["method"] != "window/showMessage");
    }

    /// Waits until no job runs: what goes on beside the answers may have something to show yet.
    fn settle(&mut self) {
        let start = Instant::now();
        while self.command("incident.status", json!(null))["nJobs"] != 0 {
            assert!(start.elapsed() < LIMIT, "a job does not end");
            std::thread::yield_now();
        }
        // A request is answered behind all that was published before it.
        self.command("incident.status", json!(null));
    }

    /// Waits until the diagnostics of a file are as they should be, and returns them.
    pub(crate) fn diagnostics_until(
        &mut self,
        path: &Path,
        fits: impl Fn(&Value) -> bool,
    ) -> Value {
        loop {
            let diagnostics = self.diagnostics(path);
            if fits(&diagnostics) {
                return diagnostics;
            }
        }
    }

    pub(crate) fn open(&mut self, path: &Path, language: &str, text: &str) {
        let document =
            json!({ "uri": uri(path), "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces a range (line, column, line, column) of a document.
    pub(crate) fn edit(&mut self, path: &Path, version: i32, at: [u32; 4], text: &str) {
        let [line, column, end_line, end_column] = at;
        let range = json!({
            "start": { "line": line, "character": column },
            "end": { "line": end_line, "character": end_column },
        });
        self.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri(path), "version": version },
                "contentChanges": [{ "range": range, "text": text }],
            }),
        );
    }

    #[track_caller]
    pub(crate) fn hover(&mut self, path: &Path, line: u32, column: u32) -> Value {
        self.request("textDocument/hover", at(path, line, column))
    }

    /// Closes the server's input, leaving its output open.
    pub(crate) fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Ends the session in order; fails where a message was not read.
    #[track_caller]
    pub(crate) fn end(mut self) {
        self.request("shutdown", json!(null));
        self.notify("exit", json!(null));
        assert!(self.exit_status().success());
        while let Ok(message) = self.messages.recv() {
            self.unread.push_back(message);
        }
        assert!(self.unread.is_empty(), "nobody read {:#?}", self.unread);
    }

    /// Waits for the end of the program.
    pub(crate) fn exit_status(&mut self) -> ExitStatus {
        self.exit_status_within(LIMIT)
    }

    pub(crate) fn exit_status_within(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < limit, "the server did not end within {limit:?}");
            std::thread::yield_now();
        }
    }

    fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&is_it) {
            return self.unread.remove(at).unwrap();
        }
        let start = Instant::now();
        loop {
            let left = LIMIT.saturating_sub(start.elapsed());
            match self.messages.recv_timeout(left) {
                Ok(message) if is_it(&message) => return message,
                Ok(message) => self.unread.push_back(message),
                Err(error) => panic!("{what} did not come ({error}); unread: {:#?}", self.unread),
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().unwrap())
}

/// A document and a position in it.
pub(crate) fn at(path: &Path, line: u32, column: u32) -> Value {
    json!({
        "textDocument": { "uri": uri(path) },
        "position": { "line": line, "character": column },
    })
}

fn read_message(stream: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut body = vec![0; length.expect("the server sends a length")];
    stream.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("the server sends JSON"))
}
