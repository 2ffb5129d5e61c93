//! What is learnt from scratch worktrees: which fix was tried, what the checks and people said.
//!
//! A memory that can't be written costs the work nothing; it is said in a note.

use incident_core::cancel::Cancel;
use incident_core::fix::FixPlan;
use incident_core::guard::looping::Change;

use super::{ScratchWorktree, WorktreeError, discover};
use crate::git::{GitError, Repository};
use crate::memory::{Answer, Attempt, Mark, Memory, MemoryError, NewAttempt, Outcome};
use crate::workspace::Workspace;

/// Notes that a fix was opened; returns what kept it from that.
pub(super) fn opened(
    workspace: &Workspace,
    repository: &Repository,
    plan: &FixPlan,
    scratch: &ScratchWorktree,
    change: Change,
    cancel: &Cancel,
) -> Option<String> {
    let memory = Memory::of(workspace)?;
    // Without its patch id a landed fix is not recognised; everything else holds.
    let patch_id = patch_id(repository, scratch, cancel).ok().flatten();
    let attempt = NewAttempt {
        incident: plan.incident.clone(),
        number: plan.number,
        hypothesis: plan.fix.summary.clone(),
        base: scratch.base.clone(),
        branch: scratch.branch.clone(),
        patch_digest: scratch.patch_digest.clone(),
        patch_id,
        files: scratch.files.iter().map(|file| file.path.clone()).collect(),
        change,
    };
    let noted = memory.note_attempt(&attempt, scratch.opened_at);
    noted.err().map(|err| format!("the attempt is not remembered: {err}"))
}

/// Refuses a fix that was tried and failed, and one that brings back what another replaced.
pub(super) fn refuse_circles(
    workspace: &Workspace,
    incident: &str,
    change: &Change,
) -> Result<(), WorktreeError> {
    // A memory that can't be read costs the work nothing; noting the attempt says so.
    let stopped = Memory::of(workspace).and_then(|memory| memory.stop(incident, change).ok()?);
    stopped.map_or(Ok(()), |sentence| Err(WorktreeError::Circle(sentence)))
}

/// Returns the patch id of all that a scratch worktree changes, committed or not.
fn patch_id(
    repository: &Repository,
    scratch: &ScratchWorktree,
    cancel: &Cancel,
) -> Result<Option<String>, GitError> {
    let here = repository.at_worktree(&scratch.path);
    here.patch_id(&here.diff_against(&scratch.base, cancel)?, cancel)
}

/// Notes the verdict on a fix; returns what kept it from that.
pub fn verified(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    outcome: Outcome,
    words: &str,
    now: i64,
    cancel: &Cancel,
) -> Option<String> {
    let memory = Memory::of(workspace)?;
    let repository = discover(workspace, cancel).ok()?;
    let patch_id = patch_id(&repository, scratch, cancel).ok().flatten();
    let noted = memory.note_outcome(&scratch.branch, patch_id.as_deref(), outcome, words, now);
    noted.err().map(|err| format!("the verdict is not remembered: {err}"))
}

/// Notes that a fix did or did not mend the incident; `branch` may be gone by now.
pub fn answer(
    workspace: &Workspace,
    branch: &str,
    answer: Answer,
    now: i64,
) -> Result<Attempt, WorktreeError> {
    Ok(memory(workspace)?.answer(branch, answer, now)?)
}

/// Returns what was tried against an incident, oldest first.
pub fn attempts(workspace: &Workspace, incident: &str) -> Result<Vec<Attempt>, WorktreeError> {
    Ok(memory(workspace)?.attempts(incident)?)
}

/// Takes back what was said last about an incident.
pub fn take_back(workspace: &Workspace, incident: &str, now: i64) -> Result<Mark, WorktreeError> {
    Ok(memory(workspace)?.take_back(incident, now)?)
}

fn memory(workspace: &Workspace) -> Result<Memory, WorktreeError> {
    Memory::of(workspace).ok_or(WorktreeError::NoFolder)
}

impl From<MemoryError> for WorktreeError {
    fn from(error: MemoryError) -> Self {
        Self::Memory(error)
    }
}
