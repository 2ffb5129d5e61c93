//! From our values to the client's words.

use std::collections::HashMap;

use incident_core::present::{self, ActionKind, Code, DiagnosticSeverity};
use serde_json::json;
use tower_lsp::lsp_types::{
    CodeAction, CodeActionKind, CodeDescription, Command as LspCommand, Diagnostic,
    DiagnosticRelatedInformation, DiagnosticSeverity as LspSeverity, Hover, HoverContents,
    Location, MarkupContent, MarkupKind, NumberOrString, Range, TextEdit, WorkspaceEdit,
};

use super::capabilities::Capabilities;
use super::commands::Command;
use super::ext::PlaceResult;
use crate::state::{Entry, Mark, Scratch, TrackedRange};

/// The source of every diagnostic of ours.
const SOURCE: &str = "incident";

/// Returns a place as the document is now.
pub(crate) fn location(place: &TrackedRange) -> Location {
    Location::new(place.uri.clone(), place.range)
}

/// Returns where an incident shows first: at its crash, where that was found.
pub(crate) fn place(entry: &Entry) -> Option<PlaceResult> {
    let is_crash = |mark: &&Mark| mark.diagnostic.code == Code::CrashSite;
    let mark = entry.marks.iter().find(is_crash).or_else(|| entry.marks.first())?;
    let line = mark.place.range.start.line.saturating_add(1);
    Some(PlaceResult { uri: mark.place.uri.clone(), line })
}

/// Returns what is published for a mark.
pub(crate) fn diagnostic(mark: &Mark, client: &Capabilities) -> Diagnostic {
    let shown = &mark.diagnostic;
    let related: Vec<DiagnosticRelatedInformation> = mark
        .related
        .iter()
        .map(|(place, message)| DiagnosticRelatedInformation {
            location: location(place),
            message: message.clone(),
        })
        .collect();
    Diagnostic {
        range: mark.place.range,
        severity: Some(match shown.severity {
            DiagnosticSeverity::Warning => LspSeverity::WARNING,
            DiagnosticSeverity::Information => LspSeverity::INFORMATION,
            DiagnosticSeverity::Hint => LspSeverity::HINT,
        }),
        code: Some(NumberOrString::String(shown.code.as_str().to_owned())),
        code_description: mark
            .page
            .clone()
            .filter(|_| client.code_description)
            .map(|href| CodeDescription { href }),
        source: Some(SOURCE.to_owned()),
        message: shown.message.clone(),
        related_information: (client.related_information && !related.is_empty()).then_some(related),
        tags: None,
        data: client
            .diagnostic_data
            .then(|| json!({ "incident": shown.incident, "hypothesis": shown.hypothesis })),
    }
}

/// Returns the hover over some marks, one below the other.
pub(crate) fn hover(marks: &[&Mark], range: Range, client: &Capabilities) -> Hover {
    let value = marks
        .iter()
        .map(|mark| mark.diagnostic.hover.as_str())
        .collect::<Vec<&str>>()
        .join("\n\n---\n\n");
    markdown_hover(value, range, client)
}

/// Returns a hover with a text of ours.
pub(crate) fn markdown_hover(value: String, range: Range, client: &Capabilities) -> Hover {
    let kind = if client.hover_markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    Hover { contents: HoverContents::Markup(MarkupContent { kind, value }), range: Some(range) }
}

/// Returns a code action of an incident, its command left out where the client asks for it later.
pub(crate) fn code_action(
    action: &present::Action,
    incident: &str,
    client: &Capabilities,
) -> CodeAction {
    running(command(action, incident), action_kind(&action.kind), client)
}

