//! Traces inside records: what a line is a part of, and what crashed where.
//!
//! Light reading for grouping millions of records. [`crate::trace`] reads a trace in full.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::report::GroupFrame;
use super::shape::{mix, mix_bytes};

/// How many frames of a trace a group shows.
const MAX_FRAMES: usize = 16;

/// Whose trace it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `thread 'main' panicked at src/a.rs:1:2:` and its backtrace.
    Rust,
    /// `Traceback (most recent call last):`.
    Python,
    /// `Type: message` with `at` lines: JavaScript, Java, C#.
    At,
    /// `panic: ...` with `goroutine 1 [running]:`.
    Go,
}

/// What a line without a stamp is, by its form alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing but blanks.
    Blank,
    /// Begins with a blank, or closes a brace.
    Indented,
    /// `stack backtrace:`.
    RustHead,
    /// `   3: name`.
    RustFrame(u32),
    /// `             at ./src/a.rs:1:2`.
    RustAt,
    /// `note: run with ...`.
    RustNote,
    /// `Traceback (most recent call last):`.
    PythonHead,
    /// `  File "a.py", line 1, in f`.
    PythonFile,
    /// `During handling of the above exception, ...`.
    PythonChain,
    /// `    at f (a.js:1:2)`, `\tat a.B.c(B.java:1)`, `\t... 12 more`.
    At,
    /// `Caused by: ...`.
    CausedBy,
    /// `goroutine 1 [running]:`.
    GoHead,
    /// `thread 'main' panicked at ...`.
    Panic,
    /// `panic: ...`.
    GoPanic,
    /// `TypeError: ...`, `java.io.IOException: ...`, `Exception in thread ...`.
    Exception,
    /// Anything else.
    Text,
}

/// Says what a line is by its form.
pub(super) fn part(line: &[u8]) -> Part {
    let trimmed = line.trim_ascii_start();
    let Some(first) = trimmed.first() else { return Part::Blank };
    if trimmed.len() < line.len() {
        return match first {
            b'a' if trimmed.starts_with(b"at ") => {
                let is_rust = line.len() - trimmed.len() >= 8;
                if is_rust && !trimmed.ends_with(b")") { Part::RustAt } else { Part::At }
            }
            b'.' if trimmed.starts_with(b"... ") => Part::At,
            b'F' if trimmed.starts_with(b"File \"") => Part::PythonFile,
            b'C' if trimmed.starts_with(b"Caused by: ") => Part::CausedBy,
            b'0'..=b'9' => frame_number(trimmed).map_or(Part::Indented, Part::RustFrame),
            _ => Part::Indented,
        };
    }
    match first {
        b'}' | b')' | b']' if trimmed.len() <= 3 => Part::Indented,
        b's' | b'S' if trimmed.ends_with(b"tack backtrace:") => Part::RustHead,
        b'n' if trimmed.starts_with(b"note: ") => Part::RustNote,
        b'T' if trimmed.starts_with(b"Traceback (most recent call last)") => Part::PythonHead,
        b'D' if trimmed.starts_with(b"During handling of the above exception") => Part::PythonChain,
        b'T' if trimmed.starts_with(b"The above exception was the direct cause") => {
            Part::PythonChain
        }
        b'C' if trimmed.starts_with(b"Caused by:") => Part::CausedBy,
        b'g' if trimmed.starts_with(b"goroutine ") => Part::GoHead,
        b't' if trimmed.starts_with(b"thread '") && panic_place(trimmed).is_some() => Part::Panic,
        b'p' if trimmed.starts_with(b"panic: ") => Part::GoPanic,
        _ if exception(trimmed).is_some() => Part::Exception,
        _ => Part::Text,
    }
}

/// `3: name`, at most four digits.
fn frame_number(text: &[u8]) -> Option<u32> {
    let n = text.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    if n > 4 || text.get(n) != Some(&b':') || text.get(n + 1) != Some(&b' ') {
        return None;
    }
    std::str::from_utf8(text.get(..n)?).ok()?.parse().ok()
}

