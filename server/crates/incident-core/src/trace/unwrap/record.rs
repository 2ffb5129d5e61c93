//! Log records that hold a text in a field: JSON, logfmt, and newlines that were escaped.
//!
//! A panic that a hook logged in named fields (`panic.location`, `panic.payload`, ..) comes out as
//! the text that the standard hook would have printed, so that one reader serves both.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{Line, LineBuilder};

/// A record inside a record inside a record; deeper ones are left as they are.
const MAX_DEPTH: usize = 3;
/// Nested objects beyond this depth have no names of their own.
const MAX_KEYS: usize = 32;

static ESCAPED_NEWLINE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\n"));
static PANIC: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("anic"));
static QUOTED_VALUE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("=\""));

/// One named value of a record.
#[derive(Clone, Debug)]
struct Field<'a> {
    /// All its keys, outermost first, joined by dots.
    key: String,
    /// The value as it stands in the line, without quotes, escapes and all.
    raw: &'a str,
}

/// Hands out the lines inside `line`; returns `false` where it is no record of interest.
pub(super) fn expand<'t>(line: &Line<'t>, depth: usize, visit: &mut dyn FnMut(Line<'t>)) -> bool {
    let body = line.body();
    let bytes = body.as_bytes();
    let has_newline = ESCAPED_NEWLINE.find(bytes).is_some();
    let has_panic = PANIC.find(bytes).is_some();
    if depth >= MAX_DEPTH || !(has_newline || has_panic) {
        return false;
    }
    let fields = if body.trim_start().starts_with('{') {
        json_fields(body)
    } else if QUOTED_VALUE.find(bytes).is_some() {
        logfmt_fields(body)
    } else {
        Vec::new()
    };
    if panic_fields(line, &fields, visit) {
        return true;
    }
    let mut found = false;
    for field in fields.iter().filter(|field| is_interesting(field.raw)) {
        found = true;
        decode(line, field.raw, &mut |inner| super::hand_out(inner, depth + 1, visit));
    }
    if found {
        return true;
    }
    if has_newline && has_escaped_lines(body) {
        decode(line, body, &mut |inner| super::hand_out(inner, MAX_DEPTH, visit));
        return true;
    }
    false
}

fn is_interesting(raw: &str) -> bool {
    ESCAPED_NEWLINE.find(raw.as_bytes()).is_some() || raw.contains("panicked at")
}

/// Says whether `\n` stands for a line end here, and not for a folder of Windows.
fn has_escaped_lines(body: &str) -> bool {
    const STARTS: [&str; 8] = [
        " ",
        "\\n",
        "stack backtrace",
        "Stack backtrace",
        "note: ",
        "thread '",
        "Caused by",
        "\\t",
    ];
    let is_trace =
        ["panicked at", "backtrace", "\\n  ", "Caused by:"].iter().any(|mark| body.contains(mark));
    is_trace
        && body
            .match_indices("\\n")
            .take(64)
            .filter_map(|(at, mark)| body.get(at + mark.len()..))
            .any(|rest| STARTS.iter().any(|start| rest.starts_with(start)))
}

/// Collects the string and number values of a JSON object; tolerant of a cut end.
fn json_fields(body: &str) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    let mut depth = 0usize;
    let mut key = "";
    let bytes = body.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => {
                if depth > 0 && keys.len() < MAX_KEYS {
                    keys.push(key);
                }
                depth += 1;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                keys.truncate(depth.saturating_sub(1));
            }
            b'"' => {
                let (raw, end) = quoted(body, at + 1);
                at = end;
                let after = bytes.get(at..).unwrap_or_default();
                let colon = after.iter().position(|byte| !byte.is_ascii_whitespace());
                if colon.and_then(|colon| after.get(colon)) == Some(&b':') {
                    key = raw;
                } else {
                    fields.push(Field { key: joined(&keys, key), raw });
                }
                continue;
            }
            b'0'..=b'9' => {
                let n_digits =
                    bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit());
                let end = at + n_digits.count();
                if key.contains("line") || key.contains("col") {
                    let raw = body.get(at..end).unwrap_or_default();
                    fields.push(Field { key: joined(&keys, key), raw });
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    fields
}

fn joined(keys: &[&str], key: &str) -> String {
    let mut path = String::new();
    for part in keys.iter().take(4) {
        path.push_str(part);
        path.push('.');
    }
    path + key
}

/// Collects the values of `key="value"` and `key=value`.
fn logfmt_fields(body: &str) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let mut at = 0;
    while let Some(found) = body.get(at..).and_then(|rest| rest.find('=')) {
        let equals = at + found;
        at = equals + 1;
        let before = body.get(..equals).unwrap_or_default();
        let key_len = before
            .bytes()
            .rev()
            .take(64)
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'@'))
            .count();
        let key = before.get(before.len() - key_len..).unwrap_or_default();
        if key.is_empty() {
            continue;
        }
        let rest = body.get(at..).unwrap_or_default();
        let raw = if rest.starts_with('"') {
            let (raw, end) = quoted(body, at + 1);
            at = end;
            raw
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            at += end;
            rest.get(..end).unwrap_or_default()
        };
        fields.push(Field { key: key.to_owned(), raw });
    }
    fields
}

