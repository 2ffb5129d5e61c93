//! The answer in a form that can be scored elsewhere: `incident-groups/1`.

use std::path::Path;
use std::time::Duration;

use incident_core::logs::{GroupStatus, LogGroup};
use incident_core::metrics::MetricChange;
use incident_core::present::Explanation;
use serde_json::{Value, json};

/// Writes `groups.json` into `out`.
pub(super) fn write(
    explanation: &Explanation,
    elapsed: Duration,
    out: &Path,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(out)?;
    let logs = &explanation.logs;
    let document = json!({
        "schema": "incident-groups/1",
        "input": { "bytes": logs.n_bytes, "lines": logs.n_lines },
        "elapsed_ms": elapsed.as_secs_f64() * 1000.0,
        "groups": logs.groups.iter().map(group).collect::<Vec<Value>>(),
        "suspects": suspects(explanation),
        "timeline": timeline(explanation),
    });
    std::fs::write(out.join("groups.json"), format!("{document:#}\n"))?;
    Ok(())
}

fn group(group: &LogGroup) -> Value {
    let frames = group.trace.iter().flat_map(|trace| &trace.frames).map(|frame| {
        json!({
            "function": frame.function, "file": frame.file, "line": frame.line,
            "in_app": frame.in_app,
        })
    });
    let source = group.statements.iter().map(|place| {
        json!({ "file": place.path, "line": place.line, "score": f64::from(place.score) / 1000.0 })
    });
    json!({
        "id": group.id, "kind": group.kind.as_str(), "level": group.level.as_str().to_uppercase(),
        "template": group.template, "count": group.count,
        "count_before_deploy": group.count_before, "count_after_deploy": group.count_after,
        "first_line": group.first_line, "last_line": group.last_line,
        "first_byte": group.first_byte, "last_byte": group.last_byte,
        "first_time": group.first_seen, "last_time": group.last_seen,
        "is_new_after_deploy": group.status == GroupStatus::New,
        "bursts": [],
        "frames": frames.collect::<Vec<Value>>(),
        "source": source.collect::<Vec<Value>>(),
    })
}

fn suspects(explanation: &Explanation) -> Value {
    let incident = super::main_incident(explanation).map(|it| &it.incident);
    let suspects = incident.map(|incident| incident.suspects.clone()).unwrap_or_default();
    let commits = suspects.commits.iter().map(|it| {
        let why = it.reasons.first().map(|reason| reason.detail.clone());
        json!({ "sha": it.commit.0, "score": it.score, "why": why })
    });
    let spans = suspects.spans.iter().map(|it| {
        json!({ "path": it.path, "start": it.start_line, "end": it.end_line, "score": it.score })
    });
    let timed = explanation.metrics.changes.iter().filter(|change| change.at.is_some());
    json!({
        "commits": commits.collect::<Vec<Value>>(),
        "spans": spans.collect::<Vec<Value>>(),
        "runbooks": [],
        "tried_before": [],
        "change_points": timed.map(change_point).collect::<Vec<Value>>(),
    })
}

fn change_point(change: &MetricChange) -> Value {
    json!({
        "metric": change.name, "labels": change.labels, "time": change.at,
        "direction": if change.is_up() { "up" } else { "down" },
    })
}

fn timeline(explanation: &Explanation) -> Vec<Value> {
    let deploy = explanation.logs.deploy.iter().map(
        |deploy| json!({ "time": deploy.at, "event": "deploy", "source": deploy.how.as_str() }),
    );
    let onset = super::main_incident(explanation).and_then(|it| it.incident.first_seen.clone());
    let onset = onset.map(|at| json!({ "time": at, "event": "errors start", "source": "log" }));
    let changes = explanation.metrics.changes.iter().filter_map(|change| {
        let event = format!("{} {}", change.shown_name(), change.shown());
        Some(json!({ "time": change.at.as_ref()?, "event": event, "source": "metrics" }))
    });
    let mut events: Vec<Value> = deploy.chain(onset).chain(changes).collect();
    events.sort_by_key(|event| event["time"].as_str().map(str::to_owned));
    events
}
