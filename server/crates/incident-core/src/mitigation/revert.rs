//! Take the suspect back: whether that still fits the tree as it is now is found out on texts, so
//! that nothing is written anywhere.

use super::{Mitigation, MitigationKind, Texts, Verdict};
use crate::config_changes::{ChangeKind, is_lock_file};
use crate::fix::{Edit, unified_diff};
use crate::history::{Commit, FileChange, History, Hunk};
use crate::suspects::SuspectCommit;
use crate::text::{ByteSpan, LineIndex};

/// How far a changed place may have moved since, in lines.
const MAX_DRIFT: u32 = 2000;

/// What came of taking one file's changes back.
enum Taken {
    Patch(String),
    /// Later changes stand in the way.
    Conflict,
    /// The texts do not tell.
    Unknown,
}

pub(super) fn propose(
    suspect: &SuspectCommit,
    commit: &Commit,
    history: &History,
    texts: &Texts,
) -> Option<Mitigation> {
    if !suspect.has_parent {
        return None;
    }
    let (mut patch, mut hazards, mut is_known) = (String::new(), Vec::new(), true);
    if commit.n_files > commit.files.len() || commit.parents.len() > 1 {
        is_known = false;
    }
    for file in &commit.files {
        match take_back(file, commit, history, texts) {
            Taken::Patch(part) => patch.push_str(&part),
            Taken::Conflict => {
                hazards.push(format!("conflicts in {}: it was changed again since", file.path));
            }
            Taken::Unknown => is_known = false,
        }
    }
    if !is_known {
        hazards.push("whether it applies cleanly could not be told".to_owned());
    }
    let changes = history.config.get(&commit.id).into_iter().flatten();
    for change in changes {
        match change.kind {
            ChangeKind::Schema => hazards.push(format!(
                "it holds a migration ({}), which taking the code back does not undo",
                change.shown()
            )),
            ChangeKind::Package => {
                hazards.push(format!("it also takes {} back", change.shown()));
            }
            ChangeKind::Setting
            | ChangeKind::Flag
            | ChangeKind::Image
            | ChangeKind::Toolchain
            | ChangeKind::Warning => {}
        }
    }
    hazards.truncate(8);
    let verdict = match (hazards.is_empty(), is_known) {
        (true, _) => Verdict::Safe,
        (false, true) => Verdict::Hazardous,
        (false, false) => Verdict::Unknown,
    };
    Some(Mitigation {
        kind: MitigationKind::Revert,
        summary: format!("Revert {} (\"{}\")", commit.id.short(), commit.subject),
        commit: Some(commit.id.clone()),
        undoes: undone(commit),
        patch: (verdict == Verdict::Safe && !patch.is_empty()).then_some(patch),
        hazards,
        verdict,
    })
}

fn undone(commit: &Commit) -> Vec<String> {
    let mut undone: Vec<String> = commit
        .files
        .iter()
        .take(5)
        .map(|file| format!("{}: +{} -{} lines", file.path, file.n_added, file.n_removed))
        .collect();
    if commit.n_files > undone.len() {
        undone.push(format!("{} more files", commit.n_files - undone.len()));
    }
    undone
}

fn take_back(file: &FileChange, commit: &Commit, history: &History, texts: &Texts) -> Taken {
    if file.old_path.is_some() || file.hunks.is_empty() || is_lock_file(&file.path) {
        return Taken::Unknown;
    }
    let Some(text) = texts.get(&file.path) else { return Taken::Unknown };
    let later = history.commits.iter().take_while(|it| it.id != commit.id);
    let is_untouched = !later.flat_map(|it| &it.files).any(|it| it.path == file.path);
    let index = LineIndex::new(text);
    let mut edits = Vec::new();
    for hunk in &file.hunks {
        match edit(hunk, text, &index, is_untouched) {
            Some(edit) => edits.push(edit),
            None => return Taken::Conflict,
        }
    }
    match unified_diff(&file.path, text, &edits) {
        patch if patch.is_empty() => Taken::Conflict,
        patch => Taken::Patch(patch),
    }
}

/// Puts the removed lines where the added ones stand.
fn edit(hunk: &Hunk, text: &str, index: &LineIndex, is_untouched: bool) -> Option<Edit> {
    let is_whole = |n: u32, lines: &[String]| usize::try_from(n).is_ok_and(|n| n == lines.len());
    if !is_whole(hunk.n_added, &hunk.added) || !is_whole(hunk.n_removed, &hunk.removed) {
        return None;
    }
    let mut replacement = hunk.removed.join("\n");
    if !hunk.removed.is_empty() {
        replacement.push('\n');
    }
    if hunk.added.is_empty() {
        // Nothing shows where the lines stood but their number, good only while nothing moved.
        let at = index.line_span(hunk.new_start.saturating_add(1)).map(|span| span.start);
        let at = at.filter(|_| is_untouched)?;
        return Some(Edit { span: ByteSpan::new(at, at), replacement });
    }
    let stands_at = |line: u32| {
        let mut end = 0;
        for (wanted, line) in hunk.added.iter().zip(line..) {
            let span = index.line_span(line)?;
            if span.slice(text)?.trim_end_matches('\r') != wanted {
                return None;
            }
            end = span.end;
        }
        Some((line, end))
    };
    let (line, end) = (0..=MAX_DRIFT).find_map(|drift| {
        let below = hunk.new_start.checked_sub(drift).filter(|line| *line > 0);
        stands_at(hunk.new_start.saturating_add(drift)).or_else(|| stands_at(below?))
    })?;
    let start = index.line_span(line)?.start;
    let end = if text.as_bytes().get(end) == Some(&b'\n') { end + 1 } else { end };
    Some(Edit { span: ByteSpan::new(start, end), replacement })
}
