//! `incident.report` and `incident.copySummary`.

use incident_core::cancel::Cancel;
use incident_core::neutral;
use incident_core::present::{Explanation, words};
use incident_core::redact::redact;
use incident_core::report;
use incident_host::permalink::{self, Permalinks};
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

/// Returns a few redacted lines for the channel, with links to the deployed commit.
pub(super) async fn summary(server: &Server, params: &IncidentParams) -> Result<TextResult> {
    let snapshot = server.state.snapshot();
    let entry = find(&snapshot.board, params.id.as_deref())?.clone();
    let lines = blocking(move || {
        let workspace = snapshot.workspace(&entry.root);
        let incident = &entry.explained.incident;
        let links = permalink::of_incident(&workspace, incident, &Cancel::new());
        summary_lines(&entry, &links)
    });
    let lines = lines.await.ok_or_else(Error::internal_error)?;
    let text = redact(&lines.join("\n")).text;
    let message = "The summary is in `text`.".to_owned();
    Ok(TextResult { text, path: None, shown: false, message })
}

fn summary_lines(entry: &Entry, links: &Permalinks) -> Vec<String> {
    let incident = &entry.explained.incident;
    let linked = |line: String, link: &Option<String>| match link {
        Some(link) => format!("{line} {link}"),
        None => line,
    };
    let mut lines = vec![format!("Incident {}: {}", entry.id(), incident.title)];
    let site = incident.traces.iter().find_map(words::site);
    if let Some(place) = site.and_then(|site| site.resolution.place.as_ref()) {
        let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
        lines.push(linked(format!("At {}{line}", place.path), &links.site));
    } else if let Some(mark) = entry.marks.first() {
        let place = &mark.diagnostic.place;
        lines.push(format!("At {}:{}", place.path, place.start.line));
    }
    if let Some(suspect) = incident.suspects.commits.first() {
        let suspect = words::commit(suspect);
        lines.push(linked(format!("Suspect: {suspect}"), &links.suspect));
    } else if let Some(reason) = &incident.suspects.abstained {
        lines.push(format!("No suspect commit: {reason}"));
    }
    lines.extend(
        entry.explained.hypotheses.iter().zip(1..).map(|(checked, number)| {
            format!("Hypothesis {number}: {}", checked.hypothesis().title)
        }),
    );
    lines.truncate(MAX_SUMMARY_LINES);
    lines.iter().map(|line| neutral::one_line(line).into_owned()).collect()
}

/// Returns the answer as if this incident had been the only one.
fn alone(entry: &Entry) -> Explanation {
    let whole = entry.explanation.as_ref();
    Explanation { incidents: vec![entry.explained.as_ref().clone()], ..whole.clone() }
}
