//! What a person needs to sign a fix off: the diff, the verdict, the words for a pull request.
//!
//! Nothing merges by itself: what is here is read, copied and typed by a person.

use std::path::PathBuf;

use incident_core::cancel::Cancel;
use incident_core::present::markdown;
use incident_core::redact::Redactor;
use incident_core::verification;

use super::verify::Verification;
use super::{ScratchWorktree, WorktreeError, discover, record};
use crate::folders::write_whole;
use crate::workspace::Workspace;

/// The largest verdict that is read back, in bytes.
const MAX_VERDICT: u64 = 1 << 20;

/// Returns all that a scratch worktree changes against its base, committed or not, as a diff.
pub fn diff(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    cancel: &Cancel,
) -> Result<String, WorktreeError> {
    let here = discover(workspace, cancel)?.at_worktree(&scratch.path);
    let bytes = here.diff_against(&scratch.base, cancel)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Keeps a verdict beside its scratch worktree, redacted, and returns the file. It goes when that
/// goes.
pub fn keep_verdict(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    verification: &Verification,
) -> Result<PathBuf, WorktreeError> {
    let text =
        format!("# Branch {}\n\n{}", markdown::text(&scratch.branch), evidence(verification));
    keep(workspace, verdict_path(scratch), &Redactor::default().redact(&text))
}

/// Keeps all that a person signs a fix off with on one page beside its scratch worktree, and
/// returns the page: what to type, the diff, the words of a pull request.
pub fn keep_sign_off(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    diff: &str,
) -> Result<PathBuf, WorktreeError> {
    let mut text = pull_request(scratch, None);
    text.push_str("\n## To take it over\n\n");
    text.push_str(&markdown::fence("sh", &instructions(scratch).join("\n")));
    text.push_str("\n\n## The change\n\n");
    text.push_str(&markdown::fence("diff", diff.trim_end()));
    text.push('\n');
    keep(workspace, sign_off_path(scratch), &text)
}

/// Under the lock of the folder: a cleaning that runs must not leave the file behind.
fn keep(workspace: &Workspace, path: PathBuf, text: &str) -> Result<PathBuf, WorktreeError> {
    let scratches = record::Scratches::of(workspace)?;
    crate::folders::locked(scratches.folder(), || write_whole(&path, text.as_bytes()))?;
    Ok(path)
}

/// Returns the verdict that was kept last.
pub fn last_verdict(scratch: &ScratchWorktree) -> Option<String> {
    let path = verdict_path(scratch);
    let is_small = path.metadata().is_ok_and(|meta| meta.len() <= MAX_VERDICT);
    std::fs::read_to_string(path).ok().filter(|_| is_small)
}

/// The files that are kept beside a scratch worktree, there or not.
pub(super) fn kept_paths(scratch: &ScratchWorktree) -> [PathBuf; 2] {
    [verdict_path(scratch), sign_off_path(scratch)]
}

fn sign_off_path(scratch: &ScratchWorktree) -> PathBuf {
    scratch.path.with_added_extension("sign-off.md")
}

fn verdict_path(scratch: &ScratchWorktree) -> PathBuf {
    scratch.path.with_added_extension("verdict.md")
}

fn evidence(verification: &Verification) -> String {
    let mut text = verification::markdown(&verification.verdict);
    if !verification.commands.is_empty() {
        text.push_str("\nRun before and after, in turns:\n\n");
    }
    for (kind, command) in &verification.commands {
        text.push_str(&format!("- {}: {}\n", kind.as_str(), markdown::code(command)));
    }
    if !verification.words.is_empty() {
        text.push_str(&format!("\n{}\n", markdown::fence("text", verification.words.trim_end())));
    }
    text
}

/// Drafts the words of a pull request: what it does, why, and what was measured.
pub fn pull_request(scratch: &ScratchWorktree, claim: Option<&str>) -> String {
    let mut text = format!("# {}\n\n", markdown::text(&scratch.summary));
    text.push_str(&format!(
        "For incident {}, on top of {}.\n",
        markdown::text(&scratch.incident),
        scratch.base.short()
    ));
    if let Some(claim) = claim {
        text.push_str(&format!("\n{}\n", markdown::text(claim)));
    }
    text.push_str("\n## What was measured\n\n");
    match last_verdict(scratch) {
        // Its first two lines name the branch, which means nothing to a reviewer.
        Some(verdict) => {
            let body = verdict.split_once("\n\n").map_or(verdict.as_str(), |(_, body)| body);
            text.push_str(body);
        }
        None => text.push_str("Nothing yet: the fix was not verified.\n"),
    }
    text
}

/// Returns the commands that bring a fix into the user's own hands, one a line.
pub fn instructions(scratch: &ScratchWorktree) -> Vec<String> {
    let folder = scratch.path.display();
    vec![
        format!("git -C '{folder}' diff {}", scratch.base.short()),
        format!("git -C '{folder}' commit -am '{}'", scratch.summary.replace('\'', "’")),
        // Git lets a branch be checked out once.
        format!("git -C '{folder}' switch --detach && git switch '{}'", scratch.branch),
    ]
}
