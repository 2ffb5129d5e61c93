//! `incident-lsp forget`.

use std::process::ExitCode;

use incident_host::memory::{self, Memory};
use incident_host::store::{self, Store};

use super::args::WorkspaceArgs;
use super::{DONE, Outcome, explain, output, trust};

/// Removes one incident of the source tree.
pub(super) fn one(id: &str, workspace: &WorkspaceArgs) -> Outcome {
    let root = explain::root(workspace)?;
    let folders = trust::folders()?;
    // The memory first: an incident whose report has expired is still remembered.
    Memory::open(&folders, &root).forget(id)?;
    Store::open(&folders, &root).forget(id)?;
    output::print(&format!("incident {id} is forgotten\n"))?;
    Ok(ExitCode::from(DONE))
}

/// Removes every incident of every source tree, and the caches.
pub(super) fn all() -> Outcome {
    let folders = trust::folders()?;
    memory::forget_everything(&folders)?;
    store::forget_everything(&folders)?;
    output::print(
        "every kept incident is forgotten, and what was cached; scratch worktrees stay until \
         `incident-lsp fix --clean`\n",
    )?;
    Ok(ExitCode::from(DONE))
}
