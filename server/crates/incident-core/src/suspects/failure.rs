//! What the program printed when it failed: the lines that a change of a setting is held against.

use super::RankInput;
use crate::logs::{Level, LogReport};
use crate::text;

/// One printed line.
#[derive(Clone, Debug)]
pub(super) struct FailureLine {
    /// In lower case, with the values that stood in it; cut.
    pub(super) text: String,
    /// From 0 to 1: how much it says about this failure.
    pub(super) weight: f64,
}

/// How many lines count, the telling ones first.
const MAX_LINES: usize = 40;
/// How much of one line counts, in bytes.
const MAX_LINE: usize = 600;

/// Collects the messages of the traces and one record of each log group that belongs to them.
///
/// Where nothing says which groups belong, those of a log without a trace are all taken.
pub(super) fn lines(input: &RankInput<'_>) -> Vec<FailureLine> {
    let line = |text: &str, weight: f64| FailureLine {
        text: text::cut(text, MAX_LINE).to_lowercase(),
        weight,
    };
    let mut lines: Vec<FailureLine> = input
        .traces
        .iter()
        .flat_map(|trace| &trace.trace.causes)
        .filter_map(|cause| {
            let message = cause.message.as_deref().unwrap_or_default();
            let kind = cause.kind.as_deref().unwrap_or_default();
            let whole = format!("{kind} {message}");
            (!whole.trim().is_empty()).then(|| line(&whole, 1.0))
        })
        .collect();
    let belongs = |id: &String| match (input.log_groups, input.traces) {
        ([], []) => true,
        (ids, _) => ids.contains(id),
    };
    let groups = telling(input.logs);
    lines.extend(groups.filter(|(id, ..)| belongs(id)).map(|(_, text, weight)| line(text, weight)));
    lines.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    lines.truncate(MAX_LINES);
    lines
}

/// Returns the groups that tell of trouble, with how much they do.
fn telling(logs: &LogReport) -> impl Iterator<Item = (&String, &str, f64)> {
    logs.groups.iter().filter_map(|group| {
        let weight = match group.level {
            Level::Fatal | Level::Error => 1.0,
            Level::Warn => 0.7,
            Level::Info | Level::Debug | Level::Trace => return None,
        };
        Some((&group.id, group.sample.as_str(), weight))
    })
}
