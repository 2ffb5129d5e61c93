//! From an [`Explanation`] to places with messages.

use std::collections::BTreeMap;

use crate::hypothesis::{CheckedHypothesis, Evidence, EvidenceKind};
use crate::neutral;
use crate::resolve::{Place, Status};
use crate::suspects::SuspectSpan;
use crate::text::{ByteSpan, LineCol, LineIndex};

use super::words::{self, Site};
use super::{
    Action, ActionKind, Code, Diagnostic, DiagnosticPlace, DiagnosticSeverity, ExplainedIncident,
    Explanation, Presentation, Related, hover,
};

/// Most editors show about this many characters of a diagnostic.
const MAX_HEADLINE: usize = 80;
/// A chain longer than this says no more.
const MAX_RELATED: usize = 12;
/// How many of the ranking's places are marked.
const MAX_SUSPECT_SPANS: usize = 3;
/// How many statements that print an incident's errors are marked.
const MAX_PRINTED: usize = 8;
/// How many places that fit equally well are marked.
const MAX_CANDIDATES: usize = 5;
/// A hypothesis below this is a hint.
const SURE_ENOUGH: f64 = 0.5;

/// Turns an explanation into what an editor shows.
pub fn present(explanation: &Explanation) -> Presentation {
    let mut ctx = Ctx { explanation, lines: BTreeMap::new(), diagnostics: Vec::new() };
    for explained in &explanation.incidents {
        ctx.incident(explained);
    }
    let mut diagnostics = ctx.diagnostics;
    diagnostics.sort_by(|a, b| {
        (&a.place, a.code, &a.incident, a.hypothesis).cmp(&(
            &b.place,
            b.code,
            &b.incident,
            b.hypothesis,
        ))
    });
    diagnostics.dedup();
    Presentation { summary: summary(explanation), diagnostics }
}

/// Says in one sentence what was found, or why nothing was and what to do.
fn summary(explanation: &Explanation) -> String {
    let Some(first) = explanation.incidents.first() else {
        return match explanation.problems.first() {
            Some(problem) => format!("No incident found: {}", neutral::one_line(&problem.message)),
            None => "No incident found: the text holds no stack trace and no panic; \
                     give the whole output of the program, backtrace included"
                .to_owned(),
        };
    };
    let mut said = match explanation.incidents.len() {
        1 => neutral::headline(&first.incident.title, 120),
        n => format!("{n} incidents, first: {}", neutral::headline(&first.incident.title, 120)),
    };
    let site = first.incident.traces.iter().find_map(words::site);
    if let Some(place) = site.and_then(|site| site.resolution.place.as_ref()) {
        said.push_str(&match place.line {
            Some(line) => format!(" at {}:{line}", neutral::one_line(&place.path)),
            None => format!(" in {}", neutral::one_line(&place.path)),
        });
    }
    if let Some(suspect) = first.incident.suspects.commits.first() {
        said.push_str(&format!("; suspect {}", words::commit(suspect)));
    }
    said.push_str(&match first.hypotheses.len() {
        0 => "; no hypothesis fits".to_owned(),
        n => format!("; {}", words::count(n, "hypothesis")),
    });
    match words::past(&first.incident) {
        Some(past) => format!("{}: {said}", words::capitalised(&neutral::one_line(&past))),
        None => said,
    }
}

