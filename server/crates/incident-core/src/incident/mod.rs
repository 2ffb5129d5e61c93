//! An incident: one fingerprint, with everything that was found about it.

mod burst;
mod distinct;
mod fingerprint;
mod missing;
mod past;

use std::collections::HashMap;

use crate::history::{Deployed, History};
use crate::input::Language;
use crate::later::LaterChange;
use crate::logs::LogReport;
use crate::metrics::MetricChange;
use crate::resolve::ResolvedTrace;
use crate::runbook;
use crate::suspects::Suspects;
use crate::suspects::stack::own_frames;
use crate::symbol;
use crate::text;
use crate::trace::TraceKind;

pub use self::burst::{burst, onset};
pub use self::distinct::{Repeated, distinct};
use self::fingerprint::Fingerprint;
pub use self::past::{Past, PastFix, PastSighting, Standing};

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
    /// One trace for each distinct shape; empty only of an error burst.
    pub traces: Vec<ResolvedTrace>,
    /// Which change could have done it.
    pub suspects: Suspects,
    /// A commit after the deploy that may have mended it.
    pub later: Option<LaterChange>,
    /// Ids of the log groups that belong to it.
    pub log_groups: Vec<String>,
    /// What is remembered of it.
    pub past: Past,
    /// Lasting changes of the metrics that were given with it.
    pub metrics: Vec<MetricChange>,
    /// What the workspace's runbooks and post-mortems say, best first.
    pub runbooks: Vec<runbook::Hit>,
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

/// How many distinct shapes of one incident are kept as traces.
const MAX_SHAPES: usize = 16;
/// How much of a message a title shows, in bytes.
const MAX_TITLE_MESSAGE: usize = 160;

impl Incident {
    /// Returns the incident with its suspects, and with what a fuller history would have told.
    ///
    /// `history` is `None` outside a repository.
    pub fn with_suspects(mut self, suspects: Suspects, history: Option<&History>) -> Self {
        self.suspects = suspects;
        self.deployed = history.map(|history| history.deployed.clone());
        self.missing_context.extend(missing::from_history(history));
        self
    }
}

/// Groups resolved traces by fingerprint: the kind, the masked message and the program's frames.
///
/// Order of first appearance. Suspects, deployed commit and log groups are filled in later.
pub fn group(traces: Vec<ResolvedTrace>, logs: &LogReport) -> Vec<Incident> {
    let once = |trace: ResolvedTrace| {
        let seen = trace.trace.logged_at.as_deref().and_then(utc);
        Repeated { trace, count: 1, first_seen: seen.clone(), last_seen: seen }
    };
    group_repeated(traces.into_iter().map(once).collect(), logs)
}

/// Groups like [`group`] traces that [`distinct()`] has counted.
pub fn group_repeated(traces: Vec<Repeated<ResolvedTrace>>, logs: &LogReport) -> Vec<Incident> {
    let _ = logs;
    let mut incidents: Vec<(Fingerprint, Incident)> = Vec::new();
    let mut by_fingerprint: HashMap<Fingerprint, usize> = HashMap::new();
    for trace in traces {
        let fingerprint = Fingerprint::of(&trace.trace, kind_of(&trace.trace));
        match by_fingerprint.get(&fingerprint) {
            Some(at) => {
                if let Some((_, incident)) = incidents.get_mut(*at) {
                    add(incident, trace);
                }
            }
            None => {
                by_fingerprint.insert(fingerprint.clone(), incidents.len());
                let incident = begin(trace, &fingerprint);
                incidents.push((fingerprint, incident));
            }
        }
    }
    join_bare_traces(incidents)
}

/// Puts traces without frames to the incident that they can only belong to.
///
/// The same crash is often printed twice, once as a bare panic line: with one framed incident of
/// the same message and file there is no doubt; with two there is, and it stays apart.
fn join_bare_traces(incidents: Vec<(Fingerprint, Incident)>) -> Vec<Incident> {
    let mut homes: HashMap<(IncidentKind, String, Option<String>), Option<usize>> = HashMap::new();
    for (at, (fingerprint, _)) in incidents.iter().enumerate() {
        if !fingerprint.functions.is_empty() && fingerprint.file.is_some() {
            homes
                .entry((fingerprint.kind, fingerprint.message.clone(), fingerprint.file.clone()))
                .and_modify(|home| *home = None)
                .or_insert(Some(at));
        }
    }
    let (fingerprints, incidents): (Vec<_>, Vec<_>) = incidents.into_iter().unzip();
    let mut slots: Vec<Option<Incident>> = incidents.into_iter().map(Some).collect();
    for (at, fingerprint) in fingerprints.into_iter().enumerate() {
        if !fingerprint.functions.is_empty() {
            continue;
        }
        let key = (fingerprint.kind, fingerprint.message, fingerprint.file);
        let Some(home) = homes.get(&key).copied().flatten() else { continue };
        let Some(bare) = slots.get_mut(at).and_then(Option::take) else { continue };
        if let Some(home) = slots.get_mut(home).and_then(Option::as_mut) {
            home.count += bare.count;
            home.first_seen = earlier(home.first_seen.take(), bare.first_seen);
            home.last_seen = later(home.last_seen.take(), bare.last_seen);
            let room = MAX_SHAPES.saturating_sub(home.traces.len());
            home.traces.extend(bare.traces.into_iter().take(room));
        }
    }
    slots.into_iter().flatten().collect()
}

