//! What commands take and return: the only JSON of our own. Documented in `server/docs/lsp-extensions.md`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::lsp_types::{Range, Url};

/// `incident.explain`: exactly one of `text`, `uri` and `url`. A text or a document that is nothing
/// but a link counts as that link.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExplainParams {
    /// The trace or log itself.
    pub(crate) text: Option<String>,
    /// What the person calls the text: shown in problems.
    pub(crate) name: Option<String>,
    /// A document, open or on disk.
    pub(crate) uri: Option<Url>,
    /// The part of the document to read; all of it without.
    pub(crate) range: Option<Range>,
    /// A link: an issue, a thread, a failed run, a page, a text.
    pub(crate) url: Option<String>,
    /// A host that may be asked for the link this time, though no settings name it.
    pub(crate) allow_host: Option<String>,
    /// The workspace folder to hold it against; found by the document's place without.
    pub(crate) workspace: Option<PathBuf>,
    /// The deployed revision.
    pub(crate) deployed: Option<String>,
    /// The last good revision or time.
    pub(crate) since: Option<String>,
}

/// What `incident.explain` returns.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExplainResult {
    /// The first incident; null where there is none.
    pub(crate) incident: Option<Value>,
    /// All of them, as in the JSON report, each with a `place`.
    pub(crate) incidents: Vec<Value>,
    /// More is on its way: diagnostics show it when it is there.
    pub(crate) partial: bool,
    /// One sentence: what was found, or what was read, why nothing fits and what to do.
    pub(crate) message: String,
    /// What could not be done.
    pub(crate) problems: Vec<String>,
}

/// Where an incident shows first.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlaceResult {
    /// The document.
    pub(crate) uri: Url,
    /// The line, from 1.
    pub(crate) line: u32,
}

/// Commands about one incident; without an id the newest one is meant.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IncidentParams {
    /// The incident's id, or the beginning of it.
    #[serde(alias = "incident")]
    pub(crate) id: Option<String>,
}

/// `incident.confirm`: this was the cause.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmParams {
    /// The incident's id, or the beginning of it; the newest one without.
    #[serde(alias = "incident")]
    pub(crate) id: Option<String>,
    /// The hypothesis' number, from 1; the first one without.
    pub(crate) number: Option<u32>,
}

/// `incident.openFix`: the fix of hypothesis `number` (the first one without), the reverse of
/// `commit`, or what is open already on `branch`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenFixParams {
    /// The incident's id, or the beginning of it; the newest one without.
    #[serde(alias = "incident")]
    pub(crate) id: Option<String>,
    /// The hypothesis' number, from 1.
    pub(crate) number: Option<u32>,
    /// The full id of a suspect commit, or of the one that may have mended the incident.
    pub(crate) commit: Option<String>,
    /// A scratch branch.
    pub(crate) branch: Option<String>,
}

/// What `incident.openFix` returns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenFixResult {
    /// The branch.
    pub(crate) branch: String,
    /// The worktree's folder.
    pub(crate) path: PathBuf,
    /// The first file that the fix changes.
    pub(crate) file: Option<PathBuf>,
    /// The client shows it.
    pub(crate) shown: bool,
    /// One sentence.
    pub(crate) message: String,
    /// What the person should know besides.
    pub(crate) notes: Vec<String>,
}

/// `incident.verifyFix`, `incident.signOff`, `incident.fixWorked`, `incident.fixFailed`: which scratch
/// worktree; the newest one without.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScratchParams {
    /// The branch.
    pub(crate) branch: Option<String>,
    /// The incident's id, or the beginning of it.
    #[serde(alias = "incident")]
    pub(crate) id: Option<String>,
    /// The hypothesis' number, from 1.
    pub(crate) number: Option<u32>,
}

/// What `incident.verifyFix` returns at once; `incident.cancelVerify` takes its `job`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobResult {
    /// Names the check while it runs.
    pub(crate) job: u64,
    /// One sentence.
    #[serde(default)]
    pub(crate) message: String,
}

/// What `incident.signOff` returns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignOffResult {
    /// The branch.
    pub(crate) branch: String,
    /// All that it changes against its base, exactly.
    pub(crate) patch: String,
    /// What to type to take it over, one command a line.
    pub(crate) instructions: Vec<String>,
    /// A draft for a pull request, with what was measured.
    pub(crate) pull_request: String,
    /// The page that holds all of this.
    pub(crate) path: PathBuf,
    /// The client shows it.
    pub(crate) shown: bool,
    /// One sentence.
    pub(crate) message: String,
}

/// `incident.cleanScratch`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CleanParams {
    /// Also those in which the person has worked.
    pub(crate) all: bool,
}

/// What `incident.cleanScratch` returns.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CleanResult {
    /// The branches of the worktrees that were removed.
    pub(crate) removed: Vec<String>,
    /// Those that were kept, with the reason.
    pub(crate) kept: Vec<KeptResult>,
    /// One sentence.
    pub(crate) message: String,
}

/// A scratch worktree that was kept.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeptResult {
    /// Its branch.
    pub(crate) branch: String,
    /// Why.
    pub(crate) reason: String,
}

