//! Log documents: which group of the log a line belongs to, and what is told of it there.

use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::logs::{self, GroupStatus, LogGroup, LogReport};
use incident_core::metrics;
use incident_core::neutral;
use incident_core::statements::{Pattern, StatementPlace};

/// The longest line that is looked at, in bytes.
const MAX_LINE_BYTES: usize = 64 << 10;

/// Finds the group that a line of the log belongs to.
pub(crate) fn group_of<'a>(report: &'a LogReport, line: &str) -> Option<&'a LogGroup> {
    let line = line.trim_end_matches(['\n', '\r']);
    if line.trim().is_empty() || line.len() > MAX_LINE_BYTES {
        return None;
    }
    let input = RawInput { name: String::new(), text: line.to_owned() };
    let (read, _) = logs::group(std::slice::from_ref(&input), &Cancel::new());
    let own = read.groups.first()?;
    let fits = |group: &&LogGroup| {
        group.message == own.message
            || group.template == own.template
            || Pattern::of_template(&group.template).values(own.message.trim()).is_some()
    };
    let same_target = |group: &LogGroup| group.target == own.target;
    // Of several that fit, the one of the same logger that says most.
    report.groups.iter().filter(fits).max_by_key(|group| {
        let pattern = Pattern::of_template(&group.template);
        (group.level == own.level, same_target(group), pattern.n_literal())
    })
}

/// Tells of a group in Markdown.
pub(crate) fn hover(group: &LogGroup) -> String {
    let mut told = vec![format!(
        "**{}** `{}`",
        group.level.as_str(),
        neutral::headline(&group.template.replace('`', "'"), 200)
    )];
    told.push(circumstances(group));
    if group.minutes.len() > 1 {
        told.push(format!("`{}` records a minute", course(group)));
    }
    for place in group.statements.iter().filter(|place| is_likely(place)).take(3) {
        told.push(printed_by(place));
    }
    told.join("\n\n")
}

/// Says in one line what is new about a group; `None` where nothing is.
pub(crate) fn lens(group: &LogGroup) -> Option<String> {
    let what = group.status.news().filter(|_| group.status != GroupStatus::Gone)?;
    let times = times(group.count_after.unwrap_or(group.count));
    let by = group.statements.first().filter(|place| is_likely(place));
    let by = by.map(|place| format!(", printed by {}:{}", place.path, place.line));
    Some(format!("{what}: {times}{}", by.unwrap_or_default()))
}

/// Says at a statement how often it printed a group's records.
pub(crate) fn printed(group: &LogGroup) -> String {
    let times = times(group.count);
    let since = group.first_seen.as_deref().and_then(|at| at.get(11..16));
    let since = since.map(|at| format!(" since {at}")).unwrap_or_default();
    let news = group.status.news().map(|news| format!(", {news}")).unwrap_or_default();
    format!("printed {times}{since}{news}")
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

/// Returns the statement that printed a group, where one alone can have.
pub(crate) fn sole_place(group: &LogGroup) -> Option<&StatementPlace> {
    group.statements.first().filter(|place| is_likely(place) && !place.is_tied)
}

/// Says whether a line of source still holds the longest word of a group's template.
pub(crate) fn is_printed_by(group: &LogGroup, line: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let words = group.template.split(|c| !is_letter(c)).filter(|word| word.len() > 2);
    words.max_by_key(|word| word.len()).is_some_and(|word| line.contains(word))
}

/// Returns the statements that are the message's own rather than a part of it.
pub(crate) fn likely_places(group: &LogGroup) -> impl Iterator<Item = &StatementPlace> {
    group.statements.iter().filter(|place| is_likely(place))
}

fn is_likely(place: &StatementPlace) -> bool {
    place.score > 500
}

fn circumstances(group: &LogGroup) -> String {
    let mut facts = vec![times(group.count)];
    match (&group.first_seen, &group.last_seen) {
        (Some(first), Some(last)) if first != last => facts.push(format!("{first} to {last}")),
        (Some(at), _) => facts.push(at.clone()),
        _ => {}
    }
    facts.extend(group.status.news().map(str::to_owned));
    facts.join(" · ")
}

/// Draws the records by minute, quiet minutes included.
fn course(group: &LogGroup) -> String {
    let (Some(first), Some(last)) = (group.minutes.first(), group.minutes.last()) else {
        return String::new();
    };
    // A log of years is drawn by its busy minutes alone.
    const MAX_MINUTES: i64 = 24 * 60;
    let values: Vec<f64> = if last.minute.saturating_sub(first.minute) <= MAX_MINUTES {
        let count = |minute: i64| {
            let at = group.minutes.binary_search_by_key(&minute, |it| it.minute).ok();
            at.and_then(|at| group.minutes.get(at)).map_or(0.0, |it| it.count as f64)
        };
        (first.minute..=last.minute).map(count).collect()
    } else {
        group.minutes.iter().map(|it| it.count as f64).collect()
    };
    metrics::sparkline(&values)
}

fn printed_by(place: &StatementPlace) -> String {
    let function = place.function.as_ref().map(|name| format!(" in `{name}`"));
    let tied = if place.is_tied { " (one of several that fit)" } else { "" };
    let values: Vec<String> = place
        .values
        .iter()
        .filter(|(name, value)| !name.is_empty() && value.len() <= 60)
        .map(|(name, value)| format!("`{}` = `{}`", code(name), code(value)))
        .collect();
    let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
    format!(
        "printed by {}:{}{}{tied}{values}",
        neutral::one_line(&place.path),
        place.line,
        function.unwrap_or_default()
    )
}

fn code(text: &str) -> String {
    neutral::one_line(text).replace('`', "'")
}
