//! Heads: the first line of a record, split into stamp, level, logger and message.
//!
//! The forms that loggers print by default in many languages share their parts and differ in order
//! and brackets, so the parts are read one after another instead of one pattern a format.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::stamp::{self, Clock, Micros};
use super::{Level, json, logfmt};

/// What a head line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The stamp, where it is a whole one.
    pub(super) time: Option<Micros>,
    /// The level, where the line names one.
    pub(super) level: Option<Level>,
    /// The logger, module or place that the line names; empty where it names none.
    pub(super) target: Cow<'a, [u8]>,
    /// What the statement printed.
    pub(super) message: Cow<'a, [u8]>,
    /// A trace inside the record.
    pub(super) stack: Option<Cow<'a, [u8]>>,
    /// A field says that a server answered with 500 to 599.
    pub(super) is_server_error: bool,
    /// Field names told the parts: nothing of the line was guessed.
    pub(super) is_structured: bool,
}

/// How many words before the message may be no level.
const MAX_PARTS: usize = 7;

/// The name of the field that may say so.
pub(super) const STATUS: &[u8] = b"status";

/// Reads a head, or `None` where the line does not begin as a record does.
pub(super) fn read<'a>(line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
    match line.first()? {
        b'{' => json::read(line, clock),
        b'0'..=b'9' => access_log(line, clock)
            .or_else(|| stamped(line, clock))
            .or_else(|| uptime(line))
            .or_else(|| numbered(line)),
        b'[' => bracketed(line, clock),
        b'-' | b'<' | b'*' | b'|' => after_first_word(line, clock),
        b'A'..=b'Z' => klog(line, clock)
            .or_else(|| stamped(line, clock))
            .or_else(|| begins_with_level(line))
            .or_else(|| after_first_word(line, clock)),
        b'a'..=b'z' | b'_' => logfmt::read(line, clock)
            .or_else(|| begins_with_level(line))
            .or_else(|| after_first_word(line, clock)),
        b' ' | b'\t' => {
            // Loggers pad the level in front: `  INFO text`.
            let rest = line.trim_ascii_start();
            uptime(rest).or_else(|| {
                (line.len() - rest.len() <= 2).then(|| begins_with_level(rest)).flatten()
            })
        }
        _ => None,
    }
}

/// A stamp, then the rest.
fn stamped<'a>(line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
    let (time, len) = stamp::read(line, clock)?;
    let mut head = Head { time, ..Head::default() };
    parts(line.get(len..)?, &mut head);
    Some(head)
}

/// `0.100434877s DEBUG target: text`: the time since the program began.
fn uptime(line: &[u8]) -> Option<Head<'_>> {
    let (seconds, rest) =
        line.split_at_checked(memchr::memchr(b' ', line.get(..24).unwrap_or(line))?)?;
    let digits = seconds.strip_suffix(b"s")?;
    let is_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    if !digits.contains(&b'.') || !digits.iter().all(is_number) {
        return None;
    }
    let mut head = Head::default();
    parts(rest, &mut head);
    head.level.is_some().then_some(head)
}

/// `12 verbose title npm run build`: npm numbers its lines.
fn numbered(line: &[u8]) -> Option<Head<'_>> {
    let digits = line.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    let rest = line.get(digits..)?.strip_prefix(b" ")?;
    let (word, message) =
        rest.split_at_checked(memchr::memchr(b' ', rest.get(..10).unwrap_or(rest))?)?;
    let level = match word {
        b"http" | b"timing" => Level::Info,
        word if word.iter().all(u8::is_ascii_lowercase) => level_of_word(word)?,
        _ => return None,
    };
    let message = Cow::Borrowed(message.trim_ascii_start());
    Some(Head { level: Some(level), message, ..Head::default() })
}

/// `[stamp] LEVEL ...`, `[stamp LEVEL target] ...`, `[LEVEL] ...`.
fn bracketed<'a>(line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
    let close = memchr::memchr(b']', line.get(..200).unwrap_or(line))?;
    let inside = line.get(1..close)?.trim_ascii();
    let rest = line.get(close + 1..)?;
    if let Some((time, len)) = stamp::read(inside, clock) {
        let mut head = Head { time, ..Head::default() };
        // env_logger keeps level and target inside.
        let mut words =
            inside.get(len..)?.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let level = words.next().and_then(level_of_word);
        if level.is_some() {
            head.level = level;
            head.target = Cow::Borrowed(words.next().unwrap_or_default());
            head.message = Cow::Borrowed(rest.trim_ascii_start());
            return Some(head);
        }
        parts(rest, &mut head);
        return Some(head);
    }
    if let Some(level) = level_of_word(inside) {
        let mut head = Head { level: Some(level), ..Head::default() };
        after_level(rest, &mut head);
        return Some(head);
    }
    // `[thread] stamp LEVEL ...`, `[ 1.234] kernel text`.
    let after = rest.trim_ascii_start();
    let (time, len) = stamp::read(after, clock)?;
    let mut head = Head { time, ..Head::default() };
    parts(after.get(len..)?, &mut head);
    Some(head)
}

