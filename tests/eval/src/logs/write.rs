//! Groups in the form that others score, `incident-groups/1`.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use incident_core::logs::{GroupStatus, LogGroup, Tallied};
use serde_json::{Value, json};

/// Writes `groups.json` and `labels.u32` into `out`.
pub(super) fn write(tallied: &Tallied, elapsed: Duration, out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out)?;
    let report = &tallied.report;
    let document = json!({
        "schema": "incident-groups/1",
        "input": { "bytes": report.n_bytes, "lines": report.n_lines },
        "elapsed_ms": elapsed.as_secs_f64() * 1000.0,
        "groups": report.groups.iter().map(group).collect::<Vec<Value>>(),
    });
    std::fs::write(out.join("groups.json"), serde_json::to_vec_pretty(&document)?)?;
    let labels: Vec<u8> = tallied.labels.iter().flat_map(|label| label.to_le_bytes()).collect();
    std::fs::write(out.join("labels.u32"), labels)?;
    Ok(())
}

fn group(group: &LogGroup) -> Value {
    let statements = group.statements.iter().map(|place| {
        json!({ "file": place.path, "line": place.line, "score": f64::from(place.score) / 1000.0 })
    });
    let frames = group.trace.iter().flat_map(|trace| &trace.frames).map(|frame| {
        json!({
            "function": frame.function, "file": frame.file, "line": frame.line, "in_app": frame.in_app
        })
    });
    json!({
        "id": group.id,
        "kind": group.kind.as_str(),
        "level": group.level.as_str().to_uppercase(),
        "target": group.target,
        "template": group.template,
        "count": group.count,
        "count_before_deploy": group.count_before,
        "count_after_deploy": group.count_after,
        "first_line": group.first_line,
        "last_line": group.last_line,
        "first_byte": group.first_byte,
        "last_byte": group.last_byte,
        "first_time": group.first_seen,
        "last_time": group.last_seen,
        "is_new_after_deploy": group.status == GroupStatus::New,
        "bursts": [],
        "frames": frames.collect::<Vec<Value>>(),
        "source": statements.collect::<Vec<Value>>(),
    })
}

/// Prints what was read, in one line.
pub(super) fn summary(tallied: &Tallied, elapsed: Duration) -> std::io::Result<()> {
    let report = &tallied.report;
    writeln!(
        std::io::stdout(),
        "{} bytes, {} lines, {} records, {} groups in {:.0} ms, {} MB at the peak",
        report.n_bytes,
        report.n_lines,
        report.n_records,
        report.groups.len(),
        elapsed.as_secs_f64() * 1000.0,
        crate::index::memory() >> 20
    )
}
