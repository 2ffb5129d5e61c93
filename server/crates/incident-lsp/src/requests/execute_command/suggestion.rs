//! `incident.copyPrompt`, `incident.showPrompt` and `incident.checkSuggestion`: bring your own chat.

use incident_core::guard::suggestion::{self, Mark};
use incident_core::neutral;
use incident_core::prompt::{self, Prompt, PromptInput};
use incident_core::{error_codes, report};
use incident_host::checking::{CheckOptions, check_text};
use incident_host::model::seed;
use incident_host::store::Store;
use incident_host::workspace::Workspace;
use tower_lsp::jsonrpc::{Error, Result};

use super::blocking;
use super::incidents::find;
use crate::lsp::ext::{
    JudgementResult, PromptParams, SuggestedFix, SuggestionParams, SuggestionResult, TextResult,
};
use crate::server::Server;
use crate::state::Entry;

/// How many tokens a prompt for an unknown chat may take.
const MAX_TOKENS: usize = 16_000;

/// Returns the prompt of one incident; `shows` also writes it to a file of ours and shows it.
pub(super) async fn prompt(
    server: &Server,
    params: PromptParams,
    shows: bool,
) -> Result<TextResult> {
    let snapshot = server.state.snapshot();
    let entry = find(&snapshot.board, params.id.as_deref())?.clone();
    let made = blocking(move || {
        let workspace = snapshot.workspace(&entry.root);
        let prompt = prompt_of(&entry, &workspace, params.focus.as_deref());
        let text = prompt.text();
        let path = workspace.folders().filter(|_| shows).and_then(|folders| {
            Store::open(folders, workspace.root()).put_report(entry.id(), &text).ok()
        });
        (prompt, text, path)
    });
    let (prompt, text, path) = made.await.ok_or_else(Error::internal_error)?;
    let shown = path.as_deref().is_some_and(|path| server.show(path));
    let left_out = match prompt.left_out.len() {
        0 => String::new(),
        n => format!("; {n} pieces were left out for length"),
    };
    let hash = prompt.hash.get(..12).unwrap_or_default();
    let n_tokens = prompt.n_tokens;
    let message =
        format!("The prompt {hash} has about {n_tokens} tokens, secrets taken out{left_out}.");
    Ok(TextResult { text, path, shown, message })
}

fn prompt_of(entry: &Entry, workspace: &Workspace, focus: Option<&str>) -> Prompt {
    prompt::build(&PromptInput {
        evidence: entry.explanation.evidence(&entry.explained.incident),
        focus,
        tried: &[],
        versions: &[],
        seed: &seed(workspace.folders()),
        max_tokens: MAX_TOKENS,
    })
}

/// Holds advice against one incident, and its names against the resolved versions.
pub(super) async fn check(server: &Server, params: SuggestionParams) -> Result<SuggestionResult> {
    let snapshot = server.state.snapshot();
    let entry = find(&snapshot.board, params.id.as_deref())?.clone();
    let id = server.engine.new_job_id();
    let checked = server.engine.run(id, "Checking the suggestion".to_owned(), move |cancel| {
        let workspace = snapshot.workspace(&entry.root);
        // What a chat answers to our prompt speaks of stand-ins.
        let prompt = prompt_of(&entry, &workspace, None);
        let text = prompt.redactor.restore(&params.text);
        let evidence = entry.explanation.evidence(&entry.explained.incident);
        let suggestion = suggestion::check(&text, &evidence);
        let options = CheckOptions { language: Some("markdown".to_owned()), file: None };
        let (mut references, problems) = check_text(&workspace, &text, &options, cancel);
        references.extend(error_codes::references(&text));
        (suggestion, report::json::Check::new(&references, &problems))
    });
    let (suggestion, report) = checked.await.ok_or_else(Error::internal_error)?;
    let message = message(&suggestion);
    server.tell(&message);
    let report = serde_json::to_value(report).map_err(|_| Error::internal_error())?;
    let judgements = suggestion.judgements.into_iter().map(|it| JudgementResult {
        line: it.line,
        text: it.text,
        mark: it.mark.as_str(),
        why: it.why,
    });
    let fixes = suggestion.fixes.into_iter().map(|it| match it.fix {
        Ok(fix) => SuggestedFix {
            line: it.line,
            summary: Some(fix.summary),
            patch: Some(fix.patch),
            reason: None,
        },
        Err(reason) => {
            SuggestedFix { line: it.line, summary: None, patch: None, reason: Some(reason) }
        }
    });
    Ok(SuggestionResult {
        judgements: judgements.collect(),
        fixes: fixes.collect(),
        references: report["references"].clone(),
        message,
    })
}

/// Says how the sentences fared, the worst first.
fn message(suggestion: &suggestion::Suggestion) -> String {
    let count = |mark: Mark| suggestion.judgements.iter().filter(|it| it.mark == mark).count();
    let counts = [
        (Mark::Contradicted, "contradicted"),
        (Mark::Hostile, "written like an instruction to a tool"),
        (Mark::NotInEvidence, "not in the evidence"),
        (Mark::Generic, "true of any incident"),
        (Mark::Holds, "held by the evidence"),
    ];
    let told: Vec<String> = counts
        .iter()
        .filter_map(|(mark, words)| match count(*mark) {
            0 => None,
            n => Some(format!("{n} {words}")),
        })
        .collect();
    let n_placed = suggestion.fixes.iter().filter(|it| it.fix.is_ok()).count();
    let fixes = match (suggestion.fixes.len(), n_placed) {
        (0, _) => String::new(),
        (n, placed) => format!(" Of {n} pieces of code {placed} fit the tree of now."),
    };
    let said = match told.is_empty() {
        true => "The suggestion holds no sentence that could be judged.".to_owned(),
        false => format!("Of its sentences: {}.", told.join(", ")),
    };
    neutral::one_line(&format!("{said}{fixes}")).into_owned()
}
