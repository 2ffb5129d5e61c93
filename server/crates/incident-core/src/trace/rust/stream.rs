//! One stream of lines and the traces that are open on it.

use super::super::unwrap::Line;
use super::classify::{Kind, Marker, classify};
use super::frame::{self, FrameLine, is_strong};
use super::head::Head;
use super::open::{Closed, OpenTrace};
use super::panic_line::{Form, PanicLine};
use super::torn::{self, Tail};
use super::{debug_frames, prefixed};
use crate::text::ByteSpan;

/// More traces than this are not open at once: threads that print into each other are few.
const MAX_OPEN: usize = 4;
/// A heading that needs something to follow waits for so many lines.
const MAX_WEAK_AGE: usize = 4;

/// A heading that makes a trace only together with what follows.
#[derive(Debug)]
struct Weak {
    head: Head,
    span: ByteSpan,
    age: usize,
}

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct Stream<'t> {
    /// The one that was written to last stands last.
    open: Vec<OpenTrace<'t>>,
    tail: Option<Tail<'t>>,
    weak: Option<Weak>,
    /// The last line that was nobody's: the message that a `Caused by:` below it belongs to.
    last_foreign: Option<Line<'t>>,
    /// Counts Markdown fences.
    block: usize,
}

impl<'t> Stream<'t> {
    pub(super) fn push(&mut self, line: Line<'t>, done: &mut Vec<Closed>) {
        let Some(tail) = self.tail.take() else { return self.take(line, done) };
        match tail.join(&line, self.expects_hash()) {
            torn::Joined::More(tail) => self.tail = Some(tail),
            torn::Joined::Whole(whole) => self.take_whole(whole, done),
            torn::Joined::Apart(tail) => {
                self.take_whole(tail, done);
                self.take(line, done);
            }
        }
    }

    pub(super) fn finish(&mut self, done: &mut Vec<Closed>) {
        if let Some(tail) = self.tail.take() {
            self.take_whole(tail.line, done);
            if let Some(open) = self.open.last_mut() {
                open.mark_cut();
            }
        }
        // Lines that were held back for a message may hold another trace.
        while let Some(left_over) = self.end_open_message() {
            for line in left_over {
                self.take(line, done);
            }
        }
        for open in self.open.drain(..) {
            done.extend(open.finish(self.block, true));
        }
    }