/// `E0303 14:05:00.123456    1234 file.go:12] text`.
fn klog<'a>(line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
    let level = match line.first()? {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' => Level::Fatal,
        _ => return None,
    };
    let date = line.get(1..5)?;
    if !date.iter().all(u8::is_ascii_digit) || line.get(5) != Some(&b' ') {
        return None;
    }
    let close = memchr::memmem::find(line.get(..200).unwrap_or(line), b"] ")?;
    let place = line.get(..close)?.rsplit(|byte| *byte == b' ').next()?;
    let message = line.get(close + 2..)?;
    // Structured klog quotes its message.
    let quoted = message.strip_prefix(b"\"").and_then(|text| text.get(..json::string_end(text)?));
    Some(Head {
        time: klog_time(date, line.get(6..)?, clock),
        level: Some(level),
        target: Cow::Borrowed(place),
        message: quoted.map_or(Cow::Borrowed(message), json::unescaped),
        ..Head::default()
    })
}

fn klog_time(date: &[u8], time: &[u8], clock: &Clock) -> Option<Micros> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (month, day) = std::str::from_utf8(date).ok()?.split_at_checked(2)?;
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let time = std::str::from_utf8(time.get(..15)?).ok()?;
    stamp::read(format!("{month} {day} {time}").as_bytes(), clock)?.0
}

/// `10.0.0.1 - - [03/Mar/2026:14:05:00 +0000] "GET /x HTTP/1.1" 502 157 ...`.
fn access_log<'a>(line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
    static OPENS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b" ["));
    // A date comes first in most other lines, an address in these.
    if matches!(line.get(4), Some(b'-' | b'/')) {
        return None;
    }
    let open = OPENS.find(line.get(..300).unwrap_or(line))?;
    let (time, len) = stamp::read(line.get(open + 2..)?, clock)?;
    let rest = line.get(open + 2 + len..)?.strip_prefix(b"] \"")?;
    let close = json::string_end(rest)?;
    let status = rest.get(close + 2..close + 5)?;
    if !status.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let method = rest.get(..memchr::memchr(b' ', rest)?)?;
    Some(Head {
        time,
        target: Cow::Borrowed(method),
        message: Cow::Borrowed(line.get(open + 2 + len + 2..)?),
        is_server_error: status.first() == Some(&b'5'),
        ..Head::default()
    })
}

/// `ERROR text`, `error: text`, `ERROR:root:text`.
fn begins_with_level(line: &[u8]) -> Option<Head<'_>> {
    let end = line.iter().take(10).position(|byte| !byte.is_ascii_alphabetic())?;
    let level = level_of_word(line.get(..end)?)?;
    let next = *line.get(end)?;
    let is_lower = line.first()?.is_ascii_lowercase();
    let mut head = Head { level: Some(level), ..Head::default() };
    let rest = line.get(end..)?;
    match next {
        b':' if line
            .get(end + 1)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') =>
        {
            // Python's default: `ERROR:logger:text`.
            let rest = rest.get(1..)?;
            let colon = memchr::memchr(b':', rest.get(..80).unwrap_or(rest))?;
            let logger = rest.get(..colon)?;
            if memchr::memchr(b' ', logger).is_some() {
                return None;
            }
            head.target = Cow::Borrowed(logger);
            head.message = Cow::Borrowed(rest.get(colon + 1..)?);
        }
        b':' => head.message = Cow::Borrowed(rest.get(1..)?.trim_ascii_start()),
        // Prose begins with such words in lower case.
        b' ' | b'\t' | b']' if !is_lower => after_level(rest, &mut head),
        _ => return None,
    }
    Some(head)
}

/// A word of another program before the stamp: a file name, a host, a category.
fn after_first_word<'a>(line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
    let mut at = 0;
    for _ in 0..2 {
        at += memchr::memchr(b' ', line.get(at..)?.get(..120).unwrap_or(line.get(at..)?))? + 1;
        let rest = line.get(at..)?;
        if rest.first().is_some_and(u8::is_ascii_digit)
            && let Some((time, len)) = stamp::read(rest, clock)
        {
            let mut head = Head { time, ..Head::default() };
            parts(rest.get(len..)?, &mut head);
            return Some(head);
        }
    }
    None
}

