//! Continuation lines: which open record a line without a stamp belongs to.
//!
//! Several writers may share one file, and the runtime of a crashing program writes its trace line
//! by line, so other writers' lines come between. A line goes to the record that its writer
//! touched last if that can take it, else to the oldest one that waits for just such a line.

use super::shape::mix;
use super::successions::{self, Successions, USUAL};
use super::trace::{Dialect, Part};

/// How much of a trace is kept for its group, in bytes.
const MAX_BODY: usize = 16 << 10;

/// How many records of one writer are open at once.
const MAX_OPEN: usize = 16;

/// After how many lines a record that got none is closed.
const MAX_AGE: u64 = 400;

/// For how many lines a record that was interrupted is likelier to go on than another.
const RECENT: u64 = 12;

/// How far apart, in microseconds, the stamps of one crash's lines may lie to tell.
const NEAR: u64 = 2_000;

/// A record whose lines may still come.
#[derive(Debug)]
pub(super) struct Open {
    /// Counts records, from 1.
    pub(super) serial: u32,
    /// The shape of the head; `None` of a record that is a trace from its head on.
    pub(super) shape: Option<u32>,
    pub(super) line: u64,
    pub(super) byte: u64,
    pub(super) time: Option<i64>,
    /// Whether this block counts it.
    pub(super) is_owned: bool,
    pub(super) trace: Option<Box<Trace>>,
    /// The line that it got last.
    touched: u64,
    /// The stamp on the envelope of that line.
    pub(super) stamp: Option<i64>,
    /// Other records' lines came between its own.
    is_interrupted: bool,
}

/// A trace that is being read.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) dialect: Dialect,
    /// The line that names the crash.
    pub(super) head: Vec<u8>,
    /// The lines after it.
    pub(super) body: Vec<u8>,
    state: State,
    /// The hash of the line that it got last.
    last_line: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A panic's message comes next.
    RustMessage,
    /// More of the message, the backtrace or a note.
    RustBody,
    /// The frame with this number.
    RustFrame(u32),
    /// The place of the frame before the one with this number.
    RustPlace(u32),
    /// A frame; whether one was seen.
    Python(bool),
    /// The source line of a frame.
    PythonLine,
    /// The exception was named; a chain may follow, after a blank line, which was seen or not.
    PythonEnd(bool),
    /// `During handling ...` was seen, and the blank line after it or not.
    PythonChain(bool),
    /// `at` lines and causes; whether a frame behind an `await` was seen.
    At(bool),
    /// Whatever follows.
    Go,
    Done,
}

/// How well a line fits a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    /// It may go on like this.
    Loosely,
    /// It is not complete without such a line.
    Waiting,
}

/// Says whether a frame stands behind an `await`, or is the runtime's between two that do.
fn is_asynchronous(line: &[u8]) -> bool {
    let frame = line.trim_ascii_start();
    frame.starts_with(b"at async ")
        || frame.starts_with(b"at process.processTicksAndRejections")
        || memchr::memmem::find(frame, b"(node:").is_some()
}

impl Trace {
    pub(super) fn new(dialect: Dialect, head: &[u8]) -> Self {
        let state = match dialect {
            // Before Rust 1.73 the message stands in the head.
            Dialect::Rust if head.ends_with(b":") => State::RustMessage,
            Dialect::Rust => State::RustBody,
            Dialect::Python => State::Python(false),
            Dialect::At => State::At(false),
            Dialect::Go => State::Go,
        };
        let head = head.get(..MAX_BODY).unwrap_or(head).to_vec();
        let last_line = successions::hash(&head, Part::Exception);
        Self { dialect, head, body: Vec::new(), state, last_line }
    }

