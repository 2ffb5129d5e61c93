//! What one line is, looked at alone.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::super::unwrap::Line;
use super::frame::{self, AtLine, FrameLine};
use super::head::{self, Head};
use super::panic_line::{self, PanicLine};
use super::{chain, native};

/// What one line is.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    Blank,
    /// A Markdown fence: no trace goes on over it.
    Fence,
    Panic(PanicLine<'a>),
    Head(Box<Head>),
    /// A field of a report or of pretty-printed `Debug` output.
    Field(Field<'a>),
    Marker(Marker),
    /// `note: run with ...`: the end of a message or of a trace.
    Note,
    Frame(FrameLine<'a>),
    At(AtLine<'a>),
    /// Frames were left out here by the tool that printed the trace.
    Hidden,
    /// `Error: ..`.
    Error(&'a str),
    /// `× ..`, the start of a report of miette.
    Cross(&'a str),
    CausedBy(&'a str),
    Other,
}

/// What stands over frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// `stack backtrace:` of a panic.
    Panic,
    /// `Stack backtrace:` of an error.
    Error,
    /// The spans of `tracing`, which are no calls.
    Spans,
    /// `Backtrace (most recent call last):`.
    Reversed,
    /// Any other heading.
    Other,
}

/// A named part of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Message(&'a str),
    Location(&'a str),
    Thread(&'a str),
    File(&'a str),
    Line(u32),
    Column(u32),
}

static PANIC: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("anic"));
static PANIC_UPPER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("ANIC"));
static WASM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("wasm-function["));
static DEBUG_FRAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("{ fn: \""));

/// Says what `line` is.
pub(super) fn classify<'a>(line: &'a Line<'_>) -> Kind<'a> {
    let body = line.body();
    let trimmed = body.trim_start_matches(frame::is_margin);
    let Some(first) = trimmed.bytes().next() else { return Kind::Blank };
    // Most lines of a log are none of ours: the first byte tells before anything is searched.
    if let Some(kind) = by_first_byte(first, trimmed, body) {
        return kind;
    }
    let bytes = body.as_bytes();
    let has_panic = PANIC.find(bytes).is_some() || PANIC_UPPER.find(bytes).is_some();
    if (has_panic || first == b't')
        && let Some(panic) = panic_line::parse(body)
    {
        return Kind::Panic(panic);
    }
    if (has_panic || head::may_start_signal(trimmed))
        && let Some(head) = head::parse(line)
    {
        return Kind::Head(Box::new(head));
    }
    match marker(trimmed) {
        Some(marker) => Kind::Marker(marker),
        None => Kind::Other,
    }
}

/// Says whether `line` holds frames of a pretty-printed `Backtrace`.
pub(super) fn has_debug_frames(line: &Line<'_>) -> bool {
    DEBUG_FRAME.find(line.body().as_bytes()).is_some()
}

fn by_first_byte<'a>(first: u8, trimmed: &'a str, body: &'a str) -> Option<Kind<'a>> {
    match first {
        b'0'..=b'9' => frame::parse(trimmed).or_else(|| native::parse(trimmed)).map(Kind::Frame),
        b'#' | b'*' => native::parse(trimmed).map(Kind::Frame),
        b'a' if trimmed.starts_with("at ") => wasm_frame(trimmed)
            .or_else(|| frame::parse_at(trimmed).map(Kind::At))
            .or_else(|| field(trimmed).map(Kind::Field)),
        b'`' | b'~' if trimmed.starts_with("```") || trimmed.starts_with("~~~") => {
            Some(Kind::Fence)
        }
        b'n' if is_note(trimmed) => Some(Kind::Note),
        b'[' | b'.' | 0xe2 if is_hidden(trimmed) => Some(Kind::Hidden),
        b'C' | b'c' if chain::caused_by(trimmed).is_some() => {
            let text = chain::caused_by(trimmed)?;
            (!names_java_class(text)).then_some(Kind::CausedBy(text))
        }
        b'E' if chain::error_head(trimmed).is_some() => error(chain::error_head(trimmed)?),
        0xc3 if chain::cross(trimmed).is_some() => chain::cross(trimmed).map(Kind::Cross),
        b'f' if trimmed.starts_with("frame #") => native::parse(trimmed).map(Kind::Frame),
        b'a'..=b'f' if trimmed.as_bytes().get(8) == Some(&b'`') => {
            native::parse(trimmed).map(Kind::Frame)
        }
        b'M' | b'L' | b'm' | b'l' | b'f' | b't' | b'i' | b'c' if trimmed.len() < 4096 => {
            field(trimmed).map(Kind::Field)
        }
        b'F' if trimmed.starts_with("File \"") => frame::parse_file_frame(trimmed).map(Kind::Frame),
        _ => None,
    }
    .or_else(|| {
        let ends_so = body.trim_end().ends_with("Error:") && first != b'E';
        if ends_so { chain::error_head(body).map(Kind::Error) } else { None }
    })
    .or_else(|| wasm_frame(trimmed))
}

fn error(rest: &str) -> Option<Kind<'_>> {
    Some(match chain::cross(rest) {
        Some(message) => Kind::Cross(message),
        None => Kind::Error(rest),
    })
}

fn wasm_frame(trimmed: &str) -> Option<Kind<'_>> {
    WASM.find(trimmed.as_bytes())?;
    native::wasm(trimmed).map(Kind::Frame)
}

/// `java.lang.IllegalStateException: ..` is the chain of another language.
fn names_java_class(text: &str) -> bool {
    let name = text.split([':', ' ']).next().unwrap_or_default();
    name.matches('.').count() >= 1
        && !name.contains(['/', '\\'])
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$'))
        && name.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_uppercase()))
}

