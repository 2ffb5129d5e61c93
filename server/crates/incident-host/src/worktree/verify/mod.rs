//! A fix proves itself: the same commands on its base and on it, and a verdict on the difference.
//!
//! The base stands in a worktree of its own beside the scratch worktree, so that neither the
//! user's tree nor the work in the scratch worktree is touched; it goes when that goes. Commands
//! run for trusted roots only.

mod commands;
mod run;

use std::path::PathBuf;

use incident_core::cancel::Cancel;
use incident_core::verification::{
    Seen, Step, StepKind, StepRun, Verdict, WantedLoad, judge, parse_tests, wants_another_run,
};

use self::commands::Commands;
use self::run::Runner;
use super::{ScratchWorktree, WorktreeError, WrittenFile, discover, record};
use crate::config::FixSettings;
use crate::folders::locked_with;
use crate::workspace::Workspace;

pub use self::commands::default_commands;

/// How often tests that seem to have changed are run again on each side.
const RERUNS: usize = 2;

/// Files that hold resolved versions.
const LOCK_FILES: &[&str] = &[
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "go.sum",
];

/// What a verification found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The verdict.
    pub verdict: Verdict,
    /// The commands that ran, as a person would type them.
    pub commands: Vec<(StepKind, String)>,
    /// The end of what the step that failed said; empty where none did.
    pub words: String,
}

/// Where a verification stands: one short sentence.
pub(super) type Told<'a> = &'a mut dyn FnMut(&str);

/// Runs the commands on the base and on the fix, and judges. Trusted roots only.
pub fn verify(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    settings: &FixSettings,
    told: Told<'_>,
    cancel: &Cancel,
) -> Result<Verification, WorktreeError> {
    if !workspace.is_trusted() {
        return Err(WorktreeError::NotTrusted);
    }
    if !scratch.root().is_dir() {
        return Err(WorktreeError::NotOpen(scratch.branch.clone()));
    }
    let commands = Commands::of(settings, &scratch.root());
    if commands.is_empty() {
        return Err(WorktreeError::NoCheck);
    }
    let mut runner = Runner::new(workspace, scratch, settings, cancel)?;
    runner.refuse_foreign_endpoints(&commands, &scratch.root())?;
    told("Setting the base beside the fix");
    let base = base_worktree(workspace, scratch, cancel)?;
    let base_root = base.join(&scratch.folder_in_worktree);
    let changed_before = changed(workspace, scratch, cancel)?;
    let seen = run_steps(&mut runner, &commands, &base_root, &scratch.root(), told)?;
    let changed_after = changed(workspace, scratch, cancel)?;
    let (changed_locks, foreign_files) =
        written_by_commands(scratch, &changed_before, changed_after);
    adopt(workspace, scratch, &changed_locks)?;
    let seen = Seen {
        changed_locks,
        foreign_files,
        wanted_load: WantedLoad {
            per_second: settings.load_rate.map(f64::from),
            concurrency: settings.load_concurrency.map(f64::from),
        },
        notes: runner.notes(),
        ..seen
    };
    let failed = seen.after.steps.iter().find(|step| !step.passed());
    let words = failed.and_then(|step| step.runs.last()).map(|run| end_of(&run.output));
    Ok(Verification {
        verdict: judge(&seen),
        commands: seen.after.steps.iter().map(|it| (it.kind, it.command.clone())).collect(),
        words: words.unwrap_or_default(),
    })
}

/// Runs every step on both sides, the base first; a fix that does not compile gets no further.
fn run_steps(
    runner: &mut Runner<'_>,
    commands: &Commands,
    base: &std::path::Path,
    fixed: &std::path::Path,
    told: Told<'_>,
) -> Result<Seen, WorktreeError> {
    let mut seen = Seen::default();
    for (kind, command) in commands.steps() {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let n_runs = if kind == StepKind::Load { runner.repeats() } else { 1 };
        // Side by side in turns: what the machine does meanwhile falls on both alike.
        for number in 0..n_runs {
            let of =
                if n_runs > 1 { format!(" ({} of {n_runs})", number + 1) } else { String::new() };
            before.push(runner.run(kind, command, base, &format!("before{of}"), told)?);
            after.push(runner.run(kind, command, fixed, &format!("after{of}"), told)?);
        }
        if kind == StepKind::Test {
            run_again(runner, command, [base, fixed], [&mut before, &mut after], told)?;
        }
        let step = |runs| Step { kind, command: command.join(" "), runs };
        seen.before.steps.push(step(before));
        let after = step(after);
        let is_over = kind == StepKind::Check && !after.passed();
        seen.after.steps.push(after);
        if is_over {
            break;
        }
    }
    Ok(seen)
}

/// Runs tests again while they seem to have changed: a flaky one shows itself.
fn run_again(
    runner: &mut Runner<'_>,
    command: &[String],
    [base, fixed]: [&std::path::Path; 2],
    [before, after]: [&mut Vec<StepRun>; 2],
    told: Told<'_>,
) -> Result<(), WorktreeError> {
    for _ in 0..RERUNS {
        let states = |runs: &[StepRun]| -> Vec<_> {
            runs.iter().map(|run| parse_tests(&run.output)).collect()
        };
        if !wants_another_run(&states(before), &states(after)) {
            break;
        }
        before.push(runner.run(StepKind::Test, command, base, "before, again", told)?);
        after.push(runner.run(StepKind::Test, command, fixed, "after, again", told)?);
    }
    Ok(())
}

/// Returns the worktree of the base, made where it is missing.
fn base_worktree(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    cancel: &Cancel,
) -> Result<PathBuf, WorktreeError> {
    let repository = discover(workspace, cancel)?;
    let path = scratch.base_path();
    let scratches = record::Scratches::of(workspace)?;
    locked_with(scratches.folder(), |lock| {
        Ok(super::make_base(&repository.holding(lock), scratch, &path, cancel).map(|()| path))
    })?
}

fn changed(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    cancel: &Cancel,
) -> Result<Vec<String>, WorktreeError> {
    Ok(discover(workspace, cancel)?.at_worktree(&scratch.path).changed_paths(cancel)?)
}

/// Returns what the commands changed and the fix does not: lock files, and others.
fn written_by_commands(
    scratch: &ScratchWorktree,
    before: &[String],
    after: Vec<String>,
) -> (Vec<String>, Vec<String>) {
    let is_of_the_fix = |path: &String| scratch.files.iter().any(|file| file.path == *path);
    let new = after.into_iter().filter(|path| !before.contains(path) && !is_of_the_fix(path));
    new.partition(|path| path.rsplit('/').next().is_some_and(|name| LOCK_FILES.contains(&name)))
}

/// Notes lock files that the commands wrote as ours: they are nobody's work.
fn adopt(
    workspace: &Workspace,
    scratch: &ScratchWorktree,
    lock_files: &[String],
) -> Result<(), WorktreeError> {
    if lock_files.is_empty() {
        return Ok(());
    }
    let mut adopted = scratch.clone();
    let written = lock_files.iter().map(|path| WrittenFile::of(&scratch.path, path.clone()));
    adopted.files.extend(written);
    record::Scratches::of(workspace)?.put(&adopted)
}

/// The longest part of a command's words that is kept, in bytes, from its end.
const MAX_WORDS: usize = 16 << 10;

fn end_of(output: &str) -> String {
    let cut = output.len().saturating_sub(MAX_WORDS);
    let cut = (cut..output.len()).find(|at| output.is_char_boundary(*at)).unwrap_or(output.len());
    output.get(cut..).unwrap_or_default().to_owned()
}
