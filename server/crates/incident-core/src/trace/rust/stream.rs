//! One stream of lines and the traces that are open on it.

use super::super::Trace;
use super::super::unwrap::{Line, LineBuilder};
use super::frame::{self, AtLine, FrameLine};
use super::open::OpenTrace;
use super::panic_line::{self, PanicLine};

/// More traces than this are not open at once: threads that print into each other are few.
const MAX_OPEN: usize = 4;

/// A wrapped name or path has at most this many pieces.
const MAX_PIECES: usize = 24;

/// What one line is, looked at alone.
#[derive(Debug)]
enum Kind<'a> {
    Blank,
    /// A Markdown fence: no trace goes on over it.
    Fence,
    Panic(PanicLine<'a>),
    /// `stack backtrace:` and its like.
    Marker,
    /// `note: run with ...`: the end of a message or of a trace.
    Note,
    Frame(FrameLine<'a>),
    At(AtLine<'a>),
    /// Frames were left out here by the tool that printed the trace.
    Hidden,
    Other,
}

/// A line whose name or path may go on on the next one.
#[derive(Debug)]
struct Tail<'t> {
    line: Line<'t>,
    n_pieces: usize,
}

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct Stream<'t> {
    /// The one that was written to last stands last.
    open: Vec<OpenTrace<'t>>,
    tail: Option<Tail<'t>>,
}

impl<'t> Stream<'t> {
    pub(super) fn push(&mut self, line: Line<'t>, done: &mut Vec<Trace>) {
        let line = match self.tail.take() {
            None => line,
            Some(tail) => match self.join(tail, line, done) {
                None => return,
                Some(line) => line,
            },
        };
        self.take(line, done);
    }

    pub(super) fn finish(&mut self, done: &mut Vec<Trace>) {
        if let Some(tail) = self.tail.take() {
            self.take_whole(tail.line, done);
            if let Some(open) = self.open.last_mut() {
                open.mark_cut();
            }
        }
        for open in self.open.drain(..) {
            done.extend(open.finish(true));
        }
    }

