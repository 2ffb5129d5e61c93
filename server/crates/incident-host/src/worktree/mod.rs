//! Scratch worktrees: a fix on a branch of its own, in a folder of ours, beside the user's tree.
//!
//! The user's working tree, index, HEAD, stash, configuration and hooks stay as they are. What a
//! patch makes of a file is worked out before anything is made, so that a patch that does not fit
//! leaves nothing behind. A record is written before each step: after a crash at any moment the
//! scratch work is still listed and can be cleaned.

mod files;
mod learned;
mod record;
mod signoff;
mod verify;

use std::path::{Path, PathBuf};

use incident_core::cancel::Cancel;
use incident_core::fix::{Fix, FixPlan, Patch, parse_patch};
use incident_core::history::CommitId;
use sha2::{Digest, Sha256};

pub use self::learned::{answer, attempts, take_back, verified};
pub use self::record::{ScratchWorktree, WrittenFile};
pub use self::signoff::{
    diff, instructions, keep_sign_off, keep_verdict, last_verdict, pull_request,
};
pub use self::verify::{Verification, default_commands, verify};
use crate::folders::{FolderError, locked_with};
use crate::git::{GitError, Repository};
use crate::message::plain;
use crate::workspace::Workspace;

/// Why a fix was not opened, listed, verified or cleaned.
#[derive(Debug, thiserror::Error)]
pub enum WorktreeError {
    /// Git could not do its part.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Our own folder could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No home folder is known.
    #[error("no folder for scratch worktrees is known; set HOME or INCIDENT_LSP_STATE_DIR")]
    NoFolder,
    /// There is no commit to start from.
    #[error("the repository has no commit that a branch could start from")]
    NoBase,
    /// The revision names no commit of this clone.
    #[error("`{0}` names no commit of this clone")]
    UnknownRevision(String),
    /// The plan's incident is not one of ours.
    #[error("`{0}` is not the id of an incident")]
    NotAnIncident(String),
    /// The patch can't be read.
    #[error("the patch can't be used: {0}")]
    Patch(String),
    /// The patch expects other lines.
    #[error("the fix does not fit `{path}` as it is in {base} nor as it is in your tree")]
    DoesNotFit {
        /// The file.
        path: String,
        /// The commit's short id.
        base: String,
    },
    /// The patch changes what runs by itself.
    #[error(
        "the fix changes what runs by itself, so it was not opened: {}; read it, then name each of \
         them with `--allow`",
        .0.join(", ")
    )]
    RunsByItself(Vec<String>),
    /// Fixes of this place go round in circles.
    #[error("{0} `incident-lsp fix INCIDENT --undo` takes back what was said of the earlier one")]
    Circle(String),
    /// A file of the scratch worktree could not be written.
    #[error("`{path}` in the scratch worktree could not be written: {reason}")]
    Write {
        /// The file.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// The commit can't be taken back by a patch.
    #[error("{0} can't be taken back: it has no parent, or changes files outside this folder")]
    NotRevertible(String),
    /// The commit is no patch of this folder.
    #[error("{0} can't be backported: it has no parent, or changes files outside this folder")]
    NotPortable(String),
    /// No such scratch worktree.
    #[error("no scratch worktree `{0}` is open; `fix --list` names those that are")]
    NotOpen(String),
    /// Commands run in trusted roots only.
    #[error("this folder is not trusted, so nothing of it is run; `incident-lsp trust` allows it")]
    NotTrusted,
    /// Nothing says how to check.
    #[error(
        "no command is known that could prove a fix here; set `fix.check`, `fix.test` or \
             `fix.load` in .incident.toml"
    )]
    NoCheck,
    /// A command would reach somebody's real service.
    #[error(
        "`fix.{command}` was not run: it would reach `{host}` (in {place}); only the loopback \
             and what `fix.hosts` lists may be reached"
    )]
    ForeignEndpoint {
        /// The command's name in the settings.
        command: &'static str,
        /// The host.
        host: String,
        /// Where it stands.
        place: String,
    },
    /// The file of variables can't be read.
    #[error("`fix.env_file` can't be used: {0}")]
    EnvFile(String),
    /// What is remembered can't be read or written.
    #[error(transparent)]
    Memory(crate::memory::MemoryError),
    /// The check could not be run.
    #[error(transparent)]
    Command(#[from] crate::command::CommandError),
}

