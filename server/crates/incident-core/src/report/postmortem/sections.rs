//! The parts of a post-mortem.

use super::times::{Times, words};
use super::{Facts, Section};
use crate::neutral;
use crate::present::markdown::{code, text};
use crate::report::json::{Incident, Runbook, SuspectCommit};

/// The most events that the table holds.
const MAX_EVENTS: usize = 80;
/// The most events that the drawing holds: more can't be read.
const MAX_DRAWN: usize = 30;

pub(super) fn all(incident: &Incident, facts: &Facts<'_>) -> Vec<Section> {
    let times = Times::of(facts.report);
    let section =
        |name, heading, lines: Vec<String>| Section { name, heading, body: lines.join("\n") };
    vec![
        section("summary", "Summary", summary(incident, facts, &times)),
        section("impact", "Impact", impact(incident, &times)),
        section("times", "Times", durations(&times)),
        section("timeline", "Timeline (UTC)", timeline(facts)),
        section("root-cause", "Root cause", root_cause(incident, facts)),
        section("changes", "Contributing changes", changes(incident)),
        section("tried", "What was tried", tried(incident, facts)),
        section("switches", "Switches that could have limited it", switches(incident)),
        section("evidence", "Evidence", evidence(incident)),
        section("follow-ups", "Follow-ups", follow_ups(incident)),
    ]
}

/// Returns one line of a title, escaped.
pub(super) fn line(title: &str) -> String {
    text(&plain(title))
}

/// Returns one line of a title.
pub(super) fn plain(title: &str) -> String {
    neutral::headline(title, 160)
}

/// Marks something that only a person can tell.
fn gap(what: &str) -> String {
    format!("> **Not known:** {what}")
}

/// Says a sentence with where it was read.
fn said(sentence: &str, source: &str) -> String {
    format!("- {sentence} [{}]", text(source))
}

fn summary(incident: &Incident, facts: &Facts<'_>, times: &Times<'_>) -> Vec<String> {
    let mut lines = vec![said(
        &format!("{}: {}.", incident.kind.replace('_', " "), line(&incident.title)),
        &format!("incident {}", incident.id),
    )];
    if let Some(deployed) = incident.deployed.as_ref().filter(|it| it.commit.is_some()) {
        let commit = deployed.commit.as_deref().unwrap_or_default();
        let sentence = format!("It ran commit {}.", code(short(commit)));
        lines.push(said(&sentence, &format!("deployed commit: {}", deployed.how)));
    }
    if let Some((at, event)) = times.onset {
        lines.push(said(&format!("It began at {}.", stamp(at)), &event.source));
    }
    match times.resolved {
        Some((at, event)) => {
            lines.push(said(&format!("It was over at {}.", stamp(at)), &event.source))
        }
        None => lines.push(gap("when it was over.")),
    }
    match facts.confirmed {
        Some(cause) => {
            lines.push(said(&format!("Cause: {}.", line(cause)), "confirmed by a person"))
        }
        None => lines.push(gap("the cause; nobody has confirmed one yet.")),
    }
    lines
}

fn impact(incident: &Incident, times: &Times<'_>) -> Vec<String> {
    let mut lines =
        vec![said(&format!("It stands {} in what was read.", count(incident.count)), "the inputs")];
    for metric in &incident.metrics {
        let numbers =
            format!("{} went from {} to {}", code(&metric.name), metric.before, metric.after);
        let at = metric.change_at.as_deref().map(|at| format!(" at {}", text(at)));
        lines.push(said(&format!("{numbers}{}.", at.unwrap_or_default()), "metrics"));
    }
    if let (Some((onset, _)), Some((end, event))) = (times.onset, times.resolved) {
        let sentence = format!("It lasted {}.", words(end.duration_since(onset)));
        lines.push(said(&sentence, &event.source));
    }
    lines.push(gap("who noticed it, and what they could not do."));
    lines
}

fn durations(times: &Times<'_>) -> Vec<String> {
    let Some((onset, _)) = times.onset else {
        return vec![gap("when it began, so nothing can be measured from there.")];
    };
    let moments = [
        ("To notice", times.detected, "when somebody noticed."),
        ("To stop the harm", times.mitigated, "when the harm was stopped."),
        ("To the end", times.resolved, "when it was over."),
    ];
    moments
        .into_iter()
        .map(|(name, moment, missing)| match moment {
            Some((at, event)) => {
                let sentence = format!("{name}: {}.", words(at.duration_since(onset)));
                said(&sentence, &format!("{}: {}", event.source, event.what))
            }
            None => gap(missing),
        })
        .collect()
}

fn timeline(facts: &Facts<'_>) -> Vec<String> {
    let events = &facts.report.timeline;
    if events.is_empty() {
        return vec![gap(
            "what happened when; give logs, the pager's and the chat's export to `explain`.",
        )];
    }
    let mut lines = vec![
        "| time | what | kind | clock | source |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(events.iter().take(MAX_EVENTS).map(|event| {
        let cells = [&event.at, &event.what, &event.kind, &event.clock, &event.source];
        let cells = cells.map(|cell| text(cell));
        format!("| {} |", cells.join(" | "))
    }));
    if events.len() > MAX_EVENTS {
        lines.push(String::new());
        lines.push(format!("{} more events were left out.", events.len() - MAX_EVENTS));
    }
    lines.extend([String::new(), "```mermaid".to_owned(), "timeline".to_owned()]);
    let drawn = events.iter().filter(|event| !matches!(event.kind.as_str(), "message" | "note"));
    lines.extend(drawn.take(MAX_DRAWN).map(|event| {
        let time = event.at.get(11..19).unwrap_or(&event.at).replace(':', ".");
        format!("    {time} : {}", drawn_text(&event.what))
    }));
    lines.push("```".to_owned());
    lines
}

