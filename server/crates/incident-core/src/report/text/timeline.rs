//! The time axis.

use super::super::styled::{Role, Styled};
use crate::neutral;
use crate::present::words;
use crate::timeline::{Clock, Event, EventKind};

/// How many events a screen takes.
const MAX_EVENTS: usize = 16;

/// Draws what happened when; nothing where all of it stands in the report already.
pub(super) fn axis(out: &mut Styled, events: &[Event]) {
    if events.iter().all(|event| matches!(event.clock, Clock::Log | Clock::Git)) {
        return;
    }
    let reports = |event: &&Event| !matches!(event.kind, EventKind::Message | EventKind::Note);
    let shown: Vec<&Event> = events.iter().filter(reports).take(MAX_EVENTS).collect();
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
