//! How soon a pasted trace of 30 frames shows, on a workspace that the server has seen before.
//!
//! ```text
//! cargo bench -p incident-lsp --bench warm_explain -- DIR
//! ```
//!
//! DIR is a git repository with Rust sources, a few hundred thousand lines of them. The real program
//! is driven over its standard streams; each paste is another crash, so that nothing but indexes can
//! be reused. Prints the time to the first diagnostics and to the answer, and what the server takes
//! while it is idle before the first of them (on Linux).

#![allow(clippy::unwrap_used)] // A benchmark that can't go on says so by panicking.
#![allow(clippy::print_stdout)] // What it measures goes to standard output.
#![allow(clippy::disallowed_methods)] // It starts the program that it measures.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const N_FRAMES: usize = 30;
const N_PASTES: usize = 21;

/// How long the idle server is watched.
const IDLE: Duration = Duration::from_secs(3);

fn main() {
    // Cargo adds `--bench` to what was given.
    let given: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let [workspace] = &given[..] else {
        println!("usage: cargo bench -p incident-lsp --bench warm_explain -- DIR");
        return;
    };
    let workspace = Path::new(workspace).canonicalize().unwrap();
    let (files, n_lines) = rust_files(&workspace);
    let frames = frames(&workspace, &files);
    let mut server = Server::start(&workspace);
    if let Some(idle) = server.idle() {
        println!("{idle}");
    }
    let mut times: Vec<[Duration; 2]> =
        (0..N_PASTES).map(|paste| server.explain(&trace(&frames, paste))).collect();
    server.end();
    let [first_shown, first_answered] = times.remove(0);
    println!("{n_lines} lines in {} files, a trace of {} frames", files.len(), frames.len());
    println!("cold: first diagnostics {first_shown:?}, answer {first_answered:?}");
    for (idx, what) in ["first diagnostics", "answer"].iter().enumerate() {
        times.sort_by_key(|time| time[idx]);
        let at = |share: usize| times[(times.len() - 1) * share / 100][idx];
        println!("warm: {what} median {:?}, worst {:?}", at(50), at(100));
    }
}

/// Returns the Rust files below `root`, sorted, and how many lines they have.
fn rust_files(root: &Path) -> (Vec<PathBuf>, usize) {
    let (mut files, mut n_lines) = (Vec::new(), 0);
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && entry.file_name() != ".git" && entry.file_name() != "target" {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "rs") {
                n_lines += std::fs::read(&path).unwrap().iter().filter(|it| **it == b'\n').count();
                files.push(path);
            }
        }
    }
    files.sort();
    (files, n_lines)
}

/// Takes a function from each of some files that lie evenly over the tree.
fn frames(root: &Path, files: &[PathBuf]) -> Vec<(String, usize, String)> {
    let mut frames = Vec::new();
    for file in files.iter().step_by((files.len() / (4 * N_FRAMES)).max(1)) {
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        let function = text.lines().enumerate().find_map(|(line_idx, line)| {
            let name = line.trim_start().trim_start_matches("pub ").strip_prefix("fn ")?;
            Some((line_idx + 2, name.split(['(', '<']).next()?.to_owned()))
        });
        if let Some((line, name)) = function {
            let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            frames.push((path, line, name));
        }
    }
    frames.truncate(N_FRAMES);
    frames
}

/// Writes a trace that begins at another frame for each paste: another crash, so another incident.
fn trace(frames: &[(String, usize, String)], paste: usize) -> String {
    let mut frames = frames.to_vec();
    let n_frames = frames.len().max(1);
    frames.rotate_left(paste % n_frames);
    let (path, line, _) = frames.first().expect("DIR holds Rust functions");
    let mut text = format!(
        "thread 'main' (1) panicked at {path}:{line}:5:\n\
         index out of bounds: the len is 1 but the index is {paste}\nstack backtrace:\n"
    );
    for (number, (path, line, name)) in frames.iter().enumerate() {
        write!(text, "{number:4}: app::{name}\n             at ./{path}:{line}:9\n").unwrap();
    }
    text
}

/// The program in a session.
struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    next_id: u64,
}

impl Server {
    fn start(workspace: &Path) -> Self {
        let home = std::env::temp_dir().join(format!("incident-bench-{}", std::process::id()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_incident-lsp"))
            .arg("serve")
            .env("INCIDENT_LSP_STATE_DIR", home.join("state"))
            .env("INCIDENT_LSP_CACHE_DIR", home.join("cache"))
            .env("INCIDENT_LSP_CONFIG_DIR", home.join("config"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { child, stdout, next_id: 0 };
        let folder = json!({ "uri": format!("file://{}", workspace.display()), "name": "bench" });
        let client = json!({ "textDocument": { "publishDiagnostics": {} } });
        let params = json!({ "capabilities": client, "workspaceFolders": [folder] });
        server.request("initialize", &params);
        server.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        server
    }

    /// Says how much memory and processor time the server takes while nobody asks for anything.
    fn idle(&self) -> Option<String> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let ticks = || {
            let stat = std::fs::read_to_string(process.join("stat")).ok()?;
            // The name may hold blanks; user and system time are the 12th and 13th field behind it.
            let fields = stat.rsplit(") ").next()?.split(' ');
            fields.skip(11).take(2).map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()
        };
        // What the start left to do ends first.
        std::thread::park_timeout(Duration::from_secs(1));
        let before = ticks()?;
        std::thread::park_timeout(IDLE);
        let used = ticks()? - before;
        let status = std::fs::read_to_string(process.join("status")).ok()?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim();
        Some(format!("idle before the first incident: {memory}, {used} ticks in {IDLE:?}"))
    }

    /// Pastes a trace; returns the time to the first diagnostics and to the answer.
    fn explain(&mut self, text: &str) -> [Duration; 2] {
        let start = Instant::now();
        let params = json!({ "command": "incident.explain", "arguments": [{ "text": text }] });
        let (shown, answer) = self.request("workspace/executeCommand", &params);
        let answered = start.elapsed();
        assert!(answer["result"]["incident"].is_object(), "{answer}");
        if answer["result"]["partial"] == true {
            println!("not done after two seconds: that answer is a partial one");
        }
        let shown = shown.expect("diagnostics come before the answer");
        [shown.duration_since(start), answered]
    }

    /// Returns when the first diagnostics came, and the answer.
    fn request(&mut self, method: &str, params: &Value) -> (Option<Instant>, Value) {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let mut shown = None;
        loop {
            let message = self.receive();
            if message["method"] == "textDocument/publishDiagnostics" {
                shown.get_or_insert_with(Instant::now);
            } else if message["id"] == id {
                return (shown, message);
            }
        }
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let stdin = self.child.stdin.as_mut().unwrap();
        write!(stdin, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        stdin.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "the server ended");
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().unwrap();
            } else if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stdout.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn end(mut self) {
        self.request("shutdown", &Value::Null);
        self.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
        assert!(self.child.wait().unwrap().success());
    }
}
