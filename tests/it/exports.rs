//! Documents that other systems export, given beside a trace or instead of one.

use serde_json::{Value, json};

use crate::support::{Home, Repository, Run};

const MAIN: &str = "\
fn main() {
    let names: Vec<String> = Vec::new();
    println!(\"{}\", names.first().unwrap());
}
";

fn service() -> Repository {
    Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"till\"\nversion = \"1.0.0\"\n"),
        ("src/main.rs", MAIN),
    ])
}

/// An event as the Rust SDK sends it: bare file names, its own frames on top, local variables.
fn event() -> Value {
    json!({
        "event_id": "0123456789abcdef0123456789abcdef",
        "platform": "native",
        "timestamp": 1772546705.25,
        "release": "till@1.0.0",
        "exception": {"values": [{
            "type": "panic",
            "value": "called `Option::unwrap()` on a `None` value",
            "mechanism": {"type": "panic", "handled": false},
            "stacktrace": {"frames": [
                {"function": "till::main", "filename": "main.rs", "abs_path": "/build/till/src/main.rs",
                 "lineno": 3, "colno": 33, "in_app": true, "vars": {"secret_key": "never shown"}},
                {"function": "core::option::unwrap_failed", "in_app": false},
                {"function": "sentry_panic::panic_handler", "in_app": true},
            ]},
        }]},
    })
}

#[test]
fn an_event_is_explained_like_a_trace() {
    let repository = service();
    let run = || {
        Run::new(["explain", "--format", "json"])
            .dir(repository.path())
            .stdin(event().to_string())
            .end()
            .done()
    };
    let report: Value = serde_json::from_str(&run()).unwrap();
    let incident = &report["incidents"][0];
    assert_eq!(incident["kind"], "panic");
    let frames = incident["traces"][0]["frames"].as_array().unwrap();
    let own = frames.iter().find(|frame| frame["origin"] == "app").unwrap();
    assert_eq!(own["resolution"]["path"], "src/main.rs");
    assert_eq!(own["resolution"]["line"], 3);
    assert_eq!(incident["deployed"]["how"], "version", "the release names this version");
    assert_eq!(report["timeline"][0]["clock"], "tracker");
    assert!(!run().contains("never shown"), "local variables are not read");
}

#[test]
fn chat_and_pager_stand_on_one_axis() {
    let repository = service();
    repository.write("event.json", event().to_string());
    let page = json!({"incident": {"incident_number": 7, "title": "5xx"}, "log_entries": [
        {"type": "trigger_log_entry", "created_at": "2026-03-03T14:06:05Z", "summary": "5xx firing"},
        {"type": "resolve_log_entry", "created_at": "2026-03-03T14:18:05Z", "summary": "resolved"}]});
    repository.write("page.json", page.to_string());
    let chat = json!([
        {"type": "message", "ts": "1772546530.000101", "subtype": "bot_message", "bot_id": "B1",
         "text": "rollout of v1.0.0 complete"},
        {"type": "message", "ts": "1772546900.000101", "user": "U1", "text": "<@U1> \u{1b}[2Jlook"}]);
    repository.write("2026-03-03.json", chat.to_string());
    repository.write("users.json", json!([{"id": "U1", "name": "ada"}]).to_string());
    let command = ["explain", "event.json", "page.json", "2026-03-03.json", "users.json"];
    let text = Run::new(command).dir(repository.path()).end().done();
    let axis: Vec<&str> = text
        .lines()
        .skip_while(|line| *line != "When (UTC)")
        .take_while(|it| !it.is_empty())
        .collect();
    assert_eq!(
        axis,
        [
            "When (UTC)",
            "  2026-03-03",
            "  14:02:10  chat    rollout of v1.0.0 complete",
            "  14:05:05  tracker panic: called `Option::unwrap()` on a `None` value in release till@1.0.0",
            "  14:06:05  pager   5xx firing",
            "  14:18:05  pager   resolved",
            "  … 1 more event in --format json",
        ]
    );
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn an_export_is_read_packed_as_it_was_downloaded() {
    let repository = service();
    let day = json!([{"type": "message", "ts": "1772546900.000101", "user": "U1", "text": "rolling back"}]);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, body) in [
        ("general/2026-03-03.json", day.to_string()),
        ("users.json", json!([{"id": "U1", "name": "ada"}]).to_string()),
        ("Notes 0123456789abcdef0123456789abcdef.md", "# Notes\n\nthe pool was empty\n".to_owned()),
    ] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, body.as_bytes()).unwrap();
    }
    repository.write("export.zip", archive.finish().unwrap().into_inner());
    repository.write("event.json", event().to_string());
    let run = Run::new(["explain", "event.json", "export.zip", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.dir(repository.path()).end().done()).unwrap();
    let axis = report["timeline"].as_array().unwrap().iter();
    let axis: Vec<&str> = axis.filter_map(|event| event["what"].as_str()).collect();
    assert!(axis.contains(&"ada: rolling back"), "{axis:?}");
    assert_eq!(report["incidents"].as_array().unwrap().len(), 1);
}

#[test]
fn the_next_incident_finds_the_post_mortem_of_the_first() {
    let repository = service();
    let home = Home::new();
    let run = |args: [&str; 3]| Run::new(args).dir(repository.path()).home(&home);
    let explain = || {
        let json = run(["explain", "--format", "json"]).stdin(event().to_string()).end().done();
        serde_json::from_str::<Value>(&json).unwrap()["incidents"][0].clone()
    };
    let first = explain();
    assert_eq!(first["runbooks"], json!([]));
    let id = first["id"].as_str().unwrap().to_owned();
    std::fs::create_dir_all(repository.path().join("postmortems")).unwrap();
    let written = run(["postmortem", &id, "--out=postmortems/first.md"]).end().done();
    assert_eq!(written, "postmortems/first.md: drafted\n");
    let page = std::fs::read_to_string(repository.path().join("postmortems/first.md")).unwrap();
    assert!(page.contains("fingerprints: [") && page.contains("> **Not known:** "), "{page}");

    let page = page.replace("## Impact\n", "## Impact\n\nNobody could pay.\n");
    repository.write("postmortems/first.md", &page);
    let again = run(["postmortem", &id, "--out=postmortems/first.md"]).end().done();
    assert_eq!(again, "postmortems/first.md: made its generated parts anew\n");
    let kept = std::fs::read_to_string(repository.path().join("postmortems/first.md")).unwrap();
    assert!(kept.contains("Nobody could pay."), "{kept}");

    let second = explain();
    assert_eq!(second["runbooks"][0]["path"], "postmortems/first.md");
}

#[test]
fn nothing_is_drafted_of_an_unknown_incident() {
    let repository = service();
    let ended = Run::new(["postmortem", "0123456789ab"]).dir(repository.path()).end().refused();
    assert!(ended.contains("no incident `0123456789ab` is kept"), "{ended}");
}
