//! Which scratch worktree a command means, and `incident.signOff`.

use std::path::PathBuf;

use incident_core::cancel::Cancel;
use incident_host::command::CommandError;
use incident_host::worktree::{self, WorktreeError};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

use super::blocking;
use crate::lsp::ext::{ScratchParams, SignOffResult};
use crate::server::Server;
use crate::state::{Scratch, Snapshot};

/// Returns the scratch worktree that is meant: of those that fit, the newest of the first folder.
pub(super) async fn find(server: &Server, params: ScratchParams) -> Result<Scratch> {
    let snapshot = server.state.snapshot();
    let found = blocking(move || {
        all(&snapshot).into_iter().rev().find(|scratch| is_meant(scratch, &params))
    });
    found
        .await
        .flatten()
        .ok_or_else(|| Error::invalid_params("no such scratch worktree is open; open a fix first"))
}

fn is_meant(scratch: &Scratch, params: &ScratchParams) -> bool {
    let worktree = &scratch.worktree;
    params.branch.as_ref().is_none_or(|branch| worktree.branch == *branch)
        && params.id.as_ref().is_none_or(|id| worktree.incident.starts_with(id.as_str()))
        && params.number.is_none_or(|number| worktree.number == number)
}

/// Lists the scratch worktrees of every folder, oldest first. Reads the disk.
pub(crate) fn all(snapshot: &Snapshot) -> Vec<Scratch> {
    let mut scratches: Vec<Scratch> = Vec::new();
    for root in roots(snapshot) {
        let listed = worktree::list(&snapshot.workspace(&root)).unwrap_or_default();
        let listed = listed.into_iter().map(|worktree| Scratch { root: root.clone(), worktree });
        // Two folders of one repository have the same ones.
        let listed: Vec<Scratch> = listed
            .filter(|it| !scratches.iter().any(|known| known.worktree == it.worktree))
            .collect();
        scratches.extend(listed);
    }
    scratches.sort_by_key(|scratch| scratch.worktree.opened_at);
    scratches
}

/// The workspace's folders, and those of explained incidents.
pub(super) fn roots(snapshot: &Snapshot) -> Vec<PathBuf> {
    let mut roots = snapshot.session.roots.clone();
    for entry in snapshot.board.entries() {
        if !roots.contains(&entry.root) {
            roots.push(entry.root.clone());
        }
    }
    roots
}

/// Puts all that a person signs a fix off with on one page, and shows it.
pub(super) async fn sign_off(server: &Server, params: ScratchParams) -> Result<SignOffResult> {
    let scratch = find(server, params).await?;
    let workspace = server.state.snapshot();
    let written = blocking(move || {
        let workspace = workspace.workspace(&scratch.root);
        let patch = worktree::diff(&workspace, &scratch.worktree, &Cancel::new())?;
        let path = worktree::keep_sign_off(&workspace, &scratch.worktree, &patch)?;
        Ok((scratch.worktree, patch, path))
    });
    let (scratch, patch, path) =
        written.await.ok_or_else(Error::internal_error)?.map_err(refused)?;
    let shown = server.show(&path);
    let message = format!("What branch {} changes and how to take it over: {}.", scratch.branch, {
        path.display()
    });
    Ok(SignOffResult {
        patch,
        instructions: worktree::instructions(&scratch),
        pull_request: worktree::pull_request(&scratch, None),
        branch: scratch.branch,
        path,
        shown,
        message,
    })
}

/// Returns what a request says where a scratch worktree refused.
pub(super) fn refused(error: WorktreeError) -> Error {
    let code = match &error {
        WorktreeError::Command(CommandError::Cancelled) => ErrorCode::RequestCancelled,
        _ => ErrorCode::InvalidParams,
    };
    Error { code, message: error.to_string().into(), data: None }
}
