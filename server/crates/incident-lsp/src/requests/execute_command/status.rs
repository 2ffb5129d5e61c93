//! `incident.status`.

use std::path::PathBuf;

use incident_core::present::words::count;

use crate::lsp::commands::{Row, TABLE};
use crate::lsp::ext::{CommandRow, StatusResult};
use crate::state::Snapshot;

/// Says what the server sees.
pub(super) fn status(snapshot: &Snapshot, n_jobs: usize) -> StatusResult {
    let session = &snapshot.session;
    let n_dismissed = snapshot.board.entries().iter().filter(|entry| entry.dismissed).count();
    let n_incidents = snapshot.board.entries().len() - n_dismissed;
    let trusted: Vec<PathBuf> = session
        .roots
        .iter()
        .filter(|root| session.trusted.unwrap_or_else(|| snapshot.workspace(root).is_trusted()))
        .cloned()
        .collect();
    let folders = match (session.roots.len(), trusted.len()) {
        (0, _) => "No workspace folder is open".to_owned(),
        (n, 0) => format!("{}, not trusted: nothing of theirs is run", count(n, "folder")),
        (n, n_trusted) => format!("{}, {n_trusted} of them trusted", count(n, "folder")),
    };
    StatusResult {
        version: env!("CARGO_PKG_VERSION"),
        roots: session.roots.clone(),
        trusted,
        position_encoding: session.capabilities.encoding.kind().as_str().to_owned(),
        n_incidents,
        n_dismissed,
        n_documents: snapshot.n_documents(),
        n_jobs,
        commands: TABLE.iter().map(command_row).collect(),
        message: format!("{folders}. Incidents shown: {n_incidents}. Jobs running: {n_jobs}."),
    }
}

fn command_row(row: &Row) -> CommandRow {
    let Row { id, palette_title, verb, cli_verb, .. } = *row;
    CommandRow { id, palette_title, verb, cli_verb }
}
