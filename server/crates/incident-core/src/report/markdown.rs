//! The report as Markdown, for an issue, a chat or a pull request.
//!
//! Text from outside can't become markup: it is escaped, or stands in code.

use crate::hypothesis::CheckedHypothesis;
use crate::present::markdown::{code, fence, text};
use crate::present::{ExplainedIncident, Explanation, words};
use crate::problem::Problem;
use crate::suspects::{Reason, SuspectCommit};

use super::styled::Styled;
use super::text as terminal;

/// Renders `explanation` as Markdown.
pub fn explain(explanation: &Explanation) -> String {
    let mut parts = Vec::new();
    for explained in &explanation.incidents {
        incident(&mut parts, explained, explanation);
    }
    if explanation.incidents.is_empty() {
        parts.push("# No incident found".to_owned());
    }
    problems(&mut parts, &explanation.problems);
    parts.join("\n\n") + "\n"
}

fn incident(parts: &mut Vec<String>, explained: &ExplainedIncident, explanation: &Explanation) {
    let incident = &explained.incident;
    parts.push(format!("# {}", text(&incident.title)));
    let facts = terminal::circumstances(incident);
    parts.push(facts.iter().map(|fact| text(fact)).collect::<Vec<_>>().join(" · "));
    if let Some(line) = words::past(incident) {
        parts.push(format!("**{}**", text(&line)));
    }
    if let Some(message) = words::message(incident).filter(|message| message.contains('\n')) {
        let head: Vec<&str> = message.lines().take(20).collect();
        parts.push(fence("text", &head.join("\n")));
    }
    let drawn = drawn(|out| terminal::place_and_chain(out, incident, &explanation.sources));
    if !drawn.is_empty() {
        parts.push("## Where".to_owned());
        parts.push(fence("text", &drawn));
    }
    if let Some(later) = &incident.later {
        parts.push("## Since the deploy".to_owned());
        parts.push(text(&words::mended(later)));
    }
    suspects(parts, explained);
    for (at, checked) in explained.hypotheses.iter().enumerate() {
        hypothesis(parts, at + 1, checked);
    }
    if !incident.runbooks.is_empty() {
        parts.push("## From your runbooks".to_owned());
        let items = incident.runbooks.iter().map(|hit| {
            let place = code(&format!("{}:{}", hit.path, hit.line));
            format!("- {place} {}: {}", text(&hit.heading), text(&hit.excerpt))
        });
        parts.push(items.collect::<Vec<_>>().join("\n"));
    }
    if !incident.missing_context.is_empty() {
        parts.push("## What would help".to_owned());
        let items = incident.missing_context.iter();
        let items = items.map(|it| format!("- {} {}", text(&it.why), code(&it.how_to_provide)));
        parts.push(items.collect::<Vec<_>>().join("\n"));
    }
}

fn suspects(parts: &mut Vec<String>, explained: &ExplainedIncident) {
    let suspects = &explained.incident.suspects;
    if let Some(reason) = suspects.abstained.as_ref().filter(|_| suspects.commits.is_empty()) {
        parts.push("## No suspect commit".to_owned());
        parts.push(text(reason));
    }
    if !suspects.commits.is_empty() {
        parts.push("## Suspect commit".to_owned());
        parts.extend(suspects.commits.iter().take(3).map(suspect));
    }
}

fn suspect(suspect: &SuspectCommit) -> String {
    format!(
        "**{} {}** ({}, {})\n\n{}",
        code(suspect.commit.short()),
        text(&suspect.subject),
        words::day(suspect.author_time),
        words::suspicion(suspect.score),
        reasons(&suspect.reasons)
    )
}

fn reasons(reasons: &[Reason]) -> String {
    let lines = words::told(reasons).into_iter().map(|reason| {
        let mark = if reason.weight < 0.0 { "but " } else { "" };
        format!("- {mark}{}", text(&reason.detail))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn hypothesis(parts: &mut Vec<String>, number: usize, checked: &CheckedHypothesis) {
    let claim = checked.hypothesis();
    let confidence = words::likelihood(claim.confidence);
    parts.push(format!("## Hypothesis {number}: {} ({confidence})", text(&claim.title)));
    parts.push(claim.explanation.lines().map(text).collect::<Vec<_>>().join("\n"));
    let evidence = claim.evidence.iter().map(|evidence| {
        let place = terminal::evidence_place(evidence);
        format!("- {} {}: {}", text(&evidence.id), code(&place), code(&evidence.quote))
    });
    let evidence: Vec<String> = evidence.collect();
    if !evidence.is_empty() {
        parts.push(evidence.join("\n"));
    }
    let mut tests: Vec<String> =
        claim.would_disprove.iter().map(|it| format!("- Wrong if: {}", text(it))).collect();
    for validation in &claim.validation {
        let command = validation.command.as_deref().map(|it| format!(" {}", code(it)));
        let command = command.unwrap_or_default();
        tests.push(format!("- Right if: {}{command}", text(&validation.prediction)));
    }
    tests.extend(claim.notes.iter().map(|note| format!("- Note: {}", text(note))));
    if !tests.is_empty() {
        parts.push(tests.join("\n"));
    }
    if let Some(fix) = &claim.fix {
        parts.push(format!("Fix: {}", text(&fix.summary)));
        parts.push(fence("diff", &fix.patch));
    }
    for finding in checked.findings().iter().filter(|it| it.reference.verdict.is_accusation()) {
        parts.push(format!("Not in your versions: {}", text(&finding.message)));
    }
}

fn problems(parts: &mut Vec<String>, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    parts.push("## Problems".to_owned());
    let lines = problems.iter().map(|problem| {
        let place = problem.location.as_ref().map(|at| match at.line {
            Some(line) => format!("{} ", code(&format!("{}:{line}", at.path))),
            None => format!("{} ", code(&at.path)),
        });
        let place = place.unwrap_or_default();
        format!("- {}: {place}{}", problem.severity.as_str(), text(&problem.message))
    });
    parts.push(lines.collect::<Vec<_>>().join("\n"));
}

fn drawn(draw: impl FnOnce(&mut Styled)) -> String {
    let mut out = Styled::new();
    draw(&mut out);
    out.to_plain()
}

#[cfg(test)]
mod tests;
