//! A case on disk: what was pasted, what git knows of the range, what is known to be true.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// One case with everything that its folder holds.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) facts: Facts,
    pub(super) pack: Pack,
    /// The pasted text.
    pub(super) trace: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Facts {
    pub(super) repo: String,
    pub(super) language: String,
    pub(super) range: Range,
    pub(super) frames: Vec<FrameFact>,
    pub(super) truth: Truth,
}

#[derive(Debug, Deserialize)]
pub(super) struct Range {
    pub(super) good: String,
    pub(super) good_sha: String,
    pub(super) bad_sha: String,
    /// How many commits lie between, merge commits left out.
    pub(super) commits: usize,
}

/// A frame of the program itself, crash site first.
#[derive(Debug, Deserialize)]
pub(super) struct FrameFact {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) function: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Truth {
    /// Full object ids; any one counts.
    pub(super) culprits: Vec<String>,
    pub(super) method: String,
    pub(super) buggy: Vec<Buggy>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Buggy {
    pub(super) file: String,
    pub(super) function: Option<String>,
}

/// The history as data.
#[derive(Debug, Deserialize)]
pub(super) struct Pack {
    /// Newest first.
    pub(super) commits: Vec<PackCommit>,
    pub(super) trace_files: BTreeMap<String, TraceFile>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PackCommit {
    pub(super) sha: String,
    pub(super) date: String,
    pub(super) subject: String,
    pub(super) files: Vec<PackFile>,
    pub(super) files_total: Option<usize>,
}

/// `[path, added, removed]`, and hunks where they were kept.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PackFile {
    WithHunks(String, u32, u32, Vec<PackHunk>),
    Plain(String, u32, u32),
}

impl PackFile {
    /// Returns the path after the commit.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::WithHunks(path, ..) | Self::Plain(path, ..) => path,
        }
    }
}

/// `[first new line, lines, function]`.
#[derive(Debug, Deserialize)]
pub(super) struct PackHunk(pub(super) u32, pub(super) u32, pub(super) String);

#[derive(Debug, Deserialize)]
pub(super) struct TraceFile {
    /// `[name, first line, last line]`.
    pub(super) functions: Vec<(String, u32, u32)>,
    /// `[first line, lines, sha]`.
    pub(super) blame: Vec<(u32, u32, String)>,
}

impl Case {
    /// Says whether a (possibly short) id names a commit that introduced the incident.
    pub(super) fn is_culprit(&self, id: &str) -> bool {
        self.facts.truth.culprits.iter().any(|culprit| culprit.starts_with(id))
    }

    /// Says whether somebody named or bisected the culprit, rather than found it by blame.
    pub(super) fn is_stated(&self) -> bool {
        matches!(self.facts.truth.method.as_str(), "stated" | "bisected")
    }

    /// Says whether the fix changed this function of this file.
    pub(super) fn is_buggy(&self, path: &str, function: &str) -> bool {
        self.facts.truth.buggy.iter().any(|buggy| {
            buggy.file == path
                && buggy
                    .function
                    .as_deref()
                    .is_some_and(|name| last_segment(name) == last_segment(function))
        })
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit(['.', ':']).next().unwrap_or(name)
}

/// Reads every case folder below `dir`, sorted by name.
pub(super) fn load_all(dir: &Path) -> anyhow::Result<Vec<Case>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.join("case.json").is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    anyhow::ensure!(!folders.is_empty(), "{} holds no folder with a case.json", dir.display());
    folders.iter().map(|folder| load(folder)).collect()
}

fn load(folder: &Path) -> anyhow::Result<Case> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let parse_error = |name: &str| format!("{} is not as described", folder.join(name).display());
    Ok(Case {
        id: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        facts: serde_json::from_str(&read("case.json")?)
            .with_context(|| parse_error("case.json"))?,
        pack: serde_json::from_str(&read("pack.json")?)
            .with_context(|| parse_error("pack.json"))?,
        trace: read("trace.txt")?,
    })
}
