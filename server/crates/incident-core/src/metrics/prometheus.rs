//! Answers of Prometheus' HTTP API to a range query, as JSON.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Sample, Series};
use crate::input::RawInput;
use crate::problem::Problem;

/// The most series that are read from one answer.
const MAX_SERIES: usize = 5_000;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Body>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    result: Vec<Matrix>,
}

#[derive(Deserialize)]
struct Matrix {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Says whether a text begins as such an answer does.
pub(super) fn is_answer(text: &str) -> bool {
    let start = crate::text::cut(text.trim_start(), 400);
    start.starts_with('{')
        && start.contains("\"status\"")
        && (start.contains("\"resultType\"") || start.contains("\"errorType\""))
}

/// Reads the series of an answer.
pub(super) fn read(input: &RawInput) -> (Vec<Series>, Vec<Problem>) {
    let answer: Answer = match serde_json::from_str(&input.text) {
        Ok(answer) => answer,
        Err(err) => {
            let line = u32::try_from(err.line()).ok();
            let told = format!("the answer of Prometheus could not be read: {err}");
            return (Vec::new(), vec![Problem::warning(told).at(input.name.clone(), line)]);
        }
    };
    let mut problems = Vec::new();
    if answer.status != "success" {
        let told = format!("Prometheus answered with an error: {}", answer.error);
        problems.push(Problem::warning(told).at(input.name.clone(), None));
    }
    let mut result = answer.data.map(|body| body.result).unwrap_or_default();
    if result.len() > MAX_SERIES {
        let told = format!(
            "the answer has {} series; the first {MAX_SERIES} were looked at",
            result.len()
        );
        problems.push(Problem::warning(told).at(input.name.clone(), None));
        result.truncate(MAX_SERIES);
    }
    let n_instant = result.iter().filter(|matrix| matrix.values.is_empty()).count();
    if n_instant > 0 {
        let told = "an instant query has no course in time; ask with `query_range`";
        problems.push(Problem::info(told).at(input.name.clone(), None));
    }
    let series = |matrix: Matrix| {
        let mut labels = matrix.metric;
        let name = labels.remove("__name__").unwrap_or_else(|| stem(&input.name).to_owned());
        let mut samples: Vec<Sample> = matrix
            .values
            .iter()
            .filter_map(|(at, value)| Some(Sample { at: *at, value: value.parse().ok()? }))
            .filter(|sample| sample.value.is_finite() && sample.at.is_finite())
            .collect();
        samples.sort_by(|a, b| a.at.total_cmp(&b.at));
        Series { name, labels, samples, input: input.name.clone() }
    };
    (result.into_iter().map(series).collect(), problems)
}

/// An aggregation has no name; the file's stands for it.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.split('.').next().unwrap_or(file)
}
