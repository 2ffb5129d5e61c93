//! Headings of traces other than the standard panic line, each on one line.
//!
//! Reports (color-eyre, human-panic, miette), `Debug` output of a panic's info, hooks of a
//! program's own, traps and signals. What a line tells is returned as far as it goes; the stream
//! puts the lines of one heading together.

use super::super::location;
use super::super::unwrap::Line;
use super::super::{SourceLocation, TraceKind, references};
use crate::text::ByteSpan;

/// What one line tells about the trace that follows, or that stands before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: TraceKind,
    pub(super) thread: Option<String>,
    pub(super) message: Option<(String, ByteSpan)>,
    pub(super) location: Option<SourceLocation>,
    /// A symbol that the heading names as the place of the failure.
    pub(super) symbol: Option<(String, ByteSpan)>,
    /// The line alone does not make a trace: something has to follow.
    pub(super) is_weak: bool,
}

/// Reads `line` as the heading of a trace.
pub(super) fn parse(line: &Line<'_>) -> Option<Head> {
    let body = line.body().trim();
    if body.len() > 64 * 1024 {
        return None;
    }
    report(body).or_else(|| signal(line, body)).or_else(|| {
        let word = panic_word(body)?;
        panic_info(line, body)
            .or_else(|| trap(line, body))
            .or_else(|| custom_hook(line, body, word))
    })
}

/// `The application panicked (crashed).` of color-eyre, color-backtrace and better-panic.
fn report(body: &str) -> Option<Head> {
    body.starts_with("The application panicked").then(Head::default)
}

/// Says whether a line can be one of those that [`signal`] reads; the search is left to it.
pub(super) fn may_start_signal(trimmed: &str) -> bool {
    const STARTS: [&str; 9] = [
        "thread '",
        "fatal runtime error: ",
        "memory allocation of ",
        "==",
        "Program received signal ",
        "Thread ",
        "thread #",
        "* thread #",
        "The application panicked",
    ];
    STARTS.iter().any(|start| trimmed.starts_with(start))
}

/// Stack overflow, failed allocation, signals, sanitizers, a debugger's threads.
fn signal(line: &Line<'_>, body: &str) -> Option<Head> {
    const MARKS: [(&str, bool); 10] = [
        // The second says whether something must follow before it counts.
        ("has overflowed its stack", false),
        ("fatal runtime error: ", true),
        ("memory allocation of ", true),
        ("ERROR: AddressSanitizer: ", false),
        ("ERROR: LeakSanitizer: ", false),
        ("WARNING: ThreadSanitizer: ", false),
        ("WARNING: MemorySanitizer: ", false),
        ("ERROR: libFuzzer: ", false),
        ("received signal ", true),
        ("stop reason = ", true),
    ];
    if !may_start_signal(body.trim_start()) {
        return None;
    }
    let kind = TraceKind::Trap;
    let thread = quoted_thread(body);
    let found = MARKS.iter().find_map(|(mark, is_weak)| Some((body.find(mark)?, mark, *is_weak)));
    let Some((at, mark, is_weak)) = found else {
        // `Thread 3 (Thread 0x7f.. (LWP 12) "worker"):` of gdb.
        let is_heading = body.starts_with("Thread ") && body.ends_with(':');
        return is_heading.then(|| Head { kind, thread, is_weak: true, ..Head::default() });
    };
    let message = match *mark {
        "has overflowed its stack" => "stack overflow",
        "memory allocation of " => body.get(at..)?,
        _ => body.get(at + mark.len()..)?.trim_end_matches('.'),
    };
    let span = line.span_of(if message == "stack overflow" { body } else { message });
    let message = Some((message.to_owned(), span));
    Some(Head { kind, thread, message, is_weak, ..Head::default() })
}

fn quoted_thread(body: &str) -> Option<String> {
    let (_, after) = body.split_once("hread ")?;
    let (name, _) = after.split_once(['\'', '"'])?.1.split_once(['\'', '"'])?;
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

/// Finds `panic` or `panicked` as a word and returns the offset behind it.
pub(super) fn panic_word(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut from = 0;
    loop {
        let found = memchr::memchr2(b'p', b'P', bytes.get(from..)?)? + from;
        from = found + 1;
        if !bytes.get(found..found + 5)?.eq_ignore_ascii_case(b"panic") {
            continue;
        }
        let mut end = found + 5;
        for ending in ["ked", "king", "HookInfo", "Info"] {
            if body.get(end..).is_some_and(|rest| rest.starts_with(ending)) {
                end += ending.len();
            }
        }
        let before = found.checked_sub(1).and_then(|at| bytes.get(at));
        let is_start = before.is_none_or(|byte| {
            !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'\\' | b':' | b'.'))
        });
        let after = body.get(end..).unwrap_or_default();
        let is_end = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            && !after.starts_with("::")
            && !after.starts_with(".rs")
            && !after.starts_with('/');
        if is_start && is_end {
            return Some(end);
        }
    }
}

