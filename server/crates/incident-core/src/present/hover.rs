//! Hover texts: Markdown that answers "why is this here" in a few lines.

use crate::hypothesis::{CheckedHypothesis, Evidence};
use crate::incident::Incident;
use crate::suspects::{Reason, SuspectCommit};

use super::{markdown, words};

/// How many reasons and quotes a hover lists.
const MAX_LISTED: usize = 4;

/// Returns the hover of the place where the incident shows.
pub(super) fn crash_site(
    incident: &Incident,
    status: Option<&str>,
    hypotheses: &[CheckedHypothesis],
) -> String {
    let mut parts = vec![format!("**{}**", markdown::text(&incident.title))];
    if let Some(line) = words::past(incident) {
        parts.push(format!("**{}**", markdown::text(&line)));
    }
    if let Some(message) = words::message(incident).filter(|message| message.contains('\n')) {
        let head: Vec<&str> = message.lines().take(12).collect();
        parts.push(markdown::fence("text", &head.join("\n")));
    }
    if let Some(status) = status {
        parts.push(format!("This place: {}.", markdown::text(status)));
    }
    match (incident.suspects.commits.first(), &incident.suspects.abstained) {
        (Some(suspect), _) => parts.push(suspect_commit(suspect)),
        (None, Some(reason)) => {
            parts.push(format!("No suspect commit: {}", markdown::text(reason)))
        }
        (None, None) => {}
    }
    if !hypotheses.is_empty() {
        let lines = hypotheses.iter().enumerate().map(|(at, checked)| {
            let claim = checked.hypothesis();
            let confidence = words::likelihood(claim.confidence);
            format!("{}. {} ({confidence})", at + 1, markdown::text(&claim.title))
        });
        parts.push(format!("Hypotheses:\n\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    if incident.count > 1 {
        parts.push(format!("Seen {} times in the input.", incident.count));
    }
    parts.join("\n\n")
}

/// Returns the hover of a hypothesis.
pub(super) fn hypothesis(number: u32, checked: &CheckedHypothesis) -> String {
    let claim = checked.hypothesis();
    let mut parts = vec![
        format!(
            "**Hypothesis {number} ({}): {}**",
            words::likelihood(claim.confidence),
            markdown::text(&claim.title)
        ),
        markdown::text(&claim.explanation),
    ];
    if !claim.evidence.is_empty() {
        let lines = claim.evidence.iter().take(MAX_LISTED).map(evidence);
        parts.push(format!("Evidence:\n\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    if let Some(disproof) = claim.would_disprove.first() {
        parts.push(format!("Would disprove it: {}", markdown::text(disproof)));
    }
    if let Some(fix) = &claim.fix {
        parts.push(format!("Fix: {}", markdown::text(&fix.summary)));
        parts.push(markdown::fence("diff", &fix.patch));
    }
    for finding in checked.findings().iter().filter(|it| it.reference.verdict.is_accusation()) {
        parts.push(format!("⚠ {}", markdown::text(&finding.message)));
    }
    parts.join("\n\n")
}

/// Returns the hover of a suspect place.
pub(super) fn reasons(title: &str, reasons: &[Reason]) -> String {
    let lines =
        reasons.iter().take(MAX_LISTED).map(|it| format!("- {}", markdown::text(&it.detail)));
    format!("**{}**\n\n{}", markdown::text(title), lines.collect::<Vec<_>>().join("\n"))
}

fn suspect_commit(suspect: &SuspectCommit) -> String {
    let title = format!(
        "Suspect commit {} {}, {}:",
        markdown::code(suspect.commit.short()),
        markdown::text(&suspect.subject),
        words::day(suspect.author_time)
    );
    let lines = words::told(&suspect.reasons).into_iter().take(MAX_LISTED);
    let lines = lines.map(|reason| format!("- {}", markdown::text(&reason.detail)));
    format!("{title}\n\n{}", lines.collect::<Vec<_>>().join("\n"))
}

fn evidence(evidence: &Evidence) -> String {
    let at = &evidence.location;
    let place = match (&at.commit, at.line) {
        (Some(commit), _) => format!("{} in {}", at.path, commit.short()),
        (None, Some(line)) => format!("{}:{line}", at.path),
        (None, None) => at.path.clone(),
    };
    format!("- {}: {}", markdown::text(&place), markdown::code(&evidence.quote))
}