/// Splits `Uncaught TypeError: message` into type and message; the type alone has no message.
pub(super) fn exception(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = line;
    for opening in [&b"Uncaught "[..], b"Unhandled ", b"Exception in thread "] {
        if let Some(after) = rest.strip_prefix(opening) {
            rest = after;
            if opening.starts_with(b"Exception") {
                let quote = memchr::memchr(b'"', after.get(1..)?)?;
                rest = after.get(quote + 2..)?.trim_ascii_start();
            }
        }
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$');
    let end = rest.iter().take(160).position(|byte| !is_name(byte)).unwrap_or(rest.len());
    let name = rest.get(..end)?;
    let last = name.rsplit(|byte| matches!(byte, b'.' | b'$')).next()?;
    let is_type = [
        &b"Error"[..],
        b"Exception",
        b"Warning",
        b"Interrupt",
        b"Exit",
        b"Fault",
        b"Timeout",
        b"Failure",
        b"Throwable",
    ]
    .iter()
    .any(|ending| last.ends_with(ending));
    if !is_type || !last.first()?.is_ascii_uppercase() {
        return None;
    }
    match rest.get(end..)? {
        [] => Some((name, b"")),
        [b':', message @ ..] => Some((name, message.trim_ascii())),
        // Node: `Error [ERR_X]: message`.
        [b' ', b'[', after @ ..] => {
            let close = memchr::memmem::find(after, b"]: ")?;
            Some((name, after.get(close + 3..)?))
        }
        _ => None,
    }
}

/// Returns the place and, of the form before Rust 1.73, the message of a panic's head.
pub(super) fn panic_place(line: &[u8]) -> Option<(&[u8], &[u8])> {
    const SAYS: &[u8] = b" panicked at ";
    let at = memchr::memmem::find(line.get(..400).unwrap_or(line), SAYS)?;
    let rest = line.get(at + SAYS.len()..)?;
    if let Some(place) = rest.strip_suffix(b":") {
        return Some((place, b""));
    }
    if let Some(quoted) = rest.strip_prefix(b"'") {
        let close = memchr::memmem::rfind(quoted, b"', ")?;
        return Some((quoted.get(close + 3..)?, quoted.get(..close)?));
    }
    None
}

/// What crashed, for a group's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Crash<'a> {
    /// The exception's type; empty of a panic.
    pub(super) exception: Cow<'a, [u8]>,
    /// The message.
    pub(super) message: Cow<'a, [u8]>,
    /// File (its last two parts) and line of the top frame of the service's own code, else of the
    /// top frame, hashed; 0 where the trace has no place.
    pub(super) place: u64,
    /// Whether that frame is the service's own.
    pub(super) is_in_app: bool,
}

/// Reads what crashed from a trace: the head line and the lines that continue it.
pub(super) fn crash<'a>(dialect: Dialect, head: &'a [u8], body: &'a [u8]) -> Crash<'a> {
    let mut crash = Crash::default();
    match dialect {
        Dialect::Rust => {
            if let Some((place, message)) = panic_place(head) {
                crash.message = Cow::Borrowed(message);
                let (file, line) = split_place(place);
                crash.place = place_hash(file, line);
                crash.is_in_app = is_in_app(file, b"");
            }
            if crash.message.is_empty() {
                crash.message =
                    Cow::Borrowed(body.split(|byte| *byte == b'\n').next().unwrap_or_default());
            }
            if !crash.is_in_app {
                top_frame(dialect, body, &mut crash);
            }
        }
        Dialect::Python => {
            // The last trace of a chain is the one that ended it.
            let start =
                memchr::memmem::rfind(body, b"Traceback (most recent call last)").unwrap_or(0);
            let body = body.get(start..).unwrap_or(body);
            let mut lines = body.split(|byte| *byte == b'\n');
            let end = lines.rfind(|line| {
                line.first().is_some_and(|byte| !byte.is_ascii_whitespace())
                    && !line.starts_with(b"Traceback")
            });
            if let Some(line) = end {
                let (name, message) = exception(line).unwrap_or((b"", line));
                crash.exception = Cow::Borrowed(name);
                crash.message = Cow::Borrowed(message);
            }
            top_frame(dialect, body, &mut crash);
        }
        Dialect::At => {
            // The last cause is the root.
            let cause = memchr::memmem::rfind(body, b"Caused by: ");
            let (line, frames) = match cause {
                Some(at) => {
                    let rest = body.get(at + 11..).unwrap_or_default();
                    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    (rest.get(..end).unwrap_or_default(), rest.get(end..).unwrap_or_default())
                }
                None => (head, body),
            };
            let (name, message) = exception(line).unwrap_or((b"", line));
            crash.exception = Cow::Borrowed(name);
            crash.message = Cow::Borrowed(message);
            top_frame(dialect, frames, &mut crash);
            if !crash.is_in_app && cause.is_some() {
                top_frame(dialect, body, &mut crash);
            }
        }
        Dialect::Go => {
            crash.message = Cow::Borrowed(head.strip_prefix(b"panic: ").unwrap_or(head));
            top_frame(dialect, body, &mut crash);
        }
    }
    crash
}

