//! A trace that is being read.

use super::super::unwrap::Line;
use super::super::{Cause, Frame, FrameOrder, Relation, SourceLocation, Trace, TraceKind};
use super::super::{location, references};
use super::chain::{Chain, Style};
use super::classify::{Field, Marker};
use super::frame::{AtLine, FrameLine, is_strong};
use super::head::Head;
use super::message::{Message, Read};
use super::panic_line::{Form, PanicLine};
use crate::text::ByteSpan;

/// Foreign lines after which a trace without frames is closed.
const MAX_FOREIGN_BEFORE_FRAMES: usize = 24;
/// Foreign lines (source snippets, say) after which a trace with frames is closed.
const MAX_FOREIGN_BETWEEN_FRAMES: usize = 12;

/// A trace that is being read, and what has to be known to go on.
#[derive(Debug)]
pub(super) struct OpenTrace<'t> {
    trace: Trace,
    message: Message<'t>,
    chain: Option<Chain>,
    /// `Location:` stood alone: the next line is the place.
    expects_place: bool,
    /// It counts only if something proves it: it began with nothing but a number or `Error:`.
    needs_proof: bool,
    has_head: bool,
    /// The heading is one whose fields stand on lines of their own.
    is_report: bool,
    marker: Option<Marker>,
    last_index: Option<u32>,
    /// Foreign lines since the last line of ours.
    n_foreign: usize,
    gap_allowed: bool,
    prints_hashes: bool,
    is_closed_by_note: bool,
    /// What a logger put before the panic line, and puts before the lines below it.
    own_prefix: String,
}

/// A trace that is read, and what tells how it may be joined to its neighbours.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) trace: Trace,
    /// It has a heading with a message or a place.
    pub(super) has_head: bool,
    /// Markdown block that it stands in.
    pub(super) block: usize,
    /// Nothing but `Error: ..` was seen of it.
    pub(super) is_unproved: bool,
}

impl<'t> OpenTrace<'t> {
    fn new(span: ByteSpan, stamp: Option<&str>) -> Self {
        let logged_at = stamp.map(|stamp| stamp.trim().to_owned());
        Self {
            trace: Trace { span, logged_at, ..Trace::default() },
            message: Message::Done,
            chain: None,
            expects_place: false,
            needs_proof: false,
            has_head: false,
            is_report: false,
            marker: None,
            last_index: None,
            n_foreign: 0,
            gap_allowed: false,
            prints_hashes: false,
            is_closed_by_note: false,
            own_prefix: String::new(),
        }
    }

    /// Starts a trace at a panic line.
    pub(super) fn from_panic(line: &Line<'t>, panic: &PanicLine<'_>) -> Self {
        let mut open = Self::new(line.span_of(panic.text), line.stamp());
        open.has_head = true;
        open.trace.thread = panic.thread.map(str::to_owned);
        let n_before = line.body().len() - panic.text.len();
        // A letter or two before it is garbage, not a prefix.
        let before = line.body().get(..n_before);
        if let Some(before) = before.filter(|before| (4..=240).contains(&before.len())) {
            open.own_prefix = before.to_owned();
        }
        match &panic.form {
            Form::PlaceFirst { place, message } => {
                open.trace.location = Some(place.located(line));
                let first = message.map(|text| (text.to_owned(), line.span_of(text)));
                open.message = Message::Following { first, lines: Vec::new() };
            }
            Form::MessageFirst { message, place } => {
                open.trace.location = place.map(|place| place.located(line));
                open.push_cause(Some((*message).to_owned()), line.span_of(message));
            }
            Form::MessageOpen { message } => {
                open.message = Message::Quoted {
                    first: (*message).to_owned(),
                    span: line.span_of(message),
                    lines: Vec::new(),
                };
            }
            Form::Other { rest } => {
                let message = Some(rest.trim()).filter(|rest| !rest.is_empty());
                open.push_cause(message.map(str::to_owned), line.span_of(rest));
            }
        }
        open
    }

    /// Starts a trace at a heading such as `stack backtrace:`.
    pub(super) fn from_marker(line: &Line<'t>, marker: Marker) -> Self {
        let mut open = Self::new(line.span(), line.stamp());
        open.set_marker(marker);
        open
    }

    /// Starts a trace at its first frame.
    pub(super) fn from_frame(line: &Line<'t>, frame: &FrameLine<'_>) -> Self {
        let mut open = Self::new(line.span_of(line.body().trim()), line.stamp());
        open.needs_proof = true;
        open.add_frame(line, frame);
        open
    }