struct Ctx<'a> {
    explanation: &'a Explanation,
    lines: BTreeMap<&'a str, LineIndex>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Ctx<'a> {
    fn incident(&mut self, explained: &'a ExplainedIncident) {
        let site = explained.incident.traces.iter().find_map(words::site);
        if let Some(site) = site {
            self.crash_site(explained, site);
        }
        let crash = self.diagnostics.last().map(|diagnostic| diagnostic.place.clone());
        self.suspect_spans(explained, crash.as_ref());
        for (at, checked) in explained.hypotheses.iter().enumerate() {
            let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
            self.hypothesis(explained, number, checked);
        }
    }

    fn crash_site(&mut self, explained: &'a ExplainedIncident, site: Site<'a>) {
        let incident = &explained.incident;
        let printed_line = site.printed.and_then(|printed| printed.line);
        let status = words::status(site.resolution, printed_line);
        let hover = hover::crash_site(incident, status.as_deref(), &explained.hypotheses);
        let failed_here = match site.frame {
            None => words::failed_here(incident.kind).to_owned(),
            Some(_) => "the failing call was made here".to_owned(),
        };
        let told = words::message(incident).unwrap_or(&incident.title);
        let related = self.chain(explained, site);
        let Some(place) = &site.resolution.place else {
            return self.candidates(explained, site, &hover, told);
        };
        let mut message = neutral::headline(
            &format!("{}: {told}", words::capitalised(&failed_here)),
            MAX_HEADLINE,
        );
        if let Some(status) = &status {
            message.push_str(&format!("\nThis place: {status}."));
        }
        let severity = match site.resolution.status {
            Status::Exact | Status::Moved => DiagnosticSeverity::Warning,
            _ => DiagnosticSeverity::Information,
        };
        let place = self.place(place);
        self.diagnostics.push(Diagnostic {
            code: Code::CrashSite,
            severity,
            place,
            message,
            hover,
            related,
            incident: incident.id.clone(),
            hypothesis: None,
            actions: incident_actions(explained),
        });
    }

    /// Marks each place that fits; none of them is claimed to be the one.
    fn candidates(
        &mut self,
        explained: &'a ExplainedIncident,
        site: Site<'a>,
        hover: &str,
        told: &str,
    ) {
        let n_candidates = site.resolution.candidates.len();
        for candidate in site.resolution.candidates.iter().take(MAX_CANDIDATES) {
            let place = self.line_place(&candidate.path, candidate.line.unwrap_or(1));
            let text = match n_candidates {
                1 => format!("May have failed here: {told}"),
                n => format!("One of {n} places where it may have failed: {told}"),
            };
            self.diagnostics.push(Diagnostic {
                code: Code::CrashSite,
                severity: DiagnosticSeverity::Hint,
                place,
                message: neutral::headline(&text, MAX_HEADLINE),
                hover: hover.to_owned(),
                related: Vec::new(),
                incident: explained.incident.id.clone(),
                hypothesis: None,
                actions: incident_actions(explained),
            });
        }
    }

    fn suspect_spans(&mut self, explained: &'a ExplainedIncident, crash: Option<&DiagnosticPlace>) {
        let spans = &explained.incident.suspects.spans;
        let is_printed = |suspect: &&SuspectSpan| {
            suspect.reasons.first().is_some_and(|reason| reason.kind == "printed_here")
        };
        let suspects = spans.iter().filter(|it| !is_printed(it)).take(MAX_SUSPECT_SPANS);
        let printed = spans.iter().filter(is_printed).take(MAX_PRINTED);
        for suspect in suspects.chain(printed) {
            let is_printed = is_printed(&suspect);
            // The crash site says more about its own function than a second message there would.
            let covers_crash = crash.is_some_and(|crash| {
                crash.path == suspect.path
                    && (suspect.start_line..=suspect.end_line).contains(&crash.start.line)
            });
            let Some(reason) = suspect.reasons.first().filter(|_| !covers_crash) else { continue };
            let function = suspect.function.as_deref().unwrap_or("this code");
            let text = match is_printed {
                true => words::capitalised(&reason.detail),
                false => format!("Suspect: {}", reason.detail),
            };
            let place = self.line_place(&suspect.path, suspect.start_line);
            self.diagnostics.push(Diagnostic {
                code: Code::SuspectLine,
                severity: match is_printed {
                    true => DiagnosticSeverity::Hint,
                    false => DiagnosticSeverity::Information,
                },
                place,
                message: neutral::headline(&text, MAX_HEADLINE),
                hover: hover::reasons(
                    &format!("Suspect: {function} ({})", words::likelihood(suspect.score)),
                    &suspect.reasons,
                ),
                related: Vec::new(),
                incident: explained.incident.id.clone(),
                hypothesis: None,
                actions: incident_actions(explained),
            });
        }
    }

    fn hypothesis(
        &mut self,
        explained: &'a ExplainedIncident,
        number: u32,
        checked: &'a CheckedHypothesis,
    ) {
        let claim = checked.hypothesis();
        let site = explained.incident.traces.iter().find_map(words::site);
        let mut places: Vec<(DiagnosticPlace, String)> = Vec::new();
        for evidence in &claim.evidence {
            if let Some(place) = self.evidence_place(evidence) {
                places.push((place, neutral::headline(&evidence.quote, MAX_HEADLINE)));
            }
        }
        let place = match (places.first(), site.and_then(|site| site.resolution.place.as_ref())) {
            (Some((place, _)), _) => place.clone(),
            (None, Some(place)) => self.place(place),
            (None, None) => return,
        };
        let related = places.into_iter().skip(1).take(MAX_RELATED);
        let related = related.map(|(place, message)| Related { place, message }).collect();
        let text = format!("Hypothesis {number}: {}", claim.title);
        let mut message = neutral::headline(&text, MAX_HEADLINE);
        if !claim.explanation.is_empty() {
            message.push('\n');
            message.push_str(&neutral::block(&claim.explanation));
        }
        let mut actions = Vec::new();
        if let Some(fix) = claim.fix.as_ref().filter(|_| checked.fix_is_ready()) {
            actions.push(open_fix(number, &fix.summary));
        }
        actions.extend(incident_actions(explained));
        let diagnostic = Diagnostic {
            code: Code::Hypothesis,
            severity: match claim.confidence >= SURE_ENOUGH {
                true => DiagnosticSeverity::Information,
                false => DiagnosticSeverity::Hint,
            },
            place,
            message,
            hover: hover::hypothesis(number, checked),
            related,
            incident: explained.incident.id.clone(),
            hypothesis: Some(number),
            actions,
        };
        for finding in checked.findings().iter().filter(|it| it.reference.verdict.is_accusation()) {
            let text = format!("The fix of hypothesis {number}: {}", finding.message);
            self.diagnostics.push(Diagnostic {
                code: Code::MissingApi,
                severity: DiagnosticSeverity::Warning,
                message: neutral::headline(&text, MAX_HEADLINE),
                related: Vec::new(),
                actions: incident_actions(explained),
                ..diagnostic.clone()
            });
        }
        if let Some(sentence) = checked.stopped() {
            let text = format!("The fix of hypothesis {number}: {sentence}");
            self.diagnostics.push(Diagnostic {
                code: Code::FixLoop,
                severity: DiagnosticSeverity::Information,
                message: neutral::block(&text).into_owned(),
                related: Vec::new(),
                actions: incident_actions(explained),
                ..diagnostic.clone()
            });
        }
        self.diagnostics.push(diagnostic);
    }

    /// The program's own calls around the site, as further places.
    fn chain(&mut self, explained: &'a ExplainedIncident, site: Site<'a>) -> Vec<Related> {
        let mut related: Vec<Related> = Vec::new();
        let Some(trace) = explained.incident.traces.iter().find(|it| words::site(it).is_some())
        else {
            return related;
        };
        for (_, frame, resolution) in words::app_frames(trace) {
            let Some(place) = &resolution.place else { continue };
            let is_site = site
                .resolution
                .place
                .as_ref()
                .is_some_and(|site| site.path == place.path && site.line == place.line);
            if is_site || resolution.status == Status::Dependency || related.len() == MAX_RELATED {
                continue;
            }
            let function = frame.function.as_deref().unwrap_or("a function without a name");
            let mut message = format!("called from {}", neutral::headline(function, 100));
            let printed_line = frame.location.as_ref().and_then(|printed| printed.line);
            if let Some(status) = words::status(resolution, printed_line) {
                message.push_str(&format!(" ({status})"));
            }
            let place = self.place(place);
            related.push(Related { place, message });
        }
        related
    }

    fn evidence_place(&mut self, evidence: &Evidence) -> Option<DiagnosticPlace> {
        let in_source = evidence.kind == EvidenceKind::Frame && evidence.location.commit.is_none();
        let known = self.explanation.sources.current.contains_key(&evidence.location.path);
        let line = evidence.location.line.filter(|_| in_source && known)?;
        Some(self.line_place(&evidence.location.path, line))
    }

    /// The failing expression, else the line's text, else the first line of the function.
    fn place(&mut self, place: &'a Place) -> DiagnosticPlace {
        let span = place.expression.as_ref().map(|expression| expression.span);
        if let Some(span) = span
            && let Some((lines, text)) = self.indexed(&place.path)
            && span.slice(text).is_some()
        {
            return DiagnosticPlace {
                path: place.path.clone(),
                start: lines.line_col(span.start),
                end: lines.line_col(span.end),
                span: Some(span),
            };
        }
        let line = place.line.or(place.item.as_ref().map(|item| item.start_line)).unwrap_or(1);
        self.line_place(&place.path, line)
    }

    /// A line's text without the white space around it.
    fn line_place(&mut self, path: &str, line: u32) -> DiagnosticPlace {
        let found = self.indexed(path).and_then(|(lines, text)| {
            let whole = lines.line_span(line)?;
            let line_text = whole.slice(text)?;
            let start = whole.start + line_text.len() - line_text.trim_start().len();
            Some((line_text, ByteSpan::new(start, whole.start + line_text.trim_end().len())))
        });
        let column = |n_bytes: usize| u32::try_from(n_bytes + 1).unwrap_or(u32::MAX);
        let (start, end, span) = match found {
            Some((line_text, span)) => {
                let indent = line_text.len() - line_text.trim_start().len();
                (column(indent), column(indent + span.len()), Some(span))
            }
            None => (1, 1, None),
        };
        DiagnosticPlace {
            path: path.to_owned(),
            start: LineCol { line, column: start },
            end: LineCol { line, column: end },
            span,
        }
    }

    fn indexed(&mut self, path: &str) -> Option<(&LineIndex, &'a str)> {
        let (path, text) = self.explanation.sources.current.get_key_value(path)?;
        let lines = self.lines.entry(path).or_insert_with(|| LineIndex::new(text));
        Some((lines, text))
    }
}

