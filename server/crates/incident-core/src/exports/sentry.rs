//! Events in Sentry's format, as the SDKs send them and as the web API answers.
//!
//! Two shapes of one event: the SDKs' (`event_id`, `lineno`) and the API's (`eventID`, `lineNo`,
//! payload in `entries`). Frames run from the oldest call to the newest, chained exceptions from the
//! cause to what was raised last. Both are kept in that order here.
//!
//! Source: the format's public documentation, <https://develop.sentry.dev/sdk/data-model/event-payloads/>,
//! and payloads of the Rust and Python SDKs.

mod issue;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

pub use self::issue::{Deploy, Issue, deploys};
use super::json::{first_number, first_string, list, string, time};
use crate::timeline::{self, Clock};

/// What is read of one event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// 32 hex digits.
    pub id: Option<String>,
    /// The tracker's one line.
    pub title: Option<String>,
    /// `rust`, `python`, `node`, `javascript`, `go`, `java`, `native`, ...
    pub platform: Option<String>,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// The release as the SDK sent it: `till@1.4.0`, a commit id, anything.
    pub release: Option<String>,
    /// The last commit of the release, where the tracker knows it.
    pub last_commit: Option<String>,
    /// `production`, `staging`, ...
    pub environment: Option<String>,
    /// The log message, where the event is one.
    pub message: Option<String>,
    /// Cause first; what was raised last stands last.
    pub exceptions: Vec<Exception>,
    /// Threads with a stack; the crashed one, else the current one, first.
    pub threads: Vec<Thread>,
    /// What happened before, oldest first.
    pub breadcrumbs: Vec<Breadcrumb>,
    /// Package versions that really ran.
    pub modules: BTreeMap<String, String>,
}

/// One exception of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exception {
    /// Its type.
    pub kind: Option<String>,
    /// Its message.
    pub value: Option<String>,
    /// What caught it: `panic`, `generic`, `excepthook`.
    pub mechanism: Option<String>,
    /// Oldest call first.
    pub frames: Vec<Frame>,
}

/// A thread with its stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Its name, else its id.
    pub name: Option<String>,
    /// It is the one that failed.
    pub crashed: bool,
    /// Oldest call first.
    pub frames: Vec<Frame>,
}

/// One frame. Local variables are never read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The function's name.
    pub function: Option<String>,
    /// The module or crate path that holds it.
    pub module: Option<String>,
    /// The path that tells most: the absolute one, where it says more than the file's bare name.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
    /// The SDK's word on whether the program itself holds the code.
    pub in_app: Option<bool>,
}

/// Something that happened before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breadcrumb {
    /// When.
    pub at: Option<Timestamp>,
    /// `http`, `query`, `console`, ...
    pub category: Option<String>,
    /// What.
    pub message: Option<String>,
}

/// How many breadcrumbs the timeline gets: the last ones before the event.
const MAX_BREADCRUMBS: usize = 20;

impl Event {
    /// Reads an event of either shape; `None` where the JSON is something else.
    pub fn from_json(value: &Value) -> Option<Self> {
        // A file of raw events may hold a list of one.
        let value = match value {
            Value::Array(items) if items.len() == 1 => items.first()?,
            other => other,
        };
        let is_api = value.get("eventID").is_some() && value.get("entries").is_some();
        let has_payload = ["exception", "threads", "logentry", "breadcrumbs", "stacktrace"];
        let is_sdk = value.get("platform").is_some()
            && (value.get("event_id").is_some() || value.get("sdk").is_some())
            && has_payload.iter().any(|key| value.get(key).is_some());
        if !is_api && !is_sdk {
            return None;
        }
        let entry = |kind: &str| entry(value, kind);
        let mut threads: Vec<Thread> =
            values(entry("threads")).into_iter().filter_map(thread).collect();
        threads.sort_by_key(|thread| !thread.crashed);
        Some(Self {
            id: first_string(value, &["eventID", "event_id"]),
            title: string(value, "title"),
            platform: string(value, "platform"),
            at: ["dateCreated", "timestamp", "datetime", "dateReceived"]
                .iter()
                .find_map(|key| time(value.get(key)?)),
            release: release(value),
            last_commit: value.pointer("/release/lastCommit").and_then(|it| string(it, "id")),
            environment: string(value, "environment").or_else(|| tag(value, "environment")),
            message: message(value, entry("message")),
            exceptions: values(entry("exception")).into_iter().map(exception).collect(),
            threads,
            breadcrumbs: values(entry("breadcrumbs")).into_iter().map(breadcrumb).collect(),
            modules: modules(value),
        })
    }

    /// Returns what the event adds to the timeline: itself and what led to it.
    pub(super) fn timeline(&self, source: &str) -> Vec<timeline::Event> {
        let n_skipped = self.breadcrumbs.len().saturating_sub(MAX_BREADCRUMBS);
        let crumbs = self.breadcrumbs.iter().skip(n_skipped).filter_map(|crumb| {
            let what = crumb.message.clone().or_else(|| crumb.category.clone())?;
            Some((crumb.at?, timeline::EventKind::Breadcrumb, what))
        });
        let event = self.at.zip(self.headline()).map(|(at, headline)| {
            let release = self.release.as_deref().map(|it| format!(" in release {it}"));
            let what = format!("{headline}{}", release.unwrap_or_default());
            (at, timeline::EventKind::Error, what)
        });
        crumbs
            .chain(event)
            .map(|(at, kind, what)| timeline::Event::new(at, kind, Clock::Tracker, source, &what))
            .collect()
    }

