//! An incident without a trace: errors that a log is suddenly full of.

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
    groups.sort_by(|a, b| (onset(a), a.first_line).cmp(&(onset(b), b.first_line)));
    let head = head(&groups)?;
    let count: u64 =
        groups.iter().filter(|group| group.level >= Level::Error).map(|it| since(it)).sum();
    let of_traces: u64 = others.iter().map(|incident| incident.count).sum();
    let is_beside = of_traces > 0;
    if is_beside && (count < MIN_BESIDE_TRACES || count < of_traces.saturating_mul(TIMES_MORE)) {
        return None;
    }
    let first_seen = groups.iter().filter(|it| it.level >= Level::Error).find_map(|it| onset(it));
    let last_seen = groups.iter().filter_map(|group| group.last_seen.as_deref()).max();
    Some(Incident {
        runbooks: Vec::new(),
        id: id(head),
        title: title(head, &groups),
        kind: IncidentKind::ErrorBurst,
        deployed: None,
        language: Language::Unknown,
        first_seen: first_seen.map(str::to_owned),
        last_seen: last_seen.map(str::to_owned),
        count,
        traces: Vec::new(),
        suspects: Suspects::default(),
        log_groups: groups.iter().take(MAX_GROUPS).map(|group| group.id.clone()).collect(),
        past: Past::default(),
        metrics: Vec::new(),
        missing_context: Vec::new(),
    })
}

/// Says whether a group belongs to the burst.
fn is_part(group: &LogGroup, report: &LogReport) -> bool {
    let is_severe = group.level >= Level::Warn && group.trace.is_none();
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

/// Returns when a group began to matter: where it burst, else where it came first.
pub fn onset(group: &LogGroup) -> Option<&str> {
    let burst = group.rates.as_ref().filter(|_| group.status == GroupStatus::Bursting);
    burst.map(|rates| rates.start.as_str()).or(group.first_seen.as_deref())
}

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