fn is_note(trimmed: &str) -> bool {
    let Some(note) = trimmed.strip_prefix("note: ") else { return false };
    note.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("run with"))
        || note.starts_with("Some details are omitted")
}

/// `stack backtrace:`, `Stack backtrace:`, `BACKTRACE` between rules, `trace:`.
fn marker(trimmed: &str) -> Option<Marker> {
    let trimmed = trimmed.trim_end();
    if trimmed.len() > 240 {
        return None;
    }
    if trimmed.ends_with("acktrace (most recent call last):") {
        return Some(Marker::Reversed);
    }
    let words = trimmed.trim_matches(|c: char| !c.is_alphanumeric());
    let last = words.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if last.eq_ignore_ascii_case("spantrace") {
        return Some(Marker::Spans);
    }
    let is_stack = last == "Stack" && trimmed == "Stack:";
    let is_trace =
        ["backtrace", "trace", "stacktrace"].iter().any(|word| last.eq_ignore_ascii_case(word));
    // Prose that happens to end so does not count: a few words at most.
    let n_words = words.split_whitespace().filter(|w| w.contains(char::is_alphabetic)).count();
    let is_heading = is_stack || (is_trace && n_words <= 4);
    if !is_heading {
        return None;
    }
    Some(match words {
        "Stack backtrace" => Marker::Error,
        "stack backtrace" => Marker::Panic,
        _ => Marker::Other,
    })
}

/// `⋮ 8 frames hidden ⋮`, `[... omitted 3 frames ...]`, `[...]`.
fn is_hidden(trimmed: &str) -> bool {
    if trimmed.len() > 160 {
        return false;
    }
    let inner = trimmed
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '⋮' | '[' | ']' | '.' | '…'));
    if inner.is_empty() {
        return trimmed.trim_end().len() >= 3;
    }
    inner.contains("frame")
        && ["hidden", "omitted", "skipped", "more"].iter().any(|word| inner.contains(word))
}

fn field(trimmed: &str) -> Option<Field<'_>> {
    let text = trimmed.trim_end();
    let after = |label: &str| text.strip_prefix(label).map(str::trim);
    if let Some(message) = after("Message:") {
        return Some(Field::Message(message));
    }
    if let Some(cause) = after("cause = \"") {
        return cause.strip_suffix('"').map(Field::Message);
    }
    if let Some(place) = after("Location:").or_else(|| after("location:")) {
        return Some(Field::Location(place));
    }
    if let Some(name) = after("thread:") {
        return Some(Field::Thread(name));
    }
    // The lines of `{:#?}` end with a comma.
    let text = text.strip_suffix(',').unwrap_or(text);
    let after = |label: &str| text.strip_prefix(label).map(str::trim);
    if let Some(file) = after("file: \"") {
        return Some(Field::File(file.strip_suffix('"')?));
    }
    if let Some(number) = after("line: ") {
        return number.parse().ok().map(Field::Line);
    }
    if let Some(number) = after("col: ").or_else(|| after("column: ")) {
        return number.parse().ok().map(Field::Column);
    }
    // `in examples/windows.rs, line 14` of better-panic.
    text.strip_prefix("in ").filter(|text| text.contains(", line ")).map(Field::Location)
}
