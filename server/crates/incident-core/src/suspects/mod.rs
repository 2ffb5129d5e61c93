//! Which change could have done it, or none: ranking with printed reasons.
//!
//! Never a silent wrong accusation: a suspect is an ancestor of the deployed commit, and "no code
//! change explains this" is an answer.

pub(crate) mod stack;

use crate::cancel::Cancel;
use crate::history::{CommitId, History, WantedHistory};
use crate::logs::LogReport;
use crate::problem::Problem;
use crate::resolve::ResolvedTrace;

/// The ranking's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspects {
    /// Best first. Empty when it abstains.
    pub commits: Vec<SuspectCommit>,
    /// Why nobody is named.
    pub abstained: Option<String>,
    /// The functions most likely to hold the fault, best first.
    pub spans: Vec<SuspectSpan>,
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
    /// From 0 to 1.
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

/// Says which lines to blame and how far back to look.
pub fn wanted_history(traces: &[ResolvedTrace], logs: &LogReport) -> WantedHistory {
    let _ = (traces, logs);
    WantedHistory::default()
}

/// Ranks the commits of `history` as suspects for one incident.
pub fn rank(
    traces: &[ResolvedTrace],
    logs: &LogReport,
    history: &History,
    cancel: &Cancel,
) -> (Suspects, Vec<Problem>) {
    let _ = (traces, logs, history, cancel);
    (Suspects::default(), Vec::new())
}
