//! Which change could have done it, or none: ranking with printed reasons.
//!
//! Never a silent wrong accusation: a suspect is an ancestor of the deployed commit, and "no code
//! change explains this" is an answer.

mod abstain;
mod burst;
mod callees;
pub(crate) mod concepts;
mod coupling;
mod failure;
mod settings;
mod signals;
mod spans;
pub(crate) mod stack;
mod weights;
mod words;

pub use self::burst::burst_spans;
pub(crate) use self::signals::is_code;
pub use self::signals::{Measured, measure};
pub use self::weights::{N_SIGNALS, Signal, TABLE, WeightRow, Weights, weights};

use crate::cancel::Cancel;
use crate::history::{CommitId, History, WantedBlame, WantedHistory};
use crate::logs::LogReport;
use crate::mitigation::{Mitigation, TriedBefore};
use crate::problem::Problem;
use crate::producers::Producer;
use crate::resolve::{ResolvedTrace, Sources};
use crate::syntax::{Item, ItemKind, SymbolIndex};

/// The ranking's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspects {
    /// Best first. Empty when it abstains.
    pub commits: Vec<SuspectCommit>,
    /// Why nobody is named.
    pub abstained: Option<String>,
    /// The functions most likely to hold the fault, best first.
    pub spans: Vec<SuspectSpan>,
    /// What to do first, the least risky first; filled in by [`crate::mitigation`].
    pub mitigations: Vec<Mitigation>,
    /// What was tried before and taken back.
    pub tried_before: Vec<TriedBefore>,
}

/// One suspect commit.
#[derive(Clone, Debug, PartialEq)]
pub struct SuspectCommit {
    /// Its id.
    pub commit: CommitId,
    /// The first line of its message.
    pub subject: String,
    /// When it was written: seconds since 1970, UTC.
    pub author_time: i64,
    /// There is something before it, so that it can be taken back.
    pub has_parent: bool,
    /// From 0 to 1: its share of the belief, among all candidates.
    pub score: f64,
    /// Why, strongest first. Never empty.
    pub reasons: Vec<Reason>,
}

/// One printed reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// A stable snake_case name of the signal.
    pub kind: &'static str,
    /// In words, with the place.
    pub detail: String,
    /// What it added to the score; negative for counter-evidence.
    pub weight: f64,
}

/// A function that may hold the fault.
#[derive(Clone, Debug, PartialEq)]
pub struct SuspectSpan {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// The function's name.
    pub function: Option<String>,
    /// First line, from 1.
    pub start_line: u32,
    /// Last line, inclusive.
    pub end_line: u32,
    /// From 0 to 1.
    pub score: f64,
    /// Why, strongest first. Never empty.
    pub reasons: Vec<Reason>,
}

/// Everything that ranking looks at.
#[derive(Clone, Copy, Debug)]
pub struct RankInput<'a> {
    /// The traces of one incident; may be empty.
    pub traces: &'a [ResolvedTrace],
    /// The log that came with them.
    pub logs: &'a LogReport,
    /// Ids of the log groups that belong to the incident; may be empty.
    pub log_groups: &'a [String],
    /// What was pasted around the traces, as far as it is short; only its first 64 KiB count.
    pub context: &'a str,
    /// Functions at the deployed commit: those of the files on the stack, and more where at hand.
    pub functions: &'a SymbolIndex,
    /// The functions that made the values which failed, nearest first; may be empty.
    pub producers: &'a [Producer],
    /// The texts at hand, to find callees with; may be empty.
    pub sources: &'a Sources,
    /// What git answered to [`wanted_history`].
    pub history: &'a History,
}

/// How many commits are looked at where nobody gave a lower bound.
const DEFAULT_WINDOW: usize = 300;
/// How many lines around a frame are blamed: a function's, but no more than these on each side.
const MAX_BLAME_LINES: u32 = 300;
/// How many lines on each side are blamed where the function is not known.
const BLIND_BLAME_LINES: u32 = 25;

/// Returns the lines that stand in for a function that is not known.
fn blind_span(line: u32) -> (u32, u32) {
    (line.saturating_sub(BLIND_BLAME_LINES), line.saturating_add(BLIND_BLAME_LINES))
}

/// Says which lines to blame and how far back to look.
///
/// Lines are those of the deployed commit: the ones that the trace prints. Sorted, without repeats.
pub fn wanted_history(
    traces: &[ResolvedTrace],
    functions: &SymbolIndex,
    producers: &[Producer],
) -> WantedHistory {
    let mut blame: Vec<WantedBlame> = traces
        .iter()
        .flat_map(stack::sites)
        .filter_map(|site| {
            let line = site.line?;
            let (start, end) = stack::function_of(functions, &site)
                .map(|item| (item.start_line, item.end_line))
                .unwrap_or_else(|| blind_span(line));
            Some(WantedBlame {
                path: site.path.to_owned(),
                start_line: start.max(line.saturating_sub(MAX_BLAME_LINES)).max(1),
                end_line: end.min(line.saturating_add(MAX_BLAME_LINES)),
            })
        })
        .collect();
    blame.extend(producers.iter().filter_map(|producer| {
        let item = producing_function(functions, producer)?;
        Some(WantedBlame {
            path: producer.path.clone(),
            start_line: item.start_line,
            end_line: item.end_line.min(item.start_line.saturating_add(MAX_BLAME_LINES)),
        })
    }));
    blame.sort();
    blame.dedup();
    WantedHistory { blame, max_commits: DEFAULT_WINDOW }
}

