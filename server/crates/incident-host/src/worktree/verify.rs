//! The check command, run in a scratch worktree of a trusted root.

use std::path::Path;
use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;
use incident_core::neutral;

use super::{ScratchWorktree, WorktreeError};
use crate::command::{CommandError, Limits, Program};
use crate::workspace::Workspace;

/// The longest part of a command's words that is kept, in bytes, from its end.
const MAX_WORDS: usize = 16 << 10;

/// What a check said.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The command, as a person would type it.
    pub command: String,
    /// It ended with success.
    pub passed: bool,
    /// The exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
    /// Time on the wall, in seconds.
    pub seconds: f64,
    /// The end of what it said, without control characters.
    pub words: String,
}

/// Returns the check that fits the files at `root`, where none is configured.
pub fn default_check(root: &Path) -> Option<Vec<String>> {
    let command: &[&str] = if root.join("Cargo.toml").is_file() {
        // Offline: nothing leaves the machine because a fix was checked.
        &["cargo", "check", "--offline", "--workspace", "--color=never"]
    } else if root.join("tsconfig.json").is_file() {
        &["npx", "--no-install", "tsc", "--noEmit"]
    } else if root.join("go.mod").is_file() {
        &["go", "vet", "./..."]
    } else {
        return None;
    };
    Some(command.iter().map(|word| (*word).to_owned()).collect())
}

/// Runs `check` (program and arguments) in a scratch worktree. Trusted roots only.
pub fn verify(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    check: Option<&[String]>,
    time_limit: Duration,
    cancel: &Cancel,
) -> Result<Verification, WorktreeError> {
    if !workspace.is_trusted() {
        return Err(WorktreeError::NotTrusted);
    }
    let root = scratch.root();
    if !root.is_dir() {
        return Err(WorktreeError::NotOpen(scratch.branch.clone()));
    }
    let fallback = default_check(&root);
    let check = check.or(fallback.as_deref()).ok_or(WorktreeError::NoCheck)?;
    let (name, args) = check.split_first().ok_or(WorktreeError::NoCheck)?;
    let outside = [workspace.root().to_owned(), scratch.path.clone()];
    let program = Program::find(name, workspace.environment(), &outside)?;
    let mut command = program
        .command(&root, workspace.environment(), &outside)
        .args(args)
        .limits(Limits { time: time_limit, output: 64 << 20 });
    if let Some(folders) = workspace.folders() {
        // One target folder for all scratch worktrees: the second check is a warm one.
        let target = folders.cache().join("target");
        command = command.env("CARGO_TARGET_DIR", target);
    }
    let start = Instant::now();
    let before = super::foreign_lock_files(workspace, scratch, cancel)?;
    let output = command.run(cancel)?;
    super::adopt_lock_files(workspace, scratch, &before, cancel)?;
    let mut words = String::from_utf8_lossy(&output.stdout).into_owned();
    words.push_str(&String::from_utf8_lossy(&output.stderr));
    if output.truncated {
        return Err(CommandError::NotStarted {
            program: name.clone(),
            reason: "it said more than 64 MiB and was stopped".to_owned(),
        }
        .into());
    }
    let cut = words.len().saturating_sub(MAX_WORDS);
    let cut = (cut..words.len()).find(|at| words.is_char_boundary(*at)).unwrap_or(words.len());
    Ok(Verification {
        command: check.join(" "),
        passed: output.status.success(),
        exit_code: output.status.code(),
        seconds: start.elapsed().as_secs_f64(),
        words: neutral::block(&words[cut..]).into_owned(),
    })
}
