//! Python: tracebacks with their chains and groups, and the pages of IPython.
//!
//! The text names the innermost cause first. In a [`Trace`] the error that reached the top is the
//! first cause, as in every language; frames stay in text order.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{Dialect, Heading, MAX_FRAME, error_name, is_clock, located, names_error};
use crate::input::Language;
use crate::text::ByteSpan;
use crate::trace::unwrap::Line;
use crate::trace::{Cause, Frame, FrameOrder, Origin, Relation, Trace, TraceKind};

/// Foreign lines after which a traceback is over: source lines stand between frames.
const MAX_FOREIGN: usize = 14;
const HEADER: &str = "Traceback (most recent call last)";

static HEADERS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(HEADER));
static FRAMES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("File \""));

/// One traceback: frames, and the error below them.
#[derive(Debug, Default)]
struct Part {
    frames: Vec<Frame>,
    error: Option<Cause>,
    /// How it relates to the part before it in the text.
    relation: Relation,
    span: ByteSpan,
    stamp: Option<String>,
    /// How far the frames are indented, prefix and all.
    indent: usize,
    is_ipython: bool,
}

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The parts of the chain that are complete.
    parts: Vec<Part>,
    open: Option<Part>,
    /// What the next part is to the last one, once the text has said so.
    next: Option<Relation>,
    n_foreign: usize,
}

impl Dialect for Reader {
    fn push(&mut self, line: &Line<'_>, done: &mut Vec<Trace>) {
        let body = line.body();
        let text = body.trim_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '+' | '`'));
        if body.len() > MAX_FRAME || text.is_empty() || is_clock(text) {
            return;
        }
        if let Some(frame) = frame(line, body) {
            return self.add_frame(line, body, frame, done);
        }
        if let Some(at) = HEADERS.find(body.as_bytes()) {
            return self.begin(line, body, at, done);
        }
        if self.open.is_none() && self.parts.is_empty() {
            return;
        }
        if let Some(relation) = relation(text) {
            self.next = Some(relation);
            self.n_foreign = 0;
            self.end_part();
            if relation == Relation::GroupMember {
                // A member that was never raised has an error and no traceback.
                self.open = Some(Part { relation, span: line.span_of(text), ..Part::default() });
            }
            return;
        }
        if let Some(part) = &mut self.open {
            if part.is_ipython && ipython_line(part, line, text) {
                self.n_foreign = 0;
                return;
            }
            if let Some(error) = error(part, line, body) {
                part.span = ByteSpan::new(part.span.start, part.span.end.max(error.span.end));
                part.error = Some(error);
                self.n_foreign = 0;
                self.next = None;
                return self.end_part();
            }
        }
        self.n_foreign += 1;
        let limit = if self.open.is_some() { MAX_FOREIGN } else { 2 };
        if self.n_foreign > limit {
            self.close(done);
        }
    }

    fn finish(mut self, done: &mut Vec<Trace>) {
        self.close(done);
    }
}

impl Reader {
    fn begin(&mut self, line: &Line<'_>, body: &str, at: usize, done: &mut Vec<Trace>) {
        self.end_part();
        if self.next.is_none() {
            self.close(done);
        }
        let before = body.get(..at).unwrap_or_default().trim();
        let after = body.get(at + HEADER.len()..).unwrap_or_default();
        let named = error_name(before).filter(|(name, rest)| names_error(name) && rest.is_empty());
        let is_ipython = !after.starts_with(':') && named.is_some();
        let header = body.get(at..).unwrap_or_default();
        self.open = Some(Part {
            relation: self.next.take().unwrap_or_default(),
            span: line.span_of(header),
            stamp: line.stamp().map(|stamp| stamp.trim().to_owned()),
            is_ipython,
            ..Part::default()
        });
        self.n_foreign = 0;
    }

