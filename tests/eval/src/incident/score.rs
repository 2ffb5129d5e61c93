//! Scores an answer against `incident-truth/1`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use incident_core::metrics::MetricChange;
use incident_core::present::Explanation;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Format;
use crate::floor::Floor;
use crate::table::{Section, Table};

#[derive(Debug, Deserialize)]
struct Truth {
    culprit: Commit,
    #[serde(default)]
    acceptable_culprits: Vec<Commit>,
    #[serde(default)]
    decoys: Vec<Commit>,
    root_cause: RootCause,
    #[serde(default)]
    suspect_spans: Vec<Span>,
    #[serde(default)]
    change_points: Vec<ChangePoint>,
    #[serde(default)]
    no_change: Vec<String>,
    #[serde(default)]
    new_templates: Vec<Template>,
    onset: String,
}

#[derive(Debug, Deserialize)]
struct Commit {
    sha: String,
}

#[derive(Debug, Deserialize)]
struct RootCause {
    keywords: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Span {
    path: String,
    start: u32,
    end: u32,
    role: String,
}

#[derive(Debug, Deserialize)]
struct ChangePoint {
    metric: String,
    labels: BTreeMap<String, String>,
    time: String,
    tolerance_s: i64,
    direction: String,
}

#[derive(Debug, Deserialize)]
struct Template {
    file: String,
    line: u32,
}

/// Prints the figures and holds them against the floors.
pub(super) fn run(
    explanation: &Explanation,
    truth: &Path,
    format: Format,
    floors: &[Floor],
) -> anyhow::Result<ExitCode> {
    let truth: Truth = serde_json::from_slice(&std::fs::read(truth)?).context("the truth")?;
    let rows = rows(explanation, &truth)?;
    let mut section = Section::new("incident");
    for (name, got, of) in &rows {
        section.row(name, vec![got.to_string(), of.to_string()]);
    }
    let mut table = Table::new("incident", &["got", "of"]);
    table.push(section);
    table.print(format)?;
    for floor in floors {
        let row = rows.iter().find(|(name, ..)| *name == floor.name);
        let Some((name, got, _)) = row else { bail!("there is no count named {}", floor.name) };
        if *got < floor.count {
            bail!("{name}: {got}, the floor is {}", floor.count);
        }
    }
    Ok(ExitCode::SUCCESS)
}

type Row = (&'static str, usize, usize);

fn rows(explanation: &Explanation, truth: &Truth) -> anyhow::Result<Vec<Row>> {
    let explained = super::main_incident(explanation);
    let suspects = explained.map(|it| it.incident.suspects.clone()).unwrap_or_default();
    let is_culprit = |sha: &str| {
        std::iter::once(&truth.culprit).chain(&truth.acceptable_culprits).any(|it| it.sha == sha)
    };
    let rank = suspects.commits.iter().position(|it| is_culprit(&it.commit.0));
    let above = suspects.commits.iter().take(rank.unwrap_or(usize::MAX));
    let n_decoys = above.filter(|it| truth.decoys.iter().any(|decoy| decoy.sha == it.commit.0));
    let claim = explained.and_then(|it| it.hypotheses.first()).map(|it| {
        let it = it.hypothesis();
        format!("{} {}", it.title, it.explanation).to_lowercase()
    });
    let claim = claim.unwrap_or_default();
    let n_keywords =
        truth.root_cause.keywords.iter().filter(|it| claim.contains(&it.to_lowercase())).count();
    let span_found = |span: &&Span| {
        suspects.spans.iter().any(|it| {
            it.path == span.path && it.start_line <= span.end && span.start <= it.end_line
        })
    };
    let of_role = |role: &str| truth.suspect_spans.iter().filter(move |it| it.role == role).count();
    let found_of_role = |role: &str| {
        truth.suspect_spans.iter().filter(|it| it.role == role).filter(span_found).count()
    };
    let changes = &explanation.metrics.changes;
    let n_points = truth
        .change_points
        .iter()
        .filter(|point| changes.iter().any(|it| is_at(it, point)))
        .count();
    let n_false = changes.iter().filter(|it| truth.no_change.contains(&it.name)).count();
    let statement_found = |template: &&Template| {
        explanation.logs.groups.iter().any(|group| {
            group.statements.first().is_some_and(|place| {
                place.path == template.file
                    && (place.line..=place.end_line).contains(&template.line)
            })
        })
    };
    let onset: Timestamp = truth.onset.parse().context("the onset")?;
    let seen: Option<Timestamp> =
        explained.and_then(|it| it.incident.first_seen.as_ref()?.parse().ok());
    let is_near = seen.is_some_and(|at| (at.as_second() - onset.as_second()).abs() <= 60);
    Ok(vec![
        ("culprit-first", usize::from(rank == Some(0)), 1),
        ("culprit-in-three", usize::from(rank.is_some_and(|rank| rank < 3)), 1),
        ("decoys-below", truth.decoys.len() - n_decoys.count(), truth.decoys.len()),
        ("keywords", n_keywords, truth.root_cause.keywords.len()),
        ("cause-spans", found_of_role("cause"), of_role("cause")),
        ("mechanism-spans", found_of_role("mechanism"), of_role("mechanism")),
        ("symptom-spans", found_of_role("symptom"), of_role("symptom")),
        ("change-points", n_points, truth.change_points.len()),
        ("steady-metrics", truth.no_change.len().saturating_sub(n_false), truth.no_change.len()),
        ("onset", usize::from(is_near), 1),
        (
            "statements",
            truth.new_templates.iter().filter(statement_found).count(),
            truth.new_templates.len(),
        ),
    ])
}

fn is_at(change: &MetricChange, point: &ChangePoint) -> bool {
    let Ok(time) = point.time.parse::<Timestamp>() else { return false };
    let has_labels = point.labels.iter().all(|(key, value)| change.labels.get(key) == Some(value));
    change.name == point.metric
        && has_labels
        && change.is_up() == (point.direction == "up")
        && change
            .time()
            .is_some_and(|at| (at.as_second() - time.as_second()).abs() <= point.tolerance_s)
}
