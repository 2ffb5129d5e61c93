//! Answers what core asked for: texts as they are and as they were deployed, commits and blame.

use std::collections::BTreeSet;
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::config_changes::ConfigChanges;
use incident_core::history::{Attempt, Commit, CommitId, Deployed, History, LastGood, why};
use incident_core::incident::Incident;
use incident_core::problem::Problem;
use incident_core::producers::Producer;
use incident_core::resolve::{ResolvedTrace, Sources};
use incident_core::suspects;
use incident_core::syntax::SymbolIndex;

use super::run::{Run, git_problem};
use super::tie::Ground;
use super::{ExplainOptions, deployed};
use crate::git::{GitError, Log, LogQuery, Repository, Reverted};
use crate::message::plain;

/// How far back to look where the ranking does not say.
const DEFAULT_COMMITS: usize = 200;

/// Which commits are read: a query, and in words what bounds it.
pub(super) struct BoundedQuery {
    query: LogQuery,
    bounds: String,
    bounded: bool,
    last_good: Option<LastGood>,
}

/// The commits, and what they changed in settings.
pub(super) struct ReadLog {
    query: BoundedQuery,
    log: Log,
    config: ConfigChanges,
    attempts: Vec<Attempt>,
}

/// Reads what was tried and taken back up to `tip`; nothing where git does not say.
fn attempts(repository: &Repository, tip: &CommitId, cancel: &Cancel) -> Vec<Attempt> {
    let reverted = repository.reverted(tip, cancel).unwrap_or_default();
    let made: Vec<Commit> = reverted.iter().map(|it| it.made.clone()).collect();
    let mut settings = repository.config_changes(&made, cancel);
    let attempt = |it: Reverted| Attempt {
        settings: settings.remove(&it.made.id).unwrap_or_default(),
        made: it.made,
        why: why(&it.revert),
        reverted_in: it.revert.id,
        reverted_at: it.revert.author_time,
    };
    reverted.into_iter().map(attempt).collect()
}

/// Asks for the commits up to the deployed one, beside the road: the longest of git's answers.
pub(super) struct LogReader<'a> {
    pub(super) repository: Repository,
    pub(super) deployed: Deployed,
    pub(super) options: &'a ExplainOptions,
    /// How many commits are looked at where nothing bounds them, if the settings say.
    pub(super) max_commits: Option<usize>,
    pub(super) cancel: &'a Cancel,
}

/// Reads the texts of `wanted` that `sources` lacks, now and as they were deployed.
pub(super) fn sources(
    run: &mut Run<'_>,
    wanted: BTreeSet<String>,
    ground: Option<&Ground>,
    sources: &mut Sources,
) {
    let missing: Vec<String> = wanted
        .into_iter()
        .filter(|path| !sources.current.contains_key(path) && !sources.deployed.contains_key(path))
        .collect();
    for path in &missing {
        if run.cancel.is_cancelled() {
            return;
        }
        match run.workspace.text(path) {
            Ok((text, problem)) => {
                sources.current.insert(path.clone(), text);
                run.problems.extend(problem);
            }
            Err(err) => run.problems.push(Problem::warning(err.to_string()).at(path, None)),
        }
    }
    let Some(Ground { repository, deployed }) = ground else { return };
    let Some(commit) = &deployed.commit else { return };
    let blobs = run.answered(repository.blobs(commit, &missing, run.cancel)).unwrap_or_default();
    let texts =
        blobs.into_iter().map(|(path, bytes)| (path, Arc::from(String::from_utf8_lossy(&bytes))));
    sources.deployed.extend(texts);
}

/// How many commits are read at most where a lower bound was given.
const BOUNDED_COMMITS: usize = 5_000;

