//! Scrapes in Prometheus' text format: one sample of each series.

use std::collections::BTreeMap;

use super::MetricChange;
use crate::input::RawInput;

/// One scrape.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) input: String,
    /// Values by the series as written: `name{label="value"}`.
    pub(super) series: BTreeMap<String, f64>,
    /// Names of the counters.
    counters: Vec<String>,
}

/// The most changes that are told.
const MAX_CHANGES: usize = 40;

/// Says whether a text is a scrape: it explains its metrics, or each line is one.
pub(super) fn is_scrape(text: &str) -> bool {
    let mut n_samples = 0;
    let mut n_types = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()).take(40) {
        if line.starts_with("# HELP ") || line.starts_with("# TYPE ") {
            n_types += 1;
        } else if line.starts_with('#') {
        } else if sample(line).is_some() {
            n_samples += 1;
        } else {
            return false;
        }
    }
    n_types > 0 && n_samples > 0
}

/// Reads a scrape; lines that are no sample are left out.
pub(super) fn read(input: &RawInput) -> Scrape {
    let mut scrape =
        Scrape { input: input.name.clone(), series: BTreeMap::new(), counters: Vec::new() };
    for line in input.text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            if let Some((name, "counter")) = kind.trim().split_once(' ') {
                scrape.counters.push(name.to_owned());
            }
        } else if let Some((series, value)) = sample(line) {
            scrape.series.insert(series.to_owned(), value);
        }
    }
    scrape
}

/// Reads `name{label="value"} 1.5 1772545500000`.
fn sample(line: &str) -> Option<(&str, f64)> {
    let line = line.trim();
    let name_end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))?;
    if name_end == 0 || line.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let series_end = match line.get(name_end..)?.strip_prefix('{') {
        Some(_) => line.rfind('}')? + 1,
        None => name_end,
    };
    let value = line.get(series_end..)?.split_whitespace().next()?;
    let value: f64 = value.parse().ok()?;
    value.is_finite().then_some((line.get(..series_end)?, value))
}

/// Tells what moved between two scrapes: gauges by half or more, counters of failures that grew.
pub(super) fn changes(first: &Scrape, last: &Scrape) -> Vec<MetricChange> {
    let mut changes: Vec<(f64, MetricChange)> = Vec::new();
    for (series, after) in &last.series {
        let before = first.series.get(series).copied().unwrap_or_default();
        let name = series.split('{').next().unwrap_or(series);
        let is_counter = first.counters.iter().chain(&last.counters).any(|it| it == name);
        let is_part = ["_bucket", "_sum", "_count"].iter().any(|it| name.ends_with(it));
        let moved = (after - before).abs();
        let weight = moved / before.abs().max(after.abs()).max(f64::MIN_POSITIVE);
        let tells = if is_counter { is_failure(series) && *after > before } else { weight >= 0.5 };
        if moved > 0.0 && tells && !is_part {
            changes.push((weight, change(series, name, before, *after, &last.input)));
        }
    }
    changes.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.quote.cmp(&b.1.quote)));
    changes.into_iter().take(MAX_CHANGES).map(|(_, change)| change).collect()
}

fn is_failure(series: &str) -> bool {
    let lower = series.to_ascii_lowercase();
    let marks =
        ["error", "fail", "timeout", "reject", "drop", "retr", "panic", "\"5", "oom", "reset"];
    marks.iter().any(|mark| lower.contains(mark))
}

fn change(series: &str, name: &str, before: f64, after: f64, input: &str) -> MetricChange {
    let inside = series.get(name.len()..).unwrap_or_default().trim_matches(['{', '}']);
    let label = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        Some((key.trim().to_owned(), value.trim_matches('"').to_owned()))
    };
    MetricChange {
        name: name.to_owned(),
        labels: inside.split("\",").filter_map(label).collect(),
        n_series: 1,
        at: None,
        before,
        after,
        sparkline: String::new(),
        input: input.to_owned(),
        quote: series.to_owned(),
    }
}
