//! Which files differ between two commits.

use incident_core::cancel::Cancel;
use incident_core::history::CommitId;

use super::{GitError, Repository, parse};

impl Repository {
    /// Returns the files that `to` has and `from` has not, or not so; relative to the workspace,
    /// sorted.
    ///
    /// Two commits are compared and never the working tree: for that git would start the filters
    /// that the repository configures.
    pub fn changed_between(
        &self,
        from: &CommitId,
        to: &CommitId,
        cancel: &Cancel,
    ) -> Result<Vec<String>, GitError> {
        let args = [
            "-r",
            "-z",
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            "--diff-filter=AMT",
            "--end-of-options",
            &from.0,
            &to.0,
        ];
        let bytes = self.run("diff-tree", &args, Vec::new(), cancel)?;
        let mut files = parse::nul_separated(&bytes);
        files.iter_mut().for_each(|path| *path = self.workspace_path(path));
        files.sort();
        Ok(files)
    }
}