/// Returns the inside of the string that starts at `start`, and the offset behind its quote.
fn quoted(body: &str, start: usize) -> (&str, usize) {
    let bytes = body.as_bytes();
    let mut at = start;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return (body.get(start..at).unwrap_or_default(), at + 1);
        }
        at += 2;
    }
    (body.get(start..).unwrap_or_default(), body.len())
}

/// Hands out a panic that is told in named fields, as the standard hook prints it.
fn panic_fields<'t>(
    line: &Line<'t>,
    fields: &[Field<'_>],
    visit: &mut dyn FnMut(Line<'t>),
) -> bool {
    let named = |names: &[&str]| {
        fields.iter().find(|field| {
            let key = field.key.strip_prefix("fields.").unwrap_or(&field.key);
            names.contains(&key)
        })
    };
    let location = named(&["panic.location", "panic_location", "location.panic"]);
    let file = named(&["panic.file", "panic_file", "panic.location.file"]);
    let Some(place) = location.or(file) else { return false };
    let mut head = LineBuilder::default();
    let start = line.span().start;
    if let Some(thread) =
        named(&["panic.thread", "panic_thread", "thread", "thread_name", "threadName"])
    {
        head.replace("thread '", start, 0);
        head.keep_from(line, thread.raw);
        head.replace("' ", start, 0);
    }
    head.replace("panicked at ", start, 0);
    head.keep_from(line, place.raw);
    if location.is_none() {
        for name in ["line", "column"] {
            let keys = [
                format!("panic.{name}"),
                format!("panic_{name}"),
                format!("panic.location.{name}"),
            ];
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let Some(number) = named(&keys) else { break };
            head.replace(":", start, 0);
            head.keep_from(line, number.raw);
        }
    }
    head.replace(":", start, 0);
    visit(head.finish(Some(line)));
    let payload = named(&["panic.payload", "panic.message", "panic_message", "panic_payload"]);
    let backtrace = named(&["panic.backtrace", "panic_backtrace", "backtrace"]);
    for field in [payload, backtrace].into_iter().flatten() {
        decode(line, field.raw, &mut |inner| super::hand_out(inner, MAX_DEPTH, visit));
    }
    true
}

/// Undoes the escapes of `raw`, a part of `line`, and hands it out line by line.
fn decode(line: &Line<'_>, raw: &str, visit: &mut dyn FnMut(Line<'static>)) {
    let mut n_lines = 0;
    let mut builder = LineBuilder::default();
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let Some((plain, escaped)) = rest.split_at_checked(at) else { break };
        builder.keep_from(line, plain);
        let (text, len) = escape(escaped);
        let Some((source, behind)) = escaped.split_at_checked(len) else { break };
        match text {
            Some('\n') => {
                n_lines += 1;
                visit(std::mem::take(&mut builder).finish(Some(line)));
            }
            Some(c) => {
                let span = line.span_of(source);
                builder.replace(c.encode_utf8(&mut [0; 4]), span.start, span.len());
            }
            // No escape that is known: it stands for itself.
            None => builder.keep_from(line, source),
        }
        rest = behind;
    }
    // A newline at the end ends the last line, it does not start another one.
    if !rest.is_empty() || n_lines == 0 || !builder.is_empty() {
        builder.keep_from(line, rest);
        visit(builder.finish(Some(line)));
    }
}

/// Reads the escape that `text` starts with: the character it stands for, and its length.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(letter) = text.chars().nth(1) else { return (None, text.len()) };
    let simple = match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' | 'f' => ' ',
        '"' | '\\' | '/' | '\'' => letter,
        'u' => return unicode_escape(text),
        'x' => {
            let code = text.get(2..4).and_then(|hex| u8::from_str_radix(hex, 16).ok());
            return code.map_or((None, 2), |code| (Some(char::from(code)), 4));
        }
        _ => return (None, 1 + letter.len_utf8()),
    };
    (Some(simple), 2)
}

/// `\u001b`, a surrogate pair of them, or `\u{1b}` of Rust.
fn unicode_escape(text: &str) -> (Option<char>, usize) {
    if let Some((hex, _)) = text.strip_prefix("\\u{").and_then(|rest| rest.split_once('}'))
        && hex.len() <= 6
    {
        let c = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
        return (c, "\\u{}".len() + hex.len());
    }
    let unit = |at: usize| text.get(at..at + 4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let Some(first) = unit(2) else { return (None, 2) };
    if let Some(c) = char::from_u32(u32::from(first)) {
        return (Some(c), 6);
    }
    let second = text.get(6..8).filter(|mark| *mark == "\\u").and_then(|_| unit(8));
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    match pair {
        Some(c) => (Some(c), 12),
        None => (Some(char::REPLACEMENT_CHARACTER), 6),
    }
}
