//! The scratch worktrees that the session knows of: their files have actions of their own.

use std::path::PathBuf;

use incident_host::worktree::ScratchWorktree;
use tower_lsp::lsp_types::Url;

/// A scratch worktree and the workspace folder whose fix it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scratch {
    /// The workspace folder.
    pub(crate) root: PathBuf,
    /// The worktree.
    pub(crate) worktree: ScratchWorktree,
}

impl Scratch {
    /// Says whether a document lies in the worktree.
    pub(crate) fn holds(&self, uri: &Url) -> bool {
        uri.to_file_path().is_ok_and(|path| path.starts_with(&self.worktree.path))
    }
}
