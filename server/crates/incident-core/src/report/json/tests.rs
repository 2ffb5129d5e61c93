use super::*;
use crate::report::fixture;

#[test]
fn documents_read_back_what_was_written() {
    let written = explain(&fixture::explain_with_suspect());
    let read: Explain = serde_json::from_str(&to_string(&written)).unwrap();
    assert_eq!(read, written);
    assert_eq!(written.incidents.len(), 1);
    assert_eq!(written.incidents[0].traces[0].frames.len(), 8);
    assert_eq!(written.incidents[0].suspect_commits.ranked[0].rank, 1);
}

#[test]
fn a_finding_is_a_reference_with_a_message() {
    let finding = Finding::from(&fixture::finding());
    let value = serde_json::to_value(&finding).unwrap();
    assert_eq!(value["verdict"], "missing");
    assert_eq!(value["package"], "tokio");
    assert_eq!(value["exists_in"]["version"], "9.0.0");
    assert!(value["message"].as_str().unwrap().contains("nap"));
    assert_eq!(serde_json::from_value::<Finding>(value).unwrap(), finding);
}

#[test]
fn unknown_values_are_null() {
    let explanation = fixture::explain_in(&[], "thread 'main' panicked at a.rs:1:1:\nboom\n");
    let value = serde_json::to_value(explain(&explanation)).unwrap();
    let incident = &value["incidents"][0];
    for field in ["already_fixed", "service", "deployed", "first_seen", "last_seen"] {
        assert!(incident[field].is_null(), "{field}");
    }
    assert_eq!(incident["traces"][0]["location"]["resolution"]["status"], "unresolved");
}

#[test]
fn nan_is_no_json() {
    let mut explanation = fixture::explain_with_suspect();
    explanation.incidents[0].incident.suspects.commits[0].score = f64::NAN;
    assert!(to_string(&explain(&explanation)).contains("\"score\": 0.0"));
}

#[test]
fn controls_are_escaped_and_read_back() {
    let written = "a\u{9b}\u{202e}\u{7f}\u{e0041}\u{1b}\n";
    let text = to_string(&written);
    assert_eq!(text, "\"a\\u009b\\u202e\\u007f\\udb40\\udc41\\u001b\\n\"\n");
    assert_eq!(serde_json::from_str::<String>(&text).unwrap(), written);
}
