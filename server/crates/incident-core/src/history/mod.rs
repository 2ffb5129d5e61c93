//! What changed, when and where: commits, hunks and blame as plain values.
//!
//! The host reads them from git; nothing here does. People's names are left out on purpose: a
//! suspect is a change, not a person.

use std::sync::Arc;

mod attempts;

use crate::config_changes::ConfigChanges;

pub use self::attempts::{Attempt, is_same_change, reverted_subject, reverts, why};

/// A commit's full object id, in lower-case hex. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub String);

impl CommitId {
    /// Returns the first seven digits: what people read.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

/// One commit with what it changed against its first parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Its parents, first one first.
    pub parents: Vec<CommitId>,
    /// When it was written: seconds since 1970, UTC.
    pub author_time: i64,
    /// When it was committed: seconds since 1970, UTC.
    pub commit_time: i64,
    /// The first line of the message.
    pub subject: String,
    /// The rest of the message.
    pub body: String,
    /// The files that it changed, by path.
    pub files: Vec<FileChange>,
    /// How many files it changed: more than `files` has where that list was cut.
    pub n_files: usize,
}

/// One file's part of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The path after the commit (before it, where the file was deleted), with `/`.
    pub path: String,
    /// The path before, where the file was renamed.
    pub old_path: Option<String>,
    /// How many lines it added, over all hunks; 0 for binary files.
    pub n_added: u32,
    /// How many lines it removed, over all hunks; 0 for binary files.
    pub n_removed: u32,
    /// The changed places, by start. Empty for binary files and where only the path was read.
    pub hunks: Vec<Hunk>,
}

/// A changed place without context lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// First line before, from 1; with no removed lines, the line after which it stands.
    pub old_start: u32,
    /// First line after, from 1; with no added lines, the line after which it stands.
    pub new_start: u32,
    /// How many lines were removed.
    pub n_removed: u32,
    /// How many lines were added.
    pub n_added: u32,
    /// The line that opens what is around, as git prints it after the second `@@`, or just a name.
    pub heading: Option<String>,
    /// The removed lines, without their ends. Empty where the text was not read.
    pub removed: Vec<String>,
    /// The added lines, without their ends. Empty where the text was not read.
    pub added: Vec<String>,
}

impl Hunk {
    /// Returns the name of the function or type around, as far as the heading tells.
    pub fn around(&self) -> Option<&str> {
        Some(declaration(self.heading.as_deref()?)?.name)
    }

    /// Returns the name of the function around, where the heading does not open something else.
    pub fn function(&self) -> Option<&str> {
        let declaration = declaration(self.heading.as_deref()?)?;
        let opens_function = declaration.opener.is_none_or(|word| FUNCTIONS.contains(&word));
        opens_function.then_some(declaration.name)
    }
}

/// Words after which a function's name stands.
const FUNCTIONS: [&str; 4] = ["fn", "def", "func", "function"];
/// Words after which another item's name stands.
const ITEMS: [&str; 10] = [
    "class",
    "struct",
    "enum",
    "union",
    "trait",
    "interface",
    "mod",
    "namespace",
    "macro_rules!",
    "impl",
];

/// What a line of source opens.
#[derive(Clone, Copy, Debug)]
struct Declaration<'a> {
    /// The word that says what it is; `None` where the line has none.
    opener: Option<&'a str>,
    name: &'a str,
}

/// Returns the function that a line of source declares with a word for it.
pub(crate) fn declared_function(line: &str) -> Option<&str> {
    // Every changed line is asked, and most of them can be told from far: this is the hot spot of
    // ranking large commits.
    if !["fn", "def", "func"].iter().any(|word| line.contains(word)) {
        return None;
    }
    let declaration = declaration(line)?;
    declaration.opener.filter(|word| FUNCTIONS.contains(word))?;
    Some(declaration.name)
}

/// Reads what a line opens: `pub fn acquire(&self) -> Pooled {`.
fn declaration(line: &str) -> Option<Declaration<'_>> {
    let line = crate::text::cut(line, 400);
    let mut rest = line;
    while let Some((start, end)) = first_name(rest) {
        let (word, tail) = (&rest[start..end], &rest[end..]);
        if FUNCTIONS.contains(&word) || ITEMS.contains(&word) {
            let declared = after_opener(word, tail);
            let (start, end) = first_name(declared)?;
            return Some(Declaration { opener: Some(word), name: &declared[start..end] });
        }
        rest = tail;
    }
    // Without such a word, what is called or defined stands before the first bracket.
    let head = line.split(['(', '{', '=', ':']).next().unwrap_or(line).trim_end();
    let start = head.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
    let name = head.get(start..).filter(|name| !name.is_empty())?;
    Some(Declaration { opener: None, name })
}

