//! Scanning: from a window of bytes to shapes with counts. Pure, so windows are read in parallel.
//!
//! A window is a block with some bytes around it. Bytes before the block warm up: they show which
//! records are open where it begins. Bytes after it complete the records that it began. A record
//! is counted by the block in which its head begins, so each is counted once and whole.

use super::ahead::Ahead;
use super::attach::{Attached, Open, Trace, Writer};
use super::envelope::{self, Envelope};
use super::head::{self, Head};
use super::layout::Layouts;
use super::mild::Mild;
use super::report::{GroupKind, Level};
use super::shape::{self, mix, mix_bytes};
use super::shapes::{CrashShape, Place, Shape, Shapes};
use super::stamp::{Clock, Micros};
use super::successions::Successions;
use super::survey;
use super::trace::{self, Dialect, Part};
use super::window::{Block, NO_SHAPE, ScanOptions, Window};
use crate::cancel::Cancel;

/// Reads one window.
pub fn scan(window: &Window<'_>, options: &ScanOptions, cancel: &Cancel) -> Block {
    let mut scanner = Scanner {
        window,
        options,
        clock: Clock::new(options.zone.clone(), options.year),
        status: Ahead::new(window.bytes, head::STATUS),
        mild: Mild::default(),
        layouts: Layouts::default(),
        successions: Successions::default(),
        shapes: Shapes::default(),
        writers: Vec::new(),
        n_lines: 0,
        n_records: 0,
        now: None,
        serial: 0,
        labels: Vec::new(),
        records: Vec::new(),
        is_embedded: None,
        closed: Vec::new(),
    };
    let mut is_cancelled = false;
    let mut unescaped = Vec::new();
    let mut uncoloured = Vec::new();
    let mut at = 0;
    if !window.begins_line {
        at = memchr::memchr(b'\n', window.bytes).map_or(window.bytes.len(), |end| end + 1);
    }
    while let Some(rest) = window.bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (line, has_escape) = first_line(rest);
        let is_owned = window.owned.contains(&at);
        if is_owned {
            scanner.n_lines += 1;
            if scanner.n_lines.is_multiple_of(4096) && cancel.is_cancelled() {
                is_cancelled = true;
                break;
            }
        }
        scanner.line(line, has_escape, at, is_owned, &mut unescaped, &mut uncoloured);
        at += line.len() + 1;
    }
    scanner.finish(is_cancelled)
}

/// Returns the first line, and whether it has an escape: one search tells both.
fn first_line(text: &[u8]) -> (&[u8], bool) {
    let end = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(text.len(), |at| from + at)
    };
    let (end, has_escape) = match memchr::memchr2(b'\n', 0x1b, text) {
        Some(at) if text.get(at) == Some(&0x1b) => (end(at), true),
        at => (at.unwrap_or(text.len()), false),
    };
    (text.get(..end).unwrap_or(text), has_escape)
}

/// Reads bare messages, one a record: what is left where someone else took the heads off.
pub(super) fn scan_messages(messages: &[&[u8]], input: u32) -> Block {
    let mut shapes = Shapes::default();
    let mut labels = Vec::with_capacity(messages.len());
    let mut byte = 0;
    for (message, line) in messages.iter().zip(1..) {
        let number = shapes
            .intern(shape::hash(message, 0), 0, || Shape::new(Level::Info, b"", message, message));
        if let Some(shape) = shapes.get_mut(number) {
            shape.stats.add(Place { input, line, byte }, None, false);
        }
        byte += message.len() as u64 + 1;
        labels.push(number);
    }
    Block {
        input,
        n_lines: messages.len() as u64,
        n_bytes: byte,
        n_records: messages.len() as u64,
        shapes: shapes.list,
        labels,
        ..Block::default()
    }
}

struct Scanner<'a> {
    window: &'a Window<'a>,
    options: &'a ScanOptions,
    clock: Clock,
    /// Where a field comes next that may say that a server failed.
    status: Ahead<'a>,
    mild: Mild,
    layouts: Layouts,
    successions: Successions,
    shapes: Shapes,
    writers: Vec<Writer>,
    /// Own lines so far; the current line's number.
    n_lines: u64,
    n_records: u64,
    /// The last stamp.
    now: Option<Micros>,
    /// The number of the last record, from 1.
    serial: u32,
    /// The record of each own line, where labels are asked for.
    labels: Vec<u32>,
    /// The shape of each record, where labels are asked for.
    records: Vec<u32>,
    /// Whether traces without a head of their own belong to the error before them.
    is_embedded: Option<bool>,
    closed: Vec<Open>,
}

