//! The cases of the API corpus, one JSON object a line.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// One suggested snippet with the truth of its references.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) manifest: String,
    pub(crate) snippet: String,
    /// The compiler takes the whole snippet.
    pub(crate) valid: bool,
    #[serde(default)]
    pub(crate) refs: Vec<Label>,
}

/// One reference of a snippet with its truth.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Label {
    #[serde(rename = "ref")]
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) line: u32,
    pub(crate) col: u32,
    pub(crate) truth: String,
}

/// Loads the cases of all `*.jsonl` files in `dir`, by file.
pub(crate) fn load_all(dir: &Path) -> anyhow::Result<Vec<(String, Vec<Case>)>> {
    let mut sets = Vec::new();
    let entries = std::fs::read_dir(dir).with_context(|| format!("{}", dir.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "jsonl") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path)?;
        let cases = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(serde_json::from_str)
            .collect::<Result<Vec<Case>, _>>()
            .with_context(|| format!("{}", path.display()))?;
        sets.push((name, cases));
    }
    sets.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(sets)
}