fn open_fix(number: u32, summary: &str) -> Action {
    Action {
        title: format!("Open fix in scratch worktree: {}", neutral::headline(summary, 60)),
        kind: ActionKind::OpenFix { number },
    }
}

fn incident_actions(explained: &ExplainedIncident) -> Vec<Action> {
    let mut actions = vec![Action {
        title: "Show the incident's report".to_owned(),
        kind: ActionKind::ShowReport,
    }];
    if let Some(later) = &explained.incident.later {
        let (commit, subject) = (later.commit.short(), neutral::headline(&later.subject, 50));
        actions.push(Action {
            title: format!("Backport {commit} \"{subject}\" in scratch worktree"),
            kind: ActionKind::Backport { commit: later.commit.0.clone() },
        });
    }
    let suspect = explained.incident.suspects.commits.first();
    if let Some(suspect) = suspect.filter(|suspect| suspect.has_parent) {
        actions.push(Action {
            title: format!("Revert {} in scratch worktree", words::commit(suspect)),
            kind: ActionKind::RevertCommit { commit: suspect.commit.0.clone() },
        });
    }
    actions.push(Action {
        title: "Copy a summary of the incident".to_owned(),
        kind: ActionKind::CopySummary,
    });
    actions.push(Action { title: "Dismiss the incident".to_owned(), kind: ActionKind::Dismiss });
    actions
}
