//! The words that every view uses for the same thing: statuses, scores, the place that counts.

use crate::incident::{Incident, IncidentKind};
use crate::later::LaterChange;
use crate::neutral;
use crate::resolve::{Resolution, ResolvedTrace, Status};
use crate::suspects::{Reason, SuspectCommit};
use crate::trace::{Frame, Origin, SourceLocation};

/// The place at which an incident shows, in the workspace.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// What became of it.
    pub resolution: &'a Resolution,
    /// The place as the trace prints it.
    pub printed: Option<&'a SourceLocation>,
    /// The frame, where it is one; the panic line's own place has none.
    pub frame: Option<usize>,
}

/// Returns the place at which a trace shows: the panic line's own place where that lies in the
/// workspace, else the innermost frame of the program that was found.
pub fn site(trace: &ResolvedTrace) -> Option<Site<'_>> {
    let in_workspace = |resolution: &Resolution| {
        !matches!(resolution.status, Status::Dependency | Status::Unresolved)
            && (resolution.place.is_some() || !resolution.candidates.is_empty())
    };
    if let Some(resolution) = trace.location.as_ref().filter(|found| in_workspace(found)) {
        return Some(Site { resolution, printed: trace.trace.location.as_ref(), frame: None });
    }
    app_frames(trace).find(|(_, _, resolution)| in_workspace(resolution)).map(
        |(frame_idx, frame, resolution)| Site {
            resolution,
            printed: frame.location.as_ref(),
            frame: Some(frame_idx),
        },
    )
}

/// Returns the program's own frames with their positions, innermost first as the trace lists them.
pub fn app_frames(trace: &ResolvedTrace) -> impl Iterator<Item = (usize, &Frame, &Resolution)> {
    trace
        .resolved_frames()
        .enumerate()
        .filter(|(_, (frame, _))| frame.origin == Origin::App && !frame.noise)
        .map(|(frame_idx, (frame, resolution))| (frame_idx, frame, resolution))
}

/// Says in words what is not certain about a place; `None` for an exact one.
pub fn status(resolution: &Resolution, printed_line: Option<u32>) -> Option<String> {
    let was = match (printed_line, resolution.place.as_ref().and_then(|place| place.line)) {
        (Some(was), Some(now)) if was != now => format!(", where it was line {was}"),
        _ => String::new(),
    };
    let words = match resolution.status {
        Status::Exact if resolution.reason.is_none() => return None,
        Status::Exact => "not certain".to_owned(),
        Status::Moved => format!("moved since the deployed version{was}"),
        Status::Edited => format!("edited since the deployed version{was}"),
        Status::Deleted => "gone since the deployed version".to_owned(),
        Status::BySymbol => match resolution.place.as_ref().and_then(|place| place.line) {
            Some(_) => "the function was found by its name, the line may be off".to_owned(),
            None => "found by its name, the line is not known".to_owned(),
        },
        Status::Ambiguous if resolution.candidates.len() < 2 => "not certain".to_owned(),
        Status::Ambiguous => format!("one of {} places that fit", resolution.candidates.len()),
        Status::Dependency => match &resolution.package {
            Some(package) => format!("in {package}"),
            None => "in a dependency".to_owned(),
        },
        Status::Unresolved => "not found".to_owned(),
    };
    Some(match &resolution.reason {
        Some(reason) => format!("{words}: {}", neutral::one_line(reason)),
        None => words,
    })
}

/// Says where an incident's program failed, for the start of a sentence.
pub fn failed_here(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::Panic => "panicked here",
        IncidentKind::TestFailure => "the test failed here",
        IncidentKind::BuildFailure => "the build failed here",
        _ => "failed here",
    }
}

/// Says which commit after the deploy may have mended the incident.
pub fn mended(later: &LaterChange) -> String {
    format!("{}. \"{}\"", capitalised(&later.sentence()), neutral::headline(&later.subject, 80))
}

/// Returns the message of the incident's first trace that has one.
pub fn message(incident: &Incident) -> Option<&str> {
    incident.traces.iter().find_map(|trace| trace.trace.message())
}

/// Returns a score from 0 to 1 in words; the number is for programs.
pub fn likelihood(score: f64) -> &'static str {
    match score {
        0.8.. => "likely",
        0.5.. => "possible",
        _ => "weak",
    }
}

/// Returns the score of a suspect commit from 0 to 1 in words: its share of what speaks for any of
/// them, which is no measure of how sure a hypothesis is, so it has words of its own.
pub fn suspicion(score: f64) -> &'static str {
    match score {
        0.8.. => "strongly suspected",
        0.5.. => "suspected",
        _ => "weakly suspected",
    }
}

/// Returns the reasons that a person is told: those that name a place or a word. Priors such as
/// size and age, and what a more precise reason says already, stay in the JSON.
pub fn told(reasons: &[Reason]) -> Vec<&Reason> {
    let has = |kind: &str| reasons.iter().any(|reason| reason.kind == kind);
    let is_precise = has("blamed_line") || has("producer_changed") || has("function_changed");
    let told: Vec<&Reason> = reasons
        .iter()
        .filter(|reason| match reason.kind {
            "recent" | "large" | "focused" => false,
            "blamed_near" => !has("blamed_line"),
            "file_touched" => !is_precise,
            "function_changed" => !has("producer_changed"),
            _ => true,
        })
        .collect();
    if told.is_empty() { reasons.iter().take(1).collect() } else { told }
}

/// Returns `n` with its noun, in the right number.
pub fn count(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        _ if noun.ends_with("is") => format!("{n} {}es", noun.trim_end_matches("is")),
        _ => format!("{n} {noun}s"),
    }
}

/// Returns what is remembered of an incident, in one line; `None` where nothing is.
pub fn past(incident: &Incident) -> Option<String> {
    let deployed = incident.deployed.as_ref().and_then(|deployed| deployed.commit.as_ref());
    incident.past.headline(deployed)
}

/// Returns the commit as people name it: short id and subject.
pub fn commit(suspect: &SuspectCommit) -> String {
    format!("{} \"{}\"", suspect.commit.short(), neutral::headline(&suspect.subject, 60))
}

/// Returns a time (seconds since 1970, UTC) as RFC 3339, or `None` where no calendar has it.
pub fn rfc3339(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

/// Returns the day of a time (seconds since 1970, UTC), as `2024-05-01`.
pub fn day(seconds: i64) -> String {
    rfc3339(seconds).and_then(|time| time.get(..10).map(str::to_owned)).unwrap_or_default()
}

/// Returns a text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