impl LogReader<'_> {
    /// Reads the commits and then the settings files that they changed; nothing before the first
    /// commit.
    pub(super) fn read(&self) -> (Option<ReadLog>, Vec<Problem>) {
        let mut problems = Vec::new();
        let Some(query) = self.query(&mut problems) else { return (None, problems) };
        let log = self.answered(self.repository.log(&query.query, self.cancel), &mut problems);
        let read = log.map(|log| {
            let config = self.repository.config_changes(&log.commits, self.cancel);
            let attempts = attempts(&self.repository, &query.query.tip, self.cancel);
            ReadLog { query, log, config, attempts }
        });
        (read, problems)
    }

    fn query(&self, problems: &mut Vec<Problem>) -> Option<BoundedQuery> {
        let tip = self.deployed.commit.clone()?;
        let wanted = suspects::wanted_history(&[], &SymbolIndex::default(), &[]).max_commits;
        let max_commits = if wanted == 0 { DEFAULT_COMMITS } else { wanted };
        let max_commits = self.max_commits.unwrap_or(max_commits);
        let mut bounded = BoundedQuery {
            query: LogQuery { tip, since: None, since_time: None, max_commits },
            bounds: format!("the last {max_commits} commits"),
            bounded: false,
            last_good: None,
        };
        let Some(since) = &self.options.since else {
            // What came with a release is what can have broken with it.
            let before = deployed::release_before(&self.repository, &self.deployed, self.cancel);
            if let Some((tag, previous)) = self.answered(before, problems).flatten() {
                bounded.last_good = Some(LastGood { commit: previous.clone(), name: plain(&tag) });
                bounded.query.since = Some(previous);
                bounded.query.max_commits = BOUNDED_COMMITS;
                bounded.bounds = format!("since {}, the release before", plain(&tag));
                bounded.bounded = true;
            }
            return Some(bounded);
        };
        bounded.bounded = true;
        let named = self.repository.rev_parse(since, self.cancel);
        if let Some(commit) = self.answered(named, problems).flatten() {
            bounded.last_good = Some(LastGood { commit: commit.clone(), name: plain(since) });
            bounded.query.since = Some(commit);
        } else if let Some(time) = time(since) {
            bounded.query.since_time = Some(time);
        } else {
            problems.push(Problem::warning(format!(
                "--since {} names neither a commit of this clone nor a time such as \
                 2024-05-01T12:00:00Z; looked at {} instead",
                plain(since),
                bounded.bounds
            )));
            bounded.bounded = false;
            return Some(bounded);
        }
        // The person says where to stop, so the default window does not.
        bounded.query.max_commits = BOUNDED_COMMITS;
        bounded.bounds = format!("since {}", plain(since));
        Some(bounded)
    }

    fn answered<T>(&self, answer: Result<T, GitError>, problems: &mut Vec<Problem>) -> Option<T> {
        answer.map_err(|err| problems.extend(git_problem(&err))).ok()
    }
}

/// Puts the commits and the blame of the wanted lines together.
pub(super) fn history(
    run: &mut Run<'_>,
    ground: &Ground,
    log: Option<ReadLog>,
    incidents: &[Incident],
    functions: &SymbolIndex,
    producers: &[Producer],
) -> History {
    let mut history = History {
        deployed: ground.deployed.clone(),
        commits: Arc::default(),
        blame: Vec::new(),
        config: ConfigChanges::new(),
        attempts: Vec::new(),
        last_good: None,
        bounds: "no commit could be read".to_owned(),
        bounded: false,
        shallow: ground.repository.is_shallow(),
    };
    let mut since = None;
    if let Some(ReadLog { query, log, config, attempts }) = log {
        history.config = config;
        history.attempts = attempts;
        history.last_good = query.last_good;
        if log.cut {
            run.problems.push(Problem::warning(format!(
                "the history is larger than what is read at once; looked at the newest {} commits",
                log.commits.len()
            )));
        }
        if log.paths_only {
            run.problems.push(Problem::warning(
                "texts of the history are missing from this clone, so changes are told by the \
                 files alone, without their lines; `git fetch --refetch` brings them",
            ));
        }
        // Who wrote what is older than the oldest candidate is of no use, and of large histories it
        // is most of the work.
        let oldest = log.commits.last().and_then(|commit| commit.parents.first().cloned());
        history.commits = log.commits;
        history.bounds = query.bounds;
        since = query.query.since.or(oldest);
        history.bounded = query.bounded;
    }
    let Some(tip) = &ground.deployed.commit else { return history };
    let traces: Vec<ResolvedTrace> =
        incidents.iter().flat_map(|incident| incident.traces.iter().cloned()).collect();
    let wanted = suspects::wanted_history(&traces, functions, producers);
    let blame = ground.repository.blame(tip, since.as_ref(), &wanted.blame, run.cancel);
    history.blame = run.answered(blame).unwrap_or_default();
    history
}

/// Reads a time as a person gives it: RFC 3339, a day, or seconds since 1970.
fn time(words: &str) -> Option<i64> {
    let words = words.trim();
    let stamp = |words: &str| Some(words.parse::<jiff::Timestamp>().ok()?.as_second());
    let day = || {
        let day: jiff::civil::Date = words.parse().ok()?;
        stamp(&format!("{day}T00:00:00Z"))
    };
    let seconds = || words.strip_prefix('@')?.parse().ok();
    stamp(words).or_else(day).or_else(seconds)
}