    /// Starts a trace at a heading that is not the standard panic line.
    pub(super) fn from_head(line: &Line<'t>, head: Head) -> Self {
        let mut open = Self::new(line.span_of(line.body().trim()), line.stamp());
        open.take_head(head, line.span());
        open
    }

    /// Starts a trace at `Error: ..`; it has to be proved by what follows.
    pub(super) fn from_error(line: &Line<'t>, message: &str) -> Self {
        let mut open = Self::new(line.span_of(line.body().trim()), line.stamp());
        open.trace.kind = TraceKind::Anyhow;
        open.has_head = true;
        open.needs_proof = true;
        let first = (!message.is_empty()).then(|| (message.to_owned(), line.span_of(message)));
        if first.is_none() {
            // `Error:` alone: color-eyre numbers the whole chain below it.
            open.chain = Some(Chain::new(Style::Indented));
        } else {
            open.message = Message::Following { first, lines: Vec::new() };
        }
        open
    }

    /// Starts a trace at a report of miette.
    pub(super) fn from_cross(line: &Line<'t>, message: &str) -> Self {
        let mut open = Self::new(line.span_of(line.body().trim()), line.stamp());
        open.take_cross(line, message);
        open
    }

    /// Takes the first line of a report of miette.
    pub(super) fn take_cross(&mut self, line: &Line<'t>, message: &str) {
        self.has_head = true;
        self.needs_proof = false;
        self.n_foreign = 0;
        self.message = Message::Done;
        self.grow(line.span());
        self.chain = Some(Chain::new(Style::Branches));
        if message.starts_with("Main thread panicked") {
            self.trace.kind = TraceKind::Panic;
            self.trace.thread = Some("main".to_owned());
        } else {
            self.trace.kind = TraceKind::Anyhow;
            self.push_cause(Some(message.to_owned()), line.span_of(message));
        }
    }

    /// Says whether a report's heading can still be completed by `head`.
    pub(super) fn lacks(&self, head: &Head) -> bool {
        let fills_place = head.location.is_none() || self.trace.location.is_none();
        let fills_message = head.message.is_none() || self.trace.causes.is_empty();
        self.trace.frames.is_empty()
            && self.marker.is_none()
            && self.n_foreign <= 2
            && fills_place
            && fills_message
            && (self.trace.location.is_none() || self.trace.causes.is_empty())
    }

    /// Takes what a heading tells.
    pub(super) fn take_head(&mut self, head: Head, span: ByteSpan) {
        self.has_head |= !head.is_weak || head.message.is_some();
        self.is_report |= !head.is_weak && head.message.is_none() && head.location.is_none();
        self.n_foreign = 0;
        self.trace.kind = head.kind;
        self.trace.thread = self.trace.thread.take().or(head.thread);
        self.trace.location = self.trace.location.take().or(head.location);
        if let Some((message, span)) = head.message
            && self.trace.causes.is_empty()
        {
            self.push_cause(Some(message), span);
        }
        if let Some((symbol, span)) = head.symbol {
            let location = self.trace.location.clone();
            let function = Some(symbol);
            self.trace.frames.push(Frame { function, location, span, ..Frame::default() });
        }
        self.grow(span);
    }

    /// Takes a field of a report; `false` where it does not fit.
    pub(super) fn take_field(&mut self, line: &Line<'t>, field: Field<'_>) -> bool {
        let is_report = self.has_head && self.n_foreign <= 6;
        if !is_report || (self.marker.is_some() && self.trace.location.is_some()) {
            return false;
        }
        match field {
            Field::Message(text) if self.trace.causes.is_empty() => {
                let first = (!text.is_empty()).then(|| (text.to_owned(), line.span_of(text)));
                self.message = Message::Following { first, lines: Vec::new() };
            }
            Field::Location("") => self.expects_place = true,
            Field::Location(text) => return self.take_place(line, text),
            Field::Thread(name) => self.trace.thread = Some(name.to_owned()),
            Field::File(file) if self.trace.location.is_none() => {
                let file_span = line.span_of(file);
                let file = file.replace("\\\\", "\\");
                let place = SourceLocation { file, line: None, column: None, span: file_span };
                self.trace.location = Some(place);
            }
            Field::Line(number) => match &mut self.trace.location {
                Some(place) if place.line.is_none() => {
                    place.line = Some(number);
                    place.span = ByteSpan::new(place.span.start, line.span().end);
                }
                _ => return false,
            },
            Field::Column(number) => match &mut self.trace.location {
                Some(place) if place.column.is_none() => {
                    place.column = Some(number);
                    place.span = ByteSpan::new(place.span.start, line.span().end);
                }
                _ => return false,
            },
            Field::Message(_) | Field::File(_) => return false,
        }
        self.n_foreign = 0;
        self.needs_proof = false;
        self.grow(line.span());
        true
    }

