//! A pager's incident with its log entries, as PagerDuty's API answers and exports it.
//!
//! Source: <https://developer.pagerduty.com/api-reference/>, log entries.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{first_string, list, string, time};
use crate::timeline::{Clock, Event, EventKind};

/// An incident as the pager saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The title of the incident.
    pub title: Option<String>,
    /// The service that it was raised for.
    pub service: Option<String>,
    /// When it was raised.
    pub created_at: Option<Timestamp>,
    /// What happened to it, in the document's order.
    pub entries: Vec<Entry>,
    /// Bodies of alerts: text that may hold a trace.
    pub details: Vec<String>,
}

/// One entry of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub kind: EntryKind,
    /// The pager's sentence.
    pub summary: String,
}

/// What happened to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An alert fired.
    Trigger,
    /// A person took it.
    Acknowledge,
    /// It went to another person or team.
    Escalate,
    /// It is over.
    Resolve,
    /// A person wrote a note.
    Note,
    /// Someone was told; of no interest to a timeline.
    Notify,
    /// Anything else.
    Other,
}

impl Page {
    /// Reads an answer of the incident or of its log; `None` where the JSON is something else.
    pub fn from_json(value: &Value) -> Option<Self> {
        let incident = value.get("incident").filter(|it| it.get("incident_number").is_some());
        let has_log = list(value, "log_entries")
            .iter()
            .any(|entry| string(entry, "type").is_some_and(|kind| kind.ends_with("_log_entry")));
        if incident.is_none() && !has_log {
            return None;
        }
        let notes = list(value, "notes").iter().filter_map(|note| {
            let at = note.get("created_at").and_then(time)?;
            Some(Entry { at, kind: EntryKind::Note, summary: string(note, "content")? })
        });
        let entries = list(value, "log_entries").iter().filter_map(entry).chain(notes).collect();
        let alerts =
            list(value, "alerts").iter().filter_map(|alert| alert.pointer("/body/details"));
        let channels = list(value, "log_entries").iter().filter_map(|it| it.get("channel"));
        let bodies = channels.filter_map(|channel| channel.get("details").or(channel.get("body")));
        Some(Self {
            title: incident.and_then(|it| string(it, "title")),
            service: incident.and_then(|it| first_string(it.get("service")?, &["summary", "name"])),
            created_at: incident.and_then(|it| time(it.get("created_at")?)),
            entries,
            details: alerts.chain(bodies).map(as_text).filter(|it| !it.is_empty()).collect(),
        })
    }

    /// Returns what the page adds to the timeline.
    pub(super) fn timeline(&self, source: &str) -> Vec<Event> {
        let has_trigger = self.entries.iter().any(|entry| entry.kind == EntryKind::Trigger);
        let raised = self.created_at.zip(self.title.as_deref()).filter(|_| !has_trigger);
        let raised = raised.map(|(at, title)| (at, EventKind::Alert, format!("alert: {title}")));
        let entries = self.entries.iter().filter_map(|entry| {
            let kind = match entry.kind {
                EntryKind::Trigger => EventKind::Alert,
                EntryKind::Acknowledge => EventKind::Acknowledged,
                EntryKind::Escalate => EventKind::Escalated,
                EntryKind::Resolve => EventKind::Resolved,
                EntryKind::Note | EntryKind::Other => EventKind::Note,
                EntryKind::Notify => return None,
            };
            Some((entry.at, kind, entry.summary.clone()))
        });
        raised
            .into_iter()
            .chain(entries)
            .map(|(at, kind, what)| Event::new(at, kind, Clock::Pager, source, &what))
            .collect()
    }
}

fn entry(value: &Value) -> Option<Entry> {
    let kind = string(value, "type")?;
    let kind = match kind.strip_suffix("_log_entry")? {
        "trigger" => EntryKind::Trigger,
        "acknowledge" => EntryKind::Acknowledge,
        "escalate" | "delegate" | "assign" | "repeat_escalation_path" => EntryKind::Escalate,
        "resolve" => EntryKind::Resolve,
        "annotate" => EntryKind::Note,
        "notify" => EntryKind::Notify,
        _ => EntryKind::Other,
    };
    let note = string(value, "note").or_else(|| {
        let channel = value.get("channel")?;
        first_string(channel, &["content", "summary"]).filter(|_| kind == EntryKind::Note)
    });
    let summary = note.or_else(|| string(value, "summary"))?;
    Some(Entry { at: time(value.get("created_at")?)?, kind, summary })
}

/// Returns a body's text: itself, or its members line by line.
fn as_text(body: &Value) -> String {
    match body {
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let lines = members.iter().filter_map(|(key, value)| match value {
                Value::String(text) => Some(format!("{key}: {text}")),
                Value::Number(number) => Some(format!("{key}: {number}")),
                _ => None,
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
