//! The report that a person reads in a terminal: the point first, problems last.

mod changes;
mod check;
mod excerpt;
mod frames;
mod hypotheses;
mod logs;
mod next;
mod timeline;

use crate::history::DeployedHow;
use crate::incident::Incident;
use crate::mitigation::Verdict;
use crate::neutral;
use crate::present::words::{self, Site};
use crate::present::{ExplainedIncident, Explanation};
use crate::problem::{Problem, Severity};
use crate::resolve::{Candidate, Place, ResolvedTrace, Sources};
use crate::runbook;
use crate::suspects::{Reason, SuspectCommit, Suspects};

use super::styled::{Role, Styled};

pub use changes::changes;
pub use check::check;
pub(super) use hypotheses::place as evidence_place;
pub use logs::logs;

/// No line of ours is longer, so that two reports fit side by side.
const WIDTH: usize = 100;
/// How many lines of a message are shown.
const MAX_MESSAGE_LINES: usize = 10;
/// Paths as printed are cut to this many characters.
const MAX_PATH: usize = 60;
/// How many reasons are printed for a suspect.
const MAX_REASONS: usize = 3;
/// How many passages of runbooks are printed.
const MAX_RUNBOOKS: usize = 3;

/// How the person asked: what the next steps start with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// The command without its options of form: `incident-lsp explain trace.txt`.
    pub explain: String,
    /// `incident-lsp fix`, with the workspace where it is not the current one; `None` where the
    /// incident was not kept, so that it cannot be named.
    pub fix: Option<String>,
    /// `git`, with the folder where the workspace is not the current one: `git -C DIR`.
    pub git: String,
}

/// Renders `explanation` for a terminal.
pub fn explain(explanation: &Explanation, typed: &Typed) -> Styled {
    let mut out = Styled::new();
    let n_incidents = explanation.incidents.len();
    for (at, explained) in explanation.incidents.iter().enumerate() {
        out.gap();
        if n_incidents > 1 {
            let label = format!("── incident {} of {n_incidents} ", at + 1);
            let ruler = "─".repeat(WIDTH.saturating_sub(label.chars().count()));
            out.line(Role::Dim, &format!("{label}{ruler}"));
        }
        incident(&mut out, explained, &explanation.sources, &typed.git);
        next::steps(&mut out, explained, typed);
    }
    if explanation.incidents.is_empty() {
        nothing_found(&mut out, explanation);
    }
    timeline::axis(&mut out, &explanation.timeline);
    problems(&mut out, &explanation.problems);
    out
}

/// Lists what could not be done, worst first.
pub fn problems(out: &mut Styled, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    out.gap();
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|problem| problem.severity);
    for problem in sorted {
        let (role, label) = match problem.severity {
            Severity::Error => (Role::Alarm, "error"),
            Severity::Warning => (Role::Doubt, "warning"),
            Severity::Info => (Role::Dim, "note"),
        };
        let place = problem.location.as_ref().map(|at| match at.line {
            Some(line) => format!("{}:{line}: ", at.path),
            None => format!("{}: ", at.path),
        });
        out.put(role, label).put(Role::Plain, ": ");
        let text = format!("{}{}", place.unwrap_or_default(), problem.message);
        hang(out, Role::Plain, &text, label.len() + 2);
    }
}

fn incident(out: &mut Styled, explained: &ExplainedIncident, sources: &Sources, git: &str) {
    let incident = &explained.incident;
    seen_before(out, incident);
    headline(out, incident);
    place_and_chain(out, incident, sources);
    since_the_deploy(out, incident);
    suspects(out, incident);
    hypotheses::list(out, &explained.hypotheses, git);
    runbooks(out, incident);
    missing(out, incident);
}

/// Names the passages that say what to do, and what was tried.
fn runbooks(out: &mut Styled, incident: &Incident) {
    if incident.runbooks.is_empty() {
        return;
    }
    out.gap();
    out.line(Role::Headline, "From your runbooks");
    for hit in incident.runbooks.iter().take(MAX_RUNBOOKS) {
        let told = if hit.role == runbook::Role::Tried { " (tried before)" } else { "" };
        out.line(Role::Strong, &format!("  {}:{} {}{told}", hit.path, hit.line, hit.heading));
        out.put(Role::Plain, "    ");
        hang(out, Role::Plain, &hit.excerpt, 4);
    }
}

/// Draws where the incident shows, and the chain of calls that led there.
pub(super) fn place_and_chain(out: &mut Styled, incident: &Incident, sources: &Sources) {
    let shown = incident.traces.iter().find_map(|trace| Some((trace, words::site(trace)?)));
    match shown {
        Some((trace, site)) => {
            place(out, incident, trace, site, sources);
            frames::chain(out, trace);
        }
        None => {
            if let Some(trace) = incident.traces.first() {
                not_in_the_workspace(out, trace);
                frames::chain(out, trace);
            }
        }
    }
}

