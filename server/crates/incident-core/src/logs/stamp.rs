//! Time stamps in the forms that loggers print, read from bytes without a regular expression.

use std::cell::Cell;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Microseconds since 1970 in UTC.
pub(super) type Micros = i64;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;

/// What stamps without a zone or a year are read with.
#[derive(Debug)]
pub(super) struct Clock {
    /// The zone of stamps that name none; `None` is UTC.
    zone: Option<TimeZone>,
    /// The year of stamps that name none.
    year: Option<i64>,
    /// `(hour since 1970 in local time, offset in seconds)` of the last look-up.
    last_offset: Cell<(i64, i64)>,
    /// A stamp without a zone was read.
    pub(super) saw_no_zone: Cell<bool>,
}

impl Clock {
    pub(super) fn new(zone: Option<TimeZone>, year: Option<i16>) -> Self {
        Self {
            zone,
            year: year.map(i64::from),
            last_offset: Cell::new((i64::MIN, 0)),
            saw_no_zone: Cell::new(false),
        }
    }

    /// Returns the offset from UTC at `local` seconds, in seconds.
    fn offset(&self, local: i64) -> i64 {
        let Some(zone) = &self.zone else { return 0 };
        let hour = local.div_euclid(3600);
        let (last_hour, last) = self.last_offset.get();
        if hour == last_hour {
            return last;
        }
        let offset = jiff::Timestamp::from_second(local)
            .ok()
            .map(|as_utc| TimeZone::UTC.to_datetime(as_utc))
            .and_then(|civil: DateTime| zone.to_ambiguous_timestamp(civil).compatible().ok())
            .map_or(0, |time| i64::from(zone.to_offset(time).seconds()));
        self.last_offset.set((hour, offset));
        offset
    }

    fn in_utc(&self, local: i64, fraction: i64) -> Micros {
        self.saw_no_zone.set(true);
        (local - self.offset(local)) * SECOND + fraction
    }
}

/// Reads a stamp at the start of `text`: the time, where it is a whole one, and its length.
///
/// A stamp without a date has a length alone.
pub(super) fn read(text: &[u8], clock: &Clock) -> Option<(Option<Micros>, usize)> {
    match text.first()? {
        b'0'..=b'9' => numeric(text, clock),
        b'A'..=b'Z' => named(text, clock),
        _ => None,
    }
}

/// Reads the number of seconds, milliseconds, microseconds or nanoseconds since 1970.
pub(super) fn epoch(text: &[u8]) -> Option<(Micros, usize)> {
    let n_digits = text.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    let number = digits(text, 0, n_digits)?;
    let micros = match n_digits {
        10 => {
            let (fraction, len) = fraction(text, 10);
            return Some((number * SECOND + fraction, len));
        }
        13 => number * 1000,
        16 => number,
        19 => number / 1000,
        _ => return None,
    };
    // `1.7e12` milliseconds may have a fraction of their own.
    let (_, len) = fraction(text, n_digits);
    Some((micros, len))
}

/// Shows a time as RFC 3339 in UTC.
pub(super) fn show(micros: Micros) -> Option<String> {
    jiff::Timestamp::from_microsecond(micros).ok().map(|time| time.to_string())
}

