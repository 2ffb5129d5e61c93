//! Records: a head line and the lines that continue it, with its level, time and message.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use super::Level;
use crate::text::ByteSpan;

/// One record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Line of the head, from 1.
    pub(super) line: u64,
    /// Head and continuation lines in the input.
    pub(super) span: ByteSpan,
    /// The head line as it stands, without its end.
    pub(super) text: &'a str,
    /// What the head says without stamp and level; of a JSON record the message field.
    pub(super) message: Cow<'a, str>,
    /// The level.
    pub(super) level: Level,
    /// The time, where the head has a stamp of a known form.
    pub(super) time: Option<Timestamp>,
}

/// Splits `text` into records. Blank lines end nothing and start nothing.
pub(super) fn records(text: &str) -> impl Iterator<Item = Record<'_>> {
    let mut lines = lines(text).peekable();
    std::iter::from_fn(move || {
        let (line, span, head) = lines.find(|(_, _, line)| !line.trim().is_empty())?;
        let mut record = read_head(line, span, head);
        // Since Rust 1.73 a panic's message stands on the lines after its place.
        if head.contains(" panicked at ")
            && head.ends_with(':')
            && let Some((_, span, message)) = lines.next_if(|(_, _, line)| !line.trim().is_empty())
        {
            record.span.end = span.end;
            record.message = Cow::Borrowed(message.trim());
        }
        while let Some((_, span, _)) = lines.next_if(|(_, _, line)| continues(line)) {
            record.span.end = span.end;
        }
        Some(record)
    })
}

/// Iterates over `(line from 1, span without the line's end, text)`.
fn lines(text: &str) -> impl Iterator<Item = (u64, ByteSpan, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').zip(1..).map(move |(line, number)| {
        let content = line.trim_end_matches(['\n', '\r']);
        let span = ByteSpan::new(start, start + content.len());
        start += line.len();
        (number, span, content)
    })
}

/// Says whether a line belongs to the record before it: indented, or a part of a trace.
fn continues(line: &str) -> bool {
    line.starts_with([' ', '\t', '}', ')'])
        || line.trim().is_empty()
        || ["stack backtrace:", "note: ", "Caused by:", "Traceback (", "Stack backtrace:"]
            .iter()
            .any(|start| line.starts_with(start))
}

fn read_head(line: u64, span: ByteSpan, text: &str) -> Record<'_> {
    if text.starts_with('{')
        && let Some(record) = read_json(line, span, text)
    {
        return record;
    }
    let (time, rest) = split_stamp(text);
    let (level, message) = split_level(rest);
    Record { line, span, text, message: Cow::Borrowed(message.trim()), level, time }
}

/// Reads a record in JSON; the field names are those of the loggers that people use.
fn read_json(line: u64, span: ByteSpan, text: &str) -> Option<Record<'_>> {
    let record: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let fields = record.get("fields").and_then(serde_json::Value::as_object);
    let text_field = |names: &[&str]| {
        names.iter().find_map(|name| {
            let value = record.get(*name).or_else(|| fields?.get(*name))?;
            value.as_str().map(str::to_owned)
        })
    };
    let level = text_field(&["level", "severity", "lvl", "log.level"])
        .and_then(|level| level_of_word(&level))
        .or_else(|| Some(level_of_number(record.get("level")?.as_u64()?)))
        .unwrap_or_default();
    let time = text_field(&["timestamp", "time", "ts", "@timestamp"])
        .and_then(|stamp| Timestamp::from_str(&stamp).ok());
    let message = text_field(&["message", "msg", "log", "error"])?;
    Some(Record { line, span, text, message: Cow::Owned(message), level, time })
}

/// A date and a time with the separators that loggers use, with or without a zone.
static STAMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?\]?[ \t:-]*",
    )
    .expect("the pattern is a constant")
});

/// Splits a leading time stamp off; a stamp without a zone counts as UTC.
fn split_stamp(text: &str) -> (Option<Timestamp>, &str) {
    let Some(found) = STAMP.captures(text) else { return (None, text) };
    let part = |number| found.get(number).map_or("", |part| part.as_str());
    let fraction = if part(3).is_empty() { "0" } else { part(3) };
    let zone = if part(4).is_empty() { "Z" } else { part(4) };
    let stamp = format!("{}T{}.{fraction}{zone}", part(1), part(2));
    let rest = found.get(0).and_then(|whole| text.get(whole.end()..)).unwrap_or(text);
    (Timestamp::from_str(&stamp).ok(), rest)
}

/// Splits the level off, where one of the first words is one.
fn split_level(text: &str) -> (Level, &str) {
    const MAX_WORDS: usize = 4;
    let mut rest = text;
    for _ in 0..MAX_WORDS {
        let word = rest.split_whitespace().next().unwrap_or_default();
        let value = word.strip_prefix("level=").unwrap_or(word);
        if let Some(level) = level_of_word(value.trim_matches(['[', ']', '<', '>', ':', '"'])) {
            let start = rest.find(word).unwrap_or_default() + word.len();
            return (level, rest.get(start..).unwrap_or_default());
        }
        let start = rest.find(word).unwrap_or_default() + word.len();
        rest = rest.get(start..).unwrap_or_default();
    }
    let level = if text.contains(" panicked at ") { Level::Fatal } else { Level::Info };
    (level, text)
}

/// Reads a level's name. Words in prose do not count: `Error` opens many a sentence, so plain
/// words must be all upper or all lower case.
fn level_of_word(word: &str) -> Option<Level> {
    let is_upper = word.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_lower = word.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_upper && !is_lower {
        return None;
    }
    Some(match word.to_ascii_lowercase().as_str() {
        "trace" => Level::Trace,
        "debug" => Level::Debug,
        "info" | "notice" => Level::Info,
        "warn" | "warning" => Level::Warn,
        "error" | "err" => Level::Error,
        "fatal" | "critical" | "crit" | "alert" | "emerg" | "panic" => Level::Fatal,
        _ => return None,
    })
}

/// Reads a level as bunyan and pino number them.
fn level_of_number(number: u64) -> Level {
    match number {
        0..=19 => Level::Trace,
        20..=29 => Level::Debug,
        30..=39 => Level::Info,
        40..=49 => Level::Warn,
        50..=59 => Level::Error,
        _ => Level::Fatal,
    }
}
