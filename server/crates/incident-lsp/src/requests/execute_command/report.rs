//! `incident.report` and `incident.copySummary`.

use incident_core::neutral;
use incident_core::present::Explanation;
use incident_core::redact::redact;
use incident_core::report;
use incident_host::store::Store;
use tower_lsp::jsonrpc::{Error, Result};

use super::blocking;
use super::incidents::find;
use crate::lsp::ext::{IncidentParams, TextResult};
use crate::server::Server;
use crate::state::Entry;

/// How many lines a channel takes kindly.
const MAX_SUMMARY_LINES: usize = 5;

/// Writes the report of one incident beside the kept incidents, and shows it.
pub(super) async fn report(server: &Server, params: &IncidentParams) -> Result<TextResult> {
    let snapshot = server.state.snapshot();
    let entry = find(&snapshot.board, params.id.as_deref())?.clone();
    let written = blocking(move || {
        let text = redact(&report::markdown::explain(&alone(&entry))).text;
        let workspace = snapshot.workspace(&entry.root);
        let path = workspace
            .folders()
            .map(|folders| Store::open(folders, workspace.root()).put_report(entry.id(), &text));
        (text, path)
    });
    let (text, path) = written.await.ok_or_else(Error::internal_error)?;
    let (path, reason) = match path {
        Some(Ok(path)) => (Some(path), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (None, Some("no folder for it is known; set HOME".to_owned())),
    };
    let shown = path.as_deref().is_some_and(|path| server.show(path));
    let message = match (&path, reason) {
        (Some(path), _) => format!("The report is in {}.", path.display()),
        (None, reason) => {
            format!("The report is in `text`; no file was written: {}.", reason.unwrap_or_default())
        }
    };
    Ok(TextResult { text, path, shown, message })
}

/// Returns a few redacted lines for the channel.
pub(super) fn summary(server: &Server, params: &IncidentParams) -> Result<TextResult> {
    let snapshot = server.state.snapshot();
    let entry = find(&snapshot.board, params.id.as_deref())?;
    let incident = &entry.explained.incident;
    let mut lines = vec![format!("Incident {}: {}", entry.id(), incident.title)];
    if let Some(mark) = entry.marks.first() {
        let place = &mark.diagnostic.place;
        lines.push(format!("At {}:{}", place.path, place.start.line));
    }
    if let Some(suspect) = incident.suspects.commits.first() {
        lines.push(format!("Suspect: {}", incident_core::present::words::commit(suspect)));
    } else if let Some(reason) = &incident.suspects.abstained {
        lines.push(format!("No suspect commit: {reason}"));
    }
    lines.extend(
        entry.explained.hypotheses.iter().zip(1..).map(|(checked, number)| {
            format!("Hypothesis {number}: {}", checked.hypothesis().title)
        }),
    );
    lines.truncate(MAX_SUMMARY_LINES);
    let lines: Vec<_> = lines.iter().map(|line| neutral::one_line(line)).collect();
    let text = redact(&lines.join("\n")).text;
    let message = "The summary is in `text`.".to_owned();
    Ok(TextResult { text, path: None, shown: false, message })
}

/// Returns the answer as if this incident had been the only one.
fn alone(entry: &Entry) -> Explanation {
    let whole = entry.explanation.as_ref();
    Explanation { incidents: vec![entry.explained.as_ref().clone()], ..whole.clone() }
}
