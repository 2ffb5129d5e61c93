//! The JSON of `explain`.

use serde::{Deserialize, Serialize};

use super::{Finding, PackageVersion, Problem};

/// What `explain --format json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explain {
    /// Always 1.
    pub schema_version: u32,
    /// The workspace that the paths are relative to.
    pub workspace: Workspace,
    /// One for each fingerprint, in order of first appearance.
    pub incidents: Vec<Incident>,
    /// What happened when, over all incidents, by time.
    #[serde(default)]
    pub timeline: Vec<TimelineEvent>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// When, by `clock`: RFC 3339 in UTC.
    pub at: String,
    /// `commit`, `deploy`, `rollback`, `alert`, `acknowledged`, `escalated`, `error`, `metric`,
    /// `breadcrumb`, `attempt`, `resolved`, `message` or `note`.
    pub kind: String,
    /// Who stamped it: `log`, `metrics`, `pager`, `chat`, `tracker`, `forge`, `git` or `here`.
    pub clock: String,
    /// The input's name, or a commit's short id.
    pub source: String,
    /// One line.
    pub what: String,
}

/// The workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Absolute path.
    pub root: String,
    /// The commit at HEAD.
    pub head: Option<String>,
}

/// One incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Twelve hex digits; the same crash gives the same id.
    pub id: String,
    /// One line for a person.
    pub title: String,
    /// What happened.
    pub kind: String,
    /// What kind of change brings it about.
    pub cause_class: String,
    /// `open`, `mitigated`, `fix_tried`, `verified` or `closed`.
    pub state: String,
    /// Earlier incidents of this kind.
    pub seen_before: Vec<SeenBefore>,
    /// The commit after the deployed one that may have mended it.
    pub already_fixed: Option<AlreadyFixed>,
    /// The configured service that it belongs to.
    pub service: Option<Service>,
    /// The commit that ran.
    pub deployed: Option<Deployed>,
    /// The language of the traces.
    pub language: Option<String>,
    /// The first time stamp near a trace.
    pub first_seen: Option<String>,
    /// The last one.
    pub last_seen: Option<String>,
    /// How many times it stands in the inputs.
    pub count: u64,
    /// One for each distinct shape.
    pub traces: Vec<Trace>,
    /// Functions that may hold the fault, best first.
    pub suspect_spans: Vec<SuspectSpan>,
    /// Changes that may have done it.
    pub suspect_commits: SuspectCommits,
    /// Ids of the log groups that belong to it.
    pub log_groups: Vec<String>,
    /// Metrics that changed.
    pub metrics: Vec<Metric>,
    /// At most three, best first.
    pub hypotheses: Vec<Hypothesis>,
    /// What the workspace's runbooks and post-mortems say, best first.
    #[serde(default)]
    pub runbooks: Vec<Runbook>,
    /// What stops the harm before the cause is mended, best first.
    pub mitigations: Vec<Mitigation>,
    /// What was tried before and taken back.
    #[serde(default)]
    pub tried_before: Vec<TriedBefore>,
    /// What would make the answer better.
    pub missing_context: Vec<MissingContext>,
}

/// A passage of a runbook or a post-mortem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runbook {
    /// The page, relative to the workspace.
    pub path: String,
    /// The heading's line, from 1.
    pub line: u32,
    /// The heading.
    pub heading: String,
    /// `mitigation`, `tried`, `diagnosis` or `other`.
    pub role: String,
    /// From 0 to 1.
    pub score: f64,
    /// The first sentences.
    pub excerpt: String,
}

/// An earlier incident of the same kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenBefore {
    /// Its id.
    pub id: String,
    /// When.
    pub when: String,
    /// The fix that was made.
    pub fix: Option<String>,
    /// Whether the fix held.
    pub held: Option<bool>,
}

/// The commit that already mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlreadyFixed {
    /// Its id.
    pub commit: String,
    /// The branch that has it.
    pub on: String,
    /// The first line of its message.
    #[serde(default)]
    pub subject: String,
    /// What it changed: `statement`, `function` or `producer`.
    #[serde(default)]
    pub changed: String,
    /// The function that it changed.
    #[serde(default)]
    pub function: String,
}

/// A configured service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its folder, relative to the workspace.
    pub root: String,
}

/// The commit that ran when the incident happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployed {
    /// Its id.
    pub commit: Option<String>,
    /// `given`, `event`, `tag`, `version`, `inferred` or `head`.
    pub how: String,
    /// Others that fit as well.
    pub candidates: Vec<String>,
    /// From 0 to 1.
    pub confidence: f64,
    /// The clone holds it.
    pub present_locally: bool,
}

/// One trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The thread's name.
    pub thread: Option<String>,
    /// The errors, outermost first.
    pub causes: Vec<Cause>,
    /// The panic line's own place.
    pub location: Option<TraceLocation>,
    /// The frames in text order.
    pub frames: Vec<Frame>,
}

/// One error of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The error's type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The message.
    pub message: Option<String>,
    /// `root`, `caused_by`, `during_handling`, `suppressed` or `group_member`.
    pub relation: String,
}

