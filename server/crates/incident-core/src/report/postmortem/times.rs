//! How long it took to notice, to stop the harm and to end it.

use jiff::{SignedDuration, Timestamp};

use super::super::json::{Explain, TimelineEvent};
use crate::timeline::EventKind;

/// The moments that people ask for; each with the event that it was read from.
#[derive(Debug, Default)]
pub(super) struct Times<'a> {
    pub(super) onset: Option<(Timestamp, &'a TimelineEvent)>,
    pub(super) detected: Option<(Timestamp, &'a TimelineEvent)>,
    pub(super) mitigated: Option<(Timestamp, &'a TimelineEvent)>,
    pub(super) resolved: Option<(Timestamp, &'a TimelineEvent)>,
}

impl<'a> Times<'a> {
    /// Reads the moments off the time axis. What comes before the onset belongs to something else.
    pub(super) fn of(report: &'a Explain) -> Self {
        let all = || report.timeline.iter().filter_map(|it| Some((it.at.parse().ok()?, it)));
        let kinds = |event: &TimelineEvent, wanted: &[EventKind]| {
            EventKind::from_name(&event.kind).is_some_and(|kind| wanted.contains(&kind))
        };
        let first = |wanted: &'static [EventKind], after: Option<Timestamp>| {
            all().find(|(at, event)| kinds(event, wanted) && after.is_none_or(|after| *at >= after))
        };
        let onset = first(&[EventKind::Error], None).or_else(|| first(&[EventKind::Metric], None));
        let since = onset.map(|(at, _)| at);
        let detected = first(&[EventKind::Alert, EventKind::Acknowledged], since);
        let noticed = detected.map(|(at, _)| at).or(since);
        let mitigated = first(&[EventKind::Rollback], noticed);
        let resolved = all().rfind(|(at, event)| {
            kinds(event, &[EventKind::Resolved]) && noticed.is_none_or(|after| *at >= after)
        });
        Self { onset, detected, mitigated, resolved }
    }
}

/// Writes a distance as people say it: `4 min`, `1 h 12 min`, `35 s`.
pub(super) fn words(distance: SignedDuration) -> String {
    let seconds = distance.as_secs().max(0);
    match (seconds / 3600, (seconds % 3600) / 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
