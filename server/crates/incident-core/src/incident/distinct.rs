//! The same trace printed many times, kept once and counted: a crash loop prints it by thousands.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::fingerprint::mask;
use super::{earlier, later, utc};
use crate::text;
use crate::trace::{SourceLocation, Trace};

/// How much of a message tells traces apart, in bytes.
const MAX_MESSAGE: usize = 2048;

/// A trace and how often it was printed, values in its message aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated<T> {
    /// The first one.
    pub trace: T,
    /// How many there were. Never 0.
    pub count: u64,
    /// The earliest time stamp, RFC 3339 in UTC.
    pub first_seen: Option<String>,
    /// The latest one.
    pub last_seen: Option<String>,
}

impl<T> Repeated<T> {
    /// Returns what `change` makes of the trace, counted the same.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Repeated<U> {
        Repeated {
            trace: change(self.trace),
            count: self.count,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        }
    }
}

/// Keeps one of each set of traces that print the same calls at the same lines for the same reason.
///
/// Order of first appearance.
pub fn distinct(traces: Vec<Trace>) -> Vec<Repeated<Trace>> {
    let mut kept: Vec<Repeated<Trace>> = Vec::new();
    let mut by_shape: HashMap<[u8; 32], usize> = HashMap::new();
    for trace in traces {
        let seen = trace.logged_at.as_deref().and_then(utc);
        let at = *by_shape.entry(shape(&trace)).or_insert(kept.len());
        match kept.get_mut(at) {
            Some(known) => {
                known.count += 1;
                known.first_seen = earlier(known.first_seen.take(), seen.clone());
                known.last_seen = later(known.last_seen.take(), seen);
                // The one that is whole says more than the one that was cut.
                if known.trace.cut && !trace.cut {
                    known.trace = trace;
                }
            }
            None => {
                kept.push(Repeated { trace, count: 1, first_seen: seen.clone(), last_seen: seen })
            }
        }
    }
    kept
}

/// Digests everything that resolving and grouping look at.
fn shape(trace: &Trace) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        hasher.update(text.len().to_le_bytes());
        hasher.update(text);
    };
    part(trace.kind.as_str());
    part(trace.language.as_str());
    for cause in &trace.causes {
        part(cause.kind.as_deref().unwrap_or_default());
        part(&mask(text::cut(cause.message.as_deref().unwrap_or_default(), MAX_MESSAGE)));
    }
    let place = |location: Option<&SourceLocation>| {
        location.map_or(String::new(), |at| format!("{}:{:?}:{:?}", at.file, at.line, at.column))
    };
    part(&place(trace.location.as_ref()));
    for frame in &trace.frames {
        part(frame.function.as_deref().unwrap_or_default());
        part(&place(frame.location.as_ref()));
    }
    hasher.finalize().into()
}
