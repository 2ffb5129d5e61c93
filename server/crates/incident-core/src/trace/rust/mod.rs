//! Rust: panics, backtraces and error chains.
//!
//! [`Reader`] takes logical lines one by one and keeps, for each stream, the traces that are still
//! open. A line either belongs to one of them, starts a new one, or is foreign; after a few foreign
//! lines a trace is closed. Nothing looks ahead, so reading is linear whatever the text.

use std::collections::BTreeMap;

use super::unwrap::Line;
use super::{Trace, names, origin};
use crate::input::Language;

mod frame;
mod open;
mod panic_line;
mod stream;

use stream::Stream;

/// Streams beyond this number are read as one: their names are not containers'.
const MAX_STREAMS: usize = 256;

/// Collects the Rust traces of one text.
#[derive(Debug, Default)]
pub(super) struct Reader<'t> {
    streams: BTreeMap<u64, Stream<'t>>,
    done: Vec<Trace>,
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
        let mut traces = self.done;
        traces.sort_by_key(|trace| (trace.span.start, trace.span.end));
        for trace in &mut traces {
            complete(trace);
        }
        traces
    }
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
        let readable = readable.into_owned();
        if readable != printed {
            frame.raw_function = Some(printed);
        }
        frame.function = Some(readable);
    }
    origin::classify(trace);
}
