//! From an [`Explanation`] to the wire.

use super::explain::{
    AlreadyFixed, Candidate, Cause, Deployed, Evidence, EvidenceLocation, Explain, Fix, Frame,
    Hypothesis, Incident, Metric, MissingContext, Mitigation, Reason, Resolution, Runbook,
    SeenBefore, SuspectCommit, SuspectCommits, SuspectSpan, TimelineEvent, Trace, TraceLocation,
    TriedBefore, Validation, Workspace,
};
use super::{PackageVersion, SCHEMA_VERSION};
use crate::hypothesis::{CheckedHypothesis, HypothesisOrigin};
use crate::input::Language;
use crate::present::{ExplainedIncident, Explanation, words};
use crate::{
    history, hypothesis, incident, metrics, mitigation, resolve, runbook, suspects, timeline, trace,
};

/// Returns the document for one explanation.
pub fn explain(explanation: &Explanation) -> Explain {
    Explain {
        schema_version: SCHEMA_VERSION,
        workspace: Workspace {
            root: explanation.workspace.root.clone(),
            head: explanation.workspace.head.clone(),
        },
        incidents: explanation.incidents.iter().map(incident).collect(),
        timeline: explanation.timeline.iter().map(timeline_event).collect(),
        problems: explanation.problems.iter().map(Into::into).collect(),
    }
}

fn runbook(hit: &runbook::Hit) -> Runbook {
    Runbook {
        path: hit.path.clone(),
        line: hit.line,
        heading: hit.heading.clone(),
        role: hit.role.as_str().to_owned(),
        score: rounded(hit.score),
        excerpt: hit.excerpt.clone(),
    }
}

fn timeline_event(event: &timeline::Event) -> TimelineEvent {
    TimelineEvent {
        at: event.at.to_string(),
        kind: event.kind.as_str().to_owned(),
        clock: event.clock.as_str().to_owned(),
        source: event.source.clone(),
        what: event.what.clone(),
    }
}

fn incident(explained: &ExplainedIncident) -> Incident {
    let incident = &explained.incident;
    Incident {
        id: incident.id.clone(),
        title: incident.title.clone(),
        kind: incident.kind.as_str().to_owned(),
        cause_class: hypothesis::cause_class(explained.hypotheses.first()).to_owned(),
        state: "open".to_owned(),
        seen_before: seen_before(incident),
        already_fixed: incident.later.as_ref().map(|later| AlreadyFixed {
            commit: later.commit.0.clone(),
            on: later.on.clone(),
            subject: later.subject.clone(),
            changed: later.part.as_str().to_owned(),
            function: later.function.clone(),
        }),
        service: None,
        deployed: incident.deployed.as_ref().map(deployed),
        language: (incident.language != Language::Unknown)
            .then(|| incident.language.as_str().to_owned()),
        first_seen: incident.first_seen.clone(),
        last_seen: incident.last_seen.clone(),
        count: incident.count,
        traces: incident.traces.iter().map(resolved_trace).collect(),
        suspect_spans: ranked(&incident.suspects.spans, suspect_span),
        suspect_commits: suspect_commits(&incident.suspects),
        log_groups: incident.log_groups.clone(),
        metrics: incident.metrics.iter().map(metric).collect(),
        hypotheses: ranked(&explained.hypotheses, checked_hypothesis),
        runbooks: incident.runbooks.iter().map(runbook).collect(),
        mitigations: ranked(&incident.suspects.mitigations, mitigation),
        tried_before: incident.suspects.tried_before.iter().map(tried_before).collect(),
        missing_context: incident
            .missing_context
            .iter()
            .map(|missing| MissingContext {
                kind: missing.kind.to_owned(),
                why: missing.why.clone(),
                how_to_provide: missing.how_to_provide.clone(),
            })
            .collect(),
    }
}

