//! The report as SARIF 2.1.0, which code hosts and editors show beside the code.

use serde_json::{Value, json};

use crate::present::{
    Code, Diagnostic, DiagnosticPlace, DiagnosticSeverity, ExplainedIncident, Explanation, present,
};
use crate::problem::Severity;
use crate::resolve::{Resolution, ResolvedTrace, Sources};
use crate::text::{LineCol, LineIndex};
use crate::trace::Frame;

/// Renders `explanation` as one SARIF run of the program's `version`.
pub fn explain(explanation: &Explanation, version: &str) -> String {
    let presentation = present(explanation);
    let results: Vec<Value> =
        presentation.diagnostics.iter().map(|it| result(it, explanation)).collect();
    let rules = Code::ALL.map(|code| json!({ "id": code.as_str() }));
    let notifications: Vec<Value> = explanation
        .problems
        .iter()
        .map(|problem| {
            let level = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "note",
            };
            json!({ "level": level, "message": { "text": problem.message } })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "incident-lsp", "version": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    super::json::to_string(&log)
}

fn result(diagnostic: &Diagnostic, explanation: &Explanation) -> Value {
    let sources = &explanation.sources;
    let level = match diagnostic.severity {
        DiagnosticSeverity::Warning => "warning",
        DiagnosticSeverity::Information | DiagnosticSeverity::Hint => "note",
    };
    let mut result = json!({
        "ruleId": diagnostic.code.as_str(),
        "level": level,
        "message": { "text": diagnostic.message, "markdown": diagnostic.hover },
        "locations": [location(&diagnostic.place, sources, None)],
        "partialFingerprints": { "incident/v1": fingerprint(diagnostic) },
    });
    let related: Vec<Value> = diagnostic
        .related
        .iter()
        .map(|related| location(&related.place, sources, Some(&related.message)))
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if diagnostic.code == Code::CrashSite {
        let incident =
            explanation.incidents.iter().find(|it| it.incident.id == diagnostic.incident);
        result["stacks"] = incident.map(stacks).unwrap_or_default().into();
    }
    result
}

/// The same finding of the same incident keeps its fingerprint when the code around it moves.
fn fingerprint(diagnostic: &Diagnostic) -> String {
    let number = diagnostic.hypothesis.map(|number| format!("/{number}")).unwrap_or_default();
    format!("{}/{}{number}", diagnostic.incident, diagnostic.code.as_str())
}

fn stacks(explained: &ExplainedIncident) -> Vec<Value> {
    explained.incident.traces.iter().map(stack).collect()
}

fn stack(trace: &ResolvedTrace) -> Value {
    let frames: Vec<Value> =
        trace.resolved_frames().map(|(frame, resolution)| stack_frame(frame, resolution)).collect();
    match trace.trace.message() {
        Some(message) => json!({ "message": { "text": message }, "frames": frames }),
        None => json!({ "frames": frames }),
    }
}

fn stack_frame(frame: &Frame, resolution: &Resolution) -> Value {
    let place = resolution.place.as_ref();
    let printed = frame.location.as_ref();
    let file = place.map(|place| &place.path).or(printed.map(|printed| &printed.file));
    let line = match place {
        Some(place) => place.line,
        None => printed.and_then(|printed| printed.line),
    };
    let mut location = json!({});
    if let Some(file) = file {
        location["physicalLocation"] = json!({ "artifactLocation": { "uri": uri(file) } });
        if let Some(line) = line.filter(|line| *line > 0) {
            location["physicalLocation"]["region"] = json!({ "startLine": line });
        }
    }
    if let Some(function) = &frame.function {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": function }]);
    }
    let mut value = json!({ "location": location });
    if let Some(package) = &resolution.package {
        value["module"] = package.to_string().into();
    }
    value
}

fn location(place: &DiagnosticPlace, sources: &Sources, message: Option<&str>) -> Value {
    let text = sources.current.get(&place.path);
    let column = |at: LineCol| text.map_or(at.column, |text| characters_before(text, at) + 1);
    let mut value = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.path), "uriBaseId": "SRCROOT" },
            "region": {
                "startLine": place.start.line,
                "startColumn": column(place.start),
                "endLine": place.end.line,
                "endColumn": column(place.end),
            },
        },
    });
    if let Some(message) = message {
        value["message"] = json!({ "text": message });
    }
    value
}

/// Counts the characters of a line before a byte column.
fn characters_before(text: &str, at: LineCol) -> u32 {
    let lines = LineIndex::new(text);
    let before = lines.line_span(at.line).and_then(|span| {
        let n_bytes = usize::try_from(at.column).ok()?.saturating_sub(1);
        span.slice(text)?.get(..n_bytes)
    });
    before.map_or(0, |before| u32::try_from(before.chars().count()).unwrap_or(u32::MAX))
}

/// A path as a URI reference: what is not plain is percent-encoded.
pub(super) fn uri(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => {
                encoded.push(char::from(byte));
            }
            b'\\' => encoded.push('/'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
