//! A trace that is being read.

use super::super::location::Place;
use super::super::unwrap::Line;
use super::super::{Cause, Frame, Trace, TraceKind};
use super::frame::{AtLine, FrameLine};
use super::panic_line::{Form, PanicLine, split_message};
use super::stream::is_strong;
use crate::text::ByteSpan;

/// Foreign lines after which a trace without frames is closed.
const MAX_FOREIGN_BEFORE_FRAMES: usize = 24;
/// Foreign lines (source snippets, say) after which a trace with frames is closed.
const MAX_FOREIGN_BETWEEN_FRAMES: usize = 12;
/// A message that does not end within so many lines has lost its end.
const MAX_MESSAGE_LINES: usize = 400;

/// A trace that is being read, and what has to be known to go on.
#[derive(Debug)]
pub(super) struct OpenTrace<'t> {
    trace: Trace,
    message: Message<'t>,
    /// It is a trace only if a frame proves so: it began with nothing but a number.
    needs_proof: bool,
    has_head: bool,
    has_marker: bool,
    last_index: Option<u32>,
    /// Foreign lines since the last line of ours.
    n_foreign: usize,
    gap_allowed: bool,
    prints_hashes: bool,
    is_closed_by_note: bool,
}

/// How far the message of a panic is read.
#[derive(Debug)]
enum Message<'t> {
    /// Known, or there is none.
    Done,
    /// `'...` whose closing quote and place are still to come.
    Quoted { lines: Vec<Line<'t>>, first: String, span: ByteSpan },
    /// Lines after `panicked at file:line:column:`.
    Following { lines: Vec<Line<'t>>, first: Option<(String, ByteSpan)> },
}

impl<'t> OpenTrace<'t> {
    fn new(span: ByteSpan, stamp: Option<&str>) -> Self {
        let logged_at = stamp.map(|stamp| stamp.trim().to_owned());
        Self {
            trace: Trace { span, logged_at, ..Trace::default() },
            message: Message::Done,
            needs_proof: false,
            has_head: false,
            has_marker: false,
            last_index: None,
            n_foreign: 0,
            gap_allowed: false,
            prints_hashes: false,
            is_closed_by_note: false,
        }
    }

    /// Starts a trace at a panic line.
    pub(super) fn from_panic(line: &Line<'t>, panic: &PanicLine<'_>) -> Self {
        let mut open = Self::new(line.span_of(panic.text), line.stamp());
        open.has_head = true;
        open.trace.kind = TraceKind::Panic;
        open.trace.thread = panic.thread.map(str::to_owned);
        match &panic.form {
            Form::PlaceFirst { place, message } => {
                open.trace.location = Some(place.located(line));
                let first = message.map(|text| (text.to_owned(), line.span_of(text)));
                open.message = Message::Following { lines: Vec::new(), first };
            }
            Form::MessageFirst { message, place } => {
                open.trace.location = place.map(|place| place.located(line));
                open.push_cause("panic", Some((*message).to_owned()), line.span_of(message));
            }
            Form::MessageOpen { message } => {
                open.message = Message::Quoted {
                    lines: Vec::new(),
                    first: (*message).to_owned(),
                    span: line.span_of(message),
                };
            }
            Form::Other { rest } => {
                let message = Some(rest.trim()).filter(|rest| !rest.is_empty());
                open.push_cause("panic", message.map(str::to_owned), line.span_of(rest));
            }
        }
        open
    }

    /// Starts a trace at its first frame or at a heading such as `stack backtrace:`.
    pub(super) fn from_marker(line: &Line<'t>) -> Self {
        let mut open = Self::new(line.span(), line.stamp());
        open.has_marker = true;
        open
    }

    /// Makes the trace count only if one of its frames can hardly be anything else.
    pub(super) fn require_proof(&mut self) {
        self.needs_proof = true;
        self.has_marker = false;
    }

    pub(super) fn reads_message(&self) -> bool {
        !matches!(self.message, Message::Done)
    }

    /// Says whether the names of this trace end with hashes, so that a name without one is torn.
    pub(super) fn prints_hashes(&self) -> bool {
        self.prints_hashes
    }

    /// Takes the next line of the message.
    pub(super) fn add_to_message(&mut self, line: Line<'t>) {
        match &mut self.message {
            Message::Done => {}
            Message::Following { lines, .. } => lines.push(line),
            Message::Quoted { lines, first, span } => {
                let Some((rest, place)) = split_message(line.body()) else {
                    lines.push(line);
                    if lines.len() > MAX_MESSAGE_LINES {
                        self.end_message();
                    }
                    return;
                };
                let mut message = std::mem::take(first);
                for part in lines.iter().map(Line::body).chain([rest]) {
                    message.push('\n');
                    message.push_str(part);
                }
                let span = ByteSpan::new(span.start, line.span_of(rest).end);
                self.trace.location = Some(place.located(&line));
                self.grow(line.span_of(place.text));
                self.push_cause("panic", Some(message), span);
                self.message = Message::Done;
            }
        }
        if matches!(&self.message, Message::Following { lines, .. } if lines.len() > MAX_MESSAGE_LINES)
        {
            self.end_message_at_guess();
        }
    }

    /// Ends the message: a line that can not be part of it comes next.
    pub(super) fn end_message(&mut self) {
        match std::mem::replace(&mut self.message, Message::Done) {
            Message::Done => {}
            Message::Following { lines, first } => {
                let n_lines = lines.len();
                self.set_following(lines, first, n_lines);
            }
            Message::Quoted { first, span, .. } => {
                self.trace.cut = true;
                self.push_cause("panic", Some(first), span);
            }
        }
    }

    /// Ends the message where nothing marks its end: indented lines still belong to it.
    fn end_message_at_guess(&mut self) {
        if let Message::Following { lines, first } =
            std::mem::replace(&mut self.message, Message::Done)
        {
            let n_first = usize::from(first.is_none());
            let n_more = lines
                .iter()
                .skip(n_first)
                .take_while(|line| line.body().starts_with([' ', '\t']) && !line.has_prefix())
                .count();
            self.set_following(lines, first, n_first + n_more);
        } else {
            self.end_message();
        }
    }

    fn set_following(
        &mut self,
        lines: Vec<Line<'t>>,
        first: Option<(String, ByteSpan)>,
        n_lines: usize,
    ) {
        let mut parts: Vec<&str> = Vec::new();
        let mut span = None::<ByteSpan>;
        if let Some((text, place)) = &first {
            parts.push(text);
            span = Some(*place);
        }
        for line in lines.iter().take(n_lines) {
            if line.body().trim().is_empty() {
                parts.push("");
                continue;
            }
            parts.push(line.body().trim_end());
            let start = span.map_or(line.span().start, |span| span.start);
            span = Some(ByteSpan::new(start, line.span().end));
        }
        while parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        let message = (!parts.is_empty()).then(|| parts.join("\n"));
        let span = span.unwrap_or(ByteSpan::new(self.trace.span.end, self.trace.span.end));
        self.grow(span);
        self.push_cause("panic", message, span);
    }

    fn push_cause(&mut self, kind: &str, message: Option<String>, span: ByteSpan) {
        self.trace.causes.push(Cause {
            kind: Some(kind.to_owned()),
            message,
            span,
            ..Cause::default()
        });
    }

    /// Takes a heading; `false` where it must belong to another trace.
    pub(super) fn add_marker(&mut self, line: &Line<'t>) -> bool {
        if !self.trace.frames.is_empty() || self.has_marker {
            return false;
        }
        self.has_marker = true;
        self.n_foreign = 0;
        self.grow(line.span());
        true
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

    /// Says whether `frame` can be the next one of this trace.
    pub(super) fn takes(&self, frame: &FrameLine<'_>) -> bool {
        let Some(index) = frame.index else { return self.n_foreign == 0 };
        match self.last_index {
            None => {
                self.has_marker || self.n_foreign == 0 || (is_strong(frame) && self.n_foreign < 4)
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
        self.prints_hashes |= super::names::hash_start(frame.name).is_some();
        if is_strong(frame) {
            self.needs_proof = false;
        }
        let span = line.span_of(line.body().trim());
        self.trace.frames.push(Frame {
            index: frame.index,
            function: Some(frame.name.to_owned()).filter(|name| !name.is_empty()),
            location: frame.place.map(|place: Place<'_>| place.located(line)),
            inlined: frame.inlined,
            span,
            ..Frame::default()
        });
        self.grow(span);
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

    /// Notes that the text ended inside a name or a path.
    pub(super) fn mark_cut(&mut self) {
        self.trace.cut = true;
    }

    /// Returns the trace, if it is one.
    pub(super) fn finish(mut self, at_end_of_text: bool) -> Option<Trace> {
        self.end_message_at_guess();
        if self.needs_proof || (!self.has_head && self.trace.frames.is_empty()) {
            return None;
        }
        if at_end_of_text && !self.trace.frames.is_empty() && !self.is_closed_by_note {
            self.trace.cut |= !self.reaches_entry();
        }
        Some(self.trace)
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