/// Reads what stands between the stamp and the message.
fn parts<'a>(rest: &'a [u8], head: &mut Head<'a>) {
    let rest = separators(rest);
    let mut at = rest;
    // Where the message begins if no level comes.
    let mut message = rest;
    let mut is_plain = true;
    for _ in 0..MAX_PARTS {
        if at.first() == Some(&b'[') {
            let Some((inside, after)) = bracket(at) else { break };
            at = separators(after);
            if let Some(level) = level_in(inside) {
                head.level = Some(level);
                after_level(after, head);
                return;
            }
            if is_logger(inside) {
                head.target = Cow::Borrowed(inside);
            }
            if is_plain {
                message = at;
            }
            continue;
        }
        let end = memchr::memchr2(b' ', b'\t', at).unwrap_or(at.len());
        let Some(word) = at.get(..end).filter(|word| !word.is_empty()) else { break };
        let bare = word.strip_suffix(b":").unwrap_or(word);
        if let Some(level) =
            level_of_word(bare).filter(|_| is_plain || bare[0].is_ascii_uppercase())
        {
            head.level = Some(level);
            after_level(at.get(end..).unwrap_or_default(), head);
            return;
        }
        let is_number = bare.iter().all(|byte| byte.is_ascii_digit() || *byte == b'#');
        if is_logger(bare) && head.target.is_empty() {
            head.target = Cow::Borrowed(bare);
        }
        at = separators(at.get(end..).unwrap_or_default());
        if is_number && is_plain {
            message = at;
        }
        is_plain &= is_number;
    }
    head.target = Cow::Borrowed(b"");
    logger_and_message(message, head);
}

/// Reads what stands between the level and the message.
fn after_level<'a>(rest: &'a [u8], head: &mut Head<'a>) {
    let mut at = rest.strip_prefix(b"]").unwrap_or(rest);
    for _ in 0..MAX_PARTS {
        at = at.trim_ascii_start();
        match at {
            [b'-' | b':' | b'|', b' ' | b'\t', after @ ..] => {
                at = after;
                break;
            }
            [b':', after @ ..] => at = after,
            [b'-', b'-', b'-', after @ ..] => at = after,
            [b'[', ..] => {
                let Some((inside, after)) = bracket(at) else { break };
                // What is in the middle of a sentence is not a part.
                if inside.len() > 120 || inside.is_empty() {
                    break;
                }
                if head.target.is_empty() && is_logger(inside) {
                    head.target = Cow::Borrowed(inside);
                }
                at = after;
            }
            [b'(', ..] => {
                let Some(close) = memchr::memchr(b')', at.get(..60).unwrap_or(at)) else { break };
                let Some(after) = at.get(close + 1..).and_then(|after| after.strip_prefix(b":"))
                else {
                    break;
                };
                at = after;
                break;
            }
            _ => {
                let end = memchr::memchr2(b' ', b'\t', at).unwrap_or(at.len());
                let (word, after) = at.split_at_checked(end).unwrap_or((at, b""));
                let is_thread = word.starts_with(b"ThreadId(");
                let is_process = !word.is_empty()
                    && word.iter().all(u8::is_ascii_digit)
                    && after.trim_ascii_start().starts_with(b"--");
                if !is_thread && !is_process {
                    break;
                }
                at = after;
            }
        }
    }
    logger_and_message(at.trim_ascii_start(), head);
}

/// Splits `logger: message`, `logger - message`, `span{..}: logger: message`.
fn logger_and_message<'a>(text: &'a [u8], head: &mut Head<'a>) {
    let mut at = text;
    for _ in 0..4 {
        let end = memchr::memchr2(b' ', b'\t', at.get(..200).unwrap_or(at)).unwrap_or(at.len());
        let Some(word) = at.get(..end) else { break };
        let after = at.get(end..).unwrap_or_default();
        // A span of `tracing`, with its fields.
        if let Some(open) = memchr::memchr(b'{', word)
            && open > 0
            && word.get(..open).is_some_and(is_chain)
            && let Some(close) =
                memchr::memmem::find(at, b"}: ").or_else(|| memchr::memmem::find(at, b"}:"))
        {
            at = at.get(close + 2..).unwrap_or_default().trim_ascii_start();
            continue;
        }
        if let Some(name) = word.strip_suffix(b":") {
            let is_target = is_logger(name) || (is_name(name) && !name[0].is_ascii_uppercase());
            // After a level of its own a word with a colon is a logger; without one, prose.
            // Spans without fields: `main:exec: target: text`.
            if is_chain(name) && name.contains(&b':') {
                at = after.trim_ascii_start();
                continue;
            }
            if is_target && (head.level.is_some() || is_logger(name)) && !after.is_empty() {
                head.target = Cow::Borrowed(name);
                at = after.trim_ascii_start();
            }
            break;
        }
        if is_logger(word) && head.level.is_some() {
            let rest = after.trim_ascii_start();
            if let Some(rest) = rest.strip_prefix(b"- ").or_else(|| rest.strip_prefix(b": ")) {
                head.target = Cow::Borrowed(word);
                at = rest;
                break;
            }
            // The logger stands in a column of its own before the request's id, or after a tab.
            if rest.starts_with(b"[") || (after.first() == Some(&b'\t') && end > 0) {
                if head.target.is_empty() {
                    head.target = Cow::Borrowed(word);
                }
                at = match bracket(rest) {
                    Some((inside, after)) if inside.len() < 160 => after.trim_ascii_start(),
                    _ => rest,
                };
                if after.first() == Some(&b'\t') {
                    continue;
                }
            }
        }
        break;
    }
    head.message = Cow::Borrowed(at);
}

