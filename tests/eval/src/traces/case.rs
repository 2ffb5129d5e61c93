//! One case of the trace corpus: `trace.txt` and `case.json`.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// A pasted trace and what should be made of it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) text: String,
    pub(super) label: Label,
}

/// The content of `case.json`, as far as it is scored here.
#[derive(Debug, Deserialize)]
pub(super) struct Label {
    pub(super) id: String,
    pub(super) language: String,
    #[serde(default)]
    pub(super) styles: Vec<String>,
    pub(super) expected: serde_json::Value,
}

/// `expected` of a Rust case.
#[derive(Debug, Deserialize)]
pub(super) struct Expected {
    pub(super) exception_type: String,
    pub(super) message: Option<String>,
    pub(super) thread: Option<String>,
    pub(super) panic_location: Option<ExpectedPlace>,
    #[serde(default)]
    pub(super) causes: Vec<ExpectedCause>,
    #[serde(default)]
    pub(super) frames: Vec<ExpectedFrame>,
    pub(super) top_app_frame: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct ExpectedPlace {
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ExpectedCause {
    pub(super) message: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ExpectedFrame {
    pub(super) index: Option<u32>,
    pub(super) function: Option<String>,
    #[serde(flatten)]
    pub(super) place: ExpectedPlace,
    pub(super) kind: String,
    #[serde(default)]
    pub(super) noise: bool,
    #[serde(default)]
    pub(super) more_locations: Vec<ExpectedPlace>,
}

/// Loads every case below `dir` whose language is `language`, by id.
pub(super) fn load_all(dir: &Path, language: &str) -> anyhow::Result<Vec<Case>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut cases = Vec::new();
    for entry in entries {
        let folder = entry?.path();
        let label_path = folder.join("case.json");
        if !label_path.is_file() {
            continue;
        }
        let label = fs::read_to_string(&label_path)
            .with_context(|| format!("cannot read {}", label_path.display()))?;
        let label: Label = serde_json::from_str(&label)
            .with_context(|| format!("{} is not a case", label_path.display()))?;
        if label.language != language {
            continue;
        }
        let text_path = folder.join("trace.txt");
        let bytes =
            fs::read(&text_path).with_context(|| format!("cannot read {}", text_path.display()))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        cases.push(Case { text, label });
    }
    anyhow::ensure!(!cases.is_empty(), "no {language} case below {}", dir.display());
    cases.sort_by(|a, b| a.label.id.cmp(&b.label.id));
    Ok(cases)
}
