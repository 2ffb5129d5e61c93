//! Log lines as Loki answers a range query: streams of lines, each stream in an order of its own.
//!
//! Source: <https://grafana.com/docs/loki/latest/reference/loki-http-api/>, `query_range`.

use jiff::Timestamp;
use serde_json::Value;

use super::json::list;

/// Lines of all streams on one axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// By time; lines of one instant in the order of the answer.
    pub lines: Vec<(Timestamp, String)>,
}

impl Lines {
    /// Reads an answer with streams; `None` where the JSON is something else, a matrix too.
    pub fn from_json(value: &Value) -> Option<Self> {
        let data = value.get("data")?;
        if data.get("resultType").and_then(Value::as_str) != Some("streams") {
            return None;
        }
        let streams = list(data, "result").iter();
        let mut lines: Vec<(Timestamp, String)> = streams.flat_map(in_order).collect();
        lines.sort_by_key(|(at, _)| *at);
        Some(Self { lines })
    }

    /// Returns the lines as a log file would hold them, each with its stamp.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (at, line) in &self.lines {
            // A line that begins with a stamp of its own has said when already.
            let has_stamp =
                line.get(..10).is_some_and(|it| it.parse::<jiff::civil::Date>().is_ok());
            if !has_stamp && !line.starts_with('{') {
                text.push_str(&format!("{at} "));
            }
            text.push_str(line.trim_end_matches(['\n', '\r']));
            text.push('\n');
        }
        text
    }
}

/// Returns a stream's lines, oldest first: what was written in one instant stays in its order.
fn in_order(stream: &Value) -> Vec<(Timestamp, String)> {
    let mut lines: Vec<_> = list(stream, "values").iter().filter_map(line).collect();
    if lines.first() > lines.last() {
        lines.reverse();
    }
    lines
}

/// Reads `["nanoseconds", "line", {metadata}?]`.
fn line(value: &Value) -> Option<(Timestamp, String)> {
    let nanoseconds: i128 = value.get(0)?.as_str()?.parse().ok()?;
    let at = Timestamp::from_nanosecond(nanoseconds).ok()?;
    Some((at, value.get(1)?.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn streams_come_together_by_time() {
        let answer = json!({"status": "success", "data": {"resultType": "streams", "result": [
            {"stream": {"app": "a"}, "values": [["1772546705250000000", "ERROR pool is empty"],
                ["1772546701000000000", "INFO start"]]},
            {"stream": {"app": "b"}, "values": [["1772546703000000000", "WARN slow", {"pod": "x"}],
                ["1772546706000000000", "{\"level\":\"error\"}\n"], ["x", "no time"], []]}], "stats": {}}});
        assert_eq!(
            Lines::from_json(&answer).unwrap().text(),
            "2026-03-03T14:05:01Z INFO start\n2026-03-03T14:05:03Z WARN slow\n\
             2026-03-03T14:05:05.25Z ERROR pool is empty\n{\"level\":\"error\"}\n"
        );
        let matrix = json!({"data": {"resultType": "matrix", "result": []}});
        assert_eq!(Lines::from_json(&matrix), None);
    }
}
