//! What a person sees, before it is turned into LSP or a report.
//!
//! [`Explanation`] is the whole answer of one `explain`. [`present`] turns it into places with
//! messages, hovers and actions, so that the protocol layer only converts. Positions are those of
//! the texts in [`Explanation::sources`]: whoever publishes them checks that these still stand.

use std::sync::Arc;

use crate::history::History;
use crate::hypothesis::{CheckedHypothesis, HypothesisInput};
use crate::incident::Incident;
use crate::logs::LogReport;
use crate::metrics::MetricReport;
use crate::problem::Problem;
use crate::resolve::Sources;
use crate::text::{ByteSpan, LineCol};
use crate::timeline;

mod diagnostics;
mod hover;
pub mod markdown;
pub mod words;

pub use diagnostics::present;

/// The whole answer of one `explain`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The workspace's root as given, and its HEAD.
    pub workspace: WorkspaceInfo,
    /// One for each fingerprint, in order of first appearance.
    pub incidents: Vec<ExplainedIncident>,
    /// What the log says, where one was given.
    pub logs: LogReport,
    /// What the metrics say, where some were given.
    pub metrics: MetricReport,
    /// The texts that the places speak of: where excerpts and columns come from.
    pub sources: Sources,
    /// What happened when, over all incidents; by time.
    pub timeline: Vec<timeline::Event>,
    /// The suspect commits with what they changed; what may be cited of the history.
    pub history: Option<Arc<History>>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

impl Explanation {
    /// Returns what may be cited about one of its incidents.
    pub fn evidence<'a>(&'a self, incident: &'a Incident) -> HypothesisInput<'a> {
        HypothesisInput {
            incident,
            sources: &self.sources,
            history: self.history.as_deref(),
            logs: &self.logs,
        }
    }
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

/// What an editor shows for an [`Explanation`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presentation {
    /// One sentence for a message: what was found, or why nothing was and what to do.
    pub summary: String,
    /// By path, then place, then code.
    pub diagnostics: Vec<Diagnostic>,
}

/// One message at one place of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it speaks of.
    pub code: Code,
    /// How loud it is.
    pub severity: DiagnosticSeverity,
    /// Where.
    pub place: DiagnosticPlace,
    /// Neutralised text; the first line says the point in about 80 characters.
    pub message: String,
    /// Markdown for the hover over the place. Never empty.
    pub hover: String,
    /// Further places: the chain of calls, the evidence.
    pub related: Vec<Related>,
    /// The id of the incident that it belongs to.
    pub incident: String,
    /// The number of the hypothesis that it belongs to, from 1.
    pub hypothesis: Option<u32>,
    /// What the person can do next, in the order to show it.
    pub actions: Vec<Action>,
}

/// The stable id of a kind of diagnostic; each has a page, see `incident-lsp help CODE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The expression at which the program failed.
    CrashSite,
    /// A place that the ranking holds for the likely fault.
    SuspectLine,
    /// An unproved claim about the cause.
    Hypothesis,
    /// A fix relies on a name that the resolved version does not have.
    MissingApi,
    /// This was tried before, and did not hold.
    TriedBefore,
    /// Fixes of one place undo each other.
    FixLoop,
    /// A part of the input reads like an instruction to a tool.
    HostileText,
}

/// How loud a diagnostic is; never an error, for the compiler did not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticSeverity {
    /// A fact that matters: the crash site, a proved missing name.
    Warning,
    /// A claim with evidence.
    Information,
    /// A weak claim, or one of several places that fit.
    Hint,
}

/// A range in a file of the workspace, in the text that the explanation has seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiagnosticPlace {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// The first byte.
    pub start: LineCol,
    /// After the last byte.
    pub end: LineCol,
    /// The same range in bytes; `None` where the text was not at hand.
    pub span: Option<ByteSpan>,
}

/// A further place with what it has to do with the diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub place: DiagnosticPlace,
    /// One neutralised line.
    pub message: String,
}

/// Something that the person can do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What will happen, and where, in plain words.
    pub title: String,
    /// What it is.
    pub kind: ActionKind,
}

/// What an action does; the protocol layer knows the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Opens the fix of hypothesis `number` (from 1) in a scratch worktree.
    OpenFix {
        /// The hypothesis' number, from 1.
        number: u32,
    },
    /// Opens the reverse of a suspect commit in a scratch worktree.
    RevertCommit {
        /// The full id.
        commit: String,
    },
    /// Opens a later commit on top of the deployed one in a scratch worktree.
    Backport {
        /// The full id.
        commit: String,
    },
    /// Shows the whole report.
    ShowReport,
    /// Copies a few lines for the channel.
    CopySummary,
    /// Takes the incident's diagnostics away.
    Dismiss,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::CrashSite,
        Self::SuspectLine,
        Self::Hypothesis,
        Self::MissingApi,
        Self::TriedBefore,
        Self::FixLoop,
        Self::HostileText,
    ];

    /// Returns the id as editors show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrashSite => "crash-site",
            Self::SuspectLine => "suspect-line",
            Self::Hypothesis => "hypothesis",
            Self::MissingApi => "missing-api",
            Self::TriedBefore => "tried-before",
            Self::FixLoop => "fix-loop",
            Self::HostileText => "hostile-text",
        }
    }

    /// Returns the code with this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == id)
    }
}

#[cfg(test)]
mod tests;
