//! One run through the stages: what every stage may use, and how it tells what it is about.

use std::collections::BTreeSet;
use std::thread::ScopedJoinHandle;

use incident_core::cancel::Cancel;
use incident_core::present::Explanation;
use incident_core::problem::Problem;

use super::{ExplainOptions, Update};
use crate::config::Config;
use crate::git::GitError;
use crate::workspace::Workspace;

/// Work that goes on beside the road, with what it will have to say.
pub(super) type Beside<'scope, T> = ScopedJoinHandle<'scope, (T, Vec<Problem>)>;

/// One run through the stages.
pub(super) struct Run<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) options: &'a ExplainOptions,
    pub(super) config: &'a Config,
    pub(super) cancel: &'a Cancel,
    pub(super) updates: &'a mut dyn FnMut(Update),
    pub(super) problems: Vec<Problem>,
}

impl Run<'_> {
    /// Tells the person which stage begins.
    pub(super) fn stage(&mut self, words: &'static str) {
        // The log's own times say how long each stage took: `INCIDENT_LSP_LOG=incident_host=debug`.
        tracing::debug!("{words}");
        if !self.cancel.is_cancelled() {
            (self.updates)(Update::Stage(words));
        }
    }

    /// Shows what is known so far.
    pub(super) fn partial(&mut self, explanation: &Explanation) {
        if !self.cancel.is_cancelled() {
            let mut partial = explanation.clone();
            partial.problems = without_repeats(self.problems.clone());
            tracing::debug!("showing what is known so far");
            (self.updates)(Update::Partial(Box::new(partial)));
        }
    }

    /// Keeps a stage's problems and returns its value.
    pub(super) fn noting<T>(&mut self, (value, problems): (T, Vec<Problem>)) -> T {
        self.problems.extend(problems);
        value
    }

    /// Waits for work beside the road; work that broke gives nothing but a problem.
    pub(super) fn joined<T>(&mut self, work: Beside<'_, T>) -> Option<T> {
        match work.join() {
            Ok(answer) => Some(self.noting(answer)),
            Err(_) => {
                self.problems.push(broken_stage());
                None
            }
        }
    }

    /// Returns git's answer; what kept it from answering becomes a problem.
    pub(super) fn answered<T>(&mut self, answer: Result<T, GitError>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(err) => {
                self.problems.extend(git_problem(&err));
                None
            }
        }
    }
}

/// Says what a person should know about git's silence; a cancelled job is told once, elsewhere.
pub(super) fn git_problem(err: &GitError) -> Option<Problem> {
    match err {
        GitError::Command(crate::command::CommandError::Cancelled) => None,
        GitError::NotARepository => Some(Problem::info(err.to_string())),
        err => Some(Problem::warning(err.to_string())),
    }
}

fn broken_stage() -> Problem {
    Problem::error(
        "a part of the work broke off; this is a fault of incident-lsp, please report it",
    )
}

/// Drops repeats and keeps the order.
pub(super) fn without_repeats(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    problems.into_iter().filter(|problem| seen.insert(problem.clone())).collect()
}
