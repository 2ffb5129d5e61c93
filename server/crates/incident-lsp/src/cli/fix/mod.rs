//! `incident-lsp fix`: scratch worktrees from the command line.

mod answers;
mod prove;
mod signoff;

use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use incident_core::cancel::Cancel;
use incident_core::fix::{Fix, FixPlan};
use incident_core::history::CommitId;
use incident_core::report::json;
use incident_host::clock;
use incident_host::store::Store;
use incident_host::workspace::Workspace;
use incident_host::worktree::{self, CleanScope, Opened};

use super::args::FixArgs;
use super::{DONE, Outcome, explain, input, job, output, trust};

/// Runs the command.
pub(super) fn run(args: FixArgs) -> Outcome {
    let workspace = Workspace::open(&explain::root(&args.workspace)?);
    if args.list {
        return list(&workspace);
    }
    if args.clean {
        let scope = if args.all { CleanScope::All } else { CleanScope::Untouched };
        return clean(&workspace, scope);
    }
    if let Some(outcome) = answers::run(&workspace, &args) {
        return outcome;
    }
    if args.verify && !workspace.is_trusted() {
        return Err(worktree::WorktreeError::NotTrusted.into());
    }
    if let Some(outcome) = signoff::run(&workspace, &args) {
        return outcome;
    }
    let plan = plan(&workspace, &args)?;
    if args.verify {
        return prove::run(workspace, plan, args.allow, args.format);
    }
    let opened = job::run(move |cancel, stages| {
        stages.begin("Opening the worktree");
        worktree::open_allowing(&workspace, &plan, &args.allow, clock::now(), cancel)
    })??;
    output::print_plain(&describe(&opened))?;
    let steps = worktree::instructions(&opened.scratch);
    let next = steps.first().map(String::as_str).unwrap_or_default();
    output::print_plain(&format!("\nNext\n  {next}\n  incident-lsp fix --clean\n"))?;
    Ok(ExitCode::from(DONE))
}

/// Finds what to open: a hypothesis' fix, a commit to take back, or a patch from a file.
fn plan(workspace: &Workspace, args: &FixArgs) -> anyhow::Result<FixPlan> {
    if let Some(file) = &args.patch {
        return Ok(worktree::plan_patch(input::read(file)?.0.text));
    }
    let id = args.incident.as_deref().context("no incident was named")?;
    if let Some(revision) = &args.revert {
        return Ok(worktree::plan_revert(workspace, id, 0, revision, &Cancel::new())?);
    }
    let stored = Store::open(&trust::folders()?, workspace.root()).get(id, clock::now())?;
    let report: json::Explain = serde_json::from_value(stored.report)
        .context("the kept incident was written by another version; explain it again")?;
    if let Some(revision) = &args.backport {
        let deployed = report.incidents.first().and_then(|incident| incident.deployed.as_ref());
        let onto = deployed.and_then(|deployed| deployed.commit.clone()).map(CommitId);
        return Ok(worktree::plan_backport(workspace, id, revision, onto, &Cancel::new())?);
    }
    let hypotheses = report.incidents.into_iter().flat_map(|incident| incident.hypotheses);
    let hypotheses: Vec<json::Hypothesis> = hypotheses.collect();
    let n_hypotheses = hypotheses.len();
    let hypothesis = hypotheses
        .into_iter()
        .find(|hypothesis| hypothesis.rank == args.number)
        .ok_or_else(|| {
            anyhow!(
                "incident {id} has no hypothesis {}; it has {n_hypotheses}, see \
                 `incident-lsp explain`",
                args.number
            )
        })?;
    let fix = hypothesis.fix.ok_or_else(|| {
        anyhow!(
            "hypothesis {} of incident {id} comes without a fix; write one and open it with --patch",
            args.number
        )
    })?;
    let fix = Fix { summary: fix.summary, patch: fix.patch };
    Ok(FixPlan { incident: id.to_owned(), number: args.number, base: None, fix })
}

/// Says what was opened and where.
fn describe(opened: &Opened) -> String {
    let scratch = &opened.scratch;
    let verb = if opened.reopened { "is open already" } else { "opened" };
    let mut text = format!(
        "{verb}: {}\n  branch {} from {}, your tree is as it was\n  {}\n",
        scratch.summary,
        scratch.branch,
        scratch.base.short(),
        scratch.path.display()
    );
    for file in &scratch.files {
        text.push_str(&format!("    {}\n", file.path));
    }
    for note in &opened.notes {
        text.push_str(&format!("  note: {note}\n"));
    }
    text
}

fn list(workspace: &Workspace) -> Outcome {
    let scratches = worktree::list(workspace)?;
    if scratches.is_empty() {
        output::print_plain("no scratch worktree is open\n")?;
    }
    for scratch in scratches {
        let state = if !scratch.is_complete {
            "  (not finished: its opening was interrupted)"
        } else if !scratch.path.is_dir() {
            "  (its folder is gone)"
        } else {
            ""
        };
        output::print_plain(&format!(
            "{}  {}{state}\n  {}\n",
            scratch.branch,
            scratch.summary,
            scratch.path.display()
        ))?;
    }
    Ok(ExitCode::from(DONE))
}

fn clean(workspace: &Workspace, scope: CleanScope) -> Outcome {
    let cleaned = worktree::clean(workspace, scope, &Cancel::new())?;
    for branch in &cleaned.removed {
        output::print_plain(&format!("removed {branch}\n"))?;
    }
    for (branch, reason) in &cleaned.kept {
        output::print_plain(&format!(
            "kept {branch}: {reason} (`fix --clean --all` removes it)\n"
        ))?;
    }
    if cleaned.removed.is_empty() && cleaned.kept.is_empty() {
        output::print_plain("no scratch worktree is open\n")?;
    }
    Ok(ExitCode::from(DONE))
}
