//! `fix --verify`: the commands before and after, and the verdict.

use std::process::ExitCode;

use incident_core::fix::FixPlan;
use incident_core::report::json;
use incident_core::verification::{self, Outcome as Verdict};
use incident_host::clock;
use incident_host::config;
use incident_host::workspace::Workspace;
use incident_host::worktree;

use super::super::args::DataFormat;
use super::super::{DONE, FINDINGS, Outcome, job, output};
use super::describe;

/// Opens the fix, or finds it open, and verifies it.
pub(super) fn run(
    workspace: Workspace,
    plan: FixPlan,
    allow: Vec<String>,
    format: DataFormat,
) -> Outcome {
    let (config, problems) = config::read(workspace.root(), workspace.is_trusted());
    let (opened, verification, told) = job::run(move |cancel, stages| {
        stages.begin("Opening the worktree");
        let opened = worktree::open_allowing(&workspace, &plan, &allow, clock::now(), cancel)?;
        let mut tell = |stage: &str| stages.begin(stage.to_owned());
        let scratch = &opened.scratch;
        let verification = worktree::verify(&workspace, scratch, &config.fix, &mut tell, cancel)?;
        let mut told = Vec::new();
        let verdict = &verification.verdict;
        let words = verdict.headline();
        let outcome = verdict.outcome.into();
        told.extend(worktree::verified(&workspace, scratch, outcome, &words, clock::now(), cancel));
        if let Err(err) = worktree::keep_verdict(&workspace, scratch, &verification) {
            told.push(format!("the verdict was not kept: {err}"));
        }
        Ok::<_, worktree::WorktreeError>((opened, verification, told))
    })??;
    let failed = verification.verdict.outcome == Verdict::Worse;
    let status = ExitCode::from(if failed { FINDINGS } else { DONE });
    if format == DataFormat::Json {
        let scratch = &opened.scratch;
        let report = json::verification(
            &verification.verdict,
            &verification.commands,
            json::Branch {
                name: scratch.branch.clone(),
                base: scratch.base.0.clone(),
                path: scratch.path.display().to_string(),
            },
        );
        output::print(&json::to_string(&report))?;
        return Ok(status);
    }
    output::print_plain(&describe(&opened))?;
    output::print_plain(&format!("\n{}", verification::text(&verification.verdict)))?;
    for (kind, command) in &verification.commands {
        output::print_plain(&format!("  {}: {command}\n", kind.as_str()))?;
    }
    if !verification.words.is_empty() {
        output::print_plain(&format!("\n{}\n", verification.words.trim_end()))?;
    }
    for note in problems.iter().map(|problem| &problem.message).chain(&told) {
        output::print_plain(&format!("  note: {note}\n"))?;
    }
    output::print_plain("\nNext\n")?;
    for step in worktree::instructions(&opened.scratch) {
        output::print_plain(&format!("  {step}\n"))?;
    }
    Ok(status)
}