    /// Joins `line` to the piece before it, where it goes on with it.
    ///
    /// Returns the line where it does not.
    fn join(&mut self, tail: Tail<'t>, line: Line<'t>, done: &mut Vec<Trace>) -> Option<Line<'t>> {
        let goes_on = matches!(classify(line.body()), Kind::Other)
            && tail.n_pieces < MAX_PIECES
            && may_go_on(tail.line.body(), line.body());
        if !goes_on {
            self.take_whole(tail.line, done);
            return Some(line);
        }
        let mut builder = LineBuilder::default();
        builder.keep_from(&tail.line, tail.line.body().trim_end());
        let piece = line.body().trim();
        if breaks_at_blank(tail.line.body().trim_end(), piece) {
            builder.replace(" ", tail.line.span().end, 0);
        }
        builder.keep_from(&line, piece);
        let joined = builder.finish(Some(&line));
        if is_unfinished(joined.body(), self.expects_hash()) {
            self.tail = Some(Tail { line: joined, n_pieces: tail.n_pieces + 1 });
        } else {
            self.take_whole(joined, done);
        }
        None
    }

    fn take(&mut self, line: Line<'t>, done: &mut Vec<Trace>) {
        if self.current_reads_message() {
            return self.take_in_message(line, done);
        }
        if is_unfinished(line.body(), self.expects_hash()) {
            self.tail = Some(Tail { line, n_pieces: 1 });
            return;
        }
        self.take_whole(line, done);
    }

    fn expects_hash(&self) -> bool {
        self.open.last().is_some_and(OpenTrace::prints_hashes)
    }

    fn current_reads_message(&self) -> bool {
        self.open.last().is_some_and(OpenTrace::reads_message)
    }

    /// Takes a line while the message of the current panic is not yet complete.
    fn take_in_message(&mut self, line: Line<'t>, done: &mut Vec<Trace>) {
        let ends = match classify(line.body()) {
            Kind::Panic(_) | Kind::Fence | Kind::Marker | Kind::Note => true,
            Kind::Frame(frame) => is_strong(&frame),
            _ => false,
        };
        let Some(current) = self.open.last_mut() else { return };
        if ends {
            current.end_message();
            return self.take(line, done);
        }
        current.add_to_message(line);
    }

    fn take_whole(&mut self, line: Line<'t>, done: &mut Vec<Trace>) {
        match classify(line.body()) {
            Kind::Blank => {}
            Kind::Fence => self.close_all(done),
            Kind::Panic(panic) => self.start_panic(&line, &panic, done),
            Kind::Marker => self.take_marker(&line, done),
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
            Kind::Other => self.take_foreign(done),
        }
    }

    fn start_panic(&mut self, line: &Line<'t>, panic: &PanicLine<'_>, done: &mut Vec<Trace>) {
        self.open_trace(OpenTrace::from_panic(line, panic), done);
    }

    fn take_marker(&mut self, line: &Line<'t>, done: &mut Vec<Trace>) {
        let fits = self.open.last_mut().is_some_and(|current| current.add_marker(line));
        if !fits {
            self.open_trace(OpenTrace::from_marker(line), done);
        }
    }

    fn take_note(&mut self, line: &Line<'t>, done: &mut Vec<Trace>) {
        let Some(current) = self.open.last_mut() else { return };
        if current.add_note(line)
            && let Some(complete) = self.open.pop()
        {
            done.extend(complete.finish(false));
        }
    }

    fn take_frame(&mut self, line: &Line<'t>, frame: &FrameLine<'_>, done: &mut Vec<Trace>) {
        match self.open.iter().rposition(|open| open.takes(frame)) {
            Some(at) => {
                let mut taker = self.open.remove(at);
                taker.add_frame(line, frame);
                self.open.push(taker);
            }
            None => {
                let mut open = OpenTrace::from_marker(line);
                open.add_frame(line, frame);
                open.require_proof();
                self.open_trace(open, done);
            }
        }
    }

    fn take_foreign(&mut self, done: &mut Vec<Trace>) {
        let mut at = 0;
        while let Some(open) = self.open.get_mut(at) {
            if open.count_foreign() {
                at += 1;
            } else {
                done.extend(self.open.remove(at).finish(false));
            }
        }
    }

    fn open_trace(&mut self, open: OpenTrace<'t>, done: &mut Vec<Trace>) {
        if self.open.len() >= MAX_OPEN {
            done.extend(self.open.remove(0).finish(false));
        }
        self.open.push(open);
    }

    fn close_all(&mut self, done: &mut Vec<Trace>) {
        for open in self.open.drain(..) {
            done.extend(open.finish(false));
        }
    }
}

/// Says whether a frame can hardly be anything else, such as a numbered list.
pub(super) fn is_strong(frame: &FrameLine<'_>) -> bool {
    frame.address.is_some()
        || frame.place.is_some()
        || frame.name.contains("::")
        || frame.name == "<unknown>"
        || frame.name.starts_with("_ZN")
        || frame.name.starts_with("_R")
}

fn classify(body: &str) -> Kind<'_> {
    let trimmed = body.trim_start_matches(frame::is_margin);
    let Some(first) = trimmed.bytes().next() else { return Kind::Blank };
    // Most lines of a log are none of ours: look at the first byte before anything else.
    let by_start = match first {
        b'0'..=b'9' => frame::parse(trimmed).map(Kind::Frame),
        b'a' => frame::parse_at(trimmed).map(Kind::At),
        b'`' | b'~' if trimmed.starts_with("```") || trimmed.starts_with("~~~") => {
            Some(Kind::Fence)
        }
        b'n' if is_note(trimmed) => Some(Kind::Note),
        b'[' | b'.' | 0xe2 if is_hidden(trimmed) => Some(Kind::Hidden),
        _ => None,
    };
    if let Some(kind) = by_start {
        return kind;
    }
    if let Some(panic) = panic_line::parse(body) {
        return Kind::Panic(panic);
    }
    if is_marker(trimmed) { Kind::Marker } else { Kind::Other }
}

fn is_note(trimmed: &str) -> bool {
    let Some(note) = trimmed.strip_prefix("note: ") else { return false };
    note.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("run with"))
        || note.starts_with("Some details are omitted")
}