    /// Returns one line for the event: its type and message, else its title.
    fn headline(&self) -> Option<String> {
        let raised = self.exceptions.last().and_then(|exception| {
            let parts = [exception.kind.as_deref(), exception.value.as_deref()];
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(": "))
        });
        raised.or_else(|| self.title.clone()).or_else(|| self.message.clone())
    }
}

/// Returns the part of the event for `kind`: a member of its own, or one of the API's entries.
fn entry<'v>(event: &'v Value, kind: &str) -> Option<&'v Value> {
    event.get(kind).or_else(|| {
        let mut entries = list(event, "entries").iter();
        entries.find(|entry| string(entry, "type").as_deref() == Some(kind))?.get("data")
    })
}

/// Returns the items of a part: `{values: [...]}`, a bare list, or a single `{value: ...}`.
fn values(part: Option<&Value>) -> Vec<&Value> {
    match part {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(part) if part.get("values").is_some_and(Value::is_array) => {
            list(part, "values").iter().collect()
        }
        Some(part) if part.get("type").is_some() || part.get("stacktrace").is_some() => vec![part],
        _ => Vec::new(),
    }
}

fn exception(value: &Value) -> Exception {
    Exception {
        kind: string(value, "type"),
        value: string(value, "value"),
        mechanism: value.get("mechanism").and_then(|it| string(it, "type")),
        frames: frames(value),
    }
}

fn thread(value: &Value) -> Option<Thread> {
    let frames = frames(value);
    let is = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    (!frames.is_empty()).then(|| Thread {
        name: first_string(value, &["name", "id"]),
        crashed: is("crashed") || is("current"),
        frames,
    })
}

/// Returns a stack's frames; the processed stack is better than the raw one.
fn frames(holder: &Value) -> Vec<Frame> {
    let stack = ["stacktrace", "rawStacktrace", "raw_stacktrace"]
        .iter()
        .find_map(|key| holder.get(key).filter(|stack| !stack.is_null()));
    stack.map(|stack| list(stack, "frames")).unwrap_or_default().iter().map(frame).collect()
}

fn frame(value: &Value) -> Frame {
    let short = string(value, "filename");
    let long = first_string(value, &["abs_path", "absPath"]);
    // The Rust SDK sends `main.rs` and the path apart; the Python SDK a path that fits the
    // repository, and where the interpreter found it.
    let file = match (short, long) {
        (Some(short), Some(long)) if !short.contains(['/', '\\']) => Some(long).or(Some(short)),
        (short, long) => short.or(long),
    };
    Frame {
        function: first_string(value, &["function", "raw_function", "rawFunction"]),
        module: string(value, "module"),
        file,
        line: first_number(value, &["lineno", "lineNo"]).filter(|line| *line > 0),
        column: first_number(value, &["colno", "colNo"]).filter(|column| *column > 0),
        in_app: ["in_app", "inApp"].iter().find_map(|key| value.get(key)?.as_bool()),
    }
}

fn breadcrumb(value: &Value) -> Breadcrumb {
    Breadcrumb {
        at: value.get("timestamp").and_then(time),
        category: string(value, "category"),
        message: string(value, "message"),
    }
}

fn message(event: &Value, entry: Option<&Value>) -> Option<String> {
    let formatted = |part: &Value| first_string(part, &["formatted", "message"]);
    event
        .get("logentry")
        .and_then(formatted)
        .or_else(|| entry.and_then(|it| formatted(it).or_else(|| it.as_str().map(str::to_owned))))
}

fn release(event: &Value) -> Option<String> {
    string(event, "release")
        .or_else(|| event.get("release").and_then(|release| string(release, "version")))
        .or_else(|| tag(event, "release"))
}

/// Returns a tag's value; tags are a map, a list of pairs, or a list of `{key, value}`.
fn tag(event: &Value, name: &str) -> Option<String> {
    let tags = event.get("tags")?;
    string(tags, name).or_else(|| {
        tags.as_array()?.iter().find_map(|tag| match tag {
            Value::Array(pair) => match pair.as_slice() {
                [Value::String(key), Value::String(value)] if key == name => Some(value.clone()),
                _ => None,
            },
            tag if string(tag, "key").as_deref() == Some(name) => string(tag, "value"),
            _ => None,
        })
    })
}

fn modules(event: &Value) -> BTreeMap<String, String> {
    let holder = event.get("modules").or_else(|| event.get("packages"));
    let pairs = holder.and_then(Value::as_object).into_iter().flatten();
    pairs.filter_map(|(name, version)| Some((name.clone(), version.as_str()?.to_owned()))).collect()
}
