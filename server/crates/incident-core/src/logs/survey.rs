//! A look ahead: do traces belong to the errors that were logged before them?
//!
//! `logger.exception` prints a trace after its own line; a runtime prints one whenever a thread
//! dies, after whatever line came before. The first kind follows the same statements each time.

use super::envelope;
use super::head;
use super::report::Level;
use super::shape;
use super::shapes::KeyMap;
use super::stamp::Clock;
use super::trace::{self, Part};

/// How much of a window is looked at, in bytes.
const LOOK: usize = 1 << 20;

/// Says whether nearly all traces follow a statement that is followed by a trace mostly.
pub(super) fn traces_follow_errors(bytes: &[u8], clock: &Clock) -> bool {
    let mut buffer = Vec::new();
    let mut uncoloured = Vec::new();
    // The statement that each writer printed last, if a trace may follow it.
    let mut last: KeyMap<Option<u64>> = KeyMap::default();
    // How often each was printed, and how often a trace came next.
    let mut followed: KeyMap<(u32, u32)> = KeyMap::default();
    let mut n_alone = 0;
    for line in bytes.get(..LOOK).unwrap_or(bytes).split(|byte| *byte == b'\n') {
        let envelope = envelope::open(line, clock, &mut buffer);
        let body = envelope.body.unwrap_or(&buffer);
        let body = if memchr::memchr(0x1b, body).is_some() {
            envelope::strip_colours(body, &mut uncoloured);
            &uncoloured
        } else {
            body
        };
        if let Some(head) = head::read(body, clock) {
            let is_severe = head.level.is_some_and(|level| level >= Level::Warn);
            let key = is_severe.then(|| shape::hash(&head.message, 0));
            if let Some(key) = key {
                followed.entry(key).or_default().0 += 1;
            }
            last.insert(envelope.writer, key);
        } else if matches!(trace::part(body), Part::PythonHead | Part::Exception | Part::Panic) {
            match last.insert(envelope.writer, None) {
                Some(Some(key)) => followed.entry(key).or_default().1 += 1,
                Some(None) => n_alone += 1,
                None => {}
            }
        } else if let Some(before) = last.get_mut(&envelope.writer) {
            // A chain names several exceptions, each after frames.
            if before.take().is_none() {
                last.remove(&envelope.writer);
            }
        }
    }
    let n_mostly: u32 =
        followed.values().filter(|(n, hits)| hits * 2 >= *n).map(|(_, hits)| hits).sum();
    let n_traces: u32 = followed.values().map(|(_, hits)| hits).sum::<u32>() + n_alone;
    n_mostly * 5 >= n_traces * 4
}