/// Says whether a field of a plain line says 500 to 599; `text` begins with the field's `status`.
pub(super) fn says_server_error(text: &[u8]) -> bool {
    let rest = text.get(STATUS.len()..).unwrap_or_default();
    let rest = rest.strip_prefix(b"_code").unwrap_or(rest);
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let Some((b'=' | b':', rest)) = rest.split_first() else { return false };
    let value = rest.strip_prefix(b" ").unwrap_or(rest);
    matches!(value, [b'5', b'0'..=b'9', b'0'..=b'9', rest @ ..]
        if rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric()))
}

/// Skips blanks and the signs that separate parts.
fn separators(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        match text {
            [b'-' | b'|' | b':', b' ' | b'\t', rest @ ..] => text = rest,
            [b'-', b'-', b'-', rest @ ..] => text = rest,
            [b':' | b']', rest @ ..] => text = rest,
            _ => return text,
        }
    }
}

/// Splits a leading group in brackets off; brackets inside nest.
fn bracket(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate().take(256) {
        match byte {
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some((text.get(1..at)?, text.get(at + 1..)?));
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns the level in a bracket: `error`, ` WARN`, `core:error`.
fn level_in(inside: &[u8]) -> Option<Level> {
    if inside.len() > 24 {
        return None;
    }
    inside.split(|byte| matches!(byte, b' ' | b':')).find_map(level_of_word)
}

/// Says whether a word looks like the name of a logger or a module: dotted or with `::`.
fn is_logger(word: &[u8]) -> bool {
    if !(3..=100).contains(&word.len()) || !word.first().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let (mut n_digits, mut has_mark) = (0, false);
    for byte in word {
        match byte {
            b'0'..=b'9' => n_digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' | b'<' | b'>' | b'@' => {}
            b'.' | b':' | b'$' | b'/' => has_mark = true,
            _ => return false,
        }
    }
    has_mark && !word.ends_with(b".") && n_digits * 3 < word.len()
}

/// Says whether a word is names with a colon between them: spans, the outermost first.
fn is_chain(word: &[u8]) -> bool {
    word.len() <= 200 && word.split(|byte| *byte == b':').all(is_name)
}

/// Says whether a word is a plain name.
fn is_name(word: &[u8]) -> bool {
    !word.is_empty()
        && word.len() <= 60
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && word[0].is_ascii_alphabetic()
}

/// Reads a level's name. Words in prose do not count: `Error` opens many a sentence, so plain
/// words must be all upper or all lower case.
pub(super) fn level_of_word(word: &[u8]) -> Option<Level> {
    Some(match word {
        b"INFO" | b"info" | b"NOTICE" | b"notice" | b"INF" | b"CONFIG" | b"LOG" => Level::Info,
        b"DEBUG" | b"debug" | b"DBG" | b"FINE" | b"verbose" | b"VERBOSE" => Level::Debug,
        b"WARN" | b"warn" | b"WARNING" | b"warning" | b"WRN" => Level::Warn,
        b"ERROR" | b"error" | b"ERR" | b"err" | b"SEVERE" => Level::Error,
        b"TRACE" | b"trace" | b"TRC" | b"FINER" | b"FINEST" | b"silly" => Level::Trace,
        b"FATAL" | b"fatal" | b"CRITICAL" | b"critical" | b"CRIT" | b"crit" | b"ALERT"
        | b"alert" | b"EMERG" | b"emerg" | b"PANIC" | b"panic" | b"dpanic" | b"FTL" => Level::Fatal,
        _ => return None,
    })
}

/// Reads a level as syslog numbers them, 0 the most severe.
pub(super) fn level_of_priority(number: u32) -> Level {
    match number {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warn,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    }
}