    fn add_frame(&mut self, line: &Line<'_>, body: &str, frame: Frame, done: &mut Vec<Trace>) {
        if self.open.is_none() && self.next.is_none() {
            self.close(done);
        }
        let relation = &mut self.next;
        let part = self.open.get_or_insert_with(|| Part {
            relation: relation.take().unwrap_or_default(),
            span: frame.span,
            stamp: line.stamp().map(|stamp| stamp.trim().to_owned()),
            ..Part::default()
        });
        part.indent = FRAMES.find(body.as_bytes()).unwrap_or_default();
        part.span = ByteSpan::new(part.span.start, part.span.end.max(frame.span.end));
        part.frames.push(frame);
        self.n_foreign = 0;
    }

    fn end_part(&mut self) {
        let part = self.open.take();
        self.parts.extend(part.filter(|part| !part.frames.is_empty() || part.error.is_some()));
    }

    /// Puts the parts together to one trace.
    fn close(&mut self, done: &mut Vec<Trace>) {
        self.end_part();
        (self.next, self.n_foreign) = (None, 0);
        let parts = std::mem::take(&mut self.parts);
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        let mut trace = Trace {
            language: Language::Python,
            kind: TraceKind::Exception,
            order: FrameOrder::InnermostLast,
            logged_at: first.stamp.clone(),
            span: ByteSpan::new(first.span.start, last.span.end),
            cut: last.error.is_none(),
            ..Trace::default()
        };
        // Members of a group follow it; what made another error happen stands before that.
        let is_group = parts.iter().any(|part| part.relation == Relation::GroupMember);
        let n_parts = parts.len();
        let mut relations: Vec<Relation> = parts.iter().map(|part| part.relation).collect();
        if !is_group {
            relations.rotate_left(1);
        }
        let mut causes = Vec::with_capacity(n_parts);
        for (part_idx, (part, relation)) in parts.into_iter().zip(relations).enumerate() {
            let cause_idx = if is_group { part_idx } else { n_parts - 1 - part_idx };
            trace
                .frames
                .extend(part.frames.into_iter().map(|frame| Frame { cause: cause_idx, ..frame }));
            let relation = if cause_idx == 0 { Relation::Root } else { relation };
            let error = part.error.unwrap_or(Cause { span: part.span, ..Cause::default() });
            causes.push(Cause { relation, ..error });
        }
        if !is_group {
            causes.reverse();
        }
        let says_nothing = causes.iter().all(|cause| cause.kind.is_none());
        if !says_nothing || n_parts > 1 {
            trace.causes = causes;
        }
        done.push(trace);
    }
}

fn relation(text: &str) -> Option<Relation> {
    if text.contains("was the direct cause of the following exception") {
        return Some(Relation::CausedBy);
    }
    if text.contains("During handling of the above exception") {
        return Some(Relation::DuringHandling);
    }
    // `+-+---------------- 1 ----------------`
    let number = text.strip_suffix("--------")?.trim_end_matches('-').trim_end();
    let number = number.rsplit_once("---- ").map(|(_, number)| number)?;
    let is_number = number == "..." || number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !number.is_empty()).then_some(Relation::GroupMember)
}

/// Reads `File "app.py", line 3, in f`, whatever a logger put before it.
fn frame(line: &Line<'_>, body: &str) -> Option<Frame> {
    let at = FRAMES.find(body.as_bytes())?;
    let before = body.get(..at)?;
    let rest = body.get(at + "File \"".len()..)?;
    let (file, behind) = rest.split_once("\", line ")?;
    let n_digits = behind.bytes().take(10).take_while(u8::is_ascii_digit).count();
    let (number, behind) = behind.split_at_checked(n_digits)?;
    let function =
        behind.strip_prefix(", in ").map(|name| name.trim_end_matches(['`', '|', ' ', '\r']));
    if n_digits == 0
        || !(function.is_some() || behind.trim().is_empty())
        || before.ends_with(|c: char| c.is_alphanumeric())
    {
        return None;
    }
    let whole = rest.get(..file.len() + "\", line ".len() + n_digits)?;
    let location = located(line, whole, file, (number.parse().ok(), None));
    let origin = origin(file, function.unwrap_or_default());
    let noise = origin == Origin::Std;
    let (function, location) = (function.map(str::to_owned), Some(location));
    let span = line.span_of(body.get(at..)?.trim_end());
    Some(Frame { function, location, origin, noise, span, ..Frame::default() })
}

