//! Deploy the last good state again: what is lost with that, and what in between cannot go back.

use std::collections::BTreeSet;

use super::{Mitigation, MitigationKind, Verdict};
use crate::config_changes::{ChangeKind, ConfigChange, is_config};
use crate::history::History;
use crate::suspects::concepts::names;
use crate::suspects::is_code;

/// How many hazards of one kind are named.
const MAX_NAMED: usize = 3;

/// Ends of files that hold what two programs agreed on.
const PROTOCOLS: &[&str] = &[".proto", ".graphql", ".avsc", ".thrift", ".fbs", ".xsd"];

pub(super) fn propose(history: &History) -> Option<Mitigation> {
    let last_good = history.last_good.as_ref()?;
    let n_commits = history.commits.len();
    if n_commits == 0 {
        return None;
    }
    let mut hazards = Vec::new();
    let of_kind = |kind: ChangeKind| -> Vec<&ConfigChange> {
        history.config.values().flatten().filter(|change| change.kind == kind).collect()
    };
    let schema: Vec<String> =
        of_kind(ChangeKind::Schema).iter().map(|change| change.shown()).collect();
    name(&schema, "a migration that the older code may not know", &mut hazards);
    let protocols: Vec<String> = history
        .commits
        .iter()
        .flat_map(|commit| &commit.files)
        .filter(|file| {
            let lower = file.path.to_lowercase();
            PROTOCOLS.iter().any(|end| lower.ends_with(end)) || lower.contains("openapi")
        })
        .map(|file| file.path.clone())
        .collect();
    name(&protocols, "a changed protocol", &mut hazards);
    let is_hazardous = !hazards.is_empty();
    let packages: Vec<String> =
        of_kind(ChangeKind::Package).iter().map(|change| change.shown()).collect();
    name(&packages, "changed packages", &mut hazards);
    name(&new_settings(history), "settings that the older code may refuse", &mut hazards);
    let lost = history.commits.iter().take(MAX_NAMED);
    let mut undoes: Vec<String> =
        lost.map(|commit| format!("{} {}", commit.id.short(), commit.subject)).collect();
    if n_commits > MAX_NAMED {
        undoes.push(format!("{} more commits", n_commits - MAX_NAMED));
    }
    let count = if n_commits == 1 { "1 commit".to_owned() } else { format!("{n_commits} commits") };
    Some(Mitigation {
        kind: MitigationKind::RollBack,
        summary: format!(
            "Roll back to {} ({}), which loses {count}",
            last_good.name,
            last_good.commit.short()
        ),
        commit: Some(last_good.commit.clone()),
        undoes,
        verdict: match (is_hazardous, hazards.is_empty()) {
            (true, _) => Verdict::Hazardous,
            (false, true) => Verdict::Safe,
            (false, false) => Verdict::Unknown,
        },
        hazards,
        patch: None,
    })
}

/// Returns the keys that came together with code that reads them. A name that no changed code says
/// is data, or was always read.
fn new_settings(history: &History) -> Vec<String> {
    let changes = history.config.values().flatten();
    let added: Vec<&ConfigChange> = changes
        .filter(|it| it.old.is_none() && matches!(it.kind, ChangeKind::Setting | ChangeKind::Flag))
        .collect();
    if added.is_empty() {
        return Vec::new();
    }
    let files = history.commits.iter().flat_map(|commit| &commit.files);
    let code = files.filter(|file| is_code(&file.path) && !is_config(&file.path));
    let added_lines = code.flat_map(|file| &file.hunks).flat_map(|hunk| &hunk.added);
    let said: BTreeSet<String> = added_lines.flat_map(|line| names(line)).collect();
    added
        .into_iter()
        .filter(|change| {
            let last_part = change.key.rsplit('.').next().unwrap_or_default();
            names(last_part).iter().any(|name| said.contains(name))
        })
        .map(|change| change.key.clone())
        .collect()
}

fn name(found: &[String], what: &str, hazards: &mut Vec<String>) {
    if found.is_empty() {
        return;
    }
    let mut shown: Vec<&str> = Vec::new();
    for one in found {
        if shown.len() < MAX_NAMED && !shown.contains(&one.as_str()) {
            shown.push(one);
        }
    }
    let more = match found.len().saturating_sub(shown.len()) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    hazards.push(format!("{what}: {}{more}", shown.join(", ")));
}