impl Scanner<'_> {
    fn line(
        &mut self,
        line: &[u8],
        has_escape: bool,
        at: usize,
        is_owned: bool,
        unescaped: &mut Vec<u8>,
        uncoloured: &mut Vec<u8>,
    ) {
        let status = self.status.within(at, at + line.len());
        let is_server_error = status.is_some_and(|status| {
            head::says_server_error(line.get(status - at..).unwrap_or_default())
        });
        if self.options.severe_only
            && !self.options.labels
            && !is_server_error
            && self.mild.is_head(line)
        {
            self.n_records += u64::from(is_owned);
            return;
        }
        let envelope = envelope::open(line, &self.clock, unescaped);
        let body = envelope.body.unwrap_or(unescaped);
        let is_unescaped = envelope.body.is_none();
        let body = if has_escape || is_unescaped && memchr::memchr(0x1b, body).is_some() {
            envelope::strip_colours(body, uncoloured);
            uncoloured
        } else {
            body
        };
        let writer = self.writer(envelope.writer);
        let was_partial = self.writers.get(writer).is_some_and(|it| it.is_partial);
        if let Some(it) = self.writers.get_mut(writer) {
            it.is_partial = envelope.partial;
        }
        let head = self.read_head(body);
        let record = if was_partial && head.is_none() {
            self.writers.get_mut(writer).map_or(0, Writer::continue_partial)
        } else if let Some(mut head) = head {
            // Another writer's line came between the parts of one.
            if let Some(it) = self.writers.get_mut(writer) {
                it.is_partial |= was_partial;
            }
            head.time = head.time.or(envelope.time);
            head.level = head.level.or(envelope.level);
            head.is_server_error |=
                is_server_error && head.level.is_none_or(|level| level <= Level::Info);
            self.head(&head, line, at, is_owned, writer)
        } else {
            self.raw(body, &envelope, line, at, is_owned, writer)
        };
        if is_owned && self.options.labels {
            self.labels.push(record);
        }
    }

    fn read_head<'b>(&mut self, body: &'b [u8]) -> Option<Head<'b>> {
        if let Some(head) = self.layouts.read(body, &self.clock) {
            return Some(head);
        }
        let head = head::read(body, &self.clock)?;
        self.layouts.learn(body, &head, &self.clock);
        Some(head)
    }

    /// Returns the place of a writer's open records.
    fn writer(&mut self, id: u64) -> usize {
        if let Some(found) = self.writers.iter().position(|writer| writer.id == id) {
            return found;
        }
        const MAX_WRITERS: usize = 256;
        if self.writers.len() >= MAX_WRITERS {
            let mut oldest = self.writers.remove(0);
            self.closed.extend(oldest.drain());
            self.close();
        }
        self.writers.push(Writer::new(id));
        self.writers.len() - 1
    }

    fn new_record(&mut self, at: usize, time: Option<Micros>, is_owned: bool) -> Open {
        self.serial += 1;
        if self.options.labels {
            self.records.push(NO_SHAPE);
        }
        self.now = time.or(self.now);
        Open::new(self.serial, self.n_lines, self.window.offset + at as u64, self.now, is_owned)
    }

    fn head(
        &mut self,
        head: &Head<'_>,
        line: &[u8],
        at: usize,
        is_owned: bool,
        writer: usize,
    ) -> u32 {
        let mut level = head.level.unwrap_or_default();
        if head.is_server_error && level <= Level::Info {
            level = Level::Error;
        }
        let mut record = self.new_record(at, head.time, is_owned);
        if level >= Level::Warn || !self.options.severe_only {
            let family =
                mix(mix_bytes(level as u64, &head.target), u64::from(head.is_server_error));
            let key = shape::hash(&head.message, family);
            record.shape = Some(
                self.shapes
                    .intern(key, family, || Shape::new(level, &head.target, &head.message, line)),
            );
            if let Some(stack) = &head.stack {
                record.trace = trace_in_field(stack).map(Box::new);
            }
        }
        let serial = record.serial;
        let complete = self.writers.get_mut(writer).and_then(|it| it.begin(record));
        if let Some(complete) = complete {
            self.count(complete);
        }
        serial
    }

    /// A line that does not begin as a record does: it continues one, or stands alone.
    fn raw(
        &mut self,
        body: &[u8],
        envelope: &Envelope<'_>,
        line: &[u8],
        at: usize,
        is_owned: bool,
        writer: usize,
    ) -> u32 {
        let part = trace::part(body);
        let line_number = self.n_lines;
        let Some(it) = self.writers.get_mut(writer) else { return 0 };
        let seen = &mut self.successions;
        let attached = it.attach(body, part, line_number, envelope.time, seen, &mut self.closed);
        self.close();
        if let Attached::To(record) = attached {
            return record;
        }
        let dialect = match part {
            Part::Panic => Some(Dialect::Rust),
            Part::GoPanic => Some(Dialect::Go),
            Part::PythonHead => Some(Dialect::Python),
            Part::Exception => Some(Dialect::At),
            _ => None,
        };
        if let Some(dialect) = dialect {
            return self.begin_trace(dialect, body, envelope.time, at, is_owned, writer);
        }
        if body.trim_ascii().is_empty() {
            return 0;
        }
        let mut record = self.new_record(at, envelope.time, is_owned);
        let is_severe = envelope.level.is_some_and(|level| level >= Level::Warn);
        if is_severe || !self.options.severe_only {
            // The program's name stands in for a logger.
            let level = envelope.level.unwrap_or_default();
            let family = mix_bytes(0x7E47 + level as u64, envelope.program);
            let key = shape::hash(body, family);
            let make = || Shape::new(level, envelope.program, body, line);
            record.shape = Some(self.shapes.intern(key, family, make));
        }
        let serial = record.serial;
        let complete = self.writers.get_mut(writer).and_then(|it| it.begin(record));
        if let Some(complete) = complete {
            self.count(complete);
        }
        serial
    }

    fn begin_trace(
        &mut self,
        dialect: Dialect,
        body: &[u8],
        time: Option<Micros>,
        at: usize,
        is_owned: bool,
        writer: usize,
    ) -> u32 {
        // After `logger.exception` and its like the trace belongs to the error's own record.
        // A panic is always printed by the runtime itself.
        let may_belong = matches!(dialect, Dialect::Python | Dialect::At);
        let follows_error = may_belong
            && self.writers.get(writer).is_some_and(|it| {
                it.last_is_previous()
                    && it.last.as_ref().is_some_and(|last| {
                        let shape =
                            last.shape.and_then(|shape| self.shapes.list.get(shape as usize));
                        shape.is_some_and(|shape| shape.level >= Level::Warn)
                            && last.trace.is_none()
                    })
            });
        if follows_error && self.traces_follow_errors() {
            let it = self.writers.get_mut(writer);
            return it.and_then(|it| it.begin_trace_in_last(dialect, body)).unwrap_or(0);
        }
        let mut record = self.new_record(at, time, is_owned);
        record.trace = Some(Box::new(Trace::new(dialect, body)));
        record.stamp = time;
        let serial = record.serial;
        if let Some(it) = self.writers.get_mut(writer) {
            it.begin_trace(record, &mut self.closed);
        }
        self.close();
        serial
    }

    /// Says whether the traces of this window follow statements that log one each time. Where they
    /// stand behind this and that, the runtime printed them.
    fn traces_follow_errors(&mut self) -> bool {
        if let Some(known) = self.is_embedded {
            return known;
        }
        let known = survey::traces_follow_errors(self.window.bytes, &self.clock);
        self.is_embedded = Some(known);
        known
    }

    fn close(&mut self) {
        while let Some(record) = self.closed.pop() {
            self.count(record);
        }
    }

    /// Counts a complete record.
    fn count(&mut self, mut record: Open) {
        let crash = record.trace.take().and_then(|trace| self.crash(&trace, record.shape));
        let shape = crash.or(record.shape);
        if self.options.labels
            && let Some(slot) = self.records.get_mut(record.serial as usize - 1)
        {
            *slot = shape.unwrap_or(NO_SHAPE);
        }
        if !record.is_owned {
            return;
        }
        self.n_records += 1;
        let is_before = match (self.options.deploy, record.time) {
            (Some(deploy), Some(time)) => time < deploy,
            _ => false,
        };
        let place = Place { input: self.window.input, line: record.line, byte: record.byte };
        if let Some(shape) = shape.and_then(|shape| self.shapes.get_mut(shape)) {
            shape.stats.add(place, record.time, is_before);
        }
    }

    /// Returns the shape of a record with a trace.
    fn crash(&mut self, trace: &Trace, head_shape: Option<u32>) -> Option<u32> {
        let crash = trace::crash(trace.dialect, &trace.head, &trace.body);
        let head = head_shape.and_then(|shape| self.shapes.list.get(shape as usize));
        // A record that only looks like a trace stays what it says it is.
        let is_harmless = head.is_some_and(|head| head.level < Level::Warn);
        let is_bare = crash.place == 0 && crash.exception.is_empty();
        if is_harmless || (is_bare && head.is_some()) {
            return None;
        }
        let is_panic = matches!(trace.dialect, Dialect::Rust | Dialect::Go)
            && (head.is_none() || trace::panic_place(&trace.head).is_some());
        let kind = if is_panic { GroupKind::Panic } else { GroupKind::Exception };
        let family = mix_bytes(kind as u64 + 0x9000, &crash.exception);
        let mut key = mix(family, crash.place);
        if !crash.is_in_app {
            // The place is a library's: the message has to tell them apart.
            key = shape::hash(&crash.message, key);
        }
        let head_key = head.map(|head| head.key);
        key = mix(key, head_key.unwrap_or_default());
        let level = match head {
            Some(head) => head.level.max(Level::Error),
            None if is_panic => Level::Fatal,
            None => Level::Error,
        };
        let message = match (&*crash.message, head) {
            (b"", Some(head)) => head.message.to_vec(),
            (message, _) => message.to_vec(),
        };
        let target = head.map(|head| head.target.clone()).unwrap_or_default();
        let line = head.map_or_else(|| trace.head.clone(), |head| head.sample.to_vec());
        Some(self.shapes.intern(key, family, || Shape {
            kind,
            crash: Some(CrashShape {
                head: head_key,
                exception: String::from_utf8_lossy(&crash.exception).into_owned(),
                place: crash.place,
                frames: trace::frames(trace.dialect, &trace.head, &trace.body),
            }),
            ..Shape::new(level, target.as_bytes(), &message, &line)
        }))
    }

    fn finish(mut self, is_cancelled: bool) -> Block {
        for mut writer in std::mem::take(&mut self.writers) {
            self.closed.extend(writer.drain());
        }
        self.close();
        let shape_of = |record: &u32| {
            let number = (*record as usize).checked_sub(1);
            number.and_then(|number| self.records.get(number)).copied().unwrap_or(NO_SHAPE)
        };
        let labels = self.labels.iter().map(shape_of).collect();
        Block {
            input: self.window.input,
            n_lines: self.n_lines,
            n_bytes: self.window.owned.len() as u64,
            n_records: self.n_records,
            shapes: self.shapes.list,
            labels,
            saw_no_zone: self.clock.saw_no_zone.get(),
            is_cancelled,
        }
    }
}

/// Reads a trace that stands in a field of its own.
fn trace_in_field(stack: &[u8]) -> Option<Trace> {
    let mut lines =
        stack.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next()?;
    let dialect = match trace::part(first) {
        Part::Panic => Dialect::Rust,
        Part::GoPanic | Part::GoHead => Dialect::Go,
        Part::PythonHead | Part::PythonFile => Dialect::Python,
        Part::Exception | Part::At => Dialect::At,
        Part::RustHead | Part::RustFrame(_) => Dialect::Rust,
        _ if memchr::memmem::find(stack, b"\n    at ").is_some() => Dialect::At,
        _ if memchr::memmem::find(stack, b"\n\tat ").is_some() => Dialect::At,
        _ => return None,
    };
    let mut trace = Trace::new(dialect, first);
    if trace::part(first) != Part::Exception {
        trace.push(first, trace::part(first));
    }
    for line in lines {
        trace.push(line, trace::part(line));
    }
    Some(trace)
}
