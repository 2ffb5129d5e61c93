//! What was tried and taken back: commits that others reverted, with the reason that was given.

use super::{Commit, CommitId};
use crate::config_changes::ConfigChange;
use crate::text;

/// A change that was made and taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The commit that made it; as far as it could be read.
    pub made: Commit,
    /// What it changed in settings.
    pub settings: Vec<ConfigChange>,
    /// The commit that took it back.
    pub reverted_in: CommitId,
    /// When it was taken back: seconds since 1970, UTC.
    pub reverted_at: i64,
    /// Why, in the words of the reverting commit.
    pub why: Option<String>,
}

/// How much of a reason is kept, in bytes.
const MAX_WHY: usize = 300;
/// How many changed lines of one commit are compared.
const MAX_LINES: usize = 2000;

/// Returns the commits that a commit's message says it reverts: full or short ids.
///
/// Git writes "This reverts commit ID."; people write `Reverts ID` and more ids in one message.
pub fn reverts(commit: &Commit) -> Vec<String> {
    let mut ids = Vec::new();
    for line in commit.subject.lines().chain(commit.body.lines()) {
        let lower = line.trim().to_ascii_lowercase();
        let Some(at) = lower.find("revert") else { continue };
        let is_about_commits = lower.starts_with("this reverts")
            || lower.starts_with("reverts ")
            || lower.starts_with("revert ");
        if !is_about_commits {
            continue;
        }
        let words = lower.get(at..).unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric());
        let is_id = |word: &&str| {
            (7..=64).contains(&word.len())
                && word.bytes().all(|byte| byte.is_ascii_hexdigit())
                && word.bytes().any(|byte| byte.is_ascii_digit())
        };
        ids.extend(words.filter(is_id).take(8).map(str::to_owned));
    }
    ids.dedup();
    ids
}

/// Returns the subject of the commit that `Revert "subject"` takes back.
pub fn reverted_subject(commit: &Commit) -> Option<&str> {
    let rest = commit.subject.strip_prefix("Revert ")?.trim();
    let inner = rest.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.is_empty()).then_some(inner)
}

/// Returns why a commit takes another one back: the first paragraph that says more than that.
pub fn why(commit: &Commit) -> Option<String> {
    let paragraph = commit.body.split("\n\n").map(str::trim).find_map(|paragraph| {
        let lines: Vec<&str> = paragraph
            .lines()
            .map(str::trim)
            .filter(|line| !line.to_ascii_lowercase().starts_with("this reverts"))
            .filter(|line| !is_trailer(line))
            .collect();
        (!lines.is_empty()).then(|| lines.join(" "))
    })?;
    let paragraph = paragraph.trim();
    (!paragraph.is_empty()).then(|| text::cut(paragraph, MAX_WHY).to_owned())
}

/// Says whether a line is `Name-of-trailer: value`.
fn is_trailer(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(name, _)| {
        name.contains('-')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && name.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

/// Says whether two commits make the same change: the same lines in the same files, wherever in the
/// file and with whatever white space, as git's patch ids compare them.
pub fn is_same_change(a: &Commit, b: &Commit) -> bool {
    let lines = changed_lines(a);
    !lines.is_empty() && lines == changed_lines(b)
}

/// Returns path, sign and text of every changed line, in one order.
fn changed_lines(commit: &Commit) -> Vec<(&str, char, String)> {
    let mut lines = Vec::new();
    for file in &commit.files {
        for hunk in &file.hunks {
            let signed = hunk.removed.iter().map(|line| ('-', line));
            for (sign, line) in signed.chain(hunk.added.iter().map(|line| ('+', line))) {
                if lines.len() >= MAX_LINES {
                    return lines;
                }
                let text: String = line.split_whitespace().collect();
                if !text.is_empty() {
                    lines.push((file.path.as_str(), sign, text));
                }
            }
        }
    }
    lines.sort();
    lines
}
