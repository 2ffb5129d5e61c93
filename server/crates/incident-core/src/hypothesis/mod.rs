//! Hypotheses: unproved claims about the cause, each locked to evidence.
//!
//! A [`Hypothesis`] comes from a signature or a model and is worth nothing yet. [`verify`] holds
//! its quotes against the evidence and turns what survives into a [`CheckedHypothesis`], the only
//! type that the later stages take.

mod catalogue;
mod crash;
mod culprit;
mod errors;
mod evidence;
mod library;
mod mentions;
mod origin;
mod repair;
mod signatures;

pub use catalogue::{Catalogue, Entry, catalogue};
pub(crate) use evidence::Lock;
pub use evidence::verify;
pub(crate) use mentions::sentences;

use crate::check::Finding;
use crate::fix::Fix;
use crate::history::{CommitId, History};
use crate::incident::Incident;
use crate::logs::LogReport;
use crate::resolve::Sources;

/// An unproved claim about the cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// One line: what went wrong.
    pub title: String,
    /// A few sentences: why it is thought so.
    pub explanation: String,
    /// Who claims it.
    pub origin: HypothesisOrigin,
    /// From 0 to 1, before the evidence was verified.
    pub confidence: f64,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What would show it to be wrong. Never empty.
    pub would_disprove: Vec<String>,
    /// How to tell.
    pub validation: Vec<Validation>,
    /// A safe local edit, where one exists.
    pub fix: Option<Fix>,
    /// Further remarks.
    pub notes: Vec<String>,
}

/// Who claims a hypothesis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HypothesisOrigin {
    /// A built-in failure signature, by its stable name.
    Signature(&'static str),
    /// A model, by provider and name.
    Model(String),
}

/// One piece of evidence: an id, a place and a quote that code can verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Short and stable within the incident: `F1`, `H2`, `L3`.
    pub id: String,
    /// What it is.
    pub kind: EvidenceKind,
    /// Who could have written it.
    pub origin: EvidenceOrigin,
    /// Where it stands.
    pub location: EvidenceLocation,
    /// The very words.
    pub quote: String,
}

/// What a piece of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceKind {
    /// A frame, or the source line that it points at.
    Frame,
    /// A log record or a panic message.
    Log,
    /// A changed place of a commit.
    Hunk,
    /// A metric.
    Metric,
    /// A runbook, a post-mortem.
    Document,
}

/// Who could have written a piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceOrigin {
    /// Somebody who may commit.
    Repository,
    /// A tool that we ran or whose output this is.
    Tool,
    /// The service.
    Service,
    /// Anybody who can send the service a request.
    AttackerWritable,
}

/// Where a piece of evidence stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EvidenceLocation {
    /// A workspace path with `/`, or an input's name.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The commit, for a hunk.
    pub commit: Option<CommitId>,
}

/// One way to tell whether a hypothesis holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// What should be seen if it holds.
    pub prediction: String,
    /// A command that a person may run; never run by us.
    pub command: Option<String>,
    /// What confirms it.
    pub confirms: String,
    /// What disproves it.
    pub disproves: String,
}

/// What the signatures and the evidence lock may look at.
#[derive(Clone, Copy, Debug)]
pub struct HypothesisInput<'a> {
    /// The incident, with suspects.
    pub incident: &'a Incident,
    /// The texts.
    pub sources: &'a Sources,
    /// The commits.
    pub history: Option<&'a History>,
    /// The log.
    pub logs: &'a LogReport,
}

/// A hypothesis whose evidence was verified by code.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedHypothesis {
    hypothesis: Hypothesis,
    findings: Vec<Finding>,
    stopped: Option<String>,
}

impl CheckedHypothesis {
    /// Returns the claim; every quote in it stands where it says.
    pub fn hypothesis(&self) -> &Hypothesis {
        &self.hypothesis
    }

    /// Returns what the API check says of its fix.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the same hypothesis with the API check's findings on its fix.
    pub fn with_findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }

    /// Returns why its fix must not be tried once more, and what to do instead.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Returns the same hypothesis with its fix stopped: fixes of this place go round in circles.
    pub fn with_stop(mut self, sentence: String) -> Self {
        self.hypothesis.notes.push(sentence.clone());
        self.stopped = Some(sentence);
        self
    }

    /// Says whether the fix may be offered as ready: it has one, it goes round in no circle, and no
    /// name in it was proved wrong.
    pub fn fix_is_ready(&self) -> bool {
        self.hypothesis.fix.is_some()
            && self.stopped.is_none()
            && !self.findings.iter().any(|finding| finding.reference.verdict.is_accusation())
    }
}

impl EvidenceKind {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Log => "log",
            Self::Hunk => "hunk",
            Self::Metric => "metric",
            Self::Document => "document",
        }
    }
}

impl EvidenceOrigin {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Tool => "tool",
            Self::Service => "service",
            Self::AttackerWritable => "attacker_writable",
        }
    }
}

/// Returns the class of cause of the best hypothesis: what changed where one is tied to a change,
/// else what its signature stands for.
pub fn cause_class(best: Option<&CheckedHypothesis>) -> &'static str {
    let Some(hypothesis) = best.map(CheckedHypothesis::hypothesis) else { return "unknown" };
    let changed = hypothesis.evidence.iter().find(|it| it.kind == EvidenceKind::Hunk);
    match (changed, &hypothesis.origin) {
        (Some(hunk), _) if crate::config_changes::is_config(&hunk.location.path) => "config",
        (Some(_), _) => "code",
        (None, HypothesisOrigin::Signature(name)) => {
            signatures::infra::cause_class(name).unwrap_or("code")
        }
        (None, HypothesisOrigin::Model(_)) => "unknown",
    }
}

/// Proposes hypotheses from the built-in signatures, best first.
pub fn from_signatures(input: &HypothesisInput<'_>) -> Vec<Hypothesis> {
    signatures::propose(input)
}

#[cfg(test)]
pub(crate) mod tests;