/// How many suspects are named.
const MAX_SUSPECTS: usize = 10;

impl Suspects {
    /// Returns the same suspects with their spans moved from the deployed commit's lines to those of
    /// the tree as it is now; spans that can't be moved for sure are left out.
    pub fn with_spans_as_they_are_now(mut self, deployed: &SymbolIndex, now: &SymbolIndex) -> Self {
        self.spans = spans::as_they_are_now(self.spans, deployed, now);
        self
    }
}

/// Returns the function of a producer as it was deployed: the one of its name nearest to where it is
/// now.
fn producing_function<'a>(functions: &'a SymbolIndex, producer: &Producer) -> Option<&'a Item> {
    functions
        .file(&producer.path)?
        .items
        .iter()
        .filter(|item| item.kind == ItemKind::Function && item.name == producer.function)
        .min_by_key(|item| item.start_line.abs_diff(producer.start_line))
}

/// Ranks the commits of `input.history` as suspects for one incident.
///
/// Only commits of `input.history.commits` are ever named: ancestors of the deployed commit within
/// the bounds. Where the best of them has too little to do with the failure, nobody is.
pub fn rank(input: &RankInput<'_>, cancel: &Cancel) -> (Suspects, Vec<Problem>) {
    let measured = measure(input, cancel);
    if cancel.is_cancelled() {
        return (Suspects::default(), vec![Problem::warning("the ranking was cancelled")]);
    }
    let ordered = order(measured, &weights());
    let spans = spans::rank(input, &ordered, &signals::failure_words(input));
    if let Some(reason) = abstain::reason(input, &ordered) {
        let suspects = Suspects { abstained: Some(reason), spans, ..Suspects::default() };
        return (suspects, Vec::new());
    }
    let somebody = somebody(&ordered);
    let commits = shares(&ordered)
        .map(|share| share * somebody)
        .zip(&ordered)
        .filter(|(_, (measured, _))| abstain::grounds(measured) > 0.0)
        .take(MAX_SUSPECTS)
        .filter_map(|(share, (measured, _))| suspect(input, measured, share))
        .collect();
    (Suspects { commits, spans, ..Suspects::default() }, Vec::new())
}

/// Returns how much of the belief somebody has, and not nobody, who weighs as much as a commit that
/// is only just named: the best of bad suspects is no good one, and neither is an only one.
fn somebody(ordered: &[(Measured, f64)]) -> f64 {
    let total: f64 = ordered.iter().map(|(_, score)| (score - abstain::THRESHOLD).exp()).sum();
    if total.is_finite() { total / (total + 1.0) } else { 1.0 }
}

/// Returns each commit's share of what the commits have, in the order of the ranking.
fn shares(ordered: &[(Measured, f64)]) -> impl Iterator<Item = f64> {
    let highest = ordered.first().map_or(0.0, |(_, score)| *score);
    let total: f64 = ordered.iter().map(|(_, score)| (score - highest).exp()).sum();
    ordered.iter().map(move |(_, score)| (score - highest).exp() / total)
}

/// Orders measured commits by their weighted sum, best first; ties go to the newer one.
pub fn order(measured: Vec<Measured>, weights: &Weights) -> Vec<(Measured, f64)> {
    let mut scored: Vec<(Measured, f64)> = measured
        .into_iter()
        .map(|measured| {
            let score =
                measured.values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
            (measured, score)
        })
        .collect();
    scored.sort_by(|(a, a_score), (b, b_score)| {
        b_score.total_cmp(a_score).then(a.commit_idx.cmp(&b.commit_idx))
    });
    scored
}

fn suspect(input: &RankInput<'_>, measured: &Measured, share: f64) -> Option<SuspectCommit> {
    let commit = input.history.commits.get(measured.commit_idx)?;
    let mut reasons: Vec<Reason> = measured
        .details
        .iter()
        .filter_map(|(signal, detail)| {
            let row = TABLE.get(*signal as usize)?;
            let weight = measured.value(*signal) * row.weight;
            (weight.abs() >= 0.05).then(|| Reason {
                kind: row.name,
                detail: detail.clone(),
                weight,
            })
        })
        .collect();
    reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.kind.cmp(b.kind)));
    Some(SuspectCommit {
        commit: commit.id.clone(),
        subject: commit.subject.clone(),
        author_time: commit.author_time,
        has_parent: !commit.parents.is_empty(),
        score: share,
        reasons,
    })
}

#[cfg(test)]
mod tests;
