//! The time of a deploy, as people say it.

use jiff::tz::TimeZone;

use super::report::{DeployHow, DeployTime};
use super::stamp::{self, Clock, Micros};
use super::{envelope, head};

const MINUTE: Micros = 60_000_000;
const DAY: Micros = 24 * 60 * MINUTE;

impl DeployTime {
    /// Returns the time in microseconds since 1970.
    pub fn micros(&self) -> Option<i64> {
        super::change::time(&self.at)
    }
}

/// Reads when a change went out: a whole stamp, `14:05`, or words with times in them.
///
/// Of "14:00 fine, 14:05 failing" the last good time counts: the change lies behind it. `day` is a
/// time of the log, for times without a date.
pub fn deploy_time(words: &str, day: Option<i64>, zone: Option<&TimeZone>) -> Option<DeployTime> {
    let words = words.trim();
    let clock = Clock::new(zone.cloned(), None);
    if let Some((Some(at), len)) = stamp::read(words.as_bytes(), &clock) {
        let how = if len == words.len() { DeployHow::Given } else { DeployHow::Words };
        return told(at, how, words);
    }
    let times = times(words);
    let is_good = |says: &str| {
        ["fine", "ok", "good", "works", "worked", "healthy", "green"]
            .iter()
            .any(|it| says.contains(it))
    };
    let good = times.iter().rev().find(|(_, says)| is_good(says));
    let (minutes, _) = *good.or(times.first())?;
    let how =
        if times.len() == 1 && words.len() <= 8 { DeployHow::Given } else { DeployHow::Words };
    let day = day?;
    // The clock time of the log's own day, or of the next where the log runs past midnight.
    let clock_time = |midnight: Micros| midnight + minutes * MINUTE;
    let shown = stamp::show(day)?;
    let date = shown.get(..10)?;
    let (local_midnight, _) = stamp::read(format!("{date} 00:00:00").as_bytes(), &clock)?;
    let mut at = clock_time(local_midnight?);
    if at < day - DAY / 2 {
        at += DAY;
    }
    told(at, how, words)
}

fn told(at: Micros, how: DeployHow, words: &str) -> Option<DeployTime> {
    Some(DeployTime { at: stamp::show(at)?, how, evidence: words.to_owned(), line: None })
}

/// Finds `14:05` and what is said after each, in lower case: minutes of the day and words.
fn times(words: &str) -> Vec<(i64, String)> {
    let lower = words.to_ascii_lowercase();
    let mut found: Vec<(i64, String)> = Vec::new();
    for word in lower.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')')) {
        let time = word.split_once(':').and_then(|(hours, rest)| {
            let minutes = rest.get(..2)?;
            let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
            (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
        });
        match (time, found.last_mut()) {
            (Some(time), _) => found.push((time, String::new())),
            (None, Some((_, says))) => {
                says.push_str(word);
                says.push(' ');
            }
            (None, None) => {}
        }
    }
    found
}

/// Returns the first whole stamp of a log, in microseconds since 1970.
pub fn first_stamp(start: &[u8], zone: Option<&TimeZone>) -> Option<i64> {
    let clock = Clock::new(zone.cloned(), super::year_in(start));
    let mut buffer = Vec::new();
    start.split(|byte| *byte == b'\n').take(1000).find_map(|line| {
        let envelope = envelope::open(line, &clock, &mut buffer);
        let body = envelope.body.unwrap_or(&buffer);
        head::read(body, &clock).and_then(|head| head.time).or(envelope.time)
    })
}

#[cfg(test)]
mod tests;