    /// Says how well the next line fits; `is_next` if the record got the line before.
    fn fits(&self, line: &[u8], part: Part, is_next: bool) -> Fit {
        let loosely = |fits: bool| if fits { Fit::Loosely } else { Fit::No };
        match (self.state, part) {
            (_, Part::Panic | Part::GoPanic) => Fit::No,
            (
                State::RustMessage,
                Part::Blank | Part::RustFrame(_) | Part::RustAt | Part::RustHead | Part::RustNote,
            ) => loosely(is_next),
            (State::RustMessage, _) => Fit::Waiting,
            (State::RustBody, Part::RustHead) => Fit::Waiting,
            // What is said without a backtrace is not what is said after one.
            (State::RustBody, Part::RustNote) if line.starts_with(b"note: run with") => {
                Fit::Waiting
            }
            (State::RustFrame(_) | State::RustPlace(_), Part::RustNote)
                if line.starts_with(b"note: run with") =>
            {
                loosely(is_next)
            }
            (State::RustBody, part) => loosely(is_next && part != Part::PythonHead),
            (State::RustFrame(next), Part::RustFrame(number)) if number == next => Fit::Waiting,
            (State::RustFrame(_), Part::RustFrame(_)) => Fit::Loosely,
            (State::RustPlace(_), Part::RustAt) => Fit::Waiting,
            (State::RustPlace(next), Part::RustFrame(number)) => loosely(is_next || number == next),
            (State::RustFrame(_) | State::RustPlace(_), Part::RustNote) => Fit::Waiting,
            (State::RustFrame(_) | State::RustPlace(_), Part::Indented | Part::RustAt) => {
                loosely(is_next)
            }
            (State::Python(_), Part::PythonFile) => Fit::Waiting,
            (State::PythonLine, Part::Indented | Part::At | Part::RustFrame(_)) => Fit::Waiting,
            (State::PythonLine, Part::PythonFile) => Fit::Loosely,
            (
                State::Python(true) | State::PythonLine,
                Part::Exception | Part::Text | Part::CausedBy,
            ) => Fit::Waiting,
            (State::Python(_), Part::Indented | Part::At | Part::RustFrame(_)) => loosely(is_next),
            (State::PythonEnd(false), Part::Blank) => Fit::Loosely,
            (State::PythonEnd(true), Part::PythonChain) => Fit::Waiting,
            (State::PythonEnd(_), Part::Indented) => loosely(is_next),
            (State::PythonChain(false), Part::Blank) => Fit::Waiting,
            (State::PythonChain(true), Part::PythonHead) => Fit::Waiting,
            // What collected the lines may have dropped blank ones.
            (State::PythonChain(false), Part::PythonHead) => loosely(is_next),
            // The frames behind an `await` come last.
            (State::At(true), Part::At) if !is_asynchronous(line) => Fit::No,
            (State::At(_), Part::At) if self.body.is_empty() && !is_asynchronous(line) => {
                Fit::Waiting
            }
            (State::At(_), Part::At | Part::CausedBy) => Fit::Loosely,
            (
                State::At(_),
                Part::Indented | Part::PythonFile | Part::RustFrame(_) | Part::RustAt,
            ) => loosely(is_next),
            (State::Go, _) => loosely(is_next),
            _ => Fit::No,
        }
    }

    fn advance(&mut self, line: &[u8], part: Part) {
        self.state = match (self.state, part) {
            (State::RustMessage | State::RustBody, Part::RustHead) => State::RustFrame(0),
            (State::RustMessage, _) => State::RustBody,
            (State::RustBody | State::RustFrame(_) | State::RustPlace(_), Part::RustNote) => {
                State::Done
            }
            (State::RustFrame(_) | State::RustPlace(_), Part::RustFrame(number)) => {
                State::RustPlace(number + 1)
            }
            (State::RustPlace(next), Part::RustAt) => State::RustFrame(next),
            (State::Python(_) | State::PythonLine, Part::PythonFile) => State::PythonLine,
            (
                State::Python(true) | State::PythonLine,
                Part::Exception | Part::Text | Part::CausedBy,
            ) => State::PythonEnd(false),
            (State::PythonLine, _) => State::Python(true),
            (State::PythonEnd(_), Part::Blank) => State::PythonEnd(true),
            (State::PythonEnd(_), Part::PythonChain) => State::PythonChain(false),
            (State::PythonChain(_), Part::Blank) => State::PythonChain(true),
            (State::PythonChain(_), Part::PythonHead) => State::Python(false),
            (State::At(_), Part::CausedBy) => State::At(false),
            (State::At(seen), Part::At) => State::At(seen || is_asynchronous(line)),
            (state, _) => state,
        };
    }

    /// Appends a line that continues the trace.
    pub(super) fn push(&mut self, line: &[u8], part: Part) {
        self.advance(line, part);
        let hash = successions::hash(line, part);
        // What follows a blank line depends on what came before it.
        self.last_line = if part == Part::Blank { mix(self.last_line, hash) } else { hash };
        // Without its end a long trace has no exception in Python; its start says less.
        if self.body.len() + line.len() > MAX_BODY && self.dialect == Dialect::Python {
            self.body.drain(..self.body.len() / 2);
        }
        let room = MAX_BODY.saturating_sub(self.body.len());
        if room > 0 {
            self.body.extend_from_slice(line.get(..room.min(1000)).unwrap_or(line));
            self.body.push(b'\n');
        }
    }
}

