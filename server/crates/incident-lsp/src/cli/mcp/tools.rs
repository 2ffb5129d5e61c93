//! The tools: what each takes, and the JSON that it gives.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::problem::Problem;
use incident_core::report::json;
use incident_host::checking::{CheckOptions, check_text};
use incident_host::input;
use incident_host::logs::{self, LogOptions};
use incident_host::pipeline::{self, ExplainOptions};
use incident_host::workspace::Workspace;
use rmcp::model::{self, ToolAnnotations};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Where the server works.
#[derive(Debug)]
pub(super) struct Place {
    /// The source tree.
    pub(super) root: PathBuf,
    /// Below these files may be read; canonical.
    pub(super) folders: Vec<PathBuf>,
}

/// One tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Explain,
    Suspects,
    Logs,
    Check,
}

/// What a tool found.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// As on the command line with `--format json`.
    pub(super) value: Value,
    /// Where in it stands text that others wrote: JSON pointers, `*` for every item of a list.
    pub(super) tainted: &'static [&'static str],
}

/// `explain`, `suspects`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ExplainInput {
    text: Option<String>,
    files: Vec<String>,
    deployed: Option<String>,
    since: Option<String>,
}

/// `logs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LogsInput {
    text: Option<String>,
    files: Vec<String>,
    deploy_at: Option<String>,
    severe_only: bool,
}

/// `check`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CheckInput {
    code: String,
    language: Option<String>,
    file: Option<String>,
}

const TAINTED_EXPLAIN: &[&str] = &[
    "/incidents/*/title",
    "/incidents/*/traces/*/thread",
    "/incidents/*/traces/*/causes/*/message",
    "/incidents/*/traces/*/frames/*/function",
    "/incidents/*/traces/*/frames/*/file",
    "/incidents/*/suspect_commits/ranked/*/subject",
    "/incidents/*/hypotheses/*/evidence/*/quote",
    "/incidents/*/runbooks/*",
    "/timeline/*/what",
    "/problems/*/message",
];
const TAINTED_SUSPECTS: &[&str] =
    &["/incidents/*/title", "/incidents/*/suspect_commits/ranked/*/subject", "/problems/*/message"];
const TAINTED_LOGS: &[&str] = &["/groups/*/template", "/groups/*/sample", "/problems/*/message"];
const TAINTED_CHECK: &[&str] = &["/references/*/api", "/problems/*/message"];

/// Members of an incident that answer who and where.
const OF_SUSPECTS: &[&str] = &[
    "id",
    "title",
    "kind",
    "cause_class",
    "already_fixed",
    "deployed",
    "suspect_spans",
    "suspect_commits",
];

impl Tool {
    pub(super) const ALL: [Self; 4] = [Self::Explain, Self::Suspects, Self::Logs, Self::Check];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Explain => "explain",
            Self::Suspects => "suspects",
            Self::Logs => "logs",
            Self::Check => "check",
        }
    }

    /// Returns the tool as a client lists it.
    pub(super) fn description(self) -> model::Tool {
        let (title, words) = match self {
            Self::Explain => (
                "Explain an incident",
                "Ties a stack trace, a log or both to the source tree: where it failed in the code \
                 of now, which commits are suspects, which causes are likely and with what \
                 evidence. Give the trace as `text` or as `files`.",
            ),
            Self::Suspects => (
                "Suspect commits and places",
                "The part of `explain` that names commits and places, best first, or says why \
                 none is named.",
            ),
            Self::Logs => (
                "Group a log",
                "Groups a log's records by the statement that printed them, what is new or more \
                 frequent since the deploy first.",
            ),
            Self::Check => (
                "Check names against the lock file",
                "Holds every API, package, version and command-line flag in `code` against the \
                 versions that the lock file resolves: exists, missing, wrong_arity, unknown, ... \
                 Call it before you write code for a fix.",
            ),
        };
        let annotations =
            ToolAnnotations::with_title(title).read_only(true).idempotent(true).open_world(false);
        model::Tool::new(self.name(), words, self.schema()).with_annotations(annotations)
    }

    fn schema(self) -> Arc<model::JsonObject> {
        let text = |words: &str| serde_json::json!({ "type": "string", "description": words });
        let files = serde_json::json!({ "type": "array", "items": { "type": "string" },
            "description": "files below the workspace, by path" });
        let properties = match self {
            Self::Explain | Self::Suspects => serde_json::json!({
                "text": text("the trace or log itself"),
                "files": files,
                "deployed": text("the commit, tag or branch that ran"),
                "since": text("the last good revision or time: older commits are no suspects"),
            }),
            Self::Logs => serde_json::json!({
                "text": text("the log itself"),
                "files": files,
                "deploy_at": text("when the change went out: RFC 3339 or HH:MM; for files"),
                "severe_only": { "type": "boolean", "description": "warnings and worse alone; for files" },
            }),
            Self::Check => serde_json::json!({
                "code": text("a snippet, a whole file or a unified diff"),
                "language": text("rust, javascript, typescript, python, shell, diff or markdown; told from the text without"),
                "file": text("where the code stands or will stand, relative to the workspace"),
            }),
        };
        let required: &[&str] = if self == Self::Check { &["code"] } else { &[] };
        let schema = serde_json::json!({ "type": "object", "properties": properties,
            "required": required, "additionalProperties": false });
        Arc::new(schema.as_object().cloned().unwrap_or_default())
    }

    /// Runs the tool; an error is a sentence for the agent.
    pub(super) fn call(
        self,
        arguments: Value,
        place: &Place,
        cancel: &Cancel,
    ) -> Result<Answer, String> {
        match self {
            Self::Explain => explain(read(arguments)?, place, cancel),
            Self::Suspects => {
                let Answer { value, .. } = explain(read(arguments)?, place, cancel)?;
                Ok(Answer { value: only_suspects(value), tainted: TAINTED_SUSPECTS })
            }
            Self::Logs => group(read(arguments)?, place, cancel),
            Self::Check => check(read(arguments)?, place, cancel),
        }
    }
}

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, String> {
    serde_json::from_value(arguments).map_err(|err| format!("the arguments do not fit: {err}"))
}

