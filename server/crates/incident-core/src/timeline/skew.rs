//! Clocks that disagree.

use jiff::SignedDuration;

use super::{Clock, Event, EventKind};
use crate::problem::Problem;

/// Distances below this are how long news takes, not a wrong clock.
const SMALLEST: SignedDuration = SignedDuration::from_secs(150);
/// How much the distance may vary and still be the same.
const STEADY: SignedDuration = SignedDuration::from_secs(45);
/// The kinds of events that two systems both see.
const SHARED: [EventKind; 4] =
    [EventKind::Alert, EventKind::Acknowledged, EventKind::Escalated, EventKind::Resolved];

/// Says which clocks stand apart: two that saw the start and the end of one thing, each at the same
/// distance. One shared event tells nothing, since a message may come late.
pub fn skew(events: &[Event]) -> Vec<Problem> {
    let mut clocks: Vec<Clock> = events.iter().map(|event| event.clock).collect();
    clocks.sort();
    clocks.dedup();
    let mut problems = Vec::new();
    for (at, one) in clocks.iter().enumerate() {
        for other in clocks.iter().skip(at + 1) {
            let Some(apart) = apart(events, *one, *other) else { continue };
            let (early, late) = if apart.is_positive() { (one, other) } else { (other, one) };
            problems.push(Problem::warning(format!(
                "the {} stamps the same things {} later than the {}: one of the clocks, or a time \
                 zone, is off, so the order between them can't be trusted",
                late.as_str(),
                words(apart.abs()),
                early.as_str()
            )));
        }
    }
    problems
}

/// Returns how much later `other` stamps what `one` saw too.
fn apart(events: &[Event], one: Clock, other: Clock) -> Option<SignedDuration> {
    let first = |clock: Clock, kind: EventKind| {
        events.iter().filter(|it| it.clock == clock && it.kind == kind).map(|it| it.at).min()
    };
    let mut distances: Vec<SignedDuration> = SHARED
        .iter()
        .filter_map(|kind| Some(first(other, *kind)?.duration_since(first(one, *kind)?)))
        .collect();
    distances.sort();
    let (least, most) = (*distances.first()?, *distances.last()?);
    let is_steady = distances.len() >= 2 && most - least <= STEADY;
    (is_steady && least.abs() >= SMALLEST && most.abs() >= SMALLEST).then_some(least)
}

fn words(distance: SignedDuration) -> String {
    let minutes = (distance.as_secs() + 30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
