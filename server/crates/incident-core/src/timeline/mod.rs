//! What happened when, from every source on one axis.
//!
//! An event keeps the clock that stamped it: a chat's, a pager's, the machine's that wrote the log.
//! Clocks disagree; [`skew()`] says so where two of them saw the same things at a steady distance.

mod message;
mod skew;

use jiff::{SignedDuration, Timestamp};

pub use self::skew::skew;
use crate::logs::{DeployHow, DeployTime, GroupStatus, Level};
use crate::neutral;
use crate::present::Explanation;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When, by `clock`.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: EventKind,
    /// Who stamped it.
    pub clock: Clock,
    /// Where it was read: an input's name, a short commit id.
    pub source: String,
    /// One neutralised line, at most [`MAX_WORDS`] characters.
    pub what: String,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A commit was written.
    Commit,
    /// A deploy began or ended.
    Deploy,
    /// A deploy was taken back, or someone began to.
    Rollback,
    /// An alert fired.
    Alert,
    /// A person took the alert.
    Acknowledged,
    /// It went to others.
    Escalated,
    /// Errors of a new kind began.
    Error,
    /// A measured value changed its level.
    Metric,
    /// Something that the failing program did before.
    Breadcrumb,
    /// A fix was tried.
    Attempt,
    /// It is over.
    Resolved,
    /// What people said.
    Message,
    /// What people wrote down.
    Note,
}

/// Whose clock stamped an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// The machines that wrote the log.
    Log,
    /// The metrics' store.
    Metrics,
    /// The pager.
    Pager,
    /// The chat.
    Chat,
    /// The error tracker.
    Tracker,
    /// The forge.
    Forge,
    /// The machine that made the commit.
    Git,
    /// This machine.
    Here,
}

/// The longest text of an event, in characters.
pub const MAX_WORDS: usize = 200;

impl Event {
    /// Makes an event; `what` is neutralised and shortened.
    pub fn new(at: Timestamp, kind: EventKind, clock: Clock, source: &str, what: &str) -> Self {
        let what = neutral::headline(what, MAX_WORDS);
        Self { at, kind, clock, source: neutral::one_line(source).into_owned(), what }
    }
}

impl EventKind {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Deploy => "deploy",
            Self::Rollback => "rollback",
            Self::Alert => "alert",
            Self::Acknowledged => "acknowledged",
            Self::Escalated => "escalated",
            Self::Error => "error",
            Self::Metric => "metric",
            Self::Breadcrumb => "breadcrumb",
            Self::Attempt => "attempt",
            Self::Resolved => "resolved",
            Self::Message => "message",
            Self::Note => "note",
        }
    }

    /// Returns the kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Commit,
            Self::Deploy,
            Self::Rollback,
            Self::Alert,
            Self::Acknowledged,
            Self::Escalated,
            Self::Error,
            Self::Metric,
            Self::Breadcrumb,
            Self::Attempt,
            Self::Resolved,
            Self::Message,
            Self::Note,
        ];
        all.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Tells what a chat message reports, by its first line.
    pub fn of_message(line: &str, is_bot: bool) -> Self {
        message::kind(line, is_bot)
    }
}

impl Clock {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Metrics => "metrics",
            Self::Pager => "pager",
            Self::Chat => "chat",
            Self::Tracker => "tracker",
            Self::Forge => "forge",
            Self::Git => "git",
            Self::Here => "here",
        }
    }
}

/// How long before the first error a suspect commit still belongs on the axis.
const COMMITS_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 14);

/// How many kinds of log records stand on the axis.
const MAX_GROUPS: usize = 20;

/// Returns everything that `explanation` knows a time for, together with `documents`' events,
/// ordered by time; equal ones once.
pub fn build(explanation: &Explanation, documents: Vec<Event>) -> Vec<Event> {
    let mut events = documents;
    for explained in &explanation.incidents {
        let incident = &explained.incident;
        let first = incident.first_seen.as_deref().and_then(parse);
        let is_told = |at: Timestamp| {
            events.iter().any(|event| event.kind == EventKind::Error && event.at == at)
        };
        if let Some(at) = first.filter(|at| !is_told(*at)) {
            let what = format!("first seen: {}", incident.title);
            events.push(Event::new(at, EventKind::Error, Clock::Log, &incident.id, &what));
        }
        for suspect in incident.suspects.commits.iter().take(3) {
            let Ok(at) = Timestamp::from_second(suspect.author_time) else { continue };
            if first.is_none_or(|first| first.duration_since(at) <= COMMITS_BEFORE) {
                let id = suspect.commit.short();
                events.push(Event::new(at, EventKind::Commit, Clock::Git, id, &suspect.subject));
            }
        }
    }
    events.extend(measured(explanation));
    events.extend(logged(explanation));
    events.sort();
    events.dedup();
    events
}

/// Returns the deploy that people or bots told of: the last one before the first alert.
pub fn deploy(events: &[Event]) -> Option<DeployTime> {
    let alert = events.iter().filter(|event| event.kind == EventKind::Alert).map(|it| it.at).min();
    let before = |event: &&Event| alert.is_none_or(|alert| event.at < alert);
    let deploys = events.iter().filter(|event| event.kind == EventKind::Deploy).filter(before);
    deploys.max_by_key(|event| event.at).map(|event| DeployTime {
        at: event.at.to_string(),
        how: DeployHow::Event,
        evidence: format!("{} says \"{}\"", event.source, event.what),
        line: None,
    })
}

/// Returns the metrics' lasting changes.
fn measured(explanation: &Explanation) -> impl Iterator<Item = Event> {
    explanation.metrics.changes.iter().filter_map(|change| {
        let what = format!("{} went from {} to {}", change.name, change.before, change.after);
        let at = parse(change.at.as_deref()?)?;
        Some(Event::new(at, EventKind::Metric, Clock::Metrics, &change.input, &what))
    })
}

/// Returns the deploy that the log tells of, and when the kinds of records began that are new since
/// or come in bursts; harmless ones are left out.
fn logged(explanation: &Explanation) -> impl Iterator<Item = Event> {
    let deploy = explanation.logs.deploy.iter();
    // What a document told stands on the axis already.
    let deploy = deploy.filter(|deploy| deploy.how != DeployHow::Event).filter_map(|deploy| {
        let source = deploy.line.as_ref().map_or("log", |(input, _)| input);
        Some(Event::new(
            parse(&deploy.at)?,
            EventKind::Deploy,
            Clock::Log,
            source,
            &deploy.evidence,
        ))
    });
    let began = explanation.logs.groups.iter().filter(|group| group.level >= Level::Warn);
    let began = began.filter_map(|group| {
        let (at, how) = match (group.status, &group.rates) {
            (GroupStatus::New, _) => (group.first_seen.as_deref()?, "new"),
            (GroupStatus::Bursting, Some(rates)) => (rates.start.as_str(), "bursts"),
            _ => return None,
        };
        let what = format!("{how}: {}", group.template);
        Some(Event::new(parse(at)?, EventKind::Error, Clock::Log, &group.input, &what))
    });
    deploy.chain(began.take(MAX_GROUPS))
}

/// Reads a time as our reports write it.
pub fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests;
