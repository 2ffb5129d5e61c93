//! `incident.openFix`, `incident.verifyFix`, `incident.cancelVerify`, `incident.cleanScratch`.

use std::path::PathBuf;

use incident_core::cancel::Cancel;
use incident_core::fix::FixPlan;
use incident_core::history::CommitId;
use incident_core::present::words::count;
use incident_host::clock;
use incident_host::config;
use incident_host::workspace::Workspace;
use incident_host::worktree::{self, CleanScope, ScratchWorktree, Verification, WorktreeError};
use tower_lsp::jsonrpc::{Error, Result};

use super::incidents;
use super::scratch::{self, refused};
use super::scratch_check;
use crate::engine::{Event, JobId};
use crate::lsp::ext::{
    CleanParams, CleanResult, JobResult, KeptResult, OpenFixParams, OpenFixResult, ScratchParams,
};
use crate::server::{Server, TakeFocus};
use crate::state::{Entry, Scratch};

/// A commit that is taken back is the fix of no hypothesis.
const REVERT_NUMBER: u32 = 0;

/// Opens a fix on a branch of its own, and shows the first file that it changes.
pub(super) async fn open(server: &Server, params: OpenFixParams) -> Result<OpenFixResult> {
    if let Some(branch) = params.branch {
        let which = ScratchParams { branch: Some(branch), ..ScratchParams::default() };
        return Ok(show(server, scratch::find(server, which).await?));
    }
    let snapshot = server.state.snapshot();
    let entry = incidents::find(&snapshot.board, params.id.as_deref())?;
    let root = entry.root.clone();
    let fix = wanted_fix(entry, &params)?;
    let incident = entry.id().to_owned();
    let id = server.engine.new_job_id();
    let found = server.engine.run(id, "Opening the fix".to_owned(), move |cancel| {
        let workspace = snapshot.workspace(&root);
        let plan = match fix {
            WantedFix::Plan(plan) => plan,
            WantedFix::Revert(commit) => {
                worktree::plan_revert(&workspace, &incident, REVERT_NUMBER, &commit.0, cancel)?
            }
            WantedFix::Backport { commit, onto } => {
                worktree::plan_backport(&workspace, &incident, &commit.0, onto, cancel)?
            }
        };
        let opened = worktree::open(&workspace, &plan, clock::now(), cancel)?;
        Ok((Scratch { root, worktree: opened.scratch }, opened.reopened, opened.notes))
    });
    let (scratch, reopened, notes) =
        found.await.ok_or_else(Error::internal_error)?.map_err(refused)?;
    Ok(opened(server, scratch, reopened, notes))
}

/// Shows a scratch worktree that was there before.
pub(crate) fn show(server: &Server, scratch: Scratch) -> OpenFixResult {
    opened(server, scratch, true, Vec::new())
}

/// Shows a scratch worktree, and remembers that the person works in it.
fn opened(server: &Server, scratch: Scratch, reopened: bool, notes: Vec<String>) -> OpenFixResult {
    server.state.put_scratch(scratch.clone());
    tokio::spawn(scratch_check::check(server.clone(), scratch.clone()));
    let worktree = scratch.worktree;
    let file = worktree::first_file(&worktree);
    let shown = file.as_deref().is_some_and(|file| server.show(file));
    let state = if reopened { "is open already" } else { "is open" };
    let message = format!(
        "The fix {state} on branch {} in {} (base {}).",
        worktree.branch,
        worktree.path.display(),
        worktree.base.short()
    );
    OpenFixResult { branch: worktree.branch, path: worktree.path, file, shown, message, notes }
}

enum WantedFix {
    Plan(FixPlan),
    Revert(CommitId),
    Backport { commit: CommitId, onto: Option<CommitId> },
}

fn wanted_fix(entry: &Entry, params: &OpenFixParams) -> Result<WantedFix> {
    if let Some(commit) = &params.commit {
        let incident = &entry.explained.incident;
        if let Some(later) = incident.later.as_ref().filter(|later| later.commit.0 == *commit) {
            let onto = incident.deployed.as_ref().and_then(|deployed| deployed.commit.clone());
            return Ok(WantedFix::Backport { commit: later.commit.clone(), onto });
        }
        let suspects = &incident.suspects.commits;
        let suspect = suspects.iter().find(|suspect| suspect.commit.0 == *commit);
        let wanted = suspect.map(|suspect| WantedFix::Revert(suspect.commit.clone()));
        return wanted.ok_or_else(|| {
            Error::invalid_params(format!("{commit} is no suspect of incident {}", entry.id()))
        });
    }
    let hypotheses = entry.explained.hypotheses.iter().zip(1..);
    let mut with_fix = hypotheses.filter_map(|(checked, number)| {
        let fix = checked.hypothesis().fix.clone().filter(|_| checked.fix_is_ready())?;
        Some(FixPlan { incident: entry.id().to_owned(), number, base: None, fix })
    });
    let wanted = match params.number {
        Some(number) => with_fix.find(|plan| plan.number == number),
        None => with_fix.next(),
    };
    wanted.map(WantedFix::Plan).ok_or_else(|| {
        let whose = match params.number {
            Some(number) => format!("hypothesis {number} of incident {}", entry.id()),
            None => format!("incident {}", entry.id()),
        };
        Error::invalid_params(format!("{whose} has no fix that is ready to be opened"))
    })
}

