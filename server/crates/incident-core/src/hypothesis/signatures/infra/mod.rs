//! What a service stands on: pools, queues, networks, disks, memory, clocks, contracts.
//!
//! Read from the groups of a log, held against changed settings of the suspects and against
//! metrics. Symptoms that one commit's settings can bring about are one hypothesis: the first of
//! them in time names it, and the others are how it went on.

mod families;

use std::collections::BTreeSet;

use self::families::{FAMILIES, Family, fits};
use crate::config_changes::{ChangeKind, ConfigChange};
use crate::history::Commit;
use crate::hypothesis::catalogue::{Catalogue, suspect_hunks};
use crate::hypothesis::crash::shown;
use crate::hypothesis::culprit::{self, Culprit};
use crate::hypothesis::{
    Evidence, EvidenceKind, Hypothesis, HypothesisInput, HypothesisOrigin, Validation,
};
use crate::incident;
use crate::logs::{GroupStatus, Level, LogGroup};
use crate::neutral;

/// How many groups are looked at.
const MAX_GROUPS: usize = 200;
/// How many suspects' settings are looked at.
const MAX_SUSPECTS: usize = 3;
/// How many settings one hypothesis names.
const MAX_CHANGES: usize = 4;
/// How many metrics one hypothesis names.
const MAX_METRICS: usize = 3;
/// No claim from words of a log is surer than this.
const MAX_CONFIDENCE: f64 = 0.9;

/// A family that the log speaks of.
struct Symptom<'a> {
    family: &'static Family,
    /// The groups, the earliest first, with their places in the report.
    groups: Vec<(usize, &'a LogGroup)>,
}

/// A changed setting that can bring symptoms about.
struct Tie<'a> {
    commit: &'a Commit,
    /// Its rank among the suspects, from 0.
    rank: usize,
    change: &'a ConfigChange,
    evidence: Evidence,
    /// A message holds the new value.
    is_quoted: bool,
}

/// Returns the class of cause that a signature stands for, by its name.
pub(in crate::hypothesis) fn cause_class(name: &str) -> Option<&'static str> {
    FAMILIES.iter().find(|family| family.name == name).map(|family| family.cause_class)
}

/// Proposes hypotheses from the groups that belong to the incident.
pub(super) fn propose(input: &HypothesisInput<'_>, catalogue: &Catalogue) -> Vec<Hypothesis> {
    let symptoms = symptoms(input);
    let mut hypotheses = Vec::new();
    let mut explained: BTreeSet<&str> = BTreeSet::new();
    if let Some(hypothesis) = from_settings(input, catalogue, &symptoms, &mut explained) {
        hypotheses.push(hypothesis);
    }
    let left = symptoms.iter().filter(|symptom| !explained.contains(symptom.family.name));
    match hypotheses.first_mut() {
        // What began with a cause that is at hand, or after it, is no claim of its own.
        Some(cause) => {
            let told: Vec<String> = left.map(|it| uncapitalised(it.family.title)).collect();
            if !told.is_empty() {
                cause.notes.push(format!("May follow from it: {}.", told.join("; ")));
            }
        }
        None => hypotheses.extend(left.filter_map(|symptom| alone(input, catalogue, symptom))),
    }
    hypotheses
}

fn uncapitalised(title: &str) -> String {
    let mut chars = title.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    first + chars.as_str()
}

/// Sorts the incident's groups into families, the family that came first in time first.
fn symptoms<'a>(input: &HypothesisInput<'a>) -> Vec<Symptom<'a>> {
    let ids: BTreeSet<&str> = input.incident.log_groups.iter().map(String::as_str).collect();
    let groups = input
        .logs
        .groups
        .iter()
        .enumerate()
        .filter(|(_, group)| ids.contains(group.id.as_str()) && group.level >= Level::Warn);
    let mut symptoms: Vec<Symptom<'a>> = Vec::new();
    for (group_idx, group) in groups.take(MAX_GROUPS) {
        let message = format!("{} {}", group.message, group.template).to_lowercase();
        let Some(family) = FAMILIES.iter().find(|family| fits(family, &message)) else { continue };
        match symptoms.iter_mut().find(|symptom| symptom.family.name == family.name) {
            Some(symptom) => symptom.groups.push((group_idx, group)),
            None => symptoms.push(Symptom { family, groups: vec![(group_idx, group)] }),
        }
    }
    for symptom in &mut symptoms {
        symptom.groups.sort_by_key(|(_, group)| order(group));
    }
    symptoms.sort_by_key(|symptom| symptom.groups.first().map(|(_, group)| order(group)));
    symptoms
}

