//! Rust: panics, backtraces and error chains.
//!
//! [`Reader`] takes logical lines one by one and keeps, for each stream, the traces that are still
//! open. A line either belongs to one of them, starts a new one, or is foreign; after a few foreign
//! lines a trace is closed. Nothing looks ahead, so reading is linear whatever the text.

use std::collections::BTreeMap;

use super::unwrap::Line;
use super::{Trace, TraceKind, names, origin};
use crate::input::Language;
use crate::text::ByteSpan;

mod chain;
mod classify;
mod debug_frames;
mod frame;
mod head;
mod message;
mod native;
mod open;
mod panic_line;
mod prefixed;
mod stream;
mod torn;

use open::Closed;
use stream::Stream;

/// Streams beyond this number are read as one: their names are not containers'.
const MAX_STREAMS: usize = 256;

/// Collects the Rust traces of one text.
#[derive(Debug, Default)]
pub(super) struct Reader<'t> {
    streams: BTreeMap<u64, Stream<'t>>,
    done: Vec<Closed>,
}

impl<'t> Reader<'t> {
    /// Takes the next line.
    pub(super) fn push(&mut self, line: Line<'t>) {
        let key = line.stream();
        let is_known = self.streams.contains_key(&key) || self.streams.len() < MAX_STREAMS;
        let key = if is_known { key } else { 0 };
        self.streams.entry(key).or_default().push(line, &mut self.done);
    }

    /// Closes what is open and returns every trace, in text order.
    pub(super) fn finish(mut self) -> Vec<Trace> {
        for stream in self.streams.values_mut() {
            stream.finish(&mut self.done);
        }
        self.done.sort_by_key(|closed| (closed.trace.span.start, closed.trace.span.end));
        let mut traces: Vec<Trace> = join_neighbours(self.done);
        for trace in &mut traces {
            complete(trace);
        }
        traces
    }
}

/// Puts frames and the heading below them together, where a tool prints the heading last.
fn join_neighbours(closed: Vec<Closed>) -> Vec<Trace> {
    /// So much may stand between them: notes on environment variables.
    const MAX_GAP: usize = 400;
    let has_proved = closed.iter().any(|closed| !closed.is_unproved);
    let mut joined: Vec<Closed> = Vec::new();
    for next in closed {
        // `Error: ..` alone counts where there is nothing better.
        if next.is_unproved && has_proved {
            continue;
        }
        let frames_only = joined.last_mut().filter(|last| {
            let is_tail = last.trace.frames.first().is_some_and(|frame| frame.index != Some(0));
            !last.has_head
                && is_tail
                && next.has_head
                && next.trace.frames.is_empty()
                && last.block == next.block
                && next.trace.span.start.saturating_sub(last.trace.span.end) <= MAX_GAP
        });
        match frames_only {
            Some(last) => {
                last.has_head = true;
                last.trace.kind = next.trace.kind;
                last.trace.thread = next.trace.thread;
                last.trace.causes = next.trace.causes;
                last.trace.location = next.trace.location;
                last.trace.span = ByteSpan::new(last.trace.span.start, next.trace.span.end);
            }
            None => joined.push(next),
        }
    }
    joined.into_iter().map(|closed| closed.trace).collect()
}

/// Fills in what needs the whole trace: readable names and origins.
fn complete(trace: &mut Trace) {
    trace.language = Language::Rust;
    for frame in &mut trace.frames {
        let Some(printed) = frame.function.take() else { continue };
        let readable = names::readable(&printed);
        if readable.is_empty() || readable == "<unknown>" {
            continue;
        }
        if readable == printed {
            frame.function = Some(printed);
            continue;
        }
        frame.function = Some(readable.into_owned());
        frame.raw_function = Some(printed);
    }
    let uses_eyre = |name: &str| matches!(names::crate_of(name), Some("eyre" | "color_eyre"));
    if trace.kind == TraceKind::Anyhow
        && trace.frames.iter().filter_map(|frame| frame.function.as_deref()).any(uses_eyre)
    {
        trace.kind = TraceKind::Eyre;
    }
    origin::classify(trace);
}
