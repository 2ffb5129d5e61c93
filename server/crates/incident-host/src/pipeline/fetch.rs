//! Answers what core asked for: texts as they are and as they were deployed, commits and blame.

use std::sync::Arc;

use incident_core::history::{CommitId, Deployed, History, WantedHistory};
use incident_core::problem::Problem;
use incident_core::resolve::Sources;

use super::Run;
use crate::git::{LogQuery, Repository};

/// How far back to look where the ranking does not say.
const DEFAULT_COMMITS: usize = 200;

/// Reads the texts of `wanted` now and, where a deployed commit is known, then.
pub(super) fn sources(
    run: &mut Run<'_>,
    wanted: &[String],
    deployed: Option<(&Repository, &CommitId)>,
) -> Sources {
    let mut sources = Sources::default();
    for path in wanted {
        if run.cancel.is_cancelled() {
            return sources;
        }
        match run.workspace.text(path) {
            Ok((text, problem)) => {
                sources.current.insert(path.clone(), text);
                run.problems.extend(problem);
            }
            Err(err) => run.problems.push(Problem::warning(err.to_string()).at(path, None)),
        }
    }
    if let Some((repository, commit)) = deployed {
        let blobs = run.answered(repository.blobs(commit, wanted, run.cancel)).unwrap_or_default();
        sources.deployed = blobs
            .into_iter()
            .map(|(path, bytes)| (path, Arc::from(String::from_utf8_lossy(&bytes))))
            .collect();
    }
    sources
}

/// How many commits are read at most where a lower bound was given.
const BOUNDED_COMMITS: usize = 5_000;

/// Reads the commits up to the deployed one and the blame of the wanted lines.
pub(super) fn history(
    run: &mut Run<'_>,
    repository: &Repository,
    deployed: Deployed,
    wanted: &WantedHistory,
) -> History {
    let mut history = History {
        deployed,
        commits: Vec::new(),
        blame: Vec::new(),
        bounds: String::new(),
        bounded: false,
        shallow: repository.is_shallow(),
    };
    let Some(tip) = history.deployed.commit.clone() else { return history };
    let max_commits = if wanted.max_commits == 0 { DEFAULT_COMMITS } else { wanted.max_commits };
    let mut query = LogQuery { tip: tip.clone(), since: None, since_time: None, max_commits };
    history.bounds = format!("the last {max_commits} commits");
    if let Some(since) = &run.options.since {
        match run.answered(repository.rev_parse(since, run.cancel)).flatten() {
            Some(commit) => {
                query.since = Some(commit);
                query.max_commits = BOUNDED_COMMITS;
                history.bounds = format!("since {}", crate::message::plain(since));
                history.bounded = true;
            }
            None => run.problems.push(Problem::warning(format!(
                "--since {} names no commit of this repository; looked at {} instead",
                crate::message::plain(since),
                history.bounds
            ))),
        }
    }
    if let Some(log) = run.answered(repository.log(&query, run.cancel)) {
        if log.cut {
            run.problems.push(Problem::warning(format!(
                "the history is larger than what is read at once; looked at the newest {} commits",
                log.commits.len()
            )));
        }
        history.commits = log.commits;
    }
    history.blame = run
        .answered(repository.blame(&tip, query.since.as_ref(), &wanted.blame, run.cancel))
        .unwrap_or_default();
    history
}
