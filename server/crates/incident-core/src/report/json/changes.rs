//! The JSON of `changes`.

use serde::{Deserialize, Serialize};

use super::from_explanation::{mitigation, ranked, tried_before};
use super::{
    Deployed, Mitigation, Problem, SCHEMA_VERSION, SuspectCommits, TriedBefore, suspect_commits,
};
use crate::present::words;
use crate::{changes, config_changes, history};

/// What `changes --format json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// Always 1.
    pub schema_version: u32,
    /// The commit that ran; null outside a repository.
    pub deployed: Option<Deployed>,
    /// What bounds the list, in words.
    pub bounds: String,
    /// Newest first.
    pub commits: Vec<ChangedCommit>,
    /// The commits held against the inputs; null where none was given.
    pub suspect_commits: Option<SuspectCommits>,
    /// What to do first about the first suspect.
    pub mitigations: Vec<Mitigation>,
    /// What was tried before and taken back.
    pub tried_before: Vec<TriedBefore>,
    /// What differs between the two files of `--changed`, and between two builds.
    pub compared: Vec<ChangedSetting>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedCommit {
    /// Its id.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// When it was written.
    pub author_time: Option<String>,
    /// How many files it changed.
    pub files: u64,
    /// What it changed in settings, manifests, migrations and lock files.
    pub settings: Vec<ChangedSetting>,
}

/// One changed key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedSetting {
    /// The file.
    pub path: String,
    /// `setting`, `flag`, `image`, `package`, `schema`, `toolchain` or `warning`.
    pub kind: String,
    /// The whole key.
    pub key: String,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// The line after, from 1; before, where the key is gone.
    pub line: u32,
}

impl Changes {
    /// Returns the document for one list of changes.
    pub fn new(changes: &changes::Changes) -> Self {
        let suspects = changes.suspects.as_ref();
        Self {
            schema_version: SCHEMA_VERSION,
            deployed: changes.deployed.as_ref().map(super::deployed),
            bounds: changes.bounds.clone(),
            commits: changes.commits.iter().map(|it| ChangedCommit::new(it, changes)).collect(),
            suspect_commits: changes.suspects.as_ref().map(suspect_commits),
            mitigations: suspects.map_or_else(Vec::new, |it| ranked(&it.mitigations, mitigation)),
            tried_before: suspects
                .map_or_else(Vec::new, |it| it.tried_before.iter().map(tried_before).collect()),
            compared: changes.compared.iter().map(ChangedSetting::from).collect(),
            problems: changes.problems.iter().map(Problem::from).collect(),
        }
    }
}

impl ChangedCommit {
    fn new(commit: &history::Commit, changes: &changes::Changes) -> Self {
        let settings = changes.config.get(&commit.id).into_iter().flatten();
        Self {
            commit: commit.id.0.clone(),
            subject: commit.subject.clone(),
            author_time: words::rfc3339(commit.author_time),
            files: commit.n_files as u64,
            settings: settings.map(ChangedSetting::from).collect(),
        }
    }
}

impl From<&config_changes::ConfigChange> for ChangedSetting {
    fn from(change: &config_changes::ConfigChange) -> Self {
        Self {
            path: change.path.clone(),
            kind: change.kind.as_str().to_owned(),
            key: change.key.clone(),
            old: change.old.clone(),
            new: change.new.clone(),
            line: change.line,
        }
    }
}