/// Finds the top frame of the service's own code; without one, the top frame.
fn top_frame(dialect: Dialect, body: &[u8], crash: &mut Crash<'_>) {
    let mut top = None;
    let mut own = None;
    each_frame(dialect, body, |function, file, line| {
        let is_own = is_in_app(file, function);
        let place = if file.is_empty() { mix_bytes(17, function) } else { place_hash(file, line) };
        // Python prints the failing frame last.
        let is_last = dialect == Dialect::Python;
        if is_own && (own.is_none() || is_last) {
            own = Some(place);
        }
        if top.is_none() || is_last {
            top = Some(place);
        }
        own.is_none() || is_last
    });
    if let Some(place) = own.or(top) {
        if own.is_some() || crash.place == 0 {
            crash.place = place;
        }
        crash.is_in_app = own.is_some();
    }
}

/// Returns the frames of a trace, the failing one first.
pub(super) fn frames(dialect: Dialect, head: &[u8], body: &[u8]) -> Vec<GroupFrame> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut frames = Vec::new();
    let limit = if dialect == Dialect::Python { 200 } else { 60 };
    each_frame(dialect, body, |function, file, line| {
        frames.push(GroupFrame {
            function: text(function),
            file: text(file.strip_prefix(b"./").unwrap_or(file)),
            line,
            in_app: is_in_app(file, function),
        });
        frames.len() < limit
    });
    if dialect == Dialect::Python {
        frames.reverse();
    }
    if dialect == Dialect::Rust
        && let Some((place, _)) = panic_place(head)
    {
        let (file, line) = split_place(place);
        let file = text(file.strip_prefix(b"./").unwrap_or(file));
        // The machinery of the panic stands above the frame that failed.
        match frames.iter().position(|it| it.file.ends_with(&file) && it.line == line) {
            Some(at) => drop(frames.drain(..at)),
            None => {
                let in_app = is_in_app(file.as_bytes(), b"");
                frames.insert(0, GroupFrame { function: String::new(), file, line, in_app });
            }
        }
    }
    frames.truncate(MAX_FRAMES);
    frames
}

/// Calls `see(function, file, line)` for each frame until it says no.
fn each_frame(
    dialect: Dialect,
    body: &[u8],
    mut see: impl FnMut(&[u8], &[u8], Option<u32>) -> bool,
) {
    let mut function: &[u8] = b"";
    for line in body.split(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        let go_on = match dialect {
            Dialect::Rust => match part(line) {
                Part::RustFrame(_) => {
                    let pending = !function.is_empty() && !see(function, b"", None);
                    let colon = memchr::memchr(b':', trimmed).unwrap_or(0);
                    function = trimmed.get(colon + 1..).unwrap_or_default().trim_ascii();
                    !pending
                }
                Part::RustAt => {
                    let (file, line) = split_place(trimmed.get(3..).unwrap_or_default());
                    let go_on = see(function, file, line);
                    function = b"";
                    go_on
                }
                _ => true,
            },
            Dialect::Python => match python_frame(trimmed) {
                Some((function, file, line)) => see(function, file, line),
                None => true,
            },
            Dialect::At => match at_frame(trimmed) {
                Some((function, file, line)) => see(function, file, line),
                None => true,
            },
            Dialect::Go => {
                if let Some(place) = line.strip_prefix(b"\t") {
                    let place = place.split(|byte| *byte == b' ').next().unwrap_or_default();
                    let (file, line) = split_place(place);
                    see(function, file, line)
                } else {
                    let end = memchr::memrchr(b'(', trimmed).unwrap_or(trimmed.len());
                    function = trimmed.get(..end).unwrap_or_default();
                    true
                }
            }
        };
        if !go_on {
            return;
        }
    }
    if dialect == Dialect::Rust && !function.is_empty() {
        see(function, b"", None);
    }
}