/// A scratch worktree that was opened, or found open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The worktree.
    pub scratch: ScratchWorktree,
    /// It was there already, with this very fix.
    pub reopened: bool,
    /// Sentences that the person should read.
    pub notes: Vec<String>,
}

/// What [`clean`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Removed, by branch.
    pub removed: Vec<String>,
    /// Kept, by branch, with the reason.
    pub kept: Vec<(String, String)>,
}

/// Which scratch worktrees [`clean`] removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanScope {
    /// Those that hold nothing but what we wrote.
    Untouched,
    /// All of them, with the person's own work in them.
    All,
}

/// Opens `plan` in a scratch worktree on a branch of its own.
///
/// `now` is the time in seconds since 1970, UTC.
pub fn open(
    workspace: &Workspace,
    plan: &FixPlan,
    now: i64,
    cancel: &Cancel,
) -> Result<Opened, WorktreeError> {
    open_allowing(workspace, plan, &[], now, cancel)
}

/// The same for a plan that changes what runs by itself, in exactly the files of `allowed`: the
/// person has read that list and said so.
pub fn open_allowing(
    workspace: &Workspace,
    plan: &FixPlan,
    allowed: &[String],
    now: i64,
    cancel: &Cancel,
) -> Result<Opened, WorktreeError> {
    let patch =
        parse_patch(&plan.fix.patch).map_err(|problem| WorktreeError::Patch(problem.message))?;
    refuse_what_runs_by_itself(&patch, allowed)?;
    let repository = discover(workspace, cancel)?;
    let base = base_commit(&repository, plan.base.as_ref(), cancel)?;
    let scratches = record::Scratches::of(workspace)?;
    let name = record::Name::new(&plan.incident, plan.number)?;
    let contents = files::after_patch(workspace, &repository, &base, &patch, cancel)?;

    learned::refuse_circles(workspace, &plan.incident, &contents.change)?;
    locked_with(scratches.folder(), |lock| {
        let repository = &repository.holding(lock);
        Ok(open_locked(repository, &scratches, &name, plan, &base, &contents, now, cancel))
    })?
    .map(|mut opened| {
        let told =
            learned::opened(workspace, &repository, plan, &opened.scratch, contents.change, cancel);
        opened.notes.extend(told);
        opened
    })
}

/// Does the part of [`open`] that changes something, while no other process does the same.
#[allow(clippy::too_many_arguments)] // One caller; a struct would only move the names.
fn open_locked(
    repository: &Repository,
    scratches: &record::Scratches,
    name: &record::Name,
    plan: &FixPlan,
    base: &CommitId,
    contents: &files::Contents,
    now: i64,
    cancel: &Cancel,
) -> Result<Opened, WorktreeError> {
    let open_branches = repository.worktrees(cancel)?;
    let digest = record::digest(&plan.fix.patch, base);
    let known = scratches.list().into_iter().find(|scratch| {
        scratch.patch_digest == digest
            && scratch.incident == plan.incident
            && open_branches.iter().any(|it| it.branch.as_deref() == Some(&scratch.branch))
    });
    if let Some(scratch) = known.filter(|scratch| scratch.is_complete && scratch.path.is_dir()) {
        return Ok(Opened { scratch, reopened: true, notes: Vec::new() });
    }

    let (branch, mut notes) = free_branch(repository, name, cancel)?;
    let mut scratch = ScratchWorktree {
        incident: plan.incident.clone(),
        number: plan.number,
        path: scratches.free_folder(name),
        branch,
        base: base.clone(),
        summary: plan.fix.summary.clone(),
        files: contents.written_paths(repository.prefix()),
        patch_digest: digest,
        opened_at: now,
        is_complete: false,
        folder_in_worktree: repository.prefix().trim_end_matches('/').to_owned(),
    };
    scratches.put(&scratch)?;
    if let Err(err) = repository.add_worktree(&scratch.path, &scratch.branch, base, cancel) {
        abandon(repository, scratches, &scratch);
        return Err(err.into());
    }
    if let Err(err) = contents.write(&scratch.root()) {
        abandon(repository, scratches, &scratch);
        return Err(err);
    }
    let new_files: Vec<&str> = contents.new_files().collect();
    if !new_files.is_empty() {
        let here = repository.at_worktree(&scratch.path);
        let new_files = new_files.iter().map(|path| format!("{}{path}", repository.prefix()));
        here.intend_to_add(&new_files.collect::<Vec<_>>(), cancel)?;
    }
    scratch.is_complete = true;
    scratches.put(&scratch)?;
    notes.extend(contents.notes.iter().cloned());
    notes.extend(files::checkout_notes(&scratch.path));
    Ok(Opened { scratch, reopened: false, notes })
}

