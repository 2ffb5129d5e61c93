//! Set settings to what they were before the suspect, with the patch.

use std::collections::BTreeMap;

use super::{Mitigation, MitigationKind, Texts, Verdict};
use crate::config_changes::{ChangeKind, ConfigChange, line_of};
use crate::fix::{Edit, unified_diff};
use crate::history::{Commit, History};
use crate::text::{ByteSpan, LineIndex};

/// Keys that a summary names.
const MAX_NAMED: usize = 3;

/// Proposes one restoration for each settings file that the suspect changed.
pub(super) fn propose(commit: &Commit, history: &History, texts: &Texts) -> Vec<Mitigation> {
    let mut by_path: BTreeMap<&str, Vec<&ConfigChange>> = BTreeMap::new();
    for change in history.config.get(&commit.id).into_iter().flatten() {
        let is_value = matches!(change.kind, ChangeKind::Setting | ChangeKind::Flag);
        if is_value && change.old.is_some() && change.new.is_some() {
            by_path.entry(&change.path).or_default().push(change);
        }
    }
    by_path
        .into_iter()
        .filter_map(|(path, changes)| restore(path, &changes, commit, texts.get(path)?))
        .collect()
}

fn restore(
    path: &str,
    changes: &[&ConfigChange],
    commit: &Commit,
    text: &str,
) -> Option<Mitigation> {
    let index = LineIndex::new(text);
    let mut edits = Vec::new();
    let mut restored = Vec::new();
    let mut hazards = Vec::new();
    for change in changes {
        match edit(path, change, text, &index) {
            Some(edit) => {
                edits.push(edit);
                restored.push(*change);
            }
            None => hazards.push(format!(
                "{} was changed again since, or is written in a way that is not edited here",
                change.key
            )),
        }
    }
    let patch = unified_diff(path, text, &edits);
    if patch.is_empty() {
        return None;
    }
    let is_switch = restored.iter().all(|change| change.kind == ChangeKind::Flag);
    let values: Vec<String> = restored
        .iter()
        .take(MAX_NAMED)
        .map(|change| format!("{} = {}", change.key, change.old.as_deref().unwrap_or_default()))
        .collect();
    let more = match restored.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let verb = if is_switch { "Turn back" } else { "Restore" };
    let undoes = restored.iter().map(|change| {
        format!("{} ({}, \"{}\")", change.shown(), commit.id.short(), commit.subject)
    });
    Some(Mitigation {
        kind: if is_switch { MitigationKind::Toggle } else { MitigationKind::RestoreConfig },
        summary: format!("{verb} {}{more} in {path}", values.join(", ")),
        commit: Some(commit.id.clone()),
        undoes: undoes.collect(),
        verdict: if hazards.is_empty() { Verdict::Safe } else { Verdict::Unknown },
        hazards,
        patch: Some(patch),
    })
}

/// Writes the old value where the new one stands; nothing where that is not certain.
fn edit(path: &str, change: &ConfigChange, text: &str, index: &LineIndex) -> Option<Edit> {
    let (old, new) = (change.old.as_deref()?, change.new.as_deref()?);
    let (line, value) = line_of(path, text, &change.key)?;
    if value != new || new.is_empty() || old.contains('\n') {
        return None;
    }
    let span = index.line_span(line)?;
    let content = span.slice(text)?;
    // The value stands behind its key: the last place where it stands as a word of its own.
    let at = content
        .match_indices(new)
        .map(|(at, _)| at)
        .filter(|at| is_whole(content, *at, new.len()))
        .last()?;
    let start = span.start + at;
    Some(Edit { span: ByteSpan::new(start, start + new.len()), replacement: old.to_owned() })
}

fn is_whole(content: &str, at: usize, len: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let before = content.get(..at).and_then(|text| text.chars().next_back());
    let after = content.get(at + len..).and_then(|text| text.chars().next());
    !before.is_some_and(is_word) && !after.is_some_and(is_word)
}