/// Leaves out what means something to the drawing's language or could end its fence.
fn drawn_text(what: &str) -> String {
    let kept: String = what
        .chars()
        .map(|c| if c.is_alphanumeric() || " -_./%".contains(c) { c } else { ' ' })
        .collect();
    neutral::headline(kept.trim(), 70)
}

fn root_cause(incident: &Incident, facts: &Facts<'_>) -> Vec<String> {
    let mut lines = match facts.confirmed {
        Some(cause) => vec![said(&format!("{}.", line(cause)), "confirmed by a person")],
        None => vec![gap("the cause. These were offered and not confirmed:")],
    };
    for hypothesis in &incident.hypotheses {
        if facts.confirmed.is_some_and(|cause| cause == hypothesis.title) {
            lines
                .extend(hypothesis.explanation.lines().map(|it| said(&line(it), "its hypothesis")));
        } else if facts.confirmed.is_none() {
            let ids: Vec<&str> = hypothesis.evidence.iter().map(|it| it.id.as_str()).collect();
            let source = format!("{}, evidence {}", hypothesis.origin, ids.join(" "));
            lines.push(said(&format!("{}?", line(&hypothesis.title)), &source));
        }
    }
    lines
}

fn changes(incident: &Incident) -> Vec<String> {
    let ranked = &incident.suspect_commits.ranked;
    if ranked.is_empty() {
        let reason = incident.suspect_commits.reason.as_deref().unwrap_or("no reason is known");
        return vec![said("No commit is suspected.", reason)];
    }
    ranked.iter().take(3).map(change).collect()
}

fn change(suspect: &SuspectCommit) -> String {
    let reasons: Vec<String> = suspect.reasons.iter().take(3).map(|it| text(&it.detail)).collect();
    let sentence = format!(
        "Suspected: {} {} ({}).",
        code(short(&suspect.commit)),
        line(&suspect.subject),
        reasons.join("; ")
    );
    said(&sentence, "git")
}

fn tried(incident: &Incident, facts: &Facts<'_>) -> Vec<String> {
    let mut lines: Vec<String> = facts
        .attempts
        .iter()
        .map(|attempt| {
            let verdict = match (attempt.worked, &attempt.outcome) {
                (Some(true), _) => "a person said that it worked".to_owned(),
                (Some(false), _) => "a person said that it did not work".to_owned(),
                (None, Some(outcome)) => format!("the checks said {}", text(outcome)),
                (None, None) => "what came of it was not told".to_owned(),
            };
            let sentence = format!("{} ({}): {verdict}.", line(&attempt.what), stamp(attempt.at));
            said(&sentence, &attempt.branch)
        })
        .collect();
    let before = incident.runbooks.iter().filter(|hit| hit.role == "tried");
    lines.extend(before.map(|hit| passage("Before", hit)));
    for hypothesis in &incident.hypotheses {
        let notes = hypothesis.notes.iter().filter(|note| note.contains("tried"));
        lines.extend(notes.map(|note| said(&line(note), "git")));
    }
    if lines.is_empty() {
        lines.push(gap("what was tried; nothing was opened with this tool."));
    }
    lines
}

fn passage(lead: &str, hit: &Runbook) -> String {
    let sentence = format!("{lead}, under \"{}\": {}", text(&hit.heading), text(&hit.excerpt));
    said(&sentence, &format!("{}:{}", hit.path, hit.line))
}

fn switches(incident: &Incident) -> Vec<String> {
    let toggles = incident.mitigations.iter().filter(|it| it.kind == "toggle");
    let found: Vec<String> = toggles.map(|it| said(&line(&it.summary), "source")).collect();
    if found.is_empty() {
        vec![gap("a switch that guards the suspect code; none was found.")]
    } else {
        found
    }
}

fn evidence(incident: &Incident) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for evidence in incident.hypotheses.iter().flat_map(|it| &it.evidence) {
        let at = &evidence.location;
        let place = at.line.map_or_else(|| at.path.clone(), |line| format!("{}:{line}", at.path));
        let told = said(&code(&neutral::headline(&evidence.quote, 160)), &place);
        if !lines.contains(&told) {
            lines.push(told);
        }
    }
    lines.extend(
        incident.runbooks.iter().filter(|it| it.role != "tried").map(|it| passage("Runbook", it)),
    );
    if lines.is_empty() {
        lines.push(gap("any evidence beyond the incident's own text."));
    }
    lines
}

fn follow_ups(incident: &Incident) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for validation in incident.hypotheses.iter().flat_map(|it| &it.validation) {
        let command = validation.command.as_deref().map(|it| format!(" {}", code(it)));
        let box_ = format!(
            "- [ ] Confirm or disprove: {}{}",
            text(&validation.prediction),
            command.unwrap_or_default()
        );
        if !lines.contains(&box_) {
            lines.push(box_);
        }
    }
    for missing in &incident.missing_context {
        lines.push(format!(
            "- [ ] Next time have at hand: {} {}",
            text(&missing.why),
            code(&missing.how_to_provide)
        ));
    }
    lines.push(gap("who does what until when."));
    lines
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

fn stamp(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn count(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}