/// Removes what a failed opening left; what can't be removed stays listed for `clean`.
fn abandon(repository: &Repository, scratches: &record::Scratches, scratch: &ScratchWorktree) {
    // Not the caller's flag: a cancelled opening must still be taken back.
    let cancel = Cancel::new();
    if remove(repository, scratch, &cancel).is_ok() {
        scratches.forget(scratch);
    }
}

/// Lists the scratch worktrees of the repository around `workspace`, oldest first.
pub fn list(workspace: &Workspace) -> Result<Vec<ScratchWorktree>, WorktreeError> {
    Ok(record::Scratches::of(workspace)?.list())
}

/// Removes scratch worktrees and their branches.
///
/// Without [`CleanScope::All`] a worktree in which the person has worked is kept and named. A
/// branch with commits of the person's is always kept.
pub fn clean(
    workspace: &Workspace,
    scope: CleanScope,
    cancel: &Cancel,
) -> Result<Cleaned, WorktreeError> {
    let repository = discover(workspace, cancel)?;
    let scratches = record::Scratches::of(workspace)?;
    crate::sandbox::sweep();
    locked_with(scratches.folder(), |lock| {
        Ok(clean_locked(&repository.holding(lock), &scratches, scope, cancel))
    })?
}

fn clean_locked(
    repository: &Repository,
    scratches: &record::Scratches,
    scope: CleanScope,
    cancel: &Cancel,
) -> Result<Cleaned, WorktreeError> {
    let mut cleaned = Cleaned::default();
    for scratch in scratches.list() {
        let own_work = match scope {
            CleanScope::All => None,
            CleanScope::Untouched => own_work(repository, &scratch, cancel)?,
        };
        if let Some(reason) = own_work {
            cleaned.kept.push((scratch.branch, reason));
            continue;
        }
        match remove(repository, &scratch, cancel) {
            Ok(()) => {
                scratches.forget(&scratch);
                cleaned.removed.push(scratch.branch);
            }
            Err(err) => cleaned.kept.push((scratch.branch, err.to_string())),
        }
    }
    Ok(cleaned)
}

/// Says what the person did in a scratch worktree, if anything.
fn own_work(
    repository: &Repository,
    scratch: &ScratchWorktree,
    cancel: &Cancel,
) -> Result<Option<String>, WorktreeError> {
    if !scratch.is_complete || !scratch.path.is_dir() {
        return Ok(None);
    }
    let tip = repository.branch_tip(&scratch.branch, cancel)?;
    if tip.is_some_and(|tip| tip != scratch.base) {
        return Ok(Some("it has commits of yours".to_owned()));
    }
    let here = repository.at_worktree(&scratch.path);
    let changed = here.changed_paths(cancel)?;
    let foreign = changed.iter().find(|path| !scratch.files.iter().any(|it| it.path == **path));
    if let Some(path) = foreign {
        return Ok(Some(format!("`{}` was changed in it", plain(path))));
    }
    let edited = scratch.files.iter().find(|file| !file.is_as_written(&scratch.path));
    Ok(edited.map(|file| format!("`{}` was edited in it", plain(&file.path))))
}

