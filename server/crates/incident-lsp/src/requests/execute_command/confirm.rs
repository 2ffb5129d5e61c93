//! `incident.confirm`.

use incident_core::neutral;
use incident_host::clock;
use incident_host::memory::{MarkKind, Memory};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

use super::blocking;
use super::incidents::find;
use crate::lsp::ext::{ConfirmParams, IncidentResult};
use crate::server::Server;

/// Remembers that a hypothesis was the cause: the next incident of this kind finds it.
pub(super) async fn confirm(server: &Server, params: ConfirmParams) -> Result<IncidentResult> {
    let snapshot = server.state.snapshot();
    let entry = find(&snapshot.board, params.id.as_deref())?.clone();
    let id = entry.id().to_owned();
    let number = params.number.unwrap_or(1);
    let hypotheses = &entry.explained.hypotheses;
    let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let Some(hypothesis) = at.and_then(|at| hypotheses.get(at)) else {
        let told = format!("incident {id} has no hypothesis {number} to confirm");
        return Err(Error::invalid_params(told));
    };
    let title = hypothesis.hypothesis().title.clone();
    let (incident, subject) = (id.clone(), title.clone());
    let noted = blocking(move || {
        let memory = Memory::of(&snapshot.workspace(&entry.root));
        memory.map(|it| it.mark(&incident, MarkKind::Confirmed, &subject, clock::now()))
    });
    match noted.await.ok_or_else(Error::internal_error)? {
        Some(Ok(())) => {
            let title = neutral::one_line(&title);
            let message = format!("Noted as the cause of incident {id}: {title}");
            server.tell(&message);
            Ok(IncidentResult { incidents: vec![id], message })
        }
        Some(Err(error)) => Err(refused(error.to_string())),
        None => Err(refused("nothing can be remembered without a home folder; set HOME".into())),
    }
}

fn refused(message: String) -> Error {
    Error { code: ErrorCode::ServerError(-32803), message: message.into(), data: None }
}
