//! Links instead of files, by the real program at a stub on loopback.

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

const TRACE: &str = "thread 'main' panicked at src/main.rs:3:33:\n\
    called `Option::unwrap()` on a `None` value\n";

/// A server that answers by path; what it does not know is a 404. Keeps the requests' heads.
pub(crate) struct Stub {
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    pub(crate) fn new(answers: &[(&str, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&seen);
        let answers: Vec<(String, String)> =
            answers.iter().map(|(path, body)| ((*path).to_owned(), body.clone())).collect();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let found = answers.iter().find(|(known, _)| *known == path);
                let (status, body) = found.map_or(("404 No", ""), |(_, body)| ("200 OK", body));
                let length = body.len();
                heads.lock().unwrap().push(head);
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        });
        Self { host, seen }
    }

    pub(crate) fn n_requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn settings(&self, kind: &str) -> String {
        format!(
            "[links.hosts.\"{}\"]\nkind = \"{kind}\"\ntoken_env = \"TRACKER_TOKEN\"\nprivate = true\nhttp = true\n",
            self.host
        )
    }
}

pub(crate) fn service() -> Repository {
    Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"till\"\nversion = \"1.0.0\"\n"),
        ("src/main.rs", MAIN),
    ])
}

pub(crate) fn trust(repository: &Repository, home: &Home) {
    Run::new(["trust"]).dir(repository.path()).home(home).end().done();
}

#[test]
fn the_link_of_an_alert_is_explained_like_its_trace() {
    let event = json!({"eventID": "0123456789abcdef0123456789abcdef", "platform": "rust",
        "dateCreated": "2026-03-03T14:05:05Z", "release": {"version": "till@1.0.0"},
        "entries": [{"type": "exception", "data": {"values": [{"type": "panic", "value": "empty",
            "stacktrace": {"frames": [{"function": "till::main", "filename": "main.rs", "module": "till",
                "absPath": "/build/till/src/main.rs", "lineNo": 3, "colNo": 33, "inApp": true}]}}]}}]});
    let of_issue = "/api/0/organizations/acme/issues/TILL-3F/";
    let deploys = json!([{"environment": "production", "dateFinished": "2026-03-03T14:02:00Z"}]);
    let stub = Stub::new(&[
        (&format!("{of_issue}events/recommended/"), event.to_string()),
        (
            of_issue,
            json!({"shortId": "TILL-3F", "culprit": "main", "count": "42", "userCount": 7,
            "firstSeen": "2026-03-03T14:04:00Z", "lastSeen": "2026-03-03T14:20:00Z"})
            .to_string(),
        ),
        ("/api/0/organizations/acme/releases/till@1.0.0/deploys/", deploys.to_string()),
    ]);
    let (repository, home) = (service(), Home::new());
    repository.write(".incident.toml", stub.settings("sentry"));
    let link = format!("http://{}/organizations/acme/issues/TILL-3F/", stub.host);
    let run =
        || Run::new(["explain", "--format", "json"]).arg(&link).dir(repository.path()).home(&home);

    // The repository's own word opens nothing until a person trusts it.
    let refused = run().env("TRACKER_TOKEN", "sesame").end().refused();
    assert!(refused.contains("until `incident-lsp trust`"), "{refused}");
    trust(&repository, &home);
    let refused = run().end().refused();
    for way in ["set TRACKER_TOKEN to a token", "download the event's JSON", "paste the trace"] {
        assert!(refused.contains(way), "{refused}");
    }
    assert_eq!(stub.n_requests(), 0);

    let report = run().env("TRACKER_TOKEN", "sesame").end().done();
    assert!(!report.contains("sesame"));
    let report: Value = serde_json::from_str(&report).unwrap();
    let frame = &report["incidents"][0]["traces"][0]["frames"][0];
    assert_eq!(
        (&frame["resolution"]["path"], &frame["resolution"]["line"]),
        (&json!("src/main.rs"), &json!(3))
    );
    let axis: Vec<&str> = report["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["what"].as_str())
        .collect();
    assert_eq!(
        axis,
        [
            "deployed to production",
            "TILL-3F seen for the first time",
            "panic: empty in release till@1.0.0",
            "TILL-3F seen for the last time, 42 times for 7 users",
        ]
    );
    assert_eq!(stub.n_requests(), 3);
}

#[test]
fn a_text_and_a_file_together() {
    let stub = Stub::new(&[("/trace.txt", TRACE.to_owned())]);
    let (repository, home) = (service(), Home::new());
    repository.write(".incident.toml", stub.settings("text"));
    trust(&repository, &home);
    repository.write("app.log", "2026-03-03T14:05:05Z ERROR pool is empty\n");
    let link = format!("http://{}/trace.txt", stub.host);
    let run = Run::new(["explain", "app.log"]).arg(&link).dir(repository.path()).home(&home);
    let report = run.end().done();
    assert!(report.contains("src/main.rs:3:33 in main"), "{report}");
    assert!(report.contains(&format!("explain app.log {link}")), "{report}");
}
