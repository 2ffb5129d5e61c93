//! What is remembered of each incident, and this sighting into the memory.
//!
//! Where nothing is remembered of an incident, git is not asked about it.

use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::fix::{Fix, parse_patch};
use incident_core::guard::looping::{self, Change};
use incident_core::history::CommitId;
use incident_core::incident::{Incident, Past, PastFix, PastSighting, Standing};
use incident_core::present::{ExplainedIncident, Explanation};
use incident_core::problem::Problem;

use crate::clock;
use crate::git::{GitError, Repository};
use crate::memory::{Answer, Attempt, Memory, MemoryError, circles, is_same_sighting};
use crate::workspace::Workspace;

/// Puts its past into each incident; with `keep`, notes that it was seen.
pub(super) fn recall(
    explanation: &mut Explanation,
    workspace: &Workspace,
    keep: bool,
    cancel: &Cancel,
) -> Vec<Problem> {
    // Without a home folder there is no memory; that the incident was not kept is said elsewhere.
    let Some(memory) = Memory::of(workspace) else { return Vec::new() };
    if explanation.incidents.is_empty() || (!keep && !memory.path().exists()) {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for explained in &mut explanation.incidents {
        let attempts = memory.attempts(&explained.incident.id);
        let recalled = attempts.and_then(|attempts| {
            let (past, told) = past(&memory, &attempts, &explained.incident, workspace, cancel)?;
            explained.incident.past = past;
            stop_circles(explained, &attempts, workspace);
            Ok(told)
        });
        let incident = &explained.incident;
        let noted = recalled.and_then(|told| {
            problems.extend(told.map(Problem::warning));
            if keep { note(&memory, incident) } else { Ok(()) }
        });
        if let Err(err) = noted {
            problems.push(Problem::warning(err.to_string()));
        }
    }
    problems.extend(memory.problems());
    problems
}

/// Stops the fixes that were tried before and did not hold, and those that undo an earlier one.
fn stop_circles(explained: &mut ExplainedIncident, attempts: &[Attempt], workspace: &Workspace) {
    let fix = explained.incident.past.fix.as_ref();
    let failed = fix.filter(|it| it.standing == Standing::DidNotHold).map(|it| it.branch.as_str());
    for checked in &mut explained.hypotheses {
        let claim = checked.hypothesis();
        let Some(change) = claim.fix.as_ref().and_then(|fix| change(fix, workspace)) else {
            continue;
        };
        if let Some(sentence) = circles::stop(attempts, &change, failed, &claim.would_disprove) {
            *checked = checked.clone().with_stop(sentence);
        }
    }
}

/// Returns what a fix does to the functions as they are now; `None` where it does not fit them.
fn change(fix: &Fix, workspace: &Workspace) -> Option<Change> {
    let mut change = Change::default();
    for file in parse_patch(&fix.patch).ok()?.files {
        let text = match &file.old_path {
            Some(path) => workspace.text(path).ok()?.0,
            None => Arc::from(""),
        };
        change.extend(looping::change_of_patch(&file, &text)?);
    }
    Some(change)
}

fn note(memory: &Memory, incident: &Incident) -> Result<(), MemoryError> {
    memory.note_sighting(&incident.id, &incident.title, seen_at(incident), deployed(incident))
}

/// Returns when the incident at hand was seen: as its log says, else now.
fn seen_at(incident: &Incident) -> i64 {
    let stamp = incident.first_seen.as_ref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    stamp.map_or_else(clock::now, |stamp| stamp.as_second())
}

fn deployed(incident: &Incident) -> Option<&CommitId> {
    incident.deployed.as_ref()?.commit.as_ref()
}

/// Returns the past of an incident, and what kept git from telling where a fix stands.
fn past(
    memory: &Memory,
    attempts: &[Attempt],
    incident: &Incident,
    workspace: &Workspace,
    cancel: &Cancel,
) -> Result<(Past, Option<String>), MemoryError> {
    let (at, runs) = (seen_at(incident), deployed(incident));
    let sightings = memory.sightings(&incident.id)?;
    let earlier = sightings.into_iter().filter(|sighting| !is_same_sighting(sighting, at, runs));
    let sightings =
        earlier.map(|it| PastSighting { at: it.first_at, deployed: it.deployed }).collect();
    let mut told = None;
    let mut fix = None;
    if let Some(last) = last_fix(attempts) {
        let (commit, standing) = match standing(last, incident, workspace, cancel) {
            Ok(found) => found,
            Err(err) => {
                told = Some(format!("it is not known whether the last fix landed: {err}"));
                (None, Standing::Unknown)
            }
        };
        // What was only opened, and neither landed nor was called a fix, is no fix.
        if commit.is_some() || last.answer == Some(Answer::Worked) {
            let (branch, hypothesis) = (last.tried.branch.clone(), last.tried.hypothesis.clone());
            fix = Some(PastFix { commit, branch, hypothesis, standing });
        }
    }
    Ok((Past { sightings, fix }, told))
}

/// Returns the attempt that counts as the last fix: the newest that was called one, else the
/// newest that nobody called a failure.
fn last_fix(attempts: &[Attempt]) -> Option<&Attempt> {
    let worked = attempts.iter().rev().find(|it| it.answer == Some(Answer::Worked));
    worked.or_else(|| attempts.iter().rev().find(|it| it.answer.is_none()))
}

/// Finds the commit by which a fix landed, and says whether what runs has it.
fn standing(
    attempt: &Attempt,
    incident: &Incident,
    workspace: &Workspace,
    cancel: &Cancel,
) -> Result<(Option<CommitId>, Standing), GitError> {
    let Some(patch_id) = &attempt.tried.patch_id else { return Ok((None, Standing::NotLanded)) };
    let repository = Repository::discover(workspace.root(), workspace.environment(), cancel)?;
    let mut running: Vec<CommitId> = Vec::new();
    if let Some(deployed) = &incident.deployed {
        // A commit that this clone does not have can't be asked.
        let all = deployed.commit.iter().chain(&deployed.candidates);
        for commit in all {
            running.extend(repository.rev_parse(&commit.0, cancel)?);
        }
    }
    let Some(base) = repository.rev_parse(&attempt.tried.base.0, cancel)? else {
        return Ok((None, Standing::Unknown));
    };
    let landed = repository.landed(patch_id, &attempt.tried.files, &base, &running, cancel)?;
    let Some(newest) = landed.first() else { return Ok((None, Standing::NotLanded)) };
    let mut n_with = 0;
    let mut in_what_runs = None;
    for runs in &running {
        for commit in &landed {
            if repository.is_ancestor(commit, runs, cancel)? {
                in_what_runs.get_or_insert(commit);
                n_with += 1;
                break;
            }
        }
    }
    let standing = match n_with {
        _ if running.is_empty() => Standing::Unknown,
        0 => Standing::NotDeployed,
        n if n < running.len() => Standing::PartlyDeployed,
        _ => Standing::DidNotHold,
    };
    Ok((Some(in_what_runs.unwrap_or(newest).clone()), standing))
}