    /// Moves `line` behind the prefix that stood before the panic line too, digits aside.
    pub(super) fn skip_own_prefix(&self, line: &mut Line<'t>) {
        let prefix = self.own_prefix.as_bytes();
        let body = line.body().as_bytes();
        let is_same = body.len() >= prefix.len()
            && prefix.iter().zip(body).all(|(ours, theirs)| {
                ours == theirs || (ours.is_ascii_digit() && theirs.is_ascii_digit())
            });
        if is_same {
            line.skip(prefix.len());
        }
    }

    /// Takes an indented line right under `The application panicked` as the message.
    pub(super) fn take_bare_message(&mut self, line: &Line<'t>) -> bool {
        let text = line.body().trim();
        let fits = self.is_report
            && self.n_foreign == 0
            && self.trace.causes.is_empty()
            && self.trace.location.is_none()
            && line.body().starts_with("  ");
        if fits {
            self.push_cause(Some(text.to_owned()), line.span_of(text));
            self.grow(line.span_of(text));
        }
        fits
    }

    /// Says whether the next line should be the place that `Location:` announced.
    pub(super) fn expects_place(&self) -> bool {
        self.expects_place
    }

    /// Takes `text` as the place of the heading.
    pub(super) fn take_place(&mut self, line: &Line<'t>, text: &str) -> bool {
        self.expects_place = false;
        let text = text.trim();
        let text = text.strip_prefix("at ").unwrap_or(text);
        let Some(place) = location::parse(text).or_else(|| references::find_first(text)) else {
            return false;
        };
        if self.trace.location.is_none() {
            self.trace.location = Some(place.located(line));
        }
        if self.trace.kind == TraceKind::Anyhow {
            self.trace.kind = TraceKind::Eyre;
        }
        self.needs_proof = false;
        self.n_foreign = 0;
        self.grow(line.span_of(text));
        true
    }

    pub(super) fn reads_message(&self) -> bool {
        self.message.is_open()
    }

    /// Says whether `Error: ..` began it, whose message seldom has many lines.
    pub(super) fn is_error(&self) -> bool {
        self.trace.kind != TraceKind::Panic
    }

    /// Says whether the names of this trace end with hashes, so that a name without one is torn.
    pub(super) fn prints_hashes(&self) -> bool {
        self.prints_hashes
    }

    /// Takes the next line of the message; returns lines that do not belong to it.
    pub(super) fn add_to_message(&mut self, line: Line<'t>) -> Vec<Line<'t>> {
        match self.message.take(line) {
            Some(read) => self.set_message(read),
            None => Vec::new(),
        }
    }

    /// Ends the message: a line that can not be part of it comes next.
    pub(super) fn end_message(&mut self) -> Vec<Line<'t>> {
        if !self.message.is_open() {
            return Vec::new();
        }
        let read = self.message.end();
        self.set_message(read)
    }