fn numeric(text: &[u8], clock: &Clock) -> Option<(Option<Micros>, usize)> {
    let n_digits = text.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    let next = text.get(n_digits).copied().unwrap_or(b' ');
    match (n_digits, next) {
        (4, b'-' | b'/' | b'.') => ymd(text, clock),
        (2, b':') => {
            let (_, len) = clock_time(text, 0)?;
            Some((None, fraction(text, len).1))
        }
        // Spark: `17/06/09 20:10:40`.
        (2, b'/') if digit_at(text, 4) => {
            let (year, month, day) =
                (digits(text, 0, 2)?, digits(text, 3, 2)?, digits(text, 6, 2)?);
            separated(text, 8)?;
            let (seconds, len) = clock_time(text, 9)?;
            let local = day_number(2000 + year, month, day)? * DAY + seconds;
            let (fraction, len) = fraction(text, len);
            Some((Some(clock.in_utc(local, fraction)), len))
        }
        // Access logs: `03/Mar/2026:14:05:00 +0000`; Tomcat: `03-Mar-2026 14:05:00.123`.
        (1 | 2, b'/' | b'-' | b' ') => {
            let day = digits(text, 0, n_digits)?;
            let month = month(text, n_digits + 1)?;
            let year = digits(text, n_digits + 5, 4)?;
            let (seconds, len) = clock_time(text, n_digits + 10)?;
            let local = day_number(year, month, day)? * DAY + seconds;
            Some(with_zone(text, local, len, clock))
        }
        // Hadoop's name node: `081109 203615`.
        (6, b' ') => {
            let (year, month, day) =
                (digits(text, 0, 2)?, digits(text, 2, 2)?, digits(text, 4, 2)?);
            let (hour, minute, second) =
                (digits(text, 7, 2)?, digits(text, 9, 2)?, digits(text, 11, 2)?);
            if text.get(13).is_some_and(|byte| *byte != b' ') || hour > 23 || minute > 59 {
                return None;
            }
            let local =
                day_number(2000 + year, month, day)? * DAY + hour * 3600 + minute * 60 + second;
            Some((Some(clock.in_utc(local, 0)), 13))
        }
        (10 | 13 | 16 | 19, b' ' | b'.' | b'\t' | b']' | b':') => {
            let (micros, len) = epoch(text)?;
            // Plain large numbers are no times: between 2001 and 2096.
            (978_307_200 * SECOND..4_000_000_000 * SECOND)
                .contains(&micros)
                .then_some((Some(micros), len))
        }
        _ => None,
    }
}

/// Reads `2026-03-03T14:05:00.123Z` with its many separators.
fn ymd(text: &[u8], clock: &Clock) -> Option<(Option<Micros>, usize)> {
    let (year, month, day) = (digits(text, 0, 4)?, digits(text, 5, 2)?, digits(text, 8, 2)?);
    if text.get(7) != text.get(4) {
        return None;
    }
    let days = day_number(year, month, day)?;
    match text.get(10) {
        Some(b'T' | b't' | b' ' | b'-' | b'_') => {
            let (seconds, len) = clock_time(text, 11)?;
            Some(with_zone(text, days * DAY + seconds, len, clock))
        }
        _ => None,
    }
}

/// Reads stamps that begin with a name: syslog, ctime, HTTP.
fn named(text: &[u8], clock: &Clock) -> Option<(Option<Micros>, usize)> {
    const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    let mut at = 0;
    if DAYS.iter().any(|day| text.starts_with(day)) {
        at = 3 + text.iter().skip(3).take_while(|byte| matches!(byte, b',' | b' ')).count();
        // HTTP: `Tue, 03 Mar 2026 14:05:00 GMT`.
        if digit_at(text, at) {
            let (time, len) = numeric(text.get(at..)?, clock)?;
            return Some((time, at + len));
        }
    }
    let month = month(text, at)?;
    at += 3;
    let blanks = text.iter().skip(at).take_while(|byte| **byte == b' ').count();
    at += blanks;
    let n_digits = text.iter().skip(at).take(3).take_while(|byte| byte.is_ascii_digit()).count();
    if blanks == 0 || !(1..=2).contains(&n_digits) {
        return None;
    }
    let day = digits(text, at, n_digits)?;
    at += n_digits;
    separated(text, at)?;
    at += 1;
    // `Mar 03 2026 14:05:00`.
    let mut year = None;
    if text.get(at + 4) == Some(&b' ') && digit_at(text, at) {
        year = digits(text, at, 4);
        at += 5;
    }
    let (seconds, mut len) = clock_time(text, at)?;
    let (fraction, end) = fraction(text, len);
    len = end;
    if year.is_none()
        && text.get(len) == Some(&b' ')
        && let Some(found) = digits(text, len + 1, 4)
        && text.get(len + 5).is_none_or(|byte| !byte.is_ascii_alphanumeric())
        && (1980..2100).contains(&found)
    {
        year = Some(found);
        len += 5;
    }
    let Some(year) = year.or(clock.year) else { return Some((None, len)) };
    let local = day_number(year, month, day)? * DAY + seconds;
    Some((Some(clock.in_utc(local, fraction)), len))
}

