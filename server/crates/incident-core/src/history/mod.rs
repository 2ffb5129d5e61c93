//! What changed, when and where: commits, hunks and blame as plain values.
//!
//! The host reads them from git; nothing here does. People's names are left out on purpose: a
//! suspect is a change, not a person.

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
        name_in_heading(self.heading.as_deref()?)
    }
}

/// Words after which a heading names what it opens.
const OPENERS: [&str; 14] = [
    "fn",
    "def",
    "func",
    "function",
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

/// Takes the declared name out of a hunk heading: `pub fn acquire(&self) -> Pooled {`.
pub(crate) fn name_in_heading(heading: &str) -> Option<&str> {
    let heading = crate::text::cut(heading, 400);
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let first_name = |text: &'_ str| -> Option<(usize, usize)> {
        let start = text.find(is_name)?;
        let len = text[start..].find(|c| !is_name(c)).unwrap_or(text.len() - start);
        Some((start, start + len))
    };
    let mut rest = heading;
    while let Some((start, end)) = first_name(rest) {
        let word = &rest[start..end];
        let tail = &rest[end..];
        if OPENERS.contains(&word) {
            // `impl Trait for Type` is about the type, Go's `func (m *Map) Add(` about `Add`.
            let declared = match word {
                "impl" => tail.split_once(" for ").map_or(tail, |(_, of)| of),
                "func" if tail.starts_with(" (") => tail.split_once(')').map_or(tail, |(_, t)| t),
                _ => tail,
            };
            let declared = match declared.strip_prefix('<') {
                Some(generics) => generics.split_once('>').map_or(generics, |(_, of)| of),
                None => declared,
            };
            return first_name(declared).map(|(start, end)| &declared[start..end]);
        }
        rest = tail;
    }
    // Without a keyword, what is called or defined stands before the first bracket.
    let head = heading.split(['(', '{', '=', ':']).next().unwrap_or(heading).trim_end();
    let start = head.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
    head.get(start..).filter(|name| !name.is_empty())
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
    pub commits: Vec<Commit>,
    /// Blame of the wanted lines. May name commits outside the bounds.
    pub blame: Vec<BlameRange>,
    /// What bounded the list, in words: `since v1.2.0`, `the last 200 commits`.
    pub bounds: String,
    /// The person gave the lower bound, so a commit older than it is not a candidate.
    pub bounded: bool,
    /// The clone has no older history.
    pub shallow: bool,
}

#[cfg(test)]
mod tests;
