//! Links instead of files, by the real program at a stub on loopback.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::lsp_client::{Client, uri};
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

#[test]
fn a_link_in_an_editor() {
    let stub = Stub::new(&[("/trace.txt", TRACE.to_owned())]);
    let repository = service();
    repository.write(".incident.toml", stub.settings("text"));
    let link = format!("http://{}/trace.txt", stub.host);
    let note = repository.path().join("note.txt");
    let buffer = uri(&note);
    for argument in
        [json!({ "url": link }), json!({ "text": format!("<{link}>\n") }), json!({ "uri": buffer })]
    {
        let mut client =
            Client::with(repository.path(), json!({}), json!({ "workspaceTrusted": true }));
        client.open(&note, "plaintext", &format!("{link}\n"));
        let answer = client.command("incident.explain", argument);
        assert!(
            answer["incident"]["place"]["uri"].as_str().unwrap().ends_with("src/main.rs"),
            "{answer}"
        );
        client.skip_diagnostics();
        client.end();
    }
    assert_eq!(stub.n_requests(), 3);
}

#[test]
fn a_host_that_nobody_named_is_asked_after_a_yes_alone() {
    let repository = service();
    let mut client = Client::on(repository.path());
    let answer = client.command("incident.explain", json!({ "url": "https://127.0.0.1:9/x" }));
    assert_eq!(answer["partial"], true);
    assert!(
        answer["message"].as_str().unwrap().starts_with("127.0.0.1:9 is not allowed yet"),
        "{answer}"
    );
    let question = client.message("window/showMessageRequest");
    assert_eq!(question["params"]["actions"], json!([{ "title": "Ask 127.0.0.1:9" }]));
    client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": null }));
    // The command's own word counts too, and allows no private address.
    let argument = json!({ "url": "https://127.0.0.1:9/x", "allowHost": "127.0.0.1:9" });
    let answer = client.command("incident.explain", argument);
    assert!(answer["problems"].to_string().contains("not a public address"), "{answer}");
    client.skip_messages();
    client.end();
}

#[test]
fn a_named_query_is_read_like_the_file_of_its_answer() {
    let values: Vec<Value> = (0..120)
        .map(|at| json!([1_772_546_400 + at * 30, if at < 60 { "1" } else { "90" }]))
        .collect();
    let matrix = json!({"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": {"__name__": "errors"}, "values": values}]}});
    let lines: Vec<Value> = (0..40)
        .map(|at| {
            json!([
                format!("{}000000000", 1_772_546_400 + at),
                format!("ERROR pool of {at} is empty")
            ])
        })
        .collect();
    let streams = json!({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {}, "values": lines}]}});
    let stub =
        Stub::new(&[("/prom?q=errors", matrix.to_string()), ("/loki?q=1", streams.to_string())]);
    let (repository, home) = (service(), Home::new());
    let query = |name: &str, path: &str| {
        format!("[links.queries.{name}]\nurl = \"http://{}{path}\"\n", stub.host)
    };
    let settings =
        [stub.settings("text"), query("errors", "/prom?q=errors"), query("log", "/loki?q=1")];
    repository.write(".incident.toml", settings.concat());
    let run = |inputs: [&str; 4]| Run::new(inputs).dir(repository.path()).home(&home);
    let refused = run(["explain", "query:log", "--format", "json"]).end().refused();
    assert!(refused.contains("until `incident-lsp trust`"), "{refused}");
    trust(&repository, &home);
    let report = run(["explain", "query:log", "query:errors", "--format=json"]).end().done();
    let report: Value = serde_json::from_str(&report).unwrap();
    repository.write("log.json", streams.to_string());
    repository.write("metrics.json", matrix.to_string());
    let of_files = run(["explain", "log.json", "metrics.json", "--format=json"]).end().done();
    let of_files: Value = serde_json::from_str(&of_files).unwrap();
    assert_eq!(report["incidents"][0]["metrics"], of_files["incidents"][0]["metrics"]);
    assert_eq!(report["incidents"][0]["title"], of_files["incidents"][0]["title"]);
    assert_eq!(report["incidents"][0]["count"], 40, "{report:#}");
    let refused = run(["explain", "query:nothing", "--format", "json"]).end().refused();
    assert_eq!(refused, "there is no query `nothing`; there are errors, log");
}