fn explain(asked: ExplainInput, place: &Place, cancel: &Cancel) -> Result<Answer, String> {
    let ExplainInput { text, files, deployed, since } = asked;
    let (inputs, problems) = inputs(text, &files, place)?;
    let options = ExplainOptions { deployed, since, ..ExplainOptions::default() };
    let workspace = Workspace::open(&place.root);
    let mut explanation = pipeline::explain(inputs, &workspace, &options, cancel, &mut |_| {});
    explanation.problems.splice(0..0, problems);
    Ok(Answer { value: value(&json::explain(&explanation))?, tainted: TAINTED_EXPLAIN })
}

fn only_suspects(mut report: Value) -> Value {
    let incidents = report.get_mut("incidents").and_then(Value::as_array_mut);
    for incident in incidents.into_iter().flatten() {
        if let Value::Object(members) = incident {
            members.retain(|name, _| OF_SUSPECTS.contains(&name.as_str()));
        }
    }
    if let Value::Object(members) = &mut report {
        members.remove("timeline");
    }
    report
}

fn group(asked: LogsInput, place: &Place, cancel: &Cancel) -> Result<Answer, String> {
    let LogsInput { text, files, deploy_at, severe_only } = asked;
    let tallied = match text {
        Some(text) if files.is_empty() => {
            let (input, _) = input::from_bytes("text", text.into_bytes());
            logs::group(&[input], &[], None, cancel)
        }
        None if !files.is_empty() => {
            let paths = files.iter().map(|file| readable(file, place));
            let paths = paths.map(|path| path.map(|it| it.to_string_lossy().into_owned()));
            let paths = paths.collect::<Result<Vec<_>, _>>()?;
            let options = LogOptions { deploy_at, severe_only, ..LogOptions::default() };
            logs::read(&paths, &options, cancel)
        }
        _ => return Err("give the log either as `text` or as `files`".to_owned()),
    };
    let report = json::Logs::new(&tallied.report, &tallied.problems);
    Ok(Answer { value: value(&report)?, tainted: TAINTED_LOGS })
}

fn check(asked: CheckInput, place: &Place, cancel: &Cancel) -> Result<Answer, String> {
    let CheckInput { code, language, file } = asked;
    let workspace = Workspace::open(&place.root);
    let options = CheckOptions { language, file };
    let (references, problems) = check_text(&workspace, &code, &options, cancel);
    Ok(Answer { value: value(&json::Check::new(&references, &problems))?, tainted: TAINTED_CHECK })
}

fn value(report: &impl serde::Serialize) -> Result<Value, String> {
    serde_json::to_value(report).map_err(|err| format!("the answer can't be written: {err}"))
}

fn inputs(
    text: Option<String>,
    files: &[String],
    place: &Place,
) -> Result<(Vec<RawInput>, Vec<Problem>), String> {
    let (mut inputs, mut problems) = (Vec::new(), Vec::new());
    if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
        let (input, found) = input::from_bytes("text", text.into_bytes());
        inputs.push(input);
        problems.extend(found);
    }
    for file in files {
        let (input, found) =
            input::load_file(&readable(file, place)?).map_err(|err| err.to_string())?;
        inputs.push(RawInput { name: file.clone(), ..input });
        problems.extend(found);
    }
    if inputs.is_empty() {
        return Err("nothing to read: give the trace as `text` or name `files`".to_owned());
    }
    Ok((inputs, problems))
}

/// Returns the real path of a file that may be read: an agent asks for what it was told to ask for.
fn readable(file: &str, place: &Place) -> Result<PathBuf, String> {
    let path = place.root.join(file);
    let real = path.canonicalize().map_err(|err| format!("{file} could not be read: {err}"))?;
    let is_below = |folder: &PathBuf| real.starts_with(folder as &Path);
    if !place.folders.iter().any(is_below) {
        return Err(format!(
            "{file} lies outside the workspace: start the server with --allow-dir for its folder, \
             or give the text itself"
        ));
    }
    Ok(real)
}