/// The earlier sightings; the fix that was tried last stands with the last of them.
fn seen_before(incident: &incident::Incident) -> Vec<SeenBefore> {
    let past = &incident.past;
    let n_sightings = past.sightings.len();
    let seen = past.sightings.iter().zip(1..).filter_map(|(sighting, number)| {
        let fix = past.fix.as_ref().filter(|_| number == n_sightings);
        Some(SeenBefore {
            id: incident.id.clone(),
            when: words::rfc3339(sighting.at)?,
            fix: fix.map(|fix| match &fix.commit {
                Some(commit) => commit.0.clone(),
                None => fix.branch.clone(),
            }),
            held: fix.and_then(incident::PastFix::held),
        })
    });
    seen.collect()
}

fn metric(change: &metrics::MetricChange) -> Metric {
    Metric {
        name: change.shown_name(),
        change_at: change.at.clone(),
        before: change.before,
        after: change.after,
    }
}

/// Returns the ranking on the wire.
pub(super) fn suspect_commits(suspects: &suspects::Suspects) -> SuspectCommits {
    SuspectCommits {
        abstained: suspects.commits.is_empty(),
        reason: suspects.abstained.clone(),
        ranked: ranked(&suspects.commits, suspect_commit),
    }
}

/// Returns the deployed commit on the wire.
pub(super) fn deployed(deployed: &history::Deployed) -> Deployed {
    Deployed {
        commit: deployed.commit.as_ref().map(|commit| commit.0.clone()),
        how: deployed.how.as_str().to_owned(),
        candidates: deployed.candidates.iter().map(|commit| commit.0.clone()).collect(),
        confidence: rounded(deployed.confidence),
        present_locally: deployed.present_locally,
    }
}

fn resolved_trace(resolved: &resolve::ResolvedTrace) -> Trace {
    let printed = &resolved.trace;
    Trace {
        thread: printed.thread.clone(),
        causes: printed.causes.iter().map(cause).collect(),
        location: printed.location.as_ref().map(|location| TraceLocation {
            file: location.file.clone(),
            line: location.line,
            column: location.column,
            resolution: resolution(&resolved.location.clone().unwrap_or_default()),
        }),
        frames: resolved.resolved_frames().map(|(at, found)| frame(at, found)).collect(),
    }
}

fn cause(cause: &trace::Cause) -> Cause {
    Cause {
        kind: cause.kind.clone(),
        message: cause.message.clone(),
        relation: cause.relation.as_str().to_owned(),
    }
}

fn frame(frame: &trace::Frame, found: &resolve::Resolution) -> Frame {
    let location = frame.location.as_ref();
    Frame {
        cause: frame.cause,
        index: frame.index,
        function: frame.function.clone(),
        file: location.map(|location| location.file.clone()),
        line: location.and_then(|location| location.line),
        column: location.and_then(|location| location.column),
        origin: frame.origin.as_str().to_owned(),
        noise: frame.noise,
        resolution: resolution(found),
    }
}

fn resolution(found: &resolve::Resolution) -> Resolution {
    let place = found.place.as_ref();
    let item = place.and_then(|place| place.item.as_ref());
    Resolution {
        status: found.status.as_str().to_owned(),
        path: place.map(|place| place.path.clone()),
        line: place.and_then(|place| place.line),
        column: place.and_then(|place| place.column),
        function: item.map(|item| item.name.clone()),
        start_line: item.map(|item| item.start_line),
        end_line: item.map(|item| item.end_line),
        package: found.package.as_ref().map(PackageVersion::from),
        candidates: found
            .candidates
            .iter()
            .map(|candidate| Candidate {
                path: candidate.path.clone(),
                line: candidate.line,
                function: candidate.function.clone(),
            })
            .collect(),
        reason: found.reason.clone(),
    }
}

fn suspect_span(rank: u32, span: &suspects::SuspectSpan) -> SuspectSpan {
    SuspectSpan {
        rank,
        path: span.path.clone(),
        function: span.function.clone(),
        start_line: span.start_line,
        end_line: span.end_line,
        score: rounded(span.score),
        reasons: reasons(&span.reasons),
    }
}

