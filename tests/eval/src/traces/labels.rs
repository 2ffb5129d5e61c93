//! The labels of the trace corpus that speak of resolved places.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

/// One case: the pasted text and what should be made of it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) facts: Facts,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Facts {
    pub(crate) expected: Expected,
}

/// What other languages' cases have besides is not read here.
#[derive(Debug, Deserialize)]
pub(crate) struct Expected {
    #[serde(default)]
    pub(crate) panic_location: Option<Location>,
    #[serde(default)]
    pub(crate) frames: Vec<FrameLabel>,
    #[serde(default)]
    pub(crate) resolved: Vec<ResolvedLabel>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Location {
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FrameLabel {
    pub(crate) function: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
}

/// A place that was checked in the published source.
#[derive(Debug, Deserialize)]
pub(crate) struct ResolvedLabel {
    pub(crate) frame: Which,
    /// The n-th place of the frame, from 0.
    #[serde(default)]
    pub(crate) location: usize,
    #[serde(rename = "crate")]
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) path: String,
    pub(crate) line: Option<u32>,
    pub(crate) item: Option<ItemLabel>,
}

/// The place in the text that a label speaks of.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Which {
    /// A position in the list of frames, from 0.
    Frame(usize),
    /// `panic` or `log-line`.
    Named(String),
}

/// The innermost named function around a line.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ItemLabel {
    pub(crate) name: String,
    pub(crate) first_line: u32,
    pub(crate) last_line: u32,
    #[serde(default)]
    pub(crate) container: Option<String>,
    #[serde(default)]
    pub(crate) inside_macro: bool,
}

/// Loads the cases of a folder by name.
pub(crate) fn load_all(dir: &Path) -> anyhow::Result<Vec<Case>> {
    folders(dir)?
        .iter()
        .map(|folder| {
            let facts: Facts = read_json(&folder.join("case.json"))?;
            let text = std::fs::read(folder.join("trace.txt"))
                .with_context(|| format!("cannot read {}", folder.display()))?;
            let text = String::from_utf8_lossy(&text).into_owned();
            Ok(Case { id: name_of(folder), text, facts })
        })
        .collect()
}

/// Returns the folders with a case in `dir`, by name.
pub(crate) fn folders(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.join("case.json").is_file())
        .collect();
    folders.sort();
    Ok(folders)
}

/// Reads one JSON file.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
}

/// Returns a folder's own name.
pub(crate) fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