fn begin(repeated: Repeated<ResolvedTrace>, fingerprint: &Fingerprint) -> Incident {
    let Repeated { trace, count, first_seen, last_seen } = repeated;
    Incident {
        id: fingerprint.id(),
        title: title(&trace, fingerprint.kind),
        kind: fingerprint.kind,
        deployed: None,
        language: trace.trace.language,
        first_seen,
        last_seen,
        count,
        suspects: Suspects::default(),
        later: None,
        log_groups: Vec::new(),
        past: Past::default(),
        metrics: Vec::new(),
        runbooks: Vec::new(),
        missing_context: missing::from_trace(&trace),
        traces: vec![trace],
    }
}

fn add(incident: &mut Incident, repeated: Repeated<ResolvedTrace>) {
    let Repeated { trace, count, first_seen, last_seen } = repeated;
    incident.count += count;
    incident.first_seen = earlier(incident.first_seen.take(), first_seen);
    incident.last_seen = later(incident.last_seen.take(), last_seen);
    let is_new = !incident.traces.iter().any(|known| has_same_shape(known, &trace));
    if is_new && incident.traces.len() < MAX_SHAPES {
        incident.traces.push(trace);
    }
}

/// Says whether two traces print the same calls at the same lines.
fn has_same_shape(a: &ResolvedTrace, b: &ResolvedTrace) -> bool {
    let line = |trace: &ResolvedTrace| trace.trace.location.as_ref().and_then(|at| at.line);
    line(a) == line(b)
        && a.trace.frames.len() == b.trace.frames.len()
        && a.trace.frames.iter().zip(&b.trace.frames).all(|(a, b)| {
            a.function == b.function
                && a.location.as_ref().map(|at| at.line) == b.location.as_ref().map(|at| at.line)
        })
}

fn earlier(a: Option<String>, b: Option<String>) -> Option<String> {
    // RFC 3339 in UTC with one form sorts as text.
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn later(a: Option<String>, b: Option<String>) -> Option<String> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// Reads a printed time stamp that names its offset; others could only be guessed.
fn utc(printed: &str) -> Option<String> {
    let timestamp: jiff::Timestamp = printed.trim().trim_matches(['[', ']']).parse().ok()?;
    Some(timestamp.to_string())
}

fn kind_of(trace: &ResolvedTrace) -> IncidentKind {
    let from_test_runner = trace.trace.frames.iter().any(|frame| {
        frame.function.as_deref().is_some_and(|name| {
            name.starts_with("test::run_test") || name.starts_with("test::__rust_begin_short")
        })
    });
    if from_test_runner {
        return IncidentKind::TestFailure;
    }
    match trace.trace.kind {
        TraceKind::Panic => IncidentKind::Panic,
        TraceKind::Trap if is_out_of_resources(trace) => IncidentKind::ResourceKill,
        TraceKind::Anyhow | TraceKind::Eyre | TraceKind::Exception | TraceKind::Trap => {
            IncidentKind::Exception
        }
    }
}

fn is_out_of_resources(trace: &ResolvedTrace) -> bool {
    let message = trace.trace.message().unwrap_or_default().to_lowercase();
    ["out of memory", "sigkill", "signal 9", "oomkilled", "memory allocation of"]
        .iter()
        .any(|words| message.contains(words))
}

/// Makes the one line that a person reads first.
fn title(trace: &ResolvedTrace, kind: IncidentKind) -> String {
    let cause = trace.trace.causes.last();
    let type_name = cause.and_then(|cause| cause.kind.as_deref());
    let what = match (kind, type_name) {
        (IncidentKind::Panic | IncidentKind::TestFailure, _) => "panic",
        (_, Some(type_name)) if !matches!(type_name, "anyhow" | "eyre") => type_name,
        (_, _) if trace.trace.kind == TraceKind::Trap => "trap",
        _ => "error",
    };
    let place = place_of(trace).map(|place| format!(" in `{place}`")).unwrap_or_default();
    let message = cause
        .and_then(|cause| cause.message.as_deref())
        .and_then(|message| message.lines().map(str::trim).find(|line| !line.is_empty()))
        .map(|line| {
            let shown = text::cut(line, MAX_TITLE_MESSAGE);
            format!(": {shown}{}", if shown.len() < line.len() { "..." } else { "" })
        })
        .unwrap_or_default();
    format!("{what}{place}{message}").chars().filter(|c| !c.is_control()).collect()
}

/// Names where it happened: the innermost own function, else the file of the panic line.
fn place_of(trace: &ResolvedTrace) -> Option<String> {
    let own = own_frames(trace);
    let by_symbol = own.iter().find_map(|own| {
        let segments = symbol::segments(own.frame.function.as_deref()?);
        let tail = segments.get(segments.len().saturating_sub(2)..)?;
        let glue = if trace.trace.language == Language::Rust { "::" } else { "." };
        (!tail.is_empty()).then(|| tail.join(glue))
    });
    let by_item = || {
        let places = trace.location.iter().chain(own.iter().map(|own| own.resolution));
        let mut items = places.filter_map(|resolution| resolution.place.as_ref()?.item.as_ref());
        items.next().map(|item| item.name.clone())
    };
    let by_file = || Some(trace.trace.location.as_ref()?.file.clone());
    by_symbol.or_else(by_item).or_else(by_file)
}

#[cfg(test)]
mod tests;
