//! An incident: one fingerprint, with everything that was found about it.

use crate::history::Deployed;
use crate::input::Language;
use crate::logs::LogReport;
use crate::resolve::ResolvedTrace;
use crate::suspects::Suspects;

/// Traces with one fingerprint, and what the stages found for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Twelve hex digits made from the fingerprint; the same crash gives the same id.
    pub id: String,
    /// One line for a person.
    pub title: String,
    /// What happened.
    pub kind: IncidentKind,
    /// The commit that ran.
    pub deployed: Option<Deployed>,
    /// The language of the traces.
    pub language: Language,
    /// The first time stamp near a trace, RFC 3339 in UTC.
    pub first_seen: Option<String>,
    /// The last one.
    pub last_seen: Option<String>,
    /// How many times it stands in the inputs.
    pub count: u64,
    /// One trace for each distinct shape; never empty.
    pub traces: Vec<ResolvedTrace>,
    /// Which change could have done it.
    pub suspects: Suspects,
    /// Ids of the log groups that belong to it.
    pub log_groups: Vec<String>,
    /// What would make the answer better.
    pub missing_context: Vec<MissingContext>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentKind {
    /// A panic.
    Panic,
    /// An error that ended the program or a request.
    Exception,
    /// Many errors at once, without a trace.
    ErrorBurst,
    /// Nothing moves.
    Hang,
    /// Killed for memory, time or another resource.
    ResourceKill,
    /// A test failed.
    TestFailure,
    /// A build failed.
    BuildFailure,
}

impl IncidentKind {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Exception => "exception",
            Self::ErrorBurst => "error_burst",
            Self::Hang => "hang",
            Self::ResourceKill => "resource_kill",
            Self::TestFailure => "test_failure",
            Self::BuildFailure => "build_failure",
        }
    }
}

/// Something that was not there, why it matters and how to bring it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingContext {
    /// A stable snake_case name: `backtrace`, `deployed_commit`, `history`.
    pub kind: &'static str,
    /// Why it matters.
    pub why: String,
    /// The command or setting that brings it.
    pub how_to_provide: String,
}

/// Groups resolved traces by fingerprint: the kind, the masked message and the program's frames.
///
/// Order of first appearance. Suspects, deployed commit and log groups are filled in later.
pub fn group(traces: Vec<ResolvedTrace>, logs: &LogReport) -> Vec<Incident> {
    let _ = (traces, logs);
    Vec::new()
}
