//! Records as `key=value` pairs: logfmt, Go's `slog` and logrus.

use std::borrow::Cow;

use super::head::{Head, level_of_word};
use super::json;
use super::stamp::{self, Clock};

/// Reads a record, or `None` where the line does not begin with a pair and has no message.
pub(super) fn read<'a>(line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
    let mut head = Head { is_structured: true, ..Head::default() };
    let mut message = None;
    let mut error = None;
    let mut rest = line;
    let mut n_pairs = 0;
    while !rest.is_empty() {
        let Some((key, value, after)) = pair(rest) else {
            if n_pairs == 0 {
                return None;
            }
            // A bare word between the pairs.
            rest = rest.get(memchr::memchr(b' ', rest)? + 1..)?;
            continue;
        };
        n_pairs += 1;
        rest = after;
        match key {
            b"msg" | b"message" => message = message.or(Some(value)),
            b"err" | b"error" => error = Some(value),
            b"level" | b"lvl" | b"severity" => head.level = level_of_word(value),
            b"ts" | b"time" | b"timestamp" | b"t" => {
                head.time = stamp::read(value, clock).and_then(|(time, _)| time);
            }
            b"target" | b"logger" | b"module" | b"caller" | b"component"
                if head.target.is_empty() =>
            {
                head.target = Cow::Borrowed(value);
            }
            b"stack" | b"stacktrace" | b"backtrace" | b"exc_info" => {
                head.stack = Some(json::unescaped(value))
            }
            b"status" | b"status_code" | b"code" => {
                head.is_server_error |= value.len() == 3 && value.first() == Some(&b'5');
            }
            _ => {}
        }
        // The known fields come first; a line without them by here is no record.
        if n_pairs == 4 && message.is_none() && head.level.is_none() && head.time.is_none() {
            return None;
        }
    }
    // A single pair is a word with a sign in it.
    if n_pairs < 2 || (head.level.is_none() && head.time.is_none()) {
        return None;
    }
    head.message = json::unescaped(message.or(error)?);
    Some(head)
}

/// Reads `key=value ` or `key="value" `: key, value, rest.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let end = text.iter().take(64).position(|byte| !is_key(byte))?;
    if end == 0 || text.get(end) != Some(&b'=') {
        return None;
    }
    let key = text.get(..end)?;
    let value = text.get(end + 1..)?;
    if let Some(quoted) = value.strip_prefix(b"\"")
        && let Some(close) = json::string_end(quoted)
    {
        return Some((key, quoted.get(..close)?, quoted.get(close + 1..)?.trim_ascii_start()));
    }
    let end = memchr::memchr(b' ', value).unwrap_or(value.len());
    Some((key, value.get(..end)?, value.get(end..)?.trim_ascii_start()))
}
