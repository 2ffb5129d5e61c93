//! The services by their documented payloads, field by field.

use incident_core::exports::{self, Document};
use incident_core::problem::Severity;
use serde_json::{Value, json};

use super::*;

/// Answers by the path without its query; what is not among `answers` is a 404.
fn stub(answers: Vec<(String, Value)>) -> Stub {
    Stub::new(move |path| {
        let path = path.split('?').next().unwrap_or_default();
        match answers.iter().find(|(known, _)| known.eq_ignore_ascii_case(path)) {
            Some((_, body)) => {
                answer("200 OK\r\ncontent-type: application/json", &body.to_string())
            }
            None => answer("404 X", "{}"),
        }
    })
}

fn owned<const N: usize>(answers: [(&str, Value); N]) -> Vec<(String, Value)> {
    answers.map(|(path, value)| (path.to_owned(), value)).into()
}

#[track_caller]
fn documents<const N: usize>(loaded: &Loaded) -> [Document; N] {
    let documents = loaded.inputs.iter().map(|input| exports::recognise(&input.text));
    let documents: Option<Vec<Document>> = documents.collect();
    documents.and_then(|it| it.try_into().ok()).unwrap_or_else(|| panic!("{loaded:?}"))
}

#[track_caller]
fn ways_without_a_token(stub: &Stub, path: &str, kind: Kind) -> String {
    let settings = allowing(&[stub], kind);
    let environment = Environment::default();
    let context = Context { settings: &settings, confirmed: &[], environment: &environment };
    let told = load(&stub.link(path), &context, &Cancel::new()).unwrap_err().to_string();
    assert!(told.contains("set STUB_TOKEN to a token"), "{told}");
    assert!(told.contains("give the file; or paste the trace itself"), "{told}");
    told
}

const EVENT: &str = "0123456789abcdef0123456789abcdef";

