//! The only git commands that write: scratch worktrees and their branches.
//!
//! They touch `.git/worktrees`, refs below our own prefix, and a folder of ours; never the user's
//! working tree, index, HEAD, stash or configuration. What a checkout could start (hooks, smudge
//! filters, merge drivers) is switched off.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use incident_core::cancel::Cancel;
use incident_core::history::CommitId;

use super::{GitError, Repository, parse};
use crate::command::Limits;

/// How long a step that writes may take: a large repository on a slow, busy disk.
const CHECKOUT: Limits = Limits { time: Duration::from_secs(300), output: 1 << 20 };

/// One entry of `git worktree list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worktree {
    /// Its folder.
    pub path: PathBuf,
    /// The commit that is checked out; `None` in a broken entry.
    pub head: Option<CommitId>,
    /// The branch without `refs/heads/`; `None` when detached.
    pub branch: Option<String>,
}

impl Repository {
    /// Returns the same repository with every configured filter and merge driver switched off.
    ///
    /// They are programs that a checkout starts. Their names are only known to the configuration,
    /// so it is asked.
    pub fn without_drivers(&self, cancel: &Cancel) -> Result<Self, GitError> {
        let args = ["--null", "--name-only", "--get-regexp", r"^(filter|merge)\..*\."];
        let names = match self.run("config", &args, Vec::new(), cancel) {
            Ok(bytes) => parse::nul_separated(&bytes),
            // Exit code 1 without a word: there are none.
            Err(GitError::Failed { message, .. }) if message.is_empty() => Vec::new(),
            Err(err) => return Err(err),
        };
        let mut settings = Vec::new();
        for name in names {
            let Some((driver, _)) = name.rsplit_once('.') else { continue };
            if driver.contains(['=', '\n']) {
                return Err(GitError::Failed {
                    what: "config",
                    message: "a filter has a name that git cannot override".to_owned(),
                });
            }
            if driver.starts_with("filter.") {
                settings
                    .extend(["smudge=", "clean=", "process="].map(|it| format!("{driver}.{it}")));
                settings.push(format!("{driver}.required=false"));
            } else {
                settings.push(format!("{driver}.driver="));
            }
        }
        settings.sort();
        settings.dedup();
        Ok(Self { more_settings: settings, ..self.clone() })
    }

    /// Returns the same repository seen from another of its worktrees.
    pub fn at_worktree(&self, folder: &Path) -> Self {
        Self { top: folder.to_owned(), prefix: String::new(), ..self.clone() }
    }

    /// Returns the same repository whose programs hold `lock` for as long as they run: one that
    /// outlives us, because we were killed, is waited for by whoever comes next.
    pub fn holding(&self, lock: &File) -> Self {
        // Without a second handle a program that outlives us goes unnoticed, and that is all.
        Self { held: lock.try_clone().ok().map(Arc::new), ..self.clone() }
    }

