//! `workspace/didChangeWatchedFiles`, and the request to be told.

use serde_json::json;
use tower_lsp::lsp_types::Registration;

use crate::server::Server;

/// What frames are tied to, and what decides which source and which settings count.
const WATCHED: &[&str] = &[
    "**/*.{rs,js,jsx,mjs,cjs,ts,tsx,py,go,java}",
    "**/{Cargo.toml,Cargo.lock,package.json,package-lock.json,.incident.toml}",
];

/// Asks the client to tell of changed files, where it offers to.
pub(crate) fn watch_files(server: &Server) {
    if !server.state.snapshot().session.capabilities.watched_files {
        return;
    }
    let watchers: Vec<_> = WATCHED.iter().map(|glob| json!({ "globPattern": glob })).collect();
    let registration = Registration {
        id: "incident/watched-files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: Some(json!({ "watchers": watchers })),
    };
    let client = server.client.clone();
    tokio::spawn(async move {
        if let Err(error) = client.register_capability(vec![registration]).await {
            tracing::info!("the client does not watch files: {error}");
        }
    });
}

/// Where a frame led is looked up again: the file may say something else by now.
pub(crate) fn did_change_watched_files(server: &Server) {
    server.state.note_change_on_disk();
}
