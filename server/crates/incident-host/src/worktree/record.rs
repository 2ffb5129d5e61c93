//! What we know of our scratch worktrees: one small JSON file each, in the state folder.

use std::fmt;
use std::path::{Path, PathBuf};

use incident_core::history::CommitId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::WorktreeError;
use crate::folders::write_whole;
use crate::message::plain;
use crate::store::repository_key;
use crate::workspace::Workspace;

/// A scratch worktree as its record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScratchWorktree {
    /// The incident's id.
    pub incident: String,
    /// The hypothesis' number, from 1; 0 for a fix that is none of a hypothesis.
    pub number: u32,
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The worktree's folder.
    pub path: PathBuf,
    /// The commit that it started from.
    pub base: CommitId,
    /// What the fix does, in one line.
    pub summary: String,
    /// The files that we wrote.
    pub files: Vec<WrittenFile>,
    /// When it was opened: seconds since 1970, UTC.
    pub opened_at: i64,
    /// Everything was written; `false` after a crash halfway.
    pub is_complete: bool,
    pub(super) patch_digest: String,
    /// The workspace's folder inside the worktree; empty at the top.
    pub(super) folder_in_worktree: String,
}

/// A file that a fix wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// Relative to the worktree, with `/`.
    pub path: String,
    /// SHA-256 of what we wrote, in hex; `None` for a file that we removed.
    pub(super) digest: Option<String>,
}

/// The record as it lies on disk.
#[derive(Serialize, Deserialize)]
struct Record {
    incident: String,
    number: u32,
    branch: String,
    path: PathBuf,
    base: String,
    summary: String,
    files: Vec<WrittenFile>,
    opened_at: i64,
    is_complete: bool,
    patch_digest: String,
    folder_in_worktree: String,
}

/// An incident's id and a number: the last parts of a branch name, safe as a file name.
pub(super) struct Name {
    incident: String,
    number: u32,
}

/// The scratch worktrees of one repository.
pub(super) struct Scratches {
    folder: PathBuf,
}

impl ScratchWorktree {
    /// Returns the folder that stands for the workspace.
    pub fn root(&self) -> PathBuf {
        self.path.join(&self.folder_in_worktree)
    }

    /// Returns the folder of the base's own worktree, which need not be there.
    pub fn base_path(&self) -> PathBuf {
        self.path.with_added_extension("base")
    }
}

impl WrittenFile {
    /// Takes a file of the worktree as it is now.
    pub(super) fn of(worktree: &Path, path: String) -> Self {
        let now = std::fs::read(worktree.join(&path)).ok();
        Self { path, digest: now.map(|bytes| hex(&Sha256::digest(bytes))) }
    }

    /// Says whether the file is still what we made of it.
    pub(super) fn is_as_written(&self, worktree: &Path) -> bool {
        let now = std::fs::read(worktree.join(&self.path)).ok();
        now.map(|bytes| hex(&Sha256::digest(bytes))) == self.digest
    }
}

impl Name {
    pub(super) fn new(incident: &str, number: u32) -> Result<Self, WorktreeError> {
        let is_plain = !incident.is_empty()
            && incident.len() <= 64
            && incident.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain {
            return Err(WorktreeError::NotAnIncident(plain(incident)));
        }
        Ok(Self { incident: incident.to_owned(), number })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.incident, self.number)
    }
}

impl Scratches {
    /// Finds the folder of the repository around `workspace`. Makes nothing yet.
    pub(super) fn of(workspace: &Workspace) -> Result<Self, WorktreeError> {
        let folders = workspace.folders().ok_or(WorktreeError::NoFolder)?;
        let key = repository_key(workspace.root());
        Ok(Self { folder: folders.state().join("worktrees").join(key) })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a folder for a new worktree.
    pub(super) fn free_folder(&self, name: &Name) -> PathBuf {
        let wanted = format!("{}-{}", name.incident, name.number);
        let mut path = self.folder.join(&wanted);
        for attempt in 2.. {
            if !path.exists() && !self.record_path(&path).exists() {
                break;
            }
            path = self.folder.join(format!("{wanted}-{attempt}"));
        }
        path
    }

    /// Reads all records, oldest first. One that can't be read is passed over: its worktree is
    /// still known to git.
    pub(super) fn list(&self) -> Vec<ScratchWorktree> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut scratches: Vec<ScratchWorktree> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
            .filter_map(|path| serde_json::from_slice(&std::fs::read(path).ok()?).ok())
            .map(Record::into_scratch)
            // A record is ours, but its folder is what gets removed: it must lie beside it.
            .filter(|scratch| scratch.path.parent() == Some(&self.folder))
            .collect();
        scratches.sort_by(|a, b| (a.opened_at, &a.branch).cmp(&(b.opened_at, &b.branch)));
        scratches
    }

    pub(super) fn put(&self, scratch: &ScratchWorktree) -> Result<(), WorktreeError> {
        let record = Record {
            incident: scratch.incident.clone(),
            number: scratch.number,
            branch: scratch.branch.clone(),
            path: scratch.path.clone(),
            base: scratch.base.0.clone(),
            summary: scratch.summary.clone(),
            files: scratch.files.clone(),
            opened_at: scratch.opened_at,
            is_complete: scratch.is_complete,
            patch_digest: scratch.patch_digest.clone(),
            folder_in_worktree: scratch.folder_in_worktree.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&record).expect("a record makes JSON");
        Ok(write_whole(&self.record_path(&scratch.path), &bytes)?)
    }

    pub(super) fn forget(&self, scratch: &ScratchWorktree) {
        // Another process may have removed it.
        let _ = std::fs::remove_file(self.record_path(&scratch.path));
    }

    fn record_path(&self, worktree: &Path) -> PathBuf {
        worktree.with_added_extension("json")
    }
}

impl Record {
    fn into_scratch(self) -> ScratchWorktree {
        ScratchWorktree {
            incident: self.incident,
            number: self.number,
            branch: self.branch,
            path: self.path,
            base: CommitId(self.base),
            summary: self.summary,
            files: self.files,
            opened_at: self.opened_at,
            is_complete: self.is_complete,
            patch_digest: self.patch_digest,
            folder_in_worktree: self.folder_in_worktree,
        }
    }
}

/// Returns what tells one fix at one base from another.
pub(super) fn digest(patch: &str, base: &CommitId) -> String {
    let mut hasher = Sha256::new();
    hasher.update(&base.0);
    hasher.update([0]);
    hasher.update(patch);
    hex(&hasher.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
