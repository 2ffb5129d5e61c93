//! What a person sees, before it is turned into LSP or a report.

use crate::hypothesis::CheckedHypothesis;
use crate::incident::Incident;
use crate::logs::LogReport;
use crate::problem::Problem;

/// The whole answer of one `explain`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The workspace's root as given, and its HEAD.
    pub workspace: WorkspaceInfo,
    /// One for each fingerprint, in order of first appearance.
    pub incidents: Vec<ExplainedIncident>,
    /// What the log says, where one was given.
    pub logs: LogReport,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

/// The workspace that an explanation speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceInfo {
    /// Absolute path.
    pub root: String,
    /// The commit id at HEAD.
    pub head: Option<String>,
}

/// An incident and the hypotheses that hold.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedIncident {
    /// The incident.
    pub incident: Incident,
    /// At most three, best first.
    pub hypotheses: Vec<CheckedHypothesis>,
}