fn api_event() -> Value {
    json!({"id": "1", "eventID": EVENT, "groupID": "12", "title": "ValueError: bad", "platform": "python",
        "type": "error", "dateCreated": "2026-03-03T14:05:05.250Z",
        "release": {"version": "till@1.4.0+7/x", "lastCommit": {"id": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"}},
        "tags": [{"key": "environment", "value": "production"}],
        "entries": [{"type": "exception", "data": {"values": [{"type": "ValueError", "value": "bad",
            "mechanism": {"type": "generic", "handled": false}, "stacktrace": {"frames": [
            {"filename": "till/app.py", "absPath": "/srv/till/app.py", "module": "till.app", "function": "run",
             "lineNo": 10, "colNo": null, "inApp": true, "vars": {"secret": "s"}, "context": [[10, "x"]]}]}}]}},
            {"type": "breadcrumbs", "data": {"values": [{"timestamp": "2026-03-03T14:05:00Z", "category": "query", "message": "SELECT 1"}]}}]})
}

#[test]
fn a_sentry_issue_with_its_counts_and_deploys() {
    let issue = json!({"id": "12", "shortId": "TILL-3F", "title": "ValueError: bad", "culprit": "till.app in run",
        "level": "error", "status": "unresolved", "count": "42", "userCount": 7,
        "firstSeen": "2026-03-03T14:04:00Z", "lastSeen": "2026-03-03T14:20:00Z", "project": {"slug": "till"},
        "metadata": {}, "permalink": "x"});
    let deploys = json!([{"id": "1", "environment": "production", "name": "blue", "url": null,
        "dateStarted": "2026-03-03T14:01:00Z", "dateFinished": "2026-03-03T14:02:00Z"}]);
    let of_issue = "/api/0/organizations/acme/issues/TILL-3F";
    let stub = stub(vec![
        (format!("{of_issue}/events/recommended/"), api_event()),
        (format!("{of_issue}/"), issue),
        ("/api/0/organizations/acme/releases/till@1.4.0+7%2Fx/deploys/".to_owned(), deploys),
    ]);
    let link = stub.link("/organizations/acme/issues/TILL-3F/?project=1");
    let loaded = load_with(&link, &allowing(&[&stub], Kind::Sentry)).unwrap();
    assert_eq!(loaded.problems, []);
    let [Document::Event(event), Document::Issue(issue), Document::Deploys(deploys)] =
        documents(&loaded)
    else {
        panic!("{loaded:?}")
    };
    assert_eq!(event.id.as_deref(), Some(EVENT));
    assert_eq!(event.release.as_deref(), Some("till@1.4.0+7/x"));
    assert_eq!(event.environment.as_deref(), Some("production"));
    let frame = &event.exceptions[0].frames[0];
    assert_eq!(
        (frame.file.as_deref(), frame.line, frame.in_app),
        (Some("till/app.py"), Some(10), Some(true))
    );
    assert_eq!(
        (issue.id.as_deref(), issue.count, issue.user_count),
        (Some("TILL-3F"), Some(42), Some(7))
    );
    assert_eq!(issue.first_seen.unwrap().to_string(), "2026-03-03T14:04:00Z");
    assert_eq!(
        (deploys[0].environment.as_str(), deploys[0].name.as_deref()),
        ("production", Some("blue"))
    );
    assert_eq!(deploys[0].at.to_string(), "2026-03-03T14:02:00Z");
    let unfolded = exports::unfold(loaded.inputs);
    let kinds: Vec<&str> = unfolded.timeline.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["breadcrumb", "error", "error", "error", "deploy"]);
    assert!(stub.requests().iter().all(|it| it.contains("authorization: bearer sesame-token")));
}

#[test]
fn a_sentry_event_of_an_old_server_and_without_its_extras() {
    let of_issue = "/api/0/organizations/acme/issues/12";
    let stub = stub(vec![(format!("{of_issue}/events/latest/"), api_event())]);
    let settings = allowing(&[&stub], Kind::Sentry);
    let loaded = load_with(&stub.link("/organizations/acme/issues/12/"), &settings).unwrap();
    assert_eq!(loaded.inputs.len(), 1);
    let told: Vec<&str> = loaded.problems.iter().map(|it| it.message.as_str()).collect();
    assert!(told[0].starts_with("the issue could not be read:"), "{told:?}");
    assert!(told[1].starts_with("the release's deploys could not be read:"), "{told:?}");
    let named = format!("/organizations/acme/issues/12/events/{EVENT}/");
    assert!(refusal(&stub.link(&named), &settings).contains("status 404"));
    ways_without_a_token(&stub, &named, Kind::Sentry);
}

#[test]
fn a_bugsink_event_in_the_shape_of_its_sdk() {
    let (issue, id) =
        ("b0a1c2d3-0000-4000-8000-000000000001", "b0a1c2d3-0000-4000-8000-000000000002");
    let data = json!({"event_id": EVENT, "platform": "python", "timestamp": 1772546705.25, "release": "till@1.4.0",
        "modules": {"requests": "2.31.0"}, "exception": {"values": [{"type": "ValueError", "value": "bad", "stacktrace":
        {"frames": [{"filename": "till/app.py", "abs_path": "/srv/till/app.py", "function": "run", "lineno": 10, "in_app": true}]}}]}});
    let stub = stub(vec![
        ("/api/canonical/0/events/".to_owned(), json!({"next": null, "results": [{"id": id}]})),
        (format!("/api/canonical/0/events/{id}/"), json!({"id": id, "issue": issue, "data": data})),
    ]);
    let settings = allowing(&[&stub], Kind::Bugsink);
    for path in [
        format!("/issues/issue/{issue}/event/last/"),
        format!("/issues/issue/{issue}/event/{id}/details/"),
    ] {
        let loaded = load_with(&stub.link(&path), &settings).unwrap();
        let [Document::Event(event)] = documents(&loaded) else { panic!("{loaded:?}") };
        assert_eq!(event.modules["requests"], "2.31.0");
        assert_eq!(event.exceptions[0].frames[0].line, Some(10));
    }
    ways_without_a_token(&stub, &format!("/issues/issue/{issue}/"), Kind::Bugsink);
}

fn post(body: &str, login: &str) -> Value {
    json!({"id": 1, "body": body, "user": {"login": login}, "created_at": "2026-03-03T14:06:05Z"})
}

#[test]
fn a_github_thread_page_by_page() {
    let stub = Stub::new(|path| {
        let json = "200 OK\r\ncontent-type: application/json";
        match path {
            "/api/v3/repos/o/r/issues/5" => {
                let issue = json!({"number": 5, "title": "crash", "body": "panicked at src/a.rs:1:2", "state": "open",
                    "user": {"login": "ada"}, "labels": [], "comments": 2, "created_at": "2026-03-03T14:05:05Z"});
                answer(json, &issue.to_string())
            }
            "/api/v3/repos/o/r/issues/5/comments?per_page=100" => {
                let next = format!(
                    "{json}\r\nlink: </api/v3/repos/o/r/issues/5/comments?page=2>; rel=\"next\""
                );
                answer(&next, &json!([post("first", "bob")]).to_string())
            }
            "/api/v3/repos/o/r/issues/5/comments?page=2" => {
                answer(json, &json!([post("second", "cy")]).to_string())
            }
            "/api/v3/repos/o/r/issues/comments/99" => {
                answer(json, &post("only this", "bob").to_string())
            }
            _ => answer("404 X", ""),
        }
    });
    let settings = allowing(&[&stub], Kind::GitHub);
    let loaded = load_with(&stub.link("/o/r/issues/5"), &settings).unwrap();
    let [Document::Thread(thread)] = documents(&loaded) else { panic!("{loaded:?}") };
    let posts: Vec<&str> = thread.posts.iter().map(|post| post.body.as_str()).collect();
    assert_eq!(posts, ["panicked at src/a.rs:1:2", "first", "second"]);
    assert!(stub.requests()[0].contains("x-github-api-version: 2022-11-28"));
    assert!(stub.requests()[0].contains("accept: application/vnd.github+json"));
    let loaded = load_with(&stub.link("/o/r/issues/5#issuecomment-99"), &settings).unwrap();
    let [Document::Thread(thread)] = documents(&loaded) else { panic!("{loaded:?}") };
    assert_eq!(thread.posts[0].body, "only this");
    ways_without_a_token(&stub, "/o/r/issues/6", Kind::GitHub);
}

#[test]
fn pages_without_end_are_left() {
    let stub = Stub::new(|path| match path.split('?').next().unwrap() {
        "/api/v3/repos/o/r/issues/5" => answer("200 OK", &post("x", "ada").to_string()),
        _ => {
            let n_page = path.rsplit('=').next().unwrap().parse::<u32>().unwrap_or(0) + 1;
            let head = format!(
                "200 OK\r\nlink: </api/v3/repos/o/r/issues/5/comments?page={n_page}>; rel=\"next\""
            );
            answer(&head, &json!([post("again", "bob")]).to_string())
        }
    });
    let loaded = load_with(&stub.link("/o/r/issues/5"), &allowing(&[&stub], Kind::GitHub)).unwrap();
    assert_eq!(stub.requests().len(), 21);
    assert_eq!(loaded.problems[0].message, "only the first 20 comments were read");
}

#[test]
fn a_gist_whose_file_is_cut() {
    let raw = Stub::new(|_| text("thread 'main' panicked at src/a.rs:1:2:\n"));
    let gist = json!({"id": "0123456789abcdef0123", "description": "trace", "html_url": "x", "truncated": false,
        "created_at": "2026-03-03T14:06:05Z", "files": {"a.log": {"filename": "a.log", "type": "text/plain",
        "raw_url": raw.link("/a.log"), "size": 9, "truncated": true, "content": "thread"}}});
    let stub = stub(owned([("/api/v3/gists/0123456789abcdef0123", gist)]));
    let settings = allowing(&[&stub, &raw], Kind::GitHub);
    let loaded = load_with(&stub.link("/gist/ada/0123456789abcdef0123"), &settings).unwrap();
    let [Document::Thread(thread)] = documents(&loaded) else { panic!("{loaded:?}") };
    assert_eq!(thread.posts[0].body, "thread 'main' panicked at src/a.rs:1:2:\n");
    assert!(!raw.requests()[0].contains("sesame"), "an address in an answer gets no token");
    // Where nobody allowed the place, the start has to do.
    let loaded =
        load_with(&stub.link("/gist/ada/0123456789abcdef0123"), &allowing(&[&stub], Kind::GitHub))
            .unwrap();
    assert!(loaded.problems[0].message.contains("which nobody allowed"), "{:?}", loaded.problems);
}

fn run(attempt: u64) -> Value {
    json!({"id": 12, "name": "CI", "head_sha": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", "head_branch": "main",
        "event": "push", "status": "completed", "conclusion": "failure", "run_attempt": attempt,
        "created_at": "2026-03-03T14:00:00Z"})
}

fn jobs(conclusion: &str) -> Value {
    json!({"jobs": [{"id": 7, "name": "test (ubuntu)", "status": "completed", "conclusion": conclusion,
        "started_at": "x", "completed_at": "x", "steps": [{"name": "cargo test", "number": 2, "conclusion": conclusion}]},
        {"id": 8, "name": "lint", "status": "completed", "conclusion": "success", "steps": []}]})
}

const LOG: &str = "2026-03-03T14:05:02.1234567Z ##[group]Run cargo test\n\
    2026-03-03T14:05:03.1234567Z test cart::total ... FAILED\n\
    2026-03-03T14:05:04.1234567Z thread 'cart::total' panicked at src/cart.rs:3:5:\n\
    2026-03-03T14:05:05.1234567Z ##[error]Process completed with exit code 101.\n";

#[test]
fn a_failed_run_of_actions() {
    let store = Stub::new(|_| text(LOG));
    let log = store.link("/signed?sig=1");
    let of_run = "/api/v3/repos/o/r/actions";
    let stub = Stub::new(move |path| {
        let json =
            |value: Value| answer("200 OK\r\ncontent-type: application/json", &value.to_string());
        match path.strip_prefix(of_run).unwrap_or_default().split('?').next().unwrap() {
            "/runs/12" => json(run(1)),
            "/runs/13" => json(run(2)),
            "/runs/12/jobs" | "/runs/13/jobs" => json(jobs("failure")),
            "/runs/13/attempts/1/jobs" => json(jobs("success")),
            "/jobs/7/logs" => redirect(&log),
            _ => answer("404 X", ""),
        }
    });
    let settings = allowing(&[&stub, &store], Kind::GitHub);
    let loaded = load_with(&stub.link("/o/r/actions/runs/12"), &settings).unwrap();
    assert_eq!(
        loaded.inputs[0].text,
        "commit: a1b2c3d4e5f60718293a4b5c6d7e8f9001122334\nRun cargo test\ntest cart::total ... FAILED\n\
         thread 'cart::total' panicked at src/cart.rs:3:5:\nProcess completed with exit code 101.\n"
    );
    assert_eq!(
        loaded.problems[0].message,
        "job `test (ubuntu)` failed at step `cargo test`, test cart::total; it looks real: a test \
         failed, and no attempt at this commit passed"
    );
    assert_eq!(loaded.problems[0].severity, Severity::Info);
    assert!(!store.requests()[0].contains("sesame"), "the store is signed and gets no token");
    let loaded = load_with(&stub.link("/o/r/actions/runs/13/job/7"), &settings).unwrap();
    assert!(
        loaded.problems[0].message.contains("looks flaky: the same job passed"),
        "{:?}",
        loaded.problems
    );
    let told = refusal(&stub.link("/o/r/actions/runs/12/job/9"), &settings);
    assert!(told.contains("no job of this run failed"), "{told}");
}

#[test]
fn expired_logs_are_said() {
    let stub = Stub::new(|path| match path.split('?').next().unwrap() {
        "/api/v3/repos/o/r/actions/runs/12" => answer("200 OK", &run(1).to_string()),
        "/api/v3/repos/o/r/actions/runs/12/jobs" => answer("200 OK", &jobs("failure").to_string()),
        _ => answer("410 Gone", ""),
    });
    let loaded =
        load_with(&stub.link("/o/r/actions/runs/12"), &allowing(&[&stub], Kind::GitHub)).unwrap();
    assert_eq!(loaded.inputs, []);
    assert_eq!(
        loaded.problems[0].message,
        "the log of job `test (ubuntu)` has expired (it failed at step `cargo test`): run the job \
         again for a new one, or look for a report among the run's artifacts"
    );
}

#[test]
fn a_pagerduty_incident_with_its_whole_log() {
    let entry = |kind: &str, at: &str| {
        json!({"id": at, "type": format!("{kind}_log_entry"), "summary": kind,
        "created_at": at, "channel": {"type": "api", "details": {"text": "thread 'main' panicked"}}})
    };
    let pages = [
        json!({"log_entries": [entry("trigger", "2026-03-03T14:06:05Z")], "limit": 100, "offset": 0, "more": true}),
        json!({"log_entries": [entry("resolve", "2026-03-03T14:18:05Z")], "limit": 100, "offset": 1, "more": false}),
    ];
    let stub = Stub::new(move |path| {
        match path {
        "/incidents/pt4khlk" | "/incidents/PT4KHLK" => answer("200 OK", &json!({"incident": {"incident_number": 7,
            "title": "5xx", "status": "resolved", "urgency": "high", "created_at": "2026-03-03T14:06:05Z",
            "service": {"summary": "edge"}}}).to_string()),
        path if path.contains("offset=0") => answer("200 OK", &pages[0].to_string()),
        path if path.contains("offset=1") => answer("200 OK", &pages[1].to_string()),
        path if path.ends_with("/notes") => answer("200 OK", &json!({"notes": [{"content": "rolled back", "created_at": "2026-03-03T14:10:00Z"}]}).to_string()),
        path if path.ends_with("/alerts") => answer("200 OK", &json!({"alerts": [{"body": {"details": {"error": "boom"}}}]}).to_string()),
        _ => answer("404 X", ""),
    }
    });
    let mut settings = allowing(&[&stub], Kind::PagerDuty);
    let loaded = load_with(&stub.link("/incidents/PT4KHLK"), &settings).unwrap();
    assert_eq!(loaded.problems, []);
    let [Document::Page(page)] = documents(&loaded) else { panic!("{loaded:?}") };
    assert_eq!((page.title.as_deref(), page.service.as_deref()), (Some("5xx"), Some("edge")));
    let summaries: Vec<&str> = page.entries.iter().map(|it| it.summary.as_str()).collect();
    assert_eq!(summaries, ["trigger", "resolve", "rolled back"]);
    assert_eq!(page.details[0], "error: boom");
    let seen = stub.requests();
    assert!(
        seen.iter().all(|it| it.contains("authorization: token token=sesame-token")),
        "{seen:?}"
    );
    assert!(
        seen.iter().all(|it| it.contains("accept: application/vnd.pagerduty+json;version=2")),
        "{seen:?}"
    );
    assert!(seen[1].contains("include%5b%5d=channels"), "{}", seen[1]);
    ways_without_a_token(&stub, "/incidents/PT4KHLK", Kind::PagerDuty);
    settings.hosts.get_mut(&stub.address).unwrap().api = Some("nothing".to_owned());
    assert!(refusal(&stub.link("/incidents/PT4KHLK"), &settings).contains("no base address"));
}

#[test]
fn a_notion_page_level_by_level() {
    let page = "0123456789abcdef0123456789abcdef";
    let block = |id: &str, kind: &str, text: &str, has_children: bool| {
        json!({"object": "block", "id": id,
        "type": kind, "has_children": has_children, kind: {"rich_text": [{"plain_text": text}], "title": text}})
    };
    let answers = vec![
        (
            format!("/v1/blocks/{page}/children"),
            json!({"object": "list", "has_more": false, "next_cursor": null, "results": [
            block("h", "heading_2", "Mitigation", false), block("t", "toggle", "open", true),
            block("c", "child_page", "Another page", true)]}),
        ),
        (
            "/v1/blocks/t/children".to_owned(),
            json!({"results": [block("p", "paragraph", "roll back", false)], "has_more": false}),
        ),
    ];
    let stub = stub(answers);
    let settings = allowing(&[&stub], Kind::Notion);
    let loaded = load_with(&stub.link(&format!("/acme/Pool-{page}")), &settings).unwrap();
    assert_eq!(loaded.inputs[0].text, "## Mitigation\n- open\n  roll back\n- Another page\n");
    assert!(stub.requests()[0].contains("notion-version: 2022-06-28"));
    assert_eq!(stub.requests().len(), 2, "other pages are other links");
    ways_without_a_token(&stub, &format!("/{page}"), Kind::Notion);
}

#[test]
fn answers_that_are_something_else() {
    for kind in [Kind::Sentry, Kind::Bugsink, Kind::GitHub, Kind::PagerDuty, Kind::Notion] {
        let page = "0123456789abcdef0123456789abcdef";
        let paths = [
            "/organizations/acme/issues/12/".to_owned(),
            format!("/issues/issue/{page}/"),
            "/o/r/issues/5".to_owned(),
            "/incidents/PT4KHLK".to_owned(),
            format!("/{page}"),
            "/".to_owned(),
            "/%00/../..".to_owned(),
        ];
        for body in ["", "null", "[]", "{}", "[[[[", "\u{0}", "{\"results\":[7]}", "{\"jobs\":7}"] {
            let stub = Stub::new(move |_| answer("200 OK", body));
            let settings = allowing(&[&stub], kind);
            for path in &paths {
                // No panic, and no document out of nothing.
                let _ = load_with(&stub.link(path), &settings).map(|it| it.inputs.len());
            }
        }
    }
}