impl Open {
    pub(super) fn new(
        serial: u32,
        line: u64,
        byte: u64,
        time: Option<i64>,
        is_owned: bool,
    ) -> Self {
        Self {
            serial,
            shape: None,
            line,
            byte,
            time,
            is_owned,
            trace: None,
            touched: line,
            stamp: None,
            is_interrupted: false,
        }
    }

    /// Says whether it was interrupted just now, so that it is likely to go on.
    fn is_apt(&self, line: u64) -> bool {
        self.is_interrupted && line.saturating_sub(self.touched) < RECENT
    }
}

/// Tells the records that are as near in time to a line as any, where stamps tell.
fn nearest<'a>(
    records: impl Iterator<Item = &'a Open>,
    stamp: Option<i64>,
) -> impl Fn(&Open) -> bool {
    let nearest = records.filter_map(|it| Some(it.stamp?.abs_diff(stamp?))).min();
    move |it| match (nearest, it.stamp, stamp) {
        (Some(nearest), Some(mine), Some(stamp)) if nearest < NEAR => {
            mine.abs_diff(stamp) == nearest
        }
        _ => true,
    }
}

/// One writer's open records.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// As its envelope tells.
    pub(super) id: u64,
    /// The last record with a head of its own.
    pub(super) last: Option<Open>,
    /// Traces that stand alone, the oldest first.
    open: Vec<Open>,
    /// The record that got the writer's last line.
    previous: u32,
    /// The writer's line goes on.
    pub(super) is_partial: bool,
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attached {
    /// It belongs to the record with this number.
    To(u32),
    /// It begins a record.
    Nothing,
}