/// Reads the error below the frames: it stands two columns left of them.
fn error(part: &Part, line: &Line<'_>, body: &str) -> Option<Cause> {
    let is_bare_member = part.frames.is_empty() && part.relation == Relation::GroupMember;
    let text = match part.is_ipython {
        true => body,
        false if is_bare_member => body.trim_start_matches([' ', '|']),
        false => body.get(part.indent.saturating_sub(2)..)?,
    };
    if (part.frames.is_empty() && !is_bare_member) || text.starts_with([' ', '\t']) {
        return None;
    }
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || c == '`');
    let (name, message) = error_name(text)?;
    let is_sure = names_error(name) || part.indent >= 2;
    is_sure.then(|| Heading::new(line, text, name, message).into_cause())
}

/// Takes a line of IPython's pages: `path in f(x)` begins a frame, `---> 12 code` is its line.
fn ipython_line(part: &mut Part, line: &Line<'_>, text: &str) -> bool {
    let arrow = text.trim_start_matches('-');
    if let Some(numbered) = arrow.strip_prefix('>').filter(|_| arrow.len() < text.len()) {
        let number = numbered.trim_start().split(' ').next().and_then(|it| it.parse().ok());
        if let Some(place) = part.frames.last_mut().and_then(|frame| frame.location.as_mut()) {
            place.line = place.line.or(number);
        }
        return true;
    }
    let text = text.strip_prefix("File ").unwrap_or(text);
    let Some((path, name)) = text.split_once(" in ") else { return false };
    let path = path.trim_end_matches(',');
    let (path, number) =
        match path.rsplit_once(':').and_then(|(path, n)| Some((path, n.parse().ok()?))) {
            Some((path, number)) => (path, Some(number)),
            None => (path, None),
        };
    let is_path = path.starts_with("<ipython") || path.contains(['/', '\\']);
    let name = name.split('(').next().unwrap_or_default().trim();
    if !is_path || path.contains('"') || name.is_empty() || name.contains(' ') {
        return false;
    }
    let origin = origin(path, name);
    let location = Some(located(line, path, path, (number, None)));
    let (function, span) = (Some(name.to_owned()), line.span_of(text));
    part.span = ByteSpan::new(part.span.start, part.span.end.max(span.end));
    part.frames.push(Frame { function, location, origin, span, ..Frame::default() });
    true
}

fn origin(file: &str, function: &str) -> Origin {
    let path = file.replace('\\', "/");
    let is_installed = ["site-packages/", "dist-packages/", "/.tox/", "/eggs/"]
        .iter()
        .any(|folder| path.contains(folder));
    let is_compiled = path.ends_with(".pyx") || path.ends_with(".pxi") || path.ends_with(".pxd");
    if is_installed || (is_compiled && (!path.starts_with('/') || function.contains('.'))) {
        return Origin::Dependency;
    }
    let in_python = path.split('/').collect::<Vec<_>>().windows(2).any(|pair| {
        let is_version = pair.get(1).is_some_and(|it| {
            it.starts_with("python") && it.ends_with(|c: char| c.is_ascii_digit())
        });
        let is_windows = pair.first().is_some_and(|it| it.starts_with("Python3"))
            && pair.get(1).is_some_and(|it| it.eq_ignore_ascii_case("lib"));
        (pair.first() == Some(&"lib") && is_version) || is_windows
    });
    if in_python || path.starts_with("<frozen") { Origin::Std } else { Origin::App }
}