/// `File "/app/a.py", line 12, in f`.
fn python_frame(text: &[u8]) -> Option<(&[u8], &[u8], Option<u32>)> {
    let rest = text.strip_prefix(b"File \"")?;
    let close = memchr::memchr(b'"', rest)?;
    let after = rest.get(close + 1..)?.strip_prefix(b", line ")?;
    let n = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let line = number(after.get(..n)?);
    let function = after.get(n..)?.strip_prefix(b", in ").unwrap_or_default();
    Some((function, rest.get(..close)?, line))
}

/// `at f (a.js:1:2)`, `at a.js:1:2`, `at a.B.c(B.java:12)`.
fn at_frame(text: &[u8]) -> Option<(&[u8], &[u8], Option<u32>)> {
    let rest = text.strip_prefix(b"at ")?;
    let rest = rest.strip_prefix(b"async ").unwrap_or(rest);
    match (memchr::memchr(b'(', rest), rest.last()) {
        (Some(open), Some(b')')) => {
            let place = rest.get(open + 1..rest.len() - 1)?;
            let (file, line) = split_place(place);
            Some((rest.get(..open)?.trim_ascii_end(), file, line))
        }
        _ => {
            let (file, line) = split_place(rest);
            Some((b"", file, line))
        }
    }
}

/// Splits `file:12:5` or `file:12`.
fn split_place(place: &[u8]) -> (&[u8], Option<u32>) {
    let last = |text: &[u8]| {
        let colon = memchr::memrchr(b':', text)?;
        Some((colon, number(text.get(colon + 1..)?)?))
    };
    let Some((colon, first)) = last(place) else { return (place, None) };
    let before = place.get(..colon).unwrap_or_default();
    match last(before) {
        Some((colon, line)) => (before.get(..colon).unwrap_or_default(), Some(line)),
        None => (before, Some(first)),
    }
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Hashes the last two parts of a path and a line, so that it does not matter where the tree lay.
fn place_hash(file: &[u8], line: Option<u32>) -> u64 {
    let mut parts = file.rsplit(|byte| matches!(byte, b'/' | b'\\'));
    let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let folder = if folder == b"." { b"" } else { folder };
    mix(mix_bytes(mix_bytes(19, name), folder), u64::from(line.unwrap_or(0)))
}

/// Says whether a frame looks like the service's own code.
fn is_in_app(file: &[u8], function: &[u8]) -> bool {
    const FILES: [&[u8]; 16] = [
        b"node_modules/",
        b"node:",
        b"site-packages",
        b"dist-packages",
        b"/lib/python",
        b"/rustc/",
        b"cargo/registry",
        b"cargo/git",
        b"<frozen",
        b"<anonymous>",
        b"/usr/local/go/src",
        b"/go/pkg/mod",
        b"library/std/",
        b"library/core/",
        b"library/alloc/",
        b"/vendor/",
    ];
    const FUNCTIONS: [&[u8]; 26] = [
        b"std::",
        b"core::",
        b"alloc::",
        b"<core::",
        b"<alloc::",
        b"<std::",
        b"tokio::",
        b"rust_begin_unwind",
        b"__rust",
        b"java.",
        b"javax.",
        b"jdk.",
        b"sun.",
        b"com.sun.",
        b"kotlin.",
        b"scala.",
        b"org.springframework.",
        b"org.apache.",
        b"org.hibernate.",
        b"io.netty.",
        b"reactor.",
        b"runtime.",
        b"net/http.",
        b"System.",
        b"Microsoft.",
        b"panic",
    ];
    static IN_FILES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(FILES).ok());
    if IN_FILES.as_ref().is_some_and(|them| them.is_match(file)) || file == b"native" {
        return false;
    }
    let function = function.strip_prefix(b"java.base/").unwrap_or(function);
    let is_named = !file.is_empty() || !function.is_empty();
    is_named && !FUNCTIONS.iter().any(|start| function.starts_with(start))
}