/// Starts the commands that prove a fix, on its base and on it, and answers at once.
pub(super) async fn verify(server: &Server, params: ScratchParams) -> Result<JobResult> {
    let Scratch { root, worktree: scratch } = scratch::find(server, params).await?;
    let snapshot = server.state.snapshot();
    let workspace = super::blocking(move || snapshot.workspace(&root));
    let workspace = workspace.await.ok_or_else(Error::internal_error)?;
    if !workspace.is_trusted() {
        return Err(refused(WorktreeError::NotTrusted));
    }
    let id = server.engine.new_job_id();
    let message = format!("Verifying branch {}, before and after.", scratch.branch);
    let (engine, outbox) = (server.engine.clone(), server.outbox.clone());
    let title = format!("Verifying {}", scratch.branch);
    let window = server.window();
    tokio::spawn(async move {
        let branch = scratch.branch.clone();
        let checked = engine.run_telling(id, title, move |cancel, tell| {
            let (config, _) = config::read(workspace.root(), workspace.is_trusted());
            let verification = worktree::verify(&workspace, &scratch, &config.fix, tell, cancel)?;
            Ok::<_, WorktreeError>(kept(&workspace, &scratch, &verification, cancel))
        });
        let message = match checked.await {
            Some(Ok(kept)) => {
                if let Some(file) = &kept.file {
                    window.show(file, TakeFocus::No);
                }
                format!("Verified {branch}: {}{}", kept.headline, kept.told)
            }
            Some(Err(error)) => format!("Branch {branch} was not verified: {error}."),
            None => format!("Branch {branch} was not verified: it failed inside the server."),
        };
        outbox.tell(&message);
    });
    Ok(JobResult { job: id.0, message })
}

/// A verdict that was kept: in a file that the editor can show, and in memory.
struct Kept {
    headline: String,
    file: Option<PathBuf>,
    /// What could not be kept, as further sentences.
    told: String,
}

fn kept(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    verification: &Verification,
    cancel: &Cancel,
) -> Kept {
    let verdict = &verification.verdict;
    let headline = verdict.headline();
    let (outcome, now) = (verdict.outcome.into(), clock::now());
    let mut told: Vec<String> =
        worktree::verified(workspace, scratch, outcome, &headline, now, cancel)
            .into_iter()
            .collect();
    let file = worktree::keep_verdict(workspace, scratch, verification);
    told.extend(file.as_ref().err().map(|err| format!("the verdict was not kept: {err}")));
    let told = told.iter().map(|told| format!(" ({told})")).collect();
    Kept { headline, file: file.ok(), told }
}

/// Stops a check.
pub(super) fn cancel(server: &Server, params: &JobResult) -> JobResult {
    server.engine.send(Event::Cancel(JobId(params.job)));
    JobResult { job: params.job, message: "The check is told to stop.".to_owned() }
}

/// Removes the scratch worktrees in which nobody has worked, and tells what became of them.
pub(crate) async fn clean_untouched(server: &Server) {
    if let Err(error) = clean(server, CleanParams::default()).await {
        server.tell(&error.message);
    }
}

/// Removes scratch worktrees of every folder.
pub(super) async fn clean(server: &Server, params: CleanParams) -> Result<CleanResult> {
    let scope = if params.all { CleanScope::All } else { CleanScope::Untouched };
    let snapshot = server.state.snapshot();
    let roots = scratch::roots(&snapshot);
    let id = server.engine.new_job_id();
    let title = "Removing scratch worktrees".to_owned();
    let cleaned = server.engine.run(id, title, move |cancel| {
        let mut result = CleanResult::default();
        let mut failed = None;
        for root in roots {
            match worktree::clean(&snapshot.workspace(&root), scope, cancel) {
                Ok(cleaned) => {
                    result.removed.extend(cleaned.removed);
                    let kept = cleaned.kept.into_iter();
                    result.kept.extend(kept.map(|(branch, reason)| KeptResult { branch, reason }));
                }
                Err(error) => failed = Some(error),
            }
        }
        // One folder that is no repository does not matter beside others that are.
        match failed {
            Some(error) if result.removed.is_empty() && result.kept.is_empty() => Err(error),
            _ => Ok(result),
        }
    });
    let mut result = cleaned.await.ok_or_else(Error::internal_error)?.map_err(refused)?;
    server.state.forget_scratches(&result.removed);
    result.message = match (result.removed.len(), result.kept.first()) {
        (0, None) => "There are no scratch worktrees.".to_owned(),
        (n, None) => format!("Removed {}.", count(n, "scratch worktree")),
        (n, Some(kept)) => format!(
            "Removed {}, kept {}: {} ({}).",
            count(n, "scratch worktree"),
            result.kept.len(),
            kept.branch,
            kept.reason
        ),
    };
    server.tell(&result.message);
    Ok(result)
}