/// Returns edits that put a real name in the place of a mark, the nearest first.
pub(crate) fn name_actions(mark: &Mark) -> Vec<CodeAction> {
    let action = |name: &String| CodeAction {
        title: format!("Use `{name}`"),
        kind: Some(CodeActionKind::from(NAME_KIND.to_owned())),
        edit: Some(WorkspaceEdit::new(HashMap::from([(
            mark.place.uri.clone(),
            vec![TextEdit::new(mark.place.range, name.clone())],
        )]))),
        ..CodeAction::default()
    };
    mark.names.iter().map(action).collect()
}

/// Returns what can be done with a fix that is open, in the order to show it.
pub(crate) fn scratch_actions(scratch: &Scratch, client: &Capabilities) -> Vec<CodeAction> {
    let branch = &scratch.worktree.branch;
    let offered = [
        (Command::VerifyFix, format!("Verify the fix on {branch}, before and after")),
        (Command::SignOff, format!("Show the change on {branch} and how to take it over")),
        (Command::FixWorked, format!("This fixed it: {branch}")),
        (Command::FixFailed, format!("This did not fix it: {branch}")),
    ];
    let action = |(command, title): (Command, String)| {
        let arguments = Some(vec![json!({ "branch": branch })]);
        let command = LspCommand { title, command: command.id().to_owned(), arguments };
        running(command, SCRATCH_KIND, client)
    };
    offered.into_iter().map(action).collect()
}

/// Returns an action that runs a command.
fn running(command: LspCommand, kind: &str, client: &Capabilities) -> CodeAction {
    let lazy = client.code_action_resolve;
    CodeAction {
        title: command.title.clone(),
        kind: Some(CodeActionKind::from(kind.to_owned())),
        data: lazy.then(|| json!(command)),
        command: (!lazy).then_some(command),
        ..CodeAction::default()
    }
}

/// Returns the command that an action runs.
pub(crate) fn command(action: &present::Action, incident: &str) -> LspCommand {
    let command = match &action.kind {
        ActionKind::ShowReport => Command::Report,
        ActionKind::CopySummary => Command::CopySummary,
        ActionKind::Dismiss => Command::Dismiss,
        ActionKind::OpenFix { .. }
        | ActionKind::RevertCommit { .. }
        | ActionKind::Backport { .. } => Command::OpenFix,
    };
    let argument = match &action.kind {
        ActionKind::OpenFix { number } => json!({ "id": incident, "number": number }),
        ActionKind::RevertCommit { commit } | ActionKind::Backport { commit } => {
            json!({ "id": incident, "commit": commit })
        }
        ActionKind::ShowReport | ActionKind::CopySummary | ActionKind::Dismiss => {
            json!({ "id": incident })
        }
    };
    LspCommand {
        title: action.title.clone(),
        command: command.id().to_owned(),
        arguments: Some(vec![argument]),
    }
}

/// Every kind of code action that is offered; clients may ask for one or for their common start.
pub(crate) const ACTION_KINDS: &[&str] = &[
    NAME_KIND,
    "quickfix.incident.fix",
    SCRATCH_KIND,
    "quickfix.incident.show",
    "quickfix.incident.dismiss",
];

/// The kind of edits that put a real name in the place of a wrong one.
const NAME_KIND: &str = "quickfix.incident.name";

/// The kind of what can be done with a fix that is open.
const SCRATCH_KIND: &str = "quickfix.incident.scratch";

/// Returns where an action stands among the others: by kind, fixes first.
pub(crate) fn place_among_actions(action: &CodeAction) -> usize {
    let kind = action.kind.as_ref().map_or("", CodeActionKind::as_str);
    ACTION_KINDS.iter().position(|known| *known == kind).unwrap_or(ACTION_KINDS.len())
}

fn action_kind(kind: &ActionKind) -> &'static str {
    match kind {
        ActionKind::OpenFix { .. }
        | ActionKind::RevertCommit { .. }
        | ActionKind::Backport { .. } => "quickfix.incident.fix",
        ActionKind::ShowReport | ActionKind::CopySummary => "quickfix.incident.show",
        ActionKind::Dismiss => "quickfix.incident.dismiss",
    }
}