    fn end_open_message(&mut self) -> Option<Vec<Line<'t>>> {
        let reading = self.open.iter_mut().rev().find(|open| open.reads_message())?;
        Some(reading.end_message_at_guess())
    }

    fn take(&mut self, mut line: Line<'t>, done: &mut Vec<Closed>) {
        let Some(current) = self.open.last_mut() else { return self.take_plain(line, done) };
        current.skip_own_prefix(&mut line);
        if current.reads_message() {
            return self.take_in_message(line, done);
        }
        if current.expects_place()
            && !line.body().trim().is_empty()
            && current.take_place(&line, line.body())
        {
            return;
        }
        if current.reads_chain() {
            let ends = match classify(&line) {
                Kind::Frame(frame) => frame.address.is_some(),
                Kind::Blank | Kind::Other | Kind::Hidden | Kind::At(_) | Kind::CausedBy(_) => false,
                _ => true,
            };
            let is_heading = matches!(classify(&line), Kind::CausedBy(_));
            if !ends && !is_heading && current.take_chain_line(&line) {
                return;
            }
            if !is_heading {
                current.end_chain();
            }
        }
        self.take_plain(line, done);
    }

    fn take_plain(&mut self, line: Line<'t>, done: &mut Vec<Closed>) {
        if !self.open.is_empty() || line.body().len() < 512 {
            match Tail::begin(line, self.expects_hash()) {
                Ok(tail) => self.tail = Some(tail),
                Err(line) => self.take_whole(line, done),
            }
        } else {
            self.take_whole(line, done);
        }
    }

    fn expects_hash(&self) -> bool {
        self.open.last().is_some_and(OpenTrace::prints_hashes)
    }

    /// Takes a line while the message of the current trace is not yet complete.
    fn take_in_message(&mut self, line: Line<'t>, done: &mut Vec<Closed>) {
        enum End {
            /// The line ends the message, and all before it belongs to it.
            Marked,
            /// The line belongs to something else.
            Guessed,
            No,
        }
        let Some(current) = self.open.last_mut() else { return };
        let is_error = current.is_error();
        let end = match classify(&line) {
            Kind::Marker(_) | Kind::Note | Kind::CausedBy(_) | Kind::Field(_) => End::Marked,
            // A message may quote the frames of another language.
            Kind::Frame(frame) if is_strong(&frame) && !frame::needs_heading(&frame) => End::Marked,
            Kind::Panic(_) | Kind::Fence => End::Guessed,
            Kind::Error(_) | Kind::Cross(_) | Kind::Head(_) if is_error => End::Guessed,
            _ => End::No,
        };
        let left_over = match end {
            End::No => return self.go_on_after(|current| current.add_to_message(line), done),
            End::Marked => current.end_message(),
            End::Guessed => current.end_message_at_guess(),
        };
        for held_back in left_over {
            self.take(held_back, done);
        }
        self.take(line, done);
    }

    fn go_on_after(
        &mut self,
        step: impl FnOnce(&mut OpenTrace<'t>) -> Vec<Line<'t>>,
        done: &mut Vec<Closed>,
    ) {
        let Some(current) = self.open.last_mut() else { return };
        for held_back in step(current) {
            self.take(held_back, done);
        }
    }

    fn take_whole(&mut self, line: Line<'t>, done: &mut Vec<Closed>) {
        if let Some(weak) = &mut self.weak {
            weak.age += 1;
        }
        match classify(&line) {
            Kind::Blank => {}
            Kind::Fence => self.take_fence(done),
            Kind::Panic(panic) => self.start_panic(&line, &panic, done),
            Kind::Head(head) => self.take_head(&line, *head, done),
            Kind::Field(field) => {
                let taken = self.open.last_mut().is_some_and(|open| open.take_field(&line, field));
                if !taken {
                    self.take_foreign(line, done);
                }
            }
            Kind::Marker(marker) => self.take_marker(&line, marker, done),
            Kind::Note => self.take_note(&line, done),
            Kind::Frame(frame) => self.take_frame(&line, &frame, done),
            Kind::At(at) => {
                if let Some(current) = self.open.last_mut() {
                    current.add_place(&line, &at);
                }
            }
            Kind::Hidden => {
                if let Some(current) = self.open.last_mut() {
                    current.allow_gap(&line);
                }
            }
            Kind::Error(message) => {
                let open = OpenTrace::from_error(&line, message);
                self.open_trace(open, done);
            }
            Kind::Cross(message) => self.take_cross(&line, message, done),
            Kind::CausedBy(text) => self.take_caused_by(&line, text, done),
            Kind::Other => self.take_foreign(line, done),
        }
    }

    fn take_fence(&mut self, done: &mut Vec<Closed>) {
        for open in self.open.drain(..) {
            done.extend(open.finish(self.block, false));
        }
        self.block += 1;
        self.weak = None;
        self.last_foreign = None;
    }

    fn start_panic(&mut self, line: &Line<'t>, panic: &PanicLine<'_>, done: &mut Vec<Closed>) {
        let mut open = OpenTrace::from_panic(line, panic);
        // `panic!()` right after an error's report: the report says why.
        let is_bare = matches!(&panic.form, Form::MessageFirst { message: "explicit panic", .. });
        if is_bare
            && self
                .open
                .last()
                .is_some_and(|report| report.is_error() && report.is_adjacent_report())
            && let Some(report) = self.open.pop()
        {
            open.adopt_causes(report);
        }
        self.weak = None;
        self.open_trace(open, done);
    }

    fn take_head(&mut self, line: &Line<'t>, head: Head, done: &mut Vec<Closed>) {
        if let Some(current) = self.open.last_mut()
            && current.lacks(&head)
        {
            return current.take_head(head, line.span());
        }
        if head.is_weak {
            // Inside a trace such a line is foreign; else it may be the heading of the next one.
            self.count_foreign(done);
            self.weak = Some(Weak { head, span: line.span(), age: 0 });
            return;
        }
        let mut open = OpenTrace::from_head(line, head);
        self.take_weak(&mut open);
        self.open_trace(open, done);
    }

    /// Gives `open` the heading that stood a few lines before it.
    fn take_weak(&mut self, open: &mut OpenTrace<'t>) {
        if let Some(weak) = self.weak.take()
            && weak.age <= MAX_WEAK_AGE
            && open.lacks(&weak.head)
        {
            open.take_head(weak.head, weak.span);
        }
    }

    fn take_cross(&mut self, line: &Line<'t>, message: &str, done: &mut Vec<Closed>) {
        match self.open.last_mut().filter(|open| open.is_error() && open.is_adjacent_report()) {
            Some(current) => current.take_cross(line, message),
            None => self.open_trace(OpenTrace::from_cross(line, message), done),
        }
    }

    fn take_caused_by(&mut self, line: &Line<'t>, text: &str, done: &mut Vec<Closed>) {
        if let Some(current) = self.open.last_mut()
            && current.may_have_causes()
        {
            return current.take_caused_by(line, text);
        }
        let mut open = match self.last_foreign.take() {
            Some(above) => {
                let message = prefixed::message_of_log_line(above.body());
                let mut open = OpenTrace::from_error(&above, message);
                open.end_message();
                open
            }
            None => {
                let mut open = OpenTrace::from_error(line, "");
                open.end_chain();
                open
            }
        };
        open.take_caused_by(line, text);
        self.open_trace(open, done);
    }

    fn take_marker(&mut self, line: &Line<'t>, marker: Marker, done: &mut Vec<Closed>) {
        if self.open.last_mut().is_some_and(|current| current.add_marker(line, marker)) {
            return;
        }
        let mut open = OpenTrace::from_marker(line, marker);
        if let Some(weak) = self.weak.take().filter(|weak| weak.age <= MAX_WEAK_AGE) {
            open.take_head(weak.head, weak.span);
        }
        self.open_trace(open, done);
    }

    fn take_note(&mut self, line: &Line<'t>, done: &mut Vec<Closed>) {
        let Some(current) = self.open.last_mut() else { return };
        if current.add_note(line)
            && let Some(complete) = self.open.pop()
        {
            done.extend(complete.finish(self.block, false));
        }
    }

    fn take_frame(&mut self, line: &Line<'t>, frame: &FrameLine<'_>, done: &mut Vec<Closed>) {
        match self.open.iter().rposition(|open| open.takes(frame)) {
            Some(at) => {
                let mut taker = self.open.remove(at);
                taker.add_frame(line, frame);
                self.open.push(taker);
            }
            None if frame::needs_heading(frame) => self.count_foreign(done),
            None => {
                let mut open = OpenTrace::from_frame(line, frame);
                if let Some(weak) = self.weak.take().filter(|weak| weak.age <= MAX_WEAK_AGE) {
                    open.take_head(weak.head, weak.span);
                }
                self.open_trace(open, done);
            }
        }
    }

    /// Takes a line that is nothing by itself: perhaps a frame behind a prefix of a logger's own.
    fn take_foreign(&mut self, line: Line<'t>, done: &mut Vec<Closed>) {
        if debug_frames::has_any(&line) {
            return self.take_debug_frames(&line, done);
        }
        if self.open.last_mut().is_some_and(|open| open.take_bare_message(&line)) {
            return;
        }
        let expected = self.open.last().and_then(OpenTrace::next_index);
        if let Some(index) = expected
            && let Some(inner) = prefixed::behind_prefix(&line, index)
        {
            return self.take_whole(inner, done);
        }
        self.count_foreign(done);
        let body = line.body();
        if body.len() < 16 * 1024 && !body.starts_with(['|', '`']) {
            self.last_foreign = Some(line);
        }
    }

    /// Takes the frames of `Backtrace [{ fn: "..", file: "..", line: 1 }, ..]`.
    fn take_debug_frames(&mut self, line: &Line<'t>, done: &mut Vec<Closed>) {
        for frame in debug_frames::parse(line.body()) {
            if !self.open.iter().any(|open| open.takes(&frame)) {
                self.take_marker(line, Marker::Other, done);
            }
            self.take_frame(line, &frame, done);
        }
    }

    fn count_foreign(&mut self, done: &mut Vec<Closed>) {
        let mut at = 0;
        while let Some(open) = self.open.get_mut(at) {
            if open.count_foreign() {
                at += 1;
            } else {
                done.extend(self.open.remove(at).finish(self.block, false));
            }
        }
    }

    fn open_trace(&mut self, open: OpenTrace<'t>, done: &mut Vec<Closed>) {
        if self.open.len() >= MAX_OPEN {
            let mut oldest = self.open.remove(0);
            oldest.end_message_at_guess();
            done.extend(oldest.finish(self.block, false));
        }
        self.open.push(open);
    }
}