impl Writer {
    pub(super) fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }

    /// Takes a new record with a head; returns the one before, which is complete.
    pub(super) fn begin(&mut self, record: Open) -> Option<Open> {
        self.previous = record.serial;
        self.last.replace(record)
    }

    /// Takes a new trace that stands alone; returns records that are complete.
    pub(super) fn begin_trace(&mut self, record: Open, closed: &mut Vec<Open>) {
        let line = record.line;
        self.previous = record.serial;
        self.open.push(record);
        closed.extend(self.open.extract_if(.., |it| line.saturating_sub(it.touched) > MAX_AGE));
        if self.open.len() > MAX_OPEN {
            closed.push(self.open.remove(0));
        }
    }

    /// Says whether the writer's last line was the last head, and that is a warning at least.
    pub(super) fn last_is_previous(&self) -> bool {
        self.last.as_ref().is_some_and(|it| it.serial == self.previous)
    }

    /// Appends a line to the record that it continues.
    pub(super) fn attach(
        &mut self,
        text: &[u8],
        part: Part,
        line: u64,
        stamp: Option<i64>,
        seen: &mut Successions,
        closed: &mut Vec<Open>,
    ) -> Attached {
        let hash = successions::hash(text, part);
        if let Some(found) = self.find(text, part, line, stamp, hash, seen) {
            let previous = self.previous;
            let Some(record) = self.open.get_mut(found) else { return Attached::Nothing };
            record.touched = line;
            record.stamp = stamp;
            let is_next = record.serial == previous;
            record.is_interrupted |= !is_next;
            let serial = record.serial;
            let trace = record.trace.as_mut();
            let is_done = trace.is_some_and(|trace| {
                let before = trace.last_line;
                trace.push(text, part);
                if is_next {
                    seen.learn(before, hash);
                }
                trace.state == State::Done
            });
            self.previous = serial;
            if is_done {
                closed.push(self.open.remove(found));
            }
            return Attached::To(serial);
        }
        self.attach_to_last(text, part, line, hash, seen)
    }

    /// Returns the place of the open trace that a line belongs to.
    fn find(
        &self,
        text: &[u8],
        part: Part,
        line: u64,
        stamp: Option<i64>,
        hash: u64,
        seen: &Successions,
    ) -> Option<usize> {
        let previous = self.previous;
        let fit = |it: &Open| {
            let is_next = it.serial == previous;
            it.trace.as_ref().map_or(Fit::No, |trace| trace.fits(text, part, is_next))
        };
        let in_last = |it: &Open| it.serial == previous && fit(it) != Fit::No;
        let before = |it: &Open| it.trace.as_ref().map_or(0, |trace| trace.last_line);
        if self.last.as_ref().is_some_and(in_last) {
            let is_usual =
                self.last.as_ref().is_some_and(|it| seen.share(before(it), hash) >= USUAL);
            return if is_usual { None } else { self.usual(line, hash, stamp, seen) };
        }
        if stamp.is_none()
            && let Some(adjacent) = self.open.iter().position(in_last)
            && self.open.get(adjacent).is_some_and(|it| seen.share(before(it), hash) >= USUAL)
        {
            return Some(adjacent);
        }
        if let Some(usual) = self.usual(line, hash, stamp, seen) {
            return Some(usual);
        }
        let fits: Vec<(usize, Fit, &Open)> = self
            .open
            .iter()
            .enumerate()
            .map(|(at, it)| (at, fit(it), it))
            .filter(|(_, fit, _)| *fit != Fit::No)
            .collect();
        // A crash is written within moments: an envelope's stamp tells two apart.
        let is_near = nearest(fits.iter().map(|(_, _, it)| *it), stamp);
        let near = || fits.iter().filter(|(_, _, it)| is_near(it));
        let adjacent = near().find(|(_, _, it)| it.serial == previous);
        let waiting = || near().find(|(_, fit, _)| *fit == Fit::Waiting);
        // Of those that may go on, one that was interrupted before, then the one that did so last.
        let loose = || near().max_by_key(|(_, _, it)| (it.is_apt(line), it.touched));
        adjacent.or_else(waiting).or_else(loose).map(|(at, _, _)| *at)
    }

    /// Returns the place of the open trace that was seen to go on like this most often.
    fn usual(&self, line: u64, hash: u64, stamp: Option<i64>, seen: &Successions) -> Option<usize> {
        let share = |it: &Open| match &it.trace {
            Some(trace) if line.saturating_sub(it.touched) < MAX_AGE => {
                seen.share(trace.last_line, hash)
            }
            _ => 0,
        };
        let known: Vec<(usize, u32, &Open)> = self
            .open
            .iter()
            .enumerate()
            .map(|(at, it)| (at, share(it), it))
            .filter(|(_, share, _)| *share > 0)
            .collect();
        let is_near = nearest(known.iter().map(|(_, _, it)| *it), stamp);
        let is_next = |it: &Open| it.serial == self.previous;
        known
            .iter()
            .filter(|(_, _, it)| is_near(it))
            .max_by_key(|(_, share, it)| (is_next(it), *share, it.is_apt(line), it.touched))
            .map(|(at, _, _)| *at)
    }

    /// A record with a head takes what is indented, and what its own trace goes on with.
    fn attach_to_last(
        &mut self,
        text: &[u8],
        part: Part,
        line: u64,
        hash: u64,
        seen: &mut Successions,
    ) -> Attached {
        let Some(last) = &mut self.last else { return Attached::Nothing };
        let is_next = last.serial == self.previous;
        if let Some(trace) = &mut last.trace {
            if trace.fits(text, part, is_next) == Fit::No
                && !matches!(part, Part::Indented | Part::Blank)
            {
                return Attached::Nothing;
            }
            let before = trace.last_line;
            trace.push(text, part);
            if is_next {
                seen.learn(before, hash);
            }
        } else {
            let dialect = match part {
                Part::Blank | Part::Indented => None,
                Part::RustFrame(_) | Part::RustAt | Part::PythonFile if !is_next => None,
                Part::RustAt => None,
                Part::At if is_next => Some(Dialect::At),
                Part::At => None,
                Part::CausedBy | Part::RustNote if is_next => None,
                Part::RustHead | Part::RustFrame(0) if is_next => Some(Dialect::Rust),
                Part::RustFrame(_) => None,
                Part::PythonFile if is_next => Some(Dialect::Python),
                Part::GoHead if is_next => Some(Dialect::Go),
                _ => return Attached::Nothing,
            };
            if let Some(dialect) = dialect {
                let mut trace = Box::new(Trace::new(dialect, b""));
                trace.state = match dialect {
                    Dialect::Rust => State::RustFrame(0),
                    Dialect::Python => State::Python(true),
                    Dialect::At => State::At(false),
                    Dialect::Go => State::Go,
                };
                trace.push(text, part);
                last.trace = Some(trace);
            }
        }
        last.touched = line;
        self.previous = last.serial;
        Attached::To(last.serial)
    }

    /// Gives the last record with a head a trace that begins with `head`.
    pub(super) fn begin_trace_in_last(&mut self, dialect: Dialect, head: &[u8]) -> Option<u32> {
        let last = self.last.as_mut()?;
        last.trace = Some(Box::new(Trace::new(dialect, head)));
        self.previous = last.serial;
        Some(last.serial)
    }

    /// Returns the record that a partial line goes on in.
    pub(super) fn continue_partial(&mut self) -> u32 {
        self.previous
    }

    /// Returns every open record.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Open> {
        self.open.drain(..).chain(self.last.take())
    }
}
