use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn messages_that_report_and_messages_that_talk() {
    let cases = [
        ("rollout of v1.2.3 complete", true, EventKind::Deploy),
        ("api 2.4.0 deployed to production", true, EventKind::Deploy),
        ("FIRING HighErrorRate gateway 5xx ratio 0.41", true, EventKind::Alert),
        ("[RESOLVED] HighErrorRate", true, EventKind::Resolved),
        ("rolling back to v1.2.2", false, EventKind::Rollback),
        ("could we roll back?", false, EventKind::Message),
        ("ack, looking", false, EventKind::Acknowledged),
        ("acknowledge nothing", false, EventKind::Message),
        ("the alert channel is noisy today", false, EventKind::Message),
        ("lunch", false, EventKind::Message),
    ];
    for (line, is_bot, kind) in cases {
        assert_eq!(EventKind::of_message(line, is_bot), kind, "{line}");
    }
}

#[test]
fn names_go_there_and_back() {
    for name in ["deploy", "rollback", "alert", "metric", "note"] {
        assert_eq!(EventKind::from_name(name).unwrap().as_str(), name);
    }
    assert_eq!(EventKind::from_name("else"), None);
}

fn pager_and_chat(offset_minutes: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for (time, kind) in
        [("2026-05-01T10:00:00Z", EventKind::Alert), ("2026-05-01T10:31:00Z", EventKind::Resolved)]
    {
        events.push(Event::new(at(time), kind, Clock::Pager, "page", "x"));
        let shifted = at(time) + SignedDuration::from_mins(offset_minutes);
        events.push(Event::new(shifted, kind, Clock::Chat, "chat", "x"));
    }
    events
}

#[test]
fn an_hour_between_two_clocks_is_noticed() {
    let problems = skew(&pager_and_chat(60));
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].message.contains("the chat stamps the same things 1 h later than the pager"),
        "{}",
        problems[0].message
    );
    let problems = skew(&pager_and_chat(-60));
    assert!(
        problems[0].message.contains("the pager stamps the same things 1 h later than the chat"),
        "{}",
        problems[0].message
    );
}

#[test]
fn news_that_takes_a_minute_is_no_skew() {
    assert_eq!(skew(&pager_and_chat(1)), []);
    assert_eq!(skew(&pager_and_chat(60)[..2]), [], "one shared event tells nothing");
}

#[test]
fn text_from_outside_is_one_plain_line() {
    let event = Event::new(
        at("2026-05-01T10:00:00Z"),
        EventKind::Message,
        Clock::Chat,
        "c\u{1b}[31m",
        "a\u{1b}[2Jb\nsecond",
    );
    assert!(!event.what.contains('\u{1b}') && !event.what.contains('\n'), "{}", event.what);
    assert!(!event.source.contains('\u{1b}'));
}

#[test]
fn the_deploy_is_the_last_one_before_the_alert() {
    let event = |time: &str, kind, what: &str| Event::new(at(time), kind, Clock::Chat, "ops", what);
    let events = [
        event("2026-05-01T09:00:00Z", EventKind::Deploy, "rollout of a started"),
        event("2026-05-01T09:04:00Z", EventKind::Deploy, "rollout of a complete"),
        event("2026-05-01T09:10:00Z", EventKind::Alert, "5xx"),
        event("2026-05-01T09:30:00Z", EventKind::Deploy, "rollout of b complete"),
    ];
    let told = deploy(&events).unwrap();
    assert_eq!(told.at, "2026-05-01T09:04:00Z");
    assert_eq!(told.evidence, "ops says \"rollout of a complete\"");
    assert_eq!(deploy(&events[2..3]), None);
}