/// The panic line's own place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLocation {
    /// As printed.
    pub file: String,
    /// As printed.
    pub line: Option<u32>,
    /// As printed.
    pub column: Option<u32>,
    /// Where it is now.
    pub resolution: Resolution,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Index into `causes`.
    pub cause: usize,
    /// The number printed before the frame.
    pub index: Option<u32>,
    /// The function, demangled.
    pub function: Option<String>,
    /// As printed.
    pub file: Option<String>,
    /// As printed.
    pub line: Option<u32>,
    /// As printed.
    pub column: Option<u32>,
    /// `app`, `dependency`, `std`, `runtime` or `unknown`.
    pub origin: String,
    /// Plumbing that says nothing about the fault.
    pub noise: bool,
    /// Where it is now.
    pub resolution: Resolution,
}

/// What became of a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// How sure it is.
    pub status: String,
    /// Relative to the workspace, or to the package's root for `dependency`.
    pub path: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1, in UTF-8 bytes.
    pub column: Option<u32>,
    /// The innermost named function around it.
    pub function: Option<String>,
    /// That function's first line.
    pub start_line: Option<u32>,
    /// That function's last line.
    pub end_line: Option<u32>,
    /// The dependency that it lies in.
    pub package: Option<PackageVersion>,
    /// What it may be, when `ambiguous`.
    pub candidates: Vec<Candidate>,
    /// Why it is not `exact`.
    pub reason: Option<String>,
}

/// One of several places that fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The function around it.
    pub function: Option<String>,
}

/// A function that may hold the fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspectSpan {
    /// From 1.
    pub rank: u32,
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
    /// Why, strongest first.
    pub reasons: Vec<Reason>,
}

/// One printed reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The signal's stable name.
    pub kind: String,
    /// In words, with the place.
    pub detail: String,
    /// What it added to the score; negative for counter-evidence.
    pub weight: f64,
}

/// Changes that may have done it, or why none is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspectCommits {
    /// Nobody is named.
    pub abstained: bool,
    /// Why nobody is named.
    pub reason: Option<String>,
    /// Best first.
    pub ranked: Vec<SuspectCommit>,
}

/// One suspect commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspectCommit {
    /// From 1.
    pub rank: u32,
    /// Its full id.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// When it was written.
    pub author_time: Option<String>,
    /// From 0 to 1.
    pub score: f64,
    /// Why, strongest first.
    pub reasons: Vec<Reason>,
}

/// A metric that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// When it changed; null where two scrapes were compared.
    pub change_at: Option<String>,
    /// The level before.
    pub before: f64,
    /// The level after.
    pub after: f64,
}

/// A claim whose quotes were verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// From 1.
    pub rank: u32,
    /// One line.
    pub title: String,
    /// A few sentences.
    pub explanation: String,
    /// `signature` or `model`.
    pub origin: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What would show it to be wrong.
    pub would_disprove: Vec<String>,
    /// How to tell.
    pub validation: Vec<Validation>,
    /// A safe local edit, where one exists.
    pub fix: Option<Fix>,
    /// What the API check says of the fix.
    pub findings: Vec<Finding>,
    /// Further remarks.
    pub notes: Vec<String>,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Short and stable within the incident.
    pub id: String,
    /// `frame`, `log`, `hunk`, `metric` or `document`.
    pub kind: String,
    /// `repository`, `tool`, `service` or `attacker_writable`.
    pub origin: String,
    /// Where it stands.
    pub location: EvidenceLocation,
    /// The very words.
    pub quote: String,
}

/// Where a piece of evidence stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLocation {
    /// A workspace path with `/`, or an input's name.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The commit, for a hunk.
    pub commit: Option<String>,
}

/// One way to tell whether a hypothesis holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// What should be seen if it holds.
    pub prediction: String,
    /// A command that a person may run.
    pub command: Option<String>,
    /// What confirms it.
    pub confirms: String,
    /// What disproves it.
    pub disproves: String,
}

/// A safe local edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, in one line.
    pub summary: String,
    /// A unified diff against the text as it is now.
    pub patch: String,
}

/// What stops the harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mitigation {
    /// From 1.
    pub rank: u32,
    /// `revert`, `roll_back`, `toggle` or `restore_config`.
    pub kind: String,
    /// What it does, in one line.
    pub summary: String,
    /// The suspect that it is about, or the commit to go back to.
    #[serde(default)]
    pub commit: Option<String>,
    /// `safe`, `unknown` or `hazardous`.
    #[serde(default)]
    pub verdict: String,
    /// What else it undoes.
    pub undoes: Vec<String>,
    /// What may go wrong.
    pub hazards: Vec<String>,
    /// A unified diff, where it is one.
    pub patch: Option<String>,
}

/// A change that was made and taken back before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedBefore {
    /// What was tried.
    pub what: String,
    /// The commit that tried it.
    pub commit: String,
    /// When it was written.
    pub author_time: Option<String>,
    /// The commit that took it back.
    pub reverted_in: String,
    /// Why, in the words of that commit.
    pub why: Option<String>,
    /// The suspect makes that very change again.
    pub is_suspects_change: bool,
}

/// Something that would make the answer better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingContext {
    /// A stable name.
    pub kind: String,
    /// Why it matters.
    pub why: String,
    /// The command or setting that brings it.
    pub how_to_provide: String,
}
