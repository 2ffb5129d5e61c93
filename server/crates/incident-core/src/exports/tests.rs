use super::*;

fn event(json: &str) -> sentry::Event {
    match recognise(json) {
        Some(Document::Event(event)) => *event,
        other => panic!("not an event: {other:?}"),
    }
}

const SDK: &str = r#"{"event_id":"0123456789abcdef0123456789abcdef","platform":"rust","level":"fatal",
 "timestamp":1772546705.25,"release":"till@1.4.0","environment":"production",
 "modules":{"serde":"1.0.200","tokio":"1.40.0"},
 "breadcrumbs":{"values":[{"timestamp":1772546700.0,"category":"http","message":"GET /cart"}]},
 "exception":{"values":[
  {"type":"ParseIntError","value":"invalid digit"},
  {"type":"panic","value":"bad total","mechanism":{"type":"panic","handled":false},"stacktrace":{"frames":[
    {"function":"till::main","filename":"main.rs","abs_path":"/build/till/src/main.rs","lineno":7,"in_app":true},
    {"function":"till::price","filename":"price.rs","abs_path":"/build/till/src/price.rs","lineno":20,"colno":5,"in_app":true,"vars":{"secret_key":"hunter2"}}]}}]}}"#;

const API: &str = r#"{"id":"1","eventID":"0123456789abcdef0123456789abcdef","platform":"python","dateCreated":"2026-03-03T14:05:05.250Z",
 "release":{"version":"till@1.4.0","lastCommit":{"id":"a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"}},
 "tags":[{"key":"environment","value":"production"}],
 "entries":[{"type":"exception","data":{"values":[{"type":"ValueError","value":"bad","stacktrace":{"frames":[
   {"filename":"till/app.py","absPath":"/srv/till/app.py","function":"run","lineNo":10,"colNo":null,"inApp":true}]}}]}},
  {"type":"breadcrumbs","data":{"values":[{"timestamp":"2026-03-03T14:05:00Z","category":"query","message":"SELECT 1"}]}}]}"#;

#[test]
fn both_shapes_of_one_event() {
    let sdk = event(SDK);
    assert_eq!(sdk.release.as_deref(), Some("till@1.4.0"));
    assert_eq!(sdk.at.unwrap().to_string(), "2026-03-03T14:05:05.25Z");
    assert_eq!(sdk.modules["serde"], "1.0.200");
    let [cause, raised] = sdk.exceptions.as_slice() else { panic!("{:?}", sdk.exceptions) };
    assert_eq!(cause.kind.as_deref(), Some("ParseIntError"));
    assert_eq!(raised.mechanism.as_deref(), Some("panic"));
    let last = raised.frames.last().unwrap();
    assert_eq!(last.file.as_deref(), Some("/build/till/src/price.rs"), "the bare name says less");
    assert_eq!((last.line, last.column), (Some(20), Some(5)));

    let api = event(API);
    assert_eq!(api.at, sdk.at);
    assert_eq!(api.environment.as_deref(), Some("production"));
    assert_eq!(api.last_commit.as_deref(), Some("a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"));
    assert_eq!(api.exceptions[0].frames[0].file.as_deref(), Some("till/app.py"));
    assert_eq!(api.exceptions[0].frames[0].line, Some(10));
    assert_eq!(api.breadcrumbs.len(), 1);
}

#[test]
fn local_variables_are_never_read() {
    assert!(!format!("{:?}", event(SDK)).contains("hunter2"));
}

#[test]
fn an_event_tells_what_led_to_it() {
    let events = recognise(SDK).unwrap().timeline("event.json", &slack::Users::default());
    let lines: Vec<String> =
        events.iter().map(|it| format!("{} {} {}", it.at, it.kind.as_str(), it.what)).collect();
    assert_eq!(
        lines,
        [
            "2026-03-03T14:05:00Z breadcrumb GET /cart",
            "2026-03-03T14:05:05.25Z error panic: bad total in release till@1.4.0"
        ]
    );
}

#[test]
fn a_page_with_its_log() {
    let json = r#"{"incident":{"incident_number":7,"title":"5xx","created_at":"2026-03-03T14:06:05Z","service":{"summary":"edge"}},
      "log_entries":[
       {"type":"trigger_log_entry","created_at":"2026-03-03T14:06:05Z","summary":"5xx firing","channel":{"type":"api","details":{"text":"thread 'main' panicked"}}},
       {"type":"notify_log_entry","created_at":"2026-03-03T14:06:06Z","summary":"told someone"},
       {"type":"acknowledge_log_entry","created_at":"2026-03-03T14:07:00Z","summary":"taken"},
       {"type":"resolve_log_entry","created_at":"2026-03-03T14:18:05Z","summary":"resolved"}]}"#;
    let Some(document @ Document::Page(_)) = recognise(json) else { panic!("not a page") };
    let kinds: Vec<&str> = document
        .timeline("p", &slack::Users::default())
        .iter()
        .map(|it| it.kind.as_str())
        .collect();
    assert_eq!(kinds, ["alert", "acknowledged", "resolved"]);
    assert!(document.prose().contains("panicked"));
}

#[test]
fn a_chat_day_with_names() {
    let users = r#"[{"id":"U1","name":"ada","profile":{"display_name":"Ada"}},{"id":"U2","name":"bot","profile":{}}]"#;
    let Some(Document::ChatUsers(users)) = recognise(users) else { panic!("not users") };
    let day = r#"[{"type":"message","user":"U1","text":"<@U2> look at <https://x.example/a|the dashboard> &amp; wait","ts":"1772546770.000100"},
      {"type":"message","subtype":"channel_join","user":"U1","text":"joined","ts":"1772546771.000100"},
      {"type":"message","subtype":"bot_message","bot_id":"B1","text":"","attachments":[{"title":"FIRING HighErrorRate","text":"5xx"}],"ts":"1772546765.000100"}]"#;
    let Some(document @ Document::Chat(_)) = recognise(day) else { panic!("not a chat") };
    let lines: Vec<String> = document
        .timeline("general", &users)
        .iter()
        .map(|it| format!("{} {}", it.kind.as_str(), it.what))
        .collect();
    assert_eq!(
        lines,
        ["message Ada: @bot look at the dashboard & wait", "alert FIRING HighErrorRate"]
    );
}

#[test]
fn an_issue_and_its_comments() {
    let issue = r#"{"number":5,"title":"crash on empty cart","body":"thread 'main' panicked at src/a.rs:1:2","user":{"login":"ada"},"created_at":"2026-03-03T14:06:05Z"}"#;
    let Some(document) = recognise(issue) else { panic!("not an issue") };
    assert_eq!(document.kind(), "an issue thread");
    assert!(document.prose().contains("panicked at"));
    let comments =
        r#"[{"body":"same here","user":{"login":"bob"},"created_at":"2026-03-03T15:06:05Z"}]"#;
    assert!(matches!(recognise(comments), Some(Document::Thread(_))));
}

#[test]
fn other_json_is_no_document() {
    let others = [
        "",
        "{}",
        "[]",
        "[1,2]",
        "null",
        "{\"status\":\"success\",\"data\":{}}",
        "[{\"type\":\"message\"}]",
        "{\"level\":\"error\",\"msg\":\"x\"}\n{\"level\":\"error\"}",
        "{\"platform\":\"x\"}",
        "[[[[",
        "{\"files\":{}}",
    ];
    for text in others {
        assert_eq!(recognise(text), None, "{text}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(recognise(&deep), None);
}
