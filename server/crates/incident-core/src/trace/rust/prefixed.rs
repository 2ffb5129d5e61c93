//! Lines behind a prefix that no tool is known for: a logger's own.

use super::super::unwrap::Line;
use super::frame;

/// Longer prefixes are text.
const MAX_PREFIX: usize = 240;

/// Finds the frame with number `index`, or an `at` line, behind a prefix; returns the line from there on.
pub(super) fn behind_prefix<'t>(line: &Line<'t>, index: u32) -> Option<Line<'t>> {
    let body = line.body();
    let start = frame_start(body, index).or_else(|| at_start(body))?;
    let mut inner = line.clone();
    inner.skip(start);
    Some(inner)
}

fn frame_start(body: &str, index: u32) -> Option<usize> {
    let needle = format!(" {index}: ");
    let at = body.find(&needle).filter(|at| *at <= MAX_PREFIX)? + 1;
    let frame = frame::parse(body.get(at..)?)?;
    frame::is_strong(&frame).then_some(at)
}

fn at_start(body: &str) -> Option<usize> {
    let at = body.find(" at ").filter(|at| *at <= MAX_PREFIX)? + 1;
    matches!(frame::parse_at(body.get(at..)?), Some(frame::AtLine::Place(_))).then_some(at)
}

/// Returns what a log line says, without time, level and target.
pub(super) fn message_of_log_line(body: &str) -> &str {
    const LEVELS: [&str; 8] =
        ["ERROR", "WARN", "WARNING", "INFO", "FATAL", "CRITICAL", "error", "Error"];
    let mut text = body.trim();
    for level in LEVELS {
        let Some((before, after)) = text.split_once(level) else { continue };
        if before.len() > 80 || after.starts_with(|c: char| c.is_alphanumeric()) {
            continue;
        }
        text = after.trim_start_matches([']', ':', ' ', '|', '>']);
        break;
    }
    // A target such as `app::server: `.
    if let Some((target, message)) = text.split_once(": ")
        && target.contains("::")
        && !target.contains(' ')
    {
        text = message;
    }
    text.trim()
}
