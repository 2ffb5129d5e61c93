//! Log files, folders of them, and streams: read in blocks, unpacked on the way, never mapped and
//! never held whole.
//!
//! A mapped file that someone truncates kills the process that reads it, and logs are truncated;
//! a block that is read may come up short, which is a sentence in the answer.

mod blocks;
mod expand;
mod follow;
mod stream;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::logs::{
    DeployTime, ScanOptions, Tallied, Tally, deploy_time, first_stamp, year_in,
};
use incident_core::problem::Problem;

pub use self::expand::expand;
pub use self::follow::Follower;
pub(crate) use self::stream::unpacked;
use crate::message::plain;

/// How a log is read, beside its text.
#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    /// When the change went out, as the person says it: RFC 3339, `14:05`, or words with times.
    pub deploy_at: Option<String>,
    /// The deploy's time from elsewhere (a commit, a tag, an event); what the person says wins.
    pub deploy: Option<DeployTime>,
    /// The zone of stamps without one: `+02:00`, `Europe/Berlin`, `UTC`.
    pub zone: Option<String>,
    /// Group warnings and worse alone.
    pub severe_only: bool,
    /// Keep the group of each line.
    pub labels: bool,
}

/// Reads and groups logs: files, folders, globs; `-` is standard input.
///
/// Total: what could not be read is a problem, and the rest is grouped.
pub fn read(names: &[String], options: &LogOptions, cancel: &Cancel) -> Tallied {
    let mut problems = Vec::new();
    let sources = expand(names, &mut problems);
    let start = sources.first().map(|source| head_of(source)).unwrap_or_default();
    let (mut scan_options, deploy) = resolve(options, &start, &mut problems);
    scan_options.year =
        year_in(&start).or_else(|| sources.first().and_then(|it| modified_year(it)));
    let mut tally = Tally::new(scan_options.clone());
    for source in &sources {
        if cancel.is_cancelled() {
            break;
        }
        if let Err(problem) = read_one(source, &scan_options, &mut tally, cancel) {
            problems.push(problem);
        }
    }
    let mut tallied = tally.finish(deploy);
    tallied.problems.splice(0..0, problems);
    tallied
}

/// Groups inputs, of which those named in `whole` were cut when they were loaded and are read from
/// their files instead.
pub fn group(
    inputs: &[RawInput],
    whole: &[PathBuf],
    deploy: Option<DeployTime>,
    cancel: &Cancel,
) -> Tallied {
    let mut problems = Vec::new();
    let start = inputs.first().map(|input| input.text.as_bytes()).unwrap_or_default();
    let scan_options = ScanOptions { year: year_in(start), ..ScanOptions::default() };
    let mut tally = Tally::new(scan_options.clone());
    for input in inputs {
        let file = whole.iter().find(|path| plain(&path.display().to_string()) == input.name);
        let done = match file {
            Some(path) => read_one(path, &scan_options, &mut tally, cancel),
            None => {
                tally.add_text(&input.name, input.text.as_bytes(), cancel);
                Ok(())
            }
        };
        problems.extend(done.err());
    }
    let mut tallied = tally.finish(deploy);
    tallied.problems.splice(0..0, problems);
    tallied
}

/// Turns words into values: zone and deploy time.
pub(crate) fn resolve(
    options: &LogOptions,
    start: &[u8],
    problems: &mut Vec<Problem>,
) -> (ScanOptions, Option<DeployTime>) {
    let zone = options.zone.as_deref().and_then(|name| {
        let zone = zone(name);
        if zone.is_none() {
            problems.push(Problem::error(format!(
                "{} is no time zone: write +02:00, UTC or a name such as Europe/Berlin",
                plain(name)
            )));
        }
        zone
    });
    let day = first_stamp(start, zone.as_ref());
    let given = options.deploy_at.as_deref().and_then(|words| {
        let deploy = deploy_time(words, day, zone.as_ref());
        if deploy.is_none() {
            problems.push(Problem::error(format!(
                "\"{}\" names no time: write RFC 3339, 14:05, or \"14:00 fine, 14:05 failing\"",
                plain(words)
            )));
        }
        deploy
    });
    let deploy = given.or_else(|| options.deploy.clone());
    let scan_options = ScanOptions {
        zone,
        year: None,
        deploy: deploy.as_ref().and_then(DeployTime::micros),
        severe_only: options.severe_only,
        labels: options.labels,
    };
    (scan_options, deploy)
}

/// Reads a zone: an offset, or a name that the system knows.
fn zone(name: &str) -> Option<jiff::tz::TimeZone> {
    use jiff::tz::{Offset, TimeZone};
    if name.eq_ignore_ascii_case("utc") || name == "Z" {
        return Some(TimeZone::UTC);
    }
    if let Some(sign) = name.strip_prefix(['+', '-']) {
        let digits: String = sign.chars().filter(char::is_ascii_digit).collect();
        let (hours, minutes) = digits.split_at_checked(2)?;
        let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().unwrap_or(0) * 60;
        let seconds = if name.starts_with('-') { -seconds } else { seconds };
        return Offset::from_seconds(seconds).ok().map(TimeZone::fixed);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    if name.is_empty() || name.starts_with('/') || !name.chars().all(is_name) {
        return None;
    }
    let bytes = std::fs::read(Path::new("/usr/share/zoneinfo").join(name)).ok()?;
    TimeZone::tzif(name, &bytes).ok()
}

/// Returns the start of a file, unpacked.
fn head_of(path: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let mut start = Vec::new();
    if path == Path::new("-") {
        return start;
    }
    if let Ok(file) = std::fs::File::open(path)
        && let Ok(reader) = unpacked(file)
    {
        // What can't be read is told when it is read in earnest.
        let _ = reader.reader.take(1 << 20).read_to_end(&mut start);
    }
    start
}

fn modified_year(path: &Path) -> Option<i16> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    let time = jiff::Timestamp::try_from(modified).ok()?;
    Some(jiff::tz::TimeZone::UTC.to_datetime(time).year())
}

/// Says that a file can't be read, in the system's words.
fn unreadable(name: &str, err: &std::io::Error) -> Problem {
    Problem::error(format!("{name} could not be read: {err}")).at(name, None)
}

fn read_one(
    path: &Path,
    options: &ScanOptions,
    tally: &mut Tally,
    cancel: &Cancel,
) -> Result<(), Problem> {
    if path == Path::new("-") {
        return stream::read("stdin", std::io::stdin().lock(), options, tally, cancel);
    }
    let name = plain(&path.display().to_string());
    let file = std::fs::File::open(path).map_err(|err| unreadable(&name, &err))?;
    let is_file = file.metadata().map_err(|err| unreadable(&name, &err))?.is_file();
    let opened = unpacked(file).map_err(|err| unreadable(&name, &err))?;
    match opened.plain_file.filter(|_| is_file) {
        Some(file) => blocks::read(&name, &file, options, tally, cancel),
        None => stream::read(&name, opened.reader, options, tally, cancel),
    }
}
