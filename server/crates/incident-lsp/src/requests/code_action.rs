//! `textDocument/codeAction` and `codeAction/resolve`: the next step, in plain words.
//!
//! None is preferred, and all have kinds of our own, so that the compiler's come first.

use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse,
    CodeActionTriggerKind, Diagnostic,
};

use crate::lsp::capabilities::Capabilities;
use crate::lsp::to_proto;
use crate::state::{Mark, Scratch, Snapshot};

/// Returns the actions of what shows in the range.
pub(crate) fn code_action(
    snapshot: &Snapshot,
    params: &CodeActionParams,
) -> Option<CodeActionResponse> {
    let client = &snapshot.session.capabilities;
    let only = params.context.only.as_deref();
    let marks = snapshot.board.marks_at(&params.text_document.uri, params.range);
    let mut actions = of_marks(&marks, params, client);
    for scratch in scratches_here(snapshot, &marks, params) {
        let of_scratch = to_proto::scratch_actions(scratch, client).into_iter();
        actions.extend(of_scratch.filter(|action| is_asked_for(action, only)));
    }
    // Clients keep the order: what helps stands before what shows, and dismissing comes last.
    actions.sort_by_key(to_proto::place_among_actions);
    let offered: CodeActionResponse = actions
        .into_iter()
        .filter_map(|action| match client.code_action_literals {
            true => Some(CodeActionOrCommand::CodeAction(action)),
            false => action.command.map(CodeActionOrCommand::Command),
        })
        .collect();
    (!offered.is_empty()).then_some(offered)
}

fn of_marks(marks: &[&Mark], params: &CodeActionParams, client: &Capabilities) -> Vec<CodeAction> {
    let mut actions: Vec<CodeAction> = Vec::new();
    for mark in marks {
        let incident = &mark.diagnostic.incident;
        let own = mark.diagnostic.actions.iter();
        let own = own.map(|action| to_proto::code_action(action, incident, client));
        for offered in to_proto::name_actions(mark).into_iter().chain(own) {
            if !is_asked_for(&offered, params.context.only.as_deref()) {
                continue;
            }
            let told = fitting_diagnostic(mark, &params.context.diagnostics);
            // Several marks of one incident lie close together: each action is offered once.
            match actions.iter_mut().find(|known| is_same(known, &offered)) {
                Some(known) => known.diagnostics.get_or_insert_default().extend(told),
                None => {
                    actions.push(CodeAction { diagnostics: told.map(|it| vec![it]), ..offered })
                }
            }
        }
    }
    actions
}

/// Returns the scratch worktrees that have something to do with the place: those of an incident that
/// shows there, and the one that the document lies in.
fn scratches_here<'a>(
    snapshot: &'a Snapshot,
    marks: &[&Mark],
    params: &CodeActionParams,
) -> impl Iterator<Item = &'a Scratch> {
    let incidents: Vec<String> = marks.iter().map(|it| it.diagnostic.incident.clone()).collect();
    let uri = params.text_document.uri.clone();
    // A light bulb on every line would be noise: in the worktree only a person who asks gets them.
    let is_by_itself = params.context.trigger_kind == Some(CodeActionTriggerKind::AUTOMATIC);
    snapshot.scratches.iter().filter(move |scratch| {
        incidents.contains(&scratch.worktree.incident) || !is_by_itself && scratch.holds(&uri)
    })
}

/// Fills in what the action does.
pub(crate) fn code_action_resolve(mut action: CodeAction) -> Result<CodeAction> {
    match action.data.take().map(serde_json::from_value) {
        Some(Ok(command)) => {
            action.command = Some(command);
            Ok(action)
        }
        Some(Err(_)) | None => {
            Err(Error::invalid_params("the action's data is not what this server gave out"))
        }
    }
}

/// A kind that is asked for stands for all that begin with it, part by part.
fn is_asked_for(action: &CodeAction, only: Option<&[CodeActionKind]>) -> bool {
    let kind = action.kind.as_ref().map_or("", CodeActionKind::as_str);
    let begins_with = |asked: &str| {
        let rest = kind.strip_prefix(asked);
        asked.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    only.is_none_or(|only| only.iter().any(|asked| begins_with(asked.as_str())))
}

fn is_same(a: &CodeAction, b: &CodeAction) -> bool {
    a.title == b.title && a.command == b.command && a.data == b.data && a.edit == b.edit
}

/// The client's own copy of the mark's diagnostic.
fn fitting_diagnostic(mark: &Mark, told: &[Diagnostic]) -> Option<Diagnostic> {
    told.iter()
        .find(|it| it.range == mark.place.range && it.message == mark.diagnostic.message)
        .cloned()
}
