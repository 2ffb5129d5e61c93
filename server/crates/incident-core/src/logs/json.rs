//! Records in JSON, one a line, read by the field names of the loggers that people use.
//!
//! One flat pass that looks into known fields only; a line that is no whole object is text.

use std::borrow::Cow;

use super::head::{Head, level_of_word};
use super::stamp::{self, Clock};
use super::{Level, head};

/// Reads a record, or `None` where the line is no object with a message.
pub(super) fn read<'a>(line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
    if line.trim_ascii_end().last() != Some(&b'}') {
        return None;
    }
    let mut fields = Fields::default();
    fields.object(line.get(1..)?, 0)?;
    let message = fields.message.or(fields.error_text)?;
    let mut head = Head { message: unescaped(message), is_structured: true, ..Head::default() };
    head.level = fields.level.and_then(level_of_value).or_else(|| {
        let number = std::str::from_utf8(fields.priority?).ok()?.parse().ok()?;
        Some(head::level_of_priority(number))
    });
    head.time = fields.time.and_then(|time| {
        stamp::read(time, clock).and_then(|(time, _)| time).or_else(|| Some(stamp::epoch(time)?.0))
    });
    head.target = fields.target.map(Cow::Borrowed).unwrap_or_default();
    head.stack = fields.stack.filter(|stack| stack.len() > 8).map(unescaped);
    head.is_server_error =
        fields.status.is_some_and(|status| status.len() == 3 && status[0] == b'5');
    Some(head)
}

/// The known fields of a record, as they stand between their quotes.
#[derive(Default)]
struct Fields<'a> {
    message: Option<&'a [u8]>,
    error_text: Option<&'a [u8]>,
    level: Option<&'a [u8]>,
    priority: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    target: Option<&'a [u8]>,
    stack: Option<&'a [u8]>,
    status: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// Reads the fields after an opening brace; returns what follows the closing one.
    fn object(&mut self, mut rest: &'a [u8], depth: u8) -> Option<&'a [u8]> {
        loop {
            rest = rest.trim_ascii_start();
            match rest.first()? {
                b'}' => return rest.get(1..),
                b',' => rest = rest.get(1..)?,
                b'"' => {
                    let end = string_end(rest.get(1..)?)?;
                    let key = rest.get(1..=end)?;
                    rest = rest.get(end + 2..)?.trim_ascii_start().strip_prefix(b":")?;
                    rest = self.value(key, rest.trim_ascii_start(), depth)?;
                }
                _ => return None,
            }
        }
    }

    fn value(&mut self, key: &'a [u8], rest: &'a [u8], depth: u8) -> Option<&'a [u8]> {
        match rest.first()? {
            b'"' => {
                let end = string_end(rest.get(1..)?)?;
                self.take(key, rest.get(1..=end)?, depth, true);
                rest.get(end + 2..)
            }
            b'{' if depth < 2
                && matches!(key, b"fields" | b"err" | b"error" | b"log" | b"exception") =>
            {
                let mut inner = Fields::default();
                let rest = inner.object(rest.get(1..)?, depth + 1)?;
                self.adopt(key, inner);
                Some(rest)
            }
            b'{' | b'[' => skip_nested(rest),
            _ => {
                let end = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?;
                self.take(key, rest.get(..end)?.trim_ascii_end(), depth, false);
                rest.get(end..)
            }
        }
    }

    fn take(&mut self, key: &[u8], value: &'a [u8], depth: u8, is_text: bool) {
        let slot = match key {
            b"message" | b"msg" | b"MESSAGE" | b"@m" | b"short_message" | b"event"
            | b"textPayload"
                if is_text =>
            {
                &mut self.message
            }
            b"log" if is_text => &mut self.message,
            b"level" | b"severity" | b"lvl" | b"levelname" | b"log.level" | b"loglevel" | b"@l"
            | b"severity_text" => &mut self.level,
            b"PRIORITY" => &mut self.priority,
            b"timestamp"
            | b"time"
            | b"ts"
            | b"@timestamp"
            | b"asctime"
            | b"@t"
            | b"datetime"
            | b"__REALTIME_TIMESTAMP"
            | b"eventTime"
            | b"date" => &mut self.time,
            b"target" | b"logger" | b"logger_name" | b"loggerName" | b"name" | b"log.logger"
            | b"module" | b"category" | b"SYSLOG_IDENTIFIER"
                if is_text =>
            {
                &mut self.target
            }
            b"stack" | b"stacktrace" | b"stack_trace" | b"backtrace" | b"exc_info"
            | b"exception" | b"traceback" | b"error.stack_trace" | b"thrown"
                if is_text =>
            {
                &mut self.stack
            }
            b"error" | b"err" if is_text => &mut self.error_text,
            b"status" | b"status_code" | b"statusCode" | b"http.status_code" | b"code"
                if !is_text || value.len() == 3 =>
            {
                &mut self.status
            }
            _ => return,
        };
        // The outermost wins, and the first of several.
        if slot.is_none() || depth == 0 && key == b"message" {
            *slot = Some(value);
        }
    }

    fn adopt(&mut self, key: &[u8], inner: Fields<'a>) {
        let or = |mine: &mut Option<&'a [u8]>, other: Option<&'a [u8]>| *mine = mine.or(other);
        or(&mut self.stack, inner.stack);
        if key == b"fields" || key == b"log" {
            or(&mut self.message, inner.message);
            or(&mut self.level, inner.level);
            or(&mut self.status, inner.status);
            or(&mut self.target, inner.target);
        } else {
            or(&mut self.error_text, inner.message);
        }
        or(&mut self.error_text, inner.error_text);
    }
}

