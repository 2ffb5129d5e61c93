//! The time axis.

use super::super::styled::{Role, Styled};
use crate::neutral;
use crate::present::words;
use crate::timeline::{Clock, Event, EventKind};

/// How many events a screen takes.
const MAX_EVENTS: usize = 16;

/// Says what goes first where there is too little room; `None` for what never stands here.
fn weight(event: &Event) -> Option<u8> {
    match event.kind {
        EventKind::Deploy | EventKind::Rollback | EventKind::Resolved => Some(0),
        EventKind::Alert | EventKind::Acknowledged | EventKind::Escalated => Some(1),
        EventKind::Attempt => Some(1),
        EventKind::Error if event.clock != Clock::Log => Some(1),
        EventKind::Error if event.what.starts_with("first seen") => Some(1),
        EventKind::Metric => Some(2),
        EventKind::Error => Some(3),
        EventKind::Commit | EventKind::Breadcrumb => Some(4),
        EventKind::Message | EventKind::Note => None,
    }
}

/// Draws what happened when; nothing where all of it stands in the report already.
pub(super) fn axis(out: &mut Styled, events: &[Event]) {
    if events.iter().all(|event| matches!(event.clock, Clock::Log | Clock::Git)) {
        return;
    }
    let mut shown: Vec<(u8, &Event)> =
        events.iter().filter_map(|event| Some((weight(event)?, event))).collect();
    // Stable: of one weight the earlier ones stay.
    shown.sort_by_key(|(weight, _)| *weight);
    shown.truncate(MAX_EVENTS);
    let mut shown: Vec<&Event> = shown.into_iter().map(|(_, event)| event).collect();
    shown.sort();
    out.gap();
    out.line(Role::Headline, "When (UTC)");
    let mut day = String::new();
    for event in &shown {
        let stamp = event.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let (date, time) = stamp.split_at_checked(11).unwrap_or((&stamp, ""));
        if date != day {
            out.line(Role::Dim, &format!("  {}", date.trim_end()));
            day = date.to_owned();
        }
        out.put(Role::Plain, &format!("  {time}  "));
        out.put(Role::Dim, &format!("{:<8}", event.clock.as_str()));
        out.line(Role::Plain, &neutral::headline(&event.what, 78));
    }
    if events.len() > shown.len() {
        let more = words::count(events.len() - shown.len(), "more event");
        out.line(Role::Dim, &format!("  … {more} in --format json"));
    }
}
