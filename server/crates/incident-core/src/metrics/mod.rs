//! Metrics from a file: what changed, when, and from what to what.
//!
//! A Prometheus range query's answer is a set of series in time; a scrape in exposition text is one
//! sample of each series, so two of them tell what moved between them but not when. Both come as
//! inputs beside traces and logs, known by their content. A change is a lasting step: a short dip,
//! a slow trend and plain noise are none.

mod change;
mod exposition;
mod prometheus;
mod sparkline;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::cancel::Cancel;
use crate::input::RawInput;
use crate::problem::Problem;

pub use self::change::{Step, steps};

/// One series: a metric with one set of labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The metric's name.
    pub name: String,
    /// The labels, without the name.
    pub labels: BTreeMap<String, String>,
    /// The samples, by time.
    pub samples: Vec<Sample>,
    /// The input that holds it.
    pub input: String,
}

/// One sample of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Seconds since 1970 in UTC.
    pub at: f64,
    /// The value; never NaN.
    pub value: f64,
}

/// What the metrics of all inputs say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricReport {
    /// How many series were read.
    pub n_series: usize,
    /// What changed: the earliest change first, those without a time last.
    pub changes: Vec<MetricChange>,
    /// Names of the metrics that were looked at and show no change, sorted.
    pub steady: Vec<String>,
}

/// A lasting change of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricChange {
    /// The metric's name.
    pub name: String,
    /// The labels that all series with this change have.
    pub labels: BTreeMap<String, String>,
    /// How many series show it: pods, instances.
    pub n_series: usize,
    /// The first sample after the change, RFC 3339 in UTC; null where two scrapes are compared.
    pub at: Option<String>,
    /// The typical value before.
    pub before: f64,
    /// The typical value after.
    pub after: f64,
    /// The course of the first such series in block characters; empty for two scrapes.
    pub sparkline: String,
    /// The input's name.
    pub input: String,
    /// A sample of the first series as it stands in the input: evidence that can be looked up.
    pub quote: String,
}

impl MetricChange {
    /// Says whether the values rose.
    pub fn is_up(&self) -> bool {
        self.after > self.before
    }

    /// Returns the time of the change.
    pub fn time(&self) -> Option<Timestamp> {
        self.at.as_deref()?.parse().ok()
    }

    /// Returns the name with the labels that matter: `http_requests{code="503"}`.
    pub fn shown_name(&self) -> String {
        let telling = |(key, _): &(&String, &String)| !is_place(key);
        let labels: Vec<String> = self
            .labels
            .iter()
            .filter(telling)
            .map(|(key, value)| format!("{key}=\"{value}\""))
            .collect();
        if labels.is_empty() {
            return self.name.clone();
        }
        format!("{}{{{}}}", self.name, labels.join(","))
    }

    /// Says the change in words: `0.1 -> 330 at 14:05:00`.
    pub fn shown(&self) -> String {
        let (before, after) = (shown_value(self.before), shown_value(self.after));
        match self.time() {
            Some(at) => format!("{before} -> {after} at {}", at.strftime("%H:%M:%S")),
            None => format!("{before} -> {after}"),
        }
    }
}

/// Returns a value with three figures that count.
pub fn shown_value(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (0.001..100_000.0).contains(&size) {
        let n_decimals = if size == 0.0 || size >= 100.0 {
            0
        } else {
            // Three figures: 16.0 needs one decimal, 0.25 two, 0.00411 five.
            (2 - size.log10().floor() as i32).clamp(0, 6) as usize
        };
        let fixed = format!("{value:.n_decimals$}");
        if fixed.contains('.') {
            return fixed.trim_end_matches('0').trim_end_matches('.').to_owned();
        }
        return fixed;
    }
    format!("{value:.2e}")
}

/// Draws values in order as a line of block characters, 40 at most; each is a mean of some.
pub fn sparkline(values: &[f64]) -> String {
    sparkline::draw_values(values)
}

