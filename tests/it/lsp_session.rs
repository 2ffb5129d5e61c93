//! The session itself: order, cancelling, bad messages, and every way in which it may end.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::lsp_client::{Client, at, uri};
use crate::lsp_incident::{self, crash_text};
use crate::support::Repository;

#[test]
fn four_hundred_edits_are_seen_by_the_hover_behind_them() {
    let repository = lsp_incident::repository();
    let path = repository.path().join("src/pool.rs");
    let mut client = Client::on(repository.path());
    client.open(&path, "rust", lsp_incident::POOL);
    client.command("incident.explain", json!({ "text": crash_text() }));
    let before = client.diagnostics_until(&path, |it| it["diagnostics"] != json!([]));
    let line = before["diagnostics"][0]["range"]["start"]["line"].as_u64().unwrap() as u32;
    for version in 2..402 {
        client.edit(&path, version, [0, 0, 0, 0], "// 🦀\n");
    }
    let shown = client.hover(&path, line + 400, 20);
    assert!(shown.to_string().contains("index out of bounds"), "{shown}");
    assert_eq!(client.hover(&path, line, 20), json!(null));
    let after = client.diagnostics_until(&path, |it| it["version"] == 401);
    let moved = after["diagnostics"][0]["range"]["start"]["line"].as_u64().unwrap() as u32;
    assert_eq!(moved, line + 400);
    client.skip_diagnostics();
    client.end();
}

/// Logs that take this server a while; returns their paths.
fn slow_logs(repository: &Repository, n_logs: usize) -> Vec<PathBuf> {
    let line = "2026-01-02T03:04:05Z ERROR pool: request 17 of client 4711 failed after 20 ms\n";
    let text = line.repeat((24 << 20) / line.len());
    let name = |at: usize| format!("slow-{at}.log");
    (0..n_logs)
        .map(|at| (name(at), repository.write(&name(at), &text)))
        .map(|(name, ())| repository.path().join(name))
        .collect()
}

#[test]
fn a_request_is_cancelled_while_eight_slow_ones_run() {
    let repository = lsp_incident::repository();
    let mut client = Client::on(repository.path());
    let explain = |client: &mut Client, path: &PathBuf| {
        let arguments = json!([{ "uri": uri(path) }]);
        let params = json!({ "command": "incident.explain", "arguments": arguments });
        client.ask("workspace/executeCommand", params)
    };
    let logs = slow_logs(&repository, 8);
    let asked: Vec<i64> = logs.iter().map(|path| explain(&mut client, path)).collect();
    let status = client.command("incident.status", json!(null));
    assert_eq!(status["nJobs"], 8, "{status}");
    let mut waits: Vec<Duration> = Vec::new();
    for id in asked.iter().rev() {
        let start = Instant::now();
        client.notify("$/cancelRequest", json!({ "id": id }));
        let error = client.answer(*id).unwrap_err();
        waits.push(start.elapsed());
        assert_eq!(error["code"], -32800, "{error}");
    }
    // The best of eight: a busy machine may keep any one of them waiting, but not all.
    let best = waits.iter().min().unwrap();
    assert!(*best < Duration::from_millis(10), "{waits:?}");
    assert!(waits.iter().sum::<Duration>() < Duration::from_secs(1), "{waits:?}");
    client.end();
}

#[test]
fn three_hundred_requests_do_not_hang_behind_one_that_needs_the_client() {
    let repository = lsp_incident::repository();
    let capabilities = json!({ "window": { "workDoneProgress": true } });
    let mut client = Client::with(repository.path(), capabilities, json!(null));
    let [log] = &slow_logs(&repository, 1)[..] else { panic!("one log was asked for") };
    let arguments = json!([{ "uri": uri(log) }]);
    let params = json!({ "command": "incident.explain", "arguments": arguments });
    let explain = client.ask("workspace/executeCommand", params);
    let create = client.message("window/workDoneProgress/create");
    let path = repository.path().join("src/main.rs");
    let asked: Vec<i64> =
        (0..300).map(|_| client.ask("textDocument/hover", at(&path, 1, 1))).collect();
    for id in asked {
        assert_eq!(client.answer(id), Ok(json!(null)));
    }
    client.send(&json!({ "jsonrpc": "2.0", "id": create["id"], "result": null }));
    let begin = client.message("$/progress");
    assert_eq!(begin["params"]["value"]["kind"], "begin", "{begin}");
    assert_eq!(begin["params"]["value"]["cancellable"], true, "{begin}");
    let token = json!({ "token": begin["params"]["token"] });
    client.notify("window/workDoneProgress/cancel", token);
    let answer = client.answer(explain);
    assert!(answer.is_err_and(|error| error["code"] == -32800));
    loop {
        let progress = client.message("$/progress");
        if progress["params"]["value"]["kind"] == "end" {
            break;
        }
    }
    client.end();
}