fn suspect_commit(rank: u32, suspect: &suspects::SuspectCommit) -> SuspectCommit {
    SuspectCommit {
        rank,
        commit: suspect.commit.0.clone(),
        subject: suspect.subject.clone(),
        author_time: words::rfc3339(suspect.author_time),
        score: rounded(suspect.score),
        reasons: reasons(&suspect.reasons),
    }
}

/// Returns one proposal on the wire.
pub(super) fn mitigation(rank: u32, proposal: &mitigation::Mitigation) -> Mitigation {
    Mitigation {
        rank,
        kind: proposal.kind.as_str().to_owned(),
        summary: proposal.summary.clone(),
        commit: proposal.commit.as_ref().map(|commit| commit.0.clone()),
        verdict: proposal.verdict.as_str().to_owned(),
        undoes: proposal.undoes.clone(),
        hazards: proposal.hazards.clone(),
        patch: proposal.patch.clone(),
    }
}

/// Returns one earlier attempt on the wire.
pub(super) fn tried_before(tried: &mitigation::TriedBefore) -> TriedBefore {
    TriedBefore {
        what: tried.what.clone(),
        commit: tried.commit.0.clone(),
        author_time: words::rfc3339(tried.author_time),
        reverted_in: tried.reverted_in.0.clone(),
        why: tried.why.clone(),
        is_suspects_change: tried.is_suspects_change,
    }
}

fn reasons(reasons: &[suspects::Reason]) -> Vec<Reason> {
    let wire = reasons.iter().map(|reason| Reason {
        kind: reason.kind.to_owned(),
        detail: reason.detail.clone(),
        weight: rounded(reason.weight),
    });
    wire.collect()
}

fn checked_hypothesis(rank: u32, checked: &CheckedHypothesis) -> Hypothesis {
    let claim = checked.hypothesis();
    let origin = match claim.origin {
        HypothesisOrigin::Signature(_) => "signature",
        HypothesisOrigin::Model(_) => "model",
    };
    Hypothesis {
        rank,
        title: claim.title.clone(),
        explanation: claim.explanation.clone(),
        origin: origin.to_owned(),
        confidence: rounded(claim.confidence),
        evidence: claim.evidence.iter().map(evidence).collect(),
        would_disprove: claim.would_disprove.clone(),
        validation: claim.validation.iter().map(validation).collect(),
        fix: claim
            .fix
            .as_ref()
            .map(|fix| Fix { summary: fix.summary.clone(), patch: fix.patch.clone() }),
        findings: checked.findings().iter().map(Into::into).collect(),
        notes: claim.notes.clone(),
    }
}

fn evidence(evidence: &hypothesis::Evidence) -> Evidence {
    Evidence {
        id: evidence.id.clone(),
        kind: evidence.kind.as_str().to_owned(),
        origin: evidence.origin.as_str().to_owned(),
        location: EvidenceLocation {
            path: evidence.location.path.clone(),
            line: evidence.location.line,
            commit: evidence.location.commit.as_ref().map(|commit| commit.0.clone()),
        },
        quote: evidence.quote.clone(),
    }
}

fn validation(validation: &hypothesis::Validation) -> Validation {
    Validation {
        prediction: validation.prediction.clone(),
        command: validation.command.clone(),
        confirms: validation.confirms.clone(),
        disproves: validation.disproves.clone(),
    }
}

pub(super) fn ranked<T, W>(items: &[T], wire: impl Fn(u32, &T) -> W) -> Vec<W> {
    (1..).zip(items).map(|(rank, item)| wire(rank, item)).collect()
}

/// Four digits: more says nothing about a score, and differs between machines.
fn rounded(value: f64) -> f64 {
    if value.is_finite() { (value * 10_000.0).round() / 10_000.0 } else { 0.0 }
}
