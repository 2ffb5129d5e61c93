//! `initialized`: fixes that were left open are offered again.

use incident_core::neutral;
use tower_lsp::lsp_types::{MessageActionItem, MessageType};

use crate::requests::{self, all_scratches};
use crate::server::Server;
use crate::state::Scratch;

const OPEN: &str = "Open";
const REMOVE: &str = "Remove";
const LATER: &str = "Not Now";

/// Looks for fixes that were left open, and offers them again. Nobody waits for that.
pub(crate) fn initialized(server: &Server) {
    let server = server.clone();
    tokio::spawn(async move {
        let snapshot = server.state.snapshot();
        let listed = tokio::task::spawn_blocking(move || all_scratches(&snapshot));
        let scratches = listed.await.unwrap_or_default();
        let Some(newest) = scratches.last().cloned() else { return };
        let told = told(&scratches, &newest);
        scratches.into_iter().for_each(|scratch| server.state.put_scratch(scratch));
        offer(&server, told, newest).await;
    });
}

fn told(scratches: &[Scratch], newest: &Scratch) -> String {
    let (branch, summary) = (&newest.worktree.branch, &newest.worktree.summary);
    let summary = neutral::headline(summary, 80);
    match scratches.len() {
        1 => format!("A fix is still open in a scratch worktree: {summary} ({branch})."),
        n => format!("{n} fixes are still open in scratch worktrees, last {summary} ({branch})."),
    }
}

/// Asks where a question does not keep the person from typing, else tells.
async fn offer(server: &Server, told: String, newest: Scratch) {
    if !server.state.snapshot().session.message_buttons {
        server.tell(&format!(
            "{told} incident.openFix shows it, incident.cleanScratch removes what was not worked on."
        ));
        return;
    }
    let buttons = [OPEN, REMOVE, LATER]
        .map(|title| MessageActionItem { title: title.to_owned(), properties: Default::default() });
    let asked = server.client.show_message_request(MessageType::INFO, told, Some(buttons.into()));
    let chosen = asked.await.ok().flatten().map(|button| button.title);
    match chosen.as_deref() {
        Some(OPEN) => drop(requests::show_scratch(server, newest)),
        Some(REMOVE) => requests::clean_scratches(server).await,
        _ => {}
    }
}