#[test]
fn an_answer_that_comes_after_everybody_left_does_no_harm() {
    let mut client = Client::start();
    client.initialize(json!({ "capabilities": {} }));
    for id in [json!(0), json!("never-asked"), json!(null)] {
        client.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
        client.send(&json!({ "jsonrpc": "2.0", "id": id, "error": { "code": 1 } }));
    }
    client.end();
}

#[test]
fn what_is_malformed_gets_an_error_and_the_session_goes_on() {
    let mut client = Client::start();
    client.initialize(json!({ "capabilities": {} }));
    for (bytes, code) in [
        (&b"Content-Length: 8\r\n\r\n{\"id\": 1"[..], -32700),
        (b"Content-Length: 4\r\n\r\n\xff\xfe\x00\x01", -32700),
        (b"Content-Length: 2\r\n\r\n[]", -32600),
        (b"Content-Length: no\r\n\r\n", -32700),
        (b"\x00\x01\x02\n", -32700),
    ] {
        client.write(bytes);
        let status =
            client.ask("workspace/executeCommand", json!({ "command": "incident.status" }));
        let error = client.nameless_error();
        assert_eq!(error["code"], code, "{}", String::from_utf8_lossy(bytes));
        assert!(client.answer(status).is_ok());
    }
    let unknown = client.ask("textDocument/nonsense", json!({}));
    assert_eq!(client.answer(unknown).unwrap_err()["code"], -32601);
    let bad = client.ask("textDocument/hover", json!({ "position": "here" }));
    assert_eq!(client.answer(bad).unwrap_err()["code"], -32602);
    client.notify("$/nonsense", json!([1, 2]));
    client.end();
}

#[test]
fn nothing_is_answered_before_the_session_begins() {
    let mut client = Client::start();
    let hover = client.ask("textDocument/hover", json!({}));
    assert_eq!(client.answer(hover).unwrap_err()["code"], -32002);
    client.initialize(json!({ "capabilities": {} }));
    client.end();
}

#[test]
fn exit_ends_the_process_with_its_input_still_open() {
    let mut client = Client::start();
    client.initialize(json!({ "capabilities": {} }));
    client.notify("exit", json!(null));
    assert_eq!(client.exit_status_within(Duration::from_secs(1)).code(), Some(1));
}

#[test]
fn exit_ends_the_process_while_jobs_run() {
    let repository = lsp_incident::repository();
    let mut client = Client::on(repository.path());
    for log in slow_logs(&repository, 2) {
        let arguments = json!([{ "uri": uri(&log) }]);
        let params = json!({ "command": "incident.explain", "arguments": arguments });
        client.ask("workspace/executeCommand", params);
    }
    client.request("shutdown", json!(null));
    client.notify("exit", json!(null));
    assert_eq!(client.exit_status_within(Duration::from_secs(1)).code(), Some(0));
}

#[test]
fn the_end_of_input_counts_as_exit() {
    let mut client = Client::start();
    client.initialize(json!({ "capabilities": {} }));
    client.close_input();
    assert_eq!(client.exit_status_within(Duration::from_secs(1)).code(), Some(1));

    let mut client = Client::start();
    client.initialize(json!({ "capabilities": {} }));
    client.request("shutdown", json!(null));
    client.close_input();
    assert_eq!(client.exit_status_within(Duration::from_secs(1)).code(), Some(0));
}

#[test]
fn after_shutdown_requests_are_refused() {
    let mut client = Client::start();
    client.initialize(json!({ "capabilities": {} }));
    client.request("shutdown", json!(null));
    let hover = client.ask("textDocument/hover", json!({}));
    assert_eq!(client.answer(hover).unwrap_err()["code"], -32600);
    client.notify("exit", json!(null));
    assert!(client.exit_status().success());
}

#[test]
fn the_server_ends_when_the_client_vanishes() {
    // Stands for an editor: its standard streams stay open in somebody else's hands.
    let mut editor = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let mut client = Client::start();
    client.initialize(json!({ "processId": editor.id(), "capabilities": {} }));
    editor.kill().unwrap();
    editor.wait().unwrap();
    assert_eq!(client.exit_status_within(Duration::from_secs(10)).code(), Some(1));
}

#[test]
fn a_client_that_cannot_be_seen_is_not_missed() {
    let mut gone = Command::new("true").spawn().unwrap();
    let process_id = gone.id();
    gone.wait().unwrap();
    let mut client = Client::start();
    client.initialize(json!({ "processId": process_id, "capabilities": {} }));
    client.command("incident.status", json!(null));
    client.end();
}
