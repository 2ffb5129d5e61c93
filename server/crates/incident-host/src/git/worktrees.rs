//! The only git commands that write: scratch worktrees and their branches.
//!
//! They touch `.git/worktrees`, refs below our own prefix, and a folder of ours; never the user's
//! working tree, index, HEAD, stash or configuration. What a checkout could start (hooks, smudge
//! filters, merge drivers) is switched off.

use std::path::{Path, PathBuf};

use incident_core::cancel::Cancel;
use incident_core::history::CommitId;

use super::{GitError, Repository, parse};

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

    /// Makes a worktree in the new folder `folder`, on the new branch `branch`, at `base`.
    pub fn add_worktree(
        &self,
        folder: &Path,
        branch: &str,
        base: &CommitId,
        cancel: &Cancel,
    ) -> Result<(), GitError> {
        let folder = folder.to_string_lossy();
        let args = ["add", "--no-track", "--quiet", "-b", branch, "--", &folder, &base.0];
        self.without_drivers(cancel)?.run("worktree", &args, Vec::new(), cancel)?;
        Ok(())
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
        let folder = folder.to_string_lossy();
        let args = ["add", "--detach", "--quiet", "--", &folder, &base.0];
        self.without_drivers(cancel)?.run("worktree", &args, Vec::new(), cancel)?;
        Ok(())
    }

    /// Removes a worktree of ours with everything in it; one whose folder is gone too.
    pub fn remove_worktree(&self, folder: &Path, cancel: &Cancel) -> Result<(), GitError> {
        let folder = folder.to_string_lossy();
        self.run("worktree", &["remove", "--force", "--force", "--", &folder], Vec::new(), cancel)?;
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
        self.run("update-ref", &["-d", "--end-of-options", &name, &tip.0], Vec::new(), cancel)?;
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
        let Some(parent) = self.rev_parse(&format!("{}^1", commit.0), cancel)? else {
            return Ok(None);
        };
        let args = ["-r", "-z", "--name-only", "--no-renames", &commit.0, &parent.0];
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
        args.extend([commit.0.as_str(), parent.0.as_str()]);
        let bytes = self.run("diff-tree", &args, Vec::new(), cancel)?;
        Ok(String::from_utf8(bytes).ok())
    }
}
