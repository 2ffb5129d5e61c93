//! What a chat message reports.
//!
//! Only words that teams and their bots use alike; a message that says none of them is a message.

use super::EventKind;

/// Words that make a message a report, in order of trial: "rollback complete" is no deploy, and a
/// resolved alert repeats the alert's words.
const WORDS: &[(EventKind, &[&str])] = &[
    (EventKind::Resolved, &["resolved", "recovered", "all clear", "mitigated", "incident over"]),
    (
        EventKind::Rollback,
        &["rollback", "roll back", "rolled back", "rolling back", "reverting", "reverted"],
    ),
    (EventKind::Alert, &["firing", "alert", "triggered", "[critical]", "paging", "slo burn"]),
    (EventKind::Escalated, &["escalat"]),
    (EventKind::Acknowledged, &["acknowledged", "ack'd", "acked"]),
    (
        EventKind::Deploy,
        &[
            "rollout",
            "deployed",
            "deploying",
            "deployment of",
            "deploy of",
            "released",
            "shipped",
            "promoted to",
            "is live",
        ],
    ),
];

/// Words with which a person talks about a thing instead of reporting it.
const TALK: &[&str] = &["?", "should we", "could we", "can we", "shall we", "why ", "maybe "];

pub(super) fn kind(line: &str, is_bot: bool) -> EventKind {
    let line = line.to_lowercase();
    let is_ack = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
    if line.strip_prefix("ack").is_some_and(is_ack) {
        return EventKind::Acknowledged;
    }
    if !is_bot && TALK.iter().any(|words| line.contains(words)) {
        return EventKind::Message;
    }
    let reported = WORDS.iter().find(|(kind, words)| {
        // A person who says "the alert" may talk about any alert; a bot reports one.
        let counts = is_bot || *kind != EventKind::Alert;
        counts && words.iter().any(|words| line.contains(words))
    });
    reported.map_or(EventKind::Message, |(kind, _)| *kind)
}
