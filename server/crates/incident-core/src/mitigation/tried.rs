//! What was tried before and taken back, as far as it is about what the suspect changed.

use std::collections::BTreeSet;

use crate::config_changes::ConfigChange;
use crate::history::{Attempt, Commit, CommitId, History, is_same_change};

/// An attempt with what ties it to this incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedBefore {
    /// What was tried, in words.
    pub what: String,
    /// The commit that tried it.
    pub commit: CommitId,
    /// When: seconds since 1970, UTC.
    pub author_time: i64,
    /// The commit that took it back.
    pub reverted_in: CommitId,
    /// Why it was taken back, in the words of that commit.
    pub why: Option<String>,
    /// The suspect makes that very change again.
    pub is_suspects_change: bool,
}

/// How many are told.
const MAX_TOLD: usize = 3;

/// Finds the attempts at the settings that `commit` changed, and those that it makes again.
pub(super) fn find(commit: &Commit, history: &History) -> Vec<TriedBefore> {
    let own: BTreeSet<(&str, &str)> = history
        .config
        .get(&commit.id)
        .into_iter()
        .flatten()
        .filter(|change| !is_everywhere(change))
        .map(|change| (change.path.as_str(), change.key.as_str()))
        .collect();
    let mut found: Vec<TriedBefore> = history
        .attempts
        .iter()
        .filter(|attempt| attempt.made.id != commit.id && attempt.reverted_in != commit.id)
        .filter_map(|attempt| {
            let is_suspects_change = is_same_change(&attempt.made, commit);
            let shared: Vec<&ConfigChange> = attempt
                .settings
                .iter()
                .filter(|change| own.contains(&(change.path.as_str(), change.key.as_str())))
                .collect();
            if !is_suspects_change && shared.is_empty() {
                return None;
            }
            Some(told(attempt, &shared, is_suspects_change))
        })
        .collect();
    found.sort_by_key(|it| (!it.is_suspects_change, std::cmp::Reverse(it.author_time)));
    found.truncate(MAX_TOLD);
    found
}

fn told(attempt: &Attempt, shared: &[&ConfigChange], is_suspects_change: bool) -> TriedBefore {
    let what = match shared.first() {
        Some(change) => format!("{} (\"{}\")", change.shown(), attempt.made.subject),
        None => format!("\"{}\"", attempt.made.subject),
    };
    TriedBefore {
        what,
        commit: attempt.made.id.clone(),
        author_time: attempt.made.author_time,
        reverted_in: attempt.reverted_in.clone(),
        why: attempt.why.clone(),
        is_suspects_change,
    }
}

/// A version of the program itself is in every release.
fn is_everywhere(change: &ConfigChange) -> bool {
    matches!(change.key.as_str(), "version" | "package.version" | "workspace.package.version")
}
