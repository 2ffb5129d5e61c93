//! What a change of a settings file, a manifest, a migration or a lock file means: typed changes
//! with key, old and new value.
//!
//! Keys are whole paths (`pool.acquire_timeout_ms`), so both texts of a file are needed, not just
//! the changed lines: [`wanted`] says which. Values of keys that hold secrets are never kept.
//! Total: a text that its format cannot read gives what could be read of it.

mod builds;
mod leaves;
mod lines;
mod locks;
mod tree;

use std::collections::BTreeMap;

use crate::history::{Commit, CommitId, FileChange};
use crate::suspects::is_code;
use crate::text;

pub use self::builds::between_builds;
pub use self::locks::is_lock_file;

/// One key that a commit set, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigChange {
    /// The file, with `/`.
    pub path: String,
    /// What kind of thing the key stands for.
    pub kind: ChangeKind,
    /// The whole key, parts joined by `.`: `pool.max_size`, `spec.containers[web].image`. For a
    /// package its name, for a migration the statement's head.
    pub key: String,
    /// The value before; `None` where the key was not there.
    pub old: Option<String>,
    /// The value after; `None` where the key is gone.
    pub new: Option<String>,
    /// The line in the text after, from 1; in the text before where the key is gone.
    pub line: u32,
}

/// What kind of thing a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A value that the program or its platform reads.
    Setting,
    /// A switch: on or off.
    Flag,
    /// A base image or a container's image.
    Image,
    /// A package's resolved version.
    Package,
    /// A statement that changes the schema of a database.
    Schema,
    /// A compiler or another tool that a build ran with.
    Toolchain,
    /// A warning that a build gave.
    Warning,
}

impl ChangeKind {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Flag => "flag",
            Self::Image => "image",
            Self::Package => "package",
            Self::Schema => "schema",
            Self::Toolchain => "toolchain",
            Self::Warning => "warning",
        }
    }
}

impl ConfigChange {
    /// Says the change in words: `pool.max_size: 64 -> 16`.
    pub fn shown(&self) -> String {
        let value = |value: &str| text::cut(value, MAX_SHOWN).to_owned();
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => format!("{}: {} -> {}", self.key, value(old), value(new)),
            (None, Some(new)) if self.kind == ChangeKind::Schema => value(new),
            (None, _) if self.kind == ChangeKind::Warning => format!("new: {}", self.key),
            (_, None) if self.kind == ChangeKind::Warning => format!("gone: {}", self.key),
            (None, Some(new)) => format!("{} set to {}", self.key, value(new)),
            (Some(old), None) => format!("{} removed (was {})", self.key, value(old)),
            (None, None) => self.key.clone(),
        }
    }
}

/// The changes of each commit that has some.
pub type ConfigChanges = BTreeMap<CommitId, Vec<ConfigChange>>;

/// The two texts of a file around one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileStates {
    /// At the commit's first parent; `None` where the file was not there.
    pub before: Option<String>,
    /// At the commit; `None` where the file is gone.
    pub after: Option<String>,
}

/// A file whose two texts are needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedStates {
    /// The commit that changed it.
    pub commit: CommitId,
    /// Its first parent; `None` for a first commit.
    pub parent: Option<CommitId>,
    /// The path after the commit.
    pub path: String,
    /// The path before it.
    pub old_path: String,
}

/// How many characters of a value are shown.
const MAX_SHOWN: usize = 60;
/// How many files' states are asked for: the newest changes'.
const MAX_WANTED: usize = 600;
/// How many settings files of one commit are looked at; a commit of more is an import.
const MAX_FILES_OF_COMMIT: usize = 40;
/// Bytes past which a settings file is taken for data.
const MAX_SETTINGS_BYTES: usize = 512 << 10;
/// How many changes of one file are kept.
const MAX_CHANGES_OF_FILE: usize = 200;
/// Parts of key names whose values are never kept.
const SECRETS: &[&str] =
    &["password", "passwd", "secret", "token", "credential", "api_key", "apikey", "private_key"];
/// What stands for a value that is not kept.
const HIDDEN: &str = "(hidden)";

/// Says which files' texts are needed to tell what `commits`, newest first, changed in settings.
pub fn wanted(commits: &[Commit]) -> Vec<WantedStates> {
    let of_commit = |commit: &Commit| -> Vec<WantedStates> {
        let files = commit.files.iter().filter(|file| is_config(&file.path));
        files
            .take(MAX_FILES_OF_COMMIT)
            .map(|file| WantedStates {
                commit: commit.id.clone(),
                parent: commit.parents.first().cloned(),
                path: file.path.clone(),
                old_path: file.old_path.clone().unwrap_or_else(|| file.path.clone()),
            })
            .collect()
    };
    // An import of everything says nothing about any one key.
    let is_import = |commit: &&Commit| commit.parents.is_empty();
    commits
        .iter()
        .filter(|commit| !is_import(commit))
        .flat_map(of_commit)
        .take(MAX_WANTED)
        .collect()
}