    /// Removes what a git that was killed has left of a worktree of ours: its entry, and the lock
    /// on its branch. The caller holds the lock that all our programs hold.
    pub fn forget_worktree(
        &self,
        folder: &Path,
        branch: Option<&str>,
        cancel: &Cancel,
    ) -> Result<(), GitError> {
        let answer = self.run("rev-parse", &["--git-common-dir"], Vec::new(), cancel)?;
        let common = String::from_utf8_lossy(&answer).into_owned();
        let common = self.top.join(common.trim_end_matches(['\n', '\r']));
        let entries = common.join("worktrees");
        for entry in std::fs::read_dir(&entries).into_iter().flatten().flatten() {
            if is_entry_of(&entry.path(), folder) {
                // What can't be removed stays listed, and is tried again.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        // Git removes it too when the last worktree goes; it fails while there are others.
        let _ = std::fs::remove_dir(&entries);
        if let Some(branch) = branch {
            let _ = std::fs::remove_file(common.join("refs/heads").join(format!("{branch}.lock")));
        }
        Ok(())
    }

    /// Makes a worktree in the new folder `folder`, on the new branch `branch`, at `base`.
    pub fn add_worktree(
        &self,
        folder: &Path,
        branch: &str,
        base: &CommitId,
        cancel: &Cancel,
    ) -> Result<(), GitError> {
        self.add(folder, &["--no-track", "-b", branch], base, cancel)
    }

    /// Tells the index of a worktree of ours that these new files belong to the change, so that
    /// `git diff` shows them.
    pub fn intend_to_add(&self, paths: &[String], cancel: &Cancel) -> Result<(), GitError> {
        let mut args = vec!["--intent-to-add", "--force", "--"];
        args.extend(paths.iter().map(String::as_str));
        self.without_drivers(cancel)?.run("add", &args, Vec::new(), cancel)?;
        Ok(())
    }

    /// Makes a worktree in the new folder `folder` at `base`, on no branch.
    pub fn add_detached_worktree(
        &self,
        folder: &Path,
        base: &CommitId,
        cancel: &Cancel,
    ) -> Result<(), GitError> {
        self.add(folder, &["--detach"], base, cancel)
    }

    /// Makes a worktree in two steps. The short one writes refs and is never killed: a git that dies
    /// there leaves `packed-refs.lock`, and the user's own git refuses to work from then on. The long
    /// one writes in the new folder alone.
    fn add(
        &self,
        folder: &Path,
        how: &[&str],
        base: &CommitId,
        cancel: &Cancel,
    ) -> Result<(), GitError> {
        let git = self.without_drivers(cancel)?;
        let path = folder.to_string_lossy();
        let args = [&["add", "--no-checkout", "--quiet"], how, &["--", &path, &base.0]].concat();
        git.run_limited("worktree", &args, Vec::new(), CHECKOUT, &Cancel::new())?;
        let args = ["--reset", "-u", "HEAD"];
        git.at_worktree(folder).run_limited("read-tree", &args, Vec::new(), CHECKOUT, cancel)?;
        Ok(())
    }

    /// Removes a worktree of ours with everything in it; one whose folder is gone too.
    pub fn remove_worktree(&self, folder: &Path, cancel: &Cancel) -> Result<(), GitError> {
        let folder = folder.to_string_lossy();
        let args = ["remove", "--force", "--force", "--", &folder];
        self.run_limited("worktree", &args, Vec::new(), CHECKOUT, cancel)?;
        Ok(())
    }

    /// Lists all worktrees of the repository, the main one first.
    pub fn worktrees(&self, cancel: &Cancel) -> Result<Vec<Worktree>, GitError> {
        let bytes = self.run("worktree", &["list", "--porcelain", "-z"], Vec::new(), cancel)?;
        let mut worktrees: Vec<Worktree> = Vec::new();
        for field in parse::nul_separated(&bytes) {
            if let Some(path) = field.strip_prefix("worktree ") {
                worktrees.push(Worktree { path: PathBuf::from(path), head: None, branch: None });
            } else if let Some(worktree) = worktrees.last_mut() {
                if let Some(id) = field.strip_prefix("HEAD ") {
                    worktree.head = parse::commit_id(id.as_bytes());
                } else if let Some(branch) = field.strip_prefix("branch refs/heads/") {
                    worktree.branch = Some(branch.to_owned());
                }
            }
        }
        Ok(worktrees)
    }

    /// Returns the commit at the tip of a branch.
    pub fn branch_tip(&self, branch: &str, cancel: &Cancel) -> Result<Option<CommitId>, GitError> {
        self.rev_parse(&format!("refs/heads/{branch}"), cancel)
    }

    /// Deletes a branch that still stands at `tip`; the check and the deletion are one step.
    pub fn delete_branch(
        &self,
        branch: &str,
        tip: &CommitId,
        cancel: &Cancel,
    ) -> Result<(), GitError> {
        let name = format!("refs/heads/{branch}");
        let args = ["-d", "--end-of-options", &name, &tip.0];
        self.run_limited("update-ref", &args, Vec::new(), CHECKOUT, cancel)?;
        Ok(())
    }

    /// Returns the changed paths of a worktree, relative to its top: modified, added, deleted and
    /// untracked ones, sorted.
    pub fn changed_paths(&self, cancel: &Cancel) -> Result<Vec<String>, GitError> {
        let args = ["--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"];
        let bytes = self.without_drivers(cancel)?.run("status", &args, Vec::new(), cancel)?;
        let mut paths: Vec<String> = parse::nul_separated(&bytes)
            .iter()
            .filter_map(|entry| entry.get(3..).map(str::to_owned))
            .collect();
        paths.sort();
        Ok(paths)
    }

    /// Returns the patch that takes `commit` back, with paths relative to the workspace.
    ///
    /// A merge is taken back towards its first parent. `None` for a commit without a parent, and
    /// for one that also changes files outside the workspace.
    pub fn reverse_patch(
        &self,
        commit: &CommitId,
        cancel: &Cancel,
    ) -> Result<Option<String>, GitError> {
        let parent = self.rev_parse(&format!("{}^1", commit.0), cancel)?;
        parent.map_or(Ok(None), |parent| self.patch_between(commit, &parent, cancel))
    }

    /// Returns the patch that makes what `commit` made; `None` as for [`Self::reverse_patch`].
    pub fn forward_patch(
        &self,
        commit: &CommitId,
        cancel: &Cancel,
    ) -> Result<Option<String>, GitError> {
        let parent = self.rev_parse(&format!("{}^1", commit.0), cancel)?;
        parent.map_or(Ok(None), |parent| self.patch_between(&parent, commit, cancel))
    }

    /// Returns the patch from one commit to another; `None` where it leaves the workspace.
    fn patch_between(
        &self,
        from: &CommitId,
        to: &CommitId,
        cancel: &Cancel,
    ) -> Result<Option<String>, GitError> {
        let args = ["-r", "-z", "--name-only", "--no-renames", &from.0, &to.0];
        let changed = parse::nul_separated(&self.run("diff-tree", &args, Vec::new(), cancel)?);
        if changed.iter().any(|path| !path.starts_with(&self.prefix)) {
            return Ok(None);
        }
        let relative = format!("--relative={}", self.prefix);
        let mut args = vec!["-p", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"];
        args.extend(["--src-prefix=a/", "--dst-prefix=b/", "--unified=3"]);
        if !self.prefix.is_empty() {
            args.push(&relative);
        }
        args.extend([from.0.as_str(), to.0.as_str()]);
        let bytes = self.run("diff-tree", &args, Vec::new(), cancel)?;
        Ok(String::from_utf8(bytes).ok())
    }
}

/// Says whether an entry of `.git/worktrees` is that of `folder`; one that was never finished has
/// nothing but the folder's name.
fn is_entry_of(entry: &Path, folder: &Path) -> bool {
    let Some(name) = folder.file_name() else { return false };
    match std::fs::read_to_string(entry.join("gitdir")) {
        Ok(text) => {
            let parent = folder.parent().unwrap_or(folder);
            let real = parent.canonicalize().unwrap_or_else(|_| parent.to_owned()).join(name);
            let named = Path::new(text.trim_end_matches(['\n', '\r']));
            named == folder.join(".git") || named == real.join(".git")
        }
        Err(_) => entry.file_name() == Some(name),
    }
}
