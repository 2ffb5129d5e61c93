//! Whether a change of ours has landed: found by what it does (`git patch-id`), not by its name.

use incident_core::cancel::Cancel;
use incident_core::history::CommitId;

use super::{GitError, Repository, parse};
use crate::command::Limits;

/// How many commits are looked through for a change that may have landed.
const MAX_COMMITS: &str = "--max-count=2000";

/// How a diff is written wherever its patch id is to be compared.
const DIFF: &[&str] = &[
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--unified=3",
    "--diff-algorithm=myers",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--full-index",
];

impl Repository {
    /// Returns the patch id of a diff: the same for the same change anywhere, whatever stands
    /// around it. `None` for a text that changes nothing.
    pub fn patch_id(&self, patch: &[u8], cancel: &Cancel) -> Result<Option<String>, GitError> {
        let bytes = self.run("patch-id", &["--stable"], patch.to_vec(), cancel)?;
        Ok(patch_ids(&bytes).into_iter().next().map(|(patch_id, _)| patch_id))
    }

    /// Returns what a worktree changes against `base`, committed or not, as a diff.
    pub fn diff_against(&self, base: &CommitId, cancel: &Cancel) -> Result<Vec<u8>, GitError> {
        let mut args = DIFF.to_vec();
        args.extend([base.0.as_str(), "--"]);
        self.without_drivers(cancel)?.run("diff", &args, Vec::new(), cancel)
    }

    /// Returns the commits, reachable from any branch of the user's or from `also` and not from
    /// `base`, whose change has this patch id. `files` are those that the change touches.
    pub fn landed(
        &self,
        patch_id: &str,
        files: &[String],
        base: &CommitId,
        also: &[CommitId],
        cancel: &Cancel,
    ) -> Result<Vec<CommitId>, GitError> {
        let mut args = vec!["--no-merges", "--patch", "--format=commit %H", MAX_COMMITS];
        args.extend(DIFF);
        // Our own branches hold it for certain, which tells nothing.
        args.extend(["--exclude=refs/heads/incident*/*", "--exclude=refs/stash", "--all"]);
        args.extend(also.iter().map(|commit| commit.0.as_str()));
        args.extend(["--not", &base.0, "--"]);
        args.extend(files.iter().map(String::as_str));
        let limits = Limits { output: 64 << 20, ..Limits::default() };
        let (log, _) = self.run_limited("log", &args, Vec::new(), limits, cancel)?;
        let ids = self.run("patch-id", &["--stable"], log, cancel)?;
        let landed = patch_ids(&ids).into_iter().filter(|(id, _)| id == patch_id);
        Ok(landed.filter_map(|(_, commit)| commit).collect())
    }
}

/// Reads lines of `PATCH_ID COMMIT`.
fn patch_ids(bytes: &[u8]) -> Vec<(String, Option<CommitId>)> {
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(id, commit)| (id.to_owned(), parse::commit_id(commit.as_bytes()))).collect()
}
