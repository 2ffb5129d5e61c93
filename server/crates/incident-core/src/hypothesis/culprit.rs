//! Ties a hypothesis to the suspect commit that changed the lines it speaks of.

use crate::fix::{Edit, Fix, unified_diff};
use crate::history::{Commit, Hunk};
use crate::hypothesis::catalogue::{Catalogue, hunk_text, suspect_hunks};
use crate::hypothesis::{Evidence, HypothesisInput};
use crate::text::{ByteSpan, LineIndex};

/// Lines of a hunk that are quoted.
const MAX_QUOTED_LINES: usize = 6;
/// Lines between a check that was taken out and what it may have guarded.
const MAX_GUARD_DISTANCE: u32 = 40;
/// Longer changes are reverted as commits, by a person, not as a fix of ours.
const MAX_REVERTED_LINES: usize = 20;

/// A line that a hypothesis speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineOfInterest {
    pub(super) path: String,
    /// From 1.
    pub(super) line: u32,
    /// Trimmed.
    pub(super) text: String,
    /// What it is, for a sentence: `the line that failed`.
    pub(super) role: &'static str,
}

/// A suspect commit's change to a line of interest.
#[derive(Clone, Debug)]
pub(super) struct Culprit<'a> {
    pub(super) commit: &'a Commit,
    pub(super) path: &'a str,
    pub(super) evidence: Evidence,
    /// It rewrote a line that matters, rather than adding or taking one out.
    pub(super) rewrites: bool,
    /// In words.
    pub(super) says: String,
}

/// Finds the best suspect that wrote one of the lines, or took out a check of one of the names.
pub(super) fn find<'a>(
    input: &HypothesisInput<'a>,
    catalogue: &Catalogue,
    lines: &[LineOfInterest],
    names: &[String],
) -> Option<Culprit<'a>> {
    for (hunk_idx, (commit, path, hunk)) in suspect_hunks(input).enumerate() {
        let here: Vec<&LineOfInterest> = lines.iter().filter(|line| line.path == path).collect();
        // A check far away guarded something else.
        let near = here.iter().any(|line| line.line.abs_diff(hunk.new_start) <= MAX_GUARD_DISTANCE);
        let written = here.iter().find(|line| {
            line.text.len() > 3 && hunk.added.iter().any(|added| added.trim() == line.text)
        });
        let mut rewrites = false;
        let (says, quote) = if let Some(line) = written {
            let before = hunk.removed.iter().find(|removed| is_like(removed, &line.text));
            rewrites = before.is_some();
            let was = before.map_or_else(String::new, |removed| {
                format!("; before it was {}", super::crash::shown(removed))
            });
            (format!("wrote {}{was}", line.role), quote_of(hunk, Some(&line.text)))
        } else if let Some(guard) = hunk
            .removed
            .iter()
            .find(|removed| near && is_guard(removed, names) && is_gone(removed, hunk))
        {
            let shown = super::crash::shown(guard);
            (format!("took out the check {shown}"), quote_of(hunk, Some(guard.trim())))
        } else {
            continue;
        };
        let Some(evidence) = catalogue.cite(&format!("H{}", hunk_idx + 1), &quote) else {
            continue;
        };
        let says = format!(
            "Commit {} ({}) {says}.",
            commit.id.short(),
            crate::neutral::headline(&commit.subject, 60)
        );
        return Some(Culprit { commit, path, evidence, rewrites, says });
    }
    None
}

/// Undoes the culprit, where it is a small change of one file that still holds all of it word for
/// word; anything larger is reverted as a commit, by a person.
pub(super) fn revert(input: &HypothesisInput<'_>, culprit: &Culprit<'_>) -> Option<Fix> {
    let [file] = culprit.commit.files.as_slice() else { return None };
    let read_whole = |hunk: &Hunk| {
        hunk.added.len() == hunk.n_added as usize && hunk.removed.len() == hunk.n_removed as usize
    };
    let n_lines: usize = file.hunks.iter().map(|hunk| hunk.added.len() + hunk.removed.len()).sum();
    if culprit.commit.n_files != 1
        || file.old_path.is_some()
        || n_lines > MAX_REVERTED_LINES
        || !file.hunks.iter().all(read_whole)
    {
        return None;
    }
    let text = input.sources.current.get(culprit.path)?;
    let untouched = untouched_since(input, culprit);
    let edits: Option<Vec<Edit>> =
        file.hunks.iter().map(|hunk| undo(hunk, text, untouched)).collect();
    let patch = unified_diff(culprit.path, text, &edits?);
    (!patch.is_empty()).then(|| Fix {
        summary: format!("Undo what commit {} changed here", culprit.commit.id.short()),
        patch,
    })
}

