//! `incident.list`, `incident.clear`, `incident.dismiss`, `incident.reopen`.

use std::sync::Arc;

use tower_lsp::jsonrpc::{Error, Result};

use crate::engine::Event;
use crate::lsp::ext::{IncidentParams, IncidentResult, ListResult, ListedIncident};
use crate::lsp::to_proto;
use crate::server::Server;
use crate::state::{Board, Entry};

/// Lists what was explained in this session.
pub(super) fn list(server: &Server) -> ListResult {
    let board = server.state.snapshot().board;
    let incidents: Vec<ListedIncident> =
        board.entries().iter().map(|entry| listed(entry)).collect();
    let message = match incidents.len() {
        0 => nothing_yet(),
        1 => "1 incident.".to_owned(),
        n => format!("{n} incidents."),
    };
    ListResult { incidents, message }
}

/// Takes one incident away, or all of them.
pub(super) fn clear(server: &Server, params: &IncidentParams) -> Result<IncidentResult> {
    let board = server.state.snapshot().board;
    let gone: Vec<String> = match &params.id {
        Some(id) => vec![find(&board, Some(id))?.id().to_owned()],
        None => board.entries().iter().map(|entry| entry.id().to_owned()).collect(),
    };
    let only = params.id.as_ref().and(gone.first()).map(String::as_str);
    let touched = server.state.change_board(|board| board.clear(only));
    server.engine.send(Event::Touched(touched));
    let message = match gone.len() {
        0 => nothing_yet(),
        1 => "1 incident cleared.".to_owned(),
        n => format!("{n} incidents cleared."),
    };
    Ok(IncidentResult { incidents: gone, message })
}

/// Puts an incident aside.
pub(super) fn dismiss(server: &Server, params: &IncidentParams) -> Result<IncidentResult> {
    set_dismissed(server, params, true)
}

/// Takes up an incident that was put aside.
pub(super) fn reopen(server: &Server, params: &IncidentParams) -> Result<IncidentResult> {
    set_dismissed(server, params, false)
}

fn set_dismissed(
    server: &Server,
    params: &IncidentParams,
    dismissed: bool,
) -> Result<IncidentResult> {
    let board = server.state.snapshot().board;
    let id = match &params.id {
        Some(id) => find(&board, Some(id))?.id().to_owned(),
        None => {
            let newest = board.entries().iter().find(|entry| entry.dismissed != dismissed);
            newest.ok_or_else(|| Error::invalid_params(nothing_yet()))?.id().to_owned()
        }
    };
    let touched = server.state.change_board(|board| board.set_dismissed(&id, dismissed));
    server.engine.send(Event::Touched(touched));
    let message = match dismissed {
        true => format!("Incident {id} shows nothing more; `incident.reopen` takes it up again."),
        false => format!("Incident {id} shows again."),
    };
    Ok(IncidentResult { incidents: vec![id], message })
}

/// Returns the incident that is meant: the named one, or the newest.
pub(super) fn find<'a>(board: &'a Board, id: Option<&str>) -> Result<&'a Arc<Entry>> {
    match id {
        Some(id) => board.find(id).ok_or_else(|| {
            Error::invalid_params(format!(
                "there is no incident {id} in this session; incident.list names those there are"
            ))
        }),
        None => board.entries().first().ok_or_else(|| Error::invalid_params(nothing_yet())),
    }
}

fn nothing_yet() -> String {
    "No incident was explained yet: select a stack trace or open a log, and run incident.explain."
        .to_owned()
}

fn listed(entry: &Entry) -> ListedIncident {
    ListedIncident {
        id: entry.id().to_owned(),
        title: entry.explained.incident.title.clone(),
        root: entry.root.clone(),
        place: to_proto::place(entry),
        n_hypotheses: entry.explained.hypotheses.len(),
        dismissed: entry.dismissed,
    }
}
