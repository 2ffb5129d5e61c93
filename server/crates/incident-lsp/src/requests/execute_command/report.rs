//! `incident.report` and `incident.copySummary`.

use tower_lsp::jsonrpc::Result;

use super::incidents::find;
use crate::lsp::ext::{IncidentParams, TextResult};
use crate::server::Server;

/// Shows the whole report of one incident.
pub(super) async fn report(server: &Server, params: &IncidentParams) -> Result<TextResult> {
    let board = server.state.snapshot().board;
    let entry = find(&board, params.id.as_deref())?;
    let text = entry.explained.incident.title.clone();
    Ok(TextResult {
        text,
        path: None,
        shown: false,
        message: "The report is in `text`.".to_owned(),
    })
}

/// Returns a few redacted lines for the channel.
pub(super) fn summary(server: &Server, params: &IncidentParams) -> Result<TextResult> {
    let board = server.state.snapshot().board;
    let entry = find(&board, params.id.as_deref())?;
    let text = incident_core::redact::redact(&entry.explained.incident.title).text;
    Ok(TextResult {
        text,
        path: None,
        shown: false,
        message: "The summary is in `text`.".to_owned(),
    })
}