/// Returns the offset of the quote that ends a string; `text` begins inside it.
pub(super) fn string_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(found) == Some(&b'"') {
            return Some(found);
        }
        at = found + 2;
    }
}

/// Skips an object or a list, without recursion.
pub(super) fn skip_nested(text: &[u8]) -> Option<&[u8]> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(at + 1..);
                }
            }
            b'"' => at += 1 + string_end(text.get(at + 1..)?)?,
            _ => {}
        }
        at += 1;
    }
}

fn level_of_value(value: &[u8]) -> Option<Level> {
    if let Some(level) = level_of_word(value) {
        return Some(level);
    }
    if value.first()?.is_ascii_digit() {
        return Some(match std::str::from_utf8(value).ok()?.parse::<u32>().ok()? {
            // Bunyan and pino count in tens, syslog from the most severe.
            number @ 0..=7 => head::level_of_priority(number),
            8..=19 => Level::Trace,
            20..=29 => Level::Debug,
            30..=39 => Level::Info,
            40..=49 => Level::Warn,
            50..=59 => Level::Error,
            _ => Level::Fatal,
        });
    }
    // `Information`, `Warning`, `Error` as .NET spells them.
    level_of_word(&value.to_ascii_lowercase())
}

/// Undoes a string's escapes.
pub(super) fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    unescape_into(text, &mut out);
    Cow::Owned(out)
}

/// Undoes a string's escapes into `out`; a broken escape stays as it is.
pub(super) fn unescape_into(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', text) {
        out.extend_from_slice(text.get(..at).unwrap_or_default());
        let escape = text.get(at + 1).copied();
        text = text.get(at + 2..).unwrap_or_default();
        match escape {
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'b' | b'f') => out.push(b' '),
            Some(b'u') => {
                let (c, len) = unicode(text);
                text = text.get(len..).unwrap_or_default();
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
    out.extend_from_slice(text);
}

/// Reads the digits after `\u`, with the second half of a pair: the character and their length.
fn unicode(text: &[u8]) -> (char, usize) {
    let unit = |at: usize| {
        let digits = std::str::from_utf8(text.get(at..at + 4)?).ok()?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, 0) };
    if (0xd800..0xdc00).contains(&first)
        && text.get(4..6) == Some(b"\\u")
        && let Some(second) = unit(6).filter(|second| (0xdc00..0xe000).contains(second))
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 10);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 4)
}