/// `stack backtrace:`, `Stack backtrace:`, `BACKTRACE` between rules, `trace:`.
fn is_marker(trimmed: &str) -> bool {
    if trimmed.len() > 240 {
        return false;
    }
    let words =
        trimmed.trim_matches(|c: char| !c.is_alphanumeric()).rsplit(' ').next().unwrap_or_default();
    let is_trace =
        ["backtrace", "trace", "stacktrace"].iter().any(|word| words.eq_ignore_ascii_case(word));
    // Prose that happens to end so does not count: a few words at most.
    is_trace && trimmed.split_whitespace().filter(|w| w.contains(char::is_alphabetic)).count() <= 4
}

/// `⋮ 8 frames hidden ⋮`, `[... omitted 3 frames ...]`, `[...]`.
fn is_hidden(trimmed: &str) -> bool {
    let inner = trimmed
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '⋮' | '[' | ']' | '.' | '…'));
    if inner.is_empty() {
        return trimmed.trim_end().len() >= 3;
    }
    trimmed.len() < 120
        && inner.contains("frame")
        && ["hidden", "omitted", "skipped", "more"].iter().any(|word| inner.contains(word))
}

/// Says whether a frame's name or an `at` line's path seems to go on on the next line.
fn is_unfinished(body: &str, expects_hash: bool) -> bool {
    match classify(body) {
        Kind::At(AtLine::Open(_)) => true,
        Kind::Frame(frame) => frame.place.is_none() && name_is_unfinished(&frame, expects_hash),
        _ => false,
    }
}

fn name_is_unfinished(frame: &FrameLine<'_>, expects_hash: bool) -> bool {
    let name = frame.name;
    if name.is_empty() {
        return frame.address.is_some();
    }
    if name.starts_with("<unknown>") {
        return false;
    }
    let hash_is_whole = super::names::hash_start(name).is_some();
    if hash_is_whole {
        return false;
    }
    let ends_open =
        ["::", " as", " for", ",", "<", "-", "{{", "{"].iter().any(|end| name.ends_with(end));
    ends_open
        || is_unbalanced(name)
        || has_partial_hash(name)
        || (expects_hash && name.contains("::"))
}

/// Says whether a `<` of the name is not closed; `->` does not close one.
fn is_unbalanced(name: &str) -> bool {
    let mut depth = 0i32;
    let mut previous = 0u8;
    for byte in name.bytes() {
        match byte {
            b'<' => depth += 1,
            b'>' if previous != b'-' => depth -= 1,
            _ => {}
        }
        previous = byte;
    }
    depth > 0
}

fn has_partial_hash(name: &str) -> bool {
    let Some((_, hash)) = name.rsplit_once("::h") else { return name.ends_with("::") };
    hash.len() < 16
        && hash.bytes().any(|byte| byte.is_ascii_digit())
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Says whether `piece` can be the rest of what `head` began.
fn may_go_on(head: &str, piece: &str) -> bool {
    let piece = piece.trim();
    if piece.is_empty() || piece.len() > 4096 {
        return false;
    }
    match classify(head) {
        Kind::At(_) => !piece.contains(": "),
        Kind::Frame(frame) => {
            let is_symbol = piece
                .chars()
                .all(|c| c.is_alphanumeric() || "_:<>{}()[],.$&*+-'\";=#@! ".contains(c));
            // A whole name needs a hash to come, else any word would be swallowed.
            let head_is_open = name_is_unfinished(&frame, false);
            is_symbol
                && (head_is_open || super::names::hash_start(piece).is_some() || {
                    !piece.contains(' ') && piece.contains("::h")
                })
        }
        _ => false,
    }
}

/// Says whether the break between two pieces stood in place of a blank.
fn breaks_at_blank(head: &str, piece: &str) -> bool {
    const WORDS: [&str; 8] = [" as", " for", "<dyn", "&mut", "<impl", " -", " +", ","];
    WORDS.iter().any(|word| head.ends_with(word))
        || ["as ", "for ", "+ ", "-> "].iter().any(|word| piece.starts_with(word))
}