/// Reads what may follow the seconds: a fraction and a zone.
fn with_zone(text: &[u8], local: i64, at: usize, clock: &Clock) -> (Option<Micros>, usize) {
    let (fraction, at) = fraction(text, at);
    let blank = usize::from(text.get(at) == Some(&b' '));
    let zone = text.get(at + blank..).unwrap_or_default();
    let utc =
        |offset: i64, len: usize| (Some((local - offset) * SECOND + fraction), at + blank + len);
    match zone {
        [b'Z' | b'z', ..] if blank == 0 => return utc(0, 1),
        [b'U', b'T', b'C', ..] | [b'G', b'M', b'T', ..] => return utc(0, 3),
        [sign @ (b'+' | b'-'), ..] => {
            let colon = usize::from(zone.get(3) == Some(&b':'));
            if let (Some(hours), minutes) = (digits(zone, 1, 2), digits(zone, 3 + colon, 2))
                && hours <= 15
                // ` -12` after a blank is a number, not a zone.
                && (blank == 0 || minutes.is_some())
            {
                let offset = hours * 3600 + minutes.unwrap_or(0) * 60;
                let len = if minutes.is_some() { 5 + colon } else { 3 };
                return utc(if *sign == b'-' { -offset } else { offset }, len);
            }
        }
        _ => {}
    }
    (Some(clock.in_utc(local, fraction)), at)
}

/// Reads `14:05:00` (or `15.42.50`) at `at`: seconds of the day and where it ends.
fn clock_time(text: &[u8], at: usize) -> Option<(i64, usize)> {
    let separator = *text.get(at + 2)?;
    if !matches!(separator, b':' | b'.') || text.get(at + 5) != Some(&separator) {
        return None;
    }
    let (hour, minute, second) =
        (digits(text, at, 2)?, digits(text, at + 3, 2)?, digits(text, at + 6, 2)?);
    (hour < 24 && minute < 60 && second <= 60)
        .then_some((hour * 3600 + minute * 60 + second, at + 8))
}

/// Reads `.123456` or `,123` at `at`: microseconds and where it ends.
fn fraction(text: &[u8], at: usize) -> (i64, usize) {
    if !matches!(text.get(at), Some(b'.' | b',')) || !digit_at(text, at + 1) {
        return (0, at);
    }
    let mut micros = 0;
    let mut unit = 100_000;
    let mut end = at + 1;
    for byte in text.iter().skip(at + 1).take(9).take_while(|byte| byte.is_ascii_digit()) {
        micros += i64::from(byte - b'0') * unit;
        unit /= 10;
        end += 1;
    }
    (micros, end)
}

fn digits(text: &[u8], at: usize, n: usize) -> Option<i64> {
    let part = text.get(at..at.checked_add(n)?)?;
    if n == 0 {
        return None;
    }
    part.iter().try_fold(0_i64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| number.wrapping_mul(10).wrapping_add(i64::from(digit)))
    })
}

fn digit_at(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_digit)
}

fn separated(text: &[u8], at: usize) -> Option<()> {
    matches!(text.get(at), Some(b' ' | b'T' | b':')).then_some(())
}

fn month(text: &[u8], at: usize) -> Option<i64> {
    Some(match text.get(at..at + 3)? {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

/// Returns the number of days from 1970 to a date of the Gregorian calendar.
fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests;