/// Says whether a label names where a process runs rather than what it measures.
fn is_place(label: &str) -> bool {
    matches!(
        label,
        "pod"
            | "instance"
            | "container"
            | "host"
            | "hostname"
            | "node"
            | "job"
            | "namespace"
            | "service"
            | "cluster"
            | "endpoint"
            | "zone"
            | "replica"
            | "pid"
    )
}

/// Says whether an input holds metrics rather than a trace or a log.
pub fn is_metrics(text: &str) -> bool {
    prometheus::is_answer(text) || exposition::is_scrape(text)
}

/// Reads the metrics among the inputs and tells what changed.
pub fn read(inputs: &[RawInput], cancel: &Cancel) -> (MetricReport, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut series = Vec::new();
    let mut scrapes = Vec::new();
    for input in inputs {
        if cancel.is_cancelled() {
            break;
        }
        if prometheus::is_answer(&input.text) {
            let (read, found) = prometheus::read(input);
            series.extend(read);
            problems.extend(found);
        } else if exposition::is_scrape(&input.text) {
            scrapes.push(exposition::read(input));
        }
    }
    let mut report = changes_in_time(&series, cancel);
    match scrapes.as_slice() {
        [] => {}
        [only] => problems.push(
            Problem::info(
                "one scrape says nothing about change; give a second one, or a range query's answer",
            )
            .at(only.input.clone(), None),
        ),
        [first, .., last] => {
            report.n_series += first.series.len();
            report.changes.extend(exposition::changes(first, last));
        }
    }
    (report, problems)
}

/// The fewest samples that a series must have.
const MIN_SAMPLES: usize = 8;

fn changes_in_time(series: &[Series], cancel: &Cancel) -> MetricReport {
    let mut found: Vec<MetricChange> = Vec::new();
    for one in series {
        if cancel.is_cancelled() {
            break;
        }
        let rate = change::as_rate(one);
        let samples = rate.as_deref().unwrap_or(&one.samples);
        if samples.len() < MIN_SAMPLES {
            continue;
        }
        let sparkline = sparkline::draw(samples);
        for step in steps(samples) {
            add(&mut found, one, &step, &sparkline);
        }
    }
    found.sort_by(|a, b| (&a.at, &a.name, &a.labels).cmp(&(&b.at, &b.name, &b.labels)));
    let mut steady: Vec<String> = series.iter().map(|one| one.name.clone()).collect();
    steady.sort();
    steady.dedup();
    steady.retain(|name| found.iter().all(|change| change.name != *name));
    MetricReport { n_series: series.len(), changes: found, steady }
}

/// How far apart the same change may show in two pods, in seconds.
const SAME_CHANGE_S: f64 = 60.0;

/// Adds a step, or counts it in where another place of the same metric shows it too.
fn add(found: &mut Vec<MetricChange>, series: &Series, step: &Step, sparkline: &str) {
    let Some(at) = timestamp(step.at) else { return };
    let without_places = |labels: &BTreeMap<String, String>| {
        let mut labels = labels.clone();
        labels.retain(|key, _| !is_place(key));
        labels
    };
    let key = without_places(&series.labels);
    let same = found.iter_mut().find(|it| {
        let is_near = it
            .time()
            .is_some_and(|other| (other.as_second() as f64 - step.at).abs() <= SAME_CHANGE_S);
        it.name == series.name
            && is_near
            && it.is_up() == (step.after > step.before)
            && without_places(&it.labels) == key
    });
    match same {
        Some(change) => {
            change.n_series += 1;
            change.labels.retain(|key, value| series.labels.get(key) == Some(value));
            let at = at.to_string();
            if change.at.as_ref().is_some_and(|known| at < *known) {
                change.at = Some(at);
            }
        }
        None => found.push(MetricChange {
            name: series.name.clone(),
            labels: series.labels.clone(),
            n_series: 1,
            at: Some(at.to_string()),
            before: step.before,
            after: step.after,
            sparkline: sparkline.to_owned(),
            input: series.input.clone(),
            quote: series.name.clone(),
        }),
    }
}

fn timestamp(seconds: f64) -> Option<Timestamp> {
    let seconds = seconds.is_finite().then_some(seconds)?;
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
}

#[cfg(test)]
mod tests;