/// Makes the worktree of a scratch worktree's base, where it is missing or left half made.
fn make_base(
    repository: &Repository,
    scratch: &ScratchWorktree,
    path: &Path,
    cancel: &Cancel,
) -> Result<(), WorktreeError> {
    let known = repository.worktrees(cancel)?;
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_known = known.iter().any(|worktree| worktree.path == real || worktree.path == path);
    if is_known && path.is_dir() {
        let here = repository.at_worktree(path);
        let is_base = here.head(cancel)?.as_ref() == Some(&scratch.base);
        if is_base && here.changed_paths(cancel)?.is_empty() {
            return Ok(());
        }
    }
    remove_base(repository, path, is_known, cancel)?;
    Ok(repository.add_detached_worktree(path, &scratch.base, cancel)?)
}

/// Removes the worktree of a base: nobody works there.
fn remove_base(
    repository: &Repository,
    path: &Path,
    is_known: bool,
    cancel: &Cancel,
) -> Result<(), WorktreeError> {
    if is_known {
        unless_half_made(repository.remove_worktree(path, cancel))?;
    }
    remove_leftover(path)?;
    Ok(repository.forget_worktree(path, None, cancel)?)
}

/// Git refuses to remove what it did not finish; then the folder and the entry are removed by hand.
fn unless_half_made(removed: Result<(), GitError>) -> Result<(), GitError> {
    match removed {
        Err(GitError::Failed { .. }) => Ok(()),
        removed => removed,
    }
}

/// Removes a folder that git knows nothing of: left by a step that was killed halfway.
fn remove_leftover(path: &Path) -> Result<(), WorktreeError> {
    if !path.exists() {
        return Ok(());
    }
    std::fs::remove_dir_all(path).map_err(|err| WorktreeError::Write {
        path: path.display().to_string(),
        reason: err.to_string(),
    })
}

/// Removes a worktree and, where nobody committed to it, its branch.
fn remove(
    repository: &Repository,
    scratch: &ScratchWorktree,
    cancel: &Cancel,
) -> Result<(), WorktreeError> {
    let known = repository.worktrees(cancel)?;
    let base = scratch.base_path();
    let real_base = base.canonicalize().unwrap_or_else(|_| base.clone());
    let knows_base = known.iter().any(|it| it.path == base || it.path == real_base);
    remove_base(repository, &base, knows_base, cancel)?;
    if known.iter().any(|worktree| worktree.branch.as_deref() == Some(&scratch.branch)) {
        unless_half_made(repository.remove_worktree(&scratch.path, cancel))?;
    }
    remove_leftover(&scratch.path)?;
    repository.forget_worktree(&scratch.path, Some(&scratch.branch), cancel)?;
    for kept in signoff::kept_paths(scratch) {
        // There need not be one.
        let _ = std::fs::remove_file(kept);
    }
    if repository.branch_tip(&scratch.branch, cancel)?.as_ref() == Some(&scratch.base) {
        // Not the caller's flag: a git that is killed now may leave a lock on the user's refs.
        repository.delete_branch(&scratch.branch, &scratch.base, &Cancel::new())?;
    }
    Ok(())
}

/// Plans to take a commit back: a fix like any other. `revision` is any name of it.
pub fn plan_revert(
    workspace: &Workspace,
    incident: &str,
    number: u32,
    revision: &str,
    cancel: &Cancel,
) -> Result<FixPlan, WorktreeError> {
    let (repository, commit) = named(workspace, revision, cancel)?;
    let patch = repository
        .reverse_patch(&commit, cancel)?
        .ok_or_else(|| WorktreeError::NotRevertible(commit.short().to_owned()))?;
    Ok(FixPlan {
        incident: incident.to_owned(),
        number,
        base: None,
        fix: Fix { summary: format!("take {} back", commit.short()), patch },
    })
}

/// Returns the repository, and the commit in it that `revision` names.
fn named(
    workspace: &Workspace,
    revision: &str,
    cancel: &Cancel,
) -> Result<(Repository, CommitId), WorktreeError> {
    let repository = discover(workspace, cancel)?;
    let commit = repository.rev_parse(revision, cancel)?;
    let commit = commit.ok_or_else(|| WorktreeError::UnknownRevision(plain(revision)))?;
    Ok((repository, commit))
}