/// Tells the changes between the two texts of one file, by line.
pub fn diff(path: &str, states: &FileStates) -> Vec<ConfigChange> {
    let read = |text: &Option<String>| -> BTreeMap<String, leaves::Leaf> {
        let text =
            text.as_deref().filter(|text| text.len() <= MAX_SETTINGS_BYTES || is_lock_file(path));
        text.map(|text| leaves::read(path, text)).unwrap_or_default()
    };
    let (before, after) = (read(&states.before), read(&states.after));
    let mut changes = Vec::new();
    for (key, leaf) in &after {
        let old = before.get(key);
        if old.is_none_or(|old| old.value != leaf.value) {
            changes.push(change(path, key, old, Some(leaf), leaf.line));
        }
    }
    for (key, leaf) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        changes.push(change(path, key, Some(leaf), None, leaf.line));
    }
    changes.sort_by(|a, b| a.line.cmp(&b.line).then_with(|| a.key.cmp(&b.key)));
    changes.truncate(MAX_CHANGES_OF_FILE);
    changes
}

fn change(
    path: &str,
    key: &str,
    old: Option<&leaves::Leaf>,
    new: Option<&leaves::Leaf>,
    line: u32,
) -> ConfigChange {
    let is_secret = is_secret(key);
    let value = |leaf: &leaves::Leaf| {
        if is_secret { HIDDEN.to_owned() } else { leaf.value.clone() }
    };
    let (old, new) = (old.map(value), new.map(value));
    let kind = kind(path, key, old.as_deref().or(new.as_deref()).unwrap_or_default());
    ConfigChange { path: path.to_owned(), kind, key: key.to_owned(), old, new, line }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    SECRETS.iter().any(|word| key.contains(word))
}

fn kind(path: &str, key: &str, value: &str) -> ChangeKind {
    let last = key.rsplit('.').next().unwrap_or(key);
    let is_switch = matches!(value, "true" | "false" | "on" | "off" | "enabled" | "disabled");
    let lower = path.to_lowercase();
    if is_lock_file(path) {
        ChangeKind::Package
    } else if lower.ends_with(".sql") {
        ChangeKind::Schema
    } else if last == "image" || key.starts_with("FROM") {
        ChangeKind::Image
    } else if is_switch {
        ChangeKind::Flag
    } else {
        ChangeKind::Setting
    }
}

/// Returns the line on which a key's value begins in a text, and the value.
pub fn line_of(path: &str, text: &str, key: &str) -> Option<(u32, String)> {
    let leaf = leaves::read(path, text).remove(key)?;
    Some((leaf.line, leaf.value))
}

/// Says whether a file holds settings of the program, its platform, its data or its packages.
pub fn is_config(path: &str) -> bool {
    if is_lock_file(path) {
        return true;
    }
    if !is_code(path) {
        return false;
    }
    let lower = path.to_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    if is_developers_own(&lower, name) {
        return false;
    }
    leaves::format(path).is_some()
}

/// Says whether a file configures tools of those who write the program, not the program.
fn is_developers_own(lower: &str, name: &str) -> bool {
    let hidden_folder =
        lower.split('/').rev().skip(1).any(|part| part.starts_with('.') && part.len() > 1);
    let tools = [
        "tsconfig",
        "rustfmt.",
        "clippy.",
        ".eslintrc",
        ".prettierrc",
        "renovate.",
        "deny.toml",
        "typos.toml",
        "_typos.toml",
        "biome.json",
        "jest.config",
        "codecov.",
        "dprint.json",
        ".pre-commit-config",
        "lerna.json",
        "nx.json",
        "turbo.json",
        "mkdocs.yml",
        "dependabot",
    ];
    hidden_folder || tools.iter().any(|tool| name.starts_with(tool))
}

/// Returns a file's changes as far as its hunks alone tell: keys without what is around them.
///
/// For where the texts are not at hand. Only lines of the form key and value are read.
pub fn from_hunks(file: &FileChange) -> Vec<ConfigChange> {
    if !is_config(&file.path) || is_lock_file(&file.path) {
        return Vec::new();
    }
    let mut changes = Vec::new();
    for hunk in &file.hunks {
        let read = |lines: &[String], start: u32| lines::pairs(&lines.join("\n"), start);
        let (before, after) =
            (read(&hunk.removed, hunk.old_start), read(&hunk.added, hunk.new_start));
        for (key, leaf) in &after {
            let old = before.get(key).filter(|old| old.value != leaf.value);
            if old.is_some() || !before.contains_key(key) {
                changes.push(change(&file.path, key, old, Some(leaf), leaf.line));
            }
        }
        for (key, leaf) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
            changes.push(change(&file.path, key, Some(leaf), None, leaf.line));
        }
    }
    changes.truncate(MAX_CHANGES_OF_FILE);
    changes
}

#[cfg(test)]
mod tests;