/// Skips what may stand between the opening word and the name: receivers, generics, a trait.
fn after_opener<'a>(opener: &str, tail: &'a str) -> &'a str {
    let declared = match opener {
        // `impl Trait for Type` is about the type, Go's `func (m *Map) Add(` about `Add`.
        "impl" => tail.split_once(" for ").map_or(tail, |(_, of)| of),
        "func" if tail.starts_with(" (") => tail.split_once(')').map_or(tail, |(_, after)| after),
        _ => tail,
    };
    match declared.strip_prefix('<') {
        Some(generics) => generics.split_once('>').map_or(generics, |(_, of)| of),
        None => declared,
    }
}

/// Returns where the first name of a text starts and ends.
fn first_name(text: &str) -> Option<(usize, usize)> {
    let start = text.find(is_name)?;
    let len = text[start..].find(|c| !is_name(c)).unwrap_or(text.len() - start);
    Some((start, start + len))
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The last state that is taken for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastGood {
    /// Its commit.
    pub commit: CommitId,
    /// What it is called: a tag, or what the person named.
    pub name: String,
}

/// Lines that one commit last changed, as blame at the deployed commit tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlameRange {
    /// The path at the deployed commit, with `/`.
    pub path: String,
    /// First line at the deployed commit, from 1.
    pub start_line: u32,
    /// How many lines.
    pub n_lines: u32,
    /// The commit that last changed them.
    pub commit: CommitId,
}

/// The commit that ran when the incident happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// Its id; `None` outside a repository or before the first commit.
    pub commit: Option<CommitId>,
    /// How it was found.
    pub how: DeployedHow,
    /// Others that fit as well.
    pub candidates: Vec<CommitId>,
    /// From 0 to 1: how sure.
    pub confidence: f64,
    /// The clone holds it.
    pub present_locally: bool,
}

/// How the deployed commit was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeployedHow {
    /// The person named it.
    Given,
    /// The event named it.
    Event,
    /// A tag matched.
    Tag,
    /// A version in the text matched.
    Version,
    /// It fits the frames best.
    Inferred,
    /// Nothing told: HEAD is assumed, and said.
    Head,
}

impl DeployedHow {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Event => "event",
            Self::Tag => "tag",
            Self::Version => "version",
            Self::Inferred => "inferred",
            Self::Head => "head",
        }
    }
}

/// What the ranking needs from git: asked by [`crate::suspects::wanted_history`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedHistory {
    /// Lines to blame at the deployed commit.
    pub blame: Vec<WantedBlame>,
    /// How many commits to look at, where no bound was given.
    pub max_commits: usize,
}

/// Lines to blame.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedBlame {
    /// The path, with `/`.
    pub path: String,
    /// First line, from 1.
    pub start_line: u32,
    /// Last line, inclusive.
    pub end_line: u32,
}

/// What git answered.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The commit that ran.
    pub deployed: Deployed,
    /// Ancestors of the deployed commit (itself included) within the bounds, newest first.
    pub commits: Arc<[Commit]>,
    /// Blame of the wanted lines. May name commits outside the bounds.
    pub blame: Vec<BlameRange>,
    /// What the commits changed in settings, manifests, migrations and lock files.
    pub config: ConfigChanges,
    /// What was tried and taken back, also before the bounds; newest first.
    pub attempts: Vec<Attempt>,
    /// The state before the first of the commits, where a bound names one.
    pub last_good: Option<LastGood>,
    /// What bounded the list, in words: `since v1.2.0`, `the last 200 commits`.
    pub bounds: String,
    /// There is a lower bound, given or the release before, and no older commit is a candidate.
    pub bounded: bool,
    /// The clone has no older history.
    pub shallow: bool,
}

impl History {
    /// Returns the history with those commits alone; blame stays.
    pub fn only(&self, is_kept: impl Fn(&CommitId) -> bool) -> Self {
        let commits = self.commits.iter().filter(|commit| is_kept(&commit.id)).cloned().collect();
        Self { commits, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