/// Returns the edit that puts a hunk's old lines back; `untouched` says that line numbers still
/// hold.
fn undo(hunk: &Hunk, text: &str, untouched: bool) -> Option<Edit> {
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let block = |lines: &[String]| -> String {
        lines.iter().map(|line| format!("{}{line_end}", line.trim_end_matches('\r'))).collect()
    };
    let (added, removed) = (block(&hunk.added), block(&hunk.removed));
    let lines = LineIndex::new(text);
    let span = if added.is_empty() {
        // Only taken out: it goes back where it was, if that place can be told.
        let after = lines.line_span(hunk.new_start).filter(|_| untouched)?;
        ByteSpan::new(after.end + 1, after.end + 1)
    } else {
        let places: Vec<usize> = text
            .match_indices(&added)
            .map(|(at, _)| at)
            .filter(|at| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'))
            .collect();
        let at = match places.as_slice() {
            [at] => *at,
            // Of several like blocks the line number tells which, while it holds.
            several => {
                let start = lines.line_span(hunk.new_start).filter(|_| untouched)?.start;
                *several.iter().find(|at| **at == start)?
            }
        };
        ByteSpan::new(at, at + added.len())
    };
    Some(Edit { span, replacement: removed })
}

/// Says whether the file's lines still have the numbers that the commit gave them.
fn untouched_since(input: &HypothesisInput<'_>, culprit: &Culprit<'_>) -> bool {
    let commits = input.history.map(|history| &*history.commits).unwrap_or_default();
    let later = commits.iter().take_while(|commit| commit.id != culprit.commit.id);
    let sources = input.sources;
    later.flat_map(|commit| &commit.files).all(|file| file.path != culprit.path)
        && sources.deployed.get(culprit.path) == sources.current.get(culprit.path)
}

/// Says whether two lines share most of their beginning or end, so that one became the other.
fn is_like(old: &str, new: &str) -> bool {
    let (old, new) = (old.trim(), new.trim());
    let shared: usize = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count()
        + old.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
    2 * shared >= old.len().max(new.len())
}

/// Says whether a removed line checked one of the names.
fn is_guard(line: &str, names: &[String]) -> bool {
    let words = |name: &&String| {
        line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name.as_str())
    };
    let line = line.trim_start();
    let checks = [
        "if ",
        "} else if ",
        "while ",
        "assert",
        "debug_assert",
        "match ",
        "ensure!",
        "let Some",
        "let Ok",
    ]
    .iter()
    .any(|start| line.starts_with(start))
        || line.contains(".filter(")
        || line.contains(".min(")
        || line.contains("checked_")
        || line.contains("saturating_");
    checks && names.iter().any(|name| words(&name))
}

/// Says whether a removed line did not come back among the added ones.
fn is_gone(removed: &str, hunk: &Hunk) -> bool {
    !hunk.added.iter().any(|added| added.trim() == removed.trim())
}

/// Returns a few lines of the hunk around the one that matters, as the hunk's text has them.
fn quote_of(hunk: &Hunk, around: Option<&str>) -> String {
    let text = hunk_text(hunk);
    let lines: Vec<&str> = text.split('\n').collect();
    let at = around
        .and_then(|wanted| {
            lines.iter().position(|line| line.get(1..).is_some_and(|l| l.trim() == wanted))
        })
        .unwrap_or(0);
    let start = at.saturating_sub(MAX_QUOTED_LINES / 2);
    let end = (start + MAX_QUOTED_LINES).min(lines.len());
    lines.get(start..end).unwrap_or_default().join("\n")
}
