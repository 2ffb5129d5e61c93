//! What a tracker knows besides one event: how often an issue was seen and since when, and when its
//! release was deployed.

use jiff::Timestamp;
use serde_json::Value;

use super::super::json::{first_string, string, time};
use crate::timeline::{Clock, Event, EventKind};

/// An issue: all events of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issue {
    /// `TILL-3F`, else its number.
    pub id: Option<String>,
    /// One line.
    pub title: Option<String>,
    /// How many events.
    pub count: Option<u64>,
    /// How many users met it.
    pub user_count: Option<u64>,
    /// When it was seen first.
    pub first_seen: Option<Timestamp>,
    /// When it was seen last.
    pub last_seen: Option<Timestamp>,
}

/// One deploy of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// `production`, `staging`, ...
    pub environment: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// When it ended, else when it began.
    pub at: Timestamp,
}

impl Issue {
    /// Reads an issue; `None` where the JSON is something else.
    pub fn from_json(value: &Value) -> Option<Self> {
        let has = |key: &str| value.get(key).is_some();
        if !(has("firstSeen") && has("lastSeen") && has("culprit")) {
            return None;
        }
        // The count comes as text, the users' as a number.
        let count = |key: &str| string(value, key)?.parse().ok();
        Some(Self {
            id: first_string(value, &["shortId", "id"]),
            title: string(value, "title"),
            count: count("count"),
            user_count: count("userCount"),
            first_seen: value.get("firstSeen").and_then(time),
            last_seen: value.get("lastSeen").and_then(time),
        })
    }

    /// Returns what it adds to the timeline: its first event and its last.
    pub(in crate::exports) fn timeline(&self, source: &str) -> Vec<Event> {
        let id = self.id.as_deref().unwrap_or("the issue");
        let title = self.title.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
        let users = self.user_count.map(|it| format!(" for {it} users")).unwrap_or_default();
        let times = self.count.map(|it| format!(", {it} times{users}")).unwrap_or_default();
        let first = self.first_seen.map(|at| (at, format!("{id} seen for the first time{title}")));
        let last = self.last_seen.map(|at| (at, format!("{id} seen for the last time{times}")));
        let events = first.into_iter().chain(last);
        events
            .map(|(at, what)| Event::new(at, EventKind::Error, Clock::Tracker, source, &what))
            .collect()
    }
}

impl Deploy {
    /// Returns what it adds to the timeline.
    pub(in crate::exports) fn timeline(&self, source: &str) -> Option<Event> {
        let name = self.name.as_deref().map(|it| format!(" ({it})")).unwrap_or_default();
        let what = format!("deployed to {}{name}", self.environment);
        Some(Event::new(self.at, EventKind::Deploy, Clock::Tracker, source, &what))
    }
}

/// Reads a list of deploys; `None` where the JSON is something else.
pub fn deploys(value: &Value) -> Option<Vec<Deploy>> {
    let items = value.as_array()?;
    let is_deploy =
        |item: &Value| item.get("environment").is_some() && item.get("dateFinished").is_some();
    if items.is_empty() || !items.iter().all(is_deploy) {
        return None;
    }
    let deploys = items.iter().filter_map(|item| {
        let at = ["dateFinished", "dateStarted"].iter().find_map(|key| time(item.get(*key)?))?;
        Some(Deploy { environment: string(item, "environment")?, name: string(item, "name"), at })
    });
    Some(deploys.collect())
}
