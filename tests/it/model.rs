//! A model, asked by the real program at a stub server: what is shown is what is sent, what is made
//! up never shows, and the offline answer stands whatever happens.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{Home, Repository, Run};

const MAIN: &str = "\
fn main() {
    let names: Vec<String> = Vec::new();
    println!(\"{}\", names.first().unwrap());
}
";

const PANIC: &str = "\
thread 'main' panicked at src/main.rs:3:33:
called `Option::unwrap()` on a `None` value
stack backtrace:
   0: till::main
             at ./src/main.rs:3:33
2026-01-05T10:00:00Z ERROR login of postgres://app:hunter2secret@db/app failed
";

fn service() -> Repository {
    Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"till\"\nversion = \"1.0.0\"\n"),
        ("src/main.rs", MAIN),
    ])
}

/// Answers every request with `answer`, a whole HTTP answer; keeps the bodies.
fn server(answer: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&bodies);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut bytes, mut piece) = (Vec::new(), [0; 65536]);
            let body = loop {
                let n = stream.read(&mut piece).unwrap_or(0);
                bytes.extend_from_slice(&piece[..n]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.to_lowercase();
                let length = length.lines().find_map(|it| it.strip_prefix("content-length: "));
                if n == 0 || body.len() >= length.unwrap().trim().parse().unwrap() {
                    break body.to_owned();
                }
            };
            seen.lock().unwrap().push(body);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (url, bodies)
}

fn streamed(answer: &Value) -> String {
    let text = answer.to_string();
    let mut events = String::new();
    for piece in text.as_bytes().chunks(40) {
        let piece = String::from_utf8_lossy(piece);
        let event =
            json!({ "choices": [{ "delta": { "content": piece }, "finish_reason": null }] });
        events.push_str(&format!("data: {event}\n\n"));
    }
    let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{events}data: {end}\n\ndata: [DONE]\n\n"
    )
}

fn claim(title: &str, says: &str, id: &str, quote: &str) -> Value {
    json!({
        "title": title,
        "chain": [{ "says": says, "evidence": [{ "id": id, "quote": quote }] }],
        "confidence": 0.9,
        "would_disprove": ["names holds an item at that time"],
    })
}

fn explain(url: &str, home: &Home, repository: &Repository) -> Run {
    let args = ["explain", "--format", "json", "--model", "openai/stub", "--model-url"];
    Run::new(args).arg(url).dir(repository.path()).home(home).stdin(PANIC)
}

#[test]
fn what_is_shown_is_what_is_sent_and_secrets_stay() {
    let (repository, home) = (service(), Home::new());
    let (url, bodies) = server(streamed(&json!({ "hypotheses": [] })));
    let shown = explain(&url, &home, &repository).arg("--show-prompt").end().done();
    assert_eq!(*bodies.lock().unwrap(), Vec::<String>::new(), "showing sends nothing");
    explain(&url, &home, &repository).end().done();
    let sent = bodies.lock().unwrap().clone();
    assert_eq!(sent, [shown.trim_end_matches('\n')]);
    assert!(!sent[0].contains("hunter2secret"), "{}", sent[0]);
    assert!(sent[0].contains("names.first().unwrap()"), "{}", sent[0]);
    let audit = std::fs::read_to_string(home.state().join("model-audit.jsonl")).unwrap();
    assert_eq!(audit.lines().count(), 1, "{audit}");
}

#[test]
fn what_holds_shows_and_what_is_made_up_does_not() {
    let (repository, home) = (service(), Home::new());
    let answer = json!({ "hypotheses": [
        claim("The list of names is always empty", "`names` is made empty, so first() gives None", "src/main.rs:2", "Vec::new()"),
        claim("The database was down", "The database refused the connection", "P1", "names.first().unwrap()"),
        claim("Commit deadbeef broke it", "Commit deadbeef emptied names", "P1", "names.first().unwrap()"),
    ] });
    let (url, _) = server(streamed(&answer));
    let report = explain(&url, &home, &repository).end().done();
    let report: Value = serde_json::from_str(&report).unwrap();
    let hypotheses = report["incidents"][0]["hypotheses"].as_array().unwrap();
    let shown = serde_json::to_string(hypotheses).unwrap();
    assert!(shown.contains("\"model\"") || shown.contains("came to the same cause"), "{shown}");
    assert!(!report.to_string().contains("deadbeef"), "{report}");
    assert!(!shown.contains("database"), "{shown}");
    let told = report["problems"].to_string();
    assert!(told.contains("2 withheld"), "{told}");
}

#[test]
fn the_offline_answer_stands_whatever_the_server_does() {
    let (repository, home) = (service(), Home::new());
    let offline = Run::new(["explain", "--format", "json"]).dir(repository.path()).stdin(PANIC);
    let offline: Value = serde_json::from_str(&offline.end().done()).unwrap();
    let dead = { TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let urls = [
        server("HTTP/1.1 401 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()).0,
        server(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\nhello"
                .to_owned(),
        )
        .0,
        server("garbage".to_owned()).0,
        format!("http://{dead}/v1"),
        "ftp://nowhere/v1".to_owned(),
    ];
    for url in urls {
        let report = explain(&url, &home, &repository).end().done();
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["incidents"], offline["incidents"], "{url}");
        assert_eq!(
            report["problems"].as_array().unwrap().len(),
            offline["problems"].as_array().unwrap().len() + 1,
            "{}",
            report["problems"]
        );
    }
}

#[test]
fn nothing_is_sent_unasked() {
    let (repository, home) = (service(), Home::new());
    let (url, bodies) = server(streamed(&json!({ "hypotheses": [] })));
    repository.write(
        ".incident.toml",
        format!("[model]\nprovider = \"openai\"\nname = \"m\"\nbase_url = \"{url}\"\n"),
    );
    // Configured, not asked for.
    Run::new(["explain"]).dir(repository.path()).home(&home).stdin(PANIC).end().done();
    // Asked for, in a tree that nobody trusts.
    let run = Run::new(["explain", "--model", "configured"]).dir(repository.path()).home(&home);
    let report = run.stdin(PANIC).end();
    assert!(format!("{report:?}").contains("not trusted"), "{report:?}");
    assert_eq!(bodies.lock().unwrap().len(), 0);
    Run::new(["trust"]).dir(repository.path()).home(&home).end().done();
    let run = Run::new(["explain", "--model", "configured"]).dir(repository.path()).home(&home);
    run.stdin(PANIC).end().done();
    assert_eq!(bodies.lock().unwrap().len(), 1);
}

#[test]
fn a_recorded_answer_is_played_without_a_network() {
    let (repository, home) = (service(), Home::new());
    let answer = json!({ "hypotheses": [claim("The list of names is always empty", "`names` is made empty, so first() gives None", "src/main.rs:2", "Vec::new()")] });
    repository.write("answer.json", format!("Here it is:\n```json\n{answer}\n```\n"));
    let run = Run::new(["explain", "--model", "replay/answer.json"]).dir(repository.path());
    let report = run.home(&home).stdin(PANIC).end().done();
    assert!(report.contains("replay/recorded"), "{report}");
}