/// `PanicInfo { payload: .., message: Some(..), location: Location { file: "..", .. } }`.
fn panic_info(line: &Line<'_>, body: &str) -> Option<Head> {
    let (before, after) = body.split_once("Location { file: \"")?;
    let quoted_len = quoted_len(after)?;
    let (file, rest) = after.split_at_checked(quoted_len)?;
    let line_number = number_after(rest, "line: ")?;
    let column = number_after(rest, "col: ").or_else(|| number_after(rest, "column: "));
    let end = rest.find('}').unwrap_or(rest.len());
    let whole = body.get(before.len()..body.len() - rest.len() + end)?;
    let location = SourceLocation {
        file: unescape(file),
        line: Some(line_number),
        column,
        span: line.span_of(whole),
    };
    let message = before
        .split_once("message: Some(")
        .and_then(|(_, message)| message.trim_end().strip_suffix("location:"))
        .and_then(|message| message.trim_end().strip_suffix("),"))
        .or_else(|| payload_message(before))
        .map(|message| (message.to_owned(), line.span_of(message)));
    Some(Head { message, location: Some(location), ..Head::default() })
}

/// Newer compilers print the payload where it is a string: `payload: "boom"`.
fn payload_message(before: &str) -> Option<&str> {
    let (_, payload) = before.split_once("payload: \"")?;
    payload.get(..quoted_len(payload)?)
}

/// Returns the length of a string's inside up to its closing quote.
fn quoted_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Undoes the escapes of a Rust string as far as paths have them.
fn unescape(text: &str) -> String {
    text.replace("\\\\", "\\").replace("\\\"", "\"").replace("\\'", "'")
}

fn number_after(text: &str, label: &str) -> Option<u32> {
    let (_, after) = text.split_once(label)?;
    let n_digits = after.bytes().take(10).take_while(u8::is_ascii_digit).count();
    after.get(..n_digits)?.parse().ok()
}

/// `trap at .. (_ZN..E): [panic] Assert attempt to .. at file:line:column: line:column failed.`
fn trap(line: &Line<'_>, body: &str) -> Option<Head> {
    if !body.starts_with("trap at ") {
        return None;
    }
    let (before, what) = body.split_once("[panic] ")?;
    let what = what.strip_prefix("Assert ").unwrap_or(what);
    let (message, at) = what.split_once(" at ")?;
    let (place, _) = location::parse_prefix(at)?;
    let symbol = before
        .rsplit_once('(')
        .and_then(|(_, symbol)| symbol.split_once(')'))
        .map(|(symbol, _)| (symbol.to_owned(), line.span_of(symbol)));
    Some(Head {
        kind: TraceKind::Trap,
        message: Some((message.to_owned(), line.span_of(message))),
        location: Some(place.located(line)),
        symbol,
        ..Head::default()
    })
}

/// Whatever a hook of the program's own prints: the word, a place, a message, in any order.
fn custom_hook(line: &Line<'_>, body: &str, word_end: usize) -> Option<Head> {
    let after = body.get(word_end..)?;
    let place = references::find_first(after);
    let message = match place {
        Some(place) => message_beside(after, place.text),
        None => message_after(after),
    };
    Some(Head {
        thread: quoted_thread(body),
        message: message.map(|message| (message.to_owned(), line.span_of(message))),
        location: place.map(|place| place.located(line)),
        is_weak: place.is_none(),
        ..Head::default()
    })
}

/// The message on a line that also holds the place: quoted, or behind the place.
fn message_beside<'a>(after: &'a str, place: &str) -> Option<&'a str> {
    let at = after.find(place)?;
    let (before, behind) = (after.get(..at)?, after.get(at + place.len()..)?);
    let behind = behind.trim_start_matches(|c: char| ":;,.)]'\"`- ".contains(c)).trim();
    if !behind.is_empty() {
        return Some(unquoted(behind));
    }
    let (_, quoted) = before.split_once(['\'', '"'])?;
    let (quoted, _) = quoted.rsplit_once(['\'', '"'])?;
    Some(quoted).filter(|quoted| quoted.contains(' '))
}

/// The message behind `panic: `, `Panic from rust code! `, `panicked with `.
fn message_after(after: &str) -> Option<&str> {
    let (at, mark) = [": ", "! ", "] ", "with "]
        .iter()
        .filter_map(|mark| Some((after.find(mark)?, *mark)))
        .min()?;
    let message = unquoted(after.get(at + mark.len()..)?.trim());
    Some(message).filter(|message| !message.is_empty() && at < 80)
}

fn unquoted(text: &str) -> &str {
    ['"', '\'', '`']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}
