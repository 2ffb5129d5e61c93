//! `incident.fixWorked`, `incident.fixFailed`, `incident.takeBack`: what people say about a fix.

use std::path::PathBuf;

use incident_core::neutral;
use incident_host::clock;
use incident_host::memory::{Answer, MarkKind};
use incident_host::worktree::{self, WorktreeError};
use tower_lsp::jsonrpc;

use super::blocking;
use super::scratch::{self, refused};
use crate::lsp::ext::{IncidentParams, IncidentResult, ScratchParams};
use crate::server::Server;
use crate::state::Snapshot;

/// Remembers that a fix did or did not mend its incident; its worktree may be gone by now.
pub(super) async fn say(
    server: &Server,
    params: ScratchParams,
    answer: Answer,
) -> jsonrpc::Result<IncidentResult> {
    let snapshot = server.state.snapshot();
    let said = blocking(move || {
        let (root, branch) = match params.branch {
            Some(branch) => (root_of(&snapshot, &branch)?, branch),
            None => last_tried(&snapshot, params.id.as_deref(), params.number)?,
        };
        worktree::answer(&snapshot.workspace(&root), &branch, answer, clock::now())
    });
    let said = said.await.ok_or_else(jsonrpc::Error::internal_error)?.map_err(refused)?.tried;
    let words = match answer {
        Answer::Worked => "fixed it",
        Answer::Failed => "did not fix it",
    };
    let title = neutral::one_line(&said.hypothesis);
    let message =
        format!("Remembered: {} {words} ({title}). incident.takeBack takes it back.", said.branch);
    server.tell(&message);
    Ok(IncidentResult { incidents: vec![said.incident], message })
}

/// Returns the folder that a scratch branch belongs to; the first one where its worktree is gone.
fn root_of(snapshot: &Snapshot, branch: &str) -> Result<PathBuf, WorktreeError> {
    let of_branch = scratch::all(snapshot).into_iter().find(|it| it.worktree.branch == branch);
    let root = of_branch.map(|it| it.root).or_else(|| scratch::roots(snapshot).into_iter().next());
    root.ok_or_else(nothing_open)
}

/// Returns the fix that was tried last, of those that fit, as its folder and branch.
fn last_tried(
    snapshot: &Snapshot,
    id: Option<&str>,
    number: Option<u32>,
) -> Result<(PathBuf, String), WorktreeError> {
    let (root, incident) = meant(snapshot, id)?;
    let attempts = worktree::attempts(&snapshot.workspace(&root), &incident)?;
    let fits = |tried: u32| number.is_none_or(|number| tried == number);
    let last = attempts.into_iter().rev().find(|attempt| fits(attempt.tried.number));
    Ok((root, last.ok_or_else(nothing_open)?.tried.branch))
}

/// Returns the incident that is meant, with its folder: that of the newest scratch worktree that
/// fits, else the newest one that fits, else the named one, which only the memory may know.
fn meant(snapshot: &Snapshot, id: Option<&str>) -> Result<(PathBuf, String), WorktreeError> {
    let fits = |known: &str| id.is_none_or(|id| known.starts_with(id));
    let open = scratch::all(snapshot).into_iter().rev().map(|it| (it.root, it.worktree.incident));
    let entries = snapshot.board.entries().iter();
    let shown = entries.map(|entry| (entry.root.clone(), entry.id().to_owned()));
    let known = open.chain(shown).find(|(_, incident)| fits(incident));
    let named = || Some((scratch::roots(snapshot).into_iter().next()?, id?.to_owned()));
    known.or_else(named).ok_or_else(nothing_open)
}

fn nothing_open() -> WorktreeError {
    WorktreeError::NotOpen("of that incident".to_owned())
}

/// Takes back what was said last about an incident.
pub(super) async fn take_back(
    server: &Server,
    params: IncidentParams,
) -> jsonrpc::Result<IncidentResult> {
    let snapshot = server.state.snapshot();
    let taken = blocking(move || {
        let (root, incident) = meant(&snapshot, params.id.as_deref())?;
        let mark = worktree::take_back(&snapshot.workspace(&root), &incident, clock::now())?;
        Ok((incident, mark))
    });
    let (incident, mark) =
        taken.await.ok_or_else(jsonrpc::Error::internal_error)?.map_err(refused)?;
    let what = match mark.kind {
        MarkKind::Worked => "that it fixed it",
        MarkKind::Failed => "that it did not fix it",
        MarkKind::Confirmed => "that it was the cause",
        MarkKind::Dismissed => "that it was put aside",
    };
    let about = neutral::one_line(&mark.subject);
    let message = format!("Taken back about incident {incident}: {what} ({about}).");
    server.tell(&message);
    Ok(IncidentResult { incidents: vec![incident], message })
}
