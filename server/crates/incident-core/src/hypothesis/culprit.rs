//! Ties a hypothesis to the suspect commit that changed the lines it speaks of.

use crate::fix::{Edit, Fix, unified_diff};
use crate::history::{Commit, Hunk};
use crate::hypothesis::catalogue::{Catalogue, hunk_text, suspect_hunks};
use crate::hypothesis::{Evidence, HypothesisInput};
use crate::text::{ByteSpan, LineIndex};

/// Lines of a hunk that are quoted.
const MAX_QUOTED_LINES: usize = 6;
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
    pub(super) hunk: &'a Hunk,
    pub(super) evidence: Evidence,
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
        let written = here.iter().find(|line| {
            line.text.len() > 3 && hunk.added.iter().any(|added| added.trim() == line.text)
        });
        let (says, quote) =
            if let Some(line) = written {
                let before = hunk.removed.iter().find(|removed| is_like(removed, &line.text));
                let was = before.map_or_else(String::new, |removed| {
                    format!("; before it was {}", super::crash::shown(removed))
                });
                (format!("wrote {}{was}", line.role), quote_of(hunk, Some(&line.text)))
            } else if let Some(guard) = hunk.removed.iter().find(|removed| {
                !here.is_empty() && is_guard(removed, names) && is_gone(removed, hunk)
            }) {
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
        return Some(Culprit { commit, path, hunk, evidence, says });
    }
    None
}

/// Undoes the one change of the culprit, where the file still holds it word for word.
pub(super) fn revert(input: &HypothesisInput<'_>, culprit: &Culprit<'_>) -> Option<Fix> {
    let hunk = culprit.hunk;
    let n_hunks: usize = culprit.commit.files.iter().map(|file| file.hunks.len()).sum();
    let whole = hunk.added.len() == hunk.n_added as usize
        && hunk.removed.len() == hunk.n_removed as usize
        && culprit.commit.n_files == culprit.commit.files.len();
    // Other parts of the commit may need this one: then a person reverts the whole.
    if !whole || n_hunks != 1 || hunk.added.len() + hunk.removed.len() > MAX_REVERTED_LINES {
        return None;
    }
    let text = input.sources.current.get(culprit.path)?;
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let block = |lines: &[String]| -> String {
        lines.iter().map(|line| format!("{}{line_end}", line.trim_end_matches('\r'))).collect()
    };
    let (added, removed) = (block(&hunk.added), block(&hunk.removed));
    let span = if added.is_empty() {
        // Only taken out: it goes back where it was, if that place can be told.
        if !untouched_since(input, culprit) {
            return None;
        }
        let lines = LineIndex::new(text);
        let after = lines.line_span(hunk.new_start)?;
        ByteSpan::new(after.end + 1, after.end + 1)
    } else {
        let mut places = text
            .match_indices(&added)
            .filter(|(at, _)| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
        let (at, _) = places.next()?;
        if places.next().is_some() {
            return None;
        }
        ByteSpan::new(at, at + added.len())
    };
    let patch = unified_diff(culprit.path, text, &[Edit { span, replacement: removed }]);
    (!patch.is_empty()).then(|| Fix {
        summary: format!("Undo what commit {} changed here", culprit.commit.id.short()),
        patch,
    })
}

/// Says whether the file's lines still have the numbers that the commit gave them.
fn untouched_since(input: &HypothesisInput<'_>, culprit: &Culprit<'_>) -> bool {
    let commits = input.history.map(|history| history.commits.as_slice()).unwrap_or_default();
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
