//! What a person needs to sign a fix off: `fix --diff` and `fix --pull-request`.

use std::process::ExitCode;

use anyhow::Context as _;
use incident_core::cancel::Cancel;
use incident_host::workspace::Workspace;
use incident_host::worktree::{self, ScratchWorktree};

use super::super::args::FixArgs;
use super::super::{DONE, Outcome, output};

/// Prints what the arguments ask for; `None` where they ask for neither.
pub(super) fn run(workspace: &Workspace, args: &FixArgs) -> Option<Outcome> {
    match (args.diff, args.pull_request) {
        (true, _) => Some(diff(workspace, args)),
        (_, true) => Some(pull_request(workspace, args)),
        _ => None,
    }
}

fn diff(workspace: &Workspace, args: &FixArgs) -> Outcome {
    let scratch = scratch(workspace, args)?;
    // Not cleaned: it is a patch, and what is piped on must be exact.
    output::print(&worktree::diff(workspace, &scratch, &Cancel::new())?)?;
    Ok(ExitCode::from(DONE))
}

fn pull_request(workspace: &Workspace, args: &FixArgs) -> Outcome {
    output::print(&worktree::pull_request(&scratch(workspace, args)?, None))?;
    Ok(ExitCode::from(DONE))
}

fn scratch(workspace: &Workspace, args: &FixArgs) -> anyhow::Result<ScratchWorktree> {
    let incident = args.incident.as_deref().context("no incident was named")?;
    let is_wanted =
        |scratch: &ScratchWorktree| scratch.incident == incident && scratch.number == args.number;
    worktree::list(workspace)?.into_iter().rev().find(is_wanted).with_context(|| {
        format!("no scratch worktree of fix {} of incident {incident} is open", args.number)
    })
}
