//! An incident without a trace: errors that a log is suddenly full of.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Incident, IncidentKind, Past};
use crate::input::Language;
use crate::logs::{GroupStatus, Level, LogGroup, LogReport};
use crate::neutral;
use crate::suspects::Suspects;
use crate::text;

/// How many groups one incident names.
const MAX_GROUPS: usize = 60;
/// How much more often errors must come than the traces of the same log to be an incident of
/// their own beside them.
const TIMES_MORE: u64 = 5;
/// How many errors are no burst where traces explain the log.
const MIN_BESIDE_TRACES: u64 = 20;
/// How much of a template a title shows, in bytes.
const MAX_TITLE: usize = 120;

/// Makes an incident of the errors of a log that have no trace; `None` where there are none, or
/// where `others`, the incidents of its traces, tell enough.
///
/// With a deploy time only what is new or comes more often since counts; without one every error.
pub fn burst(report: &LogReport, others: &[Incident]) -> Option<Incident> {
    let mut groups: Vec<&LogGroup> =
        report.groups.iter().filter(|group| is_part(group, report)).collect();
    groups.sort_by_key(|group| (onset(group), group.first_line));
    let head = head(&groups)?;
    let count: u64 =
        groups.iter().filter(|group| group.level >= Level::Error).map(|it| since(it)).sum();
    let bare = |group: &&&LogGroup| group.trace.is_none();
    let n_bare: u64 = groups.iter().filter(bare).map(|it| since(it)).sum();
    let of_traces: u64 = others.iter().map(|incident| incident.count).sum();
    let is_told = head.status != GroupStatus::Unknown;
    let is_much = n_bare >= of_traces.saturating_mul(TIMES_MORE);
    // Beside traces a few errors more are what the traces tell of already.
    if of_traces > 0 && (n_bare < MIN_BESIDE_TRACES || !(is_told || is_much)) {
        return None;
    }
    let is_like_head = |group: &&&LogGroup| group.status == head.status;
    let errors = groups.iter().filter(|group| group.level >= Level::Error);
    let first_seen = errors.filter(is_like_head).filter_map(|group| onset(group)).min();
    let last_seen = groups.iter().filter_map(|group| group.last_seen.as_deref()).max();
    Some(Incident {
        runbooks: Vec::new(),
        id: id(head),
        title: title(head, &groups),
        kind: IncidentKind::ErrorBurst,
        deployed: None,
        language: Language::Unknown,
        first_seen,
        last_seen: last_seen.map(str::to_owned),
        count,
        traces: Vec::new(),
        suspects: Suspects::default(),
        log_groups: groups.iter().take(MAX_GROUPS).map(|group| group.id.clone()).collect(),
        later: None,
        past: Past::default(),
        metrics: Vec::new(),
        missing_context: Vec::new(),
    })
}

/// Says whether a group belongs to the burst.
fn is_part(group: &LogGroup, report: &LogReport) -> bool {
    // Without a deploy time crashes are told by their traces alone.
    let is_told = matches!(group.status, GroupStatus::New | GroupStatus::Bursting);
    let is_severe = group.level >= Level::Warn && (is_told || group.trace.is_none());
    let any_told = report.groups.iter().any(|it| {
        it.level >= Level::Error
            && it.trace.is_none()
            && matches!(it.status, GroupStatus::New | GroupStatus::Bursting)
    });
    is_severe
        && match group.status {
            GroupStatus::New | GroupStatus::Bursting => true,
            GroupStatus::Unknown => group.level >= Level::Error,
            // Steady errors are noise where others tell what changed.
            GroupStatus::Steady => group.level >= Level::Error && !any_told,
            GroupStatus::Gone => false,
        }
}

/// Returns the group that names the incident: a new error before a burst, the first one of those
/// that came at least a tenth as often as the most frequent.
fn head<'a>(groups: &[&'a LogGroup]) -> Option<&'a LogGroup> {
    let errors = || groups.iter().filter(|group| group.level >= Level::Error);
    let is_new = |group: &LogGroup| group.status == GroupStatus::New;
    let any_new = errors().any(|group| is_new(group));
    let named = || errors().filter(move |group| !any_new || is_new(group));
    let most = named().map(|group| since(group)).max()?;
    named().find(|group| since(group).saturating_mul(10) >= most).copied()
}

/// Returns when a group began to matter, RFC 3339 in UTC: where it burst, else the first minute
/// with a good part of its busiest one; a lone record long before is no beginning.
pub fn onset(group: &LogGroup) -> Option<String> {
    let burst = group.rates.as_ref().filter(|_| group.status == GroupStatus::Bursting);
    if let Some(rates) = burst {
        return Some(rates.start.clone());
    }
    let first = group.first_seen.clone();
    let busiest = group.minutes.iter().map(|minute| minute.count).max().unwrap_or_default();
    let is_busy = |count: u64| count.saturating_mul(PART_OF_BUSIEST) >= busiest;
    let begun = group.minutes.iter().find(|minute| is_busy(minute.count));
    let is_first = begun.map(|it| it.minute) == group.minutes.first().map(|it| it.minute);
    let minute = begun.filter(|_| !is_first && busiest >= PART_OF_BUSIEST);
    let at = minute.and_then(|it| Timestamp::from_second(it.minute.checked_mul(60)?).ok());
    at.map(|at| at.to_string()).or(first)
}

/// A minute counts from this part of the busiest one on: a fifth.
const PART_OF_BUSIEST: u64 = 5;

/// Returns how many records came since the deploy, or in all.
fn since(group: &LogGroup) -> u64 {
    group.count_after.filter(|after| *after > 0).unwrap_or(group.count)
}

fn id(head: &LogGroup) -> String {
    let mut hasher = Sha256::new();
    hasher.update(IncidentKind::ErrorBurst.as_str());
    hasher.update([0]);
    hasher.update(&head.template);
    hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn title(head: &LogGroup, groups: &[&LogGroup]) -> String {
    let n_others = groups.iter().filter(|group| group.level >= Level::Error).count() - 1;
    let others = match n_others {
        0 => String::new(),
        1 => " and another error".to_owned(),
        n => format!(" and {n} other errors"),
    };
    let template = neutral::headline(text::cut(&head.template, MAX_TITLE), MAX_TITLE);
    format!("errors: {template}{others}")
}