/// New before bursting: what was there before is seldom the cause. Then by time.
fn order(group: &LogGroup) -> (bool, Option<String>, u64) {
    (group.status != GroupStatus::New, incident::onset(group), group.first_line)
}

/// Builds the hypothesis of the one suspect whose settings can bring most symptoms about.
fn from_settings(
    input: &HypothesisInput<'_>,
    catalogue: &Catalogue,
    symptoms: &[Symptom<'_>],
    explained: &mut BTreeSet<&'static str>,
) -> Option<Hypothesis> {
    let tied: Vec<(usize, Vec<Tie<'_>>)> = symptoms
        .iter()
        .enumerate()
        .map(|(symptom_idx, symptom)| (symptom_idx, ties(input, catalogue, symptom)))
        .filter(|(_, ties)| !ties.is_empty())
        .collect();
    // The best suspect with a tie is the one; a later one needs a better reason than words.
    let rank = tied.iter().flat_map(|(_, ties)| ties).map(|tie| tie.rank).min()?;
    let commit = tied.iter().flat_map(|(_, ties)| ties).find(|tie| tie.rank == rank)?.commit;
    let mut changes: Vec<&Tie<'_>> = Vec::new();
    let mut of_commit: Vec<&Symptom<'_>> = Vec::new();
    for (symptom_idx, ties) in &tied {
        let ours: Vec<&Tie<'_>> = ties.iter().filter(|tie| tie.rank == rank).collect();
        if ours.is_empty() {
            continue;
        }
        of_commit.extend(symptoms.get(*symptom_idx));
        for tie in ours {
            if changes.iter().all(|known| known.change != tie.change) {
                changes.push(tie);
            }
        }
    }
    let head = *of_commit.first()?;
    changes.truncate(MAX_CHANGES);
    explained.extend(of_commit.iter().map(|symptom| symptom.family.name));
    let settings: Vec<String> = changes.iter().map(|tie| tie.change.shown()).collect();
    let first = changes.first()?;
    let title = format!("{}: {}", head.family.title, neutral::headline(&settings.join(", "), 120));
    let mut said = vec![
        said_by_log(head),
        format!(
            "Commit {} ({}) changed {}.",
            commit.id.short(),
            neutral::headline(&commit.subject, 60),
            settings.join(", ")
        ),
        head.family.says.to_owned(),
    ];
    let quoted = changes.iter().filter(|tie| tie.is_quoted);
    let longest = |tie: &&&Tie<'_>| tie.change.new.as_ref().map_or(0, String::len);
    if let Some(Tie { change, .. }) = quoted.max_by_key(longest).copied() {
        let value = change.new.as_deref().unwrap_or_default();
        said.push(format!("The messages hold the new value of {}, {value}.", change.key));
    }
    for symptom in of_commit.iter().skip(1) {
        said.push(symptom.family.says.to_owned());
        said.push(said_by_log(symptom));
    }
    let mut evidence = log_evidence(catalogue, &of_commit);
    evidence.extend(changes.iter().map(|tie| tie.evidence.clone()));
    let (metric_says, metric_evidence) = metrics(input, catalogue, &of_commit);
    let n_metrics = metric_evidence.len();
    said.extend(metric_says);
    evidence.extend(metric_evidence);
    let confidence = 0.55
        + 0.1 * (rank == 0) as u8 as f64
        + 0.05 * of_commit.len().min(3) as f64
        + 0.05 * n_metrics.min(2) as f64
        + 0.05 * changes.iter().any(|tie| tie.is_quoted) as u8 as f64;
    let path = first.change.path.as_str();
    let culprit = Culprit {
        commit,
        path,
        evidence: first.evidence.clone(),
        rewrites: true,
        says: String::new(),
    };
    let back: Vec<String> = changes
        .iter()
        .filter_map(|tie| Some(format!("{} to {}", tie.change.key, tie.change.old.as_ref()?)))
        .collect();
    let mut validation = vec![Validation {
        prediction: "these lines changed in that commit".to_owned(),
        command: Some(format!("git show {} -- {path}", commit.id.short())),
        confirms: "the values were the older ones before the deploy".to_owned(),
        disproves: "the deployed service reads other values: an environment variable, another file"
            .to_owned(),
    }];
    if !back.is_empty() {
        validation.push(Validation {
            prediction: format!("setting {} back ends the errors", back.join(", ")),
            command: None,
            confirms: "they end within minutes".to_owned(),
            disproves: "they go on with the older values in force".to_owned(),
        });
    }
    validation.push(how_to_tell(head.family));
    Some(Hypothesis {
        title,
        explanation: said.join(" "),
        origin: HypothesisOrigin::Signature(head.family.name),
        confidence: confidence.min(MAX_CONFIDENCE),
        evidence,
        would_disprove: vec![
            head.family.disproved_by.to_owned(),
            "the same errors came before this change was deployed".to_owned(),
        ],
        validation,
        fix: culprit::revert(input, &culprit),
        notes: Vec::new(),
    })
}

/// Builds the hypothesis of a symptom that no changed setting explains.
fn alone(
    input: &HypothesisInput<'_>,
    catalogue: &Catalogue,
    symptom: &Symptom<'_>,
) -> Option<Hypothesis> {
    let (_, group) = symptom.groups.first()?;
    let family = symptom.family;
    let one = [symptom];
    let (metric_says, metric_evidence) = metrics(input, catalogue, &one);
    let mut said = vec![said_by_log(symptom), family.says.to_owned()];
    said.extend(metric_says);
    let is_new = group.status == GroupStatus::New;
    let confidence = 0.3 + 0.1 * is_new as u8 as f64 + 0.05 * metric_evidence.len().min(2) as f64;
    let mut evidence = log_evidence(catalogue, &one);
    evidence.extend(metric_evidence);
    Some(Hypothesis {
        title: format!("{}: {}", family.title, neutral::headline(&group.template, 80)),
        explanation: said.join(" "),
        origin: HypothesisOrigin::Signature(family.name),
        confidence,
        evidence,
        would_disprove: vec![family.disproved_by.to_owned()],
        validation: vec![how_to_tell(family)],
        fix: None,
        notes: Vec::new(),
    })
}

fn how_to_tell(family: &Family) -> Validation {
    Validation {
        prediction: family.prediction.to_owned(),
        command: family.command.map(str::to_owned),
        confirms: family.confirms.to_owned(),
        disproves: family.disproved_by.to_owned(),
    }
}

/// Says what the log says, with its count and the time since when.
fn said_by_log(symptom: &Symptom<'_>) -> String {
    let Some((_, group)) = symptom.groups.first() else { return String::new() };
    let count: u64 = symptom.groups.iter().map(|(_, it)| it.count_after.unwrap_or(it.count)).sum();
    // Where a burst began is not where its first record stands.
    let is_timed = group.status != GroupStatus::Bursting || group.rates.is_some();
    let since = incident::onset(group)
        .filter(|_| is_timed)
        .and_then(|at| at.get(11..16).map(str::to_owned))
        .map(|at| format!(" since {at}"))
        .unwrap_or_default();
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    format!("The log says {} {times}{since}.", shown(&group.template))
}

fn log_evidence(catalogue: &Catalogue, symptoms: &[&Symptom<'_>]) -> Vec<Evidence> {
    let of_symptom = |symptom: &&Symptom<'_>| {
        let (group_idx, _) = symptom.groups.first()?;
        let id = format!("L{}", group_idx + 1);
        let line = catalogue.get(&id)?.text.lines().next()?.trim().to_owned();
        catalogue.cite(&id, &line)
    };
    symptoms.iter().filter_map(of_symptom).take(4).collect()
}

/// Returns what metrics say of the symptoms: those whose name has one of the families' words.
fn metrics(
    input: &HypothesisInput<'_>,
    catalogue: &Catalogue,
    symptoms: &[&Symptom<'_>],
) -> (Vec<String>, Vec<Evidence>) {
    let mut says = Vec::new();
    let mut evidence: Vec<Evidence> = Vec::new();
    for symptom in symptoms {
        for (change_idx, change) in input.incident.metrics.iter().enumerate() {
            let id = format!("N{}", change_idx + 1);
            let name = change.name.to_lowercase();
            let speaks = symptom.family.metrics.iter().any(|word| name.contains(word));
            let is_known = evidence.iter().any(|known| known.id == id);
            if !speaks || is_known || evidence.len() >= MAX_METRICS {
                continue;
            }
            let quote = format!("{} {}", change.shown_name(), change.shown());
            if let Some(cited) = catalogue.cite(&id, &quote) {
                says.push(format!("The metric {} went {}.", change.shown_name(), change.shown()));
                evidence.push(cited);
            }
        }
    }
    (says, evidence)
}

/// Finds the settings of the suspects that can bring a symptom about.
fn ties<'a>(
    input: &HypothesisInput<'a>,
    catalogue: &Catalogue,
    symptom: &Symptom<'_>,
) -> Vec<Tie<'a>> {
    let Some(history) = input.history else { return Vec::new() };
    let mut ties = Vec::new();
    let suspects = input.incident.suspects.commits.iter().take(MAX_SUSPECTS).enumerate();
    for (rank, suspect) in suspects {
        let Some(commit) = history.commits.iter().find(|it| it.id == suspect.commit) else {
            continue;
        };
        for change in history.config.get(&suspect.commit).into_iter().flatten() {
            let is_quoted = symptom.groups.iter().any(|(_, group)| holds_value(group, change));
            let is_tied = change.kind != ChangeKind::Package && speaks_of(symptom.family, change);
            if !is_tied || change.old.is_none() && change.kind != ChangeKind::Schema {
                continue;
            }
            if let Some(evidence) = hunk_of(input, catalogue, commit, change) {
                ties.push(Tie { commit, rank, change, evidence, is_quoted });
            }
        }
    }
    ties
}

/// Says whether a key has one of the words by which a family's settings are named.
fn speaks_of(family: &Family, change: &ConfigChange) -> bool {
    if change.kind == ChangeKind::Schema {
        return family.name == "schema-mismatch";
    }
    let key = change.key.to_lowercase();
    let words: Vec<&str> = key.split(|c: char| !c.is_alphanumeric()).collect();
    // What only names or describes changes nothing.
    let describes = words.last().is_some_and(|last| {
        matches!(*last, "name" | "label" | "description" | "comment" | "version" | "level")
    });
    !describes
        && family
            .keys
            .iter()
            .any(|known| words.contains(known) || key.contains(known) && known.len() > 5)
}

/// Says whether a message holds the new value of a setting, as a number of its own.
fn holds_value(group: &LogGroup, change: &ConfigChange) -> bool {
    let Some(new) = &change.new else { return false };
    let is_number = new.len() >= 2 && new.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        && group.message.split(|c: char| !c.is_ascii_digit()).any(|number| number == new.as_str())
}

/// Cites the changed line of a setting.
fn hunk_of(
    input: &HypothesisInput<'_>,
    catalogue: &Catalogue,
    commit: &Commit,
    change: &ConfigChange,
) -> Option<Evidence> {
    let last = change.key.rsplit('.').next().unwrap_or(&change.key).to_lowercase();
    let hunks = suspect_hunks(input).enumerate();
    for (hunk_idx, (of, path, hunk)) in hunks {
        if of.id != commit.id || path != change.path {
            continue;
        }
        let id = format!("H{}", hunk_idx + 1);
        let entry = catalogue.get(&id).filter(|entry| entry.kind == EvidenceKind::Hunk)?;
        let near = hunk.new_start <= change.line
            && change.line < hunk.new_start + u32::try_from(hunk.added.len().max(1)).unwrap_or(1);
        let names = |line: &&str| line.to_lowercase().contains(&last);
        let named = entry.text.lines().filter(|line| line.starts_with('+')).find(names);
        let line = named.or_else(|| entry.text.lines().find(|_| near));
        if let Some(line) = line {
            return catalogue.cite(&id, line);
        }
    }
    None
}
