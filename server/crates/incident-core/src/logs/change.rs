//! What changed with a deploy: which groups are new, burst, went away or stayed; and when a deploy
//! was, where the log itself shows it.

use std::ops::RangeInclusive;

use super::report::{DeployHow, DeployTime, GroupStatus, Level, LogGroup, Rates};
use super::stamp::{self, Micros};

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;

/// How much earlier than the deploy's time a record may be stamped and still belong to it:
/// writers' clocks differ, and buffers are written out of order.
const SLACK: Micros = SECOND;

/// How many times more often a group must come to burst.
const BURST: f64 = 4.0;

/// How many records a burst has at least.
const MIN_BURST: u64 = 5;

/// How many records a group must be expected to have for their absence to say something.
const MIN_EXPECTED: f64 = 5.0;

/// Returns how much a group's fate matters for the order: new ones first.
pub(super) fn weight(group: &LogGroup) -> u8 {
    let is_severe = group.level >= Level::Warn;
    match group.status {
        GroupStatus::New if is_severe => 4,
        GroupStatus::Bursting if is_severe => 3,
        _ if is_severe => 2,
        GroupStatus::New => 1,
        _ => 0,
    }
}

/// Reads a time as [`stamp::show`] writes it.
pub(super) fn time(shown: &str) -> Option<Micros> {
    stamp::read(shown.as_bytes(), &stamp::Clock::new(None, None))?.0
}

/// Marks what became of a group in a log that spans `span`. Where before and after were not
/// counted record by record, the minutes tell.
pub(super) fn judge(group: &mut LogGroup, deploy: &DeployTime, span: &RangeInclusive<Micros>) {
    let Some(at) = time(&deploy.at) else { return };
    let Some(first) = group.first_seen.as_deref().and_then(time) else { return };
    if group.count_before.is_none() {
        let minute = at.div_euclid(MINUTE);
        let before = group.minutes.iter().filter(|it| it.minute < minute).map(|it| it.count).sum();
        group.count_before = Some(before);
    }
    if first >= at - SLACK {
        group.count_before = Some(0);
    }
    let before = group.count_before.unwrap_or(0);
    let after = group.count.saturating_sub(before);
    group.count_after = Some(after);
    let minutes = |from: Micros, to: Micros| ((to - from) as f64 / MINUTE as f64).max(1.0);
    let rate_before = before as f64 / minutes(*span.start(), at);
    let minutes_after = minutes(at, *span.end());
    let rate_after = after as f64 / minutes_after;
    // A burst may be short: its best minutes count, not the mean of all.
    let start = group.minutes.iter().find(|it| {
        it.minute >= at.div_euclid(MINUTE)
            && it.count >= MIN_BURST
            && it.count as f64 >= BURST * rate_before.max(1.0 / minutes(*span.start(), at))
    });
    group.status = match (before, after) {
        (0, _) => GroupStatus::New,
        (_, 0) if rate_before * minutes_after >= MIN_EXPECTED => GroupStatus::Gone,
        (_, 0) => GroupStatus::Steady,
        _ if after >= MIN_BURST && rate_after >= BURST * rate_before => GroupStatus::Bursting,
        _ => GroupStatus::Steady,
    };
    let start = start.map_or(at.max(first), |it| (it.minute * MINUTE).max(at));
    group.rates =
        stamp::show(start).map(|start| Rates { start, before: rate_before, after: rate_after });
}

/// Finds when a change went out, where the log shows it: a start-up banner before errors that were
/// not there before, or else the minute in which several such errors began.
pub(super) fn find_deploy<'a>(
    groups: impl Iterator<Item = &'a LogGroup> + Clone,
    span: &RangeInclusive<Micros>,
) -> Option<DeployTime> {
    /// How long after the first new error others belong to the same change.
    const WINDOW: Micros = 10 * MINUTE;
    /// How long before the errors a start-up may be.
    const WARM_UP: Micros = 30 * MINUTE;
    /// Fewer records of new errors say nothing.
    const MIN_RECORDS: u64 = 10;
    let length = span.end() - span.start();
    // What comes early in the log was there before it began, for all that is known.
    let earliest = span.start() + (length / 10).max(MINUTE);
    let mut onsets: Vec<(Micros, &LogGroup)> = groups
        .clone()
        .filter(|group| group.level >= Level::Error && group.count > 1)
        .filter_map(|group| Some((group.first_seen.as_deref().and_then(time)?, group)))
        .filter(|(first, _)| *first >= earliest)
        .collect();
    onsets.sort_by_key(|(first, group)| (*first, group.first_line));
    let weight = |start: Micros| -> f64 {
        let within = onsets.iter().filter(|(first, _)| (start..start + WINDOW).contains(first));
        within.map(|(_, group)| (group.count as f64).log2()).sum()
    };
    let most = onsets.iter().map(|(at, _)| weight(*at)).max_by(f64::total_cmp)?;
    // An odd error that happened to begin shortly before the others does not begin the change.
    let (onset, first) = onsets.iter().copied().rfind(|(at, _)| weight(*at) >= 0.9 * most)?;
    let n_records: u64 = onsets
        .iter()
        .filter(|(at, _)| (onset..onset + WINDOW).contains(at))
        .map(|(_, group)| group.count)
        .sum();
    if n_records < MIN_RECORDS {
        return None;
    }
    let banner = groups
        .filter(|group| group.level <= Level::Warn && is_banner(&group.message))
        .flat_map(|group| group.minutes.iter().map(move |it| (it.minute * MINUTE, group)))
        .filter(|(at, _)| (onset - WARM_UP..=onset).contains(at) && *at > *span.start())
        .max_by_key(|(at, group)| (*at, std::cmp::Reverse(group.first_line)));
    if let Some((minute, group)) = banner {
        let first = group.first_seen.as_deref().and_then(time);
        let at =
            first.filter(|first| first.div_euclid(MINUTE) * MINUTE == minute).unwrap_or(minute);
        return Some(DeployTime {
            at: stamp::show(at)?,
            how: DeployHow::Banner,
            evidence: format!(
                "the log says \"{}\"",
                group.message.chars().take(80).collect::<String>()
            ),
            line: Some((group.input.clone(), group.first_line)),
        });
    }
    Some(DeployTime {
        at: stamp::show(onset)?,
        how: DeployHow::ChangePoint,
        evidence: "errors that were not there before begin then".to_owned(),
        line: Some((first.input.clone(), first.first_line)),
    })
}

/// Says whether a message is what programs print when they start.
fn is_banner(message: &str) -> bool {
    const SAYS: [&str; 14] = [
        "listening on",
        "listening at",
        "server started",
        "started server",
        "starting version",
        "starting up",
        "application started",
        "started application",
        "service started",
        "now running version",
        "booting worker",
        "deployed version",
        "build version",
        "startup complete",
    ];
    let lower = message.to_ascii_lowercase();
    SAYS.iter().any(|it| lower.contains(it))
        || (lower.starts_with("starting ") || lower.starts_with("started "))
            && lower.split_whitespace().any(is_version)
        || (lower.starts_with("version ") || lower.starts_with("running version "))
}

/// `v1.2.3`, `1.2.3`.
fn is_version(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let number = word.strip_prefix('v').unwrap_or(word);
    number.split('.').count() >= 2
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
}

#[cfg(test)]
mod tests;
