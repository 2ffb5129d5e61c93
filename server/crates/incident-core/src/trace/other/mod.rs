//! Traces of languages other than Rust: one file a dialect, one state for each stream of lines.
//!
//! Like the Rust reader these take one line after the other and never look ahead. A dialect sees
//! every line, and says for most of them at their first bytes that they are none of its own.

mod go;
mod java;
mod javascript;
mod python;

use std::collections::BTreeMap;

use super::unwrap::Line;
use super::{Cause, Frame, Relation, SourceLocation, Trace, TraceKind};
use crate::input::Language;
use crate::text::ByteSpan;

/// Streams beyond this number are read as one.
const MAX_STREAMS: usize = 256;
/// A message goes on over so many lines at most.
const MAX_MESSAGE_LINES: usize = 20;
/// A frame's text is no longer than this.
const MAX_FRAME: usize = 4096;

/// Reads the traces of one language on one stream.
trait Dialect: Default {
    /// Takes the next line; traces that are over go to `done`.
    fn push(&mut self, line: &Line<'_>, done: &mut Vec<Trace>);
    /// Ends what is open.
    fn finish(self, done: &mut Vec<Trace>);
}

/// The dialects of one stream.
#[derive(Debug, Default)]
struct Stream {
    javascript: javascript::Reader,
    java: java::Reader,
    python: python::Reader,
    go: go::Reader,
}

/// Collects the traces of every language but Rust.
#[derive(Debug, Default)]
pub(super) struct Reader {
    streams: BTreeMap<u64, Stream>,
    done: Vec<Trace>,
}

impl Reader {
    /// Takes the next line.
    pub(super) fn push(&mut self, line: &Line<'_>) {
        let key = line.stream();
        let is_known = self.streams.contains_key(&key) || self.streams.len() < MAX_STREAMS;
        let stream = self.streams.entry(if is_known { key } else { 0 }).or_default();
        stream.javascript.push(line, &mut self.done);
        stream.java.push(line, &mut self.done);
        stream.python.push(line, &mut self.done);
        stream.go.push(line, &mut self.done);
    }

    /// Returns every trace, in text order.
    pub(super) fn finish(mut self) -> Vec<Trace> {
        for stream in self.streams.into_values() {
            stream.javascript.finish(&mut self.done);
            stream.java.finish(&mut self.done);
            stream.python.finish(&mut self.done);
            stream.go.finish(&mut self.done);
        }
        self.done.sort_by_key(|trace| (trace.span.start, trace.span.end));
        self.done
    }
}

/// Puts the traces of all languages in text order; where two languages claim the same lines, the
/// one that read more frames out of them has them.
pub(super) fn merge(rust: Vec<Trace>, others: Vec<Trace>) -> Vec<Trace> {
    if others.is_empty() {
        return rust;
    }
    let overlap = |a: &Trace, b: &Trace| a.span.start < b.span.end && b.span.start < a.span.end;
    let mut all: Vec<Trace> = rust;
    let mut from = 0;
    all.sort_by_key(|trace| trace.span.start);
    let n_rust = all.len();
    let mut dropped = vec![false; n_rust];
    let mut kept = Vec::new();
    for other in others {
        // Both lists are sorted, so what ends before this one starts is done with.
        while all.get(from).is_some_and(|trace| trace.span.end <= other.span.start) {
            from += 1;
        }
        let rivals: Vec<usize> = (from..n_rust)
            .take_while(|at| all.get(*at).is_some_and(|trace| trace.span.start < other.span.end))
            .filter(|at| all.get(*at).is_some_and(|trace| overlap(trace, &other)))
            .collect();
        let n_theirs: usize =
            rivals.iter().filter_map(|at| all.get(*at)).map(|trace| trace.frames.len()).sum();
        let is_panic = rivals.iter().filter_map(|at| all.get(*at)).any(|it| it.location.is_some());
        if !rivals.is_empty() && (is_panic || n_theirs >= other.frames.len().max(1)) {
            continue;
        }
        for at in rivals {
            if let Some(dropped) = dropped.get_mut(at) {
                *dropped = true;
            }
        }
        kept.push(other);
    }
    let mut at = 0;
    all.retain(|_| {
        at += 1;
        !dropped.get(at - 1).copied().unwrap_or_default()
    });
    all.extend(kept);
    all.sort_by_key(|trace| (trace.span.start, trace.span.end));
    all
}

/// The line that names an error, before its frames are known.
#[derive(Debug)]
struct Heading {
    kind: Option<String>,
    message: Option<String>,
    thread: Option<String>,
    relation: Relation,
    span: ByteSpan,
    stamp: Option<String>,
    /// Lines since it.
    age: usize,
}

impl Heading {
    fn new(line: &Line<'_>, text: &str, kind: &str, message: &str) -> Self {
        Self {
            kind: Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
            message: Some(message.trim().to_owned()).filter(|message| !message.is_empty()),
            thread: None,
            relation: Relation::Root,
            span: line.span_of(text),
            stamp: line.stamp().map(|stamp| stamp.trim().to_owned()),
            age: 0,
        }
    }