    /// Ends the message where nothing marks its end.
    pub(super) fn end_message_at_guess(&mut self) -> Vec<Line<'t>> {
        if !self.message.is_open() {
            return Vec::new();
        }
        let read = self.message.end_at_guess();
        self.set_message(read)
    }

    fn set_message(&mut self, read: Read<'t>) -> Vec<Line<'t>> {
        self.trace.cut |= read.cut;
        if let Some(place) = read.place {
            self.grow(place.span);
            self.trace.location = Some(place);
        }
        let end = self.trace.span.end;
        let span = read.span.unwrap_or(ByteSpan::new(end, end));
        self.push_cause(read.text.filter(|text| !is_placeholder(text)), span);
        self.grow(span);
        read.left_over
    }

    fn push_cause(&mut self, message: Option<String>, span: ByteSpan) {
        let relation =
            if self.trace.causes.is_empty() { Relation::Root } else { Relation::CausedBy };
        let kind = Some(self.trace.kind.as_str().to_owned());
        self.trace.causes.push(Cause { kind, message, relation, span });
    }

    /// Says whether the chain of causes is being read.
    pub(super) fn reads_chain(&self) -> bool {
        self.chain.is_some()
    }

    /// Says whether `Caused by:` may speak of this trace.
    pub(super) fn may_have_causes(&self) -> bool {
        self.has_head && self.trace.frames.is_empty() && self.n_foreign <= 2
    }

    /// Starts or goes on with the chain below `Caused by:`.
    pub(super) fn take_caused_by(&mut self, line: &Line<'t>, text: &str) {
        self.n_foreign = 0;
        self.needs_proof = false;
        self.grow(line.span());
        let chain = self.chain.get_or_insert_with(|| Chain::new(Style::Indented));
        if !text.is_empty() && !is_placeholder(text) {
            chain.push(text, line.span_of(text));
        }
    }

    /// Takes `line` if it belongs to the chain.
    pub(super) fn take_chain_line(&mut self, line: &Line<'t>) -> bool {
        let Some(chain) = &mut self.chain else { return false };
        let taken = chain.take(line);
        if taken && !line.body().trim().is_empty() {
            self.n_foreign = 0;
            self.grow(line.span_of(line.body().trim()));
        }
        taken
    }

    /// Ends the chain and turns its links into causes.
    pub(super) fn end_chain(&mut self) {
        let Some(chain) = self.chain.take() else { return };
        let is_numbered_error = self.needs_proof && chain.links.len() > 1;
        self.needs_proof &= !is_numbered_error;
        for link in chain.links {
            if self.trace.kind == TraceKind::Panic
                && let Some(at) = link.text.strip_prefix("at ")
                && let Some(place) = location::parse(at.trim())
            {
                let start = link.span.start + "at ".len();
                self.trace.location = Some(SourceLocation {
                    file: place.file.to_owned(),
                    line: place.line,
                    column: place.column,
                    span: ByteSpan::new(start, link.span.end),
                });
                continue;
            }
            self.push_cause(Some(link.text), link.span);
        }
    }

    /// Gives this panic the causes of a report that was printed right before it.
    pub(super) fn adopt_causes(&mut self, other: OpenTrace<'t>) {
        let mut other = other;
        other.end_chain();
        for cause in other.trace.causes {
            if cause.message.is_some() {
                self.push_cause(cause.message, cause.span);
            }
        }
        self.grow(other.trace.span);
    }

    /// Takes a heading; `false` where it must belong to another trace.
    pub(super) fn add_marker(&mut self, line: &Line<'t>, marker: Marker) -> bool {
        let fits = match self.marker {
            None => self.trace.frames.is_empty(),
            Some(Marker::Spans) => true,
            // A panic whose message is an error with a backtrace of its own.
            Some(Marker::Error) => {
                marker == Marker::Panic && self.has_head && self.trace.kind == TraceKind::Panic
            }
            Some(_) => false,
        };
        if fits {
            self.set_marker(marker);
            self.last_index = None;
            self.needs_proof = false;
            self.n_foreign = 0;
            self.grow(line.span());
        }
        fits
    }

    fn set_marker(&mut self, marker: Marker) {
        self.marker = Some(marker);
        match marker {
            Marker::Reversed => self.trace.order = FrameOrder::InnermostLast,
            Marker::Error if !self.has_head => self.trace.kind = TraceKind::Anyhow,
            _ => {}
        }
    }

    /// Takes a note of the panic hook; `true` where it ends the trace.
    pub(super) fn add_note(&mut self, line: &Line<'t>) -> bool {
        if self.n_foreign > 0 {
            return false;
        }
        self.grow(line.span());
        self.is_closed_by_note = !self.trace.frames.is_empty();
        self.is_closed_by_note
    }

    /// Returns the number that the next frame should have, where frames are expected.
    pub(super) fn next_index(&self) -> Option<u32> {
        match self.last_index {
            Some(last) => Some(last.saturating_add(1)),
            None => (self.marker.is_some()).then_some(0),
        }
    }

    /// Says whether `frame` can be the next one of this trace.
    pub(super) fn takes(&self, frame: &FrameLine<'_>) -> bool {
        let Some(index) = frame.index else {
            // better-panic prints a line of source under each frame.
            let may_skip = match self.marker {
                Some(Marker::Reversed) => 4,
                Some(_) if self.trace.frames.is_empty() => usize::MAX,
                _ => 0,
            };
            return self.n_foreign <= may_skip;
        };
        match self.last_index {
            None => {
                self.marker.is_some()
                    || self.n_foreign == 0
                    || (is_strong(frame) && self.n_foreign < 4)
            }
            Some(last) => {
                index == last.saturating_add(1)
                    || (index > last && (self.n_foreign == 0 || self.gap_allowed))
            }
        }
    }

    /// Adds a frame.
    pub(super) fn add_frame(&mut self, line: &Line<'t>, frame: &FrameLine<'_>) {
        self.n_foreign = 0;
        self.gap_allowed = false;
        if frame.index.is_some() {
            self.last_index = frame.index;
        }
        if is_strong(frame) {
            self.needs_proof = false;
        }
        let span = line.span_of(line.body().trim());
        self.grow(span);
        if self.marker == Some(Marker::Spans) {
            return;
        }
        self.prints_hashes |= super::names::hash_start(frame.name).is_some();
        // The backtrace of an error inside a panic's message belongs to the last of its causes.
        let is_inner = self.marker == Some(Marker::Error) && self.trace.kind == TraceKind::Panic;
        let cause = if is_inner { self.trace.causes.len().saturating_sub(1) } else { 0 };
        self.trace.frames.push(Frame {
            cause,
            index: frame.index,
            function: Some(frame.name.to_owned()).filter(|name| !name.is_empty()),
            location: frame.place.map(|place| place.located(line)),
            inlined: frame.inlined,
            address: frame.address.and_then(address),
            module_offset: frame.offset.map(str::to_owned),
            span,
            ..Frame::default()
        });
    }

    /// Adds the place that stands under a frame's name.
    pub(super) fn add_place(&mut self, line: &Line<'t>, at: &AtLine<'_>) {
        let Some(frame) = self.trace.frames.last_mut().filter(|_| self.n_foreign == 0) else {
            return;
        };
        self.needs_proof = false;
        let span = line.span_of(line.body().trim());
        frame.span = ByteSpan::new(frame.span.start, span.end);
        if let AtLine::Place(place) = at {
            let place = place.located(line);
            match &frame.location {
                None => frame.location = Some(place),
                Some(_) => frame.more_locations.push(place),
            }
        }
        self.grow(span);
    }

    /// Notes that frames were left out, so that the numbers may jump.
    pub(super) fn allow_gap(&mut self, line: &Line<'t>) {
        self.gap_allowed = true;
        self.n_foreign = 0;
        if !self.trace.frames.is_empty() {
            self.grow(line.span());
        }
    }

    /// Counts a line that is not of this trace; `false` where the trace is over.
    pub(super) fn count_foreign(&mut self) -> bool {
        self.n_foreign += 1;
        let limit = match self.last_index {
            None => MAX_FOREIGN_BEFORE_FRAMES,
            Some(_) => MAX_FOREIGN_BETWEEN_FRAMES,
        };
        self.n_foreign <= limit
    }

    /// Says whether a heading that takes fields is open: nothing foreign came since.
    pub(super) fn is_adjacent_report(&self) -> bool {
        self.has_head && self.trace.frames.is_empty() && self.n_foreign <= 1
    }

    /// Notes that the text ended inside a name or a path.
    pub(super) fn mark_cut(&mut self) {
        self.trace.cut = true;
    }

    /// Returns the trace, if it is one. Its message must have been ended.
    pub(super) fn finish(mut self, block: usize, at_end_of_text: bool) -> Option<Closed> {
        self.end_chain();
        let is_unproved = self.needs_proof;
        let is_error = self.has_head && self.trace.kind == TraceKind::Anyhow;
        let is_empty = !self.has_head && self.trace.frames.is_empty();
        if is_empty || (is_unproved && !is_error) {
            return None;
        }
        if at_end_of_text && !self.trace.frames.is_empty() && !self.is_closed_by_note {
            self.trace.cut |= !self.reaches_entry();
        }
        Some(Closed { trace: self.trace, has_head: self.has_head, block, is_unproved })
    }

    /// Says whether the frames reach the entry of the thread.
    fn reaches_entry(&self) -> bool {
        const ENTRIES: [&str; 9] = [
            "lang_start",
            "thread_start",
            "_start",
            "start_thread",
            "clone",
            "BaseThreadInitThunk",
            "RtlUserThreadStart",
            "__libc_start_main",
            "main",
        ];
        self.trace
            .frames
            .iter()
            .rev()
            .filter_map(|frame| frame.function.as_deref())
            .any(|name| ENTRIES.iter().any(|entry| name.contains(entry)))
    }

    fn grow(&mut self, span: ByteSpan) {
        let start = self.trace.span.start.min(span.start);
        self.trace.span = ByteSpan::new(start, self.trace.span.end.max(span.end));
    }
}

/// Reads `0x55d0c8a6b2a1`, and the form of WinDbg with a mark in the middle.
fn address(printed: &str) -> Option<u64> {
    let digits = printed.trim_start_matches("0x").replace('`', "");
    u64::from_str_radix(&digits, 16).ok()
}

/// `...` stands where a tool leaves a message out.
fn is_placeholder(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'.')
}
