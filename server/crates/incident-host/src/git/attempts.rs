//! Commits that were taken back: found among the subjects and messages, then read with their patches.

use std::collections::{BTreeMap, BTreeSet};

use incident_core::cancel::Cancel;
use incident_core::history::{Commit, CommitId, reverted_subject, reverts};

use super::{GitError, HUNKS, Repository, log_args, parse};
use crate::command::Limits;

/// How far back reverts are looked for, in commits; only their messages are read.
const MAX_COMMITS: usize = 3_000;
/// How many reverts are read with what they took back: the newest ones.
const MAX_REVERTS: usize = 40;

/// A commit and the one that took it back.
#[derive(Clone, Debug, PartialEq)]
pub struct Reverted {
    /// The commit that was taken back, with its patch.
    pub made: Commit,
    /// The commit that took it back, without one.
    pub revert: Commit,
}

impl Repository {
    /// Returns what was made and taken back before `tip`, the last one first.
    ///
    /// A commit and its revert are tied by the id in the message, else by the quoted subject.
    pub fn reverted(&self, tip: &CommitId, cancel: &Cancel) -> Result<Vec<Reverted>, GitError> {
        let args = [
            "--no-show-signature".to_owned(),
            "--no-mailmap".into(),
            "--no-notes".into(),
            "--encoding=UTF-8".into(),
            format!("--format={}", parse::LOG_FORMAT),
            format!("--max-count={MAX_COMMITS}"),
            "--end-of-options".into(),
            tip.0.clone(),
            "--".into(),
        ];
        let limits = Limits { output: 24 << 20, ..Limits::default() };
        let (bytes, _) = self.run_limited("log", &args, Vec::new(), limits, cancel)?;
        let commits = parse::log(&bytes);
        let pairs = pairs(&commits);
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let mut args = log_args(HUNKS);
        args.extend(["--no-walk=unsorted".to_owned(), "--end-of-options".into()]);
        let wanted: BTreeSet<&CommitId> = pairs.iter().map(|(made, _)| made).collect();
        args.extend(wanted.into_iter().map(|id| id.0.clone()));
        args.push("--".into());
        let limits = Limits { output: 16 << 20, ..Limits::default() };
        let (bytes, cut) = self.run_limited("log", &args, Vec::new(), limits, cancel)?;
        let mut made = parse::log(&bytes);
        if cut {
            // The last one may lack files.
            made.pop();
        }
        self.in_workspace(&mut made);
        let by_id: BTreeMap<CommitId, Commit> =
            made.into_iter().map(|commit| (commit.id.clone(), commit)).collect();
        let read = pairs.into_iter().filter_map(|(made, revert)| {
            Some(Reverted { made: by_id.get(&made)?.clone(), revert: revert.clone() })
        });
        Ok(read.collect())
    }
}

/// Ties reverts to what they took back; `commits` are newest first.
fn pairs(commits: &[Commit]) -> Vec<(CommitId, &Commit)> {
    let mut by_id: Vec<&Commit> = commits.iter().collect();
    by_id.sort_by(|a, b| a.id.cmp(&b.id));
    let named = |id: &String| {
        let at = by_id.partition_point(|commit| commit.id.0.as_str() < id.as_str());
        by_id.get(at).filter(|commit| commit.id.0.starts_with(id.as_str()))
    };
    let mut by_subject: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, commit) in commits.iter().enumerate() {
        by_subject.entry(commit.subject.as_str()).or_default().push(at);
    }
    let mut pairs = Vec::new();
    for (at, commit) in commits.iter().enumerate() {
        if pairs.len() >= MAX_REVERTS {
            break;
        }
        let ids = reverts(commit);
        let mut made: Vec<&CommitId> =
            ids.iter().filter_map(named).map(|commit| &commit.id).collect();
        if made.is_empty()
            && let Some(subject) = reverted_subject(commit)
        {
            // The nearest older commit of that subject.
            let older = by_subject.get(subject).into_iter().flatten().find(|it| **it > at);
            made.extend(older.and_then(|at| commits.get(*at)).map(|commit| &commit.id));
        }
        pairs
            .extend(made.into_iter().filter(|id| **id != commit.id).map(|id| (id.clone(), commit)));
    }
    pairs
}