/// The first line of an incident that is back: what was learnt the last time.
fn seen_before(out: &mut Styled, incident: &Incident) {
    if let Some(line) = words::past(incident) {
        hang(out, Role::Doubt, &line, 2);
    }
}

/// Names the commit that may have mended it since, and how to bring it to what runs.
fn since_the_deploy(out: &mut Styled, incident: &Incident) {
    let Some(later) = &incident.later else { return };
    out.gap();
    out.line(Role::Headline, "Since the deploy");
    out.put(Role::Plain, "  ");
    hang(out, Role::Plain, &words::mended(later), 2);
    let (id, commit) = (&incident.id, later.commit.short());
    out.line(Role::Dim, &format!("    incident-lsp fix {id} --backport {commit}"));
}

fn headline(out: &mut Styled, incident: &Incident) {
    let message = words::message(incident).unwrap_or(&incident.title);
    let mut lines = message.lines().filter(|line| !line.trim().is_empty());
    let label = incident.kind.as_str().replace('_', " ");
    let first = neutral::headline(lines.next().unwrap_or(&incident.title), 400);
    out.put(Role::Headline, &label).put(Role::Strong, ": ");
    hang(out, Role::Strong, &first, 2);
    let rest: Vec<&str> = lines.collect();
    for line in rest.iter().take(MAX_MESSAGE_LINES) {
        out.line(Role::Plain, &format!("  {}", neutral::headline(line.trim_end(), WIDTH - 2)));
    }
    if rest.len() > MAX_MESSAGE_LINES {
        let more = words::count(rest.len() - MAX_MESSAGE_LINES, "more line");
        out.line(Role::Dim, &format!("  … {more}"));
    }
    for trace in incident.traces.iter().take(1) {
        for cause in trace.trace.causes.iter().skip(1).filter(|cause| cause.message.is_some()) {
            let message = cause.message.as_deref().unwrap_or_default();
            let relation = cause.relation.as_str().replace('_', " ");
            out.put(Role::Dim, &format!("  {relation}: "));
            hang(out, Role::Plain, &neutral::headline(message, 300), 4);
        }
    }
    out.line(Role::Dim, &format!("  {}", circumstances(incident).join(" · ")));
}

/// Thread, count, times, the deployed version, the id: one dim line.
pub(super) fn circumstances(incident: &Incident) -> Vec<String> {
    let mut facts = vec![format!("incident {}", incident.id)];
    let thread = incident.traces.iter().find_map(|trace| trace.trace.thread.as_deref());
    if let Some(thread) = thread {
        facts.push(format!("thread {}", neutral::headline(thread, 40)));
    }
    match (incident.count, &incident.first_seen, &incident.last_seen) {
        (0 | 1, Some(at), _) => facts.push(at.clone()),
        (0 | 1, None, _) => {}
        (n, Some(first), Some(last)) if first != last => {
            facts.push(format!("{n} times, {first} to {last}"));
        }
        (n, _, _) => facts.push(format!("{n} times")),
    }
    if let Some(deployed) = &incident.deployed
        && let Some(commit) = &deployed.commit
    {
        facts.push(match deployed.how {
            DeployedHow::Head => format!("HEAD {} assumed deployed", commit.short()),
            how => format!("deployed {} ({})", commit.short(), how.as_str()),
        });
    }
    facts
}

fn place(
    out: &mut Styled,
    incident: &Incident,
    trace: &ResolvedTrace,
    site: Site<'_>,
    sources: &Sources,
) {
    out.gap();
    if site.frame.is_some() {
        not_in_the_workspace(out, trace);
        out.gap();
    }
    let printed_line = site.printed.and_then(|printed| printed.line);
    let status = words::status(site.resolution, printed_line);
    match (&site.resolution.place, site.resolution.candidates.as_slice()) {
        (Some(place), _) => excerpt::draw(out, place, status.as_deref(), sources),
        (None, [only]) => excerpt::draw(out, &place_of(only), status.as_deref(), sources),
        (None, _) => candidates(out, incident, site),
    }
}

fn place_of(candidate: &Candidate) -> Place {
    Place {
        path: candidate.path.clone(),
        line: candidate.line,
        column: None,
        item: None,
        line_text: None,
        expression: None,
    }
}

/// Several places fit: all are named, none is shown as the one.
fn candidates(out: &mut Styled, incident: &Incident, site: Site<'_>) {
    let failed_here = words::failed_here(incident.kind);
    let n_candidates = site.resolution.candidates.len();
    out.line(Role::Doubt, &format!("One of these {n_candidates} places {failed_here}:"));
    for candidate in &site.resolution.candidates {
        let line = candidate.line.map(|line| format!(":{line}")).unwrap_or_default();
        out.put(Role::Place, &format!("  {}{line}", candidate.path));
        if let Some(function) = &candidate.function {
            out.put(Role::Plain, &format!("  {function}"));
        }
        out.end_line();
    }
}