/// Plans to put a later commit on top of `onto`, the deployed one; `revision` is any name of it.
pub fn plan_backport(
    workspace: &Workspace,
    incident: &str,
    revision: &str,
    onto: Option<CommitId>,
    cancel: &Cancel,
) -> Result<FixPlan, WorktreeError> {
    let (repository, commit) = named(workspace, revision, cancel)?;
    let patch = repository
        .forward_patch(&commit, cancel)?
        .ok_or_else(|| WorktreeError::NotPortable(commit.short().to_owned()))?;
    Ok(FixPlan {
        incident: incident.to_owned(),
        number: 0,
        base: onto,
        fix: Fix { summary: format!("backport {}", commit.short()), patch },
    })
}

/// Plans to apply a patch that comes from a file: filed under a name made from its text.
pub fn plan_patch(patch: String) -> FixPlan {
    let incident = record::hex(&Sha256::digest(&patch)).chars().take(12).collect();
    let fix = Fix { summary: "apply a patch".to_owned(), patch };
    FixPlan { incident, number: 0, base: None, fix }
}

fn discover(workspace: &Workspace, cancel: &Cancel) -> Result<Repository, WorktreeError> {
    Ok(Repository::discover(workspace.root(), workspace.environment(), cancel)?)
}

fn base_commit(
    repository: &Repository,
    wanted: Option<&CommitId>,
    cancel: &Cancel,
) -> Result<CommitId, WorktreeError> {
    match wanted {
        None => repository.head(cancel)?.ok_or(WorktreeError::NoBase),
        Some(id) => repository
            .rev_parse(&id.0, cancel)?
            .ok_or_else(|| WorktreeError::UnknownRevision(plain(&id.0))),
    }
}

/// Returns a branch name that is free, below `incident/`, or below another prefix where a branch
/// of the user's named `incident` blocks that.
fn free_branch(
    repository: &Repository,
    name: &record::Name,
    cancel: &Cancel,
) -> Result<(String, Vec<String>), WorktreeError> {
    let mut notes = Vec::new();
    let mut prefix = "incident";
    if repository.branch_tip(prefix, cancel)?.is_some() {
        prefix = "incident-scratch";
        notes.push(format!(
            "your branch `incident` blocks names below it, so the branch is below `{prefix}/`"
        ));
    }
    let wanted = format!("{prefix}/{name}");
    let mut branch = wanted.clone();
    for attempt in 2.. {
        if repository.branch_tip(&branch, cancel)?.is_none() {
            break;
        }
        branch = format!("{wanted}-{attempt}");
    }
    Ok((branch, notes))
}

/// Refuses a patch that changes what a build, a checkout or a CI system starts by itself.
fn refuse_what_runs_by_itself(patch: &Patch, allowed: &[String]) -> Result<(), WorktreeError> {
    let runs_by_itself = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let below = |folder: &str| path.split('/').rev().skip(1).any(|part| part == folder);
        [
            "build.rs",
            "package.json",
            ".gitattributes",
            ".gitmodules",
            ".gitlab-ci.yml",
            "Jenkinsfile",
        ]
        .contains(&name)
            || name.starts_with(".envrc")
            || [".cargo", ".github", ".circleci", ".husky", ".git", ".ci", ".vscode"]
                .iter()
                .any(|folder| below(folder))
    };
    let mut refused: Vec<String> = patch
        .files
        .iter()
        .flat_map(|file| [file.old_path.as_deref(), file.new_path.as_deref()])
        .flatten()
        .filter(|path| runs_by_itself(path))
        .map(plain)
        .collect();
    refused.sort();
    refused.dedup();
    // That very list: a yes to another one is no yes to this one.
    let is_allowed =
        allowed.len() == refused.len() && allowed.iter().all(|it| refused.contains(it));
    if refused.is_empty() || is_allowed {
        Ok(())
    } else {
        Err(WorktreeError::RunsByItself(refused))
    }
}

/// Returns where the first changed file of a fix lies: what an editor should show.
pub fn first_file(scratch: &ScratchWorktree) -> Option<PathBuf> {
    scratch.files.first().map(|file| scratch.path.join(&file.path))
}

#[cfg(test)]
mod tests;