/// `incident.checkApis`: exactly one of `text` and `uri`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckParams {
    /// The text itself.
    pub(crate) text: Option<String>,
    /// An open document.
    pub(crate) uri: Option<Url>,
    /// The part of the document to check; all of it without.
    pub(crate) range: Option<Range>,
    /// The text's language: `rust`, `diff`, `markdown`; told from the text without.
    pub(crate) language: Option<String>,
}

/// What `incident.checkApis` returns: the JSON report of `check`, and a sentence.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckResult {
    /// `schema_version`, `references`, `problems`.
    #[serde(flatten)]
    pub(crate) report: Value,
    /// One sentence.
    pub(crate) message: String,
}

/// `incident.copyPrompt`, `incident.showPrompt`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PromptParams {
    /// The incident's id, or the beginning of it; the newest one without.
    #[serde(alias = "incident")]
    pub(crate) id: Option<String>,
    /// The person's own suspicion.
    pub(crate) focus: Option<String>,
}

/// `incident.checkSuggestion`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuggestionParams {
    /// The incident's id, or the beginning of it; the newest one without.
    #[serde(alias = "incident")]
    pub(crate) id: Option<String>,
    /// The advice.
    pub(crate) text: String,
}

/// What `incident.checkSuggestion` returns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuggestionResult {
    /// One for each sentence, in order.
    pub(crate) judgements: Vec<JudgementResult>,
    /// One for each piece of code, in order.
    pub(crate) fixes: Vec<SuggestedFix>,
    /// Names, commands and codes in it, as the check reports them.
    pub(crate) references: Value,
    /// One sentence.
    pub(crate) message: String,
}

/// One sentence of advice with its mark.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JudgementResult {
    /// From 1.
    pub(crate) line: usize,
    /// The sentence.
    pub(crate) text: String,
    /// `holds`, `not_in_evidence`, `contradicted`, `generic` or `hostile`.
    pub(crate) mark: &'static str,
    /// Why, in words.
    pub(crate) why: String,
}

/// One piece of code of advice.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuggestedFix {
    /// From 1.
    pub(crate) line: usize,
    /// What it does.
    pub(crate) summary: Option<String>,
    /// A unified diff against the tree of now.
    pub(crate) patch: Option<String>,
    /// Why it has no place.
    pub(crate) reason: Option<String>,
}

/// What commands about one incident return.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IncidentResult {
    /// The ids of the incidents that were meant.
    pub(crate) incidents: Vec<String>,
    /// One sentence.
    pub(crate) message: String,
}

/// What `incident.list` returns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListResult {
    /// Newest first.
    pub(crate) incidents: Vec<ListedIncident>,
    /// One sentence.
    pub(crate) message: String,
}

/// One line of `incident.list`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedIncident {
    /// Its id.
    pub(crate) id: String,
    /// Its title.
    pub(crate) title: String,
    /// The workspace folder that it was held against.
    pub(crate) root: PathBuf,
    /// Where it shows first.
    pub(crate) place: Option<PlaceResult>,
    /// How many hypotheses hold.
    pub(crate) n_hypotheses: usize,
    /// It was put aside.
    pub(crate) dismissed: bool,
}

/// What `incident.status` returns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusResult {
    /// The server's version.
    pub(crate) version: &'static str,
    /// The workspace's folders.
    pub(crate) roots: Vec<PathBuf>,
    /// Which of them are trusted: there cargo and configured commands may run.
    pub(crate) trusted: Vec<PathBuf>,
    /// How columns are counted in this session.
    pub(crate) position_encoding: String,
    /// How many incidents show.
    pub(crate) n_incidents: usize,
    /// How many were put aside.
    pub(crate) n_dismissed: usize,
    /// How many documents are open.
    pub(crate) n_documents: usize,
    /// How many jobs run or wait.
    pub(crate) n_jobs: usize,
    /// Every command of this server.
    pub(crate) commands: Vec<CommandRow>,
    /// The same in words.
    pub(crate) message: String,
}

/// One command, under each of its names.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommandRow {
    /// Its id in `workspace/executeCommand`.
    pub(crate) id: &'static str,
    /// Its title in a command palette, after `Incident: `.
    pub(crate) palette_title: &'static str,
    /// Its verb after `:Incident`.
    pub(crate) verb: &'static str,
    /// What does the same on the command line.
    pub(crate) cli_verb: Option<&'static str>,
}

/// What `incident.report`, `incident.copySummary` and the prompts return.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TextResult {
    /// The text.
    pub(crate) text: String,
    /// The file that holds it, where there is one.
    pub(crate) path: Option<PathBuf>,
    /// The client showed it.
    pub(crate) shown: bool,
    /// One sentence.
    pub(crate) message: String,
}

/// `initializationOptions`; every field may be left out.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct InitOptions {
    /// The editor's workspace trust; without it the user's own list of trusted folders counts.
    pub(crate) workspace_trusted: Option<bool>,
    /// A question with buttons does not keep the person from typing on.
    pub(crate) message_buttons: bool,
}