    /// Takes a further line of the message.
    fn add(&mut self, line: &Line<'_>) {
        self.age += 1;
        let text = line.body().trim_end();
        if self.age > MAX_MESSAGE_LINES || text.len() > MAX_FRAME {
            return;
        }
        if let Some(message) = &mut self.message {
            message.push('\n');
            message.push_str(text);
            self.span = ByteSpan::new(self.span.start, line.span_of(text).end);
        }
    }

    fn into_cause(self) -> Cause {
        Cause { kind: self.kind, message: self.message, relation: self.relation, span: self.span }
    }
}

/// Starts a trace with what its heading told.
fn begin(language: Language, heading: Option<Heading>, span: ByteSpan) -> Trace {
    let mut trace = Trace { language, kind: TraceKind::Exception, span, ..Trace::default() };
    if let Some(heading) = heading {
        trace.span = ByteSpan::new(heading.span.start.min(span.start), span.end);
        trace.thread.clone_from(&heading.thread);
        trace.logged_at.clone_from(&heading.stamp);
        trace.causes.push(heading.into_cause());
    }
    trace
}

/// Adds a frame of the last cause to a trace.
fn add(trace: &mut Trace, frame: Frame) {
    let end = trace.span.end.max(frame.span.end);
    trace.span = ByteSpan::new(trace.span.start.min(frame.span.start), end);
    let cause = trace.causes.len().saturating_sub(1);
    trace.frames.push(Frame { cause, ..frame });
}

/// Returns a place of `line`.
fn located(
    line: &Line<'_>,
    whole: &str,
    file: &str,
    numbers: (Option<u32>, Option<u32>),
) -> SourceLocation {
    let (number, column) = numbers;
    SourceLocation { file: file.to_owned(), line: number, column, span: line.span_of(whole) }
}

/// Says whether a line is nothing but the time that a chat program puts between others.
fn is_clock(text: &str) -> bool {
    let clock = text.trim_end_matches(" AM").trim_end_matches(" PM");
    (4..=8).contains(&clock.len())
        && clock.contains(':')
        && clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
}

/// Splits `Name: message` where the name can be an error's; `Name` alone is one as well.
fn error_name(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let last = name.rsplit('.').next()?;
    let is_type = last.starts_with(|c: char| c.is_ascii_uppercase()) && !name.ends_with('.');
    let message = if rest.trim().is_empty() {
        ""
    } else {
        rest.strip_prefix(": ").or(rest.strip_prefix(':'))?
    };
    is_type.then_some((name, message))
}

/// Says whether an error's name says itself that it is one.
fn names_error(name: &str) -> bool {
    ["Error", "Exception", "Rejection", "Exit", "Interrupt", "Warning", "Failure", "Fault"]
        .iter()
        .any(|ending| name.ends_with(ending))
}