/// Says where the trace itself points when that is no place of the workspace.
fn not_in_the_workspace(out: &mut Styled, trace: &ResolvedTrace) {
    let Some(printed) = &trace.trace.location else { return };
    out.gap();
    let line = printed.line.map(|line| format!(":{line}")).unwrap_or_default();
    let found = trace.location.clone().unwrap_or_default();
    // In a package the path below its root says all; else the end of a path says more than its start.
    let file = match (&found.package, &found.place) {
        (Some(_), Some(place)) => &place.path,
        _ => &printed.file,
    };
    out.put(Role::Place, &format!("{}{line}", neutral::shorten_start(file, MAX_PATH)));
    let words = words::status(&found, None).unwrap_or_default();
    out.put(Role::Doubt, "  ");
    hang(out, Role::Doubt, &words, 4);
}

fn suspects(out: &mut Styled, incident: &Incident) {
    suspects_of(out, &incident.suspects);
}

fn suspects_of(out: &mut Styled, suspects: &Suspects) {
    if let Some(first) = suspects.commits.first() {
        heading(out, "Suspect commit");
        suspect(out, first);
        for other in suspects.commits.iter().skip(1).take(2) {
            let sure = words::suspicion(other.score);
            let subject = neutral::headline(&other.subject, 70);
            let also = format!("  also {} {subject} ({sure})", other.commit.short());
            out.line(Role::Dim, &also);
            if let Some(reason) = words::told(&other.reasons).first() {
                out.put(Role::Dim, "    - ");
                hang(out, Role::Dim, &reason.detail, 6);
            }
        }
        first_steps(out, suspects);
    } else if let Some(reason) = &suspects.abstained {
        heading(out, "No suspect commit");
        out.fill(Role::Plain, reason, 2, WIDTH);
    }
}

fn suspect(out: &mut Styled, suspect: &SuspectCommit) {
    out.put(Role::Place, &format!("  {}", suspect.commit.short()));
    out.put(Role::Strong, &format!(" {}", neutral::headline(&suspect.subject, 70)));
    let day = words::day(suspect.author_time);
    out.line(Role::Dim, &format!("  {day}, {}", words::suspicion(suspect.score)));
    reasons(out, &suspect.reasons);
}

/// Lists what to do first, and what was tried before.
fn first_steps(out: &mut Styled, suspects: &Suspects) {
    if !suspects.mitigations.is_empty() {
        heading(out, "What to do first");
        for (at, step) in suspects.mitigations.iter().enumerate() {
            out.put(Role::Strong, &format!("  {}. ", at + 1));
            let risk = match step.verdict {
                Verdict::Safe => "",
                Verdict::Unknown => " (risk unknown)",
                Verdict::Hazardous => " (hazardous)",
            };
            hang(out, Role::Plain, &format!("{}{risk}", step.summary), 5);
            for hazard in &step.hazards {
                out.put(Role::Doubt, "     - ");
                hang(out, Role::Doubt, hazard, 7);
            }
        }
    }
    for tried in &suspects.tried_before {
        out.put(Role::Doubt, "  Tried before: ");
        let why = tried.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        let text = format!(
            "{} in {}, taken back in {}{why}",
            tried.what,
            tried.commit.short(),
            tried.reverted_in.short()
        );
        hang(out, Role::Plain, &text, 4);
    }
}

fn reasons(out: &mut Styled, reasons: &[Reason]) {
    for reason in words::told(reasons).into_iter().take(MAX_REASONS) {
        let mark = if reason.weight < 0.0 { "but " } else { "" };
        out.put(Role::Plain, "    - ");
        hang(out, Role::Plain, &format!("{mark}{}", reason.detail), 6);
    }
}

fn missing(out: &mut Styled, incident: &Incident) {
    if incident.missing_context.is_empty() {
        return;
    }
    heading(out, "What would help");
    for missing in &incident.missing_context {
        out.put(Role::Plain, "  - ");
        hang(out, Role::Plain, &missing.why, 4);
        out.fill(Role::Command, &missing.how_to_provide, 4, WIDTH);
    }
}

fn nothing_found(out: &mut Styled, explanation: &Explanation) {
    out.line(Role::Headline, "No incident found.");
    if explanation.problems.is_empty() {
        let advice = "The text holds no stack trace and no panic. Give the whole output of the \
                      program, with RUST_BACKTRACE=1, or the log around the crash.";
        out.fill(Role::Plain, advice, 0, WIDTH);
    }
}

fn heading(out: &mut Styled, title: &str) {
    out.gap();
    out.line(Role::Heading, title);
}

/// Fills `text` behind what the line already holds, with further lines indented by `indent`.
fn hang(out: &mut Styled, role: Role, text: &str, indent: usize) {
    let before = out.current_width();
    let mut column = before;
    for (at, word) in text.split_whitespace().enumerate() {
        let word_width = super::styled::width_of(word);
        if at > 0 && column + 1 + word_width > WIDTH {
            out.end_line().put(Role::Plain, &" ".repeat(indent));
            column = indent;
        } else if at > 0 {
            out.put(role, " ");
            column += 1;
        }
        out.put(role, word);
        column += word_width;
    }
    out.end_line();
}

#[cfg(test)]
mod tests;
