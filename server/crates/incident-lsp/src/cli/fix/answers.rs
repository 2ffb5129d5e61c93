//! What people say about a fix after it ran: it worked, it did not, or take that back.

use std::process::ExitCode;

use anyhow::Context as _;
use incident_host::clock;
use incident_host::memory::{Answer, MarkKind};
use incident_host::workspace::Workspace;
use incident_host::worktree;

use super::super::args::FixArgs;
use super::super::{DONE, Outcome, output};

/// Writes the answer that the arguments hold; `None` where they hold none.
pub(super) fn run(workspace: &Workspace, args: &FixArgs) -> Option<Outcome> {
    if args.undo {
        return Some(undo(workspace, args));
    }
    let answer = match (args.worked, args.failed) {
        (true, _) => Answer::Worked,
        (_, true) => Answer::Failed,
        _ => return None,
    };
    Some(say(workspace, args, answer))
}

fn incident(args: &FixArgs) -> anyhow::Result<&str> {
    args.incident.as_deref().context("no incident was named")
}

fn say(workspace: &Workspace, args: &FixArgs, answer: Answer) -> Outcome {
    let incident = incident(args)?;
    let attempts = worktree::attempts(workspace, incident)?;
    let attempt = attempts.iter().rev().find(|attempt| attempt.tried.number == args.number);
    let attempt = attempt.with_context(|| {
        format!(
            "no fix of hypothesis {} of incident {incident} was opened here; open it with \
             `incident-lsp fix {incident} {}`",
            args.number, args.number
        )
    })?;
    let said = worktree::answer(workspace, &attempt.tried.branch, answer, clock::now())?;
    let words = match answer {
        Answer::Worked => "fixed it",
        Answer::Failed => "did not fix it",
    };
    output::print_plain(&format!(
        "remembered: {} {words} ({})\n  `incident-lsp fix {incident} --undo` takes it back\n",
        said.tried.branch, said.tried.hypothesis
    ))?;
    Ok(ExitCode::from(DONE))
}

fn undo(workspace: &Workspace, args: &FixArgs) -> Outcome {
    let mark = worktree::take_back(workspace, incident(args)?, clock::now())?;
    let what = match mark.kind {
        MarkKind::Worked => "that it fixed it",
        MarkKind::Failed => "that it did not fix it",
        MarkKind::Confirmed => "that it was the cause",
        MarkKind::Dismissed => "that it was put aside",
    };
    let about =
        if mark.subject.is_empty() { String::new() } else { format!(" ({})", mark.subject) };
    output::print_plain(&format!("taken back: {what}{about}\n"))?;
    Ok(ExitCode::from(DONE))
}
